/**
 * The fields that describe content, on a response that is being made. Where the message ends is not decided here: a
 * length is told to the response, which frames by it.
 */
import { Buffer } from 'node:buffer';
import { CONTENT_LENGTH_NAME, TRANSFER_ENCODING_NAME } from '../wire/framing.js';
import type { ResponseLike } from './exchange.js';

/** How many bytes content is; a text in this encoding, by default UTF-8. */
export function byteLengthOf(content: string | Uint8Array, encoding?: BufferEncoding): number {
  return typeof content === 'string' ? Buffer.byteLength(content, encoding) : content.byteLength;
}

/** Tells how many bytes of content there are (to a HEAD: would be). */
export function setLength(res: ResponseLike, length: number): void {
  res.setHeader('Content-Length', length);
}

/** The length that was told; undefined for none. */
export function declaredLengthOf(res: ResponseLike): number | undefined {
  const value = res.getHeader(CONTENT_LENGTH_NAME);
  return value === undefined ? undefined : Number(value);
}

/** What node:http and barewire/http know of the content of a response whose length they told themselves. */
interface LengthHolder {
  readonly _contentLength?: number | null;
  readonly _hasBody?: boolean;
  readonly chunkedEncoding?: boolean;
}

/**
 * `getHeader` over that of the prototype behind: of an answer that was sent it also knows the Content-Length that left
 * with its head, as of Express's answers, which set it. Logs ask for it.
 */
export function getHeaderOver(parent: ResponseLike): ResponseLike['getHeader'] {
  return function getHeader(this: ResponseLike & LengthHolder, name: string) {
    const value = parent.getHeader.call(this, name);
    if (value !== undefined || !this.headersSent || name.toLowerCase() !== CONTENT_LENGTH_NAME) return value;
    return this._hasBody && !this.chunkedEncoding ? (this._contentLength ?? undefined) : undefined;
  };
}

/** Removes a field. node:http remembers each removal, and would then not add a length itself: only what is there. */
function dropField(res: ResponseLike, name: string): void {
  if (res.hasHeader(name)) res.removeHeader(name);
}

const DESCRIPTIVE = ['Content-Type', 'Content-Encoding', 'Content-Language', 'Content-Range'];

const DESCRIPTIVE_NAMES = new Set(DESCRIPTIVE.map((name) => name.toLowerCase()));

/** Removes what describes content, from a response that has none. */
export function dropContentFields(res: ResponseLike): void {
  for (const name of DESCRIPTIVE) dropField(res, name);
  dropField(res, TRANSFER_ENCODING_NAME);
  dropField(res, CONTENT_LENGTH_NAME);
}

/** What is said of content beyond its description: which version it is, how long it holds, what else can be had. */
const OF_REPRESENTATION = [
  'Accept-Ranges',
  'Cache-Control',
  'Content-Digest',
  'Content-Disposition',
  'Content-Location',
  'ETag',
  'Expires',
  'Last-Modified',
  'Repr-Digest',
  'Trailer',
];

/** Removes all that was said of the content which could not be sent, from a response with other content. */
export function dropRepresentation(res: ResponseLike): void {
  dropContentFields(res);
  for (const name of OF_REPRESENTATION) dropField(res, name);
}

/** Removes what is true of content as it is, from a response that sends it in a coding. */
export function dropForCoding(res: ResponseLike): void {
  dropField(res, CONTENT_LENGTH_NAME);
  dropField(res, 'Accept-Ranges');
}

/** Fields between two neighbours (RFC 9110 section 7.6.1): never taken over from another message. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  TRANSFER_ENCODING_NAME,
  'upgrade',
]);

/** Does this field belong to one message alone: to its content, its framing, its connection? */
export function belongsToMessage(name: string): boolean {
  const lowerCase = name.toLowerCase();
  return HOP_BY_HOP.has(lowerCase) || lowerCase === CONTENT_LENGTH_NAME || DESCRIPTIVE_NAMES.has(lowerCase);
}

/** Content codings that fetch undoes without a word. */
const UNDONE_BY_FETCH = /^(?:x-)?gzip$|^deflate$|^br$|^zstd$/i;

/**
 * The names of the fields of a fetch Response that do not go out with it: those of its own hop; where fetch has decoded
 * the content already, what described the coded one; where it has no content, its length, which a client would wait
 * for.
 */
export function fieldsLeftOut(response: Response, isForHead: boolean): ReadonlySet<string> {
  const { headers } = response;
  const names = new Set(HOP_BY_HOP);
  for (const name of headers.get('connection')?.split(',') ?? []) names.add(name.trim().toLowerCase());
  if (response.body === null) {
    if (!isForHead) names.add(CONTENT_LENGTH_NAME);
    return names;
  }
  // Only a Response that came over the network has a URL; one that was made says of itself what it means.
  const codings = response.url === '' ? [] : (headers.get('content-encoding')?.split(',') ?? []);
  if (codings.length > 0 && codings.every((name) => UNDONE_BY_FETCH.test(name.trim()))) {
    names.add('content-encoding').add(CONTENT_LENGTH_NAME);
  }
  return names;
}
