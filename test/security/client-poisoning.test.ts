/** Responses that nobody asked for: the socket is dropped, and no later request gets anything of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { answer, outcomeOf, type RawServer, type Script, serveRaw } from './raw-server.js';

const POISON = answer('poison', 'X-Poison: yes');

/** The next request of the same agent gets an answer that was made for it, on another connection. */
async function assertNextIsHonest(server: RawServer): Promise<void> {
  const next = await server.exchange({ path: '/next' });
  assert.deepEqual(next, { status: 200, content: 'honest 2', errors: [], reused: false });
}

/** The first connection is poisoned as `poison` does it; the others are honest. */
function poisoning(poison: (socket: Socket) => void): Script {
  return (socket, connection) => {
    if (connection === 1) poison(socket);
    else socket.write(answer(`honest ${connection}`));
  };
}

for (const [name, isSecure] of [
  ['', false],
  [' (TLS)', true],
] as const) {
  describe(`a response nobody asked for${name}`, () => {
    it('CVE-2026-48931: on an idle socket drops it', async (t) => {
      let idle: Socket | undefined;
      const server = await serveRaw(
        t,
        poisoning((socket) => {
          idle = socket;
          socket.write(answer('first'));
        }),
        isSecure,
      );
      const request = server.request();
      request.end();
      const [socket] = (await once(request, 'socket')) as [Socket];
      const seen: string[] = [];
      request.on('error', () => seen.push('error'));
      request.on('response', (response) => response.on('error', () => seen.push('error of the response')));
      assert.equal((await outcomeOf(request)).content, 'first');
      assert.equal(socket.listenerCount('data'), 0, 'no listener gives the watch away');
      const dropped = server.dropped(socket);
      idle?.write(POISON);
      await dropped;
      assert.deepEqual(seen, [], 'the request it came behind hears nothing of it');
      await assertNextIsHonest(server);
    });

    it('in the segment of the response that was asked for drops the socket', async (t) => {
      const server = await serveRaw(
        t,
        poisoning((socket) => socket.write(answer('first') + POISON)),
        isSecure,
      );
      const got = await server.exchange();
      assert.equal(got.content, 'first');
      await assertNextIsHonest(server);
    });

    it('cut in two by the end of a segment drops the socket', async (t) => {
      const server = await serveRaw(
        t,
        poisoning((socket) => socket.write(`${answer('first')}HTTP/1.1 200 OK\r\nContent-Le`)),
        isSecure,
      );
      assert.equal((await server.exchange()).content, 'first');
      await assertNextIsHonest(server);
    });

    it('behind a chunked response drops the socket', async (t) => {
      const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n';
      const server = await serveRaw(
        t,
        poisoning((socket) => socket.write(chunked + POISON)),
        isSecure,
      );
      assert.equal((await server.exchange()).content, 'first');
      await assertNextIsHonest(server);
    });

    it('while the reader of the first is slow drops the socket', async (t) => {
      const server = await serveRaw(
        t,
        poisoning((socket) => {
          socket.write(answer('f'.repeat(500_000)));
          socket.write(POISON);
        }),
        isSecure,
      );
      const request = server.request();
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const closed = once(request, 'close');
      let received = 0;
      for await (const piece of response) {
        received += (piece as Buffer).length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(received, 500_000);
      await closed;
      await assertNextIsHonest(server);
    });
  });
}

describe('content where there is none', () => {
  for (const [name, options, head] of [
    [
      'to HEAD',
      { method: 'HEAD' },
      answer('').replace('Content-Length: 0', `Content-Length: ${POISON.length}`),
    ],
    ['of 204', {}, 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['of 304', {}, `HTTP/1.1 304 Not Modified\r\nContent-Length: ${POISON.length}\r\n\r\n`],
  ] as const) {
    it(`${name} is nobody's response`, async (t) => {
      const server = await serveRaw(
        t,
        poisoning((socket) => socket.write(head + POISON)),
      );
      assert.equal((await server.exchange(options)).content, '');
      await assertNextIsHonest(server);
    });
  }
});

describe('a response that comes early', () => {
  it('is the answer to the request that is being sent, and the socket is used again after its end alone', async (t) => {
    const server = await serveRaw(t, (socket, connection, request) => {
      if (connection === 1 && request === 1) socket.write(answer('early'));
      else socket.write(answer(`honest ${connection}`));
    });
    const request = server.request({ method: 'POST', headers: { 'Content-Length': 10 } });
    request.write('half.');
    const outcome = outcomeOf(request);
    await once(request, 'response');
    // The first request is not complete: this one must not be taken for the rest of it.
    const next = await server.exchange({ path: '/next' });
    assert.deepEqual([next.content, next.reused], ['honest 2', false]);
    request.end('other');
    assert.equal((await outcome).content, 'early');
    assert.ok(!server.received[0].includes('/next'));
  });
});

describe('an interim response', () => {
  for (const field of ['Content-Length: 6', 'Transfer-Encoding: chunked']) {
    it(`with ${field} is not taken for the final one, nor its fields for those of the final one`, async (t) => {
      const interim = `HTTP/1.1 103 Early Hints\r\n${field}\r\nX-Interim: 1\r\n\r\n`;
      const server = await serveRaw(t, (socket) => socket.write(interim + answer('final')));
      const request = server.request();
      request.end();
      const headers: unknown[] = [];
      request.on('response', (response) => headers.push(response.headers['x-interim']));
      assert.equal((await outcomeOf(request)).content, 'final');
      assert.deepEqual(headers, [undefined]);
    });
  }

  it('on an idle socket drops it', async (t) => {
    const server = await serveRaw(
      t,
      poisoning((socket) => socket.write(`${answer('first')}HTTP/1.1 100 Continue\r\n\r\n`)),
    );
    assert.equal((await server.exchange()).content, 'first');
    await assertNextIsHonest(server);
  });
});
