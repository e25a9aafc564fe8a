import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FieldSection } from '#src/wire/fields.js';
import { KnownHead } from '#src/wire/known-head.js';
import { MAX_KNOWN_HEAD, MAX_UNKNOWN_HEADS } from '#src/wire/limits.js';
import { MessageParser, REQUEST, RESPONSE, type Role } from '#src/wire/parser.js';
import { StartLine } from '#src/wire/start-line.js';
import { areKept, keepBytes } from '#src/wire/words.js';
import { cutAt, cuts } from './arbitraries.js';
import { bytes, type FeedOptions, feedPieces } from './feed.js';

/** Heads that are alike: what one was read as may not be taken for another. */
const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /b HTTP/1.0\r\nHost: a\r\n\r\n',
  'PUT /b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: b\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nA: c\r\n\r\n',
  'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: t\r\n\r\n',
  '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
];
const RESPONSES = [
  'HTTP/1.1 204 No Content\r\nA: b\r\n\r\n',
  'HTTP/1.1 204 Nothing\r\nA: b\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nA',
  'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nB',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n',
];

/** What messages are, each on a connection of its own. */
function apart(messages: readonly string[], options: FeedOptions) {
  return messages.flatMap((message) => feedPieces([bytes(message)], options).messages);
}

function sequences(messages: readonly string[], role: Role): void {
  const sequence = fc.array(fc.constantFrom(...messages.slice(0, 3), ...messages), { maxLength: 24 });
  fc.assert(
    fc.property(sequence, cuts, fc.boolean(), (texts, places, isWhole) => {
      const all = texts.join('');
      const pieces = isWhole ? texts.map(bytes) : cutAt(all, places);
      const facts = feedPieces(pieces, { role });
      assert.equal(facts.error, null);
      assert.deepEqual(facts.messages, apart(texts, { role }));
    }),
    { seed: 9112, numRuns: 600 },
  );
}

describe('a head that came before', () => {
  it('is read as on a connection of its own, among requests that are alike', () => {
    sequences(REQUESTS, REQUEST);
  });

  it('is read as on a connection of its own, among responses that are alike', () => {
    sequences(RESPONSES, RESPONSE);
  });

  it('gives each message a list of field lines of its own', () => {
    const lists: string[][] = [];
    const parser = new MessageParser(REQUEST, {
      onHead: ({ fields }) => {
        lists.push(fields.lines);
        fields.lines.push('Added', 'by the caller');
        return false;
      },
      onBody() {},
      onTrailers() {},
      onComplete() {},
    });
    for (let i = 0; i < 5; i++) parser.execute(bytes(REQUESTS[1]), 0, REQUESTS[1].length);
    assert.equal(new Set(lists).size, 5);
    for (const list of lists) assert.deepEqual(list, ['Host', 'a', 'Added', 'by the caller']);
  });

  it('is kept from the second one on: most connections that wait have had one', () => {
    const parser = new MessageParser(REQUEST, {
      onHead: () => false,
      onBody() {},
      onTrailers() {},
      onComplete() {},
    });
    const { section } = parser as unknown as { section: { known: KnownHead | null } };
    const knownLength = () =>
      section.known?.restore(bytes(REQUESTS[1]), 0, 99, new StartLine(false), new FieldSection(), 0);
    parser.execute(bytes(REQUESTS[1]), 0, REQUESTS[1].length);
    assert.equal(knownLength(), undefined);
    parser.execute(bytes(REQUESTS[1]), 0, REQUESTS[1].length);
    assert.equal(knownLength(), REQUESTS[1].length);
  });

  it('is refused once it has more field lines than are let through by then', () => {
    const head = bytes('GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n');
    const other = bytes('GET /other HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n');
    for (const last of [head, other]) {
      const parser = new MessageParser(REQUEST, {
        onHead: () => false,
        onBody() {},
        onTrailers() {},
        onComplete() {},
      });
      for (const limit of [1000, 1000, 3, 0]) {
        parser.maxHeadersCount = limit;
        assert.equal(parser.execute(head, 0, head.length), head.length);
      }
      parser.maxHeadersCount = 2;
      parser.execute(last, 0, last.length);
      assert.equal(parser.error?.statusCode, 431);
    }
  });

  it('with a request-target that makes it too large is refused', () => {
    const head = (target: string) => `GET /${target} HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(100)}\r\n\r\n`;
    const options = { maxHeaderSize: 256 };
    const small = head('');
    for (let length = 100; length < 300; length++) {
      const large = head('t'.repeat(length));
      const alone = feedPieces([bytes(large)], options);
      const behind = feedPieces([small, small, small, large].map(bytes), options);
      assert.deepEqual(behind.error, alone.error);
      assert.deepEqual(behind.messages.slice(3), alone.messages);
    }
  });

  it('does not make a second Host, or one that is none, good', () => {
    const good = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    for (const bad of ['Host: a\r\nHost: a', 'Host: a b', 'Host: a\r\n\tHost: a']) {
      const facts = feedPieces([good, good, good, `GET / HTTP/1.1\r\n${bad}\r\n\r\n`].map(bytes));
      assert.equal(facts.messages.length, 3);
      assert.equal(facts.error?.statusCode, 400);
    }
  });
});

describe('KnownHead', () => {
  const startLine = new StartLine(false);
  const fields = new FieldSection();
  const headOf = (length: number, fill = 'h') => Buffer.alloc(length, fill).fill('\r\n', length - 2);

  /** Keeps the head; is it known then? */
  function isKept(known: KnownHead, head: Buffer): boolean {
    known.keep(head, 0, 20, head.length, startLine, fields);
    return known.restore(head, 0, head.length, startLine, fields, 0) === head.length;
  }

  it('keeps heads up to MAX_KNOWN_HEAD bytes', () => {
    for (const [length, expected] of [
      [MAX_KNOWN_HEAD, true],
      [MAX_KNOWN_HEAD + 1, false],
    ] as const) {
      const known = new KnownHead();
      assert.equal(isKept(known, headOf(length)), expected);
    }
  });

  it('keeps no more once MAX_UNKNOWN_HEADS in a row did not come again', () => {
    for (const [count, expected] of [
      [MAX_UNKNOWN_HEADS - 1, true],
      [MAX_UNKNOWN_HEADS, false],
    ] as const) {
      const known = new KnownHead();
      for (let i = 1; i < count; i++) known.keep(headOf(40, `${i}`), 0, 20, 40, startLine, fields);
      const last = headOf(40, 'last');
      known.keep(last, 0, 20, 40, startLine, fields);
      assert.equal(known.restore(last, 0, 40, startLine, fields, 0), expected ? 40 : -1);
    }
  });

  it('counts anew once one has come again', () => {
    const known = new KnownHead();
    for (let i = 0; i < 3 * MAX_UNKNOWN_HEADS; i++) assert.ok(isKept(known, headOf(40, `${i % 10}`)));
  });
});

describe('bytes that are kept', () => {
  /** Buffers that begin and end anywhere, with the bytes anywhere in them. */
  function* places(): Iterable<{ offset: number; at: number; behind: number }> {
    for (let offset = 0; offset < 5; offset++)
      for (let at = 0; at < 5; at++) for (const behind of [0, 1, 2, 3, 8]) yield { offset, at, behind };
  }

  it('are found wherever they stand, and no others', () => {
    for (const length of [1, 3, 4, 7, 31, 128, 129, 300]) {
      const content = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff));
      const kept = keepBytes(content, 0, length);
      for (const { offset, at, behind } of places()) {
        const within = Buffer.from(new ArrayBuffer(offset + at + length + behind), offset);
        content.copy(within, at);
        for (const from of [0, 1, 2, 5].filter((place) => place < length)) {
          const place = JSON.stringify({ length, offset, at, behind, from });
          assert.ok(areKept(within, at + from, kept, from), place);
          for (let wrong = from; wrong < length; wrong += length > 50 ? 13 : 1) {
            within[at + wrong] ^= 0x20;
            assert.ok(!areKept(within, at + from, kept, from), `${place} ${wrong}`);
            within[at + wrong] ^= 0x20;
          }
        }
      }
    }
  });

  it('are a copy', () => {
    const content = Buffer.from('what is kept here');
    const kept = keepBytes(content, 5, 12);
    content.fill('X');
    assert.equal(kept.bytes.toString(), 'is kept');
    assert.equal(kept.bytes.buffer.byteLength, 7);
  });
});
