/**
 * Bytes looked at four at a time: runs of printable ASCII, which nearly all of a head is, where a table look-up for each
 * byte is most of what reading it costs; and bytes that are to be those of before.
 */

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

/** Are the bytes from `at` on those that are kept, from `from` on? There are as many. */
export function areKept(bytes: Buffer, at: number, kept: KeptBytes, from: number): boolean {
  const { length } = kept.bytes;
  if (from === 0 && (at & 3) === 0 && length <= MAX_COMPARED) {
    if (bytes !== viewed) view(bytes);
    if (words.length > 0) return areWordsKept(bytes, at, kept);
  }
  return bytes.compare(kept.bytes, from, length, at, at + length - from) === 0;
}

function areWordsKept(bytes: Buffer, at: number, kept: KeptBytes): boolean {
  const theirs = words;
  const ours = kept.words;
  let word = at >> 2;
  for (let i = 0; i < ours.length; i++) {
    if (theirs[word] !== ours[i]) return false;
    word++;
  }
  for (let i = 4 * ours.length; i < kept.bytes.length; i++) {
    if (bytes[at + i] !== kept.bytes[i]) return false;
  }
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
