/**
 * Clients that hold a connection by being slow: each kind ends at its time-out, thousands of them at once, and
 * others are served all the while.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { bounded } from '../differential/bounded.js';
import { chunk, chunkedPost, get, head, lastGet } from '../differential/messages.js';
import { assertRefusal, replies, serve } from './served.js';
import { ServerProcess } from './server-control.js';

/** Of each kind. */
const CLIENTS = 600;
/** Of those that do not read: the systems at both ends hold megabytes for each before its server notices. */
const READERS = 50;
const MIB = 1024 * 1024;

/** Many connections of one kind: what each has received, and how many have ended. */
class Crowd {
  readonly received: string[] = [];
  private readonly sockets: Socket[] = [];
  private open = 0;

  /** Makes the connections, some at a time, and sends the first bytes on each. */
  static async gather(
    t: TestContext,
    server: ServerProcess,
    first: string,
    { size = CLIENTS, reads = true } = {},
  ): Promise<Crowd> {
    const crowd = new Crowd();
    t.after(() => {
      for (const socket of crowd.sockets) socket.destroy();
    });
    for (let i = 0; i < size; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, j) => crowd.join(server, i + j, first, reads)));
    }
    return crowd;
  }

  private async join(server: ServerProcess, index: number, first: string, reads: boolean): Promise<void> {
    const socket = await server.connect();
    this.sockets.push(socket);
    this.received[index] = '';
    this.open++;
    socket.on('close', () => this.open--);
    if (reads) {
      socket.on('data', (bytes: Buffer) => {
        this.received[index] += bytes.toString('latin1');
      });
    } else {
      socket.pause();
    }
    if (first !== '') socket.write(first, 'latin1');
  }

  get size(): number {
    return this.open;
  }

  /** Sends more on every connection that the server has not ended. */
  send(bytes: string): void {
    for (const socket of this.sockets) if (socket.writable) socket.write(bytes, 'latin1');
  }

  /** Reads what there is, as a client must to see its end. */
  resume(): void {
    for (const socket of this.sockets) socket.resume();
  }

  /** Was each told that it was too slow? */
  assertTimedOut(name: string): void {
    for (const received of this.received) {
      const found = replies(received);
      assert.equal(found.length, 1, name);
      assertRefusal(found[0], 408);
    }
  }
}

/**
 * Who asks again and again on one connection. Its requests come whole: how long this process, with thousands of sockets,
 * takes to send one decides nothing.
 */
class Patron {
  private readonly socket: Socket;
  private received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
    });
  }

  /** Connects, and has been served once. */
  static async enter(t: TestContext, server: ServerProcess): Promise<Patron> {
    const socket = await server.connect();
    t.after(() => socket.destroy());
    const patron = new Patron(socket);
    await patron.ask();
    return patron;
  }

  async ask(): Promise<void> {
    this.received = '';
    this.socket.write(get('/honest'), 'latin1');
    while (!this.received.endsWith('\r\n\r\nok')) {
      assert.equal(this.socket.readyState, 'open');
      await once(this.socket, 'data');
    }
    assert.deepEqual(
      replies(this.received).map(({ statusCode }) => statusCode),
      [200],
    );
  }
}

describe('slow clients', () => {
  it('CVE-2018-12122, CVE-2020-8251: thousands of every kind end while others are served', async (t) => {
    // Nothing ends before all of them are there: the time-outs count from when they are set.
    const server = await ServerProcess.start(t, { connectionsCheckingInterval: 50 });
    const before = await server.exchange(lastGet()).then(() => server.state());

    const silent = await Crowd.gather(t, server, '');
    const slowHeads = await Crowd.gather(t, server, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const longBody = head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000000');
    const slowBodies = await Crowd.gather(t, server, longBody);
    const slowChunks = await Crowd.gather(t, server, `${chunkedPost()}fffff\r\n`);
    const slowReaders = await Crowd.gather(t, server, get('/endless'), { size: READERS, reads: false });
    const crowds = { silent, slowHeads, slowBodies, slowChunks, slowReaders };
    const total = 4 * CLIENTS + READERS;
    assert.ok(total > 2000);
    const full = await server.until('all slow clients are there', (state) => {
      return state.connections >= total && state.handled['/endless'] === READERS;
    });
    assert.ok(full.peakConnections >= total);
    // A slow reader holds what its response's stream may hold; the others next to nothing.
    const perClient = (full.memory - before.memory) / total;
    assert.ok(perClient < 64 * 1024, `${Math.round(perClient)} bytes for a slow client`);

    // They send on, a byte now and then, so that only the whole can tell that they are slow.
    const drip = setInterval(() => {
      slowHeads.send('x');
      slowBodies.send('x');
      slowChunks.send('x');
    }, 100);
    t.after(() => clearInterval(drip));
    const serveOther = async () => {
      const [reply] = replies(await server.exchange(lastGet('/honest')));
      assert.deepEqual([reply.statusCode, reply.content], [200, 'ok']);
    };
    for (let i = 0; i < 20; i++) await serveOther();
    const patron = await Patron.enter(t, server);
    await server.set({ headersTimeout: 500, requestTimeout: 1000 });
    const open = () => silent.size + slowHeads.size + slowBodies.size + slowChunks.size;
    const serveOthers = async () => {
      do await patron.ask();
      while (open() > 0);
      await serveOther();
    };
    await bounded('all slow clients end', serveOthers(), () => `; ${open()} are left`);
    clearInterval(drip);
    for (const [name, crowd] of Object.entries(crowds)) {
      if (crowd !== slowReaders) crowd.assertTimedOut(name);
    }
    // Who waits for its response is in no time-out of requests.
    const left = await server.until('the slow clients are gone', (state) => state.connections <= READERS);
    assert.equal(left.connections, READERS);
  });

  it('that do not read end at the time-out of the socket, while others are served', async (t) => {
    const server = await ServerProcess.start(t);
    // Long enough for all of them to have sent their requests on a busy machine.
    await server.set({ timeout: 2000 });
    const slowReaders = await Crowd.gather(t, server, get('/endless'), { size: READERS, reads: false });
    await server.until('all are answered', (state) => state.handled['/endless'] === READERS);
    const isGone = server.until('the slow readers are gone', (state) => state.connections === 0);
    let isOver = false;
    void isGone.then(() => {
      isOver = true;
    });
    do {
      const [reply] = replies(await server.exchange(lastGet('/honest')));
      assert.equal(reply.content, 'ok');
    } while (!isOver);
    slowReaders.resume();
    await isGone;
  });

  it('CVE-2019-5737, CVE-2019-5739: that idle behind a response are closed at keepAliveTimeout', async (t) => {
    const server = await ServerProcess.start(t, { keepAliveTimeout: 200, ...{ keepAliveTimeoutBuffer: 0 } });
    const idle = await Crowd.gather(t, server, get());
    await server.until('all idle connections are closed', (state) => state.connections === 0);
    for (const received of idle.received) assert.equal(replies(received)[0].content, 'ok');
  });

  it('leave nothing behind', async (t) => {
    const server = await ServerProcess.start(t, {
      ...{ headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 },
      ...{ keepAliveTimeout: 200, keepAliveTimeoutBuffer: 0 },
    });
    await server.exchange(lastGet());
    const round = async () => {
      await Crowd.gather(t, server, 'GET / HTTP/1.1\r\nX-Slow: ', { size: 200 });
      await Crowd.gather(t, server, get(), { size: 200 });
      return server.until('all are closed', (state) => state.connections === 0);
    };
    const first = await round();
    let last = first;
    for (let i = 0; i < 3; i++) last = await round();
    assert.ok(last.memory - first.memory < MIB / 2, `${last.memory - first.memory} bytes more`);
  });
});

describe('a time-out', () => {
  const quick = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 };

  it('CVE-2018-12122: of the head ends a head that does not come, without one of the request', async (t) => {
    const served = await serve(t, { ...quick, requestTimeout: 0 });
    for (const part of ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: a\r\nX-']) {
      const client = served.connect();
      await client.send(part);
      await client.closed();
      assertRefusal(replies(client.received)[0], 408);
    }
    assert.deepEqual(served.handled, []);
  });

  it('CVE-2020-8251: of the request ends content that does not come, without one of the head', async (t) => {
    const served = await serve(t, { ...quick, headersTimeout: 0 });
    for (const part of [
      chunkedPost() + chunk('some'),
      head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 9'),
    ]) {
      const client = served.connect();
      await client.send(part);
      await client.closed();
      assertRefusal(replies(client.received)[0], 408);
    }
    assert.deepEqual(served.completed, []);
  });

  it('CVE-2019-5737: counts for every request of a connection', async (t) => {
    // That of the whole request would end it too.
    const served = await serve(t, { ...quick, requestTimeout: 0 });
    const client = served.connect();
    await client.send(get('/first'));
    await client.until('ok');
    await client.send('GET /second HTTP/1.1\r\nHost: a\r\n');
    await client.closed();
    const found = replies(client.received);
    assert.deepEqual(
      found.map((reply) => reply.statusCode),
      [200, 408],
    );
    assertRefusal(found[1], 408);
    assert.deepEqual(served.handled, ['GET /first']);
  });

  it('of idle connections comes, though one of them had a time-out of its own before', async (t) => {
    const options = { keepAliveTimeout: 960, ...{ keepAliveTimeoutBuffer: 0 } };
    const served = await serve(t, options, (req, res) => {
      if (req.url === '/own') res.on('close', () => req.socket.setTimeout(1));
      res.end('ok');
    });
    const idle = served.connect();
    await idle.send(get('/idle'));
    await idle.until('ok');
    const other = served.connect();
    await other.send(get('/own'));
    await other.closed();
    await idle.closed();
  });

  it('of the head takes over from the idle one with the first byte of a request', async (t) => {
    const served = await serve(t, { keepAliveTimeout: 100, ...{ keepAliveTimeoutBuffer: 0 } });
    const client = served.connect();
    await client.send(get('/first'));
    await client.until('ok');
    await client.send('GET /sec');
    // Connections that came to idle later, and were closed since.
    for (let i = 0; i < 3; i++) {
      const other = served.connect();
      await other.send(get('/other'));
      await other.closed();
    }
    await client.send('ond HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await client.closed();
    assert.deepEqual(
      replies(client.received).map((reply) => reply.content),
      ['ok', 'ok'],
    );
  });

  it('is told once, whatever is done about it', async (t) => {
    const served = await serve(t, quick);
    const told = new Map<Duplex, number>();
    served.server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      assert.equal(error.code, 'ERR_HTTP_REQUEST_TIMEOUT');
      told.set(socket, (told.get(socket) ?? 0) + 1);
    });
    // When the time of the second has run out, the server has looked at the first again and again.
    for (let clients = 1; clients <= 2; clients++) {
      served.connect();
      while (told.size < clients) await once(served.server, 'clientError');
    }
    assert.deepEqual([...told.values()], [1, 1]);
  });

  it('of a request does not touch the responses that are due before it', async (t) => {
    let answer = () => {};
    const served = await serve(t, quick, (_req, res) => {
      answer = () => res.end('late');
    });
    const client = served.connect();
    await client.send(`${get('/good')}GET /slow HTTP/1.1\r\n`);
    // Another connection runs into the same time-out.
    await served.connect().closed();
    answer();
    await client.closed();
    assert.deepEqual(
      replies(client.received).map((reply) => [reply.statusCode, reply.content]),
      [
        [200, 'late'],
        [408, ''],
      ],
    );
  });

  it('of empty lines before a request-line is that of the head', async (t) => {
    const served = await serve(t, { ...quick, requestTimeout: 0 });
    const client = served.connect();
    const drip = setInterval(() => client.socket.writable && client.socket.write('\r\n'), 5);
    t.after(() => clearInterval(drip));
    await client.closed();
    assertRefusal(replies(client.received)[0], 408);
  });
});
