/** May another exchange follow on this connection? RFC 9112 section 9.3. */
import { CONNECTION, type FieldSection, PROXY_CONNECTION, trimWhitespace } from './fields.js';

/** The connection options that decide, as bits. */
export const OPTION_CLOSE = 1;
export const OPTION_KEEP_ALIVE = 2;
export const OPTION_UPGRADE = 4;

/** The options of a Connection field value (RFC 9110 section 7.6.1), in any case; unknown ones are nobody's. */
export function connectionOptions(value: string): number {
  // What nearly every peer sends, without taking the list apart.
  if (value === 'keep-alive' || value === 'Keep-Alive') return OPTION_KEEP_ALIVE;
  if (value === 'close') return OPTION_CLOSE;
  let options = 0;
  // Options are tokens: a quote hides no comma, or it would hide a close.
  for (const member of value.split(',')) {
    const option = trimWhitespace(member, 0, member.length).toLowerCase();
    if (option === 'close') options |= OPTION_CLOSE;
    else if (option === 'keep-alive') options |= OPTION_KEEP_ALIVE;
    else if (option === 'upgrade') options |= OPTION_UPGRADE;
  }
  return options;
}

/**
 * The connection options of a message. Proxy-Connection counts as Connection, as it does for the stock parser:
 * clients of the first proxies send it in its place.
 */
export function messageConnectionOptions(fields: FieldSection): number {
  let options = 0;
  if (fields.has(CONNECTION)) options = connectionOptions(fields.combined(CONNECTION));
  if (fields.has(PROXY_CONNECTION)) options |= connectionOptions(fields.combined(PROXY_CONNECTION));
  return options;
}

/** Does the sender of a message with this version and these options keep the connection? (section 9.3) */
export function isPersistent(versionMinor: number, options: number): boolean {
  if ((options & OPTION_CLOSE) !== 0) return false;
  return versionMinor >= 1 || (options & OPTION_KEEP_ALIVE) !== 0;
}
