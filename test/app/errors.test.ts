/** What becomes of errors: whatever is thrown, wherever, the client gets a right answer or none, and the server goes on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import {
  type Application,
  type ApplicationOptions,
  type AppRequest,
  type AppResponse,
  createApp,
  HttpError,
  type Next,
} from '#src/app/index.js';
import http from '#src/http/index.js';
import { WireClient } from '../differential/wire-client.js';
import { type Answer, type Asked, ask, connect, KINDS, type Kind, kinds } from './answering.js';

/** An application on a server of this kind, closed with the test. */
async function serve(
  t: TestContext,
  kind: Kind,
  make: (app: Application) => void,
  options: ApplicationOptions = {},
): Promise<((path?: string, asked?: Asked) => Promise<Answer>) & { port: number }> {
  const app = createApp(options);
  make(app);
  const server =
    kind === 'barewire/http'
      ? await app.listen(0, '127.0.0.1')
      : KINDS[kind].createServer(app.handler).listen(0, '127.0.0.1');
  if (!server.listening) await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign((path?: string, asked?: Asked) => ask(t, port, path, asked), { port });
}

const unreadable = new Proxy(
  {},
  {
    get() {
      throw new Error('not for reading');
    },
    getPrototypeOf() {
      throw new Error('not for reading');
    },
    ownKeys() {
      throw new Error('not for reading');
    },
  },
);
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

/** Something that is thrown, and the status it is answered with. */
const THROWN: readonly [name: string, thrown: unknown, status: number][] = [
  ['undefined', undefined, 500],
  ['null', null, 500],
  ['a string', 'text', 500],
  ['a number that looks like a status', 404, 500],
  ['a bigint', 7n, 500],
  ['a symbol', Symbol('s'), 500],
  ['a function', () => 7, 500],
  ['a frozen object', Object.freeze({ status: 418 }), 418],
  ['a frozen error', Object.freeze(new Error('frozen')), 500],
  ['a Proxy that throws', unreadable, 500],
  ['a revoked Proxy', revoked, 500],
  [
    'an error that cannot be read',
    Object.defineProperty(new Error('x'), 'status', {
      get() {
        throw new Error('not for reading');
      },
    }),
    500,
  ],
  ['an error with a status that is none of an error', Object.assign(new Error('x'), { status: 200 }), 500],
  ['an error with a status that is no number', Object.assign(new Error('x'), { status: '404' }), 500],
  ['an error with headers that are none', Object.assign(new Error('x'), { status: 409, headers: 'x' }), 409],
  [
    'an error with headers that cannot be read',
    Object.assign(new Error('x'), { status: 409, headers: revoked }),
    409,
  ],
  ['an error with members that are no JSON', new HttpError(409, 'x', { members: { big: 7n } }), 409],
  ['an error with members in a circle', new HttpError(409, 'x', { members: cyclic }), 409],
  ['an error whose message is no text', Object.assign(new Error(), { status: 409, message: { a: 1 } }), 409],
];

for (const kind of kinds) {
  describe(`an error, on ${kind}`, () => {
    for (const [name, thrown, status] of THROWN) {
      test(`is answered with ${status}: ${name}`, async (t) => {
        const throwIt = () => {
          throw thrown;
        };
        const rejectIt = () => Promise.reject(thrown);
        const get = await serve(t, kind, (app) => {
          app.get('/alone', throwIt);
          app.get('/alone-later', rejectIt);
          app.raw('GET', '/raw', throwIt);
          app.raw('GET', '/raw-later', rejectIt);
          app.get('/thenable', () => ({
            // biome-ignore lint/suspicious/noThenProperty: what libraries for queries make
            then: (_: unknown, reject?: (error: unknown) => void) =>
              void setImmediate(() => reject?.(thrown)),
          }));
          app.use('/middleware', throwIt);
          app.use('/middleware-later', rejectIt);
          app.use('/next', (_req, _res, next) => next(thrown || throwIt()));
          app.get('/awaited', async (_req, _res, next) => {
            await next();
          });
          app.get('/error-handler', () => {
            throw new Error('the first');
          });
          app.use('/error-handler', (_error: unknown, _req: AppRequest, _res: AppResponse, _next: Next) =>
            throwIt(),
          );
        });
        for (const path of [
          'alone',
          'alone-later',
          'raw',
          'raw-later',
          'thenable',
          'middleware',
          'middleware-later',
          'next',
          'error-handler',
        ]) {
          const answer = await get(`/${path}`);
          assert.equal(answer.status, status, path);
          assert.equal((JSON.parse(answer.text) as { status: number }).status, status, path);
        }
        assert.equal((await get('/awaited')).status, 404);
      });

      test(`in onError is answered too: ${name}`, async (t) => {
        for (const listener of [
          () => {
            throw thrown;
          },
          () => Promise.reject(thrown),
        ]) {
          const get = await serve(t, kind, (app) => {
            app.onError(listener);
            app.get('/', () => {
              throw new HttpError(400);
            });
          });
          assert.equal((await get()).status, status);
        }
      });
    }

    test('says nothing of a failure of the server, but in development', async (t) => {
      for (const development of [false, true]) {
        const get = await serve(
          t,
          kind,
          (app) => {
            app.get('/', () => {
              throw Object.assign(new TypeError('the password is hunter2'), {
                code: 'ERR_OF_OURS',
                members: { more: 'hunter2' },
              });
            });
            app.get('/status', () => {
              throw new HttpError(503, 'hunter2', { code: 'ERR_OF_OURS', members: { more: 'hunter2' } });
            });
            app.get('/cause', () => {
              throw new HttpError(400, 'no', { cause: new Error('hunter2') });
            });
          },
          { development },
        );
        for (const accept of ['application/json', 'text/plain']) {
          for (const path of ['/', '/status']) {
            const { text } = await get(path, { headers: { accept } });
            assert.equal(/hunter2/.test(text), development, text);
            assert.equal(/errors\.test/.test(text), development, text);
          }
          assert.ok(!(await get('/cause', { headers: { accept } })).text.includes('hunter2'));
        }
      }
    });

    test('shows the message of a status above 500 where it says so, and hides one below', async (t) => {
      const get = await serve(t, kind, (app) => {
        app.get('/shown', () => {
          throw new HttpError(503, 'Back at noon', { expose: true });
        });
        app.get('/hidden', () => {
          throw new HttpError(403, 'You are not Ada', { expose: false, code: 'ERR_NOT_ADA' });
        });
      });
      assert.deepEqual(JSON.parse((await get('/shown')).text), {
        title: 'Service Unavailable',
        status: 503,
        detail: 'Back at noon',
      });
      assert.deepEqual(JSON.parse((await get('/hidden')).text), { title: 'Forbidden', status: 403 });
    });

    test('is told in the form that Accept likes best', async (t) => {
      const get = await serve(t, kind, (app) =>
        app.get('/', () => {
          throw new HttpError(409, 'Taken');
        }),
      );
      const [json, text] = ['application/problem+json', 'text/plain; charset=utf-8'];
      for (const [accept, type] of [
        [undefined, json],
        ['*/*', json],
        ['application/json', json],
        ['application/json, text/plain, */*', json],
        ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', text],
        ['text/plain;q=0.1, application/json', json],
        ['application/json;q=0.1, text/*', text],
        ['image/png', json],
        ['application/json;q=0, text/plain', text],
        [';;;,,,', json],
      ] as const) {
        const answer = await get('/', { headers: accept === undefined ? {} : { accept } });
        assert.equal(answer.status, 409);
        assert.equal(answer.headers['content-type'], type, String(accept));
        assert.equal(answer.headers.vary, 'Accept');
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
        assert.equal(
          answer.text,
          type === text ? '409 Conflict\nTaken\n' : '{"title":"Conflict","status":409,"detail":"Taken"}',
        );
      }
    });

    test('leaves nothing of the answer that could not be given', async (t) => {
      const get = await serve(t, kind, (app) =>
        app.get('/', (_req, res) => {
          res.statusMessage = 'Fine';
          res.set({
            'Content-Length': '5',
            'Content-Encoding': 'gzip',
            'Content-Disposition': 'attachment',
            'Content-Language': 'de',
            'Content-Range': 'bytes 0-1/2',
            'Accept-Ranges': 'bytes',
            'Cache-Control': 'public, max-age=31536000',
            Expires: 'Thu, 01 Jan 2037 00:00:00 GMT',
            ETag: '"a"',
            'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
            'Access-Control-Allow-Origin': '*',
          });
          throw new HttpError(400, 'no');
        }),
      );
      const { headers, text, isComplete, status } = await get();
      assert.deepEqual([status, isComplete], [400, true]);
      assert.equal(text, '{"title":"Bad Request","status":400,"detail":"no"}');
      delete headers.date;
      assert.deepEqual(Object.keys(headers).sort(), [
        'access-control-allow-origin',
        'connection',
        'content-length',
        'content-type',
        'vary',
        'x-content-type-options',
      ]);
    });

    test('sends the fields it names, but none that is about the message, and none that cannot be sent', async (t) => {
      const headers = {
        'Retry-After': '3',
        'content-length': '3',
        'Transfer-Encoding': 'chunked',
        Connection: 'upgrade',
        'Content-Type': 'text/html',
        'Content-Encoding': 'gzip',
        'X-Split': 'a\r\nSet-Cookie: a=b',
        'X Space': 'a',
        'X-List': ['a', 'b'],
      };
      const get = await serve(t, kind, (app) => {
        app.get('/', () => {
          throw Object.assign(new Error('x'), { statusCode: 429, headers });
        });
        // An error without a status is another party's: so are its fields.
        app.get('/other', () => {
          throw Object.assign(new Error('x'), { headers });
        });
      });
      const answer = await get();
      assert.deepEqual([answer.status, answer.isComplete], [429, true]);
      assert.equal(answer.headers['retry-after'], '3');
      assert.deepEqual(answer.headers['x-list'], ['a', 'b']);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      for (const name of ['transfer-encoding', 'content-encoding', 'x-split', 'x space', 'set-cookie']) {
        assert.equal(answer.headers[name], undefined, name);
      }
      assert.equal((await get('/other')).headers['retry-after'], undefined);
    });

    test('says that the connection ends where the rest of a body is not to be read, and ends it', async (t) => {
      const get = await serve(t, kind, (app) => app.post('/', (req) => req.text({ limit: 10 })));
      for (const framing of ['Content-Length: 1000000', 'Transfer-Encoding: chunked']) {
        const client = new WireClient(get.port);
        t.after(() => client.destroy());
        await client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\nb\r\n01234567890`);
        await client.until(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n[\s\S]*ERR_BODY_TOO_LARGE/);
        await client.ended();
      }
    });

    test('tells of how much content a range was asked for that lies outside of it', async (t) => {
      const get = await serve(t, kind, (app) => {
        app.get('/file', (_req, res) => res.sendFile(import.meta.filename));
        app.get('/other', () => {
          throw new HttpError(400, 'x', { headers: { 'Content-Range': 'bytes */7' } });
        });
      });
      const { size } = statSync(import.meta.filename);
      const { status, headers } = await get('/file', { headers: { Range: `bytes=${size}-` } });
      assert.deepEqual([status, headers['content-range']], [416, `bytes */${size}`]);
      assert.equal((await get('/other')).headers['content-range'], undefined);
    });

    test("takes no other library's word for a type of problem, and no member for one of its own", async (t) => {
      const get = await serve(t, kind, (app) => {
        app.get('/word', () => {
          throw Object.assign(new Error('x'), { status: 400, type: 'entity.too.large', title: 7 });
        });
        app.get('/uri', () => {
          throw new HttpError(403, 'x', {
            type: 'https://a.example/out-of-credit',
            title: 'Out of credit',
            members: { status: 200, stack: 'x', detail: 'y', balance: 30 },
          });
        });
      });
      assert.deepEqual(JSON.parse((await get('/word')).text), {
        title: 'Bad Request',
        status: 400,
        detail: 'x',
      });
      assert.deepEqual(JSON.parse((await get('/uri')).text), {
        title: 'Out of credit',
        status: 403,
        type: 'https://a.example/out-of-credit',
        detail: 'x',
        balance: 30,
      });
    });

    test('of a HEAD has the head of its GET, and no content; HTTP/1.0 gets an answer, too', async (t) => {
      const get = await serve(t, kind, (app) =>
        app.get('/', () => {
          throw new HttpError(409, 'Taken');
        }),
      );
      const [whole, head] = [await get(), await get('/', { method: 'HEAD' })];
      assert.equal(head.status, 409);
      assert.equal(head.headers['content-length'], whole.headers['content-length']);
      const old = await get('/', { version: '1.0' });
      assert.deepEqual([old.status, old.text, old.isComplete], [409, whole.text, true]);
    });

    // Each waits, once it has written its half, until the client has that, or does not wait at all.
    const late: [name: string, answer: (res: AppResponse, got: Promise<unknown>) => unknown][] = [
      [
        'thrown after a write',
        (res) => {
          res.write('half');
          throw new Error('too late');
        },
      ],
      [
        'rejected after a write',
        async (res, got) => {
          res.write('half');
          await got;
          throw new Error('too late');
        },
      ],
      [
        'rejected after a write with a length',
        async (res, got) => {
          res.set('Content-Length', '9').write('half');
          await got;
          throw new Error('too late');
        },
      ],
      ['of an async iterable, half way', (_res, got) => halfOf(got)],
      ['of a stream given to send', (res, got) => res.send(Readable.from(halfOf(got)))],
      [
        'of a stream, half way',
        (_res, got) => {
          const stream = new PassThrough();
          stream.write('half');
          void got.then(() => stream.destroy(new Error('too late')));
          return stream;
        },
      ],
      [
        'of a web stream, half way',
        (_res, got) =>
          new ReadableStream({
            async start(controller) {
              controller.enqueue('half');
              await got;
              controller.error(new Error('too late'));
            },
          }),
      ],
    ];
    async function* halfOf(got: Promise<unknown>) {
      yield 'half';
      await got;
      throw new Error('too late');
    }
    for (const [name, answer] of late) {
      for (const version of ['1.1', '1.0']) {
        test(`${name} ends the connection, so that no client of HTTP/${version} takes the half for the whole`, async (t) => {
          const errors: unknown[] = [];
          const app = createApp();
          let tell = (_: unknown) => {};
          const got = new Promise((resolve) => {
            tell = resolve;
          });
          app.get('/', (_req, res) => answer(res, got));
          app.onError((error) => void errors.push((error as Error).message));
          const server = KINDS[kind].createServer(app.handler).listen(0, '127.0.0.1');
          await once(server, 'listening');
          t.after(() => server.close());
          const socket = await connect(t, (server.address() as AddressInfo).port);
          let text = '';
          let isReset = false;
          socket.on('data', (piece: Buffer) => {
            text += piece;
            if (text.includes('half')) tell(undefined);
          });
          socket.on('error', () => {
            isReset = true;
          });
          socket.write(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
          await once(socket, 'close').catch(() => {});
          const isWhole = /transfer-encoding/i.test(text)
            ? text.endsWith('\r\n0\r\n\r\n')
            : text !== '' && !/content-length/i.test(text) && !isReset;
          assert.equal(isWhole, false, text);
          assert.deepEqual(errors, ['too late']);
        });
      }
    }

    test('of a stream before its first byte is answered', async (t) => {
      const get = await serve(t, kind, (app) => {
        app.get('/', () => new Readable({ read() {} }).destroy(new Error('no such thing')));
        app.get(
          '/missing',
          () =>
            new Readable({
              read() {
                this.destroy(new HttpError(410, 'gone'));
              },
            }),
        );
      });
      assert.equal((await get()).status, 500);
      assert.equal((await get('/missing')).status, 410);
    });

    test('is for onError, which may answer, at once, later, and bit by bit', async (t) => {
      const get = await serve(t, kind, (app) => {
        app.onError(async (error, req, res) => {
          if (req.path === '/now') return void res.status(503).send((error as Error).message);
          if (req.path === '/raw') return void res.status(503).send(req.path);
          await new Promise(setImmediate);
          if (req.path === '/later') return void res.status(503).send('later');
          if (req.path === '/file') res.status(503).sendFile(import.meta.filename);
          if (req.path === '/stream') res.status(503).send(Readable.from(['a ', 'stream']));
          if (req.path === '/piped') {
            res.status(503).flushHeaders();
            setImmediate(() => Readable.from(['bit ', 'by ', 'bit']).pipe(res));
          }
          return undefined;
        });
        app.raw('GET', '/raw', () => Promise.reject(new Error('raw')));
        app.get('/:how', ({ params }) => {
          throw new HttpError(400, params.how);
        });
      });
      for (const [path, status, text] of [
        ['now', 503, 'now'],
        ['raw', 503, '/raw'],
        ['later', 503, 'later'],
        ['piped', 503, 'bit by bit'],
        ['stream', 503, 'a stream'],
        ['file', 503, readFileSync(import.meta.filename, 'utf8')],
        ['left', 400, '{"title":"Bad Request","status":400,"detail":"left"}'],
      ] as const) {
        const answer = await get(`/${path}`);
        assert.deepEqual([answer.status, answer.text, answer.isComplete], [status, text, true]);
      }
    });

    test('of onError after it has begun to answer ends the connection', async (t) => {
      const get = await serve(t, kind, (app) => {
        app.onError((_error, _req, res) => {
          res.set('Content-Length', '9').flushHeaders();
          throw new Error('again');
        });
        app.get('/', () => {
          throw new Error('first');
        });
        app.get('/later', async () => {
          throw new Error('first');
        });
      });
      for (const path of ['/', '/later']) assert.equal((await get(path)).isComplete, false);
    });

    test('of what onError does is not told to it again: that would have no end', async (t) => {
      const calls: string[] = [];
      const get = await serve(t, kind, (app) => {
        app.onError((_error, req, res) => {
          calls.push(req.path);
          if (req.path === '/file') res.status(500).sendFile('/there/is/no/such/file.html');
          else res.write('more');
        });
        app.get('/file', () => {
          throw new Error('first');
        });
        app.get('/write', (_req, res) => {
          res.end('whole');
          res.write('more');
        });
      });
      // Of what was set for the file nothing is left.
      const { status, headers, isComplete } = await get('/file');
      assert.deepEqual(
        [status, headers['content-type'], isComplete],
        [404, 'application/problem+json', true],
      );
      assert.equal((await get('/write')).text, 'whole');
      await new Promise(setImmediate);
      assert.deepEqual(calls, ['/file', '/write']);
    });

    test('of what is written too late ends no process: onError hears of it', async (t) => {
      const errors: unknown[] = [];
      let hear = () => {};
      const heard = new Promise<void>((resolve) => {
        hear = resolve;
      });
      const get = await serve(t, kind, (app) => {
        app.onError((error) => {
          if (errors.push((error as { code?: string }).code) === 3) hear();
        });
        app.get('/write', (_req, res) => {
          res.end('whole');
          res.write('more');
        });
        app.get('/pipe', (_req, res) => {
          const source = new PassThrough();
          source.pipe(res);
          res.end('whole');
          source.write('more');
        });
        app.get('/read', (_req, res) => {
          res.pipe(new PassThrough());
        });
      });
      assert.equal((await get('/write')).text, 'whole');
      assert.equal((await get('/pipe')).text, 'whole');
      assert.equal((await get('/read')).status, 500);
      await heard;
      assert.deepEqual(errors, [
        'ERR_STREAM_WRITE_AFTER_END',
        'ERR_STREAM_WRITE_AFTER_END',
        'ERR_STREAM_CANNOT_PIPE',
      ]);
    });

    test('has a listener on the response where the application put one, and no other', async (t) => {
      const errors: unknown[] = [];
      const get = await serve(t, kind, (app) => {
        app.onError((error) => void errors.push(error));
        app.get('/', (_req, res) => {
          res.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
          res.end('whole');
          res.write('more');
        });
      });
      await get();
      while (errors.length === 0) await new Promise(setImmediate);
      assert.deepEqual(errors, ['ERR_STREAM_WRITE_AFTER_END']);
    });

    test('of an application within another, as a plain listener, is its own', async (t) => {
      const inner = createApp();
      inner.get('/', (_req, res) => {
        res.end('whole');
        res.write('more');
      });
      const told: string[] = [];
      inner.onError(() => void told.push('inner'));
      const get = await serve(t, kind, (app) => {
        app.onError(() => void told.push('outer'));
        app.use((req, res) => inner.handler(req, res));
      });
      assert.equal((await get()).text, 'whole');
      while (told.length === 0) await new Promise(setImmediate);
      assert.deepEqual(told, ['inner']);
    });

    test('is told with the events that others hear: an emit that was put in its place is called', async (t) => {
      const { prototype } = KINDS[kind].ServerResponse;
      const { emit } = prototype;
      const events = new Set<string>();
      t.after(() => {
        if (Object.hasOwn(prototype, 'emit')) delete (prototype as { emit?: unknown }).emit;
      });
      prototype.emit = function noting(this: typeof prototype, event: string, ...args: unknown[]) {
        events.add(event);
        return emit.call(this, event, ...args);
      } as typeof emit;
      const get = await serve(t, kind, (app) => app.get('/', () => 'x'));
      assert.equal((await get()).text, 'x');
      assert.ok(events.has('finish') && events.has('close'), [...events].join());
    });

    test('of a peer behind us is not that of our client', async (t) => {
      const upstream = net.createServer((socket) => socket.end('nonsense\r\n\r\n')).listen(0, '127.0.0.1');
      await once(upstream, 'listening');
      t.after(() => upstream.close());
      const { port } = upstream.address() as AddressInfo;
      const get = await serve(t, kind, (app) =>
        app.get('/', async () => {
          await once(http.get({ port, host: '127.0.0.1', agent: false }), 'response');
        }),
      );
      const { status, text } = await get();
      assert.equal(status, 500);
      assert.equal(text, '{"title":"Internal Server Error","status":500}');
    });
  });
}

describe('an error, on node:http2', () => {
  async function exchange(make: (app: Application) => void) {
    const app = createApp();
    make(app);
    const server = createHttp2Server(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      const stream = session.request({ ':path': '/' });
      let failure: unknown;
      stream.on('error', (error) => {
        failure = error;
      });
      let text = '';
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      const [head] = (await once(stream, 'response')) as [Record<string, string>];
      if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
      return { status: head[':status'], text, code: (failure as NodeJS.ErrnoException | undefined)?.code };
    } finally {
      session.destroy();
      server.close();
    }
  }

  test('is answered, without a warning', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error) => void warnings.push(warning);
    process.on('warning', hear);
    const answer = await exchange((app) =>
      app.get('/', () => {
        throw new HttpError(409, 'Taken', { headers: { Connection: 'close' } });
      }),
    );
    await new Promise(setImmediate);
    process.off('warning', hear);
    assert.deepEqual(answer, {
      status: 409,
      text: '{"title":"Conflict","status":409,"detail":"Taken"}',
      code: undefined,
    });
    assert.deepEqual(warnings, []);
  });

  test('after the head was sent resets the stream', async () => {
    const answer = await exchange((app) =>
      app.get('/', (_req, res) => {
        res.write('half');
        throw new Error('too late');
      }),
    );
    assert.deepEqual(answer, { status: 200, text: 'half', code: 'ERR_HTTP2_STREAM_ERROR' });
  });
});

describe('a request that cannot be read', () => {
  test('is refused by the server, before the application', async (t) => {
    const app = createApp();
    let calls = 0;
    app.use((_req, _res, next) => {
      calls++;
      return next();
    });
    const server = await app.listen(0, '127.0.0.1');
    t.after(() => app.close({ deadline: 0 }));
    const socket = await connect(t, (server.address() as AddressInfo).port);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
    assert.equal(calls, 0);
  });
});
