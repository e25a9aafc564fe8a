/** The query component of a request-target, as an object: read as a form is, with errors of its own. */
import { malformedQuery, tooManyQueryParameters } from '../errors.js';
import { type FormRefusals, parseForm } from './form.js';
import { MAX_QUERY_PARAMETERS } from './limits.js';
import type { Query } from './types.js';

const OF_QUERIES: FormRefusals = { malformed: malformedQuery, tooMany: tooManyQueryParameters };

/**
 * Reads `a=1&b=2`, without the `?`. Values of a repeated name are a list, in order. The object has no prototype: no
 * name finds anything but a parameter.
 *
 * Parameters beyond the limit are refused, not left out: whoever is in front of us reads all of them, and would decide
 * on others than we do.
 * @throws ERR_MALFORMED_QUERY (400), ERR_FORBIDDEN_KEY (400), ERR_TOO_MANY_QUERY_PARAMETERS (414)
 */
export function parseQuery(query: string): Query {
  return parseForm(query, MAX_QUERY_PARAMETERS, OF_QUERIES);
}
