/** Express and Connect middleware, unchanged: an application of ours answers with it as Express does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createApp } from 'barewire';
import http from 'barewire/http';

// Most of them have no types of their own: what they are to us is a function.
const require = createRequire(import.meta.url);
const load = (name: string) => require(name) as (...args: unknown[]) => never;

/** What the two applications have in common. */
interface Shared {
  use(...args: unknown[]): unknown;
  get(path: string, ...handlers: unknown[]): unknown;
  post(path: string, ...handlers: unknown[]): unknown;
}

interface Seen {
  session?: { views?: number };
  cookies?: Record<string, string>;
  signedCookies?: Record<string, string>;
  user?: { name: string };
  body?: unknown;
}

interface Answer {
  json(value: unknown): unknown;
  send(value: unknown): unknown;
}

const PUBLIC = fileURLToPath(new URL('../../../test/register/apps/public/', import.meta.url));

/** Registers every middleware, the same on both; returns the lines that morgan writes. */
function build(app: Shared): string[] {
  const log: string[] = [];
  const passport = require('passport') as {
    Passport: new () => Record<string, (...args: unknown[]) => unknown>;
    Strategy: new () => object;
  };
  class Token extends passport.Strategy {
    name = 'token';
    declare success: (user: object) => void;
    declare fail: (challenge: string, status: number) => void;
    authenticate(req: { headers: { authorization?: string } }): void {
      if (req.headers.authorization === 'Bearer letmein') this.success({ name: 'Ada' });
      else this.fail('Bearer', 401);
    }
  }
  const users = new passport.Passport();
  users.use(new Token());
  let sessions = 0;

  const stream = { write: (line: string) => log.push(line.trim()) };
  app.use(load('morgan')(':method :url :status :res[content-type]', { stream }));
  app.use(load('helmet')());
  app.use(load('cors')({ origin: 'https://a.example', maxAge: 60 }));
  app.use(load('compression')({ threshold: 100 }));
  app.use(load('cookie-parser')('secret'));
  const genid = () => `session-${++sessions}`;
  app.use(load('express-session')({ secret: 's', resave: false, saveUninitialized: false, genid }));
  const { rateLimit } = require('express-rate-limit') as { rateLimit: (options: object) => unknown };
  app.use(
    '/limited',
    rateLimit({ limit: 2, windowMs: 60_000, legacyHeaders: false, standardHeaders: false }),
  );
  app.use('/files', load('serve-static')(PUBLIC));
  app.use(users.initialize());

  app.get('/', (_req: Seen, res: Answer) => res.json({ hello: 'world' }));
  app.get('/long', (_req: Seen, res: Answer) => res.json('x'.repeat(1000)));
  app.get('/cookies', (req: Seen, res: Answer) =>
    res.json({ plain: { ...req.cookies }, signed: { ...req.signedCookies } }),
  );
  app.get('/views', (req: Seen, res: Answer) => {
    const session = req.session as { views?: number };
    session.views = (session.views ?? 0) + 1;
    res.json({ views: session.views });
  });
  app.get('/limited/page', (_req: Seen, res: Answer) => res.json('page'));
  app.get('/me', users.authenticate('token', { session: false }), (req: Seen, res: Answer) =>
    res.json({ name: req.user?.name }),
  );
  return log;
}

interface Received {
  status: number | undefined;
  headers: Record<string, unknown>;
  text: string;
}

/** Fields that tell of the moment, or of whose application it is. */
const OWN = [
  'date',
  'connection',
  'keep-alive',
  'x-powered-by',
  'etag',
  'transfer-encoding',
  'content-length',
];

async function ask(server: Server, method: string, path: string, headers: object): Promise<Received> {
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: '127.0.0.1', method, path, headers: { ...headers }, agent: false });
  asked.end();
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const fields = Object.entries(response.headers).filter(([name]) => !OWN.includes(name));
  return {
    status: response.statusCode,
    headers: Object.fromEntries(fields),
    text: Buffer.concat(chunks).toString('latin1'),
  };
}

describe('Express and Connect middleware', () => {
  const express = load('express')() as Shared & { listen(port: number, host: string): Server };
  const own = createApp();
  const logs = [build(express), build(own as unknown as Shared)];
  let servers: Server[] = [];

  before(async () => {
    servers = [express.listen(0, '127.0.0.1'), http.createServer(own.handler).listen(0, '127.0.0.1')];
    for (const server of servers) if (!server.listening) await once(server, 'listening');
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  for (const [what, method, path, headers] of [
    ['cors and helmet', 'GET', '/', { origin: 'https://a.example' }],
    [
      'a preflight request of cors',
      'OPTIONS',
      '/',
      { origin: 'https://a.example', 'access-control-request-method': 'PUT' },
    ],
    ['compression', 'GET', '/long', { 'accept-encoding': 'gzip' }],
    ['cookie-parser', 'GET', '/cookies', { cookie: 'a=1; b=%20; c=j%3A%7B%22d%22%3A2%7D' }],
    ['express-session', 'GET', '/views', {}],
    ['express-rate-limit, below the limit', 'GET', '/limited/page', {}],
    ['express-rate-limit, at the limit', 'GET', '/limited/page', {}],
    ['express-rate-limit, above the limit', 'GET', '/limited/page', {}],
    ['serve-static', 'GET', '/files/fox.txt', {}],
    ['serve-static with a range', 'GET', '/files/fox.txt', { range: 'bytes=1-3' }],
    ['passport, with the right token', 'GET', '/me', { authorization: 'Bearer letmein' }],
    ['passport, with the wrong token', 'GET', '/me', { authorization: 'Bearer x' }],
  ] as [string, string, string, object][]) {
    test(`${what}: the same answer`, async () => {
      const [theirs, ours] = [
        await ask(servers[0], method, path, headers),
        await ask(servers[1], method, path, headers),
      ];
      assert.deepEqual(ours, theirs);
      assert.ok((theirs.status as number) < 500);
    });
  }

  test('express-session: the cookie brings the session back', async () => {
    for (const server of servers) {
      const first = await ask(server, 'GET', '/views', {});
      const [cookie] = first.headers['set-cookie'] as string[];
      const second = await ask(server, 'GET', '/views', { cookie: cookie.split(';')[0] });
      assert.equal(second.text, '{"views":2}');
    }
  });

  test('express-session, compression: an answer has its length, though its head is sent before it', async (t) => {
    const app = createApp();
    app.get('/plain', () => 'short');
    app.use(
      load('compression')(),
      load('express-session')({ secret: 's', resave: true, saveUninitialized: true }),
    );
    app.get('/', () => 'short');
    app.get('/json', (_req, res) => res.set('X-A', '1').json({ a: 1 }));
    app.get('/long', () => 'long '.repeat(1000));
    const server = await app.listen(0, '127.0.0.1');
    t.after(() => app.close({ deadline: 0 }));
    const { port } = server.address() as AddressInfo;
    const framing = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      await response.text();
      return ['content-length', 'transfer-encoding', 'content-encoding'].map((name) =>
        response.headers.get(name),
      );
    };
    assert.deepEqual(await framing('/'), ['5', null, null]);
    assert.deepEqual(await framing('/json'), ['7', null, null]);
    // Too short to be worth it is known by the length.
    assert.deepEqual((await framing('/long')).slice(0, 2), [null, 'chunked']);
    assert.deepEqual(await framing('/plain'), ['5', null, null]);
  });

  test('morgan: the same lines', () => {
    assert.deepEqual(logs[1], logs[0]);
    assert.ok(logs[0].length > 10);
  });

  test('morgan: with the length of what was sent, of every kind of server', async (t) => {
    const lines: string[] = [];
    const app = createApp();
    const format = ':method :url :status :res[content-length]';
    app.use(load('morgan')(format, { stream: { write: (line: string) => lines.push(line.trim()) } }));
    app.get('/text', () => 'f\u00fcnf');
    app.get('/json', (_req, res) => res.json({ a: 1 }));
    app.get('/by-hand', (_req, res) => void res.end('abc'));
    app.get('/in-parts', (_req, res) => {
      res.write('a');
      res.end('b');
    });
    app.get('/nothing', (_req, res) => res.status(204).send());
    for (const make of [http.createServer, createServer]) {
      const server = make(app.handler).listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      for (const path of ['/text', '/json', '/by-hand', '/in-parts', '/nothing', '/none']) {
        await ask(server, 'GET', path, {});
      }
      await ask(server, 'HEAD', '/text', {});
      assert.deepEqual(lines.splice(0), [
        'GET /text 200 5',
        'GET /json 200 7',
        'GET /by-hand 200 3',
        'GET /in-parts 200 -',
        'GET /nothing 204 -',
        'GET /none 404 85',
        'HEAD /text 200 5',
      ]);
    }
  });
});
