/**
 * What a client is told when its message is refused: a whole response, behind those that were due before it. And
 * what the application is told: nothing but 'clientError'.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { chunk, chunkedPost, get, head, lastGet } from '../differential/messages.js';
import { assertRefusal, type Reply, replies, serve, statusCodes } from './served.js';

/** A message that is refused with each status, and why. */
const REFUSED: [number, string, string][] = [
  [400, 'a line that is no request-line', 'nonsense\r\n\r\n'],
  [
    400,
    'both framing fields',
    head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
  ],
  [414, 'a request-target that is too long', lastGet(`/${'t'.repeat(20_000)}`)],
  [431, 'a header section that is too large', lastGet('/', `X: ${'v'.repeat(20_000)}`)],
  [431, 'more fields than are taken', lastGet('/', ...Array.from({ length: 1001 }, (_, i) => `f${i}: v`))],
  [501, 'a method nobody knows', head('BREW /pot HTTP/1.1', 'Host: a')],
  [
    501,
    'a transfer coding nobody knows',
    head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: cow, chunked'),
  ],
  [505, 'HTTP/2.0', head('GET / HTTP/2.0', 'Host: a')],
  [505, 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  [505, 'HTTP/1.2', head('GET / HTTP/1.2', 'Host: a')],
];

describe('a refused message', () => {
  for (const [statusCode, why, message] of REFUSED) {
    it(`is answered with ${statusCode} for ${why}`, async (t) => {
      const served = await serve(t);
      const found = replies(await served.exchange(message));
      assert.equal(found.length, 1);
      assertRefusal(found[0], statusCode);
      assert.deepEqual(served.handled, []);
    });

    it(`never costs a good one before it its response: ${statusCode} for ${why}`, async (t) => {
      // In the same segment; answered at once, in a later turn, and with more than one write.
      const served = await serve(t, {}, (req, res) => {
        if (req.url === '/now') res.end('now');
        else if (req.url === '/later') setImmediate(() => res.end('later'));
        else {
          res.write('in ');
          setImmediate(() => res.end('pieces'));
        }
      });
      const good = get('/now') + get('/later') + get('/pieces');
      for (const first of [get('/now'), get('/later'), get('/pieces'), good, good + good]) {
        const count = first.split('GET').length - 1;
        served.handled.length = 0;
        const found = replies(await served.exchange(first + message));
        assert.deepEqual(
          found.map((reply) => reply.statusCode),
          [...Array(count).fill(200), statusCode],
        );
        assertRefusal(found[count], statusCode);
        assert.equal(served.handled.length, count);
      }
    });

    it(`is told as 'clientError', and left to whoever listens: ${statusCode} for ${why}`, async (t) => {
      const served = await serve(t);
      const own = 'HTTP/1.1 418 Own\r\nConnection: close\r\nContent-Length: 3\r\n\r\nown';
      const errors: NodeJS.ErrnoException[] = [];
      served.server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
        errors.push(error);
        socket.end(own);
      });
      assert.equal(await served.exchange(message), own);
      assert.equal(errors.length, 1);
      assert.match(String(errors[0].code), /^HPE_/);
      assert.equal(Reflect.get(errors[0], 'rawPacket').toString('latin1'), message.slice(0, 65_536));
      assert.deepEqual(served.handled, []);
    });
  }

  /** Messages whose head is right, refused for what stands in their content. */
  const wrongBodies: [number, string, string][] = [
    [413, 'a chunk extension that is too long', `${chunkedPost()}1;${'e'.repeat(20_000)}\r\na\r\n0\r\n\r\n`],
    [400, 'a chunk size that is none', `${chunkedPost()}nonsense\r\n`],
    [400, 'a trailer section that is none', `${chunkedPost()}${chunk('abc')}0\r\nnonsense\r\n`],
    [400, 'such a chunk size in a last request', `${chunkedPost('Connection: close')}nonsense\r\n`],
    [431, 'a trailer section that is too large', `${chunkedPost()}0\r\nX: ${'v'.repeat(20_000)}`],
  ];
  for (const [statusCode, why, message] of wrongBodies) {
    it(`never costs a good one before it its response: ${statusCode} for ${why}`, async (t) => {
      const served = await serve(t, {}, (req, res) => {
        if (req.url === '/now') res.end('now');
        else if (req.url === '/later') setImmediate(() => res.end('later'));
      });
      for (const first of [
        '',
        get('/now'),
        get('/later'),
        get('/later') + get('/now'),
        get('/now') + get('/later'),
      ]) {
        served.completed.length = 0;
        const count = first.split('GET').length - 1;
        const found = replies(await served.exchange(first + message));
        assert.deepEqual(
          found.map((reply) => reply.statusCode),
          [...Array(count).fill(200), statusCode],
        );
        assertRefusal(found[count], statusCode);
        // Its handler was called, since its head was good, and never saw the end.
        assert.equal(served.completed.filter((request) => request.startsWith('POST')).length, 0);
      }
    });
  }

  it('is answered with 417 for an expectation nobody knows, and framed', async (t) => {
    const served = await serve(t);
    const found = replies(await served.exchange(get('/good') + lastGet('/', 'Expect: tea')));
    assert.deepEqual(
      found.map((reply) => [reply.statusCode, reply.content]),
      [
        [200, 'ok'],
        [417, ''],
      ],
    );
    assert.ok(found[1].fields.has('date'));
    assert.equal(found[1].fields.get('connection'), 'close');
    assert.deepEqual(served.handled, ['GET /good']);
  });

  it('ends what was received of it with ECONNRESET, and its response with close', async (t) => {
    for (const first of ['', get('/good')]) {
      const events: string[] = [];
      const served = await serve(t, {}, (req, res) => {
        if (req.method === 'GET') {
          setImmediate(() => res.end('good'));
          return;
        }
        req.on('error', (error: NodeJS.ErrnoException) =>
          events.push(`request ${error.code} ${req.complete}`),
        );
        req.on('close', () => events.push('request close'));
        res.on('finish', () => events.push('response finish'));
        res.on('close', () => events.push('response close'));
      });
      const received = await served.exchange(`${first}${chunkedPost()}${chunk('abc')}nonsense\r\n`);
      assertRefusal(replies(received).at(-1) as Reply, 400);
      assert.deepEqual(events.sort(), ['request ECONNRESET false', 'request close', 'response close']);
    }
  });

  it('adds nothing to a response that has begun', async (t) => {
    const served = await serve(t, {}, (_req, res) =>
      res.writeHead(200, { 'Content-Length': 10 }).write('begun'),
    );
    const client = served.connect();
    await client.send(`${chunkedPost()}${chunk('abc')}`);
    await client.until('begun');
    await client.send('nonsense\r\n');
    await client.closed();
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nbegun$/);
  });
});

describe('the reply to a refused message', () => {
  it('reaches a client that is still sending', async (t) => {
    const served = await serve(t);
    // More than both systems hold: it would not all be sent if nobody read it.
    const client = served.connect();
    client.socket.write(`nonsense\r\n\r\n${'x'.repeat(8 * 1024 * 1024)}`);
    assert.equal(await client.closed(), 'end');
    assertRefusal(replies(client.received)[0], 400);
  });

  it('reaches a client that is still sending a body', async (t) => {
    const served = await serve(t);
    const client = served.connect();
    client.socket.write(`${chunkedPost()}nonsense\r\n${'x'.repeat(8 * 1024 * 1024)}`);
    assert.equal(await client.closed(), 'end');
    assertRefusal(replies(client.received)[0], 400);
  });

  it('is all that a client gets which never stops sending', async (t) => {
    const served = await serve(t);
    const client = served.connect({ allowHalfOpen: true });
    const more = Buffer.alloc(64 * 1024, 'x');
    client.socket.write('nonsense\r\n\r\n');
    const send = () => {
      while (client.socket.writable && client.socket.write(more));
    };
    client.socket.on('drain', send);
    send();
    await client.closed();
    assert.deepEqual(statusCodes(client.received), [400]);
  });

  it('is all that a client gets which never closes', async (t) => {
    const served = await serve(t);
    const client = served.connect({ allowHalfOpen: true });
    const [socket] = await once(served.server, 'connection');
    await client.send('nonsense\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.deepEqual(statusCodes(client.received), [400]);
  });
});
