/** The routers that are compared, each with all routes of the table. */
import findMyWay from 'find-my-way';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { SmartRouter } from 'hono/router/smart-router';
import { TrieRouter } from 'hono/router/trie-router';
import { pathOf } from '#src/app/request-target.js';
import { Router } from '#src/app/router.js';
import { ROUTES } from './table.js';

/** What a contender found: what was registered, and the parameters if it has already put them together. */
export interface Found {
  readonly route: string;
  readonly params?: Readonly<Record<string, string | undefined>>;
}

export interface Contender {
  readonly name: string;
  /** What is measured: everything up to what a framework has before it calls a handler. */
  readonly match: (method: string, path: string) => unknown;
  /** The same as an answer that can be compared. */
  readonly read: (method: string, path: string) => Found | null;
}

export const CONTENDERS: readonly Contender[] = [
  barewire(),
  findMyWayRouter('find-my-way', false),
  findMyWayRouter('find-my-way, compiled', true),
  hono('hono RegExpRouter', new RegExpRouter<string>()),
  hono('hono SmartRouter', new SmartRouter<string>({ routers: [new RegExpRouter(), new TrieRouter()] })),
  hono('hono TrieRouter', new TrieRouter<string>()),
];

/** A target may have a query behind its path. find-my-way looks for it itself; it is looked for here too. */
function barewire(): Contender {
  const router = new Router<string>();
  for (const [method, path] of ROUTES) router.add(method, path, path);
  const find = (method: string, target: string) => router.match(method, pathOf(target));
  return {
    name: 'barewire',
    match: find,
    read: (method, path) => {
      const match = find(method, path);
      return match && { route: match.value, params: match.params };
    },
  };
}

/** @param isCompiled Is its tree to be made a function, by `new Function`? Fastify does that where it is asked to. */
function findMyWayRouter(name: string, isCompiled: boolean): Contender {
  const router = findMyWay();
  for (const [method, path] of ROUTES) router.on(method as findMyWay.HTTPMethod, path, () => {}, path);
  if (isCompiled) router.compile();
  const find = (method: string, path: string) => router.find(method as findMyWay.HTTPMethod, path);
  return {
    name,
    match: find,
    read: (method, path) => {
      const found = find(method, path);
      return found && { route: found.store, params: found.params };
    },
  };
}

interface HonoRouter {
  add(method: string, path: string, handler: string): void;
  match(method: string, path: string): unknown;
}

/** Hono reads the parameters out of the match when the handler asks for one, so that is not in its time. */
function hono(name: string, router: HonoRouter): Contender {
  for (const [method, path] of ROUTES) router.add(method, path, path);
  return {
    name,
    match: (method, path) => router.match(method, path),
    read: (method, path) => {
      const [handlers] = router.match(method, path) as [[string, unknown][]];
      return handlers.length === 0 ? null : { route: handlers[0][0] };
    },
  };
}
