/**
 * Where the content of a message ends: RFC 9112 section 6.3, for messages in and out.
 *
 * This file alone reads Content-Length and Transfer-Encoding. Two parties that read two lengths from one
 * message are what request smuggling lives on, so whatever could be read in two ways is refused, not guessed.
 */
import {
  invalidContentLength,
  invalidTransferEncoding,
  type PeerError,
  unexpectedContentLength,
} from '../errors.js';
import {
  CONTENT_LENGTH,
  type FieldSection,
  listMembers,
  TRANSFER_ENCODING,
  trimWhitespace,
} from './fields.js';
import { isFieldValue } from './grammar.js';
import { isStatusWithoutContent } from './tables.js';

/** The two names, in lower case, for those who have to know them without reading their values. */
export const CONTENT_LENGTH_NAME = 'content-length';
export const TRANSFER_ENCODING_NAME = 'transfer-encoding';

/** A framing is one of these, or the content's length in bytes (0: no content). */
export type Framing = number;
export const CHUNKED: Framing = -1;
export const CLOSE_DELIMITED: Framing = -2;
export const TUNNEL: Framing = -3;

/** The transfer codings of RFC 9112 section 7 that may stand before chunked; the application decodes them. */
const COMPRESSION_CODINGS = new Set(['gzip', 'x-gzip', 'deflate', 'compress', 'x-compress']);

/**
 * The framing of a request. Throws the peer's error where there is none to trust.
 * @param insecure Reads what `insecureHTTPParser` reads: both fields at once, and codings after chunked.
 */
export function requestFraming(fields: FieldSection, insecure: boolean): Framing {
  if (fields.has(TRANSFER_ENCODING)) {
    refuseBothFields(fields, insecure);
    if (isChunkedAlone(fields)) return CHUNKED;
    const codings = transferCodings(fields);
    const last = codings.length - 1;
    if (insecure) return codings[last] === 'chunked' ? CHUNKED : CLOSE_DELIMITED;
    if (codings.slice(0, last).includes('chunked')) throw invalidTransferEncoding();
    // Step 4: a request whose length cannot be known.
    if (codings[last] !== 'chunked') throw invalidTransferEncoding('Request has invalid `Transfer-Encoding`');
    // "SHOULD respond with 501" to a coding that is not understood (section 6.1).
    if (!codings.every((coding, i) => i === last || COMPRESSION_CODINGS.has(coding))) {
      throw invalidTransferEncoding('Unknown transfer coding', 501);
    }
    return CHUNKED;
  }
  // Steps 5 to 7.
  return fields.has(CONTENT_LENGTH) ? contentLength(fields) : 0;
}

/**
 * The framing of a response to a request with this method. Throws the peer's error where there is none to trust.
 */
export function responseFraming(
  fields: FieldSection,
  statusCode: number,
  requestMethod: string,
  insecure: boolean,
): Framing {
  // Step 1. 101 and the success of CONNECT are step 2: what follows is another protocol's.
  if (statusCode === 101) return TUNNEL;
  if (requestMethod === 'CONNECT' && statusCode >= 200 && statusCode < 300) return TUNNEL;
  // The fields are judged even where they don't decide: who sends such a response sends others.
  const framing = responseFramingOfFields(fields, insecure);
  return requestMethod === 'HEAD' || isStatusWithoutContent(statusCode) ? 0 : framing;
}

function responseFramingOfFields(fields: FieldSection, insecure: boolean): Framing {
  if (fields.has(TRANSFER_ENCODING)) {
    refuseBothFields(fields, insecure);
    if (isChunkedAlone(fields)) return CHUNKED;
    const codings = transferCodings(fields);
    const last = codings.length - 1;
    // Step 4: "by reading the connection until it is closed".
    if (codings[last] !== 'chunked') return CLOSE_DELIMITED;
    // Chunked twice, which nobody may send (section 6.1): taken off once or twice, these are two contents.
    if (!insecure && codings.indexOf('chunked') < last) throw invalidTransferEncoding();
    return CHUNKED;
  }
  // Steps 5 to 8.
  return fields.has(CONTENT_LENGTH) ? contentLength(fields) : CLOSE_DELIMITED;
}

/** Step 3: both fields "ought to be handled as an error"; a message that has both is an attack. */
function refuseBothFields(fields: FieldSection, insecure: boolean): void {
  if (!fields.has(CONTENT_LENGTH)) return;
  if (!insecure) {
    throw fields.precedes(CONTENT_LENGTH, TRANSFER_ENCODING)
      ? invalidTransferEncoding("Transfer-Encoding can't be present with Content-Length")
      : invalidContentLength("Content-Length can't be present with Transfer-Encoding");
  }
  contentLength(fields);
}

/** What nearly every chunked message has. */
function isChunkedAlone(fields: FieldSection): boolean {
  return fields.first(TRANSFER_ENCODING) === 'chunked' && !fields.isRepeated(TRANSFER_ENCODING);
}

/**
 * The transfer codings in lower case, in the order they were applied. Empty members are left out but for the last:
 * recipients do not agree on what `chunked,` ends with. Commas within quoted parameters separate too: no coding
 * that has such a parameter is known, so the message is refused either way.
 */
function transferCodings(fields: FieldSection): string[] {
  const values = fields.values(TRANSFER_ENCODING);
  if (values.includes('')) throw invalidTransferEncoding('Empty Transfer-Encoding');
  const value = values.join(',');
  // Control characters may be forgiven in values, but not where recipients would read two framings from them.
  if (!isFieldValue(value)) throw invalidTransferEncoding();
  const members = value.split(',');
  const codings = members.map((member) => trimWhitespace(member, 0, member.length).toLowerCase());
  if (codings.every((coding) => coding === '')) throw invalidTransferEncoding('Empty Transfer-Encoding');
  return codings.filter((coding, i) => coding !== '' || i === codings.length - 1);
}

function contentLength(fields: FieldSection): number {
  if (fields.isRepeated(CONTENT_LENGTH)) throw unexpectedContentLength();
  const value = fields.first(CONTENT_LENGTH);
  if (value === '') throw invalidContentLength('Empty Content-Length');
  const length = parseContentLength(value);
  if (length === -1) throw invalidContentLength();
  if (length > Number.MAX_SAFE_INTEGER) throw invalidContentLength('Content-Length overflow');
  return length;
}

/** `1*DIGIT` to a number; -1 where it is anything else (RFC 9110 section 8.6). */
export function parseContentLength(value: string): number {
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return value === '' ? -1 : length;
}

/** Does the field decide over the end of a message? Such a field is refused in a trailer section (section 6.5.1). */
export function isFramingField(number: number): boolean {
  return number === CONTENT_LENGTH || number === TRANSFER_ENCODING;
}

/** Why a framing field that is continued by obs-fold is refused. */
export function framingFoldError(number: number): PeerError {
  return number === CONTENT_LENGTH ? invalidContentLength() : invalidTransferEncoding();
}

/** Does the section say anything about content? */
export function hasFramingField(fields: FieldSection): boolean {
  return fields.has(CONTENT_LENGTH) || fields.has(TRANSFER_ENCODING);
}

/** Why a framing field in a trailer section is refused: who merges it reads another message than we do. */
export function framingTrailerError(number: number): PeerError {
  return number === CONTENT_LENGTH
    ? invalidContentLength("Content-Length can't be present with Transfer-Encoding")
    : invalidTransferEncoding();
}

/** The length that a Content-Length of the caller's declares; NaN where it is no number. */
export function declaredLength(value: string | number): number {
  return Number(value);
}

/** Does the TE field of an HTTP/1.0 client say that it reads the chunked coding? */
export function acceptsChunked(te: string | undefined): boolean {
  return te !== undefined && /(?:^|\W)chunked(?:$|\W)/i.test(te);
}

/** Is chunked among the codings of a Transfer-Encoding that the caller of ours has set? */
export function codesChunked(value: string): boolean {
  return value === 'chunked' || listMembers(value).some((coding) => coding.toLowerCase() === 'chunked');
}

// The facts that decide over the framing of a message that we send, as bits.
/** No content, whatever the fields say: responses to HEAD, and 1xx, 204 and 304. */
export const NO_CONTENT = 1;
/** The caller set the field. */
export const HAS_CONTENT_LENGTH = 2;
export const HAS_TRANSFER_ENCODING = 4;
/** The caller removed the field: it must not be added. */
export const CONTENT_LENGTH_REMOVED = 8;
export const TRANSFER_ENCODING_REMOVED = 16;
/** The recipient reads chunked, and this kind of message uses it. */
export const CHUNKED_BY_DEFAULT = 32;
/** There will be a trailer section, which only the chunked coding has. */
export const HAS_TRAILERS = 64;

/**
 * The framing to add to a message out: CHUNKED, a length for Content-Length, CLOSE_DELIMITED; null where the
 * caller's fields frame it already, or nothing has to.
 * @param knownLength The whole content's length where it is known before the head is made, else null.
 */
export function outgoingFraming(facts: number, knownLength: number | null): Framing | null {
  if ((facts & (HAS_CONTENT_LENGTH | HAS_TRANSFER_ENCODING | NO_CONTENT)) !== 0) return null;
  if ((facts & CHUNKED_BY_DEFAULT) === 0) return CLOSE_DELIMITED;
  if (knownLength !== null && (facts & (CONTENT_LENGTH_REMOVED | HAS_TRAILERS)) === 0) return knownLength;
  return (facts & TRANSFER_ENCODING_REMOVED) === 0 ? CHUNKED : CLOSE_DELIMITED;
}
