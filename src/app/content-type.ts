/** Content-Type: names people use for it, and what a response has. */
import mimeTypes from 'mime-types';
import type { ResponseLike } from './exchange.js';

export const HTML = 'text/html; charset=utf-8';
export const TEXT = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';
export const BYTES = 'application/octet-stream';

/** Types by the names they were asked for; applications use few. A cap bounds those that make names up. */
const known = new Map<string, string>([
  ['html', HTML],
  ['text', TEXT],
  ['txt', TEXT],
  ['json', JSON_TYPE],
]);
const MAX_KNOWN = 256;

/**
 * The media type for a name: an extension ('json', '.png') or a file name ('page.html'), with its charset where it is
 * text. A media type stays as it is.
 * @returns application/octet-stream for what nobody knows
 */
export function contentTypeOf(name: string): string {
  if (name.includes('/')) return name;
  const found = known.get(name);
  if (found !== undefined) return found;
  const type = mimeTypes.contentType(name.slice(name.lastIndexOf('.') + 1) || name) || BYTES;
  if (known.size < MAX_KNOWN) known.set(name, type);
  return type;
}

/** The media type of a file, by the extension of its name; application/octet-stream for none. */
export function contentTypeOfFile(path: string): string {
  const name = path.slice(path.search(/[^/\\]*$/));
  const dot = name.lastIndexOf('.');
  return dot > 0 ? contentTypeOf(name.slice(dot)) : BYTES;
}

/** Sets Content-Type by a name, as `contentTypeOf` reads it. @throws ERR_INVALID_CHAR, ERR_HTTP_HEADERS_SENT */
export function setType(res: ResponseLike, name: string): void {
  res.setHeader('Content-Type', contentTypeOf(name));
}

/** Sets Content-Type where there is none yet. */
export function setDefaultType(res: ResponseLike, type: string): void {
  if (!res.hasHeader('Content-Type')) res.setHeader('Content-Type', type);
}

/** A text that is sent is UTF-8: says so where the type of a text does not. */
export function setTextType(res: ResponseLike, type: string): void {
  const present = res.getHeader('Content-Type');
  if (present === undefined) res.setHeader('Content-Type', type);
  else if (typeof present === 'string' && /^text\/[^;]+$/i.test(present.trim())) {
    res.setHeader('Content-Type', `${present}; charset=utf-8`);
  }
}
