/** The start-line: request-line (RFC 9112 section 3) and status-line (section 4), read byte by byte. */
import {
  expectedCR,
  invalidConstant,
  invalidMethod,
  invalidStatus,
  invalidTarget,
  invalidVersion,
  type PeerError,
} from '../errors.js';
import {
  CR,
  FIELD_VALUE_BYTE,
  HTAB,
  isHost,
  LF,
  REQUEST_TARGET_BYTE,
  SCHEME_BYTE,
  SP,
  TOKEN_BYTE,
} from './grammar.js';
import { LINE_LF, METHOD, REASON, STATUS_CODE, STATUS_VERSION, TARGET, VERSION } from './states.js';
import { METHODS, RTSP_METHODS } from './tables.js';
import { latin1 } from './text.js';
import { skipVisible } from './words.js';

/** The methods that begin with the first letter of the alphabet, with the second, and so on. */
const METHODS_BY_INITIAL = Array.from({ length: 32 }, (_, letter) =>
  METHODS.filter((method) => (method.charCodeAt(0) & 0x1f) === letter),
);
const KNOWN_METHODS = [...METHODS, ...RTSP_METHODS];
const HTTP_VERSION = 'HTTP/1.1';
/** A scheme of letters, an authority with at most one userinfo, path and query (RFC 9112 section 3.2.2). */
const ABSOLUTE_FORM = /^[A-Za-z]+:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([^:/?#@][^/?#@]*)(?:[/?].*)?$/;
/** What stands behind a method and its space. */
const REST_OF_REQUEST_LINE = /^[^ ]+ HTTP\/\d\.\d$/;
const SLASH = 0x2f;
const ASTERISK = 0x2a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** A start-line, to be read again without reading. */
export interface KeptStartLine {
  readonly method: string;
  readonly target: string;
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly statusCode: number;
  readonly statusMessage: string;
}

export class StartLine {
  /** The request method as sent. */
  method = '';
  /** The request-target as sent, in whichever form. */
  target = '';
  /** 1, unless a response has another or `insecureHTTPParser` forgives one. */
  versionMajor = 1;
  /** 0 or 1, with the same exceptions. */
  versionMinor = 1;
  statusCode = 0;
  statusMessage = '';
  /** Was the target or the reason phrase read, and is no string yet? The reader of the section makes it one. */
  isTextDue = false;
  /** Why reading failed. */
  error: PeerError | null = null;
  /** Where reading stopped. */
  at = 0;

  private readonly insecure: boolean;
  private isRequest = true;
  // Where the parts stand in the bytes; the text is the target or the reason phrase.
  start = 0;
  textStart = 0;
  private textEnd = 0;
  private versionStart = 0;

  constructor(insecure: boolean) {
    this.insecure = insecure;
  }

  /** What there is, for `restore`. */
  keep(): KeptStartLine {
    const { method, target, versionMajor, versionMinor, statusCode, statusMessage } = this;
    return { method, target, versionMajor, versionMinor, statusCode, statusMessage };
  }

  /** The line that was kept. */
  restore(kept: KeptStartLine): void {
    this.method = kept.method;
    this.target = kept.target;
    this.versionMajor = kept.versionMajor;
    this.versionMinor = kept.versionMinor;
    this.statusCode = kept.statusCode;
    this.statusMessage = kept.statusMessage;
    this.isTextDue = false;
    this.error = null;
  }

  begin(at: number): void {
    this.start = at;
    this.versionStart = at;
    this.error = null;
  }

  /** The bytes move: what stood at `offset` will stand at 0. */
  rebase(offset: number): void {
    this.start -= offset;
    this.textStart -= offset;
    this.textEnd -= offset;
    this.versionStart -= offset;
  }

  /** The bytes of the line just read that count: its request-target or reason phrase. */
  get counted(): number {
    return this.textEnd - this.textStart;
  }

  /** Those of the line that is read up to `at`. */
  countedUpTo(state: number, at: number): number {
    if (state === TARGET || state === REASON) return at - this.textStart;
    return state === VERSION ? this.counted : 0;
  }

  /** Reads on from `from` in `state`. Returns the next state; `at` tells where, `error` whether it went wrong. */
  read(state: number, bytes: Buffer, from: number, stop: number): number {
    let at = from;
    switch (state) {
      case METHOD:
        while (at < stop && TOKEN_BYTE[bytes[at]] === 1) at++;
        if (at === stop) {
          if (this.knownPrefix(bytes, at) < at) return this.failMethod(bytes, at);
          break;
        }
        if (bytes[at] !== SP || at === this.start) return this.failMethod(bytes, at);
        if (!this.cutMethod(bytes, at)) {
          // A request of a method that nobody here knows is answered as such (RFC 9110 section 9.1); anything else
          // is no request.
          const isRequest = this.mayFollowMethod(bytes, at + 1, stop);
          // The preface of HTTP/2 is no method either, but a version (RFC 9113 section 3.4).
          const statusCode = !isRequest ? 400 : this.method === 'PRI' ? 505 : 501;
          return this.failMethod(bytes, at, statusCode);
        }
        at++;
        this.textStart = at;
        this.at = at;
        return TARGET;
      case TARGET: {
        at = skipVisible(bytes, at, stop);
        while (at < stop && REQUEST_TARGET_BYTE[bytes[at]] === 1) at++;
        if (at > this.textStart && !this.mayBegin(bytes[this.textStart])) {
          return this.fail(invalidTarget('Unexpected start char in url'), this.textStart);
        }
        if (at === stop) break;
        if (bytes[at] !== SP || at === this.textStart) {
          return this.fail(
            bytes[at] === HTAB ? invalidTarget() : invalidTarget('Invalid char in url path'),
            at,
          );
        }
        this.textEnd = at;
        at++;
        this.versionStart = at;
        this.at = at;
        return VERSION;
      }
      case VERSION:
      case STATUS_VERSION:
        return this.readVersion(state, bytes, at, stop);
      case STATUS_CODE: {
        const codeStart = this.versionStart + HTTP_VERSION.length + 1;
        for (; at < stop && at < codeStart + 3; at++) {
          if (bytes[at] < DIGIT_0 || bytes[at] > DIGIT_9) return this.fail(invalidStatus(), at);
        }
        if (at === stop) break;
        // The space before an empty reason phrase is left out by some servers.
        if (bytes[at] === SP) {
          at++;
          this.textStart = at;
          this.at = at;
          return REASON;
        }
        this.textStart = at;
        return this.endLine(state, bytes, at);
      }
      default:
        while (at < stop && FIELD_VALUE_BYTE[bytes[at]] === 1) at++;
        if (at === stop) break;
        return this.endLine(state, bytes, at);
    }
    this.at = at;
    return state;
  }

  /** `HTTP/1.0` or `HTTP/1.1`, and what ends it. */
  private readVersion(state: number, bytes: Buffer, from: number, stop: number): number {
    const { versionStart } = this;
    let at = from;
    if (at === versionStart && stop - at > 8 && state === VERSION && this.isKnownVersion(bytes, at)) {
      this.versionMajor = 1;
      this.versionMinor = bytes[at + 7] - DIGIT_0;
      return this.endLine(state, bytes, at + 8);
    }
    for (; at < stop; at++) {
      const index = at - versionStart;
      const byte = bytes[at];
      if (index < 5) {
        if (byte !== HTTP_VERSION.charCodeAt(index)) return this.fail(invalidConstant(), at);
      } else if (index === 5 || index === 7) {
        if (byte < DIGIT_0 || byte > DIGIT_9) {
          return this.fail(
            invalidVersion(index === 5 ? 'Invalid major version' : 'Invalid minor version'),
            at,
          );
        }
        if (index === 7) {
          this.versionMajor = bytes[at - 2] - DIGIT_0;
          this.versionMinor = byte - DIGIT_0;
          if (!this.insecure && !this.isReadable(state)) return this.fail(invalidVersion(undefined, 505), at);
        }
      } else if (index === 6) {
        if (byte !== 0x2e) return this.fail(invalidVersion('Expected dot'), at);
      } else if (state === VERSION) {
        return this.endLine(state, bytes, at);
      } else {
        if (byte !== SP) return this.fail(invalidVersion('Expected space after version'), at);
        this.at = at + 1;
        return STATUS_CODE;
      }
    }
    this.at = at;
    return state;
  }

  /**
   * Is the message of a version that can be read? A server may refuse another major version (RFC 9110 section
   * 15.6.6), and nobody tells a client to: it reads those of 0.9 and 2.0 that node:http reads, as of HTTP/1.0.
   */
  private isReadable(state: number): boolean {
    const { versionMajor, versionMinor } = this;
    if (versionMajor === 1) return versionMinor <= 1;
    if (state !== STATUS_VERSION) return false;
    return (versionMajor === 0 && versionMinor === 9) || (versionMajor === 2 && versionMinor === 0);
  }

  /** Do the bytes spell `HTTP/1.0` or `HTTP/1.1`? */
  private isKnownVersion(bytes: Buffer, at: number): boolean {
    return (
      bytes[at] === 0x48 &&
      bytes[at + 1] === 0x54 &&
      bytes[at + 2] === 0x54 &&
      bytes[at + 3] === 0x50 &&
      bytes[at + 4] === SLASH &&
      bytes[at + 5] === 0x31 &&
      bytes[at + 6] === 0x2e &&
      (bytes[at + 7] === 0x30 || bytes[at + 7] === 0x31)
    );
  }

  /** The byte that ends the line: its strings are cut and judged. */
  private endLine(state: number, bytes: Buffer, at: number): number {
    const byte = bytes[at];
    if (byte !== CR && !(byte === LF && this.insecure)) {
      const error =
        state === VERSION
          ? invalidVersion('Expected CRLF after version')
          : byte === LF
            ? expectedCR('Missing expected CR after response line')
            : invalidStatus('Invalid response status');
      return this.fail(error, at);
    }
    this.isTextDue = true;
    this.isRequest = state === VERSION;
    if (this.isRequest) {
      if (bytes[this.textStart] !== SLASH) {
        this.cutText(bytes);
        if (!this.isOtherForm()) return this.fail(invalidTarget(), this.textStart);
      }
    } else {
      const code = this.versionStart + HTTP_VERSION.length + 1;
      this.statusCode =
        (bytes[code] - DIGIT_0) * 100 + (bytes[code + 1] - DIGIT_0) * 10 + bytes[code + 2] - DIGIT_0;
      this.textEnd = at;
    }
    this.at = byte === CR ? at + 1 : at;
    return LINE_LF;
  }

  /** Makes target or reason phrase a string, from the bytes they were read from. */
  cutText(bytes: Buffer): void {
    this.setText(latin1(bytes, this.textStart, this.textEnd));
  }

  /** The same from what the bytes from `from` on are as text. */
  sliceText(text: string, from: number): void {
    this.setText(text.slice(this.textStart - from, this.textEnd - from));
  }

  private setText(text: string): void {
    this.isTextDue = false;
    if (this.isRequest) this.target = text;
    else this.statusMessage = text;
  }

  /** Cuts the method; false where it is not a known one. */
  private cutMethod(bytes: Buffer, end: number): boolean {
    const { start } = this;
    const length = end - start;
    if (length === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54) {
      this.method = 'GET';
      return true;
    }
    // The table's own string, so that comparing methods stays comparing pointers.
    for (const method of METHODS_BY_INITIAL[bytes[start] & 0x1f]) {
      if (method.length !== length) continue;
      let same = 0;
      while (same < length && bytes[start + same] === method.charCodeAt(same)) same++;
      if (same < length) continue;
      this.method = method;
      return true;
    }
    this.method = latin1(bytes, start, end);
    return false;
  }

  /** How far the bytes up to `end` are the beginning of a known method: the first byte that cannot be right. */
  private knownPrefix(bytes: Buffer, end: number): number {
    let longest = 0;
    for (const method of KNOWN_METHODS) longest = Math.max(longest, this.prefixOf(method, bytes, end));
    return this.start + longest;
  }

  private prefixOf(method: string, bytes: Buffer, end: number): number {
    let length = 0;
    while (this.start + length < end && bytes[this.start + length] === method.charCodeAt(length)) length++;
    return length;
  }

  /** The bytes up to `end` are no method that is known here. */
  private failMethod(bytes: Buffer, end: number, statusCode = 400): number {
    const at = this.knownPrefix(bytes, end);
    const isBehindKnown = bytes[at] !== SP && KNOWN_METHODS.includes(latin1(bytes, this.start, at));
    return this.fail(
      invalidMethod(isBehindKnown ? 'Expected space after method' : undefined, statusCode),
      at,
    );
  }

  /** May a request-target begin so: origin-, asterisk-, absolute- or, for CONNECT, authority-form? */
  private mayBegin(byte: number): boolean {
    if (this.method === 'CONNECT') return byte !== SLASH && byte !== ASTERISK;
    return byte === SLASH || byte === ASTERISK || SCHEME_BYTE[byte] === 1;
  }

  /** May what is there of a request-line be one, behind the method? */
  private mayFollowMethod(bytes: Buffer, from: number, to: number): boolean {
    if (from === to || !this.mayBegin(bytes[from])) return false;
    const text = latin1(bytes, from, to);
    const end = text.indexOf('\r\n');
    return end < 0 || REST_OF_REQUEST_LINE.test(text.slice(0, end));
  }

  /** The forms of request-target besides origin-form (RFC 9112 section 3.2). */
  private isOtherForm(): boolean {
    const { target } = this;
    if (this.method === 'CONNECT') return target.includes(':') && isHost(target);
    if (target === '*') return true;
    const absolute = ABSOLUTE_FORM.exec(target);
    return absolute !== null && isHost(absolute[1]);
  }

  private fail(error: PeerError, at: number): number {
    this.error = error;
    this.at = at;
    return LINE_LF;
  }
}
