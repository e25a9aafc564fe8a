import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { compression } from '#src/app/compression.js';
import { setCookie } from '#src/app/cookies.js';
import { type EventStream, sse } from '#src/app/events.js';
import type { RequestLike, ResponseLike } from '#src/app/exchange.js';
import { sendFile } from '#src/app/files.js';
import { redirect } from '#src/app/redirect.js';
import { respond } from '#src/app/respond.js';
import { type Handler, run } from './answering.js';

async function serve(t: TestContext, handler: Handler): Promise<http2.ClientHttp2Session> {
  const server = http2.createServer((req, res) => {
    run(handler, req as RequestLike, res as unknown as ResponseLike);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => {
    session.destroy();
    server.close();
  });
  return session;
}

async function ask(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders = {}) {
  const stream = session.request(headers);
  stream.end();
  const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & { ':status': number }];
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('close', resolve));
  return { head, text: Buffer.concat(pieces).toString(), code: stream.rstCode };
}

describe('on http2, through its compatibility API', () => {
  test('values, with their length', async (t) => {
    for (const [value, type, text] of [
      ['é', 'text/html; charset=utf-8', 'é'],
      [{ a: 1 }, 'application/json; charset=utf-8', '{"a":1}'],
      [Buffer.from('b'), 'application/octet-stream', 'b'],
      [new Blob(['c'], { type: 'text/x' }), 'text/x', 'c'],
    ] as const) {
      const session = await serve(t, (req, res) => respond(req, res, value));
      const got = await ask(session);
      assert.deepEqual([got.head['content-type'], got.text], [type, text]);
      assert.equal(got.head['content-length'], String(Buffer.byteLength(text)));
      const head = await ask(session, { ':method': 'HEAD' });
      assert.deepEqual([head.head['content-length'], head.text], [String(Buffer.byteLength(text)), '']);
    }
  });

  test('a stream, a fetch Response, 204, a redirect, cookies', async (t) => {
    const stream = await ask(await serve(t, (req, res) => respond(req, res, Readable.from(['a', 'b']))));
    assert.equal(stream.text, 'ab');
    const response = await ask(
      await serve(t, (req, res) => {
        setCookie(res, 'a', '1');
        const headers = { 'Set-Cookie': 'b=2', Connection: 'close', 'Transfer-Encoding': 'x' };
        return respond(req, res, new Response('r', { status: 201, statusText: 'Made', headers }));
      }),
    );
    assert.deepEqual([response.head[':status'], response.text], [201, 'r']);
    assert.deepEqual(response.head['set-cookie'], ['a=1; Path=/', 'b=2']);
    const none = await ask(
      await serve(t, (req, res) => {
        res.statusCode = 204;
        return respond(req, res, { a: 1 });
      }),
    );
    assert.deepEqual([none.head[':status'], none.text], [204, '']);
    const moved = await ask(await serve(t, (req, res) => redirect(req, res, '/é')));
    assert.deepEqual([moved.head[':status'], moved.head.location], [302, '/%C3%A9']);
  });

  test('an error before the head is answered; after it, the stream is reset with a code', async (t) => {
    const fail = (yields: number) =>
      serve(t, (req, res) =>
        respond(
          req,
          res,
          (async function* () {
            for (let i = 0; i < yields; i++) {
              yield 'some';
              await turn();
              await turn();
            }
            throw Object.assign(new Error('no'), { status: 418 });
          })(),
        ),
      );
    assert.equal((await ask(await fail(0))).head[':status'], 418);
    const late = await ask(await fail(1));
    assert.deepEqual([late.head[':status'], late.code], [200, http2.constants.NGHTTP2_INTERNAL_ERROR]);
  });

  test('a slow reader slows the source down, and one that goes away stops it', async (t) => {
    let pulled = 0;
    const source = new Readable({
      read() {
        pulled++;
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    let isSettled = false;
    const session = await serve(t, async (req, res) => {
      await respond(req, res, source);
      isSettled = true;
    });
    const stream = session.request();
    stream.on('error', () => {});
    await once(stream, 'response');
    let before = -1;
    for (let still = 0; still < 200; still = pulled === before ? still + 1 : 0) {
      before = pulled;
      await turn();
    }
    assert.ok(pulled < 100, `${pulled}`);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    while (!isSettled) await turn();
    assert.equal(source.destroyed, true);
  });

  test('files, parts of them, conditions on them', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'barewire-http2-'));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'a.txt'), 'abcdef');
    await writeFile(join(folder, 'large.bin'), '');
    await truncate(join(folder, 'large.bin'), 1_000_000);
    const session = await serve(t, (req, res) => sendFile(req, res, String(req.url), { root: folder }));
    const whole = await ask(session, { ':path': '/a.txt' });
    assert.deepEqual([whole.text, whole.head['content-length']], ['abcdef', '6']);
    const part = await ask(session, { ':path': '/a.txt', range: 'bytes=1-2' });
    assert.deepEqual([part.head[':status'], part.text], [206, 'bc']);
    const same = await ask(session, { ':path': '/a.txt', 'if-none-match': String(whole.head.etag) });
    assert.deepEqual([same.head[':status'], same.text], [304, '']);
    assert.equal((await ask(session, { ':path': '/large.bin' })).text.length, 1_000_000);
    assert.equal((await ask(session, { ':path': '/none' })).head[':status'], 404);
  });

  test('compressed', async (t) => {
    const middleware = compression();
    const text = 'Again and again. '.repeat(200);
    const session = await serve(t, (req, res) => middleware(req, res, () => respond(req, res, text)));
    const stream = session.request({ 'accept-encoding': 'gzip' });
    const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    assert.deepEqual([head['content-encoding'], head['content-length']], ['gzip', undefined]);
    assert.equal(gunzipSync(Buffer.concat(pieces)).toString(), text);
  });

  test('server-sent events', async (t) => {
    let events: EventStream | undefined;
    const session = await serve(t, (req, res) => {
      events = sse(req, res, { heartbeat: 0 });
    });
    const stream = session.request();
    const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    assert.equal(head['content-type'], 'text/event-stream');
    events?.send({ data: 'a' });
    assert.equal(String((await once(stream, 'data'))[0]), 'data: a\n\n');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await events?.closed;
    assert.equal(events?.isOpen, false);
  });
});
