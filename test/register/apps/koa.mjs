// Koa, with a router, a body parser and files.
import { PassThrough, Readable } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa from 'koa';
import serve from 'koa-static';

const app = new Koa({ keys: ['a secret'], proxy: true });
const router = new Router();
const failures = [];

app.silent = true;
app.on('error', (error) => failures.push(error.code ?? error.message));
app.use(async (ctx, next) => {
  const began = ctx.path;
  await next();
  ctx.set('X-Path', began);
});
app.use(bodyParser({ jsonLimit: '10kb' }));
app.use(serve(new URL('public', import.meta.url).pathname, { maxage: 3_600_000 }));

router.get('/hello', (ctx) => {
  ctx.body = 'Hello';
});
router.get('/json', (ctx) => {
  ctx.body = {
    query: ctx.query,
    ip: ctx.ip,
    host: ctx.host,
    fresh: ctx.fresh,
    accepts: ctx.accepts('json', 'html'),
  };
});
router.get('/users/:id', (ctx) => {
  ctx.body = ctx.params;
});
router.post('/echo', (ctx) => {
  ctx.status = 201;
  ctx.body = { type: ctx.is('json', 'urlencoded', 'text'), length: ctx.length, body: ctx.request.body };
});
router.get('/stream', (ctx) => {
  ctx.type = 'text/plain';
  ctx.body = Readable.from(['one ', 'two ', 'x'.repeat(100_000)]);
});
router.get('/buffer', (ctx) => {
  ctx.body = Buffer.from('bytes');
});
router.get('/web', (ctx) => {
  ctx.body = new Blob(['a blob']);
});
router.get('/empty', (ctx) => {
  ctx.body = null;
});
router.get('/status', (ctx) => {
  ctx.status = 202;
});
router.get('/etag', (ctx) => {
  ctx.status = 200;
  ctx.etag = 'one';
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = 'not fresh';
});
router.get('/cookies', (ctx) => {
  const seen = Number(ctx.cookies.get('seen', { signed: true }) ?? 0);
  ctx.cookies.set('seen', String(seen + 1), { signed: true });
  ctx.body = { seen };
});
router.get('/throw', (ctx) => ctx.throw(402, 'pay first', { headers: { 'X-Price': '1' } }));
router.get('/fail', () => {
  throw new Error('failed on purpose');
});
router.get('/bad-stream', (ctx) => {
  ctx.body = new PassThrough();
  setImmediate(() => ctx.body.destroy(new Error('a stream that fails')));
});
router.get('/redirect', (ctx) => ctx.redirect('/hello'));
router.get('/raw', (ctx) => {
  ctx.respond = false;
  ctx.res.writeHead(200, { 'X-Raw': 'yes' });
  ctx.res.end('written past Koa');
});
router.get('/failures', (ctx) => {
  ctx.body = failures;
});
app.use(router.routes()).use(router.allowedMethods());

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('SIGTERM', () => server.close());
