/** Vary (RFC 9110 section 12.5.5). */
import { invalidHttpToken } from '../errors.js';
import { isToken } from '../wire/grammar.js';
import type { ResponseLike } from './exchange.js';

/**
 * Adds names of fields that the response depends on. A name that is there already, and any beside `*`, is left out.
 * @throws ERR_INVALID_HTTP_TOKEN
 */
export function appendVary(res: ResponseLike, names: string | readonly string[]): void {
  const present = res.getHeader('Vary');
  let field = present === undefined ? '' : String(present);
  for (const name of typeof names === 'string' ? names.split(',').map((one) => one.trim()) : names) {
    if (!isToken(name)) throw invalidHttpToken('Field name', name);
    const listed = field.toLowerCase().split(/[ \t]*,[ \t]*/);
    if (name === '*') field = '*';
    else if (!listed.includes('*') && !listed.includes(name.toLowerCase())) {
      field = field === '' ? name : `${field}, ${name}`;
    }
  }
  if (field !== '') res.setHeader('Vary', field);
}
