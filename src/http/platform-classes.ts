/**
 * Classes of the platform that node:http hands on: WebSocket and its events.
 *
 * Node loads them when they are first asked for, and with them undici, crypto, http2 and a hundred modules more: 10 MiB
 * of memory, of which a server has no use. But the exports of a module are asked for when it is loaded. So what is
 * exported stands in for the class, and asks for it when something is done with it.
 */

import type * as nodeHttp from 'node:http';

type ClassName = 'WebSocket' | 'CloseEvent' | 'MessageEvent';

/** Its type as node:http's types have it, or else as those of the platform do: those for Node 20 lack some. */
export type PlatformClass<Name extends ClassName> =
  typeof nodeHttp extends Record<Name, infer Class>
    ? Class
    : typeof globalThis extends Record<Name, infer Class>
      ? Class
      : undefined;

function StandIn(): void {}

/** The platform's class of that name, which is loaded when it is used; undefined where the platform has none. */
export function platformClass<Name extends ClassName>(name: Name): PlatformClass<Name> {
  // To look at the property itself would load the class.
  if (!(name in globalThis)) return undefined as PlatformClass<Name>;
  const load = (): (typeof globalThis)[Name] => globalThis[name];
  // A function that can be constructed and has no `prototype`: what a proxy's target has, the proxy has to show.
  const target = Object.defineProperty(StandIn.bind(null), 'name', { value: name });
  const standIn: object = new Proxy(target, {
    apply: (_target, self, args) => Reflect.apply(load() as never, self, args),
    construct: (_target, args, newTarget) =>
      Reflect.construct(load(), args, newTarget === standIn ? load() : newTarget),
    get: (_target, key) => Reflect.get(load(), key),
    set: (_target, key, value) => Reflect.set(load(), key, value),
    has: (_target, key) => Reflect.has(load(), key),
    ownKeys: () => Reflect.ownKeys(load()),
    getPrototypeOf: () => Reflect.getPrototypeOf(load()),
    getOwnPropertyDescriptor: (_target, key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(load(), key);
      // What is not configurable the target would have to have as well.
      return descriptor && { ...descriptor, configurable: true };
    },
  });
  return standIn as unknown as PlatformClass<Name>;
}
