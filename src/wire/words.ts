/**
 * Runs of printable ASCII, looked at four bytes at a time. Nearly all of a head is such, and a table look-up for each
 * byte is most of what reading it costs.
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
