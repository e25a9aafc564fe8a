/** Members of applications, requests and responses that Express's people know, where Express is not the reference. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as nodeHttp from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createApp, type Handler, unsign } from 'barewire';

const require = createRequire(import.meta.url);
const load = (name: string) => require(name) as (...args: unknown[]) => never;

describe("Express's settings", () => {
  test('are told by their names, to middleware that asks', () => {
    const plain = createApp();
    assert.deepEqual(
      ['trust proxy', 'strict routing', 'case sensitive routing', 'x-powered-by'].map((name) =>
        plain.get(name),
      ),
      [false, false, false, false],
    );
    assert.equal(plain.get('subdomain offset'), 2);
    assert.equal(plain.get('env'), process.env.NODE_ENV || 'production');
    assert.equal(plain.get('views'), undefined);
    assert.deepEqual([plain.enabled('trust proxy'), plain.disabled('trust proxy')], [false, true]);
    assert.equal(
      (plain.get('trust proxy fn') as (address: string, hop: number) => boolean)('10.0.0.1', 0),
      false,
    );

    const app = createApp({
      strict: true,
      caseSensitive: true,
      trustProxy: '10.0.0.0/8',
      subdomainOffset: 3,
    });
    assert.deepEqual(
      ['trust proxy', 'strict routing', 'case sensitive routing', 'subdomain offset'].map((name) =>
        app.get(name),
      ),
      ['10.0.0.0/8', true, true, 3],
    );
    assert.equal(app.enabled('trust proxy'), true);
    const trusts = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
    assert.deepEqual([trusts('10.1.2.3', 0), trusts('11.1.2.3', 0)], [true, false]);
  });

  test('are no paths: a path without a handler is refused', () => {
    const app = createApp();
    for (const path of ['/x', '*', '', '{/x}', ':x']) {
      assert.throws(() => app.get(path), { code: 'ERR_INVALID_ARG_TYPE' }, path);
    }
    assert.throws(() => app.get('/x', undefined as never), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => app.post('/x'), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('subdomainOffset is a number of labels', async () => {
    for (const subdomainOffset of [-1, 1.5, Number.NaN, '2' as never]) {
      assert.throws(() => createApp({ subdomainOffset }), { code: 'ERR_OUT_OF_RANGE' });
    }
    const app = createApp({ subdomainOffset: 3 });
    app.get('/', (req) => req.subdomains);
    assert.deepEqual((await app.inject({ headers: { host: 'a.b.example.co.uk' } })).json(), ['b', 'a']);
  });

  test('satisfy express-rate-limit, which would else complain of them on its first request', async (t: TestContext) => {
    const complaints = [t.mock.method(console, 'error', () => {}), t.mock.method(console, 'warn', () => {})];
    const app = createApp();
    const { rateLimit } = require('express-rate-limit') as { rateLimit: (options: object) => never };
    app.use(rateLimit({ limit: 2, windowMs: 60_000 }));
    app.get('/', () => 'ok');
    // An address of its own: injected requests have none.
    const server = await app.listen(0, '127.0.0.1');
    const { port } = server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    assert.equal(response.headers.get('x-ratelimit-remaining'), '1');
    await app.close();
    assert.deepEqual(
      complaints.flatMap(({ mock }) => mock.calls.map((call) => call.arguments)),
      [],
    );
  });
});

test('app.locals is kept for handlers, and has no prototype', async () => {
  const app = createApp();
  app.locals.title = 'mine';
  app.get('/', (req, res) => [
    req.app.locals.title,
    res.app.locals.title,
    Object.getPrototypeOf(res.app.locals),
  ]);
  assert.deepEqual((await app.inject('/')).json(), ['mine', 'mine', null]);
});

test('req.route names the route with the paths of its applications, for middleware too', async () => {
  const app = createApp();
  const api = createApp();
  const seen: unknown[] = [];
  app.use((req, _res, next) => {
    seen.push(req.route && [req.route.method, req.route.path]);
    next();
  });
  app.use('/shops/:shop', api);
  api.get('/items/:id?', (req) => req.route?.path);
  api.all('/any', (req) => req.route?.method);
  assert.equal((await app.inject('/shops/1/items/2')).text, '/shops/:shop/items/:id?');
  assert.equal((await app.inject('/shops/1/any')).text, '*');
  await app.inject('/none');
  assert.deepEqual(seen, [['GET', '/shops/:shop/items/:id?'], ['*', '/shops/:shop/any'], undefined]);
});

test('req.route is the name and nothing else, of whatever kind the path is: handlers log it, and send it', async () => {
  const app = createApp();
  for (const path of ['/text', '/:one/param', '/%C3%A9', '/rest/*']) app.get(path, (req) => req.route);
  for (const [url, path] of [
    ['/text', '/text'],
    ['/TEXT/', '/text'],
    ['/x/param', '/:one/param'],
    ['/%c3%a9', '/%C3%A9'],
    ['/rest/a/b', '/rest/*'],
  ]) {
    assert.deepEqual((await app.inject(url)).json(), { method: 'GET', path }, url);
  }
});

test('req.params is one object of the request, on which middleware may put something', async () => {
  const app = createApp();
  const put: Handler = (req, _res, next) => {
    req.params.put = `${Object.keys(req.params).length} before`;
    return next();
  };
  app.use(put);
  for (const path of ['/none', '/one/:param', '/some/:a?']) app.get(path, ({ params }) => ({ ...params }));
  for (const [url, params] of Object.entries({
    '/none': { put: '0 before' },
    '/one/a': { param: 'a', put: '1 before' },
    '/some': { put: '0 before' },
  })) {
    for (const _ of [1, 2]) assert.deepEqual((await app.inject(url)).json(), params, url);
  }
  assert.equal((await app.inject('/not/there')).status, 404);
});

describe('res', () => {
  test('cookies that are signed by cookie-parser are read by it, and by unsign', async () => {
    const app = createApp();
    app.use(load('cookie-parser')(['new', 'old']));
    app.get('/set', (_req, res) => res.cookie('a', 'b', { signed: true }).send(''));
    app.get('/get', (req) => ({ ...(req as unknown as { signedCookies: object }).signedCookies }));
    const [line] = (await app.inject('/set')).headers['set-cookie'] as string[];
    const cookie = line.split(';')[0];
    assert.deepEqual((await app.inject({ url: '/get', headers: { cookie } })).json(), { a: 'b' });
    assert.equal(unsign(decodeURIComponent(cookie.slice(2)), ['x', 'new']), 'b');
    assert.equal(unsign(decodeURIComponent(cookie.slice(2)), 'old'), undefined);
  });

  test('a cookie that is to be signed is not sent without a secret', async () => {
    const app = createApp();
    app.get('/', (_req, res) => res.cookie('a', 'b', { signed: true }).send(''));
    const { status, headers } = await app.inject('/');
    assert.deepEqual([status, headers['set-cookie']], [500, undefined]);
  });

  test('links take no relation that would be more than one', async () => {
    const app = createApp();
    const codes: unknown[] = [];
    app.get('/', (_req, res) => {
      for (const relation of ['a"; rel="b', 'a\r\nX-B: c', '', ' a', 'é', 'a\\']) {
        try {
          res.links({ [relation]: '/' });
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      res.links({ 'next http://rel.example/x': '/a>; rel="b"\r\nX-C: d', none: [] }).links({});
      res.send('');
    });
    const { headers } = await app.inject('/');
    assert.deepEqual(codes, Array(6).fill('ERR_INVALID_ARG_VALUE'));
    assert.equal(headers.link, '</a%3E;%20rel=%22b%22%0D%0AX-C:%20d>; rel="next http://rel.example/x"');
  });

  test('callbacks are refused: nobody would be told of the error', async () => {
    const app = createApp({ development: true });
    const path = import.meta.filename;
    const callback = (() => {}) as never;
    app.get('/0', (_req, res) => res.sendFile(path, callback));
    app.get('/1', (_req, res) => res.download(path, callback));
    app.get('/2', (_req, res) => res.download(path, 'a.js', callback));
    app.get('/3', (_req, res) => res.download(path, { maxAge: '1h' }));
    for (const url of ['/0', '/1', '/2']) {
      const { status, json } = await app.inject(url);
      assert.deepEqual([status, (json() as { code: string }).code], [500, 'ERR_INVALID_ARG_TYPE'], url);
    }
    const { headers } = await app.inject('/3');
    assert.equal(headers['content-disposition'], 'attachment; filename=members.test.js');
    assert.equal(headers['cache-control'], 'public, max-age=3600');
  });
});

test('paths are text: lists and regular expressions, which Express takes, are refused where they are written', () => {
  const app = createApp();
  for (const path of [['/a', '/b'], /a/]) {
    assert.throws(() => app.get(path as never, () => ''), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => app.route(path as never).get(() => ''), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => app.use(path as never, () => {}), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('req.get finds what was sent, and no member of Object', async () => {
  const app = createApp();
  app.get('/', (req) =>
    ['constructor', '__proto__', 'toString', 'valueOf'].map((name) => req.get(name) ?? null),
  );
  assert.deepEqual((await app.inject('/')).json(), [null, null, null, null]);
  const headers = { constructor: 'a', valueOf: 'b' };
  assert.deepEqual((await app.inject({ url: '/', headers })).json(), ['a', null, null, 'b']);
});

test('req.host is that of the request-target, where it names one: Host is ignored then (RFC 9112 section 3.2.2)', async () => {
  const app = createApp();
  app.use('/x', (_req, _res, next) => void next());
  app.get('/*', (req) => [req.host, req.hostname, req.subdomains]);
  const headers = { host: 'other.example' };
  for (const [url, told] of [
    ['http://c.a.example:81/x/y', ['c.a.example:81', 'c.a.example', ['c']]],
    ['https://user@a.example/x', ['a.example', 'a.example', []]],
    ['http://[::1]:8080/x?://b/', ['[::1]:8080', '[::1]', []]],
    ['/http://a.example/', ['other.example', 'other.example', []]],
  ] as const) {
    assert.deepEqual((await app.inject({ url, headers })).json(), told, url);
  }
});

describe('members work on the requests and responses of other servers:', () => {
  const app = createApp({ subdomainOffset: 1 });
  const inner = createApp();
  app.param('shop', (_req, res, next, shop) => {
    res.locals.shop = shop;
    next();
  });
  app.use('/:shop', inner);
  inner.post('/items/:id', (req, res) => {
    res.links({ next: '/é' }).contentType('json').set('ETag', '"a"');
    const { fresh, stale, subdomains, path, originalUrl, baseUrl, url, route, params, query, hostname } = req;
    const told = { fresh, stale, subdomains, path, originalUrl, baseUrl, url, params, query, hostname };
    const asked = [req.is('json'), req.range(10), req.accepts('html', 'json'), req.get('X-A')];
    res.send(Buffer.from(JSON.stringify({ ...told, path: route?.path, shop: res.locals.shop, asked })));
  });
  const headers = {
    'content-type': 'application/json',
    range: 'bytes=0-4',
    accept: 'application/json',
    'x-a': 'b',
  };
  const target = '/a%20b/items/7?q=1';
  const expected = {
    fresh: false,
    stale: true,
    subdomains: ['a'],
    path: '/:shop/items/:id',
    originalUrl: target,
    baseUrl: '/a%20b',
    url: '/items/7?q=1',
    params: { shop: 'a b', id: '7' },
    query: { q: '1' },
    hostname: 'a.localhost',
    shop: 'a b',
    asked: ['json', [{ start: 0, end: 4 }], 'json', 'b'],
  };

  test('node:http', async (t) => {
    const server = nodeHttp.createServer(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const where = { port, host: '127.0.0.1', method: 'POST', path: target, agent: false };
    const asked = nodeHttp.request({ ...where, headers: { ...headers, host: 'a.localhost' } });
    asked.end('{}');
    const [response] = await once(asked, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    assert.deepEqual(JSON.parse(text), expected);
    assert.equal(response.headers.link, '</%C3%A9>; rel="next"');
  });

  test('node:http2', async (t) => {
    const server = createHttp2Server(app.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({
      ...headers,
      ':method': 'POST',
      ':path': target,
      ':authority': 'a.localhost',
    });
    stream.end('{}');
    let text = '';
    for await (const chunk of stream) text += chunk;
    session.close();
    assert.deepEqual(JSON.parse(text), expected);
  });
});

test('what has no member is registered by on, with parameters of the path', async () => {
  const app = createApp();
  app.on('m-search', '/:id', ({ params }) => params.id);
  app.on('*', '/any', (req) => req.method);
  assert.equal((await app.inject({ method: 'M-SEARCH', url: '/7' })).text, '7');
  assert.equal((await app.inject({ method: 'PURGE', url: '/any' })).text, 'PURGE');
});
