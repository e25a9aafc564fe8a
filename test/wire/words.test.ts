import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { skipPrintable, skipVisible } from '#src/wire/words.js';

/** Every byte from `from` up to the place is of the class, and the first that is not is less than four behind it. */
function holds(skip: typeof skipPrintable, least: number, bytes: Buffer, from: number, to: number): void {
  const place = skip(bytes, from, to);
  const isOfClass = (byte: number) => byte >= least && byte <= 0x7e;
  let first = from;
  while (first < to && isOfClass(bytes[first])) first++;
  assert.ok(place >= from && place <= first, `${place} of ${first}`);
  if (to - from >= 12) assert.ok(first - place < 4, `${place} of ${first}`);
}

describe('runs of printable bytes', () => {
  for (const [name, skip, least] of [
    ['skipPrintable', skipPrintable, 0x20],
    ['skipVisible', skipVisible, 0x21],
  ] as const) {
    it(`${name} stops at each other byte, wherever it stands`, () => {
      for (let byte = 0; byte < 256; byte++) {
        for (let at = 0; at < 16; at++) {
          const bytes = Buffer.alloc(24, 'a');
          bytes[at] = byte;
          for (let from = 0; from < 8; from++) holds(skip, least, bytes, from, 24);
        }
      }
    });

    it(`${name} takes any bytes, at any offset of their memory`, () => {
      const piece = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ min: 0x1f, max: 0x80, maxLength: 40 }),
      );
      fc.assert(
        fc.property(piece, fc.nat(9), fc.nat(12), (content, offset, from) => {
          const bytes = Buffer.from(new ArrayBuffer(content.length + offset), offset);
          bytes.set(content);
          holds(skip, least, bytes, Math.min(from, content.length), content.length);
        }),
        { numRuns: 2000 },
      );
    });
  }

  it('sees bytes that changed in a buffer it knows', () => {
    const bytes = Buffer.alloc(64, 'a');
    assert.equal(skipPrintable(bytes, 0, 64), 64);
    bytes[30] = 0x0d;
    assert.equal(skipPrintable(bytes, 0, 64), 28);
  });
});
