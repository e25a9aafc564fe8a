/**
 * Where a bare MessageParser and the stock parser may read one input differently, each with the reason. Whatever is
 * not named here is a defect of one of them.
 */
import { INSECURE, type Leniency, RELAXED, STRICT } from '#src/wire/parser.js';
import type { Reading } from './oracle.js';

export interface Difference {
  /** What is read differently, and by which rule ours is right. */
  name: string;
  /** Our refusal (STRICTER) or the stock one (LAXER). */
  refusal: RegExp;
  input?: RegExp;
  /** Where else than at STRICT. */
  leniencies?: readonly Leniency[];
  /** Some versions of Node read as we do. */
  isPast?: boolean;
}

const EVERYWHERE: readonly Leniency[] = [STRICT, RELAXED, INSECURE];
const UNLESS_INSECURE: readonly Leniency[] = [STRICT, RELAXED];

/** We refuse what the stock parser accepts. */
export const STRICTER: readonly Difference[] = [
  {
    name: 'a bare CR or LF before a request-line is no empty line (RFC 9112 section 2.2)',
    refusal: /^HPE_(CR|LF)_EXPECTED Missing expected (CR|LF)$/,
    leniencies: UNLESS_INSECURE,
  },
  {
    name: 'a request-target has one form of four, with no whitespace in it (RFC 9112 section 3.2)',
    refusal: /^HPE_INVALID_URL/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'one space stands before the version, and the protocol is HTTP (RFC 9112 sections 2.3 and 3)',
    refusal: /^HPE_INVALID_CONSTANT/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'HTTP/0.9 and HTTP/2.0 do not look like this (RFC 9112 section 2.3)',
    refusal: /^HPE_INVALID_VERSION Invalid HTTP version$/,
    leniencies: UNLESS_INSECURE,
  },
  {
    name: 'Host stands once (RFC 9112 section 3.2)',
    refusal: /^HPE_INVALID_HEADER_TOKEN Duplicate Host$/,
    leniencies: UNLESS_INSECURE,
  },
  {
    name: 'Host is a host (RFC 9112 section 3.2, RFC 9110 section 7.2)',
    refusal: /^HPE_INVALID_HEADER_TOKEN Invalid Host$/,
    leniencies: UNLESS_INSECURE,
  },
  {
    name: 'a transfer coding that is not known is not implemented (RFC 9112 section 6.1)',
    refusal: /^HPE_INVALID_TRANSFER_ENCODING Unknown transfer coding$/,
    leniencies: UNLESS_INSECURE,
  },
  {
    name: 'Transfer-Encoding names a coding (RFC 9112 section 6.1)',
    refusal: /^HPE_INVALID_TRANSFER_ENCODING Empty Transfer-Encoding$/,
    leniencies: EVERYWHERE,
    isPast: true,
  },
  {
    name: 'Transfer-Encoding, even an empty one, does not stand with Content-Length (RFC 9112 section 6.3)',
    refusal: /^HPE_INVALID_(TRANSFER_ENCODING|CONTENT_LENGTH) .* can't be present with/,
    input: /transfer-encoding:[ \t]*\r/i,
    leniencies: UNLESS_INSECURE,
    isPast: true,
  },
  {
    name: 'chunk extensions have names, and values behind "=" (RFC 9112 section 7.1.1)',
    refusal: /^HPE_STRICT Invalid character in chunk extensions$/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'PRI is the preface of HTTP/2, and the methods of RTSP are not ours (RFC 9113 section 3.4, RFC 9110 section 9.1)',
    refusal: /^HPE_INVALID_METHOD/,
    input: /PRI |RTSP|DESCRIBE/,
    leniencies: EVERYWHERE,
  },
  {
    name: 'control characters are not forgiven in Transfer-Encoding (RFC 9112 section 11.2)',
    refusal: /^HPE_INVALID_TRANSFER_ENCODING Invalid `Transfer-Encoding` header value$/,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
    input: /[\0-\x08\x0b-\x1f\x7f]/,
    leniencies: [RELAXED, INSECURE],
  },
  {
    name: 'no field that frames a request is folded, forgiven or not (RFC 9112 section 11.2)',
    refusal:
      /^HPE_INVALID_(TRANSFER_ENCODING Invalid `Transfer-Encoding` header value|CONTENT_LENGTH Invalid character in Content-Length)$/,
    input: /(content-length|transfer-encoding):[^\n]*\n[ \t]/i,
    leniencies: [INSECURE],
  },
  {
    name: 'a Content-Length that does not decide is a length all the same (RFC 9110 section 8.6)',
    refusal: /^HPE_INVALID_CONTENT_LENGTH Content-Length overflow$/,
    input: /transfer-encoding/i,
    leniencies: [INSECURE],
  },
  {
    name: 'a CR before a request-line is no empty line, forgiven or not (RFC 9112 section 2.2)',
    refusal: /^HPE_LF_EXPECTED Missing expected LF$/,
    leniencies: [INSECURE],
  },
  {
    name: 'CR ends no field line, forgiven or not: the stock parser takes it behind an empty value alone',
    refusal: /^HPE_LF_EXPECTED Missing expected LF after header value$/,
    leniencies: [INSECURE],
  },
  {
    name: 'no whitespace stands before the colon: the stock parser forgives it behind some names (RFC 9112 section 5.1)',
    refusal: /^HPE_INVALID_HEADER_TOKEN Invalid header token$/,
    input: /(Content-Length|Transfer-Encoding|Connection|Upgrade) .*:/i,
    leniencies: [INSECURE],
  },
  {
    name: 'a chunk extension ends with its line: the stock parser takes LF before a name or value too',
    refusal: /^HPE_CR_EXPECTED Missing expected CR after chunk extension$/,
    leniencies: [INSECURE],
  },
];

/** We accept what the stock parser refuses. */
export const LAXER: readonly Difference[] = [
  {
    name: 'a field value is trimmed of tabs too (RFC 9110 section 5.5)',
    refusal: /^HPE_INVALID_CONTENT_LENGTH Invalid character in Content-Length$/,
    input: /content-length:\s*\d+ *\t/i,
    leniencies: EVERYWHERE,
    isPast: true,
  },
  {
    name: 'Connection in a trailer section says nothing (RFC 9110 section 6.5.1)',
    refusal: /^HPE_CLOSED_CONNECTION/,
    input: /\r\n0+(;.*)?\r\n([^\r\n]+\r\n)*(proxy-)?connection:.*close/i,
    leniencies: UNLESS_INSECURE,
  },
  {
    name: 'a connection option and a coding are trimmed of tabs too (RFC 9110 section 5.5)',
    refusal: /^HPE_CLOSED_CONNECTION|^HPE_INVALID_TRANSFER_ENCODING Request has invalid/,
    input: /(connection|transfer-encoding):.*\t/i,
    leniencies: UNLESS_INSECURE,
    isPast: true,
  },
  {
    name: 'Content-Length in a trailer section, where it is forgiven, says nothing (RFC 9110 section 6.5.1)',
    refusal: /^HPE_UNEXPECTED_CONTENT_LENGTH/,
    input: /[\r\n]0+[^\r\n]*[\r\n](?:.*\s)*content-length/i,
    leniencies: [INSECURE],
  },
];

/** Both accept, and read different messages. */
export const READ_DIFFERENTLY: readonly Difference[] = [
  {
    name: 'the last coding is trimmed of tabs too (RFC 9110 section 5.5)',
    refusal: /^/,
    input: /transfer-encoding:.*chunked *\t/i,
    leniencies: [INSECURE],
    isPast: true,
  },
  {
    name: 'LF ends a line where it is forgiven: the stock parser overlooks it behind the LF of a start-line or chunk size',
    refusal: /^/,
    input: /(HTTP\/\d\.\d|[\r\n][\da-f]+(;.*)?)(\n\r?\n|\r?\n\n)/i,
    leniencies: [INSECURE],
  },
];

/** What differs without a row for it; null where nothing does. `met` is told the rows that apply. */
export function unexplainedDifference(
  input: string,
  stock: Reading,
  bare: Reading,
  leniency: Leniency,
  met: (difference: Difference) => void = () => {},
): string | null {
  const explains = (rows: readonly Difference[], refusal: string | null) => {
    const row = findDifference(rows, input, refusal, leniency);
    if (row !== null) met(row);
    return row !== null;
  };
  if (explains(READ_DIFFERENTLY, '')) return null;

  const stockMessages = stock.messages.filter((message) => message.isComplete);
  const bareMessages = bare.messages.filter((message) => message.isComplete);
  const shared = Math.min(stockMessages.length, bareMessages.length);
  for (let i = 0; i < shared; i++) {
    if (textOf(stockMessages[i], leniency) !== textOf(bareMessages[i], leniency))
      return `message ${i} is read differently`;
  }
  const isStockClosed = stock.refusal?.startsWith('HPE_CLOSED_CONNECTION') ?? false;
  const acceptsMore = bareMessages.length > shared || bare.messages.length > stock.messages.length;
  const goesOn = bare.refusal === null && !bare.isClosed && stock.refusal !== null && !isStockClosed;
  if (acceptsMore || goesOn)
    return explains(LAXER, stock.refusal) ? null : `accepts what is refused: ${stock.refusal}`;

  const acceptsLess = stockMessages.length > shared || (stock.refusal === null && bare.refusal !== null);
  if (!acceptsLess || explains(STRICTER, bare.refusal)) return null;
  // "close" ends a connection whatever else is said (RFC 9112 section 9.3), also for HTTP/1.0.
  return bare.isClosed ? null : `refuses what is accepted: ${bare.refusal}`;
}

/** The row that is about this refusal of this input; null where there is none. */
export function findDifference(
  rows: readonly Difference[],
  input: string,
  refusal: string | null,
  leniency: Leniency,
): Difference | null {
  if (refusal === null) return null;
  const row = rows.find(
    (each) =>
      (each.leniencies ?? [STRICT]).includes(leniency) &&
      each.refusal.test(refusal) &&
      (each.input?.test(input) ?? true),
  );
  return row ?? null;
}

/** The stock parser leaves the whitespace of a fold in the value, where each fold is a space (RFC 9112 section 5.2). */
export function textOf(message: object, leniency: Leniency): string {
  const text = JSON.stringify(message);
  return leniency === INSECURE ? text.replaceAll(/(\\t| )+/g, ' ') : text;
}
