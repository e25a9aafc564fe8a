/** The application as a whole: routes, mounts, methods, errors, answers, other servers, the end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as nodeHttp from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { type AppRequest, createApp, HttpError, json } from 'barewire';
import http from 'barewire/http';
import * as valibot from 'valibot';
import { z } from 'zod';

describe('routes', () => {
  test('a handler answers by what it returns, or what its promise resolves with', async () => {
    const app = createApp();
    app.get('/now', () => ({ at: 'once' }));
    app.get('/later', async () => 'text');
    app.get('/stream', () => Readable.from(['a', 'b']));
    app.get('/by-hand', (_req, res) => {
      res.status(201).set('X-By', 'hand').send('sent');
    });
    assert.deepEqual((await app.inject('/now')).json(), { at: 'once' });
    assert.equal((await app.inject('/later')).text, 'text');
    assert.equal((await app.inject('/stream')).text, 'ab');
    const byHand = await app.inject('/by-hand');
    assert.deepEqual([byHand.status, byHand.headers['x-by'], byHand.text], [201, 'hand', 'sent']);
  });

  test('parameters are decoded once', async () => {
    const app = createApp();
    app.get('/users/:id/books/:book?', ({ params }) => ({ ...params }));
    assert.deepEqual((await app.inject('/users/a%2Fb/books/%2520')).json(), { id: 'a/b', book: '%20' });
    assert.deepEqual((await app.inject('/users/1/books')).json(), { id: '1' });
  });

  test('a malformed escape in path or query is 400 with the reason', async () => {
    const app = createApp();
    app.get('/users/:id', (req) => ({ ...req.query }));
    for (const url of ['/users/%zz', '/users/%e0%a4', '/users/1?a=%']) {
      const { status, headers, text } = await app.inject(url);
      assert.equal(status, 400, url);
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.match(text, /malformed percent-encoding/);
    }
  });

  test('the most literal route is found, whatever was registered first', async () => {
    const app = createApp();
    app.get('/*', () => 'wildcard');
    app.get('/:name', () => 'parameter');
    app.get('/me', () => 'literal');
    assert.equal((await app.inject('/me')).text, 'literal');
    assert.equal((await app.inject('/you')).text, 'parameter');
    assert.equal((await app.inject('/you/and/me')).text, 'wildcard');
  });

  test('HEAD is answered from GET, without content', async () => {
    const app = createApp();
    app.get('/a', () => 'four');
    const { status, headers, text } = await app.inject({ method: 'HEAD', url: '/a' });
    assert.deepEqual([status, headers['content-length'], text], [200, '4', '']);
  });

  test('OPTIONS is answered, and other methods refused, with what there is', async () => {
    const app = createApp();
    app.get('/a', () => '');
    app.put('/a', () => '');
    const options = await app.inject({ method: 'OPTIONS', url: '/a' });
    assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD, PUT, OPTIONS']);
    const refused = await app.inject({ method: 'DELETE', url: '/a' });
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD, PUT, OPTIONS']);
    assert.equal((await app.inject('/nothing')).status, 404);
  });

  test('two routes for the same paths are an error that names both places', () => {
    const app = createApp();
    app.get('/users/:id', () => '');
    app.get('/users/:name', () => '');
    assert.throws(
      () => app.routes(),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'ERR_ROUTE_CONFLICT');
        assert.equal(error.message.match(/application\.test\.js:\d+:\d+/g)?.length, 2);
        return true;
      },
    );
  });

  test('listen() and inject() reject with what is wrong with the routes', async () => {
    const app = createApp();
    const api = createApp();
    app.use('/api', api);
    api.get('/users/:id', () => '');
    api.get('/users/:name', () => '');
    await assert.rejects(app.listen(0, '127.0.0.1'), { code: 'ERR_ROUTE_CONFLICT' });
    assert.equal(app.isReady, false);
    await assert.rejects(app.inject('/'), { code: 'ERR_ROUTE_CONFLICT' });
  });

  test('a route that is wrong, added while it serves, fails requests and not the process', async () => {
    const app = createApp();
    const told: unknown[] = [];
    app.onError((error) => {
      told.push((error as { code?: string }).code);
    });
    app.get('/a', () => 'first');
    const server = await app.listen(0, '127.0.0.1');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
    assert.equal(await (await fetch(url)).text(), 'first');
    app.get('/a', () => 'second');
    assert.equal((await fetch(url)).status, 500);
    await app.close({ deadline: 0 });
    assert.deepEqual(told, ['ERR_ROUTE_CONFLICT']);
  });

  test('routes() lists them, with those of mounted applications', () => {
    const app = createApp();
    const api = createApp();
    app.use('/api', api);
    api
      .route('/things/:id')
      .get(() => '')
      .delete(() => '');
    assert.deepEqual(
      app.routes().map(({ method, path }) => `${method} ${path}`),
      ['GET /api/things/:id', 'DELETE /api/things/:id'],
    );
  });

  test('a file is an answer, and one that is not there an error', async () => {
    const app = createApp();
    app.get('/own', (_req, res) => res.sendFile(import.meta.filename));
    app.get('/none', (_req, res) => res.sendFile(`${import.meta.filename}.none`));
    app.get('/offered', (_req, res) => res.download(import.meta.filename, 'a.js'));
    const part = await app.inject({ url: '/own', headers: { range: 'bytes=0-2' } });
    assert.deepEqual([part.status, part.text], [206, '/**']);
    assert.equal((await app.inject('/none')).status, 404);
    const { headers } = await app.inject('/offered');
    assert.equal(headers['content-disposition'], 'attachment; filename=a.js');
  });

  test('cookies are read where they are asked for', async () => {
    const app = createApp();
    app.get('/', (req) => ({ ...req.getCookies() }));
    assert.deepEqual((await app.inject({ url: '/', headers: { cookie: 'a=1; b=%20' } })).json(), {
      a: '1',
      b: ' ',
    });
  });

  test('raw hands over the bare pair before any middleware', async () => {
    const app = createApp();
    app.use(() => {
      throw new Error('middleware');
    });
    app.raw('GET', '/hot', (_req, res) => {
      res.end('hot');
    });
    assert.equal((await app.inject('/hot')).text, 'hot');
  });
});

describe('middleware', () => {
  test('runs for what was registered behind it, and for what no route is for', async () => {
    const app = createApp();
    app.get('/before', () => 'before');
    app.use((_req, res, next) => {
      res.set('X-Seen', 'yes');
      next();
    });
    app.get('/behind', () => 'behind');
    assert.equal((await app.inject('/behind')).headers['x-seen'], 'yes');
    assert.equal((await app.inject('/nothing')).headers['x-seen'], 'yes');
  });

  test('under a path sees the rest of it, and the route all of it again', async () => {
    const app = createApp();
    app.use('/files', (req, res, next) => {
      res.set('X-Seen', `${req.baseUrl} ${req.url} ${req.originalUrl}`);
      next();
    });
    app.get('/files/*', (req) => `${req.baseUrl}|${req.url}`);
    const { headers, text } = await app.inject('/files/a/b?c');
    assert.equal(headers['x-seen'], '/files /a/b?c /files/a/b?c');
    assert.equal(text, '|/files/a/b?c');
    assert.equal((await app.inject('/filesystem')).headers['x-seen'], undefined);
  });

  test('guards its path in every spelling by which a route is found', async () => {
    const app = createApp();
    app.use('/admin', (_req, _res, next) => void next(new HttpError(403)));
    app.get('/admin/secret', () => 'secret');
    app.get('/:section/list', () => 'list');
    for (const url of ['/admin/secret', '/%61dmin/secret', '/ADMIN/secret', '/admin/list', '/%41dmin/list']) {
      assert.equal((await app.inject(url)).status, 403, url);
    }
    assert.equal((await app.inject('/other/list')).status, 200);
  });

  test('is for the segments that are a parameter of its path', async () => {
    const app = createApp();
    app.use('/shops/:shop/orders', (_req, _res, next) => void next(new HttpError(403)));
    app.get('/shops/:shop/:what', () => 'open');
    assert.equal((await app.inject('/shops/7/orders')).status, 403);
    assert.equal((await app.inject('/shops/7/stock')).status, 200);
  });

  test('is refused under a path that it could not be called for', () => {
    const app = createApp();
    for (const path of ['/files/*path', '/v:n', '/{a}', '/:a-:b', '/:a?', '/a(b)']) {
      assert.throws(() => app.use(path, () => {}), { code: 'ERR_INVALID_ROUTE_PATH' }, path);
    }
  });

  test('comes back after await next(), and may still set what is not sent', async () => {
    const app = createApp();
    const log: string[] = [];
    app.use(async (_req, _res, next) => {
      log.push('in');
      await next();
      log.push('out');
    });
    app.get('/', async () => {
      log.push('handler');
      return 'done';
    });
    assert.equal((await app.inject('/')).text, 'done');
    assert.deepEqual(log, ['in', 'handler', 'out']);
  });

  test('of applications in applications runs from the outside in', async () => {
    const log: string[] = [];
    const noting = (name: string) => (_req: AppRequest, _res: unknown, next: () => unknown) => {
      log.push(name);
      next();
    };
    const [app, api, users] = [createApp(), createApp(), createApp()];
    app.use(noting('app'));
    app.use('/api', api);
    api.use(noting('api'));
    api.use('/users', users);
    users.use(noting('users'));
    // Registered when it is mounted already.
    users.get('/:id', (req) => `${req.params.id} ${req.baseUrl} ${req.url}`);
    assert.equal((await app.inject('/api/users/7')).text, '7 /api/users /7');
    assert.deepEqual(log, ['app', 'api', 'users']);
  });
});

describe('errors', () => {
  test('of a server show nothing of it, outside of development', async () => {
    for (const [development, shown] of [
      [false, false],
      [true, true],
    ] as const) {
      const app = createApp({ development });
      app.get('/', () => {
        throw new Error('the password is hunter2');
      });
      const { status, text } = await app.inject('/');
      assert.equal(status, 500);
      assert.equal(text.includes('hunter2'), shown);
      assert.equal(text.includes('application.test'), shown);
    }
  });

  test('with a status are answered with it, as JSON or text by Accept', async () => {
    const app = createApp();
    app.get('/', async () => {
      throw new HttpError(409, 'Taken', { headers: { 'Retry-After': '3' }, members: { name: 'x' } });
    });
    const asJson = await app.inject('/');
    assert.equal(asJson.status, 409);
    assert.equal(asJson.headers['retry-after'], '3');
    assert.deepEqual(asJson.json(), { title: 'Conflict', status: 409, detail: 'Taken', name: 'x' });
    const asText = await app.inject({ url: '/', headers: { accept: 'text/plain, application/json;q=0.5' } });
    assert.equal(asText.text, '409 Conflict\nTaken\n');
  });

  test('reach onError, which may answer', async () => {
    const app = createApp();
    const seen: unknown[] = [];
    app.get('/mine', () => {
      throw new Error('mine');
    });
    app.onError((error, _req, res) => {
      seen.push((error as Error).message);
      if ((error as Error).message === 'mine') res.status(503).send('later');
    });
    assert.deepEqual([(await app.inject('/mine')).status, (await app.inject('/nothing')).status], [503, 404]);
    assert.deepEqual(seen, ['mine', 'Cannot GET /nothing']);
  });

  test('after the head was sent destroy the connection: no client takes the half for the whole', async () => {
    const app = createApp();
    app.get('/', (_req, res) => {
      res.write('half');
      throw new Error('too late');
    });
    await assert.rejects(app.inject('/'), { code: 'ECONNRESET' });
  });

  test('of a stream that is the answer destroy the connection too', async () => {
    const app = createApp();
    app.get('/', async function* parts() {
      yield 'half';
      throw new Error('too late');
    });
    await assert.rejects(app.inject('/'), { code: 'ECONNRESET' });
  });
});

describe('schemas', () => {
  const User = z.object({ name: z.string().min(1), age: z.coerce.number().int() });

  test('for no part of a request, or that are none, are refused when the route is registered', () => {
    const app = createApp();
    const schemas: object[] = [
      { boddy: User },
      { body: {} },
      { query: 5 },
      { params: null },
      { default: () => '' },
    ];
    for (const wrong of schemas) {
      const register = () => app.post('/', wrong as { body: typeof User }, () => 'unchecked');
      assert.throws(register, { code: 'ERR_INVALID_ARG_VALUE' }, Object.keys(wrong)[0]);
      assert.throws(() => app.route('/').post(wrong as { body: typeof User }, () => ''), {
        code: 'ERR_INVALID_ARG_VALUE',
      });
    }
    assert.deepEqual(app.routes(), []);
  });

  test('type and check the parts of a request', async () => {
    const app = createApp();
    app.post(
      '/users/:id',
      {
        params: z.object({ id: z.coerce.number() }),
        query: valibot.object({ dry: valibot.optional(valibot.string()) }),
        body: User,
      },
      ({ params, query, body }) => {
        const id: number = params.id;
        const dry: string | undefined = query.dry;
        const name: string = body.name;
        return { id, dry, name, age: body.age + 1 };
      },
    );
    const right = await app.inject({ url: '/users/7?dry=1', body: { name: 'Ada', age: '36' } });
    assert.deepEqual(right.json(), { id: 7, dry: '1', name: 'Ada', age: 37 });
  });

  test('may promise in their own way: nothing passes before they have said so', async () => {
    const app = createApp();
    const promises = (result: object) =>
      ({
        '~standard': {
          version: 1,
          vendor: 'test',
          // biome-ignore lint/suspicious/noThenProperty: a promise of another library
          validate: () => ({ then: (resolve: (settled: object) => void) => resolve(result) }),
        },
      }) as never;
    app.post('/right', { body: promises({ value: 'made of it' }) }, ({ body }) => body);
    app.get('/wrong', { headers: promises({ issues: [{ message: 'no' }] }) }, () => 'passed');
    assert.equal((await app.inject({ url: '/right', body: {} })).text, 'made of it');
    assert.equal((await app.inject('/wrong')).status, 400);
  });

  test('refuse with 400 and the issues', async () => {
    const app = createApp();
    app.post('/users', { body: User }, () => 'made');
    const { status, json: problem } = await app.inject({ url: '/users', body: { name: '', age: 'x' } });
    assert.equal(status, 400);
    const { code, errors } = problem() as { code: string; errors: { in: string; path: string[] }[] };
    assert.equal(code, 'ERR_VALIDATION');
    assert.deepEqual(
      errors.map((error) => [error.in, ...error.path]),
      [
        ['body', 'name'],
        ['body', 'age'],
      ],
    );
    assert.equal(
      (
        await app.inject({
          url: '/users',
          method: 'POST',
          body: '{',
          headers: { 'content-type': 'application/json' },
        })
      ).status,
      400,
    );
    assert.equal(
      (
        await app.inject({
          url: '/users',
          method: 'POST',
          body: 'x',
          headers: { 'content-type': 'text/plain' },
        })
      ).status,
      415,
    );
  });
});

describe('on other servers', () => {
  const app = createApp();
  app.use(json());
  app.post('/echo/:name', (req) => ({ name: req.params.name, body: req.body, secure: req.secure }));

  for (const [name, make] of [
    ['node:http', () => nodeHttp.createServer(app.handler)],
    ['barewire/http', () => http.createServer(app.handler)],
  ] as const) {
    test(`the handler serves ${name}`, async () => {
      const server = make();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/echo/a`, {
        method: 'POST',
        body: '{"b":1}',
        headers: { 'content-type': 'application/json', connection: 'close' },
      });
      assert.deepEqual(await response.json(), { name: 'a', body: { b: 1 }, secure: false });
      server.close();
      await once(server, 'close');
    });
  }

  test('the handler serves node:http2 by its compatibility API', async () => {
    const server = createHttp2Server(app.handler);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/echo/a',
      'content-type': 'application/json',
    });
    stream.end('{"b":1}');
    let text = '';
    for await (const chunk of stream) text += chunk;
    assert.deepEqual(JSON.parse(text), { name: 'a', body: { b: 1 }, secure: false });
    session.close();
    server.close();
    await once(server, 'close');
  });
});

describe('the end', () => {
  /** Reads from a raw connection until the text is there. */
  async function until(socket: Socket, text: string): Promise<string> {
    let read = '';
    while (!read.includes(text)) read += String(((await once(socket, 'data')) as [Buffer])[0]);
    return read;
  }

  test('answers what is in flight, and what comes on a connection that is open, with Connection: close', async () => {
    const app = createApp();
    let release: (() => void) | undefined;
    app.get(
      '/slow',
      () =>
        new Promise<string>((resolve) => {
          release = () => resolve('slow');
        }),
    );
    app.get('/', () => 'quick');
    const server = await app.listen(0, '127.0.0.1');
    const { port } = server.address() as AddressInfo;
    assert.equal(app.isReady, true);
    const [busy, idle] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await until(idle, 'quick'), /Connection: keep-alive/);
    busy.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    while (release === undefined) await new Promise((resolve) => setImmediate(resolve));

    const closed = app.close();
    assert.equal(app.isReady, false);
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await until(idle, 'quick'), /Connection: close/);
    release();
    assert.match(await until(busy, 'slow'), /Connection: close/);
    await closed;
    const refused = connect(port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  });

  test('cuts at the deadline what does not end by itself', async () => {
    const app = createApp();
    app.get('/', () => new Promise(() => {}));
    const server = await app.listen(0, '127.0.0.1');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(server, 'request');
    const cut = once(socket, 'close');
    await app.close({ deadline: 20 });
    await cut;
  });

  test('is no end for an application that listens again', async () => {
    const app = createApp();
    app.get('/', () => 'again');
    await app.listen(0, '127.0.0.1');
    await app.close();
    await app.listen(0, '127.0.0.1');
    assert.equal(app.isReady, true);
    await app.close();
  });
});
