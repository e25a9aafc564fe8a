/**
 * The outgoing header list: names as the caller spelled them, found in any case, in the order they were first set.
 * Also the checks that keep a name or a value from ending its line (response splitting, CVE-2016-2216 and its kin).
 */
import { invalidArgType, invalidChar, invalidHeaderValue, invalidHttpToken } from '../errors.js';
import { CONTENT_LENGTH_NAME, TRANSFER_ENCODING_NAME } from '../wire/framing.js';
import { isToken } from '../wire/grammar.js';
import { fieldLine } from '../wire/serializer.js';
import { flat, ownText } from '../wire/text.js';

/** What a caller may give as a value. */
export type HeaderValue = string | number | readonly string[];

// The names that serializing has to notice.
export const PLAIN = 0;
export const CONNECTION = 1;
export const CONTENT_LENGTH = 2;
export const TRANSFER_ENCODING = 3;
export const DATE = 4;
export const EXPECT = 5;
export const TRAILER = 6;
export const KEEP_ALIVE = 7;
/** Several values of it are one line, joined with '; '. */
export const COOKIE = 8;

/** A checked name. */
export interface OutgoingName {
  readonly lowerCase: string;
  /** PLAIN, CONNECTION ... */
  readonly role: number;
  /** The short text that passed the check last, and the line that it makes with this name. */
  lastValue: string | undefined;
  lastLine: string;
}

const ROLES = new Map<string, number>([
  ['connection', CONNECTION],
  [CONTENT_LENGTH_NAME, CONTENT_LENGTH],
  [TRANSFER_ENCODING_NAME, TRANSFER_ENCODING],
  ['date', DATE],
  ['expect', EXPECT],
  ['trailer', TRAILER],
  ['keep-alive', KEEP_ALIVE],
  ['cookie', COOKIE],
]);

/**
 * Names that passed the check, in each spelling. Applications use few; a cap bounds those that pass on what others made
 * up. The value that is kept for each keeps as much of the section it was cut from as was read in one piece, 1 KiB.
 */
const checkedNames = new Map<string, OutgoingName>();
const MAX_CHECKED_NAMES = 256;
const MAX_CHECKED_NAME_LENGTH = 64;

/**
 * Checks a field name and tells what it is.
 * @throws ERR_INVALID_HTTP_TOKEN
 */
export function outgoingName(name: string, label = 'Header name'): OutgoingName {
  const checked = checkedNames.get(name);
  if (checked !== undefined) return checked;
  if (typeof name !== 'string' || !isToken(name)) throw invalidHttpToken(label, name);
  const isKept = checkedNames.size < MAX_CHECKED_NAMES && name.length <= MAX_CHECKED_NAME_LENGTH;
  const own = isKept ? ownText(name) : name;
  const lowerCase = own.toLowerCase();
  const role = ROLES.get(lowerCase) ?? PLAIN;
  const fresh: OutgoingName = { lowerCase, role, lastValue: undefined, lastLine: '' };
  if (isKept) checkedNames.set(own, fresh);
  return fresh;
}

/**
 * Throws where the name is no token (RFC 9110 section 5.1); node:http `validateHeaderName`.
 * @param label What the error's message calls it. Default 'Header name'.
 * @throws ERR_INVALID_HTTP_TOKEN
 */
export function validateHeaderName(name: string, label?: string): void {
  outgoingName(name, label || 'Header name');
}

/** Anything that may not stand in a field value: controls but HTAB, and characters beyond Latin-1. */
const INVALID_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Throws where the value cannot be a field value (RFC 9110 section 5.5); node:http `validateHeaderValue`.
 * @throws ERR_HTTP_INVALID_HEADER_VALUE for undefined, ERR_INVALID_CHAR for a character that may not stand there
 */
export function validateHeaderValue(name: string, value: unknown): void {
  if (value === undefined) throw invalidHeaderValue(value, name);
  if (INVALID_VALUE.test(value as string)) throw invalidChar('header content', name);
}

/** Values longer than this are not kept with their names. */
const MAX_KEPT_VALUE = 64;

/**
 * As `validateHeaderValue`, for a checked name. Applications send the same values again and again: the last one that
 * passed, if it is short, passes again as it is.
 * @throws ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_CHAR
 */
export function checkValue(checked: OutgoingName, name: string, value: unknown): void {
  if (value === checked.lastValue && value !== undefined) return;
  validateHeaderValue(name, value);
  if (typeof value === 'string' && value.length <= MAX_KEPT_VALUE) {
    checked.lastValue = value;
    checked.lastLine = flat(fieldLine(name, value));
  }
}

/** Is the text free of characters that would end a line or go beyond Latin-1? */
export function hasInvalidChar(text: string): boolean {
  return INVALID_VALUE.test(text);
}

/** A header that is set. */
export interface StoredHeader {
  readonly lowerCase: string;
  name: string;
  value: HeaderValue;
  role: number;
  /** Its line, where the name has it ready; or else the empty string. */
  line: string;
  /** The one that was set next. */
  next: StoredHeader | null;
}

/** More headers than these are found by an index: who passes on what others sent may set any number. */
const MAX_SEARCHED = 16;

/**
 * The headers that are set, as a list. Most messages have a few, and then to make a Map for them costs more than to look
 * through them ever does.
 */
export class HeaderStore {
  /** In the order in which they were first set. */
  first: StoredHeader | null = null;
  private last: StoredHeader | null = null;
  private count = 0;
  /** By their names in lower case; null while there are few. */
  private index: Map<string, StoredHeader> | null = null;

  private find(lowerCase: string): StoredHeader | undefined {
    if (this.index !== null) return this.index.get(lowerCase);
    for (let header = this.first; header !== null; header = header.next) {
      if (header.lowerCase === lowerCase) return header;
    }
    return undefined;
  }

  private add(header: StoredHeader): void {
    if (this.last === null) this.first = header;
    else this.last.next = header;
    this.last = header;
    this.count++;
    if (this.index !== null) this.index.set(header.lowerCase, header);
    else if (this.count > MAX_SEARCHED) {
      this.index = new Map();
      for (const one of this.values()) this.index.set(one.lowerCase, one);
    }
  }

  /** Sets a checked name and value; a header that is there keeps its place. */
  set(name: string, value: HeaderValue, checked: OutgoingName): void {
    const { lowerCase, role } = checked;
    const line = value === checked.lastValue && role === PLAIN ? checked.lastLine : '';
    const header = this.find(lowerCase);
    if (header === undefined) this.add({ lowerCase, name, value, role, line, next: null });
    else {
      header.name = name;
      header.value = value;
      header.line = line;
    }
  }

  /** Adds to the values of a header, which becomes a list. */
  append(name: string, value: HeaderValue, checked: OutgoingName): void {
    const header = this.find(checked.lowerCase);
    if (header === undefined) {
      this.set(name, value, checked);
      return;
    }
    const values = Array.isArray(header.value) ? [...header.value] : [header.value];
    if (Array.isArray(value)) values.push(...value);
    else values.push(value);
    header.value = values as string[];
    header.line = '';
  }

  /** By its name in lower case. */
  get(lowerCase: string): HeaderValue | undefined {
    return this.find(lowerCase)?.value;
  }

  has(lowerCase: string): boolean {
    return this.find(lowerCase) !== undefined;
  }

  delete(lowerCase: string): void {
    const header = this.find(lowerCase);
    if (header === undefined) return;
    let before: StoredHeader | null = null;
    if (header === this.first) this.first = header.next;
    else {
      before = this.first as StoredHeader;
      while (before.next !== header) before = before.next as StoredHeader;
      before.next = header.next;
    }
    if (header === this.last) this.last = before;
    this.count--;
    this.index?.delete(lowerCase);
  }

  /** The names in lower case. */
  names(): string[] {
    return this.values().map((header) => header.lowerCase);
  }

  /** The names as they were spelled. */
  rawNames(): string[] {
    return this.values().map((header) => header.name);
  }

  values(): StoredHeader[] {
    const headers: StoredHeader[] = [];
    for (let header = this.first; header !== null; header = header.next) headers.push(header);
    return headers;
  }

  /** A copy without prototype, so that no name finds anything but a header. */
  toObject(): Record<string, HeaderValue> {
    const copy: Record<string, HeaderValue> = Object.create(null);
    for (const { lowerCase, value } of this.values()) copy[lowerCase] = value;
    return copy;
  }
}

/** @throws ERR_INVALID_ARG_TYPE */
export function checkNameIsString(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidArgType('name', 'of type string', name);
}
