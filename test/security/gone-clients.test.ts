/** Clients that go away: a handler that waits for the end of its connection hears of it, whatever was still to come. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import type { ServerOptions } from 'barewire/http';
import { bounded } from '../differential/bounded.js';
import { chunkedPost, get, head } from '../differential/messages.js';
import type { WireClient } from '../differential/wire-client.js';
import { replies, type Served, serve } from './served.js';

const upgrade = head('GET /up HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: echo');

/** A server that answers nothing, and what it was told of the end of each response. */
async function waiting(
  t: TestContext,
  options: ServerOptions = {},
): Promise<{ served: Served; closed: string[] }> {
  const closed: string[] = [];
  const served = await serve(t, options);
  served.server.removeAllListeners('request');
  served.server.on('request', (req, res) => {
    req.on('error', () => {});
    res.on('close', () => closed.push(String(req.url)));
    served.server.emit('handled');
  });
  return { served, closed };
}

function connectionsOf(served: Served): Promise<number> {
  return new Promise((resolve, reject) => {
    served.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** Has a client send this and go away when the first request is handled. */
async function goAway(served: Served, request: string, later = ''): Promise<void> {
  const handled = once(served.server, 'handled');
  const socketClosed = new Promise<void>((resolve) => {
    served.server.once('connection', (socket) => socket.on('close', () => resolve()));
  });
  const client = served.connect();
  await client.send(request);
  await bounded('the request is handled', handled);
  if (later !== '') await client.send(later);
  client.destroy();
  await bounded('the server sees the end', socketClosed);
  assert.equal(await connectionsOf(served), 0);
}

describe('a client that goes away while its response is owed', () => {
  it('is gone for the server too, with an unfinished head behind', async (t) => {
    const { served, closed } = await waiting(t);
    await goAway(served, `${get('/1')}GET /2 HT`);
    assert.deepEqual(closed, ['/1']);
  });

  it('is gone for the server too, with unfinished content behind', async (t) => {
    const { served, closed } = await waiting(t);
    await goAway(served, `${get('/1')}${chunkedPost()}5\r\nhel`);
    assert.deepEqual(closed.sort(), ['/', '/1']);
  });

  it('is gone for the server too, with what cannot be read behind', async (t) => {
    const { served, closed } = await waiting(t);
    await goAway(served, `${get('/1')}\0\0\0`);
    assert.deepEqual(closed, ['/1']);
  });

  it('is gone for the server too, with an upgrade behind that waits', async (t) => {
    const { served, closed } = await waiting(t);
    served.server.on('upgrade', (_req, socket: Duplex) => socket.destroy());
    // Its bytes are the other protocol's, and wait too.
    await goAway(served, `${get('/1')}${upgrade}`, 'x'.repeat(2000));
    assert.deepEqual(closed, ['/1']);
  });

  it('is gone for the server too, with content behind that nobody reads, after its time-out', async (t) => {
    const options = { requestTimeout: 300, connectionsCheckingInterval: 20, highWaterMark: 1000 };
    const { served, closed } = await waiting(t, options as ServerOptions);
    const socketClosed = new Promise<void>((resolve) => {
      served.server.once('connection', (socket) => socket.on('close', () => resolve()));
    });
    const client = served.connect();
    await client.send(
      `${get('/1')}${head('POST /2 HTTP/1.1', 'Host: a', 'Content-Length: 9000')}${'x'.repeat(3000)}`,
    );
    client.end();
    await bounded('the server sees the end', socketClosed);
    assert.deepEqual(closed.sort(), ['/1', '/2']);
  });

  it('tells of what was wrong when it is gone', async (t) => {
    const { served } = await waiting(t);
    const codes: unknown[] = [];
    served.server.on('clientError', (error: NodeJS.ErrnoException) => codes.push(error.code));
    await goAway(served, `${get('/1')}GET /2 HT`);
    assert.deepEqual(codes, ['HPE_INVALID_EOF_STATE']);
  });
});

describe('a response that waits for its turn', () => {
  it('closes with its connection, and says why', async (t) => {
    const served = await serve(t);
    served.server.removeAllListeners('request');
    const told: unknown[] = [];
    const both = new Promise<void>((resolve) => {
      served.server.on('request', (req, res) => {
        req.on('error', () => {});
        res.on('close', () => {
          told.push(req.url, (res.errored as NodeJS.ErrnoException | null)?.code);
          if (told.length === 4) resolve();
        });
        served.server.emit('handled');
      });
    });
    await goAway(served, get('/1') + get('/2'));
    await bounded('both close', both);
    assert.deepEqual(told, ['/1', undefined, '/2', 'ECONNRESET']);
  });
});

describe('content that comes behind the response to its request', () => {
  /** A server that answers at once, and what it was told of the content of a request that it reads on. */
  async function answering(t: TestContext, fields: Record<string, string>) {
    const served = await serve(t);
    const told: unknown[] = [];
    served.server.removeAllListeners('request');
    const closed = new Promise<void>((resolve) => {
      served.server.on('request', (req, res) => {
        let length = 0;
        req.on('data', (data: Buffer) => {
          length += data.length;
        });
        req.on('end', () => told.push('end', length));
        req.on('aborted', () => told.push('aborted', length));
        req.on('error', (error: NodeJS.ErrnoException) => told.push(error.code));
        req.on('close', resolve);
        res.writeHead(200, { 'Content-Length': 2, ...fields }).end('ok');
      });
    });
    const client = served.connect();
    await client.send(`${chunkedPost()}5\r\nhello\r\n`);
    await client.until('ok');
    return { client, told, closed };
  }

  it('is read by who reads it, behind the last response of a connection too', async (t) => {
    const { client, told, closed } = await answering(t, { Connection: 'close' });
    await client.send('6\r\n world\r\n0\r\n\r\n');
    await bounded('the request closes', closed);
    assert.deepEqual(told, ['end', 11]);
    assert.deepEqual(await client.closed(), 'end');
  });

  for (const [name, fields] of [
    ['the last response of a connection', { Connection: 'close' }],
    ['a response', {}],
  ] as const) {
    it(`is cut short for who reads it, behind ${name}, when the client goes away`, async (t) => {
      const { client, told, closed } = await answering(t, fields);
      client.reset();
      await bounded('the request closes', closed);
      assert.deepEqual(told, ['aborted', 5, 'ECONNRESET']);
    });
  }

  it('is cut short, and nothing said of it, where it cannot be read', async (t) => {
    const { client, told, closed } = await answering(t, { Connection: 'close' });
    await client.send('nonsense\r\n');
    await bounded('the request closes', closed);
    assert.deepEqual(told, ['aborted', 5, 'ECONNRESET']);
    assert.deepEqual(replies(client.received).length, 1);
  });
});

describe('bytes behind an upgrade that waits', () => {
  it('are no more than the stream would hold', async (t) => {
    const served = await serve(t, { highWaterMark: 1000 }, () => {});
    const { server } = served;
    let answer = () => {};
    server.removeAllListeners('request');
    server.on('request', (_req, res) => {
      answer = () => res.end('ok');
    });
    const heads: string[] = [];
    server.on('upgrade', (_req, socket: Duplex, first: Buffer) => {
      heads.push(first.toString('latin1'));
      socket.end();
    });
    for (const size of [1000, 1001]) {
      const client = served.connect();
      const connection = once(server, 'connection');
      const requests = `${get('/1')}${upgrade}`;
      await client.send(requests);
      const [socket] = (await connection) as [Socket];
      const total = requests.length + size;
      const rest = new Promise<void>((resolve) => {
        socket.on('data', () => {
          if (socket.bytesRead === total) resolve();
        });
      });
      await client.send('x'.repeat(size));
      await bounded('the bytes have come', rest, () => `; ${socket.bytesRead} of ${total}`);
      answer();
      await client.closed();
      const codes = replies(client.received).map((reply) => reply.statusCode);
      assert.deepEqual(codes, size === 1000 ? [200] : [200, 413]);
    }
    assert.deepEqual(heads, ['x'.repeat(1000)]);
  });
});

describe('the time for a head', () => {
  it('counts for one that had to wait for room too', async (t) => {
    const options = { highWaterMark: 1000, headersTimeout: 20, connectionsCheckingInterval: 10 };
    const served = await serve(t, options as ServerOptions, (_req, res) => res.end('x'.repeat(20_000)));
    const client = served.connect();
    await client.send(`${get('/1')}GET /2 HT`);
    await client.closed();
    assert.deepEqual(
      replies(client.received).map((reply) => reply.statusCode),
      [200, 408],
    );
  });
});

describe('content before an upgrade that has begun', () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n';
  const lines = ['POST /up HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: echo'];
  const uploading = head(...lines, 'Transfer-Encoding: chunked');

  /** What the two sides hear when this comes behind the first chunk. */
  async function outcome(
    t: TestContext,
    options: object,
    act: (client: WireClient) => unknown,
  ): Promise<string[]> {
    const served = await serve(t, options as ServerOptions);
    const { server } = served;
    const heard: string[] = [];
    server.on('clientError', () => heard.push('clientError'));
    const upgraded = once(server, 'upgrade');
    const closed = new Promise<void>((resolve) => {
      server.on('upgrade', (req, stream: Duplex) => {
        stream.write(switching);
        req.on('data', (data: Buffer) => heard.push(`content ${data}`));
        req.on('end', () => heard.push('content ends'));
        req.on('error', (error: NodeJS.ErrnoException) => heard.push(`content ${error.code}`));
        stream.resume().on('end', () => stream.end());
        stream.on('error', () => heard.push('stream error'));
        let open = 2;
        for (const emitter of [req, stream]) emitter.on('close', () => --open === 0 && resolve());
      });
    });
    const client = served.connect();
    await client.send(`${uploading}5\r\nhello\r\n`);
    await upgraded;
    await client.until('\r\n\r\n');
    await act(client);
    await bounded('the stream closes', closed);
    await client.closed();
    assert.equal(client.received, switching, 'nothing of HTTP comes behind the switch');
    assert.equal(await connectionsOf(served), 0);
    return heard;
  }

  it('is cut short when the client ends', async (t) => {
    assert.deepEqual(await outcome(t, {}, (client) => client.end()), ['content hello', 'content ECONNRESET']);
  });

  it('is cut short when the client resets', async (t) => {
    const heard = await outcome(t, {}, (client) => client.reset());
    assert.deepEqual(
      heard.filter((what) => what !== 'stream error'),
      ['content hello', 'content ECONNRESET'],
    );
  });

  it('ends the connection without a word when it cannot be read', async (t) => {
    const heard = await outcome(t, {}, (client) => client.send('zz\r\n'));
    assert.deepEqual(heard, ['content hello', 'content ECONNRESET']);
  });

  it('ends the connection without a word when it takes too long', async (t) => {
    const heard = await outcome(t, { requestTimeout: 50, connectionsCheckingInterval: 10 }, () => {});
    assert.deepEqual(heard, ['content hello', 'content ECONNRESET']);
  });
});
