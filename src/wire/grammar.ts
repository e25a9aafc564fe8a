/**
 * The byte classes of HTTP/1.1, each under the ABNF rule it stands for.
 *
 * Every table has 256 entries, 1 where the byte belongs to the class. A lookup in a `Uint8Array` is the
 * cheapest test there is, and one table read serves parser, serializer and the public validators alike.
 */

function byteTable(belongs: (byte: number) => boolean): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) table[byte] = belongs(byte) ? 1 : 0;
  return table;
}

function isAlphaNumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DQUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const BACKSLASH = 0x5c;

/** `tchar` (RFC 9110 section 5.6.2). */
export const TOKEN_BYTE = byteTable(
  (byte) => isAlphaNumeric(byte) || (byte > 0 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))),
);

/** `field-vchar / SP / HTAB` (RFC 9110 section 5.5), obs-text included: what a field value may hold. */
export const FIELD_VALUE_BYTE = byteTable((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f));

/** What `httpValidation: 'relaxed'` lets through besides: every control character but NUL, CR and LF. */
export const RELAXED_FIELD_VALUE_BYTE = byteTable((byte) => byte !== 0 && byte !== CR && byte !== LF);

/** What `insecureHTTPParser` lets through: everything that does not end the line. */
export const INSECURE_FIELD_VALUE_BYTE = byteTable((byte) => byte !== CR && byte !== LF);

/**
 * `request-target` (RFC 9112 section 3.2) as the stock parser reads it: any visible ASCII character.
 * Whitespace, controls and bytes beyond ASCII never belong to one.
 */
export const REQUEST_TARGET_BYTE = byteTable((byte) => byte > SP && byte < 0x7f);

/** `scheme` (RFC 3986 section 3.1), letters only, as the stock parser reads absolute-form. */
export const SCHEME_BYTE = byteTable((byte) => isAlphaNumeric(byte) && byte >= 0x41);

/**
 * `uri-host [ ":" port ]` (RFC 9110 section 7.2): unreserved, pct-encoded, sub-delims, brackets and colon.
 * The structure is checked by `isHost`; this table is its first sieve.
 */
const HOST_BYTE = byteTable(
  (byte) => isAlphaNumeric(byte) || (byte > 0 && "-._~%!$&'()*+,;=:[]".includes(String.fromCharCode(byte))),
);

/** Value of a hexadecimal digit, 255 for any other byte (`HEXDIG`, RFC 5234). */
export const HEX_VALUE = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  HEX_VALUE[digit.toString(16).charCodeAt(0)] = digit;
  HEX_VALUE[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

function everyCharacterIn(table: Uint8Array, text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || table[code] === 0) return false;
  }
  return true;
}

/** Is the text a `token`: at least one character, all of them `tchar`? (RFC 9110 section 5.6.2) */
export function isToken(text: string): boolean {
  return text.length > 0 && everyCharacterIn(TOKEN_BYTE, text, 0, text.length);
}

/** May the text stand as a field value: no control characters but HTAB, nothing beyond Latin-1? (section 5.5) */
export function isFieldValue(text: string): boolean {
  return everyCharacterIn(FIELD_VALUE_BYTE, text, 0, text.length);
}

/**
 * Is the text a value that Host may have: empty, or `uri-host [ ":" port ]`? (RFC 9112 section 3.2, RFC 3986
 * section 3.2.2). A value that fails here is refused, since two parties may read two hosts from it.
 */
export function isHost(text: string): boolean {
  const end = text.length;
  if (!everyCharacterIn(HOST_BYTE, text, 0, end)) return false;
  let at = 0;
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']');
    if (close < 2 || !isIpLiteral(text, 1, close)) return false;
    at = close + 1;
  } else {
    while (at < end && text.charCodeAt(at) !== COLON) {
      const code = text.charCodeAt(at);
      if (code === 0x5b || code === 0x5d) return false;
      if (code === 0x25 && !isPercentEncoded(text, at)) return false;
      at++;
    }
  }
  if (at === end) return true;
  if (text.charCodeAt(at) !== COLON) return false;
  for (at++; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

function isPercentEncoded(text: string, at: number): boolean {
  return HEX_VALUE[text.charCodeAt(at + 1)] < 16 && HEX_VALUE[text.charCodeAt(at + 2)] < 16;
}

/** `IPv6address / IPvFuture`, the inside of the brackets: its alphabet, not its arithmetic. */
function isIpLiteral(text: string, from: number, to: number): boolean {
  if (text.charCodeAt(from) === 0x76 || text.charCodeAt(from) === 0x56) {
    return /^[vV][0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+$/.test(text.slice(from, to));
  }
  let colons = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON) colons++;
    else if (code !== 0x2e && HEX_VALUE[code] > 15) return false;
  }
  return colons >= 2 && colons <= 8;
}
