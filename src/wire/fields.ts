/**
 * The field lines of one header or trailer section (RFC 9110 section 5) as they came: name, value, name, value.
 *
 * The names that decide over a message are noticed while they are read, so that nobody searches the list for
 * them. Names that are met all the time are not made into strings again: the table below has them.
 */
import { Buffer } from 'node:buffer';
import { BACKSLASH, COLON, COMMA, DQUOTE, HTAB, SP } from './grammar.js';

// The numbers of the names that decide. 1 to 15, since a section remembers them as bits.
export const HOST = 1;
export const CONNECTION = 2;
export const CONTENT_LENGTH = 3;
export const TRANSFER_ENCODING = 4;
export const UPGRADE = 5;
export const EXPECT = 6;
export const PROXY_CONNECTION = 7;
export const KEEP_ALIVE = 8;
/** Any other name. */
export const ORDINARY = 0;

// biome-ignore format: a list of names reads best as a paragraph
const DECIDING = [
  'Host', 'Connection', 'Content-Length', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Proxy-Connection', 'Keep-Alive',
];

// biome-ignore format: a list of names reads best as a paragraph
const FREQUENT = [
  'Accept', 'Accept-Charset', 'Accept-Encoding', 'Accept-Language', 'Accept-Ranges', 'Access-Control-Allow-Origin',
  'Access-Control-Request-Headers', 'Access-Control-Request-Method', 'Age', 'Allow', 'Authorization',
  'Cache-Control', 'CF-Connecting-IP', 'CF-Ray', 'Content-Disposition', 'Content-Encoding', 'Content-Language',
  'Content-Range', 'Content-Security-Policy', 'Content-Type', 'Cookie', 'Date', 'DNT', 'ETag', 'Expires',
  'Forwarded', 'From', 'If-Match', 'If-Modified-Since', 'If-None-Match', 'If-Range', 'If-Unmodified-Since',
  'Last-Modified', 'Link', 'Location', 'Max-Forwards', 'Origin', 'Pragma', 'Priority', 'Proxy-Authorization',
  'Range', 'Referer', 'Retry-After', 'Sec-CH-UA', 'Sec-CH-UA-Mobile', 'Sec-CH-UA-Platform', 'Sec-Fetch-Dest',
  'Sec-Fetch-Mode', 'Sec-Fetch-Site', 'Sec-Fetch-User', 'Sec-GPC', 'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Key', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Version', 'Server', 'Set-Cookie',
  'Strict-Transport-Security', 'TE', 'Traceparent', 'Tracestate', 'Trailer', 'Upgrade-Insecure-Requests',
  'User-Agent', 'Vary', 'Via', 'WWW-Authenticate', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port',
  'X-Forwarded-Proto', 'X-Powered-By', 'X-Real-IP', 'X-Request-Id', 'X-Requested-With',
];

/** What the parser needs to know of a name that it met. */
export interface FieldName {
  /** HOST, CONNECTION ... or ORDINARY. */
  readonly number: number;
  /** The name as it was spelled; null where that has to be cut from the bytes. */
  readonly text: string | null;
  /** Where in SPELLINGS it stands, where `text` is not null. */
  readonly at: number;
  readonly length: number;
  /**
   * The name that came behind it last, in whichever message. Most senders have the same fields in the same order: to
   * look whether it is this one again takes half of what it takes to find a name.
   */
  follower: FieldName | null;
}

/** A name of the table, in the two spellings that are met most. */
interface KnownName {
  readonly canonical: FieldName;
  readonly lowerCase: FieldName;
  readonly otherCase: FieldName;
  /** Where in SPELLINGS the canonical spelling stands; the one in lower case is right behind it. */
  readonly at: number;
  readonly length: number;
  /** The next name of the same bucket. */
  readonly next: KnownName | null;
}

function fieldName(number: number, text: string | null, at: number): FieldName {
  return { number, text, at, length: text === null ? 0 : text.length, follower: null };
}

const UNKNOWN_NAME = fieldName(ORDINARY, null, 0);
/** Stands before the first line of a section. */
export const BEFORE_FIRST = fieldName(ORDINARY, null, 0);

/** Every name of the table in its two spellings: bytes are compared faster with bytes than with strings. */
const SPELLINGS = Buffer.from([...FREQUENT, ...DECIDING].map((name) => name + name.toLowerCase()).join(''));
let spelled = 0;

const BUCKET_COUNT = 512;
const buckets: (KnownName | null)[] = new Array(BUCKET_COUNT).fill(null);

/** Length, first and last letter spread the table so that few names share a bucket. Letters in lower case. */
function bucketOf(length: number, first: number, last: number): number {
  return (length * 37 + first * 11 + last * 5) & (BUCKET_COUNT - 1);
}

function enter(name: string, number: number): void {
  const text = name.toLowerCase();
  const { length } = text;
  const bucket = bucketOf(length, text.charCodeAt(0), text.charCodeAt(length - 1));
  buckets[bucket] = {
    canonical: fieldName(number, name, spelled),
    lowerCase: fieldName(number, text, spelled + length),
    otherCase: fieldName(number, null, 0),
    at: spelled,
    length,
    next: buckets[bucket],
  };
  spelled += 2 * length;
}

for (const name of FREQUENT) enter(name, ORDINARY);
for (const [index, name] of DECIDING.entries()) enter(name, index + 1);

/** What is known of the name that the bytes spell. The bytes are `tchar`s, at least one. */
export function findName(bytes: Uint8Array, from: number, to: number): FieldName {
  const length = to - from;
  const first = bytes[from];
  const firstLetter = first | 0x20;
  let known = buckets[bucketOf(length, firstLetter, bytes[to - 1] | 0x20)];
  for (; known !== null; known = known.next) {
    if (known.length !== length) continue;
    // The first letter tells which of the two spellings it may be.
    const isLowerCase = first === firstLetter;
    const spelling = isLowerCase ? known.at + length : known.at;
    let same = 0;
    while (same < length && bytes[from + same] === SPELLINGS[spelling + same]) same++;
    if (same === length) return isLowerCase ? known.lowerCase : known.canonical;
    if (isInOtherCase(bytes, from, known)) return known.otherCase;
  }
  return UNKNOWN_NAME;
}

/** Do the bytes spell this name, and a colon behind it? */
export function isNext(name: FieldName, bytes: Uint8Array, from: number, to: number): boolean {
  const { at, length } = name;
  if (from + length >= to || bytes[from + length] !== COLON) return false;
  let same = 0;
  while (same < length && bytes[from + same] === SPELLINGS[at + same]) same++;
  return same === length;
}

/** No two `tchar`s of which one stands in the table differ in this bit alone, but the cases of a letter. */
function isInOtherCase(bytes: Uint8Array, from: number, known: KnownName): boolean {
  const lowerCase = known.at + known.length;
  for (let i = 0; i < known.length; i++) {
    if ((bytes[from + i] | 0x20) !== SPELLINGS[lowerCase + i]) return false;
  }
  return true;
}

/** The field lines of a section, to be read again without reading. */
export interface KeptFields {
  readonly lines: readonly string[];
  readonly met: number;
  readonly repeated: number;
  readonly at: readonly number[];
}

/** One header or trailer section. A parser has one and fills it anew for every message. */
export class FieldSection {
  /** name, value, name, value ... in the order and spelling of the wire. Belongs to the message it was read for. */
  lines: string[] = [];
  /** Bit n is set when the deciding name n was met. */
  private met = 0;
  /** Bit n is set when it was met more than once. */
  private repeated = 0;
  /** Where in `lines` the value of the deciding name n stands, the first of them. */
  private at: readonly number[];
  /** The section's own `at`, where that is not a kept one's. */
  private readonly ownAt: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0];

  constructor() {
    this.at = this.ownAt;
  }

  /** Empties the section; the list of lines is left to whoever took it. */
  reset(): void {
    this.lines = [];
    this.met = 0;
    this.repeated = 0;
    this.at = this.ownAt;
  }

  /** What there is, for `restore`. */
  keep(): KeptFields {
    return { lines: this.lines.slice(), met: this.met, repeated: this.repeated, at: this.at.slice() };
  }

  /** The section that was kept, with a list of lines of its own. */
  restore(kept: KeptFields): void {
    this.lines = kept.lines.slice();
    this.met = kept.met;
    this.repeated = kept.repeated;
    this.at = kept.at;
  }

  add(name: string, value: string, number: number): void {
    if (number !== ORDINARY) {
      const bit = 1 << number;
      if ((this.met & bit) !== 0) this.repeated |= bit;
      else {
        this.met |= bit;
        this.ownAt[number] = this.lines.length + 1;
      }
    }
    this.lines.push(name, value);
  }

  /** The number of the last line's name. There is one. */
  lastNumber(): number {
    const name = Buffer.from(this.lines[this.lines.length - 2], 'latin1');
    return findName(name, 0, name.length).number;
  }

  /** Continues the value of the last line: obs-fold, read as one space (RFC 9112 section 5.2). */
  fold(value: string): void {
    if (value === '') return;
    const { lines } = this;
    const last = lines.length - 1;
    lines[last] = lines[last] === '' ? value : `${lines[last]} ${value}`;
  }

  has(number: number): boolean {
    return (this.met & (1 << number)) !== 0;
  }

  isRepeated(number: number): boolean {
    return (this.repeated & (1 << number)) !== 0;
  }

  /** Does the first line of the one name stand before that of the other? Both are there. */
  precedes(number: number, other: number): boolean {
    return this.at[number] < this.at[other];
  }

  /** The value of the first line of that name; the empty string where there is none. */
  first(number: number): string {
    return this.has(number) ? this.lines[this.at[number]] : '';
  }

  /** The values of all lines of that name, combined with commas (RFC 9110 section 5.3). */
  combined(number: number): string {
    return this.isRepeated(number) ? this.values(number).join(', ') : this.first(number);
  }

  /** The values of all lines of that name, of which there is one. */
  values(number: number): string[] {
    const name = this.lines[this.at[number] - 1].toLowerCase();
    const values: string[] = [];
    for (let i = 0; i < this.lines.length; i += 2) {
      if (this.lines[i].toLowerCase() === name) values.push(this.lines[i + 1]);
    }
    return values;
  }
}

/**
 * The members of a comma-separated list (RFC 9110 section 5.6.1), trimmed, empty ones left out. Commas within
 * quoted strings do not separate.
 */
export function listMembers(value: string): string[] {
  const members: string[] = [];
  const append = (to: number) => {
    const member = trimWhitespace(value, from, to);
    if (member !== '') members.push(member);
  };
  let from = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === DQUOTE) quoted = !quoted;
    else if (quoted && code === BACKSLASH) i++;
    else if (code === COMMA && !quoted) {
      append(i);
      from = i + 1;
    }
  }
  append(value.length);
  return members;
}

/** The text between two places without the optional whitespace at its ends (`OWS`, RFC 9110 section 5.6.3). */
export function trimWhitespace(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && (text.charCodeAt(start) === SP || text.charCodeAt(start) === HTAB)) start++;
  while (end > start && (text.charCodeAt(end - 1) === SP || text.charCodeAt(end - 1) === HTAB)) end--;
  return text.slice(start, end);
}
