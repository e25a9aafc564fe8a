/** Content negotiation (RFC 9110 section 12): what the client would rather have, and Vary. */
import Negotiator from 'negotiator';
import { notAcceptable } from '../errors.js';
import { contentTypeOf } from './content-type.js';
import type { RequestLike, ResponseLike } from './exchange.js';
import { appendVary } from './vary.js';

/**
 * Which of these types the client likes best, as it was given: media types ('text/html') or extensions ('html').
 * @returns false where it takes none of them; without types, all that it takes, the best first
 */
export function accepts(req: RequestLike): string[];
export function accepts(req: RequestLike, types: readonly string[]): string | false;
export function accepts(req: RequestLike, types?: readonly string[]): string | false | string[] {
  const negotiator = new Negotiator(req as { headers: Record<string, string> });
  if (types === undefined) return negotiator.mediaTypes();
  // Who says nothing takes everything.
  if (req.headers.accept === undefined) return types[0] ?? false;
  const full = types.map(mediaTypeOf);
  const best = negotiator.mediaType(full);
  return best === undefined ? false : types[full.indexOf(best)];
}

/** Without parameters: a client that takes text/html takes it in UTF-8. */
function mediaTypeOf(type: string): string {
  return type.includes('/') ? type : contentTypeOf(type).split(';', 1)[0];
}

/** Which of these content codings the client likes best; false for none. 'identity' is taken if not ruled out. */
export function acceptsEncodings(req: RequestLike): string[];
export function acceptsEncodings(req: RequestLike, codings: readonly string[]): string | false;
export function acceptsEncodings(req: RequestLike, codings?: readonly string[]): string | false | string[] {
  const negotiator = new Negotiator(req as { headers: Record<string, string> });
  return codings === undefined ? negotiator.encodings() : negotiator.encodings([...codings])[0] || false;
}

/**
 * Those of these content codings that the client takes, and 'identity' if it takes that. The client's likes come
 * first; where it likes several as much, the order given here.
 */
export function rankEncodings(req: RequestLike, codings: readonly string[]): string[] {
  const negotiator = new Negotiator(req as { headers: Record<string, string> });
  const encodings = negotiator.encodings as (
    available: string[],
    options: { preferred: string[] },
  ) => string[];
  return encodings.call(negotiator, [...codings, 'identity'], { preferred: [...codings] });
}

/** Which of these charsets the client likes best; false for none. */
export function acceptsCharsets(req: RequestLike): string[];
export function acceptsCharsets(req: RequestLike, charsets: readonly string[]): string | false;
export function acceptsCharsets(req: RequestLike, charsets?: readonly string[]): string | false | string[] {
  const negotiator = new Negotiator(req as { headers: Record<string, string> });
  return charsets === undefined ? negotiator.charsets() : negotiator.charset([...charsets]) || false;
}

/** Which of these languages the client likes best; false for none. */
export function acceptsLanguages(req: RequestLike): string[];
export function acceptsLanguages(req: RequestLike, languages: readonly string[]): string | false;
export function acceptsLanguages(req: RequestLike, languages?: readonly string[]): string | false | string[] {
  const negotiator = new Negotiator(req as { headers: Record<string, string> });
  return languages === undefined ? negotiator.languages() : negotiator.language([...languages]) || false;
}

/**
 * Answers in the form the client likes best: calls the function of that type, with Content-Type and Vary set.
 * `default` is for clients that take none of the others.
 * @returns what the function returns
 * @throws ERR_NOT_ACCEPTABLE (406)
 */
export function format<Result>(
  req: RequestLike,
  res: ResponseLike,
  forms: Readonly<Record<string, () => Result>>,
): Result {
  const types = Object.keys(forms).filter((type) => type !== 'default');
  appendVary(res, 'Accept');
  const best = types.length > 0 && accepts(req, types);
  if (best !== false) {
    res.setHeader('Content-Type', contentTypeOf(best));
    return forms[best]();
  }
  if (Object.hasOwn(forms, 'default')) return forms.default();
  throw notAcceptable(types.map(mediaTypeOf));
}
