/** Every limit on what a client may send: the last size that is taken, and the first that is refused. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createServer, maxHeaderSize, type ServerOptions, type ServerResponse } from 'barewire/http';
import {
  HEADERS_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  KEEP_ALIVE_TIMEOUT_BUFFER,
  MAX_CHUNK_EXTENSIONS_SIZE,
  MAX_HEADER_SIZE,
  MAX_HEADERS_COUNT,
  MAX_PIPELINED_REQUESTS,
  maxSectionBytes,
  REQUEST_TIMEOUT,
} from '#src/wire/limits.js';
import { bounded } from '../differential/bounded.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet } from '../differential/messages.js';
import type { WireClient } from '../differential/wire-client.js';
import { assertRefusal, replies, type Served, serve, statusCodes } from './served.js';

/** A head of which so many bytes count, most of them in one long field value. */
function headOf(counted: number): string {
  const fixed = '/Hostexample.testConnectioncloseX-Long'.length;
  return lastGet('/', `X-Long: ${'v'.repeat(counted - fixed)}`);
}

/** A request-line with a target of so many bytes. */
function requestLineOf(size: number): string {
  return `GET /${'t'.repeat(size - 1)} HTTP/1.1\r\n`;
}

/** Field lines with names of their own. */
function fieldLines(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `f${i}: v`);
}

/** The only reply is a refusal, and the handler was not called for what it refuses. */
async function assertRefused(served: Served, request: string, statusCode: number): Promise<void> {
  served.handled.length = 0;
  const found = replies(await served.exchange(request));
  assert.equal(found.length, 1);
  assertRefusal(found[0], statusCode);
  assert.deepEqual(served.handled, []);
}

describe('maxHeaderSize', () => {
  it('is 16 KiB and can be read', () => {
    assert.equal(maxHeaderSize, 16_384);
    assert.equal(MAX_HEADER_SIZE, 16_384);
  });

  const sizes: [string, ServerOptions, number][] = [
    ['by default', {}, MAX_HEADER_SIZE],
    ['when it is set', { maxHeaderSize: 1000 }, 1000],
    ['when it is set to more', { maxHeaderSize: 100_000 }, 100_000],
  ];
  for (const [name, options, limit] of sizes) {
    it(`CVE-2018-12121: is more than a head may count, ${name}`, async (t) => {
      const served = await serve(t, options);
      assert.deepEqual(statusCodes(await served.exchange(headOf(limit - 1))), [200]);
      await assertRefused(served, headOf(limit), 431);
      // In pieces too, and with more behind.
      const pieces = headOf(limit).match(/[\s\S]{1,999}/g) as string[];
      assert.deepEqual(statusCodes(await served.exchange(...pieces)), [431]);
      assert.deepEqual(statusCodes(await served.exchange(headOf(limit), get('/'))), [431]);
    });

    it(`CVE-2018-12121: bounds what does not count too, ${name}`, async (t) => {
      const served = await serve(t, options);
      const fixed = lastGet('/', 'X:').length;
      const padded = (size: number) => lastGet('/', `X:${' '.repeat(size - fixed)}`);
      assert.deepEqual(statusCodes(await served.exchange(padded(maxSectionBytes(limit)))), [200]);
      await assertRefused(served, padded(maxSectionBytes(limit) + 1), 431);
      const emptyLines = '\r\n'.repeat((maxSectionBytes(limit) - lastGet().length) / 2);
      assert.deepEqual(statusCodes(await served.exchange(emptyLines + lastGet())), [200]);
      await assertRefused(served, `${emptyLines}\r\n${lastGet()}`, 431);
    });

    it(`answers a start-line beyond it with 414, ${name}`, async (t) => {
      const served = await serve(t, options);
      // The line fits, the fields behind it do not.
      await assertRefused(served, `${requestLineOf(limit - 1)}Host: a\r\n\r\n`, 431);
      await assertRefused(served, `${requestLineOf(limit)}Host: a\r\n\r\n`, 414);
      // Nobody has to wait for the end of such a line.
      await assertRefused(served, requestLineOf(2 * limit).slice(0, 'GET '.length + limit), 414);
    });

    it(`holds for a trailer section, ${name}`, async (t) => {
      const served = await serve(t, options);
      const request = (size: number) =>
        `${chunkedPost('Connection: close')}${chunk('abc')}0\r\nX: ${'v'.repeat(size - 1)}\r\n\r\n`;
      assert.deepEqual(statusCodes(await served.exchange(request(limit - 1))), [200]);
      assert.deepEqual(served.completed, ['POST / abc']);
      assert.deepEqual(statusCodes(await served.exchange(request(limit))), [431]);
      assert.deepEqual(served.completed, ['POST / abc']);
    });
  }

  it('is counted anew for every request of a connection', async (t) => {
    const served = await serve(t, { maxHeaderSize: 1000 });
    const request = get('/', `X-Long: ${'v'.repeat(900)}`);
    assert.deepEqual(statusCodes(await served.exchange(request + request + headOf(999))), [200, 200, 200]);
  });

  it('does not count content', async (t) => {
    const served = await serve(t, { maxHeaderSize: 1000 });
    const fields = ['Host: a', 'Content-Length: 100000', 'Connection: close'];
    const request = head('POST / HTTP/1.1', ...fields) + 'c'.repeat(100_000);
    assert.deepEqual(statusCodes(await served.exchange(request)), [200]);
    assert.equal(served.completed[0].length, 'POST / '.length + 100_000);
  });
});

describe('maxHeadersCount', () => {
  /** Host and Connection count too. */
  const requestOf = (count: number) => lastGet('/', ...fieldLines(count - 2));

  it('CVE-2026-58044: is 1000 field lines, and no field is dropped', async (t) => {
    assert.equal(MAX_HEADERS_COUNT, 1000);
    let length = 0;
    const served = await serve(t, {}, (req, res) => {
      length = req.rawHeaders.length;
      res.end();
    });
    assert.deepEqual(statusCodes(await served.exchange(requestOf(1000))), [200]);
    assert.equal(length, 2000);
    await assertRefused(served, requestOf(1001), 431);
  });

  it('CVE-2026-58044: hides no field that frames the message', async (t) => {
    const served = await serve(t);
    served.server.maxHeadersCount = 10;
    const hidden = [...fieldLines(20), `Content-Length: ${get('/smuggled').length}`];
    await assertRefused(served, head('POST / HTTP/1.1', 'Host: a', ...hidden) + get('/smuggled'), 431);
    const chunked = [...fieldLines(20), 'Transfer-Encoding: chunked'];
    await assertRefused(served, head('POST / HTTP/1.1', 'Host: a', ...chunked) + lastChunk, 431);
  });

  it('holds for the connections that come after it was set', async (t) => {
    const served = await serve(t);
    served.server.maxHeadersCount = 10;
    assert.deepEqual(statusCodes(await served.exchange(requestOf(10))), [200]);
    await assertRefused(served, requestOf(11), 431);
    served.server.maxHeadersCount = 0;
    assert.deepEqual(statusCodes(await served.exchange(requestOf(1500))), [200]);
  });

  it('holds for a trailer section', async (t) => {
    const served = await serve(t);
    served.server.maxHeadersCount = 10;
    const request = (count: number) =>
      `${chunkedPost('Connection: close')}0\r\n${fieldLines(count).join('\r\n')}\r\n\r\n`;
    assert.deepEqual(statusCodes(await served.exchange(request(10))), [200]);
    assert.deepEqual(served.completed, ['POST /']);
    assert.deepEqual(statusCodes(await served.exchange(request(11))), [431]);
    assert.deepEqual(served.completed, ['POST /']);
  });
});

describe('a body', () => {
  it('CVE-2024-22019: has no more than 16 KiB of extensions in a chunk', async (t) => {
    assert.equal(MAX_CHUNK_EXTENSIONS_SIZE, 16_384);
    const served = await serve(t);
    // What is counted is everything between the semicolon and LF.
    const body = (size: number) => `1;${'e'.repeat(size - 1)}\r\na\r\n`;
    const request = (size: number) =>
      `${chunkedPost('Connection: close')}${body(size)}${body(size)}${lastChunk}`;
    assert.deepEqual(statusCodes(await served.exchange(request(16_384))), [200]);
    assert.deepEqual(served.completed, ['POST / aa']);
    const found = replies(await served.exchange(request(16_385)));
    assertRefusal(found[0], 413);
    assert.equal(found.length, 1);
    assert.deepEqual(served.completed, ['POST / aa']);
  });

  it('CVE-2024-22019: ends an extension without end as soon as it is too long', async (t) => {
    const served = await serve(t);
    const client = served.connect();
    await client.send(`${chunkedPost()}1;`);
    const extension = 'e'.repeat(1000);
    // The server answers while the client is still sending.
    for (let sent = 0; sent <= 17_000; sent += extension.length) client.socket.write(extension);
    await client.closed();
    assertRefusal(replies(client.received)[0], 413);
  });

  it('is no longer than integers are exact, in Content-Length', async (t) => {
    const served = await serve(t);
    const request = (length: bigint) => head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`);
    const client = served.connect();
    await client.send(request(2n ** 53n - 1n));
    const [req] = await once(served.server, 'request');
    assert.equal(req.headers['content-length'], '9007199254740991');
    client.destroy();
    await assertRefused(served, request(2n ** 53n), 400);
  });

  it('is no longer than integers are exact, in a chunk', async (t) => {
    const served = await serve(t);
    const client = served.connect();
    await client.send(`${chunkedPost()}1fffffffffffff\r\n`);
    const [req] = await once(served.server, 'request');
    client.socket.write('abc');
    const [content] = await once(req, 'data');
    assert.equal(String(content), 'abc');
    client.destroy();
    const found = replies(await served.exchange(`${chunkedPost()}20000000000000\r\nabc`));
    assertRefusal(found[0], 400);
  });
});

describe('a connection', () => {
  it('has no more than 512 requests waiting for the response before theirs', async (t) => {
    assert.equal(MAX_PIPELINED_REQUESTS, 512);
    const waiting: ServerResponse[] = [];
    let isReleased = false;
    let reached = () => {};
    const full = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const served = await serve(t, {}, (req, res) => {
      if (isReleased || req.url === '/other') res.end(req.url);
      else waiting.push(res);
      if (waiting.length === 1 + MAX_PIPELINED_REQUESTS) reached();
    });
    const client = served.connect();
    const more = 1000;
    await client.send(get('/first') + get('/').repeat(more) + lastGet('/last'));
    await full;
    // Whatever else was received is not read before a response has left.
    await served.exchange(lastGet('/other'));
    assert.equal(waiting.length, 1 + MAX_PIPELINED_REQUESTS);
    isReleased = true;
    for (const res of waiting.reverse()) res.end(res.req.url);
    await client.closed();
    assert.deepEqual(
      replies(client.received).map((reply) => reply.content),
      ['/first', ...Array(more).fill('/'), '/last'],
    );
  });

  /** Sends requests of one connection one by one, each when the one before was handled. Returns how many were. */
  async function oneByOne(
    served: Served,
    client: WireClient,
    request: string,
    most: number,
  ): Promise<number> {
    for (let sent = 1; sent <= most; sent++) {
      await client.send(request);
      for (let turn = 0; served.handled.length < sent; turn++) {
        if (turn === 200) return served.handled.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return served.handled.length;
  }

  it('has no more than 512 of them where they come one by one, either', async (t) => {
    const waiting: ServerResponse[] = [];
    const served = await serve(t, {}, (_req, res) => waiting.push(res));
    const client = served.connect();
    assert.equal(await oneByOne(served, client, get('/'), 600), 1 + MAX_PIPELINED_REQUESTS);
    // The one that was sent and not read comes when there is room.
    for (const res of waiting.splice(0)) res.end();
    await bounded('the next request', once(served.server, 'request'));
    assert.equal(served.handled.length, 2 + MAX_PIPELINED_REQUESTS);
  });

  it('is read no further while its client does not read, where requests come one by one', async (t) => {
    const content = 'c'.repeat(64 * 1024);
    const served = await serve(t, {}, (_req, res) => res.end(content));
    const client = served.connect();
    client.socket.pause();
    const handled = await oneByOne(served, client, get('/'), 1000);
    assert.ok(handled < 1000, `${handled} requests were carried out`);
    client.socket.resume();
    await client.until('HTTP/1.1 200 OK', handled + 1);
    assert.equal(served.handled.length, handled + 1);
  });

  it('has no more requests than maxRequestsPerSocket', async (t) => {
    const served = await serve(t);
    served.server.maxRequestsPerSocket = 3;
    const client = served.connect();
    for (let i = 1; i <= 3; i++) {
      await client.send(get(`/${i}`));
      await client.until('ok', i);
    }
    await client.closed();
    const found = replies(client.received);
    assert.deepEqual(
      found.map((reply) => reply.fields.get('connection')),
      ['keep-alive', 'keep-alive', 'close'],
    );
    served.handled.length = 0;
    // A client that pipelines on, without regard for the close.
    const dropped: string[] = [];
    served.server.on('dropRequest', (req) => dropped.push(String(req.url)));
    const codes = statusCodes(await served.exchange([1, 2, 3, 4, 5].map((i) => get(`/${i}`)).join('')));
    assert.deepEqual(codes.slice(0, 3), [200, 200, 200]);
    assert.ok(codes.slice(3).every((code) => code === 503));
    assert.deepEqual(served.handled, ['GET /1', 'GET /2', 'GET /3']);
  });
});

describe('timeouts', () => {
  it('are on by default', () => {
    const server = createServer();
    assert.equal(server.headersTimeout, HEADERS_TIMEOUT);
    assert.equal(server.requestTimeout, REQUEST_TIMEOUT);
    assert.equal(server.keepAliveTimeout, KEEP_ALIVE_TIMEOUT);
    assert.equal(Reflect.get(server, 'keepAliveTimeoutBuffer'), KEEP_ALIVE_TIMEOUT_BUFFER);
    assert.deepEqual(
      [HEADERS_TIMEOUT, REQUEST_TIMEOUT, KEEP_ALIVE_TIMEOUT, KEEP_ALIVE_TIMEOUT_BUFFER],
      [60_000, 300_000, 5_000, 1_000],
    );
  });
});
