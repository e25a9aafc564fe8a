/** The etag option of an application, beside Express's setting of this name. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { type ApplicationOptions, compression, createApp } from 'barewire';

/** What is used of Express, which has no types of its own. */
interface Express extends RequestListener {
  set(name: string, value: unknown): this;
  get(path: string, handler: (req: unknown, res: { send(value: unknown): unknown }) => unknown): this;
  listen(port: number, host: string): Server;
}

const express = createRequire(import.meta.url)('express') as () => Express;

interface Answer {
  status: number;
  etag: string | null;
  length: string | null;
  text: string;
}

async function ask(port: number, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const { headers, status } = response;
  return {
    status,
    etag: headers.get('etag'),
    length: headers.get('content-length'),
    text: await response.text(),
  };
}

const VALUES: Record<string, unknown> = {
  text: 'a text é',
  empty: '',
  json: { a: [1, 'é'] },
  bytes: Buffer.from('some bytes'),
  long: 'é'.repeat(5000),
};

async function serve(t: TestContext, etag: ApplicationOptions['etag']) {
  const app = createApp({ etag });
  for (const [name, value] of Object.entries(VALUES)) {
    app.get(`/send/${name}`, (_req, res) => res.send(value));
    app.get(`/return/${name}`, () => value);
  }
  app.get('/send/by-json', (_req, res) => res.json(VALUES.json));
  app.get('/stream', () => Readable.from(['a']));
  app.get('/own', (_req, res) => res.set('ETag', '"own"').send('x'));
  app.get('/missing', (_req, res) => res.status(404).send('x'));
  app.get('/nothing', (_req, res) => res.status(204).send('x'));
  app.post('/send/text', () => 'posted');
  const server = await app.listen(0, '127.0.0.1');
  t.after(() => app.close({ deadline: 0 }));
  return (path: string, init?: RequestInit) => ask((server.address() as AddressInfo).port, path, init);
}

describe('the etag option', () => {
  for (const etag of ['weak', 'strong', true] as const) {
    test(`${etag} makes the tags that Express makes, and answers by them`, async (t) => {
      const get = await serve(t, etag);
      const other = express().set('etag', etag);
      for (const [name, value] of Object.entries(VALUES))
        other.get(`/send/${name}`, (_req, res) => res.send(value));
      const server = other.listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      for (const name of Object.keys(VALUES)) {
        const theirs = await ask(port, `/send/${name}`);
        assert.match(String(theirs.etag), etag === 'strong' ? /^"/ : /^W\/"/);
        for (const path of [`/send/${name}`, `/return/${name}`]) {
          const ours = await get(path);
          assert.deepEqual([ours.status, ours.etag, ours.length], [200, theirs.etag, theirs.length], path);
          const head = await get(path, { method: 'HEAD' });
          assert.deepEqual([head.status, head.etag, head.length], [200, theirs.etag, theirs.length], path);
          for (const method of ['GET', 'HEAD']) {
            const again = await get(path, { method, headers: { 'if-none-match': String(ours.etag) } });
            assert.deepEqual([again.status, again.etag, again.text], [304, ours.etag, ''], path);
          }
          const changed = await get(path, { headers: { 'if-none-match': '"another"' } });
          assert.equal(changed.status, 200);
          const wanted = await get(path, { headers: { 'if-match': '"another"' } });
          assert.equal(wanted.status, 412);
        }
      }
      assert.equal((await get('/send/by-json')).etag, (await get('/send/json')).etag);
    });
  }

  test('is false by default, and tags are left to handlers', async (t) => {
    for (const etag of [undefined, false] as const) {
      const get = await serve(t, etag);
      assert.equal((await get('/send/text')).etag, null);
      assert.equal((await get('/own')).etag, '"own"');
      assert.equal((await get('/own', { headers: { 'if-none-match': '"own"' } })).status, 304);
    }
  });

  test('tags what a client may ask for again, and nothing else', async (t) => {
    const get = await serve(t, 'weak');
    assert.equal((await get('/stream')).etag, null);
    assert.equal((await get('/own')).etag, '"own"');
    assert.equal((await get('/missing')).etag, null);
    assert.equal((await get('/nothing')).etag, null);
    assert.equal((await get('/nowhere')).etag, null);
    assert.equal((await get('/send/text', { method: 'POST' })).etag, null);
    const conditional = await get('/send/text', { method: 'POST', headers: { 'if-none-match': '*' } });
    assert.deepEqual([conditional.status, conditional.text], [200, 'posted']);
  });

  test('may be a function of the content, which may have none to give, and may fail', async (t) => {
    const seen: unknown[] = [];
    const get = await serve(t, (content) => {
      seen.push(content);
      if (content.length === 0) return undefined;
      if (content === VALUES.text) throw new Error('no tag for this');
      return '"made"';
    });
    assert.equal((await get('/return/json')).etag, '"made"');
    assert.equal((await get('/return/bytes', { headers: { 'if-none-match': 'W/"made"' } })).status, 304);
    assert.equal((await get('/return/empty')).etag, null);
    assert.equal((await get('/return/text')).status, 500);
    assert.deepEqual(seen, ['{"a":[1,"é"]}', VALUES.bytes, '', VALUES.text]);
  });

  test('is weak where the content is compressed', async (t) => {
    const app = createApp({ etag: 'strong' });
    app.use(compression());
    app.get('/', () => VALUES.long);
    const server = await app.listen(0, '127.0.0.1');
    t.after(() => app.close({ deadline: 0 }));
    const { port } = server.address() as AddressInfo;
    const plain = await ask(port, '/', { headers: { 'accept-encoding': 'identity' } });
    const { etag } = await ask(port, '/', { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(etag, `W/${plain.etag}`);
    const headers = { 'accept-encoding': 'gzip', 'if-none-match': String(etag) };
    assert.equal((await ask(port, '/', { headers })).status, 304);
  });

  test('is one of these', () => {
    for (const etag of ['medium', 7, null] as unknown as ApplicationOptions['etag'][]) {
      assert.throws(() => createApp({ etag }), { code: 'ERR_INVALID_ARG_VALUE' });
    }
  });
});
