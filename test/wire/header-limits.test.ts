import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_HEADER_SIZE, MAX_HEADERS_COUNT } from '#src/wire/limits.js';
import { RESPONSE } from '#src/wire/parser.js';
import { accept, bytes, feed, feedPieces, refuse, refuseBody } from './feed.js';
import { chunkedRequest } from './messages.js';

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n';

/** A head of so many bytes, one long field value in it. */
function headOf(size: number): string {
  const fixed = `${HEAD}X: \r\n\r\n`.length;
  return `${HEAD}X: ${'v'.repeat(size - fixed)}\r\n\r\n`;
}

/** Pieces of this size. */
function* cut(input: string, size: number): Iterable<Buffer> {
  for (let i = 0; i < input.length; i += size) yield bytes(input.slice(i, i + size));
}

describe('maxHeaderSize', () => {
  it('is 16 KiB, start-line and empty line included, and no byte more', () => {
    assert.equal(MAX_HEADER_SIZE, 16384);
    accept(headOf(MAX_HEADER_SIZE));
    refuse(headOf(MAX_HEADER_SIZE + 1), 'HPE_HEADER_OVERFLOW', 431);
  });

  it('holds for many short field lines as for one long', () => {
    const line = 'X: 12345\r\n';
    const lines = line.repeat(Math.floor((2000 - HEAD.length - 2) / line.length));
    const head = `${HEAD}${lines}\r\n`;
    accept(head, { maxHeaderSize: head.length });
    refuse(head, 'HPE_HEADER_OVERFLOW', 431, { maxHeaderSize: head.length - 1 });
  });

  it('is the same however the bytes are cut', () => {
    for (const size of [1, 2, 7, 64, 1000, 4096, 16383, 16384]) {
      assert.equal(feedPieces(cut(headOf(MAX_HEADER_SIZE), size)).error, null, `cut in ${size}`);
      const over = feedPieces(cut(headOf(MAX_HEADER_SIZE + 1), size));
      assert.equal(over.error?.statusCode, 431, `cut in ${size}`);
    }
  });

  it('fails as soon as it is passed, whatever else is wrong behind', () => {
    const options = { maxHeaderSize: 64 };
    const unfinished = `${HEAD}X: ${'v'.repeat(64 - HEAD.length - 3)}`;
    assert.equal(feed(unfinished, options).error, null);
    refuse(`${unfinished}v`, 'HPE_HEADER_OVERFLOW', 431, options);
    refuse(`${unfinished}\0`, 'HPE_HEADER_OVERFLOW', 431, options);
    assert.equal(
      refuse(`${unfinished.slice(0, -1)}\0v`, 'HPE_INVALID_HEADER_TOKEN', 400, options).length > 0,
      true,
    );
  });

  it('does not count the content', () => {
    const options = { maxHeaderSize: 64 };
    const content = 'c'.repeat(500);
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n';
    assert.equal(accept(`${head}${content}`, options).content, content);
  });

  it('begins anew with every message', () => {
    const options = { maxHeaderSize: 100 };
    const message = headOf(100);
    const facts = feed(message.repeat(3), options);
    assert.equal(facts.error, null);
    assert.equal(facts.messages.length, 3);
    assert.equal(feed(`${message.repeat(2)}${headOf(101)}`, options).error?.statusCode, 431);
  });

  it('passed by the start-line is a target too long', () => {
    const options = { maxHeaderSize: 200 };
    refuse(`GET /${'a'.repeat(200)}`, 'HPE_HEADER_OVERFLOW', 414, options);
    refuse(`GET /${'a'.repeat(200)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'HPE_HEADER_OVERFLOW', 414, options);
    const line = `GET /${'a'.repeat(200 - 'GET / HTTP/1.1\r\n'.length)} HTTP/1.1\r\n`;
    assert.equal(line.length, 200);
    assert.equal(feed(line, options).error, null);
    refuse(`${line}Host: a\r\n\r\n`, 'HPE_HEADER_OVERFLOW', 431, options);
    refuse(`HTTP/1.1 200 ${'a'.repeat(200)}`, 'HPE_HEADER_OVERFLOW', 414, { ...options, role: RESPONSE });
  });

  it('bounds the empty lines before a start-line', () => {
    const options = { maxHeaderSize: 64 };
    assert.equal(feedPieces([bytes('\r\n'.repeat(32))], options).error, null);
    assert.equal(feed('\r\n'.repeat(33), options).error?.code, 'HPE_HEADER_OVERFLOW');
    assert.equal(feed(`${'\r\n'.repeat(3)}${headOf(60)}`, options).error?.statusCode, 431);
    accept(`${'\r\n'.repeat(2)}${headOf(60)}`, options);
  });

  it('bounds a trailer section by itself', () => {
    const options = { maxHeaderSize: 100 };
    const trailers = (size: number) => `T: ${'t'.repeat(size - 7)}\r\n\r\n`;
    const message = accept(chunkedRequest(`1\r\na\r\n0\r\n${trailers(100)}`), options);
    assert.equal(message.trailers.length, 2);
    refuseBody(chunkedRequest(`1\r\na\r\n0\r\n${trailers(101)}`), 'HPE_HEADER_OVERFLOW', 431, options);
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
