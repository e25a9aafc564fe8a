/**
 * Bytes looked at four at a time: runs of printable ASCII, which nearly all of a head is, where a table look-up for each
 * byte is most of what reading it costs; and bytes that are to be those of before.
 */
import { Buffer } from 'node:buffer';

/** The bytes looked at last, and the words they are: one buffer serves all connections of a server. */
let viewed: Buffer | null = null;
let words: Int32Array = new Int32Array(0);

/** Shorter runs are not worth the words. */
const MIN_RUN = 12;

function view(bytes: Buffer): void {
  viewed = bytes;
  // Words begin at multiples of four; a buffer that does not is read by its bytes.
  words =
    (bytes.byteOffset & 3) === 0
      ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
      : new Int32Array(0);
}

/** Bytes that are kept, and the words they are. */
export interface KeptBytes {
  readonly bytes: Buffer;
  readonly words: Int32Array;
}

/** Keeps the bytes from `from` up to `to`. Not in the pool: they would hold all of a slab. */
export function keepBytes(bytes: Buffer, from: number, to: number): KeptBytes {
  const copy = Buffer.allocUnsafeSlow(to - from);
  bytes.copy(copy, 0, from, to);
  return { bytes: copy, words: new Int32Array(copy.buffer, 0, copy.length >> 2) };
}

/** More bytes than these are compared by the system's own function, which is slow to call and fast from there on. */
const MAX_COMPARED = 128;

/** Is the first byte of a word its lowest? Else words that begin elsewhere cannot be put together as they are here. */
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Are the bytes from `at` on those that are kept, from `from` on? There are as many. */
export function areKept(bytes: Buffer, at: number, kept: KeptBytes, from: number): boolean {
  const { length } = kept.bytes;
  if (length - from <= MAX_COMPARED && (isLittleEndian || ((at - from) & 3) === 0)) {
    if (bytes !== viewed) view(bytes);
    // All that is looked at is to be within the words: the byte behind the last one is in the last word, or in the next.
    if ((at + length - from) >> 2 < words.length) return areWordsKept(bytes, at, kept, from);
  }
  return bytes.compare(kept.bytes, from, length, at, at + length - from) === 0;
}

function areWordsKept(
  bytes: Buffer,
  at: number,
  { bytes: octets, words: ours }: KeptBytes,
  from: number,
): boolean {
  const theirs = words;
  const { length } = octets;
  const distance = at - from;
  let i = from;
  for (; (i & 3) !== 0 && i < length; i++) if (bytes[distance + i] !== octets[i]) return false;
  const shift = (distance & 3) << 3;
  let word = (distance + i) >> 2;
  const wordEnd = length >> 2;
  if (shift === 0) {
    for (let own = i >> 2; own < wordEnd; own++) if (theirs[word++] !== ours[own]) return false;
  } else {
    // Words of ours lie across two of theirs.
    let low = theirs[word++];
    for (let own = i >> 2; own < wordEnd; own++) {
      const high = theirs[word++];
      if (((low >>> shift) | (high << (32 - shift))) !== ours[own]) return false;
      low = high;
    }
  }
  for (i = Math.max(i, wordEnd << 2); i < length; i++) if (bytes[distance + i] !== octets[i]) return false;
  return true;
}

/**
 * Where in `bytes`, from `from` on, something other than the bytes from SP to "~" may stand: up to three bytes early,
 * or at once. Bytes up to there need no other look.
 */
export function skipPrintable(bytes: Buffer, from: number, to: number): number {
  return skip(bytes, from, to, 0x20202020);
}

/** The same for visible bytes, from "!" to "~". */
export function skipVisible(bytes: Buffer, from: number, to: number): number {
  return skip(bytes, from, to, 0x21212121);
}

function skip(bytes: Buffer, from: number, to: number, least: number): number {
  if (to - from < MIN_RUN) return from;
  if (bytes !== viewed) view(bytes);
  let at = from;
  // Up to the first whole word, its bytes one by one.
  const low = least & 0xff;
  while ((at & 3) !== 0) {
    if (bytes[at] < low || bytes[at] > 0x7e) return at;
    at++;
  }
  const end = Math.min(to >> 2, words.length);
  let word = at >> 2;
  while (word < end) {
    const four = words[word];
    // A byte has its high bit set in one of these if it is above 0x7e, or below the least: no carry can hide one,
    // since a byte that makes one is itself found.
    if (((four | (four - least) | (four + 0x01010101)) & 0x80808080) !== 0) break;
    word++;
  }
  return word << 2;
}
