/**
 * The head that came before on a connection. Who keeps a connection mostly sends the same field lines again, and often
 * the same request: bytes that are those of before are what they were, and are not read once more.
 *
 * A connection knows its own heads only. What one for all would know, a client could find out of others by the time that
 * its guesses take.
 */
import type { FieldSection, KeptFields } from './fields.js';
import { CR } from './grammar.js';
import { MAX_KNOWN_HEAD, MAX_UNKNOWN_HEADS } from './limits.js';
import type { KeptStartLine, StartLine } from './start-line.js';
import { areKept, type KeptBytes, keepBytes } from './words.js';

/** A head, its bytes and what they were read as. */
interface Head {
  readonly bytes: KeptBytes;
  /** Where the header section begins. */
  readonly sectionAt: number;
  /** Where the last byte of the request-target stands. */
  readonly targetEnd: number;
  readonly startLine: KeptStartLine;
  readonly fields: KeptFields;
}

/** ` HTTP/1.1` and CRLF. */
const VERSION_LENGTH = 11;

export class KnownHead {
  private head: Head | null = null;
  /** Heads kept since one came again. */
  private unknown = 0;

  /**
   * If the bytes from `from` on are the head, makes start-line and fields what they were, and returns where it ends;
   * or else -1. `maxLines`: field lines that are let through; 0: as many as there are.
   */
  restore(
    bytes: Buffer,
    from: number,
    to: number,
    startLine: StartLine,
    fields: FieldSection,
    maxLines: number,
  ): number {
    const { head } = this;
    if (head === null || !isWithin(head, maxLines)) return -1;
    const { targetEnd } = head;
    const { bytes: octets } = head.bytes;
    const end = from + octets.length;
    if (end > to) return -1;
    // Most that are not, end elsewhere or ask for something else; that is seen in two places.
    if (bytes[end - 2] !== CR || bytes[from + targetEnd] !== octets[targetEnd]) return -1;
    if (!areKept(bytes, from, head.bytes, 0)) return -1;
    this.unknown = 0;
    startLine.restore(head.startLine);
    fields.restore(head.fields);
    return end;
  }

  /** The same for its header section. */
  restoreSection(bytes: Buffer, from: number, to: number, fields: FieldSection, maxLines: number): number {
    const { head } = this;
    if (head === null || !isWithin(head, maxLines)) return -1;
    const end = from + head.bytes.bytes.length - head.sectionAt;
    if (end > to || !areKept(bytes, from, head.bytes, head.sectionAt)) return -1;
    this.unknown = 0;
    fields.restore(head.fields);
    return end;
  }

  /** Keeps a head that was read: its bytes up to `to`, its header section from `sectionAt` on. */
  keep(
    bytes: Buffer,
    from: number,
    sectionAt: number,
    to: number,
    startLine: StartLine,
    fields: FieldSection,
  ): void {
    if (this.unknown === MAX_UNKNOWN_HEADS) return;
    this.head = null;
    this.unknown++;
    if (to - from > MAX_KNOWN_HEAD || this.unknown === MAX_UNKNOWN_HEADS) return;
    this.head = {
      bytes: keepBytes(bytes, from, to),
      sectionAt: sectionAt - from,
      // Before ` HTTP/1.1` and CRLF; of a status-line it is some byte.
      targetEnd: Math.max(0, sectionAt - from - VERSION_LENGTH - 1),
      startLine: startLine.keep(),
      fields: fields.keep(),
    };
  }
}

function isWithin({ fields }: Head, maxLines: number): boolean {
  return maxLines === 0 || fields.lines.length <= 2 * maxLines;
}
