/** Link (RFC 8288): where else to go from here. */
import { invalidArgValue } from '../errors.js';
import type { ResponseLike } from './exchange.js';
import { encodeUrl } from './redirect.js';

/** Relation types, several with spaces between them: names, or URIs (RFC 8288 section 3.3). */
const RELATION = /^[\x21\x23-\x5b\x5d-\x7e]+(?: +[\x21\x23-\x5b\x5d-\x7e]+)*$/;

/**
 * Adds links to those that are set: by their relation to this resource, one URL or several, encoded as in Location.
 * @throws ERR_INVALID_ARG_VALUE for what is no relation type
 */
export function setLinks(
  res: ResponseLike,
  links: Readonly<Record<string, string | readonly string[]>>,
): void {
  const present = res.getHeader('Link');
  const values = present === undefined ? [] : [String(present)];
  for (const [relation, urls] of Object.entries(links)) {
    if (!RELATION.test(relation)) throw invalidArgValue('relation', relation, 'is no relation type');
    for (const url of [urls].flat()) values.push(`<${encodeUrl(String(url))}>; rel="${relation}"`);
  }
  if (values.length > 0) res.setHeader('Link', values.join(', '));
}
