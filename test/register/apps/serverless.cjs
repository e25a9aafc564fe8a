// Functions of Lambda: events become requests of http's classes, and what is written a result. No socket anywhere.
const path = require('node:path');
const { Readable } = require('node:stream');
const bodyParser = require('@koa/bodyparser');
const compression = require('compression');
const cookieParser = require('cookie-parser');
const express = require('express');
const fastify = require('fastify')();
const Koa = require('koa');
const morgan = require('morgan');
const serveStatic = require('serve-static');
const serverless = require('serverless-http');

const log = [];
/** Bytes that no text has. */
const bytes = Buffer.from([0x89, 0x50, 0xff, 0x00, 0x0d, 0x0a, 0x0d, 0x0a, 0xfe]);

const shop = express();
shop.use(
  morgan(':method :url :status :res[content-length]', { stream: { write: (line) => log.push(line) } }),
);
shop.use(compression({ threshold: 200 }));
shop.use(cookieParser('a secret'));
shop.use(express.json({ limit: '1kb' }));
shop.use(express.text());
shop.use('/files', serveStatic(path.join(__dirname, 'public'), { maxAge: '1h' }));
shop.get('/', (req, res) =>
  res.json({ query: req.query, host: req.headers.host, ip: req.ip, secure: req.secure }),
);
shop.post('/echo', (req, res) => res.status(201).send({ body: req.body ?? null }));
shop.get('/cookies', (req, res) => {
  res.cookie('seen', 'yes', { signed: true }).cookie('plain', 'a b').send(req.cookies);
});
shop.get('/bytes', (req, res) => res.type('png').send(bytes));
shop.get('/long', (req, res) => res.json(Array.from({ length: 50 }, (_, i) => i)));
shop.get('/redirect', (req, res) => res.redirect(303, '/'));
shop.get('/empty', (req, res) => res.status(204).end());
shop.get('/same', (req, res) => res.set('ETag', '"1"').send('not modified where the client has it'));
shop.get('/fail', () => {
  throw Object.assign(new Error('failed on purpose'), { status: 402 });
});
shop.use((error, req, res, next) => {
  if (res.headersSent) next(error);
  else res.status(error.status).json({ error: error.message });
});

const kitchen = new Koa();
kitchen.use(bodyParser.bodyParser());
kitchen.use((ctx) => {
  if (ctx.path === '/stream') {
    ctx.type = 'text';
    ctx.body = Readable.from(['one ', 'two ', 'three']);
  } else if (ctx.path === '/echo') {
    ctx.status = 201;
    ctx.body = { body: ctx.request.body };
  } else if (ctx.path === '/bytes') {
    ctx.type = 'png';
    ctx.body = bytes;
  }
});

fastify.get('/', async (request, reply) => reply.header('X-One', ['1', '2']).send({ query: request.query }));
fastify.post('/echo', async (request) => ({ body: request.body }));

/** What people do with `res` by hand. */
const plain = {
  '/end': (req, res) => res.end('all at once'),
  '/status': (req, res) => {
    res.statusCode = 202;
    res.statusMessage = 'Mine';
    res.setHeader('X-Set', 'yes');
    res.end();
  },
  '/writeHead': (req, res) => {
    res.setHeader('X-Before', '1');
    res.writeHead(200, { 'Content-Type': 'text/plain', 'X-With': '2' });
    res.write('by ');
    res.end('writeHead');
  },
  '/reason': (req, res) => {
    res.writeHead(404, 'Gone fishing', { 'X-With': '2' });
    res.end('with a reason');
  },
  '/pieces': (req, res) => {
    res.write('one\r\n\r\n');
    res.write(Buffer.from('two ä'));
    res.write('c3bc', 'hex');
    res.write(new Uint8Array([0x21]));
    res.end('three', () => log.push('ended'));
  },
  '/flushed': (req, res) => {
    res.flushHeaders();
    setImmediate(() => {
      res.write('behind the head');
      res.end();
    });
  },
  '/chunked': (req, res) => {
    res.setHeader('Transfer-Encoding', 'chunked');
    res.write('one');
    res.write('two');
    res.end('three');
  },
  '/length': (req, res) => {
    res.setHeader('Content-Length', 4);
    res.end('four');
  },
  '/bytes': (req, res) => {
    res.setHeader('Content-Type', 'image/png');
    res.end(bytes);
  },
  '/bytes/after': (req, res) => {
    res.writeHead(200, { 'Content-Type': 'image/png' });
    res.write(bytes);
    res.end(bytes);
  },
  '/corked': (req, res) => {
    res.cork();
    res.write('one ');
    res.write('two');
    res.uncork();
    res.end();
  },
  '/state': (req, res) => {
    const seen = () => [res.headersSent, res.writableEnded, res.finished, res.destroyed];
    const states = [seen()];
    res.once('finish', () => log.push(['finish', ...seen()]));
    res.once('close', () => log.push(['close', ...seen()]));
    res.write(
      JSON.stringify([req.method, req.httpVersion, req.complete, req.readable, req.socket.encrypted]),
    );
    states.push(seen());
    res.end(JSON.stringify(states));
  },
  '/read': async (req, res) => {
    let content = '';
    for await (const chunk of req) content += chunk;
    res.end(`${content.length} of ${req.headers['content-length']}: ${content}`);
  },
  '/pipe': (req, res) => req.pipe(res),
};

const functions = {
  express: serverless(shop, { binary: ['image/png'] }),
  koa: serverless(kitchen, { binary: ['image/png'] }),
  fastify: serverless(fastify),
  plain: serverless((req, res) => plain[req.url](req, res), { binary: ['image/png'] }),
};

const json = { 'content-type': 'application/json' };
const events = [
  ['express', 'GET', '/', { query: { a: '1' } }],
  ['express', 'HEAD', '/'],
  ['express', 'POST', '/echo', { headers: json, body: '{"a":1}' }],
  ['express', 'POST', '/echo', { headers: json, body: '{' }],
  ['express', 'POST', '/echo', { headers: json, body: JSON.stringify('x'.repeat(2000)) }],
  [
    'express',
    'POST',
    '/echo',
    { headers: { 'content-type': 'text/plain' }, body: 'w6Q=', isBase64Encoded: true },
  ],
  ['express', 'GET', '/cookies', { headers: { cookie: 'a=b' } }],
  ['express', 'GET', '/bytes'],
  ['express', 'GET', '/long', { headers: { 'accept-encoding': 'gzip' } }],
  ['express', 'GET', '/redirect'],
  ['express', 'GET', '/empty'],
  ['express', 'GET', '/same', { headers: { 'if-none-match': '"1"' } }],
  ['express', 'GET', '/files/fox.txt'],
  ['express', 'GET', '/files/fox.txt', { headers: { range: 'bytes=3-8' } }],
  ['express', 'GET', '/fail'],
  ['express', 'GET', '/nowhere'],
  ['koa', 'GET', '/stream'],
  ['koa', 'POST', '/echo', { headers: json, body: '{"a":1}' }],
  ['koa', 'GET', '/bytes'],
  ['koa', 'GET', '/nowhere'],
  ['fastify', 'GET', '/', { query: { a: '1' } }],
  ['fastify', 'POST', '/echo', { headers: json, body: '{"a":1}' }],
  ['fastify', 'GET', '/nowhere'],
  ...Object.keys(plain).map((url) => ['plain', 'POST', url, { body: 'a body' }]),
];

(async () => {
  await fastify.ready();
  for (const [
    name,
    httpMethod,
    url,
    { headers = {}, query = {}, body = '', isBase64Encoded = false } = {},
  ] of events) {
    const event = {
      ...{ version: '1.0', httpMethod, path: url, body, isBase64Encoded, queryStringParameters: query },
      headers: { host: 'shop.example', ...headers },
      requestContext: { identity: { sourceIp: '192.0.2.7' } },
    };
    const result = await functions[name](event, {});
    delete result.headers.date;
    log.push([name, httpMethod, url, result]);
  }
  process.send({ log }, () => process.disconnect());
})();
