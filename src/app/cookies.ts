/** Cookies (RFC 6265), read and set; signed where it is asked for, in cookie-parser's form. */
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { parseCookie, type SerializeOptions, stringifySetCookie } from 'cookie';
import { invalidArgValue } from '../errors.js';
import { fieldOf, type RequestLike, type ResponseLike } from './exchange.js';

/** As Express's `res.cookie` has them. */
export interface CookieOptions extends Omit<SerializeOptions, 'maxAge'> {
  /** How long it lives, in milliseconds. */
  maxAge?: number;
  /** Adds a signature made with this secret; of several, the first. */
  secret?: string | readonly string[];
}

/** The values of a request's cookies, by name, on an object without prototype. Of a name that comes twice, the first. */
export type Cookies = Record<string, string | undefined>;

/** Reads the cookies of a request. A value with a malformed escape stays as it is. */
export function readCookies(req: RequestLike): Cookies {
  const field = fieldOf(req, 'cookie');
  return field === undefined ? Object.create(null) : parseCookie(field);
}

/**
 * Sets a cookie, beside those that are set. Its path is '/' where none is given.
 * @param value What is no string is written as JSON, with 'j:' before it, as Express does.
 * @throws TypeError for a name, a domain or a path that cannot stand in a cookie; ERR_INVALID_ARG_VALUE
 */
export function setCookie(
  res: ResponseLike,
  name: string,
  value: unknown,
  { maxAge, secret, ...options }: CookieOptions = {},
): void {
  const text = typeof value === 'string' ? value : `j:${JSON.stringify(value)}`;
  const written: SerializeOptions = { path: '/', ...options };
  if (maxAge !== undefined) {
    if (!Number.isFinite(maxAge)) throw invalidArgValue('maxAge', maxAge, 'must be a number of milliseconds');
    // Both, as Express has it: Expires is for what does not know Max-Age.
    written.maxAge = Math.floor(maxAge / 1000);
    written.expires = new Date(Date.now() + maxAge);
  }
  const content = secret === undefined ? text : signed(text, typeof secret === 'string' ? secret : secret[0]);
  append(res, stringifySetCookie(name, content, written));
}

/** Has the client forget a cookie. Path, domain and the flags must be those it was set with. */
export function clearCookie(res: ResponseLike, name: string, options: CookieOptions = {}): void {
  const { maxAge: _, secret: __, ...kept } = options;
  append(res, stringifySetCookie(name, '', { path: '/', ...kept, expires: new Date(0) }));
}

function append(res: ResponseLike, line: string): void {
  const present = res.getHeader('Set-Cookie');
  if (present === undefined) res.setHeader('Set-Cookie', [line]);
  else res.setHeader('Set-Cookie', [...(Array.isArray(present) ? present : [String(present)]), line]);
}

function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64').replace(/=+$/, '');
}

function signed(text: string, secret: string | undefined): string {
  if (!secret) throw invalidArgValue('secret', secret, 'must not be empty');
  return `s:${text}.${signatureOf(text, secret)}`;
}

/**
 * The text of a signed cookie's value.
 * @param secrets Any of them may have signed it: the first is for new ones, the others for those still out there.
 * @returns undefined where it is not signed, or by none of them
 */
export function unsign(value: string, secrets: string | readonly string[]): string | undefined {
  const dot = value.lastIndexOf('.');
  if (!value.startsWith('s:') || dot < 2) return undefined;
  const text = value.slice(2, dot);
  const given = Buffer.from(value.slice(dot + 1));
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    const right = Buffer.from(signatureOf(text, secret));
    if (given.length === right.length && timingSafeEqual(given, right)) return text;
  }
  return undefined;
}
