/** What a server can send without end, and where it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { answer, outcomeOf, serveRaw } from './raw-server.js';

/** Writes `piece` again and again, as fast as it is taken, until the connection ends. */
function endlessly(socket: Socket, piece: string): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(piece));
    if (!socket.destroyed) socket.once('drain', write);
  };
  write();
}

/** Bytes that were sent to us before the connection ended. */
const LIMIT = 1024 * 1024;

describe('a header section', () => {
  for (const [name, start, piece, code] of [
    ['of one line without end', 'HTTP/1.1 200 OK\r\nX-Long: ', 'a'.repeat(1000), 'HPE_HEADER_OVERFLOW'],
    ['of a name without end', 'HTTP/1.1 200 OK\r\n', 'a'.repeat(1000), 'HPE_HEADER_OVERFLOW'],
    ['of white space before a value', 'HTTP/1.1 200 OK\r\nX-Long:', ' '.repeat(1000), 'HPE_HEADER_OVERFLOW'],
    ['of lines without end', 'HTTP/1.1 200 OK\r\n', 'X-Field: value\r\n', 'HPE_HEADER_OVERFLOW'],
    ['of a reason without end', 'HTTP/1.1 200 ', 'a'.repeat(1000), 'HPE_HEADER_OVERFLOW'],
  ] as const) {
    it(`${name} is an error`, async (t) => {
      const server = await serveRaw(t, (socket) => {
        socket.write(start);
        endlessly(socket, piece);
      });
      const got = await server.exchange();
      assert.deepEqual([got.status, got.errors], [undefined, [code]]);
    });
  }

  it('is as long as maxHeaderSize of the request says', async (t) => {
    const long = answer('', `X-Long: ${'a'.repeat(20_000)}`);
    const server = await serveRaw(t, (socket) => socket.write(long));
    assert.deepEqual((await server.exchange({ maxHeaderSize: 30_000 })).errors, []);
    assert.deepEqual((await server.exchange({ maxHeaderSize: 1000 })).errors, ['HPE_HEADER_OVERFLOW']);
  });

  it('of trailers without end is an error', async (t) => {
    const server = await serveRaw(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n');
      endlessly(socket, 'X-Field: value\r\n');
    });
    const got = await server.exchange();
    assert.ok(got.errors.length > 0);
  });
});

describe('chunk extensions', () => {
  it('CVE-2024-22019: without end are an error', async (t) => {
    const server = await serveRaw(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=');
      endlessly(socket, 'b'.repeat(1000));
    });
    const got = await server.exchange();
    assert.ok(got.errors.length > 0);
    assert.equal(got.content, '');
  });
});

describe('interim responses', () => {
  it('without end hold no memory, and end with the request', async (t) => {
    let sent = 0;
    let connection: Socket | undefined;
    const interim = 'HTTP/1.1 102 Processing\r\n\r\n';
    const server = await serveRaw(t, (socket) => {
      connection = socket;
      const write = (): void => {
        while (!socket.destroyed && socket.write(interim)) sent++;
        if (!socket.destroyed) socket.once('drain', write);
      };
      write();
    });
    const request = server.request();
    let heard = 0;
    request.on('information', () => {
      heard++;
      if (heard === 20_000) request.destroy();
    });
    request.end();
    const got = await outcomeOf(request);
    assert.equal(got.status, undefined);
    assert.deepEqual(got.errors, ['ECONNRESET']);
    assert.ok(heard >= 20_000 && sent > 0);
    assert.ok(connection !== undefined);
  });

  it('do not keep a time-out of the request from being set', async (t) => {
    const server = await serveRaw(t, (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'));
    const request = server.request({ timeout: 20 });
    request.on('timeout', () => request.destroy());
    request.end();
    assert.deepEqual((await outcomeOf(request)).errors, ['ECONNRESET']);
  });
});

describe('content', () => {
  it('that nobody reads is not read from the connection', async (t) => {
    let sent = 0;
    const server = await serveRaw(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const piece = `10000\r\n${'c'.repeat(0x10000)}\r\n`;
      const write = (): void => {
        do sent += piece.length;
        while (sent < 100 * LIMIT && socket.write(piece));
        if (sent < 100 * LIMIT) socket.once('drain', write);
      };
      write();
    });
    const request = server.request();
    request.on('error', () => {});
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    // What is sent no more for many turns waits for a reader.
    for (let quiet = 0, before = -1; quiet < 50; ) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = sent === before ? quiet + 1 : 0;
      before = sent;
    }
    assert.ok(sent < 50 * LIMIT, `${sent} bytes were taken`);
    assert.ok(response.readableLength <= 4 * LIMIT, `${response.readableLength} bytes wait`);
    request.destroy();
  });
});
