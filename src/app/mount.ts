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
import { kMount, kOuterBase, kRouteParams, kTarget } from './symbols.js';
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

/** Segments that whoever opens files, or forwards the request, may leave out: `//`, `/./`, `/../`, escaped or not. */
const LEFT_OUT = /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i;

/** A target without them (RFC 3986 section 5.2.4). */
function withoutThem(target: string): string {
  const end = pathEnd(target);
  const kept: string[] = [];
  let last = '';
  for (const segment of target.slice(1, end).split('/')) {
    last = segment.replace(/%2e/gi, '.');
    if (last === '..') kept.pop();
    else if (last !== '' && last !== '.') kept.push(segment);
  }
  const isFolder = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${kept.join('/')}${isFolder ? '/' : ''}${target.slice(end)}`;
}

/** Is the path of a target in origin-form the mount path, or below it? */
function isUnder(target: string, mount: Mount): boolean {
  const end = pathEnd(target);
  let at = 0;
  for (const wanted of mount.segments) {
    if (target.charCodeAt(at) !== 0x2f) return false;
    let stop = target.indexOf('/', at + 1);
    if (stop === -1 || stop > end) stop = end;
    const segment = target.slice(at + 1, stop);
    if (wanted === null ? segment === '' : folded(segment, mount.caseSensitive) !== wanted) return false;
    at = stop;
  }
  return true;
}

/** The target that the application was given: as it came, or what another framework's mount has left of it. */
function wholeTarget(req: AppRequest): string {
  return req[kTarget] ?? req.originalUrl;
}

/**
 * The target, from its path on, as something mounted there is to see it: as it stands, or without the segments that may
 * be left out where only that is under the mount. Files behind a guard are found by either.
 */
function targetFor(req: AppRequest, mount: Mount): string {
  const whole = wholeTarget(req);
  const target = whole.slice(pathStart(whole));
  const isPlain = !LEFT_OUT.test(target.slice(0, pathEnd(target))) || isUnder(target, mount);
  return isPlain ? target : withoutThem(target);
}

/** Is the request's path the mount path, or below it? */
export function isMountedUnder(req: AppRequest, mount: Mount): boolean {
  return isUnder(targetFor(req, mount), mount);
}

/** Lets the request be seen from this mount; null for the whole of it. */
export function mountAt(req: AppRequest, mount: Mount | null): void {
  if (req[kMount] === mount) return;
  req[kMount] = mount;
  const routeParams = req[kRouteParams];
  if (routeParams !== null) {
    req.params = routeParams;
    req[kRouteParams] = null;
  }
  if (mount === null) {
    req.baseUrl = req[kOuterBase];
    req.url = wholeTarget(req);
    return;
  }
  const target = targetFor(req, mount);
  const end = pathEnd(target);
  const params = mount.names === null ? null : copyOf(req.params);
  let at = 0;
  for (let i = 0; i < mount.segments.length; i++) {
    const slash = target.indexOf('/', at + 1);
    const stop = slash === -1 || slash > end ? end : slash;
    const name = mount.names?.[i];
    if (params !== null && typeof name === 'string') params[name] = decoded(target.slice(at + 1, stop));
    at = stop;
  }
  const rest = target.slice(at);
  req.baseUrl = req[kOuterBase] + target.slice(0, at);
  req.url = rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`;
  if (params !== null) {
    req[kRouteParams] = req.params;
    req.params = params;
  }
}

function copyOf(params: Params): Params {
  return Object.assign(Object.create(null) as Params, params);
}
