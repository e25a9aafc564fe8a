/** The line that a chunk of a section ends in: kept until the rest of it comes. */
import { Buffer } from 'node:buffer';
import { LF } from './grammar.js';

/** Room for the shortest line that grows; no more white space before a value is kept. */
const MIN_SIZE = 256;

export class PartialLine {
  /** Where in the line its name ends and its value starts, as far as they were read. 0 where there is no line. */
  nameEnd = 0;
  valueStart = 0;
  /** How many bytes of it there are. */
  length = 0;

  /** The line's, with room to grow behind them; null where there is no line. */
  private bytes: Buffer | null = null;

  get isEmpty(): boolean {
    return this.bytes === null;
  }

  /** There is none: the section is complete, or the chunk ended with a line. */
  clear(): void {
    this.nameEnd = 0;
    this.valueStart = 0;
  }

  /**
   * Takes the line out, with as much of the chunk behind it as may be its rest: up to the first LF. The buffer doubles
   * as it fills: a line that comes a byte at a time costs no more than its length.
   * @returns the buffer, and in `length` how many bytes there are in it
   */
  join(chunk: Buffer, from: number, to: number): Buffer {
    const known = this.length;
    const lineFeed = chunk.subarray(from, to).indexOf(LF);
    const lineEnd = lineFeed < 0 ? to : from + lineFeed + 1;
    const length = known + lineEnd - from;
    let joined = this.bytes as Buffer;
    this.bytes = null;
    if (joined.length < length) joined = enlarged(joined, 0, known, Math.max(length, 2 * known));
    chunk.copy(joined, known, from, lineEnd);
    this.length = length;
    return joined;
  }

  /**
   * Keeps the bytes of a line. `spaces` of them are white space between its name's colon and its value: it does not
   * count, and is not kept if it is long. `isOurs`: they stand at the start of a buffer that `join` returned.
   */
  keep(bytes: Buffer, from: number, to: number, spaces: number, isOurs: boolean): void {
    if (spaces >= MIN_SIZE) {
      const nameEnd = from + this.nameEnd;
      const line = Buffer.concat([
        bytes.subarray(from, nameEnd + 1),
        bytes.subarray(nameEnd + 1 + spaces, to),
      ]);
      this.bytes = enlarged(line, 0, line.length, 0);
      this.length = line.length;
      this.valueStart = this.nameEnd + 1;
      return;
    }
    this.bytes = isOurs ? bytes : enlarged(bytes, from, to, 0);
    this.length = to - from;
  }
}

/** A copy with room. Not of the pool: a few bytes of a slow peer would keep all of a slab in memory. */
function enlarged(bytes: Buffer, from: number, to: number, size: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(Math.max(size, to - from, MIN_SIZE));
  bytes.copy(copy, 0, from, to);
  return copy;
}
