/**
 * What was registered with an application, in order, and the chains composed of it. A chain is composed once for each
 * route: of the middleware before it that is for its path, its own handlers, and what stands behind.
 */
import type { ErrorHandler, Handler, Step } from './chain.js';
import { type Mount, mountOf } from './mount.js';
import { parsePathPattern } from './path-pattern.js';

/** Something that was registered. */
export type Entry = MiddlewareEntry | RouteEntry | MountEntry;

export interface MiddlewareEntry {
  readonly kind: 'middleware';
  readonly mount: Mount | null;
  readonly handlers: readonly (Handler | ErrorHandler)[];
}

export interface RouteEntry {
  readonly kind: 'route';
  /** '*' for every method. */
  readonly method: string;
  readonly path: string;
  readonly handlers: readonly (Handler | ErrorHandler)[];
  /** Where in the user's code. */
  readonly place: string | undefined;
}

/** Another application, under a path. */
export interface MountEntry {
  readonly kind: 'mount';
  readonly path: string;
  readonly entries: readonly Entry[];
}

/** A route with the steps of its requests. */
export interface ComposedRoute {
  readonly method: string;
  readonly path: string;
  readonly place: string | undefined;
  readonly steps: readonly Step[];
}

/** What applications come to: their routes, and the steps of requests that no route is for. */
export interface Composition {
  readonly routes: readonly ComposedRoute[];
  readonly unrouted: readonly Step[];
}

/** A registered thing as seen from the outermost application. */
interface Flat {
  readonly steps: readonly Step[];
  /** For routes. */
  readonly route: RouteEntry | null;
  readonly path: string;
}

/** `/api` and `/users` to `/api/users`. */
export function joinPaths(prefix: string, path: string): string {
  if (prefix === '' || prefix === '/') return path === '' ? '/' : path;
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (path === '/' || path === '') return base;
  // What may be missing begins with a brace, and has the slash in it.
  return /^[/{]/.test(path) ? `${base}${path}` : `${base}/${path}`;
}

function stepsOf(
  handlers: readonly (Handler | ErrorHandler)[],
  mount: Mount | null,
  route: object | null,
): Step[] {
  return handlers.map((run) => ({
    run,
    takesErrors: run.length === 4,
    answers: route !== null,
    mount,
    isCertain: mount === null || route !== null,
    route,
  }));
}

function flatten(entries: readonly Entry[], prefix: string, caseSensitive: boolean, into: Flat[]): void {
  const mount = mountOf(prefix, caseSensitive);
  for (const entry of entries) {
    if (entry.kind === 'mount') {
      flatten(entry.entries, joinPaths(prefix, entry.path), caseSensitive, into);
    } else if (entry.kind === 'middleware') {
      const path = joinPaths(prefix, entry.mount?.path ?? '/');
      into.push({ steps: stepsOf(entry.handlers, mountOf(path, caseSensitive), null), route: null, path });
    } else {
      // Alone as well, not only with the path before it: the same route is right or wrong wherever it is mounted.
      parsePathPattern(entry.path);
      const path = joinPaths(prefix, entry.path);
      into.push({ steps: stepsOf(entry.handlers, mount, entry), route: entry, path });
    }
  }
}

/** May a request of this route be under the mount? Segment by segment, as far as both are literal. */
function relation(path: string, mount: Mount | null): 'always' | 'never' | 'maybe' {
  if (mount === null) return 'always';
  const [before, ...segments] = path.split('/');
  // `*`, or a part that may be missing and has the first slash in it.
  if (before !== '') return 'maybe';
  let answer: 'always' | 'maybe' = 'always';
  for (let i = 0; i < mount.segments.length; i++) {
    const segment = segments[i];
    const wanted = mount.segments[i];
    if (segment === undefined) return 'never';
    if (/[:*{\\]/.test(segment)) {
      // A wildcard may stand for any number of segments, a parameter for any one.
      if (!/^:\w+$/.test(segment)) return 'maybe';
      if (wanted !== null) answer = 'maybe';
      continue;
    }
    if (wanted === null) continue;
    const [literal] = mountOf(segment, mount.caseSensitive)?.segments ?? [''];
    if (literal !== wanted) return 'never';
  }
  return answer;
}

/** Composes the chains of all that is registered. */
export function compose(entries: readonly Entry[], caseSensitive: boolean): Composition {
  const flat: Flat[] = [];
  flatten(entries, '', caseSensitive, flat);
  const unrouted: Step[] = [];
  for (const { route, steps } of flat) if (route === null) unrouted.push(...steps);
  const routes: ComposedRoute[] = [];
  for (const one of flat) {
    const { route } = one;
    if (route === null) continue;
    const steps: Step[] = [];
    for (const other of flat) {
      if (other === one) {
        steps.push(...other.steps);
      } else if (other.route === null) {
        for (const step of other.steps) {
          const related = relation(one.path, step.mount);
          if (related !== 'never') steps.push({ ...step, isCertain: related === 'always' });
        }
      }
    }
    routes.push({ method: route.method, path: one.path, place: route.place, steps });
  }
  return { routes, unrouted };
}
