/** Members of the function constructors of this floor: what a class body would define, on prototypes that stay open. */

import { Stream } from 'node:stream';

/** `eventNames` of messages, whose list of listeners comes with the first: Stream's own looks into it. */
export function eventNames(this: Stream & { readonly _events: unknown }): (string | symbol)[] {
  return this._events === undefined ? [] : Stream.prototype.eventNames.call(this);
}

/** Puts methods on a prototype, where libraries find, call and replace them. */
export function defineMembers(prototype: object, members: object): void {
  for (const name of Reflect.ownKeys(members)) {
    Object.defineProperty(prototype, name, {
      value: Reflect.get(members, name),
      writable: true,
      configurable: true,
      enumerable: typeof name === 'string',
    });
  }
}

/** Puts a getter, and a setter where there is one, on a prototype. */
export function defineAccessor<This, Value>(
  prototype: object,
  name: string,
  get: (this: This) => Value,
  set?: (this: This, value: Value) => void,
): void {
  Object.defineProperty(prototype, name, { get, set, configurable: true, enumerable: false });
}

/** Puts methods and accessors on a prototype, where whoever uses them may replace them. */
export function defineDescriptors(prototype: object, descriptors: PropertyDescriptorMap): void {
  for (const [name, descriptor] of Object.entries(descriptors)) {
    const isMethod = 'value' in descriptor;
    Object.defineProperty(prototype, name, {
      ...descriptor,
      ...(isMethod ? { writable: true } : {}),
      configurable: true,
      enumerable: isMethod,
    });
  }
}
