import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { type AppRequest, createApp, json, readText } from '#src/app/index.js';
import http from '#src/http/index.js';
import { kReadableState } from '#src/http/symbols.js';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
const BODY = '{"a":[1,2,3]}';

/** Did nobody make it a stream? */
function isNoStream(req: AppRequest): boolean {
  return (req as unknown as { [kReadableState]: unknown })[kReadableState] === null;
}

async function served(t: TestContext, app: ReturnType<typeof createApp>): Promise<Socket> {
  const server = await app.listen(0, '127.0.0.1');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  await once(socket, 'connect');
  return socket;
}

async function answerTo(socket: Socket, ...pieces: string[]): Promise<string> {
  const answer = once(socket, 'data');
  for (const piece of pieces) {
    socket.write(piece);
    // So that the next piece comes by itself.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [bytes] = (await answer) as [Buffer];
  return bytes.toString();
}

/** Reads a request that somebody listens to, and tells what they heard and what it is afterwards. */
async function watched(
  req: IncomingMessage,
  when: 'before' | 'during' | 'after',
  heard: string[],
  read: () => Promise<unknown>,
): Promise<string> {
  const listen = () => {
    for (const event of ['end', 'close', 'aborted', 'error']) req.on(event, () => heard.push(event));
  };
  if (when === 'before') listen();
  const reading = read();
  if (when === 'during') listen();
  await reading;
  // What the stream still has to say comes in a tick behind this one.
  await new Promise((resolve) => setImmediate(resolve));
  if (when === 'after') listen();
  heard.push('read');
  await new Promise((resolve) => setImmediate(resolve));
  return `${req.complete} ${req.readableEnded} ${req.destroyed}`;
}

describe('the body of an untouched request', () => {
  test('is taken without a stream, whole or in pieces', async (t) => {
    const app = createApp();
    app.post('/', async (req) => ({ body: await req.json(), isNoStream: isNoStream(req) }));
    const socket = await served(t, app);
    const head = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n`;
    const answer = /\r\n\r\n\{"body":\{"a":\[1,2,3\]\},"isNoStream":true\}$/;
    assert.match(await answerTo(socket, head + BODY), answer);
    assert.match(await answerTo(socket, head, BODY), answer);
    assert.match(await answerTo(socket, head, BODY.slice(0, 5), BODY.slice(5)), answer);
  });

  test('leaves a stream that has ended behind, and cannot be read again', async (t) => {
    const app = createApp();
    app.post('/', async (req) => {
      await req.json();
      const again = await req.text().catch((error: { code: string }) => error.code);
      return { again, ended: req.readableEnded, destroyed: req.destroyed };
    });
    const socket = await served(t, app);
    const answer = await answerTo(socket, `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    assert.match(answer, /\{"again":"ERR_BODY_ALREADY_READ","ended":true,"destroyed":true\}$/);
  });

  test('whoever listens to the request meanwhile hears of its end', async (t) => {
    const app = createApp();
    const heard: string[] = [];
    app.post('/', async (req) => {
      const body = req.json();
      req.on('end', () => heard.push('end'));
      const closed = once(req, 'close');
      await Promise.all([body, closed]);
      return { heard, body: await body };
    });
    const socket = await served(t, app);
    const answer = await answerTo(socket, `${HEAD}Content-Length: ${BODY.length}\r\n\r\n`, BODY);
    assert.match(answer, /\{"heard":\["end"\],"body":\{"a":\[1,2,3\]\}\}$/);
  });

  for (const when of ['before', 'during', 'after'] as const) {
    test(`has the events of node:http for who listens ${when} it is read`, async (t) => {
      const app = createApp();
      const heard: string[] = [];
      const stock: string[] = [];
      app.post('/', (req) => watched(req, when, heard, () => req.text()));
      const server = createServer(async (req, res) => {
        res.end(await watched(req, when, stock, () => text(req)));
      });
      t.after(() => server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const bytes = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n`;
      const socket = await served(t, app);
      const stockSocket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
      t.after(() => stockSocket.destroy());
      assert.match(await answerTo(stockSocket, bytes, BODY), /true true true/);
      assert.match(await answerTo(socket, bytes, BODY), /true true true/);
      assert.deepEqual(heard, stock);
      assert.deepEqual(heard, when === 'after' ? ['read'] : ['end', 'close', 'read']);
    });
  }

  test('that stops coming is a refusal for who reads it, and aborts the request', async (t) => {
    const app = createApp();
    const outcome = new Promise<unknown[]>((resolve) => {
      app.post('/', async (req) => {
        const { signal } = req;
        const closed = new Promise((closes) => req.res.on('close', closes));
        const error = await req.json().catch((reason: { code: string; status: number }) => reason);
        await closed;
        const { code, status } = error as { code: string; status: number };
        resolve([code, status, signal.aborted, req.destroyed]);
      });
    });
    const socket = await served(t, app);
    socket.end(`${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 5)}`);
    assert.deepEqual(await outcome, ['ECONNRESET', 400, true, true]);
  });

  test('once read, leaves it to the response and the signal to tell that the client has gone', async (t) => {
    const app = createApp();
    const outcome = new Promise<unknown[]>((resolve) => {
      app.post('/', async (req, res) => {
        const { signal } = req;
        await req.json();
        socket.destroy();
        await once(res, 'close');
        resolve([signal.aborted, res.writableFinished]);
      });
    });
    const socket = await served(t, app);
    socket.write(`${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    assert.deepEqual(await outcome, [true, false]);
  });

  test('what listened before makes it a stream', async (t) => {
    const app = createApp();
    app.use((req, _res, next) => {
      req.on('close', () => {});
      return next();
    });
    app.post('/', async (req) => ({ body: await req.json(), isNoStream: isNoStream(req) }));
    const socket = await served(t, app);
    const answer = await answerTo(socket, `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    assert.match(answer, /\{"body":\{"a":\[1,2,3\]\},"isNoStream":false\}$/);
  });

  test('is worked on in the context of who reads it', async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const app = createApp();
    app.use((_req, _res, next) => storage.run('mine', next));
    app.use(json({ verify: () => void seen.push(storage.getStore()) }));
    app.post('/', { body: z.object({ a: z.array(z.number()) }) }, ({ body }) => {
      seen.push(storage.getStore());
      return body;
    });
    const socket = await served(t, app);
    const head = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n`;
    assert.match(await answerTo(socket, head, BODY), /\r\n\r\n\{"a":\[1,2,3\]\}$/);
    assert.deepEqual(seen, ['mine', 'mine']);
  });
});

describe('the body that a schema is for', () => {
  const A = z.object({ a: z.array(z.number()) });
  const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const PIECES = [
    [WHOLE],
    [WHOLE.slice(0, -BODY.length), BODY],
    [WHOLE.slice(0, -5), WHOLE.slice(-5)],
    [`${HEAD}Transfer-Encoding: chunked\r\n\r\nd\r\n${BODY}\r\n`, '0\r\n\r\n'],
  ];

  test('is there when the request is complete, and the stream has ended', async (t) => {
    const app = createApp();
    app.post('/', { body: A }, ({ body, complete, readableEnded }) => ({ body, complete, readableEnded }));
    const socket = await served(t, app);
    for (const pieces of PIECES) {
      assert.match(
        await answerTo(socket, ...pieces),
        /\{"body":\{"a":\[1,2,3\]\},"complete":true,"readableEnded":true\}$/,
      );
    }
  });

  test('comes in the context of its request, whoever made that', async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const app = createApp();
    app.post('/', { body: A }, () => storage.getStore());
    let count = 0;
    const server = http.createServer((req, res) =>
      storage.run(`request ${++count}`, () => app.handler(req, res)),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    t.after(() => {
      socket.destroy();
      server.close();
    });
    for (const [index, pieces] of PIECES.entries()) {
      assert.match(await answerTo(socket, ...pieces), new RegExp(`request ${index + 1}$`));
    }
  });

  test('is answered in order, and leaves nothing of one request to the next', async (t) => {
    const app = createApp();
    app.post('/', { body: A }, ({ body }) => body.a.length);
    const socket = await served(t, app);
    const others = WHOLE.replace('[1,2,3]', '[1,2,x]') + WHOLE.replace('[1,2,3]', '["a",1]');
    socket.write(WHOLE + others + WHOLE.replace('Host: a', 'Host: a\r\nConnection: close'));
    const statuses = (await text(socket)).match(/(?<=HTTP\/1.1 )\d+/g);
    assert.deepEqual(statuses, ['200', '400', '400', '200']);
  });

  test('takes what the handler throws or rejects with to the error handlers', async (t) => {
    const app = createApp();
    const handlers: Record<string, () => unknown> = {
      '/throws': () => {
        throw new Error('thrown');
      },
      '/rejects': async () => {
        throw new Error('rejected');
      },
      '/fails': () => Promise.reject(Object.assign(new Error('failed'), { status: 409 })),
      '/works': async () => 'works',
    };
    for (const [path, handler] of Object.entries(handlers)) app.post(path, { body: A }, handler);
    const seen: string[] = [];
    app.onError((error, _req, res) => {
      seen.push((error as Error).message);
      res.status(418).end('seen');
    });
    const socket = await served(t, app);
    for (const path of ['/throws', '/rejects', '/fails']) {
      for (const pieces of PIECES) {
        const [first, ...rest] = pieces;
        assert.match(await answerTo(socket, first.replace('/', path), ...rest), /^HTTP\/1.1 418.*seen$/s);
      }
    }
    assert.deepEqual(
      seen,
      ['thrown', 'rejected', 'failed'].flatMap((message) => Array(4).fill(message)),
    );
    assert.match(await answerTo(socket, WHOLE.replace('/', '/works')), /works$/);
  });

  test('that stops coming calls no handler, and is an error of status 400', async (t) => {
    const app = createApp();
    app.post('/', { body: A }, () => assert.fail('there is no body'));
    const heard = new Promise((resolve) => app.onError(resolve));
    const socket = await served(t, app);
    socket.end(WHOLE.slice(0, -5));
    const { code, status } = (await heard) as { code: string; status: number };
    assert.deepEqual([code, status], ['ECONNRESET', 400]);
  });

  test('is read once: behind middleware that has read it the schema gets what that made of it', async (t) => {
    const app = createApp();
    app.use(json());
    app.post('/', { body: A }, ({ body }) => body.a.length);
    app.post('/again', { body: A }, async (req) => {
      const error = await req.json().catch((reason: { code: string }) => reason);
      return (error as { code: string }).code;
    });
    const socket = await served(t, app);
    for (const pieces of PIECES) assert.match(await answerTo(socket, ...pieces), /\r\n\r\n3$/);
    assert.match(await answerTo(socket, WHOLE.replace('/', '/again')), /ERR_BODY_ALREADY_READ$/);
  });
});

test('the response that a client has is read as the stream it is, and its connection goes on', async (t) => {
  const app = createApp();
  app.get('/', () => 'content');
  const server = await app.listen(0, '127.0.0.1');
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    return app.close({ deadline: 0 });
  });
  const { port } = server.address() as AddressInfo;
  for (const isReused of [false, true]) {
    const request = http.get({ port, host: '127.0.0.1', agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const closed = once(request, 'close');
    assert.equal(await readText(response), 'content');
    await closed;
    assert.equal(request.reusedSocket, isReused);
  }
});

test('an object of the class that its constructor never saw is a stream like any other', async () => {
  const { IncomingMessage } = createApp();
  const message: Readable = Object.create(IncomingMessage.prototype);
  assert.equal(message.destroyed, false);
  Readable.call(message);
  const data = once(message, 'data');
  message.push('content');
  assert.equal(String(await data), 'content');
  message.destroy();
  assert.equal(message.destroyed, true);
});
