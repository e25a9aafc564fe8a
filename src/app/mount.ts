/**
 * What is mounted under a path sees the rest of it: `req.url` without the mount path, which is in `req.baseUrl`.
 * `req.originalUrl` stays as it came, in whatever form. The parameters of the mount path are in `req.params`, beside
 * those of the route.
 *
 * Segments are compared as the router compares them, decoded: a guard mounted under `/admin` must be called for
 * `/%61dmin` too, since the routes below it are found by that name.
 */
import { invalidRoutePath } from '../errors.js';
import { pathEnd, pathStart } from './request-target.js';
import { kMount, kRouteParams } from './symbols.js';
import type { AppRequest, Params } from './types.js';

/** A path that something is mounted under, taken apart once. */
export interface Mount {
  readonly path: string;
  /** Decoded; in lower case unless case matters. null: a parameter, any segment. */
  readonly segments: readonly (string | null)[];
  /** The names of the segments that are parameters, null for the others; null where there are none. */
  readonly names: readonly (string | null)[] | null;
  readonly caseSensitive: boolean;
}

/** What a mount path may be made of: text, and segments that are one parameter. */
const PARAMETER = /^:[$\w]+$/;
const PATTERN = /[:*{}()[\]?+!\\]/;

/**
 * Refuses what a mount cannot be: a guard under a pattern that is taken literally would never be called.
 * @throws ERR_INVALID_ROUTE_PATH
 */
export function checkMountPath(path: string): void {
  for (const segment of path.split('/')) {
    if (PATTERN.test(segment) && !PARAMETER.test(segment)) {
      throw invalidRoutePath(
        path,
        `under "${segment}" nothing can be mounted: use text, or a whole :parameter`,
      );
    }
  }
}

/** Takes a mount path apart; null for '/', under which everything is. */
export function mountOf(path: string, caseSensitive: boolean): Mount | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.length === 0) return null;
  const names = segments.map((segment) => (segment.startsWith(':') ? segment.slice(1) : null));
  return {
    path: `/${segments.join('/')}`,
    segments: segments.map((segment, i) => (names[i] === null ? folded(segment, caseSensitive) : null)),
    names: names.some((name) => name !== null) ? names : null,
    caseSensitive,
  };
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    // A malformed escape is no name of anything; the router answers it with 400.
    return segment;
  }
}

function folded(segment: string, caseSensitive: boolean): string {
  return caseSensitive ? decoded(segment) : decoded(segment).toLowerCase();
}

/** Is the request's path the mount path, or below it? */
export function isMountedUnder(req: AppRequest, mount: Mount): boolean {
  const url = req.originalUrl;
  const end = pathEnd(url);
  let at = pathStart(url);
  for (const wanted of mount.segments) {
    if (url.charCodeAt(at) !== 0x2f) return false;
    let stop = url.indexOf('/', at + 1);
    if (stop === -1 || stop > end) stop = end;
    const segment = url.slice(at + 1, stop);
    if (wanted === null ? segment === '' : folded(segment, mount.caseSensitive) !== wanted) return false;
    at = stop;
  }
  return true;
}

/** Lets the request be seen from this mount; null for the whole of it. */
export function mountAt(req: AppRequest, mount: Mount | null): void {
  if (req[kMount] === mount) return;
  const url = req.originalUrl;
  req[kMount] = mount;
  const routeParams = req[kRouteParams];
  if (routeParams !== null) {
    req.params = routeParams;
    req[kRouteParams] = null;
  }
  if (mount === null) {
    req.baseUrl = '';
    req.url = url;
    return;
  }
  const start = pathStart(url);
  const end = pathEnd(url);
  const params = mount.names === null ? null : copyOf(req.params);
  let at = start;
  for (let i = 0; i < mount.segments.length; i++) {
    const slash = url.indexOf('/', at + 1);
    const stop = slash === -1 || slash > end ? end : slash;
    const name = mount.names?.[i];
    if (params !== null && typeof name === 'string') params[name] = decoded(url.slice(at + 1, stop));
    at = stop;
  }
  const rest = url.slice(at);
  req.baseUrl = url.slice(start, at);
  req.url = rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`;
  if (params !== null) {
    req[kRouteParams] = req.params;
    req.params = params;
  }
}

function copyOf(params: Params): Params {
  return Object.assign(Object.create(null) as Params, params);
}
