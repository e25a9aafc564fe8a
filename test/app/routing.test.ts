/** Routes of a whole application: methods, order, options, conflicts, and what answers without a route. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { Script } from 'node:vm';
import { type Application, createApp, sse } from 'barewire';
import { METHODS } from 'barewire/http';

const ROUTED = METHODS.filter((method) => method !== 'CONNECT');

type Registering = Record<string, (path: string, handler: (req: { method: string }) => unknown) => void>;

describe('methods', () => {
  test('each has a member that registers for it alone, of applications and of routes', async () => {
    const app = createApp();
    const route = app.route('/route') as unknown as Record<string, (handler: () => string) => void>;
    for (const method of ROUTED) {
      const name = method.toLowerCase();
      (app as unknown as Registering)[name](`/${name}`, (req) => `${method} ${req.method}`);
      route[name](() => method);
    }
    for (const method of ROUTED) {
      const isHead = method === 'HEAD';
      const own = await app.inject({ method, url: `/${method.toLowerCase()}` });
      assert.deepEqual([own.status, own.text], [200, isHead ? '' : `${method} ${method}`], method);
      const other = await app.inject({ method: 'POST', url: `/${method.toLowerCase()}` });
      assert.equal(other.status, method === 'POST' ? 200 : 405, method);
      assert.equal((await app.inject({ method, url: '/route' })).text, isHead ? '' : method);
    }
    assert.equal('connect' in app, false);
  });

  test('all is for each of them, and gives way to one that is for the method', async () => {
    const app = createApp();
    app.all('/any', (req) => `all ${req.method}`);
    app.get('/any', () => 'get');
    for (const method of ROUTED) {
      const { status, text } = await app.inject({ method, url: '/any' });
      const expected = method === 'GET' ? 'get' : method === 'HEAD' ? '' : `all ${method}`;
      assert.deepEqual([status, text], [200, expected]);
    }
  });

  test('HEAD and OPTIONS have their own routes before those that stand in for them', async () => {
    const app = createApp();
    app.get('/x', (_req, res) => res.set('X-From', 'get').send('get'));
    app.head('/x', (_req, res) => void res.set('X-From', 'head').end());
    app.options('/x', () => 'own');
    app.get('/y', (_req, res) => res.set('X-From', 'get').send('get'));
    const from = async (url: string) => (await app.inject({ method: 'HEAD', url })).headers['x-from'];
    assert.deepEqual([await from('/x'), await from('/y')], ['head', 'get']);
    assert.equal((await app.inject({ method: 'OPTIONS', url: '/x' })).text, 'own');
    assert.equal((await app.inject({ method: 'OPTIONS', url: '/y' })).headers.allow, 'GET, HEAD, OPTIONS');
    assert.equal((await app.inject({ method: 'OPTIONS', url: '/none' })).status, 404);
  });

  test('HEAD does not read the stream that GET would send', async () => {
    const app = createApp();
    let isRead = false;
    const stream = new Readable({
      read() {
        isRead = true;
        this.push(null);
      },
    });
    app.get('/', () => stream);
    assert.equal((await app.inject({ method: 'HEAD', url: '/' })).status, 200);
    assert.deepEqual([isRead, stream.destroyed], [false, true]);
  });

  test('OPTIONS * is answered for the server: with what any of its paths has', async () => {
    const app = createApp();
    const ask = async () => {
      const { status, headers } = await app.inject({ method: 'OPTIONS', url: '*' });
      return [status, headers.allow];
    };
    assert.deepEqual(await ask(), [204, 'OPTIONS']);
    app.get('/a', () => '').post('/b/:c', () => '');
    assert.deepEqual(await ask(), [204, 'GET, POST, HEAD, OPTIONS']);
    app.use((_req, res, next) => next(void res.set('X-Seen', 'too')));
    assert.equal((await app.inject({ method: 'OPTIONS', url: '*' })).headers['x-seen'], 'too');
    app.all('/d', () => '');
    assert.match(String((await ask())[1]), /\bPROPFIND\b/);
  });

  test('405 says Allow for all patterns of the path, those of mounted applications among them', async () => {
    const app = createApp();
    const api = createApp();
    app.use('/api', api);
    app.get('/api/:what', () => '');
    api.put('/users', () => '');
    api.on('PURGE', '/*', () => '');
    const { status, headers, json } = await app.inject({ method: 'DELETE', url: '/api/users' });
    assert.deepEqual([status, headers.allow], [405, 'PUT, PURGE, GET, HEAD, OPTIONS']);
    assert.equal((json() as { code: string }).code, 'ERR_METHOD_NOT_ALLOWED');
  });
});

describe('of several routes', () => {
  /** Registers these in this order; each answers with its pattern. */
  function appOf(...patterns: string[]): Application {
    const app = createApp();
    const mounted = createApp();
    for (const pattern of patterns) {
      // One of them in an application of its own, which makes no difference.
      if (pattern.startsWith('/m/:')) mounted.get(pattern.slice(2), () => pattern);
      else app.get(pattern, () => pattern);
    }
    return app.use('/m', mounted);
  }

  test('text beats parameters beat wildcards, in every order of registration', async () => {
    const patterns = ['/*all', '/m/:a', '/m/x', '/m/:a/y', '/m/x/:b'];
    const orders = patterns.map((_, i) => [...patterns.slice(i), ...patterns.slice(0, i)]);
    for (const order of [...orders, ...orders.map((one) => one.toReversed())]) {
      const app = appOf(...order);
      for (const [path, pattern] of [
        ['/m/x', '/m/x'],
        ['/m/z', '/m/:a'],
        ['/m/z/y', '/m/:a/y'],
        ['/m/x/y', '/m/x/:b'],
        ['/m/z/z', '/*all'],
        ['/other', '/*all'],
      ]) {
        assert.equal((await app.inject(path)).text, pattern, `${path} of ${order}`);
      }
    }
  });

  test('two for the same paths throw with both places, also through mounts and other spellings', () => {
    for (const [first, second] of [
      ['/m/x', '/x'],
      ['/m/:a', '/:b'],
      ['/m/%78', '/x'],
      ['/M/X/', '/x'],
      ['/m{/:a}', '/:b?'],
    ]) {
      const app = createApp();
      const mounted = createApp();
      app.get(first, () => '');
      mounted.get(second, () => '');
      app.use('/m', mounted);
      assert.throws(
        () => app.routes(),
        ({ code, message }: Error & { code: string }) => {
          assert.equal(code, 'ERR_ROUTE_CONFLICT');
          assert.equal(message.match(/routing\.test\.js:\d+:\d+/g)?.length, 2, message);
          return true;
        },
        `${first} and ${second}`,
      );
    }
  });

  test('the place of a route is in the code of the application, whatever its folders are called', () => {
    const app = createApp();
    for (const filename of ['/home/ada/shop/src/app/routes.js', '/srv/shop/dist/app/main.js']) {
      const register = new Script('(app, path) => app.get(path, () => 1)', { filename }).runInThisContext();
      register(app, filename);
      assert.equal(app.routes().at(-1)?.place?.includes(filename), true, filename);
    }
    app.route('/here').get(() => '');
    assert.match(app.routes().at(-1)?.place ?? '', /routing\.test\.js:\d+:\d+/);
  });

  test('what is registered after a request is there for the next', async () => {
    const app = createApp();
    app.get('/a', () => 'a');
    assert.equal((await app.inject('/b')).status, 404);
    app.get('/b', () => 'b');
    assert.equal((await app.inject('/b')).text, 'b');
  });
});

describe('options', () => {
  test('case and a slash at the end make no difference, unless asked otherwise, in mounted applications too', async () => {
    for (const [options, found] of [
      [{}, ['/api/users', '/API/Users', '/api/users/']],
      [{ caseSensitive: true }, ['/api/users', '/api/users/']],
      [{ strict: true }, ['/api/users', '/API/Users']],
      [{ caseSensitive: true, strict: true }, ['/api/users']],
    ] as const) {
      const app = createApp(options);
      const api = createApp();
      app.use('/api', api);
      api.get('/users', () => 'users');
      for (const path of ['/api/users', '/API/Users', '/api/users/']) {
        const { status } = await app.inject(path);
        assert.equal(
          status === 200,
          (found as readonly string[]).includes(path),
          `${path} ${JSON.stringify(options)}`,
        );
      }
    }
  });
});

describe('escapes', () => {
  test('are decoded once, in segments of their own, wherever the application is mounted', async () => {
    const app = createApp();
    const api = createApp();
    app.use('/ä b', api);
    api.get('/:id/:rest{.:ext}', ({ params }) => ({ ...params }));
    api.get('/files/*path', ({ params }) => params.path);
    const at = (path: string) => app.inject(`/%C3%A4%20b${path}`);
    assert.deepEqual((await at('/a%2Fb/%2525')).json(), { id: 'a/b', rest: '%25' });
    assert.deepEqual((await at('/x/%61.%74ar.gz')).json(), { id: 'x', rest: 'a.tar', ext: 'gz' });
    assert.equal((await at('/files/a/%2e%2e/b%2Fc')).text, 'a/../b/c');
    for (const path of ['/%', '/a/%f', '/a/%zz', '/files/%c3', '/%ff/a']) {
      const { status, json } = await at(path);
      assert.deepEqual([status, (json() as { code: string }).code], [400, 'ERR_MALFORMED_PATH'], path);
    }
  });
});

describe('answers', () => {
  test('res.send takes what a handler may return', async () => {
    const app = createApp();
    const values: Record<string, () => unknown> = {
      string: () => 'text',
      Buffer: () => Buffer.from('text'),
      object: () => ({ a: 1 }),
      stream: () => Readable.from(['te', 'xt']),
      webStream: () => new Blob(['text']).stream(),
      iterable: async function* parts() {
        yield 'te';
        yield Buffer.from('xt');
      },
      Blob: () => new Blob(['text'], { type: 'text/x-blob' }),
      Response: () => new Response('text', { status: 201, headers: { 'X-A': 'b' } }),
    };
    app.get('/sent/:kind', (req, res) => res.send(values[req.params.kind]()));
    app.get('/returned/:kind', (req) => values[req.params.kind]());
    for (const kind of Object.keys(values)) {
      const [sent, returned] = [await app.inject(`/sent/${kind}`), await app.inject(`/returned/${kind}`)];
      assert.equal(sent.text, kind === 'object' ? '{"a":1}' : 'text', kind);
      const told = ({ status, headers: { date: _, ...headers }, text }: typeof sent) => ({
        status,
        headers,
        text,
      });
      assert.deepEqual(told(sent), told(returned), kind);
    }
    assert.equal((await app.inject('/sent/Response')).status, 201);
  });

  test('what goes wrong with them reaches onError', async () => {
    const app = createApp();
    const seen: unknown[] = [];
    app.onError((error) => void seen.push((error as Error).message));
    const failing = () =>
      new Readable({
        read() {
          this.destroy(new Error('of the source'));
        },
      });
    app.get('/sent', (_req, res) => res.send(failing()));
    app.get('/returned', failing);
    app.get('/file', (_req, res) => res.sendFile('/nowhere/at/all'));
    assert.deepEqual(
      [(await app.inject('/sent')).status, (await app.inject('/returned')).status],
      [500, 500],
    );
    assert.equal((await app.inject('/file')).status, 404);
    assert.deepEqual(seen.slice(0, 2), ['of the source', 'of the source']);
  });

  test('early hints go before the answer, and events behind its head', async () => {
    const app = createApp();
    app.get('/hinted', (_req, res) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' });
      return 'answer';
    });
    app.get('/events', async (req, res) => {
      const events = sse(req, res);
      events.send({ event: 'tick', data: { n: 1 } });
      events.close();
    });
    const server = await app.listen(0, '127.0.0.1');
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.write(
      'GET /hinted HTTP/1.1\r\nHost: a\r\n\r\nGET /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    await once(socket, 'close');
    await app.close();
    assert.match(
      received,
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload; as=style\r\n\r\nHTTP\/1\.1 200 OK\r\n.*answerHTTP\/1\.1 200 OK\r\n.*text\/event-stream.*event: tick\ndata: \{"n":1\}\n\n/s,
    );
  });

  test('a source is asked for no more than a reader that stops has room for, behind middleware too', async () => {
    const app = createApp();
    const [piece, pieces] = [Buffer.alloc(64 * 1024), 1024];
    let pulled = 0;
    let isReturned = false;
    app.use(async (_req, _res, next) => {
      await next();
    });
    app.get('/', async function* parts() {
      try {
        for (; pulled < pieces; pulled++) yield piece;
      } finally {
        isReturned = true;
      }
    });
    const server = await app.listen(0, '127.0.0.1');
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    let before = -1;
    // The buffers on the way are full when nothing moves any more.
    for (let still = 0; still < 200; still = pulled === before ? still + 1 : 0) {
      before = pulled;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(pulled > 0 && pulled < pieces / 2, `${pulled} of ${pieces}`);
    assert.equal(isReturned, false);
    socket.destroy();
    while (!isReturned) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(pulled < pieces / 2);
    await app.close();
  });
});
