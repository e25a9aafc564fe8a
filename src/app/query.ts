/** The query component of a request-target, as an object. */
import { malformedQuery } from '../errors.js';
import type { Query } from './types.js';

/** Parameters of a query that are read; more are a caller's mistake or an attack. node:querystring reads as many. */
const MAX_PARAMETERS = 1000;

/**
 * Reads `a=1&b=2`, with `+` for a space: the form of application/x-www-form-urlencoded. Values of a repeated name are
 * a list, in order. The object has no prototype: no name finds anything but a parameter.
 * @throws ERR_MALFORMED_QUERY (400) for a malformed escape
 */
export function parseQuery(query: string): Query {
  const parsed: Query = Object.create(null);
  if (query === '') return parsed;
  let count = 0;
  for (let start = 0; start <= query.length && count < MAX_PARAMETERS; count++) {
    let end = query.indexOf('&', start);
    if (end === -1) end = query.length;
    if (end > start) {
      const equals = query.indexOf('=', start);
      const hasValue = equals !== -1 && equals < end;
      const name = decoded(query.slice(start, hasValue ? equals : end));
      const value = hasValue ? decoded(query.slice(equals + 1, end)) : '';
      const present = parsed[name];
      if (present === undefined) parsed[name] = value;
      else if (typeof present === 'string') parsed[name] = [present, value];
      else present.push(value);
    }
    start = end + 1;
  }
  return parsed;
}

function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformedQuery(text);
  }
}
