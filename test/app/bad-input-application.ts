/** The application that bad input is thrown at. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Application,
  type AppRequest,
  compression,
  createApp,
  readMultipart,
  staticFiles,
} from 'barewire';
import { z } from 'zod';
import type { ForwardedFields, TrustProxy } from '#src/app/forwarded.js';

/** Reads all that there is to read, the way handlers do. */
function readAll(req: AppRequest) {
  const { query, params, path, ip, ips, protocol, secure, host, hostname, subdomains, xhr, fresh, stale } =
    req;
  const cookies = req.getCookies();
  for (const object of [query, params, cookies]) assert.equal(object instanceof Object, false);
  assert.ok(typeof ip === 'string' && Array.isArray(ips) && (protocol === 'http' || protocol === 'https'));
  return {
    ...{ query, params, path, ip, ips, protocol, secure, host },
    ...{ hostname, subdomains, xhr, fresh, stale, cookies },
    is: [req.is(), req.is('json', 'text/*', '+json'), req.is('multipart', '*/*')],
    range: [req.range(100), req.range(7, { combine: true })],
    accepts: [
      req.accepts(),
      req.accepts('html', 'json'),
      req.acceptsEncodings(),
      req.acceptsEncodings('gzip', 'br'),
    ],
    likes: [
      req.acceptsCharsets(),
      req.acceptsCharsets('utf-8'),
      req.acceptsLanguages(),
      req.acceptsLanguages('en'),
    ],
    referrer: req.get('referrer'),
  };
}

/** Of files to ask for. */
export const folder = mkdtempSync(join(tmpdir(), 'barewire-bad-'));
/** Of files that were uploaded. */
export const uploads = mkdtempSync(join(tmpdir(), 'barewire-bad-uploads-'));
writeFileSync(join(folder, 'file.txt'), 'x'.repeat(500));

/** An application that has something of everything. */
export function application(
  trustProxy: TrustProxy = false,
  forwardedFields: ForwardedFields = 'x-forwarded',
): Application {
  const app = createApp({ trustProxy, forwardedFields });
  app.use(compression({ threshold: 0 }));
  app.use('/files', staticFiles(folder, { precompressed: true }));
  app.use('/strict', staticFiles(folder, { fallthrough: false, dotfiles: 'deny' }));
  app.use('/admin/:area', (req, res, next) => {
    res.locals.area = req.params.area;
    next();
  });
  app.all('/u/:id/:from-:to{.:ext}', (req) => readAll(req));
  app.all('/{*path}', (req) => readAll(req));
  app.get('/said', (req, res) => {
    const said = String(req.query.s ?? '');
    res.cookie('said', said).vary('Accept').links({ next: said }).attachment(said);
    if (req.query.to === undefined) res.send(said);
    else res.redirect(said);
  });
  app.get('/tagged', (_req, res) =>
    res.set('ETag', '"a"').set('Last-Modified', new Date(0).toUTCString()).send('tagged'),
  );
  app.get('/format', (_req, res) =>
    res.format({ html: () => res.send('<p>'), json: () => res.send({ a: 1 }) }),
  );
  const User = z.object({ name: z.string(), list: z.array(z.number()).optional() });
  app.post(
    '/schema',
    { body: User, query: z.object({ n: z.coerce.number().optional() }) },
    ({ body }) => body,
  );
  app.post('/json', async (req) => ({ read: await req.json({ limit: 2000 }) }));
  app.post('/form', async (req) => ({ ...(await req.form({ limit: 2000 })) }));
  app.post('/text', async (req) => ({ text: await req.text({ limit: 2000 }) }));
  app.post('/multipart', async (req) => {
    const { fields, files, remove } = await readMultipart(req, {
      directory: uploads,
      limits: { total: 4000 },
    });
    await remove();
    return { fields: Object.keys(fields).length, files: files.length };
  });
  return app;
}
