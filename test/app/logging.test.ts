import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, constants, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import {
  type ApplicationOptions,
  type AppRequest,
  type AppResponse,
  createApp,
  HttpError,
  type Logger,
} from 'barewire';
import { type LoggerOptions, pino } from 'pino';

interface Line {
  level: number;
  msg: string;
  requestId: string;
  req: { id: string; method: string; url: string; ip: string; headers?: Record<string, string> };
  res: { statusCode: number; bytes?: number; headers?: Record<string, unknown> };
  responseTime: number;
  err: { message: string; type: string; stack: string };
  [field: string]: unknown;
}

/** A pino logger, the lines it wrote, and a wait for so many of them. */
function logged(options: LoggerOptions = {}) {
  const lines: Line[] = [];
  let wake = () => {};
  const destination = new Writable({
    write(chunk, _encoding, callback) {
      lines.push(JSON.parse(String(chunk)) as Line);
      wake();
      callback();
    },
  });
  const until = async (count: number) => {
    while (lines.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return lines;
  };
  return { logger: pino(options, destination), lines, until };
}

async function serve(options: ApplicationOptions, routes: (app: ReturnType<typeof createApp>) => void) {
  const app = createApp(options);
  routes(app);
  const server = await app.listen(0, '127.0.0.1');
  return { app, server, port: (server.address() as AddressInfo).port };
}

const INFO = 30;
const ERROR = 50;

describe('the log of an application', () => {
  test('has a line for each request that was answered', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => it.get('/users/:id', () => ({ ok: true })));
    try {
      const response = await fetch(`http://127.0.0.1:${port}/users/7?verbose=1`);
      assert.equal(response.status, 200);
      const [line] = await until(1);
      assert.equal(line.msg, 'request completed');
      assert.equal(line.level, INFO);
      assert.equal(line.req.method, 'GET');
      assert.equal(line.req.url, '/users/7?verbose=1');
      assert.equal(line.req.ip, '127.0.0.1');
      assert.equal(line.req.id, line.requestId);
      assert.match(line.requestId, /^[0-9a-f]{8}-/);
      assert.deepEqual(line.res, { statusCode: 200, bytes: 11 });
      assert.equal(typeof line.responseTime, 'number');
      assert.ok(!('headers' in line.req));
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('tells the URL that was asked for, and not what a mount path leaves of it', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => {
      const api = createApp();
      api.get('/users', () => 'users');
      it.use('/api', api);
    });
    try {
      await fetch(`http://127.0.0.1:${port}/api/users`);
      assert.equal((await until(1))[0].req.url, '/api/users');
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('has the error of a 500 in its line, and no error of what the client did wrong', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => {
      it.get('/broken', () => {
        throw new TypeError('the secret reason');
      });
      it.get('/refused', () => {
        throw new HttpError(422, 'not so');
      });
      it.get('/said', (_req, res) => res.status(503).send('later'));
    });
    try {
      const broken = await fetch(`http://127.0.0.1:${port}/broken`);
      assert.ok(!(await broken.text()).includes('secret'));
      for (const path of ['refused', 'nowhere', 'said']) await fetch(`http://127.0.0.1:${port}/${path}`);
      const lines = await until(4);
      assert.deepEqual(
        lines.map(({ msg, level, res, err }) => [msg, level, res.statusCode, err?.message]),
        [
          ['request failed', ERROR, 500, 'the secret reason'],
          ['request completed', INFO, 422, undefined],
          ['request completed', INFO, 404, undefined],
          ['request failed', ERROR, 503, undefined],
        ],
      );
      assert.equal(lines[0].err.type, 'TypeError');
      assert.match(lines[0].err.stack, /logging\.test/);
      assert.notEqual(lines[1].requestId, lines[2].requestId);
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('has an error that an error handler answered, or that middleware caught', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => {
      it.use('/caught', async (_req, res, next) => {
        try {
          await next();
        } catch {
          res.status(500).send('caught');
        }
      });
      it.get('/:how', (req) => {
        throw new Error(req.params.how);
      });
      it.use('/handled', (_error: unknown, _req: AppRequest, res: AppResponse, _next: unknown) =>
        res.status(502).send('handled'),
      );
      it.use('/forgiven', (_error: unknown, _req: AppRequest, res: AppResponse, _next: unknown) =>
        res.status(404).send('forgiven'),
      );
    });
    try {
      for (const path of ['caught', 'handled', 'forgiven']) await fetch(`http://127.0.0.1:${port}/${path}`);
      assert.deepEqual(
        (await until(3)).map(({ level, res, err }) => [level, res.statusCode, err?.message]),
        [
          [ERROR, 500, 'caught'],
          [ERROR, 502, 'handled'],
          [INFO, 404, undefined],
        ],
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('has both errors where an error handler fails', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => {
      it.get('/', () => {
        throw new Error('first');
      });
      it.use((_error: unknown, _req: AppRequest, _res: AppResponse, _next: unknown) => {
        throw new Error('second');
      });
    });
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      assert.deepEqual(
        (await until(2)).map(({ msg, err }) => [msg, err.message]),
        [
          ['error before another one', 'first'],
          ['request failed', 'second'],
        ],
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('names what was thrown and is no error', async () => {
    const unreadable = new Proxy(
      {},
      {
        get() {
          throw new Error('not for reading');
        },
      },
    );
    const getter = Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('not for reading');
      },
    });
    const { logger, until } = logged();
    const thrown: unknown[] = [undefined, null, 'text', 7n, Object.freeze({ a: 1 }), unreadable, getter];
    const { app, port } = await serve({ logger }, (it) =>
      it.get('/:index', ({ params }) => Promise.reject(thrown[Number(params.index)])),
    );
    try {
      for (const index of thrown.keys()) {
        assert.equal((await fetch(`http://127.0.0.1:${port}/${index}`)).status, 500, String(index));
      }
      assert.deepEqual(
        // Of a Proxy later Nodes say that it is one.
        (await until(thrown.length)).map(({ msg, err }) => [
          msg,
          err.message.replace('What was thrown is no error: ', '').replace('Proxy({})', '{}'),
        ]),
        ['undefined', 'null', "'text'", '7n', '{ a: 1 }', '{}', 'An error that cannot be read'].map(
          (message) => ['request failed', message],
        ),
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('has an error that came after the head was sent', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => {
      it.get('/half', (_req, res) => {
        res.write('half');
        throw new Error('too late');
      });
      it.get('/stream', async function* parts() {
        yield 'half';
        throw new Error('no more of it');
      });
      it.get('/whole', (_req, res) => {
        res.send('whole');
        throw new Error('an afterthought');
      });
    });
    try {
      for (const path of ['half', 'stream']) {
        await assert.rejects(async () => (await fetch(`http://127.0.0.1:${port}/${path}`)).text());
      }
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/whole`)).text(), 'whole');
      assert.deepEqual(
        (await until(3)).map(({ msg, level, err }) => [msg, level, err.message]),
        [
          ['request failed', ERROR, 'too late'],
          ['request failed', ERROR, 'no more of it'],
          ['request failed', ERROR, 'an afterthought'],
        ],
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('counts the bytes of content, whatever its framing', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => {
      it.get('/parts', async function* parts() {
        yield 'é';
        yield Buffer.from('abc');
      });
      it.get('/whole', () => 'whole');
      it.get('/none', (_req, res) => res.status(204).end());
    });
    try {
      const ask = async (path: string, method = 'GET') => {
        await (await fetch(`http://127.0.0.1:${port}${path}`, { method })).text();
      };
      await ask('/parts');
      await ask('/whole');
      await ask('/whole', 'HEAD');
      await ask('/none');
      assert.deepEqual(
        (await until(4)).map(({ res }) => res.bytes),
        [5, 5, 0, 0],
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('says so where the client went away before it was answered', async () => {
    const { logger, until } = logged();
    const { app, server, port } = await serve({ logger }, (it) =>
      it.get('/slow', () => new Promise(() => {})),
    );
    try {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(server, 'request');
      socket.resetAndDestroy();
      const [line] = await until(1);
      assert.equal(line.msg, 'request aborted');
      assert.equal(line.level, INFO);
      assert.equal(line.req.ip, '127.0.0.1');
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('never holds credentials: not of header fields, nor of URLs', async () => {
    const { logger, until } = logged();
    const options = { logger, logging: { headers: true, redact: ['X-Tenant-Key', 'ticket'] } };
    const { app, port } = await serve(options, (it) =>
      it.get('/', (_req, res) => res.cookie('session', 'hunter2').send('in')),
    );
    try {
      await fetch(
        `http://127.0.0.1:${port}/?a=1&access_token=hunter2&to%6ben=hunter2&Ticket=hunter2&code=hunter2`,
        {
          headers: {
            Authorization: 'Bearer hunter2',
            'Proxy-Authorization': 'Basic hunter2',
            Cookie: 'session=hunter2',
            'X-API-Key': 'hunter2',
            'X-Tenant-Key': 'hunter2',
            'X-Harmless': 'seen',
          },
        },
      );
      const [line] = await until(1);
      assert.ok(!JSON.stringify(line).includes('hunter2'), JSON.stringify(line));
      assert.equal(
        line.req.url,
        '/?a=1&access_token=[redacted]&to%6ben=[redacted]&Ticket=[redacted]&code=[redacted]',
      );
      assert.equal(line.req.headers?.['x-harmless'], 'seen');
      assert.equal(line.req.headers?.authorization, '[redacted]');
      assert.equal(line.res.headers?.['set-cookie'], '[redacted]');
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('has no userinfo of a request-target in absolute-form', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) => it.get('/x', () => 'x'));
    try {
      const socket = connect(port, '127.0.0.1');
      socket.end('GET http://me:hunter2@a/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      socket.resume();
      const [line] = await until(1);
      assert.equal(line.req.url, 'http://[redacted]@a/x');
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('leaves out what is ignored, unless it fails', async () => {
    const { logger, until } = logged();
    const ignore = ({ url }: { url: string }) => url.startsWith('/health');
    const { app, port } = await serve({ logger, logging: { ignore } }, (it) => {
      it.get('/health', () => 'well');
      it.get('/health/closing', (_req, res) => res.status(503).send('closing'));
      it.get('/health/broken', () => Promise.reject(new Error('unwell')));
    });
    try {
      for (const path of ['/health', '/other', '/health/closing', '/health/broken']) {
        await fetch(`http://127.0.0.1:${port}${path}`);
      }
      assert.deepEqual(
        (await until(2)).map(({ req, err }) => [req.url, err?.message]),
        [
          ['/other', undefined],
          ['/health/broken', 'unwell'],
        ],
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('is kept for requests of node:http', async () => {
    const { logger, until } = logged();
    const app = createApp({ logger });
    app.get('/', (req) => req.id);
    app.get('/parts', (_req, res) => {
      res.write('a');
      res.end('b');
    });
    const server = createServer(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const id = await (await fetch(`http://127.0.0.1:${port}/`)).text();
      await (await fetch(`http://127.0.0.1:${port}/parts`)).text();
      await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
      const lines = await until(3);
      assert.equal(lines[0].requestId, id);
      assert.deepEqual(
        lines.map(({ msg, res }) => [msg, res.bytes]),
        // What it does not tell is not told.
        [
          ['request completed', 36],
          ['request completed', undefined],
          ['request completed', 0],
        ],
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('has requests of node:http whose client went away while they waited for their turn', async () => {
    const { logger, until } = logged();
    const app = createApp({ logger });
    let asked = 0;
    app.get('/slow/:id', () => {
      asked++;
      return new Promise(() => {});
    });
    const server = createServer(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write([1, 2, 3].map((id) => `GET /slow/${id} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
      while (asked < 3) await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
      const lines = await until(3);
      assert.deepEqual(lines.map(({ msg, req }) => `${msg} ${req.url}`).sort(), [
        'request aborted /slow/1',
        'request aborted /slow/2',
        'request aborted /slow/3',
      ]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('tells completed requests of node:http2 from those that were cancelled', async () => {
    const { logger, until } = logged();
    const app = createApp({ logger });
    app.get('/slow', () => new Promise(() => {}));
    app.get('/half', (_req, res) => {
      res.write('half');
      return new Promise(() => {});
    });
    const server = createHttp2Server(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      const slow = session.request({ ':path': '/slow' });
      await once(server, 'request');
      slow.close(constants.NGHTTP2_CANCEL);
      await until(1);
      const half = session.request({ ':path': '/half' });
      await once(half, 'data');
      half.close(constants.NGHTTP2_CANCEL);
      assert.deepEqual(
        (await until(2)).map(({ msg, level }) => [msg, level]),
        [
          ['request aborted', INFO],
          ['request aborted', INFO],
        ],
      );
    } finally {
      session.destroy();
      server.close();
    }
  });

  test('is kept for requests of node:http2', async () => {
    const { logger, until } = logged();
    const app = createApp({ logger });
    app.get('/', () => 'whole');
    app.get('/half', (_req, res) => {
      res.write('half');
      throw new Error('too late');
    });
    const server = createHttp2Server(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      for (const [count, path] of ['/', '/half', '/nowhere'].entries()) {
        const stream = session.request({ ':path': path });
        stream.on('error', () => {});
        stream.resume();
        await until(count + 1);
      }
      assert.deepEqual(
        (await until(3)).map(({ msg, res, err }) => [msg, res.statusCode, res.bytes, err?.message]),
        [
          ['request completed', 200, 5, undefined],
          ['request failed', 200, undefined, 'too late'],
          ['request completed', 404, 88, undefined],
        ],
      );
    } finally {
      session.destroy();
      server.close();
    }
  });

  test('is written by handlers with the id of their request, and has the fields that they add', async () => {
    const { logger, until } = logged();
    const { app, port } = await serve({ logger }, (it) =>
      it.get('/', (req) => {
        req.log.info({ user: 7 }, 'seen');
        req.log = req.log.child({ tenant: 'a' });
        return req.id;
      }),
    );
    try {
      const id = await (await fetch(`http://127.0.0.1:${port}/`)).text();
      assert.deepEqual(
        (await until(2)).map(({ msg, user, tenant, requestId }) => [msg, user, tenant, requestId]),
        [
          ['seen', 7, undefined, id],
          ['request completed', undefined, 'a', id],
        ],
      );
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('takes nothing down when its logger throws', async () => {
    const failing = new Proxy({} as Logger, {
      get: () => () => {
        throw new Error('disk full');
      },
    });
    const warned = once(process, 'warning');
    const { app, port } = await serve({ logger: failing }, (it) => {
      it.get('/', () => 'fine');
      it.get('/says', (req) => {
        req.log.info('something');
      });
      it.get('/broken', () => {
        throw new Error('broken');
      });
    });
    try {
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'fine');
      const [warning] = (await warned) as [NodeJS.ErrnoException];
      assert.equal(warning.code, 'BAREWIRE_LOG_FAILED');
      assert.match(warning.message, /disk full/);
      let more = 0;
      const count = () => more++;
      process.on('warning', count);
      assert.equal((await fetch(`http://127.0.0.1:${port}/broken`)).status, 500);
      assert.equal((await fetch(`http://127.0.0.1:${port}/says`)).status, 500);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'fine');
      process.off('warning', count);
      assert.equal(more, 0);
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('costs nothing without a logger: no listener, no id, nothing kept on the request', async () => {
    let made = 0;
    const generate = () => `id-${made++}`;
    const { app, port } = await serve({ requestId: { generate } }, (it) => {
      it.get('/', (req, res) => [res.listenerCount('close'), Object.getOwnPropertySymbols(req).length]);
      it.get('/named', (req) => [req.id, Object.getOwnPropertySymbols(req).length]);
    });
    try {
      const [listeners, kept] = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as number[];
      assert.deepEqual([listeners, made], [0, 0]);
      const [id, more] = (await (await fetch(`http://127.0.0.1:${port}/named`)).json()) as unknown[];
      assert.deepEqual([id, more], ['id-0', kept + 1]);
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('takes no logger that is none', () => {
    for (const logger of [{ info() {} }, null, pino] as unknown as Logger[]) {
      assert.throws(() => createApp({ logger }), { code: 'ERR_INVALID_ARG_TYPE', message: /logger\.\w+/ });
    }
  });

  test('is silent without a logger, and req.log can be used', async () => {
    const { app, port } = await serve({}, (it) =>
      it.get('/', (req) => {
        req.log.info('unheard');
        req.log.child({ a: 1 }).error({ b: 2 }, 'unheard');
        return 'quiet';
      }),
    );
    try {
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'quiet');
    } finally {
      await app.close({ deadline: 0 });
    }
  });
});

describe('the id of a request', () => {
  async function idOf(options: ApplicationOptions, headers: Record<string, string>) {
    const { app, port } = await serve(options, (it) => it.get('/', (req) => req.id));
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
      return { id: await response.text(), told: response.headers.get('x-request-id') };
    } finally {
      await app.close({ deadline: 0 });
    }
  }

  const field = 'X-Request-Id';

  test('is made here, whatever a client sends, and told to nobody', async () => {
    const { id, told } = await idOf({}, { [field]: 'mine' });
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.equal(told, null);
  });

  test('is what a proxy sent, where it is believed, and told where that is asked for', async () => {
    const requestId = { from: field, to: field };
    assert.deepEqual(await idOf({ requestId }, { [field]: 'edge-1/7' }), {
      id: 'edge-1/7',
      told: 'edge-1/7',
    });
    const longest = 'a'.repeat(128);
    assert.equal((await idOf({ requestId }, { [field]: longest })).id, longest);
  });

  test('is made here where what was sent is too long, or has what no id has', async () => {
    const requestId = { from: field, generate: () => 'made' };
    for (const sent of ['', 'a'.repeat(129), 'a b', 'a"b', '{}', 'é']) {
      assert.equal((await idOf({ requestId }, { [field]: sent })).id, 'made', sent);
    }
    assert.equal((await idOf({ requestId }, {})).id, 'made');
  });

  test('is a UUID where what is made for it fails, or is no id', async () => {
    for (const generate of [
      () => 'a\r\nSet-Cookie: a=b',
      () => 7 as unknown as string,
      () => {
        throw new Error('none');
      },
    ]) {
      const { id, told } = await idOf({ requestId: { to: field, generate } }, {});
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      assert.equal(told, id);
    }
  });

  test('is one for the whole of a request, and may be set', async () => {
    const { app, port } = await serve({}, (it) => {
      it.use((req, _res, next) => {
        const { id } = req;
        req.id = `own-${id === req.id}`;
        return next();
      });
      it.get('/', (req) => req.id);
    });
    try {
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'own-true');
    } finally {
      await app.close({ deadline: 0 });
    }
  });

  test('comes in no field with an impossible name', () => {
    assert.throws(() => createApp({ requestId: { from: 'X Request Id' } }), {
      code: 'ERR_INVALID_HTTP_TOKEN',
    });
    assert.throws(() => createApp({ requestId: { to: 'a\r\nb' } }), { code: 'ERR_INVALID_HTTP_TOKEN' });
  });
});
