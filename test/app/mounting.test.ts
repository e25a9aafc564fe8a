/** What is mounted under a path: called for all that is below it, however the request spells that, and for nothing else. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as nodeHttp from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type Application,
  type AppRequest,
  type AppResponse,
  createApp,
  HttpError,
  json,
  staticFiles,
} from 'barewire';
import fc from 'fast-check';
import { z } from 'zod';

const require = createRequire(import.meta.url);

interface ExpressApplication {
  get(path: string, handler: (req: AppRequest, res: AppResponse) => void): void;
}

/** An application with a guard under /admin, and these routes behind it. */
function guarded(...paths: string[]): Application {
  const app = createApp();
  app.use('/admin', () => {
    throw new HttpError(403);
  });
  for (const path of paths) app.all(path, () => 'open');
  return app;
}

describe('a guard under a path is called', () => {
  test('for a request-target in absolute-form', async () => {
    const app = guarded('/:section/:page', '/admin/literal');
    for (const path of [
      '/admin/page',
      '/ADMIN/page',
      '/%61dmin/page',
      '/admin/literal',
      '/admin/page?a=://b/c',
    ]) {
      assert.equal((await app.inject(`http://localhost${path}`)).status, 403, path);
    }
    for (const path of ['/other/page', '/other/admin?a=/admin/']) {
      assert.equal((await app.inject(`http://localhost${path}`)).status, 200, path);
    }
    // An authority is no segment, and neither is what stands in a query.
    assert.equal((await app.inject('http://admin/other/page')).status, 200);
    assert.equal((await app.inject('http://localhost?/admin/page')).status, 404);
  });

  test('for a path that comes to the same without its empty and its dot segments, as file systems have it', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'barewire-guarded-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'admin'));
    writeFileSync(join(folder, 'admin', 'page'), 'secret');
    writeFileSync(join(folder, 'page'), 'open');
    const app = guarded();
    app.use(staticFiles(folder));
    const wild = guarded('/*path', '/:a/:b/:c/:d');
    for (const path of [
      '/admin/page',
      '//admin/page',
      '///admin//page',
      '/./admin/page',
      '/%2e/admin/page',
      '/x/../admin/page',
      '/x/%2E./admin/page',
      '/x/y/../.%2e/admin/./page',
      '/../admin/page',
      '/.//admin/page',
      // Under it as it stands, whatever it comes to.
      '/admin/../page',
    ]) {
      for (const target of [path, `http://localhost${path}`]) {
        assert.equal((await app.inject(target)).status, 403, target);
        assert.equal((await wild.inject(target)).status, 403, target);
      }
    }
    for (const path of ['/page', '//page', '/./page'])
      assert.equal((await app.inject(path)).text, 'open', path);
    for (const path of ['/.admin/page', '/..admin/page', '/x/.../admin/page', '/%252e/admin/page']) {
      assert.equal((await wild.inject(path)).status, 200, path);
    }
  });

  test('with the parameters and the rest that the path then has', async () => {
    const app = createApp();
    app.use('/:area/x', (req) => {
      throw new HttpError(403, [req.params.area, req.baseUrl, req.url, req.originalUrl].join(' '));
    });
    app.get('/*path', () => 'open');
    const told = async (path: string) => ((await app.inject(path)).json() as { detail: string }).detail;
    assert.equal(await told('//%61/./x/y?z=//'), 'a /%61/x /y?z=// //%61/./x/y?z=//');
    assert.equal(await told('/b/../c/x'), 'c /c/x / /b/../c/x');
    assert.equal(await told('/c/x//y/'), 'c /c/x //y/ /c/x//y/');
  });

  test('for routes whose pattern does not begin with a slash', async () => {
    for (const pattern of [
      '*',
      '{/admin}/page',
      '{/:section}/page',
      '{/*rest}',
      '/*rest',
      '/:section{/:page}',
    ]) {
      const app = guarded(pattern);
      assert.equal((await app.inject('/admin/page')).status, 403, pattern);
    }
    assert.equal((await guarded('*').inject('/other')).status, 200);
    assert.equal((await guarded('{/admin}/page').inject('/page')).status, 200);
  });
});

test('a guard is called for the paths whose first segment a route decodes to its name, and for no others', async () => {
  for (const caseSensitive of [false, true]) {
    const app = createApp({ caseSensitive });
    app.use('/é%2Fa/:any', (_req, res, next) => {
      res.set('X-Guarded', 'yes');
      next();
    });
    app.get('/:section/:page', ({ params }) => params.section);
    app.get('/:section/*rest', ({ params }) => params.section);
    const letter = fc.constantFrom('é', 'É', '/', 'a', 'A', '%');
    const segment = fc.array(fc.tuple(letter, fc.boolean()), { maxLength: 3, minLength: 1 }).map((letters) =>
      letters
        .map(([one, isLower]) => {
          const escaped = encodeURIComponent(one);
          return isLower ? escaped.toLowerCase() : escaped;
        })
        .join(''),
    );
    const close = fc.constantFrom(
      '%C3%A9%2fa',
      '%c3%a9%2FA',
      '%c3%a9%2F%61',
      '%C3%89%2Fa',
      '%c3%a9%252fa',
      '%c3%a9/a',
    );
    const start = fc.constantFrom('/', 'http://h/', 'http://%C3%A9%2fa/');
    let guarded = 0;
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.oneof(segment, close),
        fc.constantFrom('/x', '/x/y', '/x/'),
        async (...parts) => {
          const { status, headers, text } = await app.inject(parts.join(''));
          if (status === 404) return;
          const name = caseSensitive ? text : text.toLowerCase();
          assert.equal(headers['x-guarded'] === 'yes', name === 'é/a', parts.join(''));
          if (name === 'é/a') guarded++;
        },
      ),
      { numRuns: 500, seed: 7 },
    );
    assert.ok(guarded > 50, String(guarded));
  }
});

test('below a mount, req.url is the rest of the path in origin-form, whatever form the request-target has', async () => {
  const app = createApp();
  const seen: string[] = [];
  app.use('/a/b', (req, _res, next) => {
    seen.push(`${req.baseUrl} ${req.url} ${req.path}`);
    next();
  });
  app.use((req, _res, next) => {
    seen.push(`${req.baseUrl} ${req.url} ${req.path}`);
    next();
  });
  app.get('/a/b/:c?', (req) => ({
    url: req.url,
    path: req.path,
    query: req.query.q,
    original: req.originalUrl,
  }));
  for (const target of ['http://localhost/a/b/c?q=1', 'http://localhost/a/b?q=1', '/a/b?q=1', '/a/b/?q=1']) {
    const { pathname } = new URL(target, 'http://localhost');
    const told = (await app.inject(target)).json();
    assert.deepEqual(told, { url: target, path: pathname, query: '1', original: target });
    const rest = pathname.slice(4) || '/';
    assert.deepEqual(seen.splice(0), [`/a/b ${rest}?q=1 ${rest}`, ` ${target} ${pathname}`]);
  }
});

test('a request-target in absolute-form without a path asks for the root', async () => {
  const app = createApp();
  app.use((_req, _res, next) => void next());
  app.get('/', (req) => `${req.path} ${req.query.a}`);
  assert.equal((await app.inject('http://localhost?a=/b')).text, '/ /b');
});

test('any function of (req, res, next) may be mounted, and an application at several places', async () => {
  const app = createApp();
  const api = createApp();
  api.get('/', (req) => `root of ${req.baseUrl}`);
  api.get('/:id{/:part}', ({ params }) => ({ ...params }));
  app.use('/v1', api).use('/v2/', api).use('/shops/:shop', api);
  app.use('/files', staticFiles(import.meta.dirname));
  app.use('/plain', (req, res) => res.end(`plain ${req.url}`));
  assert.equal((await app.inject('/v1')).text, 'root of /v1');
  assert.deepEqual((await app.inject('/v2/7/x')).json(), { id: '7', part: 'x' });
  assert.deepEqual((await app.inject('/shops/s/7')).json(), { shop: 's', id: '7' });
  assert.match((await app.inject('/files/mounting.test.js')).text, /may be mounted/);
  assert.equal((await app.inject('/plain/x?y')).text, 'plain /x?y');
  assert.equal((await app.inject('/plainly')).status, 404);
});

test('a route of a mounted application may begin with what may be missing', async () => {
  const app = createApp();
  const api = createApp();
  api.get('{/:id}', ({ params }) => ({ ...params }));
  api.get('/x', () => 'x');
  app.use('/api', api);
  assert.deepEqual((await app.inject('/api')).json(), {});
  assert.deepEqual((await app.inject('/api/7')).json(), { id: '7' });
  assert.equal((await app.inject('/api//7')).status, 404);
  // Only together with what it is mounted under it would be a path.
  const wrong = createApp();
  wrong.get('{x}', () => '');
  assert.throws(() => createApp().use('/api', wrong).routes(), { code: 'ERR_INVALID_ROUTE_PATH' });
});

test('applications and routers of Express may be mounted: the former where node:http serves, or with register', async (t) => {
  const express = require('express') as (() => ExpressApplication) & { Router(): ExpressApplication };
  const [old, router, app] = [express(), express.Router(), createApp()];
  for (const one of [old, router]) {
    one.get('/x/:id', (req, res) => void res.json([req.params.id, req.baseUrl, req.url, req.originalUrl]));
  }
  app.use('/old', old as never).use('/router', router as never);
  // Handed on by Express, the request is ours again.
  app.use((req, res) => res.status(404).send(`behind ${req.app === app}`));
  const server = nodeHttp.createServer(app.handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return response.text();
  };
  assert.deepEqual(JSON.parse(await ask('/old/x/7?a')), ['7', '/old', '/x/7?a', '/old/x/7?a']);
  assert.equal(await ask('/old/none'), 'behind true');
  assert.deepEqual((await app.inject('/router/x/7')).json(), ['7', '/router', '/x/7', '/router/x/7']);
  assert.equal((await app.inject('/router/none')).text, 'behind true');
  // Over requests of barewire's, without register, it is an error that says so.
  const codes: unknown[] = [];
  app.onError((error) => codes.push((error as { code: string }).code));
  assert.equal((await app.inject('/old/x/7')).status, 500);
  assert.deepEqual(codes, ['ERR_EXPRESS_ON_NODE_HTTP']);
});

test("an application is middleware of Express's, under a path, behind what has read the content", async (t) => {
  const [old, app] = [
    (require('express') as () => Record<'use', (...given: unknown[]) => void>)(),
    createApp(),
  ];
  const files = createApp();
  files.use('/files', staticFiles(join(import.meta.dirname, '..')));
  files.get('/:id', (req) => [req.params.id, req.url, req.baseUrl, req.originalUrl, req.path]);
  app.use('/inner', files);
  app.post('/json', json(), (req, res) => ({ body: req.body, locals: res.locals }));
  const schema = z.object({ a: z.number() });
  app.post('/checked', { body: schema }, (req) => req.body.a + 1);
  old.use((require('express') as { json(): unknown }).json());
  old.use((_req: unknown, res: { locals: { user: string } }, next: () => void) => {
    res.locals.user = 'Ada';
    next();
  });
  old.use('/new', app.handler);
  const server = nodeHttp.createServer(old as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const ask = (path: string, body?: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      body,
      redirect: 'manual',
      headers: { connection: 'close', 'content-type': 'application/json' },
    });
  assert.deepEqual(await (await ask('/new/inner/7?a')).json(), [
    '7',
    '/7?a',
    '/new/inner',
    '/new/inner/7?a',
    '/7',
  ]);
  assert.equal((await ask('/new/inner/files/app?b')).headers.get('location'), '/new/inner/files/app/?b');
  assert.match(await (await ask('/new/none')).text(), /Cannot GET \/new\/none/);
  assert.deepEqual(await (await ask('/new/json', '{"a":1}')).json(), {
    body: { a: 1 },
    locals: { user: 'Ada' },
  });
  assert.equal(await (await ask('/new/checked', '{"a":1}')).text(), '2');
});

test('an application is middleware of another, which has read the content', async () => {
  const [outer, inner] = [createApp(), createApp()];
  inner.use(json());
  inner.put('/a', (req, res) => [req.body, res.locals.user, req.originalUrl]);
  outer.use(json(), (req, res, next) => {
    res.locals.user = 'Ada';
    req.method = (req.body as { method: string }).method;
    next();
  });
  outer.use('/in', (req, res) => inner.handler(req, res));
  const answer = await outer.inject({ url: '/in/a', method: 'POST', body: { method: 'PUT' } });
  assert.deepEqual(answer.json(), [{ method: 'PUT' }, 'Ada', '/in/a']);
});

test("an application of Express is mounted over barewire's own server, with register", async () => {
  const script = `
    import express from 'express';
    import { createApp } from 'barewire';
    const [old, app] = [express(), createApp()];
    old.post('/x/:id', express.json(), (req, res) => res.json([req.params.id, req.baseUrl, req.originalUrl, req.body]));
    app.use('/old', old);
    app.use((req, res) => res.status(404).send(\`behind \${req.app === app}\`));
    const ask = async (url) => (await app.inject({ url, method: 'POST', body: { a: 1 } })).text;
    console.log(JSON.stringify([JSON.parse(await ask('/old/x/7?q')), await ask('/old/none')]));
  `;
  const args = ['--import', 'barewire/register', '--input-type=module', '--eval', script];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  assert.deepEqual(JSON.parse(stdout), [['7', '/old', '/old/x/7?q', { a: 1 }], 'behind true']);
});

test('an application is not mounted in itself, by whatever way round, and stays as it was', async () => {
  const [outer, middle, inner] = [createApp(), createApp(), createApp()];
  outer.use('/middle', middle);
  middle.use('/inner', [inner]);
  inner.get('/', () => 'in');
  for (const mount of [
    () => inner.use(inner),
    () => inner.use('/a', outer),
    () => middle.use((_req, _res, next) => next(), [outer]),
  ]) {
    assert.throws(mount, { code: 'ERR_INVALID_ARG_VALUE', message: /mounted in/ });
  }
  inner.use('/sibling', createApp());
  assert.equal((await outer.inject('/middle/inner')).text, 'in');
});
