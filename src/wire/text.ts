/** Octets as text (Latin-1, a character for each octet), and text as octets (UTF-8). */
import { Buffer } from 'node:buffer';

type Slice = (this: Uint8Array, from: number, to: number) => string;

/** What `toString('latin1')` comes to, without looking the encoding up for each of some short strings a message. */
const latin1Slice: Slice =
  (Buffer.prototype as unknown as { latin1Slice?: Slice }).latin1Slice ??
  function (this: Uint8Array, from, to) {
    return (this as Buffer).toString('latin1', from, to);
  };

/** The same for UTF-8; malformed octets become U+FFFD. */
const utf8Slice: Slice =
  (Buffer.prototype as unknown as { utf8Slice?: Slice }).utf8Slice ??
  function (this: Uint8Array, from, to) {
    return (this as Buffer).toString('utf8', from, to);
  };

export function utf8(bytes: Uint8Array, from: number, to: number): string {
  return utf8Slice.call(bytes, from, to);
}

export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return latin1Slice.call(bytes, from, to);
}

type Write = (this: Uint8Array, text: string, at: number) => number;

const latin1Write: Write =
  (Buffer.prototype as unknown as { latin1Write?: Write }).latin1Write ??
  function (this: Uint8Array, text, at) {
    return (this as Buffer).write(text, at, 'latin1');
  };

/** Text up to this length is written here: a call of native code would cost more. */
const SHORT_LINE = 16;

/** Writes Latin-1 text as octets. Returns where they end. There must be room for them. */
export function writeLatin1(bytes: Uint8Array, text: string, at: number): number {
  const { length } = text;
  if (length > SHORT_LINE) return at + latin1Write.call(bytes, text, at);
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + length;
}

/**
 * The same Latin-1 text in one piece. Text that was put together stays in pieces, to be copied piece by piece each time
 * that it is written: what is kept to be written again and again is better off so.
 */
export function flat(text: string): string {
  return latin1(Buffer.from(text, 'latin1'), 0, text.length);
}

/**
 * The same text, to be kept. What was cut from a section keeps all of the section's text alive, as long as it is itself.
 * V8 has a copy of its own of what names a property, and compares it fast; constants have it already.
 */
export function ownText(text: string): string {
  return Object.keys({ [text]: 0 })[0];
}

/** Text up to this length is looked through here: a call of native code would cost more. */
const SHORT_TEXT = 8;

/** Taken once: the global is an accessor, whose call costs a third of what the count does. */
const { byteLength } = Buffer;

/** How many octets the text is in UTF-8. */
export function utf8Length(text: string): number {
  const { length } = text;
  if (length > SHORT_TEXT) return byteLength(text);
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) > 0x7f) return byteLength(text);
  }
  return length;
}
