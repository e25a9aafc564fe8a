/**
 * Where a bare MessageParser and the stock client may read one response differently, each with the reason. What is
 * true of requests too stands in oracle-differences.ts.
 */
import { INSECURE, type Leniency, STRICT } from '#src/wire/parser.js';
import {
  type Difference,
  findDifference,
  LAXER,
  READ_DIFFERENTLY,
  STRICTER,
  textOf,
} from './oracle-differences.js';
import { isInterim, type ResponseReading } from './oracle-responses.js';

const EVERYWHERE: readonly Leniency[] = [STRICT, INSECURE];

/** We refuse what the stock client accepts. */
export const RESPONSE_STRICTER: readonly Difference[] = [
  {
    name: 'a reason phrase has no control characters (RFC 9112 section 4)',
    refusal: /^HPE_INVALID_STATUS Invalid response status$/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'chunked is not applied twice (RFC 9112 section 6.1)',
    refusal: /^HPE_INVALID_TRANSFER_ENCODING Invalid `Transfer-Encoding` header value$/,
    input: /chunked[\s\S]*chunked/i,
  },
  {
    name: 'a length is counted exactly or not at all: 2^53 - 1 is the last',
    refusal: /^HPE_INVALID_(CONTENT_LENGTH Content-Length|CHUNK_SIZE Chunk size) overflow$/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'CR ends no status-line (RFC 9112 section 2.2)',
    refusal: /^HPE_STRICT Expected LF after CR$/,
    isPast: true,
  },
];

/** We accept what the stock client refuses. */
export const RESPONSE_LAXER: readonly Difference[] = [
  {
    name: 'a user agent replaces each obs-fold by a space (RFC 9112 section 5.2)',
    refusal:
      /^HPE_INVALID_HEADER_TOKEN (Unexpected whitespace after header value|Invalid header value char)$/,
    input: /\n[ \t]/,
  },
  {
    name: 'a user agent replaces each obs-fold by a space, also in Content-Length (RFC 9112 section 5.2)',
    refusal: /^HPE_(UNEXPECTED|INVALID)_CONTENT_LENGTH/,
    input: /content-length:[^\n]*\n[ \t]/i,
    leniencies: [INSECURE],
  },
  {
    name: 'behind 101 there is no content, whatever its fields say (RFC 9110 section 15.2)',
    refusal: /^HPE_(INVALID|UNEXPECTED)_(CONTENT_LENGTH|TRANSFER_ENCODING)/,
    input: /HTTP\/1\.[01] 101/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'a final response follows an interim one, whatever that says of the connection (RFC 9110 section 15.2)',
    refusal: /^HPE_CLOSED_CONNECTION/,
    input: /HTTP\/1\.0 1|HTTP\/1\.1 1[\s\S]*Connection:.*close/i,
  },
];

/** Both accept, and read different messages. */
export const RESPONSE_READ_DIFFERENTLY: readonly Difference[] = [
  {
    name: 'the stock client does not see the coding that stands next to an obs-fold (RFC 9112 section 5.2)',
    refusal: /^/,
    input: /transfer-encoding:[^\n]*\n[ \t]/i,
    leniencies: [INSECURE],
  },
  {
    name: 'LF may be missing behind CR where it is forgiven: the stock client takes a second CR with the first',
    refusal: /^/,
    input: /HTTP\/1\.[01] \d\d\d[^\r\n]*\r\r/i,
    leniencies: [INSECURE],
    isPast: true,
  },
  {
    name: 'the stock client adds the length of an interim response of HTTP/1.0 to the next (RFC 9110 section 15.2)',
    refusal: /^/,
    input: /HTTP\/1\.0 1[\s\S]*content-length/i,
    leniencies: [INSECURE],
  },
];

/** What differs without a row for it, up to the response that ends the exchange; null where nothing does. */
export function unexplainedResponseDifference(
  input: string,
  stock: ResponseReading,
  bare: ResponseReading,
  leniency: Leniency,
  met: (difference: Difference) => void = () => {},
): string | null {
  const explains = (rows: readonly Difference[], refusal: string | null) => {
    const row = findDifference(rows, input, refusal, leniency);
    if (row !== null) met(row);
    return row !== null;
  };
  const isReadDifferently = () => explains([...RESPONSE_READ_DIFFERENTLY, ...READ_DIFFERENTLY], '');
  const stockResponses = stock.responses.filter((response) => response.isComplete);
  const bareResponses = bare.responses.filter((response) => response.isComplete);
  const shared = Math.min(stockResponses.length, bareResponses.length);
  for (let i = 0; i < shared; i++) {
    if (textOf(stockResponses[i], leniency) === textOf(bareResponses[i], leniency)) continue;
    if (isReadDifferently()) return null;
    return `response ${i} is read differently`;
  }
  // What stands behind the last response is not compared.
  const hasEnded = (responses: typeof stockResponses) =>
    responses.some((each) => !isInterim(each.statusCode));
  if (hasEnded(stockResponses) && hasEnded(bareResponses)) return null;

  if (bareResponses.length > shared) {
    if (explains([...RESPONSE_LAXER, ...LAXER], stock.refusal) || isReadDifferently()) return null;
    return `accepts what is refused: ${stock.refusal}`;
  }
  const acceptsLess = stockResponses.length > shared || (stock.refusal === null && bare.refusal !== null);
  if (!acceptsLess || explains([...RESPONSE_STRICTER, ...STRICTER], bare.refusal)) return null;
  if (isReadDifferently()) return null;
  return `refuses what is accepted: ${bare.refusal}`;
}
