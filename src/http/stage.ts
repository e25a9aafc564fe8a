/**
 * Where what leaves in one write is put together as octets: one buffer for all connections. Who writes has it until the
 * write is done, and most often the system has taken all by then, so that it is there for the next.
 *
 * Put together as text, content in a buffer would be read into a text first, and every text but the last be made in
 * vain: some kilobytes of garbage for each message.
 */
import { Buffer } from 'node:buffer';
import { writeLatin1 } from '../wire/text.js';

/** The most that leaves in one write. More than a socket's high-water mark, behind which a caller should wait. */
export const STAGE_SIZE = 32 * 1024;

class Stage {
  private octets: Buffer | null = null;
  /** What was lent last, as long as it may still be used again. */
  private lent: Buffer | null = null;
  /** Somebody has it. */
  isTaken = false;
  /** Octets put here so far. */
  length = 0;

  /** Takes the stage, which nobody must have. */
  take(): void {
    this.isTaken = true;
    this.length = 0;
    this.octets ??= Buffer.allocUnsafeSlow(STAGE_SIZE);
  }

  /** Puts Latin-1 text behind what is there. There must be room for it. */
  putText(text: string): void {
    this.length = writeLatin1(this.octets as Buffer, text, this.length);
  }

  /** Puts octets behind what is there. There must be room for them. */
  put(octets: Uint8Array): void {
    (this.octets as Buffer).set(octets, this.length);
    this.length += octets.byteLength;
  }

  /** Gives up the stage, and gets what was put there. Whoever is next has another one, unless `reuse` is called. */
  leave(): Buffer {
    const octets = this.octets as Buffer;
    this.isTaken = false;
    this.octets = null;
    this.lent = octets;
    return octets.subarray(0, this.length);
  }

  /** Nobody has any more use for what `leave` returned last. */
  reuse(): void {
    this.octets ??= this.lent;
    this.lent = null;
  }
}

export const stage = new Stage();
