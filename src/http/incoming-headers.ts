/**
 * `headers`, `headersDistinct`, `trailers`, `trailersDistinct`: made of the raw field lines when they are first
 * asked for, with node:http's rules for names that come more than once.
 */
import { CONTENT_LENGTH_NAME } from '../wire/framing.js';
import { ownText } from '../wire/text.js';
import { kHeaders } from './symbols.js';

/** Of these the first counts; `joinDuplicateHeaders` joins them like all others. */
const FIRST_COUNTS = new Set([
  'age',
  'authorization',
  CONTENT_LENGTH_NAME,
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/** Names in lower case, by their spelling. Capped: a peer makes up as many as it likes. */
const lowerCaseNames = new Map<string, string>();
const MAX_LOWER_CASE_NAMES = 2048;

export function lowerCaseName(name: string): string {
  let lowerCase = lowerCaseNames.get(name);
  if (lowerCase === undefined) {
    const isKept = lowerCaseNames.size < MAX_LOWER_CASE_NAMES && name.length <= 64;
    const own = isKept ? ownText(name) : name;
    lowerCase = own.toLowerCase();
    if (isKept) lowerCaseNames.set(own, lowerCase);
  }
  return lowerCase;
}

export type Headers = Record<string, string | string[] | undefined>;

/** Adds one field line to an object of headers. */
export function addHeader(headers: Headers, name: string, value: string, joinDuplicates: boolean): void {
  const field = lowerCaseName(name);
  // No field of that name means anything, and on a plain object it would be the prototype.
  if (field === '__proto__') return;
  if (field === 'set-cookie') {
    const values = headers[field];
    if (values === undefined) headers[field] = [value];
    else (values as string[]).push(value);
    return;
  }
  // A plain object inherits `constructor` and the like, none of which is a string.
  const present = headers[field];
  if (typeof present !== 'string') headers[field] = value;
  else if (field === 'cookie') headers[field] = `${present}; ${value}`;
  else if (joinDuplicates || !FIRST_COUNTS.has(field)) headers[field] = `${present}, ${value}`;
}

/** The object that `req.headers` is: a plain one, as node:http's. What was made of the prototype alone has no lines. */
export function headersOf(lines: readonly string[] = [], joinDuplicates = false): Headers {
  const headers: Headers = {};
  for (let i = 0; i < lines.length; i += 2) addHeader(headers, lines[i], lines[i + 1], joinDuplicates);
  return headers;
}

/** A message as far as its headers are concerned. `[kHeaders]` is null until somebody asks for the object of all. */
interface WithHeaders {
  readonly headers: Headers;
  readonly rawHeaders: readonly string[];
  readonly [kHeaders]?: Headers | null;
}

/**
 * One of the headers, by its name in lower case: what the object of all has. Who needs few of them looks through the
 * lines, and need not have it made. Messages of others have the object already.
 */
export function headerOf(message: WithHeaders, name: string): string | string[] | undefined {
  if (message[kHeaders] !== null) return message.headers[name];
  const lines = message.rawHeaders;
  let value: string | undefined;
  for (let i = 0; i < lines.length; i += 2) {
    if (lines[i].length !== name.length || lowerCaseName(lines[i]) !== name) continue;
    // The rules for several are those of the object.
    if (value !== undefined) return message.headers[name];
    value = lines[i + 1];
  }
  return value;
}

/** Every value of every name, in lists, on an object without prototype. */
export function distinctHeadersOf(lines: readonly string[] = []): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null);
  for (let i = 0; i < lines.length; i += 2) {
    const field = lowerCaseName(lines[i]);
    const values = headers[field];
    if (values === undefined) headers[field] = [lines[i + 1]];
    else values.push(lines[i + 1]);
  }
  return headers;
}
