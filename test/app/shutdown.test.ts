/** Listening and the end: no request lost that could be answered, and no end that does not come. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { type Application, createApp, type EventStream, type ListenOptions, sse } from 'barewire';
import { first as certificate } from '../fixtures/certificates.js';

/** A promise, and what fulfils it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** One end of a connection, as text. */
class Client {
  readonly socket: Socket;
  text = '';
  /** Fulfilled with how it ended. */
  readonly closed: Promise<'ended' | 'reset'>;
  private wake = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.text += piece;
      this.wake();
    });
    this.closed = new Promise((resolve) => {
      let how: 'ended' | 'reset' = 'ended';
      socket.on('error', () => {
        how = 'reset';
      });
      socket.on('close', () => {
        this.wake();
        resolve(how);
      });
    });
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  get(path: string, more = ''): this {
    return this.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`);
  }

  /** Waits until the text is there; rejects where the connection ends before. */
  async until(text: string): Promise<string> {
    while (!this.text.includes(text)) {
      if (this.socket.destroyed) throw new Error(`closed before ${text}: ${this.text}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.text;
  }
}

/** An application that listens, cut with the test. */
async function serve(
  t: TestContext,
  make: (app: Application) => void,
  options: ListenOptions = {},
): Promise<{ app: Application; server: Server; client: () => Promise<Client> }> {
  const app = createApp();
  make(app);
  const server = await app.listen({ port: 0, host: '127.0.0.1', ...options });
  t.after(() => app.close({ deadline: 0 }));
  const { port } = server.address() as AddressInfo;
  const client = async () => {
    const socket = net.connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    // Of its 'connect' the server hears later.
    while ((await connections(server)) < 1) await new Promise(setImmediate);
    return new Client(socket);
  };
  return { app, server, client };
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

async function isRefused(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  const outcome = await new Promise((resolve) => {
    socket.on('connect', () => resolve('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  socket.destroy();
  return outcome === 'ECONNREFUSED';
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('requests while it closes', () => {
  /** A handler for '/slow' that answers when it is let, and tells when it is called. */
  function slow(app: Application) {
    const [called, answered] = [gate(), gate()];
    let calls = 0;
    app.get('/slow', async () => {
      calls++;
      called.open();
      await answered.opened;
      return 'slow';
    });
    return { called: called.opened, calls: () => calls, answer: answered.open };
  }

  test('that were there before are answered, and the last of a connection says that it is', async (t) => {
    let control = slow(createApp());
    const { app, client } = await serve(t, (it) => {
      control = slow(it);
    });
    const one = (await client()).get('/slow').get('/slow');
    while (control.calls() < 2) await new Promise(setImmediate);
    const closed = app.close();
    control.answer();
    assert.equal(await one.closed, 'ended');
    assert.match(one.text, /Connection: keep-alive[\s\S]*slow[\s\S]*Connection: close[\s\S]*slow$/);
    await closed;
  });

  test('that come behind one which is being answered are answered, too', async (t) => {
    let control = slow(createApp());
    const { app, client } = await serve(t, (it) => {
      control = slow(it);
    });
    const one = (await client()).get('/slow');
    await control.called;
    const closed = app.close();
    one.get('/slow');
    while (control.calls() < 2) await new Promise(setImmediate);
    one.get('/slow');
    while (control.calls() < 3) await new Promise(setImmediate);
    control.answer();
    assert.equal(await one.closed, 'ended');
    assert.equal(one.text.match(/HTTP\/1\.1 200/g)?.length, 3);
    assert.equal(one.text.match(/Connection: close/g)?.length, 1);
    assert.match(one.text, /Connection: close[\s\S]*slow$/);
    await closed;
  });

  test('on idle connections are answered: those are told, not cut', async (t) => {
    const { app, server, client } = await serve(t, (it) =>
      it.get('/', (req, res) => res.set('Content-Length', '3').send(req.httpVersion)),
    );
    const port = portOf(server);
    const [idle, old, head, fresh] = [await client(), await client(), await client(), await client()];
    await idle.get('/').until('\r\n\r\n1.1');
    await head.get('/').until('\r\n\r\n1.1');
    await old.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n').until('\r\n\r\n1.0');
    for (const one of [idle, head, old]) {
      assert.match(one.text, /Connection: keep-alive/);
      one.text = '';
    }
    while ((await connections(server)) < 4) await new Promise(setImmediate);
    const closed = app.close();
    idle.get('/');
    fresh.get('/');
    head.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    old.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
    for (const one of [idle, old, head, fresh]) {
      assert.equal(await one.closed, 'ended');
      assert.match(one.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close/);
    }
    assert.match(head.text, /\r\n\r\n$/);
    await closed;
    assert.ok(await isRefused(port));
  });

  test('are not read behind one whose response said that the connection ends', async (t) => {
    const paths: string[] = [];
    const { app, client } = await serve(t, (it) =>
      it.get('/:path', ({ params }) => {
        paths.push(params.path);
        return params.path;
      }),
    );
    const one = await client();
    await one.get('/before').until('before');
    const closed = app.close();
    one.get('/last').get('/never');
    assert.equal(await one.closed, 'ended');
    await closed;
    assert.deepEqual(paths, ['before', 'last']);
  });

  test('whose head or content is on its way may come to their end', async (t) => {
    const { app, client } = await serve(t, (it) => {
      it.post('/', async (req) => `got ${await req.text()}`);
      it.get('/', () => 'got it');
    });
    const [body, expecting, head] = [await client(), await client(), await client()];
    await body.get('/').until('got it');
    body.text = '';
    body.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
    head.send('GET / HTTP/1.1\r\nHo');
    expecting.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    await expecting.until('HTTP/1.1 100 Continue\r\n\r\n');
    const closed = app.close({ idle: 0 });
    body.send('cd');
    head.send('st: a\r\n\r\n');
    expecting.send('abcd');
    for (const one of [body, head, expecting]) {
      assert.equal(await one.closed, 'ended');
      assert.match(one.text, /200 OK[\s\S]*Connection: close[\s\S]*got/);
    }
    await closed;
  });

  test('of clients that are connected, and that nobody has accepted yet, are answered', async (t) => {
    const { app, server } = await serve(t, (it) => it.get('/', () => 'x'));
    const sockets = Array.from({ length: 50 }, () => net.connect(portOf(server), '127.0.0.1'));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    const clients = sockets.map((socket) => new Client(socket).get('/'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await app.close();
    for (const one of clients) {
      await one.closed;
      assert.match(one.text, /200 OK[\s\S]*\r\n\r\nx$/);
    }
  });

  test('whose clients hang up hold nothing up', async (t) => {
    let control = slow(createApp());
    const { app, client } = await serve(t, (it) => {
      control = slow(it);
    });
    const one = (await client()).get('/slow');
    const two = (await client()).send('POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
    const three = (await client()).send('GET /sl');
    await control.called;
    const closed = app.close({ deadline: 1e9, idle: 1e9 });
    for (const { socket } of [one, two, three]) socket.destroy();
    await closed;
  });

  test('on another server are told as well', async (t) => {
    const app = createApp();
    app.get('/', () => 'x');
    const server = createServer(app.handler).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    await app.close();
    const one = new Client(net.connect(portOf(server), '127.0.0.1'));
    one.get('/');
    assert.equal(await one.closed, 'ended');
    assert.match(one.text, /Connection: close/);
  });
});

describe('idle connections while it closes', () => {
  test('are closed after the time that they have, used or not, and others are not', async (t) => {
    const [called, answered] = [gate(), gate()];
    const { app, server, client } = await serve(t, (it) => {
      it.get('/', () => 'x');
      it.get('/slow', async () => {
        called.open();
        await answered.opened;
        return 'slow';
      });
    });
    const [used, busy, fresh] = [await client(), await client(), await client()];
    await used.get('/').until('\r\n\r\nx');
    busy.get('/slow');
    await called.opened;
    while ((await connections(server)) < 3) await new Promise(setImmediate);
    const closed = app.close({ idle: 0 });
    assert.equal(await used.closed, 'ended');
    assert.equal(await fresh.closed, 'ended');
    answered.open();
    await busy.until('slow');
    await closed;
  });

  test('may have become idle after that time: their response could not say that it was the last', async (t) => {
    const rest = gate();
    const { app, client } = await serve(t, (it) =>
      it.get('/', async (_req, res) => {
        res.write('first');
        await rest.opened;
        res.end('last');
      }),
    );
    const one = (await client()).get('/');
    await one.until('first');
    const closed = app.close({ idle: 0, deadline: 1e9 });
    await new Promise((resolve) => setTimeout(resolve));
    rest.open();
    assert.match(await one.until('\r\n0\r\n\r\n'), /Connection: keep-alive/);
    assert.equal(await one.closed, 'ended');
    await closed;
  });

  test('end by default when their keep-alive time is over, and those never used with them', async (t) => {
    const { app, client } = await serve(t, (it) => it.get('/', () => 'x'), {
      server: { keepAliveTimeout: 30, keepAliveTimeoutBuffer: 0 } as ListenOptions['server'],
    });
    const [used, fresh] = [await client(), await client()];
    await used.get('/').until('\r\n\r\nx');
    const closed = app.close({ deadline: 1e9 });
    assert.deepEqual([await used.closed, await fresh.closed], ['ended', 'ended']);
    await closed;
  });
});

describe('the deadline', () => {
  test('cuts what does not end: requests, tunnels, upgraded connections', async (t) => {
    const { app, server, client } = await serve(t, (it) => it.get('/', () => new Promise(() => {})));
    server.on('upgrade', (_req, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    server.on('connect', (_req, socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    const [stuck, upgraded, tunnel] = [await client(), await client(), await client()];
    stuck.get('/');
    await once(server, 'request');
    await upgraded.get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n').until('101');
    await tunnel.send('CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n').until('200');
    await app.close({ deadline: 20 });
    for (const one of [stuck, upgraded, tunnel]) await one.closed;
    assert.equal(await connections(server), 0);
  });

  test('is not waited for where tunnels end by themselves', async (t) => {
    const { app, server, client } = await serve(t, () => {});
    server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.on('end', () => socket.end()).resume();
    });
    const upgraded = (await client()).get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n');
    await upgraded.until('101');
    const closed = app.close({ deadline: 1e9 });
    upgraded.socket.end();
    await closed;
  });

  test('may be none', async (t) => {
    const { app, client } = await serve(t, (it) => it.get('/', () => new Promise(() => {})));
    const stuck = (await client()).get('/');
    await app.close({ deadline: 0 });
    await stuck.closed;
  });
});

describe('onClose()', () => {
  test('is told at once, and may end what does not end by itself', async (t) => {
    const streams = new Set<EventStream>();
    const { app, client } = await serve(t, (it) =>
      it.get('/events', (req, res) => {
        const stream = sse(req, res);
        streams.add(stream);
        stream.send({ data: 'hello' });
        return stream.closed.finally(() => streams.delete(stream));
      }),
    );
    app.onClose(() => {
      for (const stream of streams) stream.close();
    });
    const one = (await client()).get('/events');
    await one.until('hello');
    const closed = app.close({ deadline: 1e9, idle: 0 });
    await one.until('\r\n0\r\n\r\n');
    one.socket.end();
    await closed;
    assert.equal(streams.size, 0);
  });

  test('is waited for, each time, and what it throws is what close() rejects with, at its end', async () => {
    const app = createApp();
    const server = await app.listen(0, '127.0.0.1');
    const log: string[] = [];
    const later = gate();
    app.onClose(async () => {
      log.push('one');
      await later.opened;
      log.push('done');
    });
    app.onClose(() => {
      log.push('two');
      throw new Error('two failed');
    });
    const closed = app.close();
    const failed = assert.rejects(closed, /two failed/);
    assert.deepEqual(log, ['one', 'two']);
    later.open();
    await failed;
    // It is closed: nobody is told again.
    await app.close();
    assert.deepEqual([log, server.listening], [['one', 'two', 'done'], false]);
    await app.listen(0, '127.0.0.1');
    await assert.rejects(app.close(), /two failed/);
    assert.deepEqual(log.slice(3), ['one', 'two', 'done']);
  });

  test('takes functions only', () => {
    assert.throws(() => createApp().onClose('x' as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('the delay', () => {
  test('is time in which it accepts, and says that it will not for long', async (t) => {
    const { app, server, client } = await serve(t, (it) => it.get('/', () => 'x'));
    const port = portOf(server);
    const closed = app.close({ delay: 1e9 });
    assert.deepEqual([app.isReady, app.isClosing], [false, true]);
    const one = (await client()).get('/');
    assert.match(await one.until('\r\n\r\nx'), /Connection: close/);
    assert.equal(await isRefused(port), false);
    void app.close({ delay: 0 });
    await closed;
    assert.ok(await isRefused(port));
  });

  test('is over at the deadline that is asked for in it', async (t) => {
    const { app, client } = await serve(t, (it) => it.get('/', () => new Promise(() => {})));
    const one = (await client()).get('/');
    const closed = app.close({ delay: 1e9, deadline: 1e9 });
    await app.close({ deadline: 10 });
    await closed;
    await one.closed;
  });

  test('is none where nothing listens', async () => {
    await createApp().close({ delay: 1e9 });
  });
});

describe('close()', () => {
  test('called again is the same end, which can only be sooner', async (t) => {
    const { app, client } = await serve(t, (it) => it.get('/', () => new Promise(() => {})));
    const one = (await client()).get('/');
    const first = app.close({ deadline: 1e9 });
    let isDone = false;
    void first.then(() => {
      isDone = true;
    });
    const [second, third] = [app.close(), app.close({ deadline: 2e9 })];
    await new Promise(setImmediate);
    assert.equal(isDone, false);
    await app.close({ deadline: 0 });
    await Promise.all([first, second, third]);
    await one.closed;
    await app.close();
  });

  test('before listen() is nothing, and no hindrance', async () => {
    const app = createApp();
    await app.close();
    assert.deepEqual([app.isReady, app.isClosing], [false, true]);
    await app.listen(0, '127.0.0.1');
    assert.deepEqual([app.isReady, app.isClosing], [true, false]);
    await app.close();
    assert.deepEqual([app.isReady, app.isClosing], [false, true]);
  });

  test('during listen() ends what begins to listen', async () => {
    const app = createApp();
    const listening = app.listen(0, '127.0.0.1');
    const closed = app.close();
    const server = await listening;
    await closed;
    assert.deepEqual([server.listening, app.isReady, app.isClosing], [false, false, true]);
  });

  test('during a listen() that fails ends nothing, and comes to its end', async (t) => {
    const { server } = await serve(t, () => {});
    const app = createApp();
    const listening = app.listen(portOf(server), '127.0.0.1');
    const closed = app.close();
    await assert.rejects(listening, { code: 'EADDRINUSE' });
    await closed;
  });

  test('ends every server of the application, and one that was closed by hand', async () => {
    const app = createApp();
    const servers = [await app.listen(0, '127.0.0.1'), await app.listen(0, '127.0.0.1')];
    const third = await app.listen(0, '127.0.0.1');
    third.close();
    await app.close();
    assert.deepEqual(
      servers.map(({ listening }) => listening),
      [false, false],
    );
  });

  test('takes no time that is none', async () => {
    const app = createApp();
    for (const options of [{ delay: -1 }, { deadline: Number.NaN }, { idle: 'soon' as never }]) {
      await assert.rejects(app.close(options), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    assert.equal(app.isClosing, false);
  });

  test('is what `await using` does at the end of its block', async () => {
    let server: Server;
    {
      await using app = createApp();
      server = await app.listen(0, '127.0.0.1');
      assert.ok(server.listening);
    }
    assert.ok(!server.listening);
  });
});

describe('listen()', () => {
  test('while it closes is refused; when it is closed, it listens again', async (t) => {
    const { app, client } = await serve(t, (it) => it.get('/', () => new Promise(() => {})));
    const one = (await client()).get('/');
    const closed = app.close({ deadline: 1e9 });
    await assert.rejects(app.listen(0, '127.0.0.1'), { code: 'ERR_APPLICATION_CLOSING' });
    one.socket.destroy();
    await closed;
    const again = await app.listen(0, '127.0.0.1');
    assert.ok(again.listening);
  });

  test('rejects where it cannot, and may be tried again', async (t) => {
    const { server } = await serve(t, () => {});
    const app = createApp();
    await assert.rejects(app.listen(portOf(server), '127.0.0.1'), { code: 'EADDRINUSE' });
    await assert.rejects(app.listen(65_536), { code: 'ERR_SOCKET_BAD_PORT' });
    assert.equal(app.isReady, false);
    await app.listen(0, '127.0.0.1');
    await app.close();
  });

  test('is given up with its signal, and so is listening', async () => {
    for (const isLate of [false, true]) {
      const app = createApp();
      const controller = new AbortController();
      if (!isLate) controller.abort();
      const listening = app.listen({ port: 0, host: '127.0.0.1', signal: controller.signal });
      if (isLate) controller.abort();
      await assert.rejects(listening, { name: 'AbortError' });
      await app.close();
    }
    const app = createApp();
    const controller = new AbortController();
    const server = await app.listen({ port: 0, host: '127.0.0.1', signal: controller.signal });
    const closed = once(server, 'close');
    controller.abort();
    await closed;
    assert.equal(app.isReady, false);
    await app.close();
  });

  test('takes a port as text, as environments have it', async () => {
    const app = createApp();
    const server = await app.listen('0', '127.0.0.1');
    assert.ok(portOf(server) > 0);
    await app.close();
  });

  test('calls a function, for the habit of Express, with the error if there is one', async (t) => {
    const { server: other } = await serve(t, () => {});
    const app = createApp();
    const given = await new Promise<unknown[]>((resolve) => {
      void app.listen(0, '127.0.0.1', (...args) => resolve(args));
    });
    assert.deepEqual(given, []);
    const error = await new Promise<unknown>((resolve) => {
      // Nobody takes the rejection of the promise: it was told.
      void app.listen({ port: portOf(other), host: '127.0.0.1' }, resolve);
    });
    assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
    await new Promise<void>((resolve) => void app.listen(0, () => resolve()));
    await app.close();
  });

  test('listens on a Unix socket, whose file is gone at the end', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'barewire-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'http.sock');
    const app = createApp();
    app.get('/', (_req, res) => {
      res.write('half');
      throw new Error('too late');
    });
    app.get('/whole', () => 'whole');
    await app.listen(path);
    const one = new Client(net.connect(path));
    assert.match(await one.get('/whole').until('\r\n\r\nwhole'), /200 OK/);
    // An end that is no end cannot be told by a reset here; the connection ends all the same.
    const two = new Client(net.connect(path)).send('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    await two.closed;
    const closed = app.close();
    one.get('/whole');
    await one.closed;
    await closed;
    assert.equal(existsSync(path), false);
  });

  test('listens with TLS, and drains and cuts as without', async (t) => {
    const app = createApp();
    app.get('/', (req) => req.protocol);
    app.get('/slow', () => new Promise(() => {}));
    const server = await app.listen({ port: 0, host: '127.0.0.1', tls: certificate });
    server.on('upgrade', (_req, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    t.after(() => app.close({ deadline: 0 }));
    const client = async () => {
      const socket = tls.connect({ port: portOf(server), host: '127.0.0.1', rejectUnauthorized: false });
      t.after(() => socket.destroy());
      await once(socket, 'secureConnect');
      return new Client(socket);
    };
    const [idle, stuck, upgraded] = [await client(), await client(), await client()];
    const raw = new Client(net.connect(portOf(server), '127.0.0.1'));
    assert.match(await idle.get('/').until('\r\n\r\nhttps'), /Connection: keep-alive/);
    idle.text = '';
    await upgraded.get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n').until('101');
    stuck.get('/slow');
    await once(server, 'request');
    const closed = app.close({ deadline: 1e9 });
    assert.match(await idle.get('/').until('\r\n\r\nhttps'), /Connection: close/);
    await idle.closed;
    void app.close({ deadline: 10 });
    await closed;
    for (const one of [stuck, upgraded, raw]) await one.closed;
  });
});
