import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageParser, REQUEST } from '#src/wire/parser.js';
import type { PartialLine } from '#src/wire/partial-line.js';
import { request } from './messages.js';

const sink = { onHead: () => false, onBody() {}, onTrailers() {}, onComplete() {} };

/** Counts the bytes that buffers copy while something runs. */
function copiedBytes(run: () => void): number {
  const original = Buffer.prototype.copy;
  let copied = 0;
  Buffer.prototype.copy = function copy(this: Buffer, ...args: Parameters<Buffer['copy']>) {
    const count = original.apply(this, args);
    copied += count;
    return count;
  } as Buffer['copy'];
  try {
    run();
  } finally {
    Buffer.prototype.copy = original;
  }
  return copied;
}

describe('cost of a head', () => {
  it('that comes a byte at a time grows with its size and not with its square', () => {
    const cost = (size: number) => {
      const parser = new MessageParser(REQUEST, sink, { maxHeaderSize: 1 << 20 });
      const head = Buffer.from(request([`X: ${'v'.repeat(size)}`]));
      return copiedBytes(() => {
        for (let i = 0; i < head.length; i++) parser.execute(head, i, i + 1);
        assert.equal(parser.error, null);
        assert.ok(parser.isIdle);
      });
    };
    assert.ok(cost(4_000) > 4_000, 'copies are seen');
    for (const size of [4_000, 16_000, 64_000])
      assert.ok(cost(size) <= 4 * size, `${cost(size)} bytes for ${size}`);
  });

  it('that comes whole is no copy', () => {
    const parser = new MessageParser(REQUEST, sink);
    const head = Buffer.from(request(['A: b', 'C: d']));
    const copied = copiedBytes(() => {
      parser.execute(head, 0, head.length);
    });
    assert.equal(copied, 0);
  });
});

describe('a parser between two messages', () => {
  it('holds nothing of the last one', () => {
    const parser = new MessageParser(REQUEST, sink);
    const message = Buffer.from(request(['Transfer-Encoding: chunked', 'A: b'], '0\r\nT: t\r\n\r\n'));
    const headEnd = parser.execute(message, 0, message.length);
    parser.execute(message, headEnd, message.length);
    assert.ok(parser.isIdle);
    assert.deepEqual(parser.fields.lines, []);
    assert.equal(parser.startLine.target, '');
    const { section } = parser as unknown as { section: { partial: PartialLine } };
    assert.equal(section.partial.isEmpty, true);
  });
});
