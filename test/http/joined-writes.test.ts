/** What is written in pieces leaves in one write, put together in memory that all connections share: nobody's is lost. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket, type SocketConstructorOpts } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import http from '#src/http/index.js';
import { stage } from '#src/http/stage.js';

interface Served {
  readonly port: number;
  /** A request on a connection of its own: all that comes back, read slowly if so wanted. */
  ask(path: string): Promise<Socket>;
}

async function serve(t: TestContext, listener: RequestListener): Promise<Served> {
  const server = http.createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async ask(path) {
      const socket = connect(port, '127.0.0.1');
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      return socket;
    },
  };
}

async function answer(asked: Promise<Socket>): Promise<string> {
  const received = await text((await asked).setEncoding('latin1'));
  return received.slice(received.indexOf('\r\n\r\n') + 4);
}

/** The data of chunks. */
function unchunked(content: string): string {
  let rest = content;
  let data = '';
  for (;;) {
    const line = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (size === 0) return data;
    data += rest.slice(line + 2, line + 2 + size);
    assert.equal(rest.slice(line + 2 + size, line + 4 + size), '\r\n');
    rest = rest.slice(line + 4 + size);
  }
}

/** Content that tells where it is from, and where in there. */
function pattern(name: string, length: number): string {
  let made = '';
  for (let i = 0; made.length < length; i++) made += `${name}${i},`;
  return made.slice(0, length);
}

for (const fraction of [1, 8, 40]) {
  test(`pieces of one turn arrive whole and in order, ${fraction} times what leaves at once`, async (t) => {
    const pieces: (string | Buffer)[] = [];
    for (let octets = 0, i = 0; octets < fraction * 30_000; i++) {
      const piece = pattern(`${i}:`, 1 + ((i * 977) % 5000));
      pieces.push(i % 3 === 0 ? Buffer.from(piece) : piece);
      octets += piece.length;
    }
    pieces.push(Buffer.from(pattern('large', 100_000)), pattern('é', 20_000), pattern('last', 10));
    const { ask } = await serve(t, (req, res) => {
      if (req.url === '/known')
        res.setHeader('Content-Length', Buffer.concat(pieces.map((one) => Buffer.from(one))).length);
      for (const piece of pieces) res.write(piece);
      res.end();
    });
    const wanted = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString('latin1');
    assert.equal(unchunked(await answer(ask('/'))), wanted);
    assert.equal(await answer(ask('/known')), wanted);
  });
}

test('responses written in the same turn do not mix', async (t) => {
  const waiting: [IncomingMessage, ServerResponse][] = [];
  const { ask } = await serve(t, (...exchange) => {
    waiting.push(exchange);
    if (waiting.length < 3) return;
    for (let i = 0; i < 10; i++) {
      for (const [{ url }, res] of waiting) res.write(i % 2 ? Buffer.from(`${url}${i} `) : `${url}${i} `);
    }
    for (const [{ url }, res] of waiting) res.end(Buffer.from(`${url} ends`));
  });
  const paths = ['/a', '/b', '/c'];
  const answers = await Promise.all(paths.map((path) => answer(ask(path))));
  for (const [index, path] of paths.entries()) {
    const wanted = Array.from({ length: 10 }, (_, i) => `${path}${i} `).join('');
    assert.equal(unchunked(answers[index]), `${wanted}${path} ends`);
  }
});

test('what a slow reader has not taken is not overwritten by what others are sent', async (t) => {
  // More than is written to the slow one in a turn: it would cover all of that.
  const others = ['x', 'y', 'z'].map((name) => pattern(name, 4000));
  const slow: { res?: ServerResponse; sent: string } = { sent: '' };
  const { ask } = await serve(t, (req, res) => {
    if (req.url === '/slow') slow.res = res;
    else {
      for (const piece of others) res.write(piece);
      res.end();
    }
  });
  const reader = (await ask('/slow')).pause();
  while (slow.res === undefined) await answer(ask('/other'));
  const { res } = slow;
  // Until the system takes no more, and then some.
  for (let turn = 0, full = 0; full < 5; turn++) {
    for (const piece of [pattern(`${turn}a`, 4000), pattern(`${turn}b`, 300), pattern(`${turn}c`, 4000)]) {
      res.write(turn % 2 ? piece : Buffer.from(piece));
      slow.sent += piece;
    }
    assert.equal(unchunked(await answer(ask('/other'))), others.join(''));
    if (res.writableLength > 0) full++;
  }
  res.end(Buffer.from('end'));
  assert.equal(unchunked(await answer(ask('/other'))), others.join(''));
  const received = await text(reader.setEncoding('latin1').resume());
  assert.equal(unchunked(received.slice(received.indexOf('\r\n\r\n') + 4)), `${slow.sent}end`);
});

for (const name of ['write', '_write'] as const) {
  test(`who replaces the socket’s ${name} may keep what it is given`, async (t) => {
    const kept: Buffer[] = [];
    const { ask } = await serve(t, (req, res) => {
      const socket = req.socket as unknown as Record<string, (...args: unknown[]) => unknown>;
      const method = socket[name];
      socket[name] = function (this: Socket, ...args: unknown[]) {
        const [chunk] = args;
        kept.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : (chunk as Buffer));
        return Reflect.apply(method, this, args);
      };
      res.write(Buffer.from(`${req.url} first`));
      res.end(Buffer.from(`${req.url} last`));
    });
    for (const path of ['/a', '/b', '/c']) await answer(ask(path));
    const all = Buffer.concat(kept).toString('latin1');
    for (const path of ['/a', '/b', '/c']) {
      assert.match(all, new RegExp(`${path} first`));
      assert.match(all, new RegExp(`${path} last`));
    }
  });
}

/** A handle that sends nothing, as those of libraries that mock the network, and keeps what it was given. */
class KeepingHandle {
  readonly kept: (Buffer | string)[] = [];
  readonly reading = false;
  writeBuffer(_request: unknown, octets: Buffer): number {
    this.kept.push(octets);
    return 0;
  }
  writeLatin1String(_request: unknown, octets: string): number {
    this.kept.push(octets);
    return 0;
  }
  writeUtf8String(_request: unknown, octets: string): number {
    this.kept.push(Buffer.from(octets));
    return 0;
  }
  writev(_request: unknown, chunks: readonly (Buffer | string)[], allBuffers: boolean): number {
    for (let i = 0; i < chunks.length; i += allBuffers ? 1 : 2) this.kept.push(chunks[i]);
    return 0;
  }
  readStart(): number {
    return 0;
  }
  readStop(): number {
    return 0;
  }
  shutdown(): number {
    return 0;
  }
  close(closed?: () => void): void {
    if (closed) process.nextTick(closed);
  }
  getAsyncId(): number {
    return 1;
  }
  ref(): void {}
  unref(): void {}
}

function keptText(kept: readonly (Buffer | string)[]): string {
  return kept.map((piece) => (typeof piece === 'string' ? piece : piece.toString('latin1'))).join('');
}

/** Asks three connections for pieces, one after the other. Returns what each was sent, once all were. */
async function sentTo(t: TestContext, made: (() => { socket: Socket; kept: (Buffer | string)[] })[]) {
  const server = http.createServer((req, res) => {
    for (let i = 0; i < 3; i++) res.write(Buffer.from(`${req.url} ${i}, `));
    res.end(Buffer.from('last'));
  });
  const all = [];
  for (const [index, make] of made.entries()) {
    const one = make();
    t.after(() => one.socket.destroy());
    server.emit('connection', one.socket);
    const answered = once(server, 'request').then(([, res]) => once(res, 'finish'));
    one.socket.push(Buffer.from(`GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`));
    await answered;
    all.push(one);
  }
  return all.map(({ kept }) => keptText(kept));
}

function assertPieces(sent: readonly string[]): void {
  for (const [index, received] of sent.entries()) {
    const content = unchunked(received.slice(received.indexOf('\r\n\r\n') + 4));
    assert.equal(content, `/${index} 0, /${index} 1, /${index} 2, last`);
  }
}

test('a handle that is not the system’s may keep what it is given', async (t) => {
  const make = () => {
    const handle = new KeepingHandle();
    return { socket: new Socket({ handle } as unknown as SocketConstructorOpts), kept: handle.kept };
  };
  assertPieces(await sentTo(t, [make, make, make]));
});

test('an encoding that there is not is thrown, and nobody else has to do with it', async (t) => {
  const { ask } = await serve(t, (_req, res) => {
    assert.throws(() => res.write('x', 'nonsense' as BufferEncoding), { code: 'ERR_UNKNOWN_ENCODING' });
    assert.throws(() => res.end('x', 'nonsense' as BufferEncoding), { code: 'ERR_UNKNOWN_ENCODING' });
    res.destroy();
  });
  await answer(ask('/'));
  assert.equal(stage.isTaken, false);
});

test('what the caller writes to the socket comes behind what it wrote to the response before', async (t) => {
  const { ask } = await serve(t, (req, res) => {
    res.setHeader('Content-Length', 9);
    res.write(Buffer.from('abc'));
    req.socket.write('def');
    res.end(Buffer.from('ghi'));
  });
  const received = await text((await ask('/')).setEncoding('latin1'));
  assert.equal(received.slice(received.indexOf('\r\n\r\n') + 4), 'abcdefghi');
});

test('a request that is written in pieces arrives whole, on a connection that is used again', async (t) => {
  const server = http.createServer((req, res) => {
    let content = '';
    req.setEncoding('utf8').on('data', (piece: string) => {
      content += piece;
    });
    req.on('end', () => res.end(Buffer.from(content)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    server.close().closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < 3; i++) {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent });
    const [socket] = (await once(request, 'socket')) as [Socket];
    if (socket.connecting) await once(socket, 'connect');
    const pieces = [pattern('a', 2000), `${pattern('é', 3000)}`, pattern('b', 100)];
    for (const piece of pieces) request.write(piece.startsWith('a') ? Buffer.from(piece) : piece);
    request.end('€');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(await text(response), `${pieces.join('')}€`);
    assert.equal(request.reusedSocket, i > 0);
  }
});
