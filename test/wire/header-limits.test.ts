import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_HEADER_SIZE, MAX_HEADERS_COUNT, maxSectionBytes } from '#src/wire/limits.js';
import { RESPONSE } from '#src/wire/parser.js';
import { accept, bytes, feed, feedPieces, refuse, refuseBody } from './feed.js';
import { chunkedRequest } from './messages.js';

/** `/`, `Host` and `a` count: 6 bytes. */
const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n';

/** A head of which so many bytes count, most of them in one long field value. */
function headOf(counted: number): string {
  return `${HEAD}X: ${'v'.repeat(counted - '/HostaX'.length)}\r\n\r\n`;
}

/** Pieces of this size. */
function* cut(input: string, size: number): Iterable<Buffer> {
  for (let i = 0; i < input.length; i += size) yield bytes(input.slice(i, i + size));
}

describe('maxHeaderSize', () => {
  it('is 16 KiB, and a section counts less', () => {
    assert.equal(MAX_HEADER_SIZE, 16384);
    accept(headOf(MAX_HEADER_SIZE - 1));
    refuse(headOf(MAX_HEADER_SIZE), 'HPE_HEADER_OVERFLOW', 431);
  });

  it('holds for many short field lines as for one long', () => {
    const head = `${HEAD}${'X: 12345\r\n'.repeat(200)}\r\n`;
    accept(head, { maxHeaderSize: 6 + 200 * 6 + 1 });
    refuse(head, 'HPE_HEADER_OVERFLOW', 431, { maxHeaderSize: 6 + 200 * 6 });
  });

  it('counts target, names, values and the white space behind values', () => {
    const options = { maxHeaderSize: 64 };
    for (const [name, fixed, line] of [
      ['a value', 7, (n: number) => `X: ${'v'.repeat(n)}`],
      ['a name', 6, (n: number) => `${'n'.repeat(n)}:`],
      ['white space before a value', 7, (n: number) => `X: \t \t ${'v'.repeat(n)}`],
      ['white space behind a value', 8, (n: number) => `X:v${'\t'.repeat(n)}`],
      ['white space for a value', 8, (n: number) => `X:${' '.repeat(n)}\r\nY:${'v'.repeat(n)}`],
      ['lines', 6, (n: number) => Array(n).fill('X: ').join('\r\n')],
    ] as const) {
      assert.equal(feed(`${HEAD}${line(63 - fixed)}\r\n\r\n`, options).error, null, name);
      assert.equal(feed(`${HEAD}${line(64 - fixed)}\r\n\r\n`, options).error?.statusCode, 431, name);
    }
  });

  it('counts the reason phrase of a response, and white space that continues a line', () => {
    const options = { maxHeaderSize: 64, role: RESPONSE } as const;
    for (const [name, fixed, head] of [
      ['a reason phrase', 1, (n: number) => `HTTP/1.1 204 ${'r'.repeat(n)}\r\nX:\r\n\r\n`],
      ['none', 1, (n: number) => `HTTP/1.1 204\r\nX:${'v'.repeat(n)}\r\n\r\n`],
      ['a continued value', 5, (n: number) => `HTTP/1.1 204 OK\r\nX:v\r\n ${'v'.repeat(n)}\r\n\r\n`],
      ['white space', 5, (n: number) => `HTTP/1.1 204 OK\r\nX:\r\n ${' '.repeat(n)}v\r\n\r\n`],
      ['lines', 3, (n: number) => `HTTP/1.1 204 OK\r\nX:${'\r\n '.repeat(n)}\r\n\r\n`],
    ] as const) {
      assert.equal(feed(head(63 - fixed), options).error, null, name);
      assert.equal(feed(head(64 - fixed), options).error?.code, 'HPE_HEADER_OVERFLOW', name);
    }
  });

  it('is the same however the bytes are cut', () => {
    for (const size of [1, 2, 7, 64, 1000, 4096, 16383, 16384]) {
      assert.equal(feedPieces(cut(headOf(MAX_HEADER_SIZE - 1), size)).error, null, `cut in ${size}`);
      const over = feedPieces(cut(headOf(MAX_HEADER_SIZE), size));
      assert.equal(over.error?.statusCode, 431, `cut in ${size}`);
    }
  });

  it('fails as soon as it is reached, whatever else is wrong behind', () => {
    const options = { maxHeaderSize: 64 };
    const unfinished = headOf(63).trimEnd();
    assert.equal(feed(unfinished, options).error, null);
    refuse(`${unfinished}v`, 'HPE_HEADER_OVERFLOW', 431, options);
    refuse(`${unfinished}v\0`, 'HPE_HEADER_OVERFLOW', 431, options);
    refuse(`${unfinished}\0v`, 'HPE_INVALID_HEADER_TOKEN', 400, options);
  });

  it('does not count the content', () => {
    const options = { maxHeaderSize: 64 };
    const content = 'c'.repeat(500);
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n';
    assert.equal(accept(`${head}${content}`, options).content, content);
  });

  it('begins anew with every message', () => {
    const options = { maxHeaderSize: 100 };
    const message = headOf(99);
    const facts = feed(message.repeat(3), options);
    assert.equal(facts.error, null);
    assert.equal(facts.messages.length, 3);
    assert.equal(feed(`${message.repeat(2)}${headOf(100)}`, options).error?.statusCode, 431);
  });

  it('reached by the request-target is a target too long', () => {
    const options = { maxHeaderSize: 200 };
    const line = (size: number) => `GET /${'a'.repeat(size - 1)} HTTP/1.1\r\n`;
    accept(`${line(199)}\r\n`, options);
    refuse(`${line(199)}Host: a\r\n\r\n`, 'HPE_HEADER_OVERFLOW', 431, options);
    refuse(`${line(200)}Host: a\r\n\r\n`, 'HPE_HEADER_OVERFLOW', 414, options);
    refuse(line(200).slice(0, 'GET '.length + 200), 'HPE_HEADER_OVERFLOW', 414, options);
    refuse(`HTTP/1.1 200 ${'a'.repeat(200)}`, 'HPE_HEADER_OVERFLOW', 431, { ...options, role: RESPONSE });
  });

  it('bounds a trailer section by itself', () => {
    const options = { maxHeaderSize: 100 };
    const message = (size: number) => chunkedRequest(`1\r\na\r\n0\r\nT: ${'t'.repeat(size - 1)}\r\n\r\n`);
    assert.equal(accept(message(99), options).trailers.length, 2);
    refuseBody(message(100), 'HPE_HEADER_OVERFLOW', 431, options);
  });
});

describe('the bytes of a section that maxHeaderSize does not count', () => {
  const options = { maxHeaderSize: 64, maxHeadersCount: 0 };
  const limit = maxSectionBytes(64);

  /** A head of so many bytes in all. */
  const padded = (size: number, head: (padding: number) => string) => head(size - head(0).length);

  it('are within their limit wherever a value has no more than one space before it', () => {
    // The longest method, and as many of the shortest lines as count.
    const head = `\r\nUNSUBSCRIBE / HTTP/1.1\r\n${'X: \r\n'.repeat(62)}\r\n`;
    assert.ok(head.length <= limit);
    accept(head, options);
    accept(`HTTP/1.1 204 \r\n${'X: \r\n'.repeat(63)}\r\n`, { ...options, role: RESPONSE });
  });

  for (const [name, head] of [
    ['white space before a value', (n: number) => `${HEAD}X:${' '.repeat(n)}v\r\n\r\n`],
    ['white space for a value', (n: number) => `${HEAD}X:${'\t'.repeat(n)}\r\n\r\n`],
    [
      'white space in several lines',
      (n: number) => `${HEAD}X:${' '.repeat(50)}\r\nY:${' '.repeat(n)}\r\n\r\n`,
    ],
  ] as const) {
    it(`have a limit: ${name}`, () => {
      accept(padded(limit, head), options);
      refuse(padded(limit + 1, head), 'HPE_HEADER_OVERFLOW', 431, options);
    });
  }

  it('have a limit: empty lines before a start-line', () => {
    assert.equal(limit % 2, 0);
    assert.equal(feedPieces([bytes('\r\n'.repeat(limit / 2))], options).error, null);
    assert.equal(feed('\r\n'.repeat(limit / 2 + 1), options).error?.code, 'HPE_HEADER_OVERFLOW');
    const rest = `${HEAD}${'a'.repeat(HEAD.length % 2)}:\r\n\r\n`;
    const lines = '\r\n'.repeat((limit - rest.length) / 2);
    accept(`${lines}${rest}`, options);
    assert.equal(feed(`${lines}\r\n${rest}`, options).error?.statusCode, 431);
  });

  it('have a limit in a trailer section', () => {
    const message = (n: number) => chunkedRequest(`0\r\nT:${' '.repeat(n - 'T:\r\n\r\n'.length)}\r\n\r\n`);
    accept(message(limit), options);
    refuseBody(message(limit + 1), 'HPE_HEADER_OVERFLOW', 431, options);
  });

  it('are the same white space whether they come at once or bit by bit', () => {
    for (const size of [1, 3, 200, 256, 257, 300, 1000]) {
      const head = `GET / HTTP/1.1\r\nHost: a\r\nX:${' '.repeat(900)}first \t second${' '.repeat(300)}\r\nY: b\r\n\r\n`;
      const { messages, error } = feedPieces(cut(head, size), { maxHeaderSize: 1000 });
      assert.equal(error, null, `cut in ${size}`);
      assert.deepEqual(messages[0].fields, ['Host', 'a', 'X', 'first \t second', 'Y', 'b'], `cut in ${size}`);
    }
  });
});

describe('maxHeadersCount', () => {
  const lines = (count: number) => 'X: y\r\n'.repeat(count);

  it('is how many field lines a section may have', () => {
    const options = { maxHeadersCount: 5 };
    assert.equal(accept(`GET / HTTP/1.1\r\n${lines(5)}\r\n`, options).fields.length, 10);
    refuse(`GET / HTTP/1.1\r\n${lines(6)}\r\n`, 'HPE_HEADER_OVERFLOW', 431, options);
  });

  it('is 1000 unless said otherwise', () => {
    assert.equal(MAX_HEADERS_COUNT, 1000);
    assert.equal(accept(`GET / HTTP/1.1\r\n${lines(1000)}\r\n`).fields.length, 2000);
    refuse(`GET / HTTP/1.1\r\n${lines(1001)}\r\n`, 'HPE_HEADER_OVERFLOW', 431);
  });

  it('of 0 leaves it to the size', () => {
    const facts = feedPieces([bytes(`GET / HTTP/1.1\r\n${lines(2500)}\r\n`)], { maxHeadersCount: 0 });
    assert.equal(facts.messages[0].fields.length, 5000);
  });

  it('begins anew with the trailer section and with the next message', () => {
    const options = { maxHeadersCount: 3 };
    const message = chunkedRequest(`0\r\n${lines(3)}\r\n`);
    assert.equal(accept(message, options).trailers.length, 6);
    assert.equal(feed(message.repeat(2), options).error, null);
    refuseBody(chunkedRequest(`0\r\n${lines(4)}\r\n`), 'HPE_HEADER_OVERFLOW', 431, options);
  });

  it('does not count continued lines of a response', () => {
    const head = `HTTP/1.1 204 No Content\r\nX: y\r\n y\r\n y\r\nZ:\r\n\r\n`;
    assert.equal(accept(head, { role: RESPONSE, maxHeadersCount: 2 }).fields.length, 4);
  });
});
