import assert from 'node:assert/strict';
import { once } from 'node:events';
import nodeHttp, { type ClientRequest, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { it } from 'node:test';
import http from 'barewire/http';
import { bounded } from '../differential/bounded.js';
import { get } from '../differential/messages.js';

/** More than the system takes for who does not read. */
const CONTENT = Buffer.alloc(50 * 1024 * 1024);

it('the callback of end() is called when the client leaves a response that is cut off', async (t) => {
  const server = http.createServer();
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.write(get());
  const [, res] = await bounded('a request', once(server, 'request'));
  let calls = 0;
  const ended = new Promise<Error | null | undefined>((resolve) => {
    res.end(CONTENT, (error?: Error | null) => {
      calls++;
      resolve(error);
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(calls, 0);
  client.destroy();
  const error = await bounded('the callback', ended);
  // Sockets of Node 20 call back as if all had been taken.
  if (error) assert.match(String((error as NodeJS.ErrnoException).code), /^(ECANCELED|EPIPE|ECONNRESET)$/);
  if (!res.closed) await bounded('the end of the response', once(res, 'close'));
  assert.equal(calls, 1);
});

/** How often the callback of a request's end() is called whose server resets the connection. */
async function callsWhenReset(subject: Pick<typeof http, 'request'>): Promise<number> {
  const server = createServer((socket) => {
    socket.pause();
    socket.on('error', () => {});
    setImmediate(() => socket.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const req = subject.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    req.on('error', () => {});
    const closed = new Promise((resolve) => req.on('close', resolve));
    let calls = 0;
    req.end(CONTENT, () => {
      calls++;
    });
    await bounded('the end of the request', closed);
    return calls;
  } finally {
    server.close();
  }
}

it('the callback of end() is called as by node:http when the server leaves a request that is cut off', async () => {
  assert.equal(await callsWhenReset(http), await callsWhenReset(nodeHttp));
});

/** From now on, nothing can be written to it. */
function failWrites(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { _handle: Record<string, unknown> };
  for (const name of ['writeLatin1String', 'writeUtf8String', 'writeBuffer', 'writev']) {
    handle[name] = () => -constants.errno.EPIPE;
  }
}

/** The code of the error that the callback of end() is called with, and those of the events behind it. */
function codesOf(message: ClientRequest | ServerResponse, socket: Socket): Promise<unknown[]> {
  const codes: unknown[] = [];
  return new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => codes.push('error', error.code));
    socket.on('close', () => resolve(codes));
    message.end('content', (error?: NodeJS.ErrnoException) => codes.push('callback', error?.code));
  });
}

it('the callback of end() hears that the socket was closed before it connected', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const req = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  req.on('error', () => {});
  req.on('socket', (socket) => process.nextTick(() => socket.destroy()));
  const [error] = await bounded(
    'the callback',
    new Promise<unknown[]>((resolve) => {
      req.end('content', (...args: unknown[]) => resolve(args));
    }),
  );
  assert.ok(error instanceof Error);
});

it('the callback of end() hears of a write that failed at once', async (t) => {
  const answered: Promise<unknown[]>[] = [];
  const server = http.createServer((req, res) => {
    if (req.url === '/') {
      res.end();
      return;
    }
    failWrites(req.socket);
    answered.push(codesOf(res, req.socket));
  });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const expected = ['callback', 'EPIPE', 'error', 'EPIPE'];

  const failing = http.get({ host: '127.0.0.1', port, path: '/failing', agent: false });
  await bounded('the response is cut off', once(failing, 'error'));
  assert.deepEqual(await bounded('the response', answered[0]), expected);

  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  for (const waits of [false, true]) {
    http.get({ host: '127.0.0.1', port, agent }, (res) => res.resume());
    const [socket] = (await bounded('a free socket', once(agent, 'free'))) as [Socket];
    failWrites(socket);
    const req = http.request({ host: '127.0.0.1', port, agent, method: 'POST' });
    req.on('error', () => {});
    if (waits) await bounded('the socket', once(req, 'socket'));
    assert.equal(req.reusedSocket, true);
    assert.deepEqual(await bounded('the request', codesOf(req, socket)), expected, `waits: ${waits}`);
  }
});
