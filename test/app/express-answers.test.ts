/** Where Express's behaviour is the reference: the same handler on Express and here, and the answers compared. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type AppRequest, type AppResponse, createApp } from 'barewire';
import http from 'barewire/http';

const require = createRequire(import.meta.url);

type Handler = (req: AppRequest, res: AppResponse, next: (error?: unknown) => unknown) => unknown;

/** What the two applications have in common. */
interface Shared {
  use(...args: unknown[]): unknown;
  get(path: string, ...handlers: Handler[]): unknown;
  post(path: string, ...handlers: Handler[]): unknown;
  all(path: string, ...handlers: Handler[]): unknown;
  param(name: string | string[], handler: (...args: never[]) => unknown): unknown;
  route(path: string): { get(handler: Handler): { post(handler: Handler): unknown } };
}

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The answer, without what tells of the moment or of whose it is; `drop` names what else is not compared. */
async function ask(
  server: Server,
  { method = 'GET', path = '/', headers = {}, body }: Asked,
  drop: string[],
) {
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  asked.end(body);
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const left = ['date', 'connection', 'keep-alive', 'x-powered-by', 'etag', 'transfer-encoding', ...drop];
  return {
    status: response.statusCode as number,
    headers: Object.fromEntries(Object.entries(response.headers).filter(([name]) => !left.includes(name))),
    text: Buffer.concat(chunks).toString(),
  };
}

interface Case extends Asked {
  name: string;
  handler: Handler;
  /** Fields that are not compared, with the reason beside the case. */
  drop?: string[];
}

/** Answers with what the handler reads of the request. */
const telling =
  (read: (req: AppRequest, res: AppResponse) => unknown): Handler =>
  (req, res) =>
    res.json({ told: read(req, res) });

// Express names no charset for JSON, which has none; here it says utf-8, as Express 4 did.
const JSON_CHARSET = ['content-type', 'content-length'];

const CASES: Case[] = [
  ...(
    [
      ['links', { next: 'http://a/?p=2&q', last: '/x;y,z' }],
      ['links, several of one relation', { next: ['/1', '/2'], prev: '/0' }],
    ] as const
  ).map(([name, links]) => ({
    name: `res.${name}`,
    handler: ((_req, res) => res.links({ first: '/' }).links(links).send('x')) as Handler,
  })),
  ...['json', '.html', 'png', 'application/x-thing'].map((type) => ({
    name: `res.type('${type}') and res.contentType`,
    handler: ((_req, res) => {
      const first = res.type(type).get('Content-Type');
      res.contentType(type).send(Buffer.from(String(first)));
    }) as Handler,
    drop: JSON_CHARSET,
  })),
  ...[200, 204, 304, 404, 418, 599].map((code) => ({
    name: `res.sendStatus(${code})`,
    handler: ((_req, res) => res.sendStatus(code)) as Handler,
  })),
  {
    name: 'res.status refuses what is no status, at once',
    handler: (_req, res) => {
      const thrown = [99, 1000, 200.5, '404', undefined].map((code) => {
        try {
          res.status(code as number);
          return 'taken';
        } catch {
          return 'thrown';
        }
      });
      res.send(thrown.join());
    },
  },
  {
    name: 'res.append, res.set and res.get',
    handler: (_req, res) => {
      res
        .append('X-A', '1')
        .append('X-A', ['2', '3'])
        .append('Set-Cookie', 'a=b')
        .append('Set-Cookie', 'c=d');
      res
        .set('X-B', '1')
        .set({ 'X-C': '2', 'X-D': ['3', '4'] as never })
        .header('X-E', '5');
      res.send(JSON.stringify([res.get('x-a'), res.get('X-B'), res.get('x-d'), res.get('none') ?? null]));
    },
  },
  {
    name: 'res.vary',
    handler: (_req, res) => res.vary('Accept').vary('accept').vary(['Origin', 'Cookie']).send(''),
  },
  {
    name: 'res.cookie and res.clearCookie',
    handler: (_req, res) =>
      res
        .cookie('a', 'x y;z')
        .cookie('b', { c: 1 }, { path: '/p', httpOnly: true, secure: true, sameSite: 'lax' })
        .cookie('d', 'e', { domain: 'a.example', expires: new Date(0) })
        .clearCookie('f', { path: '/g' })
        .send(''),
  },
  ...['/a b', 'http://a/é?q=[1]#x', '//b/c', '../d', '/%41%zz', 'back'].map((url) => ({
    name: `res.location('${url}')`,
    handler: ((_req, res) => res.location(url).send('')) as Handler,
  })),
  ...([['/a'], [301, '/b'], [308, 'http://c/d?e=f&g']] as const).map((args) => ({
    name: `res.redirect(${args})`,
    handler: ((_req, res) => res.redirect(...(args as unknown as [number, string]))) as Handler,
    headers: { accept: 'text/plain' },
  })),
  ...[undefined, 'a.pdf', '/x/y/z.txt', 'é".png', 'plain'].map((name) => ({
    name: `res.attachment(${name})`,
    handler: ((_req, res) => res.attachment(name).send(Buffer.from('x'))) as Handler,
  })),
  {
    name: 'res.json',
    handler: (_req, res) => res.status(201).json({ a: [1, null, 'é'], b: undefined, c: new Date(0) }),
    drop: JSON_CHARSET,
  },
  ...(['text', Buffer.from('bytes'), { a: 1 }, [1], true, 5] as const).map((value) => ({
    name: `res.send(${JSON.stringify(value)})`,
    handler: ((_req, res) => res.send(value)) as Handler,
    drop: typeof value === 'string' || Buffer.isBuffer(value) ? [] : JSON_CHARSET,
  })),
  { name: 'res.send()', handler: (_req, res) => res.send() },
  { name: 'res.send to HEAD', method: 'HEAD', handler: (_req, res) => res.send('four') },
  {
    name: 'res.locals and res.headersSent',
    handler: (req, res) => {
      res.locals.a = 1;
      res.send(
        `${res.headersSent} ${res.locals.a} ${Object.keys(res.locals)} ${res.req === req} ${req.res === res}`,
      );
    },
  },
  ...['text/html', 'application/json', 'image/png', '*/*', 'text/*;q=0.5, application/json'].map(
    (accept) => ({
      name: `res.format for ${accept}`,
      headers: { accept },
      handler: ((_req, res) =>
        res.format({
          text: () => res.send('text'),
          html: () => res.send('<p>html</p>'),
          'application/json': () => res.send(Buffer.from('{}')),
          default: () => res.status(406).send('none'),
        })) as Handler,
      drop: JSON_CHARSET,
    }),
  ),

  ...(
    [
      ['text/html; charset=utf-8', ['html', 'json']],
      ['text/html', ['text/html']],
      ['text/html', ['text/*', 'json']],
      ['application/vnd.api+json', ['+json']],
      ['application/vnd.api+json', ['json', '*/*']],
      ['application/json', [['urlencoded', 'json']]],
      ['application/x-www-form-urlencoded', ['urlencoded']],
      ['multipart/form-data; boundary=x', ['multipart']],
      ['application/json', []],
      ['application/json', ['html', 'xml', 'nonsense', 'image/*']],
      ['garbage', ['html']],
      ['TEXT/HTML', ['html']],
      ['image/png', ['png']],
    ] as [string, (string | string[])[]][]
  ).map(([type, types]) => ({
    name: `req.is(${JSON.stringify(types)}) of ${type}`,
    method: 'POST',
    headers: { 'content-type': type, 'content-length': '1' },
    body: 'x',
    handler: telling((req) => req.is(...types)),
    drop: JSON_CHARSET,
  })),
  { name: 'req.is without content', handler: telling((req) => req.is('html')), drop: JSON_CHARSET },
  {
    name: 'req.is of empty content',
    method: 'POST',
    headers: { 'content-type': 'text/html', 'content-length': '0' },
    handler: telling((req) => req.is('html')),
    drop: JSON_CHARSET,
  },
  ...[
    'bytes=0-4',
    'bytes=5-',
    'bytes=-5',
    'bytes=0-999',
    'bytes=0-1,50-60,2-3',
    'bytes=100-200',
    'items=0-5',
    'bytes',
    'bytes=x',
    'bytes=1-x',
    'bytes=0-0,-1',
  ].map((range) => ({
    name: `req.range of ${range}`,
    headers: { range },
    handler: telling((req) => {
      const shown = (ranges: ReturnType<AppRequest['range']>) =>
        typeof ranges === 'object' ? [ranges.type, [...ranges]] : (ranges ?? 'undefined');
      return [shown(req.range(100)), shown(req.range(100, { combine: true }))];
    }),
    drop: JSON_CHARSET,
  })),
  { name: 'req.range without Range', handler: telling((req) => String(req.range(5))), drop: JSON_CHARSET },
  ...(
    [
      [{}, 200, { ETag: '"a"' }],
      [{ 'if-none-match': '"a"' }, 200, { ETag: '"a"' }],
      [{ 'if-none-match': '"b", W/"a"' }, 200, { ETag: '"a"' }],
      [{ 'if-none-match': '"b"' }, 200, { ETag: '"a"' }],
      [{ 'if-none-match': '*' }, 200, { ETag: '"a"' }],
      [{ 'if-none-match': '"a"' }, 404, { ETag: '"a"' }],
      [{ 'if-none-match': '"a"' }, 200, {}],
      [
        { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' },
        200,
        { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      ],
      [
        { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' },
        200,
        { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:01 GMT' },
      ],
      [{ 'if-modified-since': 'rubbish' }, 200, { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:01 GMT' }],
    ] as [Record<string, string>, number, Record<string, string>][]
  ).map(([headers, status, fields]) => ({
    name: `req.fresh with ${JSON.stringify(headers)} for ${status} ${JSON.stringify(fields)}`,
    headers,
    handler: ((req, res) => {
      res.status(status).set(fields);
      const told = [req.fresh, req.stale];
      // Not by send, which would answer 304 by itself.
      res.status(202).end(told.join());
    }) as Handler,
  })),
  {
    name: 'req.fresh of a POST',
    method: 'POST',
    headers: { 'if-none-match': '"a"', 'content-length': '0' },
    handler: (req, res) => {
      res.set('ETag', '"a"');
      res.end([req.fresh, req.stale].join());
    },
  },
  ...['a.b.example.com', 'example.com', 'localhost', '127.0.0.1:80', '[::1]:80', 'x.y.z:8080'].map(
    (host) => ({
      name: `req.subdomains, host and hostname of ${host}`,
      headers: { host },
      handler: telling((req) => [req.subdomains, req.host, req.hostname]),
      drop: JSON_CHARSET,
    }),
  ),
  {
    name: 'req: where it comes from',
    headers: {
      'x-requested-with': 'XMLHttpRequest',
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'https',
    },
    handler: telling((req) => [req.ip, req.ips, req.protocol, req.secure, req.xhr]),
    drop: JSON_CHARSET,
  },
  {
    name: 'req.get and req.header',
    headers: { referer: 'http://r', 'x-a': 'b' },
    handler: telling((req) => [
      req.get('Referrer'),
      req.get('REFERER'),
      req.header('X-A'),
      req.get('none') ?? null,
    ]),
    drop: JSON_CHARSET,
  },
  ...['', '?', '?a', '?a=1&a=2&b=%20+c', '?a[b]=c&d=e=f', '?=x&&y=', '?%C3%A9=%C3%BC'].map((query) => ({
    name: `req.query, path and url of /${query}`,
    path: `/${query}`,
    handler: telling((req) => [{ ...req.query }, req.path, req.url, req.originalUrl, req.baseUrl]),
    drop: JSON_CHARSET,
  })),
  {
    name: 'req.path and req.query of absolute-form',
    path: 'http://other.example/?a=b',
    handler: telling((req) => [{ ...req.query }, req.path, req.url, req.originalUrl, req.baseUrl]),
    drop: JSON_CHARSET,
  },
  ...['text/html, application/json;q=0.5', '*/*', 'image/*;q=0.1, text/plain', 'x'].map((accept) => ({
    name: `req.accepts with ${accept}`,
    headers: {
      accept,
      'accept-encoding': 'gzip, br;q=0.5',
      'accept-language': 'de, en;q=0.7',
      'accept-charset': 'utf-8',
    },
    handler: telling((req) => [
      req.accepts(),
      req.accepts('html', 'json'),
      (req.accepts as (types: string[]) => unknown)(['json', 'png']),
      req.accepts('text/plain'),
      req.acceptsEncodings(),
      req.acceptsEncodings('br', 'gzip'),
      req.acceptsEncodings('zstd'),
      req.acceptsLanguages('en', 'de'),
      req.acceptsLanguages('fr'),
      req.acceptsCharsets('utf-8'),
      req.acceptsCharsets('latin1'),
    ]),
    drop: JSON_CHARSET,
  })),
];

/** Where it is other than in Express, on purpose: what each says, and why. */
const DIFFERENT: (Asked & {
  name: string;
  read: (req: AppRequest, res: AppResponse) => unknown;
  theirs: unknown;
  ours: unknown;
})[] = [
  {
    // Whether it has UTF-8 is known when the content is: a string gets the charset as it is sent.
    name: 'res.type of a text names no charset for bytes',
    read: (_req, res) => res.type('text/plain').get('Content-Type'),
    theirs: 'text/plain; charset=utf-8',
    ours: 'text/plain',
  },
  {
    // Some system takes it for a separator.
    name: 'res.attachment takes the backslash for one',
    read: (_req, res) => res.attachment('a\\b.png').get('Content-Disposition'),
    theirs: 'attachment; filename="a\\\\b.png"',
    ours: 'attachment; filename=b.png',
  },
  {
    name: 'an Accept that is empty takes nothing',
    headers: { accept: '' },
    read: (req) => req.accepts('html'),
    theirs: 'html',
    ours: false,
  },
  {
    // RFC 9110 section 14.1.2: then it is the whole.
    name: 'a range of more bytes than there are at the end',
    headers: { range: 'bytes=-500' },
    read: (req) => req.range(100),
    theirs: -1,
    ours: [{ start: 0, end: 99 }],
  },
  {
    // RFC 9110 section 14.1.1: such a range is invalid, not unsatisfiable.
    name: 'a range that ends before it begins',
    headers: { range: 'bytes=9-5' },
    read: (req) => req.range(100),
    theirs: -1,
    ours: -2,
  },
  {
    // RFC 9111 section 5.2.1.4: it is said to caches. res.send does not heed it either.
    name: 'req.fresh with Cache-Control: no-cache',
    headers: { 'cache-control': 'no-cache', 'if-none-match': '"a"' },
    read: (req, res) => {
      res.set('ETag', '"a"');
      const { fresh } = req;
      res.removeHeader('ETag');
      return fresh;
    },
    theirs: false,
    ours: true,
  },
  {
    name: 'a malformed escape in the query',
    path: '/?a=%zz',
    read: (req) => {
      try {
        return req.query.a;
      } catch (error) {
        return (error as { status: number }).status;
      }
    },
    theirs: '%zz',
    ours: 400,
  },
  {
    name: 'req.route, which is the whole path, and there from the start',
    read: (req) => [typeof req.route?.path, Object.hasOwn(Object(req.route), 'stack')],
    theirs: ['string', true],
    ours: ['string', false],
  },
];

const HANDLERS = [
  ...CASES.map(({ handler }) => handler),
  ...DIFFERENT.map(
    ({ read }) =>
      ((req, res) => {
        const told = JSON.stringify({ told: read(req, res) });
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        res.status(200).end(told);
      }) as Handler,
  ),
];

function build(app: Shared): void {
  app.all('/', (req, res, next) => {
    return HANDLERS[Number(req.get('x-case'))](req, res, next);
  });
}

describe('as Express answers', () => {
  const express = require('express') as (() => Shared & { listen(port: number, host: string): Server }) & {
    Router(options?: object): Shared;
  };
  const theirs = express();
  const own = createApp();
  build(theirs);
  build(own as unknown as Shared);
  let servers: [Server, Server];

  before(async () => {
    servers = [
      theirs.listen(0, '127.0.0.1'),
      http.createServer(own.handler).listen(0, '127.0.0.1') as unknown as Server,
    ];
    for (const server of servers) if (!server.listening) await once(server, 'listening');
  });
  after(() => {
    for (const server of servers) server.close();
  });

  for (const [index, { name, drop = [], handler: _, ...asked }] of CASES.entries()) {
    test(name, async () => {
      const whole = { ...asked, headers: { ...asked.headers, 'x-case': String(index) } };
      const expected = await ask(servers[0], whole, drop);
      const got = await ask(servers[1], whole, drop);
      assert.deepEqual(got, expected);
      assert.ok(expected.status < 500 || name.includes('599'), expected.text);
    });
  }

  for (const [index, { name, theirs: expected, ours, read: _, ...asked }] of DIFFERENT.entries()) {
    test(`but for ${name}`, async () => {
      const headers = { ...asked.headers, 'x-case': String(CASES.length + index) };
      const answers = servers.map(async (server) => (await ask(server, { ...asked, headers }, [])).text);
      const told = (await Promise.all(answers)).map((text) => (JSON.parse(text) as { told: unknown }).told);
      assert.deepEqual(told, [expected, ours]);
    });
  }
});
