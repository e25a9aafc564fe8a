/** Behind nginx: a reverse proxy that keeps its connections to the server open and shares them among clients. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { request as stockRequest } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { bounded } from '../differential/bounded.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet } from '../differential/messages.js';
import { FRONT_ID, hasNginx, NginxFront } from './nginx-front.js';
import { replies, type Served, serve } from './served.js';

const MIB = 1024 * 1024;

interface Pair {
  served: Served;
  front: NginxFront;
}

async function behindNginx(
  t: TestContext,
  options: Parameters<typeof serve>[1] = {},
  listener: (req: IncomingMessage, res: ServerResponse) => void = (req, res) => {
    req.on('end', () => res.end(req.url));
  },
): Promise<Pair> {
  const served = await serve(t, options, listener);
  const front = await NginxFront.start(served.port);
  t.after(() => front.stop());
  return { served, front };
}

interface Fetched {
  response: IncomingMessage;
  content: Buffer;
}

/** One request of the stock client through nginx, its body written a piece at a time. */
function fetchThrough(
  front: NginxFront,
  options: RequestOptions,
  pieces: readonly Uint8Array[] = [],
): Promise<Fetched> {
  return bounded(`nginx answers ${options.path}`, fetched(front, options, pieces));
}

async function fetched(
  front: NginxFront,
  options: RequestOptions,
  pieces: readonly Uint8Array[],
): Promise<Fetched> {
  const req = stockRequest({ socketPath: front.socketPath, agent: false, ...options });
  const answered = once(req, 'response');
  for (const piece of pieces) if (!req.write(piece)) await once(req, 'drain');
  req.end();
  const [response] = (await answered) as [IncomingMessage];
  const received: Buffer[] = [];
  for await (const piece of response) received.push(piece);
  return { response, content: Buffer.concat(received) };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const skip = hasNginx ? false : 'nginx is not installed (on Debian: nginx-light)';

describe('behind nginx', { skip }, () => {
  it('requests share a connection that stays open', async (t) => {
    const { served, front } = await behindNginx(t);
    let connections = 0;
    served.server.on('connection', () => connections++);
    for (let i = 0; i < 50; i++) {
      const { response, content } = await fetchThrough(front, { path: `/${i}` });
      assert.deepEqual([response.statusCode, String(content)], [200, `/${i}`]);
    }
    assert.equal(connections, 1);
    assert.equal(served.handled.length, 50);
  });

  it('no request is lost when the server closes idle connections', async (t) => {
    const { served, front } = await behindNginx(t, {
      keepAliveTimeout: 20,
      ...{ keepAliveTimeoutBuffer: 0 },
    });
    for (let i = 0; i < 10; i++) {
      const connected = once(served.server, 'connection');
      const { response } = await fetchThrough(front, { path: `/${i}`, method: 'POST' });
      assert.equal(response.statusCode, 200);
      const [socket] = await connected;
      if (!socket.closed) await once(socket, 'close');
    }
    assert.equal(served.handled.length, 10);
  });

  it('responses without content leave the connection in step', async (t) => {
    const { served, front } = await behindNginx(t, {}, (req, res) => {
      res.statusCode = Number(req.url?.slice(1));
      if (req.method === 'HEAD') res.setHeader('Content-Length', 100);
      res.end();
    });
    let connections = 0;
    served.server.on('connection', () => connections++);
    for (const [method, statusCode] of [
      ['GET', 204],
      ['GET', 304],
      ['HEAD', 200],
      ['GET', 200],
      ['DELETE', 404],
      ['GET', 200],
    ] as const) {
      const { response } = await fetchThrough(front, { method, path: `/${statusCode}` });
      assert.equal(response.statusCode, statusCode);
    }
    assert.equal(connections, 1);
  });

  it('uploads arrive whole, chunked or with a length', async (t) => {
    const codings: unknown[] = [];
    const { front } = await behindNginx(t, {}, (req, res) => {
      codings.push(req.headers['transfer-encoding'] ?? req.headers['content-length']);
      const hash = createHash('sha256');
      req.on('data', (piece) => hash.update(piece));
      req.on('end', () => res.end(hash.digest('hex')));
    });
    const pieces = Array.from({ length: 128 }, (_, i) => Buffer.alloc(64 * 1024 + i, `piece ${i} `));
    const whole = Buffer.concat(pieces);
    const chunked = { method: 'POST', path: '/unbuffered' };
    assert.equal(String((await fetchThrough(front, chunked, pieces)).content), digest(whole));
    const withLength = { ...chunked, path: '/', headers: { 'Content-Length': whole.length } };
    assert.equal(String((await fetchThrough(front, withLength, pieces)).content), digest(whole));
    assert.deepEqual(codings, ['chunked', String(whole.length)]);
  });

  it('large downloads arrive whole, chunked or with a length', async (t) => {
    const piece = Buffer.alloc(MIB, 'download ');
    const { front } = await behindNginx(t, {}, (req, res) => {
      let left = 32;
      if (req.url?.endsWith('length')) res.setHeader('Content-Length', left * MIB);
      const fill = () => {
        while (left > 0) {
          left--;
          if (!res.write(piece)) return;
        }
        res.end();
      };
      res.on('drain', fill);
      fill();
    });
    const whole = digest(Buffer.concat(Array(32).fill(piece)));
    for (const path of ['/length', '/chunked', '/unbuffered-length', '/unbuffered-chunked', '/old-chunked']) {
      assert.equal(digest((await fetchThrough(front, { path })).content), whole, path);
    }
  });

  it('a protocol that was upgraded to has the connection for itself', async (t) => {
    const { served, front } = await behindNginx(t);
    served.server.on('upgrade', (req, socket, first: Buffer) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n`);
      assert.equal(req.headers.upgrade, 'echo');
      socket.write(first);
      socket.pipe(socket);
    });
    const socket = front.connect();
    t.after(() => socket.destroy());
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.write(get('/upgrade', 'Connection: Upgrade', 'Upgrade: echo'));
    while (!received.includes('\r\n\r\n')) await once(socket, 'data');
    assert.match(received, /^HTTP\/1\.1 101 /);
    received = '';
    // What looks like a request is none any more.
    const bytes = get('/smuggled').repeat(100);
    socket.write(bytes);
    while (received.length < bytes.length) await once(socket, 'data');
    assert.equal(received, bytes);
    assert.deepEqual(served.handled, []);
  });

  it('what the server refuses is refused to the client', async (t) => {
    const { served, front } = await behindNginx(t);
    served.server.maxHeadersCount = 10;
    const lines = Array.from({ length: 20 }, (_, i) => `f${i}: v`);
    const [tooMany] = replies(await front.exchange(lastGet('/', ...lines)));
    assert.equal(tooMany.statusCode, 431);
    const [unknown] = replies(await front.exchange(head('BREW / HTTP/1.1', 'Host: a', 'Connection: close')));
    assert.equal(unknown.statusCode, 501);
    assert.deepEqual(served.handled, []);
    assert.equal(String((await fetchThrough(front, { path: '/next' })).content), '/next');
  });

  it('no request is smuggled past it', async (t) => {
    const ids: unknown[] = [];
    const { served, front } = await behindNginx(t, {}, (req, res) => {
      ids.push(req.headers[FRONT_ID]);
      req.on('end', () => res.end(req.url));
    });
    const smuggled = get('/smuggled');
    const frames: string[][] = [
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Content-Length: 5'],
      ['Content-Length: 0', 'Content-Length: 5'],
      ['Content-Length: 5', 'Content-Length: 0'],
      ['Content-Length: 5, 0'],
      ['Content-Length: +5'],
      ['Content-Length: 5 0'],
      ['Content-Length : 5'],
      [' Content-Length: 5'],
      ['Content_Length: 5'],
      ['Content\rLength: 5'],
      ['Dummy: x\nContent-Length: 5'],
      ['Dummy: x\rContent-Length: 5'],
      ['Dummy:\rTransfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunkedchunked'],
      ['Transfer-Encoding: xchunked'],
      ['Transfer-Encoding: \vchunked'],
      ['Transfer-Encoding:\tchunked'],
      ['Transfer-Encoding : chunked'],
      ['Transfer_Encoding: chunked'],
      ['Transfer-Encoding: chunked\r\n , identity'],
      ['Transfer-Encoding: gzip, chunked'],
      ['Transfer-Encoding: chunked, gzip'],
      ['Connection: Content-Length', 'Content-Length: 5'],
      ['Connection: Transfer-Encoding', 'Transfer-Encoding: chunked'],
      ['Expect: 100-continue', 'Content-Length: 5'],
      ['Upgrade: echo', 'Connection: upgrade', `Content-Length: ${smuggled.length}`],
    ];
    const bodies = [
      `0\r\n\r\n${smuggled}`,
      smuggled,
      `5;a\nabcde\r\n0\r\n\r\n${smuggled}`,
      `${chunk(smuggled)}${lastChunk}`,
      `0\r\nContent-Length: 60\r\n\r\n${smuggled}`,
    ];
    const attacks = frames.flatMap((lines) =>
      ['/', '/unbuffered', '/upgrade', '/old'].flatMap((path) =>
        bodies.map((body) => head(`POST ${path} HTTP/1.1`, 'Host: a', ...lines) + body),
      ),
    );
    attacks.push(
      `${chunkedPost()}5 \r\nabcde\r\n0\r\n\r\n${smuggled}`,
      `${chunkedPost()}5\nabcde\n0\n\n${smuggled}`,
      `${chunkedPost()}0;a\n\r\n${smuggled}`,
      `GET / HTTP/1.1\r\nHost: a\r\n\r\rX${smuggled}`,
    );
    for (const [i, attack] of attacks.entries()) {
      const socket = front.connect();
      const closed = once(socket, 'close');
      socket.resume();
      // nginx answers what it takes for requests, and the last one ends the connection, if it comes so far.
      socket.end(attack + lastGet('/end'), 'latin1');
      const honest = await fetchThrough(front, { path: `/honest-${i}` });
      assert.equal(String(honest.content), `/honest-${i}`, JSON.stringify(attack));
      await closed;
    }
    // Every request that was carried out is one that nginx knows of, and each of them another.
    assert.ok(ids.length >= attacks.length);
    assert.equal(ids.length, served.handled.length);
    for (const id of ids) assert.match(String(id), /^[0-9a-f]{32}$/);
    assert.equal(new Set(ids).size, ids.length);
  });
});
