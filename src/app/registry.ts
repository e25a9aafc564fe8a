/**
 * What was registered with an application, in order, and the chains composed of it. A chain is composed once for each
 * route: of the middleware before it that is for its path, its own handlers, and what stands behind.
 */
import type { ErrorHandler, Handler, Step } from './chain.js';
import { type Mount, mountOf } from './mount.js';
import { type ParamHandlers, paramSteps } from './param-steps.js';
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
  /** What its application does with parameters. */
  readonly params: ParamHandlers;
}

/** Another application, under a path. */
export interface MountEntry {
  readonly kind: 'mount';
  readonly path: string;
  readonly entries: readonly Entry[];
  /** What the application it is mounted in does with parameters, those of the path among them. */
  readonly params: ParamHandlers;
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

/** Where entries stand: what is joined to their paths, and the mounted applications they are in. */
interface Surroundings {
  readonly prefix: string;
  readonly mount: Mount | null;
  /** The innermost last. */
  readonly within: readonly MountEntry[];
  /** What is done with the parameters of the prefix, before any route's own steps. */
  readonly before: readonly { readonly run: Handler; readonly mount: Mount | null }[];
}

function stepOf(
  run: Handler | ErrorHandler,
  mount: Mount | null,
  route: RouteEntry | null,
  within: readonly MountEntry[],
  answers: boolean,
): Step {
  return {
    run,
    takesErrors: run.length === 4,
    answers,
    mount,
    isCertain: mount === null || route !== null,
    route,
    within,
  };
}

function flatten(
  entries: readonly Entry[],
  around: Surroundings,
  caseSensitive: boolean,
  into: Flat[],
): void {
  const { prefix, mount, within, before } = around;
  for (const entry of entries) {
    if (entry.kind === 'mount') {
      const path = joinPaths(prefix, entry.path);
      const own = paramSteps(entry.path, entry.params).map((run) => ({ run, mount }));
      const inside = {
        prefix: path,
        mount: mountOf(path, caseSensitive),
        within: [...within, entry],
        before: [...before, ...own],
      };
      flatten(entry.entries, inside, caseSensitive, into);
    } else if (entry.kind === 'middleware') {
      const path = joinPaths(prefix, entry.mount?.path ?? '/');
      const own = mountOf(path, caseSensitive);
      const steps = entry.handlers.map((run) => stepOf(run, own, null, within, false));
      into.push({ steps, route: null, path });
    } else {
      // Alone as well, not only with the path before it: the same route is right or wrong wherever it is mounted.
      parsePathPattern(entry.path);
      const steps = [
        ...before.map((step) => stepOf(step.run, step.mount, entry, within, false)),
        ...paramSteps(entry.path, entry.params).map((run) => stepOf(run, mount, entry, within, false)),
        ...entry.handlers.map((run) => stepOf(run, mount, entry, within, true)),
      ];
      into.push({ steps, route: entry, path: joinPaths(prefix, entry.path) });
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
  flatten(entries, { prefix: '', mount: null, within: [], before: [] }, caseSensitive, flat);
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
