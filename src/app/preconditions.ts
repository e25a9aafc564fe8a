/**
 * Validators and the conditions on them (RFC 9110 sections 8.8 and 13): may the client keep what it has, is the
 * resource what it takes it for, is the rest it asks for a rest of the same?
 */
import { hash } from 'node:crypto';
import { byteLengthOf } from './content-fields.js';
import { fieldOf, type RequestLike, type ResponseLike } from './exchange.js';

/** What is known of the current state of a resource. */
export interface Validators {
  /** With its quotes, `W/` before them where it is weak. Null: the resource does not exist. */
  etag?: string | null;
  /** When it was last changed. Seconds count. */
  lastModified?: Date;
}

/** What the conditions of a request come to: go on, 304 (Not Modified), 412 (Precondition Failed). */
export type Verdict = 200 | 304 | 412;

/** The entity-tags of a list, one per match (RFC 9110 section 8.8.3). */
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

/** Does the list of entity-tags hold this one? `*` is any that exists. */
function matches(list: string, etag: string | null | undefined, isStrong: boolean): boolean {
  if (list.trim() === '*') return etag !== null;
  if (!etag || (isStrong && etag.startsWith('W/'))) return false;
  const wanted = opaque(etag);
  for (const tag of list.match(ENTITY_TAG) ?? []) {
    if (isStrong ? tag === etag : opaque(tag) === wanted) return true;
  }
  return false;
}

/** Seconds since 1970 of an HTTP-date; NaN where it is none. */
function secondsOf(date: string): number {
  // Only the three forms of RFC 9110 section 5.6.7 begin with the name of a day: Date reads far more than those. Only
  // asctime's form does not name its zone.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(date)) return Number.NaN;
  return Math.floor(Date.parse(date.endsWith('GMT') ? date : `${date} GMT`) / 1000);
}

/** Does the method only read? Its conditions are for the cache of the client. */
export function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Evaluates the conditions in the order of RFC 9110 section 13.2.2. A condition on a validator that is not known is
 * left out; one that cannot be read is ignored, as the RFC has it for dates.
 */
export function evaluate(req: RequestLike, { etag, lastModified }: Validators): Verdict {
  const modified = lastModified && Math.floor(lastModified.getTime() / 1000);
  const ifMatch = fieldOf(req, 'if-match');
  if (ifMatch !== undefined) {
    if (etag !== undefined && !matches(ifMatch, etag, true)) return 412;
  } else {
    const since = fieldOf(req, 'if-unmodified-since');
    if (since !== undefined && modified !== undefined && modified > secondsOf(since)) return 412;
  }
  const ifNoneMatch = fieldOf(req, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    if (etag !== undefined && matches(ifNoneMatch, etag, false)) return isSafe(req.method) ? 304 : 412;
  } else if (isSafe(req.method)) {
    const since = fieldOf(req, 'if-modified-since');
    if (since !== undefined && modified !== undefined && modified <= secondsOf(since)) return 304;
  }
  return 200;
}

/** The validators that a response has set; undefined for none. */
export function validatorsOf(res: ResponseLike): Validators | undefined {
  const etag = res.getHeader('etag');
  const lastModified = res.getHeader('last-modified');
  if (etag === undefined && lastModified === undefined) return undefined;
  return {
    etag: etag === undefined ? undefined : String(etag),
    lastModified: lastModified === undefined ? undefined : new Date(String(lastModified)),
  };
}

/** A Last-Modified this much older than now changes no more within its second (RFC 9110 section 8.8.2.2). */
const STRONG_AFTER = 1;

/** Is a Range to be heeded, as far as If-Range says (RFC 9110 section 13.1.5)? */
export function isRangeWanted(req: RequestLike, { etag, lastModified }: Validators): boolean {
  const ifRange = fieldOf(req, 'if-range');
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return !!etag && !etag.startsWith('W/') && ifRange.trim() === etag;
  if (!lastModified) return false;
  const modified = Math.floor(lastModified.getTime() / 1000);
  return modified === secondsOf(ifRange) && Date.now() / 1000 - modified >= STRONG_AFTER;
}

/** An entity-tag made of the content: the same for the same bytes. SHA-1 finds a change; it guards nothing. */
export function etagOf(content: string | Uint8Array, isWeak: boolean): string {
  const tag = `"${byteLengthOf(content).toString(16)}-${hash('sha1', content, 'base64').slice(0, 27)}"`;
  return isWeak ? `W/${tag}` : tag;
}
