/**
 * Where the path stands in a request-target (RFC 9112 section 3.2): from its start in origin-form, behind the authority
 * in absolute-form. Whoever compares paths asks here: a guard that took an authority for a part of the path would not
 * be called for a request that the router finds a route for.
 */

/** The index behind the path: that of the query's `?`, or the length. */
export function pathEnd(target: string): number {
  const query = target.indexOf('?');
  return query === -1 ? target.length : query;
}

/** The index at which the path begins; `pathEnd` where absolute-form has none. Asterisk-form counts as a path. */
export function pathStart(target: string): number {
  if (target.charCodeAt(0) === 0x2f) return 0;
  const end = pathEnd(target);
  const scheme = target.indexOf('://');
  if (scheme === -1 || scheme > end) return 0;
  const slash = target.indexOf('/', scheme + 3);
  return slash === -1 || slash > end ? end : slash;
}

/** The host and port that absolute-form names; undefined in any other form. User information is no part of it. */
export function authorityOf(target: string): string | undefined {
  const start = pathStart(target);
  if (start === 0) return undefined;
  const authority = target.slice(target.indexOf('://') + 3, start);
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/** The path, still percent-encoded. An empty one is the same as `/` (RFC 9110 section 4.2.3). */
export function pathOf(target: string): string {
  const end = pathEnd(target);
  if (target.charCodeAt(0) === 0x2f) return end === target.length ? target : target.slice(0, end);
  return target.slice(pathStart(target), end) || '/';
}
