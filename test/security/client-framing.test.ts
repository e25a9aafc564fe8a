/** Responses whose end two readers could see in two places: an error, and the connection is used no more. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer, serveRaw } from './raw-server.js';

/** Heads that are refused, and the code of the error. */
const REFUSED: readonly (readonly [name: string, head: string, code: string])[] = [
  [
    'Content-Length and chunked',
    'Content-Length: 4\r\nTransfer-Encoding: chunked',
    'HPE_INVALID_TRANSFER_ENCODING',
  ],
  [
    'chunked and Content-Length',
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    'HPE_INVALID_CONTENT_LENGTH',
  ],
  ['two lengths', 'Content-Length: 4\r\nContent-Length: 5', 'HPE_UNEXPECTED_CONTENT_LENGTH'],
  ['a list of lengths', 'Content-Length: 4, 5', 'HPE_INVALID_CONTENT_LENGTH'],
  ['a length with a sign', 'Content-Length: +4', 'HPE_INVALID_CONTENT_LENGTH'],
  ['a negative length', 'Content-Length: -4', 'HPE_INVALID_CONTENT_LENGTH'],
  ['a length in hexadecimal', 'Content-Length: 0x4', 'HPE_INVALID_CONTENT_LENGTH'],
  ['a length with a space within', 'Content-Length: 1 2', 'HPE_INVALID_CONTENT_LENGTH'],
  ['a length beyond 2^53', 'Content-Length: 9007199254740993', 'HPE_INVALID_CONTENT_LENGTH'],
  ['a space before the colon', 'Content-Length : 4', 'HPE_INVALID_HEADER_TOKEN'],
  ['a field without a name', ': 4', 'HPE_INVALID_HEADER_TOKEN'],
  ['NUL in a value', 'X-A: a\0b', 'HPE_INVALID_HEADER_TOKEN'],
];

describe('a response that is framed in two ways', () => {
  for (const [name, head, code] of REFUSED) {
    it(`${name} is refused`, async (t) => {
      const server = await serveRaw(t, (socket, connection) => {
        socket.write(
          connection === 1 ? `HTTP/1.1 200 OK\r\n${head}\r\n\r\n4\r\nbody\r\n0\r\n\r\n` : answer('honest'),
        );
      });
      const got = await server.exchange();
      assert.equal(got.status, undefined, 'there is no response');
      assert.deepEqual(got.errors, [code]);
      const next = await server.exchange();
      assert.deepEqual([next.content, next.reused], ['honest', false]);
    });
  }

  for (const [name, content] of [
    ['a chunk size that is no number', 'x\r\nbody\r\n0\r\n\r\n'],
    ['a chunk size with a sign', '-4\r\nbody\r\n0\r\n\r\n'],
    ['a chunk that is longer than its size', '3\r\nbody\r\n0\r\n\r\n'],
    ['a chunk size beyond 2^53', 'fffffffffffffff\r\nbody'],
    ['a chunk that ends with LF', '4\r\nbody\n0\r\n\r\n'],
  ] as const) {
    it(`${name} is refused`, async (t) => {
      const server = await serveRaw(t, (socket, connection) => {
        const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
        socket.write(connection === 1 ? head + content : answer('honest'));
      });
      const got = await server.exchange();
      assert.equal(got.status, 200);
      assert.ok(got.errors.length > 0, 'the response fails');
      const next = await server.exchange();
      assert.deepEqual([next.content, next.reused], ['honest', false]);
    });
  }
});

describe('a response that is cut short', () => {
  for (const [name, bytes] of [
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-Len'],
    ['in its content', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf.'],
    ['before the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n'],
  ] as const) {
    it(`${name} is an error, not an end`, async (t) => {
      const server = await serveRaw(t, (socket) => socket.end(bytes));
      const got = await server.exchange();
      assert.deepEqual(got.errors, ['ECONNRESET']);
    });
  }

  it('is used no more where its end is that of the connection', async (t) => {
    const server = await serveRaw(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nto the end, and HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
      socket.end('poison');
    });
    const got = await server.exchange();
    assert.ok(got.content.endsWith('poison'), 'all of it is content');
    assert.equal((await server.exchange()).reused, false);
  });
});

describe('content', () => {
  it('is what was sent, whatever Content-Encoding says', async (t) => {
    const server = await serveRaw(t, (socket) =>
      socket.write(answer('no gzip at all', 'Content-Encoding: gzip')),
    );
    const got = await server.exchange();
    assert.deepEqual([got.content, got.errors], ['no gzip at all', []]);
  });
});
