// Fastify, with its own plug-ins for cookies, uploads and files.
import { Readable } from 'node:stream';
import cookie from '@fastify/cookie';
import multipart from '@fastify/multipart';
import files from '@fastify/static';
import Fastify from 'fastify';

const app = Fastify({
  trustProxy: true,
  bodyLimit: 10_000,
  genReqId: () => 'one',
  return503OnClosing: false,
});
const aborted = [];

await app.register(cookie, { secret: 'a secret' });
await app.register(multipart, { limits: { fileSize: 2000 } });
await app.register(files, {
  root: new URL('public', import.meta.url).pathname,
  prefix: '/files/',
  maxAge: '1h',
});

app.addHook('onRequest', async (request, reply) => {
  reply.header('X-Id', request.id);
});
app.addHook('onRequestAbort', async (request) => {
  aborted.push(request.url);
});
app.addHook('onSend', async (request, reply, payload) => {
  if (request.url === '/sent') return `${payload}, and more`;
});

app.get('/', async () => ({ hello: 'world' }));
app.get('/sent', async () => 'sent');
app.get('/json', async (request) => ({
  query: request.query,
  ip: request.ip,
  host: request.host,
  headers: request.headers,
}));
app.get(
  '/users/:id',
  {
    schema: {
      params: { type: 'object', properties: { id: { type: 'integer' } } },
      response: { 200: { type: 'object', properties: { id: { type: 'integer' } } } },
    },
  },
  async (request) => ({ id: request.params.id, secret: 'is not in the schema' }),
);
app.post('/echo', async (request, reply) => reply.code(201).send({ body: request.body ?? null }));
app.post('/upload', async (request) => {
  const parts = [];
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      const content = await part.toBuffer();
      parts.push({ field: part.fieldname, name: part.filename, type: part.mimetype, size: content.length });
    } else {
      parts.push({ field: part.fieldname, value: part.value });
    }
  }
  return parts;
});
app.get('/stream', async (request, reply) => {
  reply.type('text/plain');
  return reply.send(Readable.from(['one ', 'two ', 'x'.repeat(100_000)]));
});
app.get('/web', async () => new Response('a web response', { status: 203, headers: { 'X-Web': 'yes' } }));
app.get('/trailers', async (request, reply) => {
  reply.trailer('X-Length', async (reply_, payload) => String(payload.length));
  return 'with a trailer';
});
app.get('/hijack', (request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, 'Mine', { 'X-Raw': 'yes' });
  reply.raw.end('written past Fastify');
});
app.get('/hints', (request, reply) => {
  reply.raw.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  reply.send('after hints');
});
app.get('/cookies', async (request, reply) => {
  const seen = request.cookies.seen ? request.unsignCookie(request.cookies.seen) : null;
  reply.setCookie('seen', 'yes', { signed: true, path: '/' }).setCookie('plain', 'a b');
  return { seen };
});
app.get('/throw', async () => {
  throw Object.assign(new Error('thrown on purpose'), { statusCode: 402 });
});
app.get('/fail', async () => {
  throw new Error('failed on purpose');
});
app.get('/bad-stream', async (request, reply) =>
  reply.send(
    new Readable({
      read() {
        this.destroy(new Error('fails'));
      },
    }),
  ),
);
app.get('/redirect', async (request, reply) => reply.redirect('/', 303));
app.get('/empty', async (request, reply) => reply.code(204).send());
app.get('/sleep', async (request) => {
  await new Promise((resolve) => request.raw.socket.once('close', resolve));
  return 'to nobody';
});
app.get('/aborted', async (request, reply) => {
  while (aborted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return aborted;
});
// A request without a socket: what a test of an application does.
app.get('/inject', async () => {
  const answers = [];
  for (const options of [
    { url: '/', query: { a: '1' } },
    { method: 'POST', url: '/echo', payload: { a: 1 } },
    { method: 'POST', url: '/echo', payload: '{', headers: { 'content-type': 'application/json' } },
    { url: '/files/fox.txt', headers: { range: 'bytes=0-4' } },
    { url: '/stream' },
    { url: '/cookies', cookies: { a: 'b' } },
    { url: '/trailers' },
    { url: '/hijack' },
    { url: '/nowhere' },
  ]) {
    const { statusCode, statusMessage, headers, payload, trailers, cookies } = await app.inject(options);
    delete headers.date;
    answers.push({
      statusCode,
      statusMessage,
      headers,
      length: payload.length,
      start: payload.slice(0, 80),
      trailers,
      cookies,
    });
  }
  return answers;
});

await app.listen({ port: 0, host: '127.0.0.1' });
process.send({ port: app.server.address().port });
process.on('SIGTERM', () => app.close());
