import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import type { BodyHolder, BodyMiddleware } from '#src/app/body-middleware.js';
import { json, raw, text, urlencoded } from '#src/app/body-middleware.js';
import { HTTP, message, refusalOf, serveBodies } from './body-served.js';

/** Runs the middleware one after the other; gives the body they left, throws what they pass to next(). */
async function run(req: BodyHolder, ...all: BodyMiddleware[]): Promise<unknown> {
  for (const middleware of all) {
    let calls = 0;
    await middleware(req, {}, (error?: unknown) => {
      calls++;
      if (error !== undefined) throw error;
    });
    assert.equal(calls, 1);
  }
  return req.body;
}

const all = () => [json(), urlencoded(), text(), raw()];
const typed = (type: string, content: string) => message({ 'content-type': type }, content);

for (const kind of HTTP) {
  test(`the middleware for the type of a body reads it on ${kind.name}`, async (t) => {
    const server = await serveBodies(t, kind, async (req) => {
      const body = await run(req, ...all());
      return Buffer.isBuffer(body) ? `bytes ${body.toString('hex')}` : (body ?? 'none');
    });
    const post = async (type: string, content: string) =>
      (await server.post({ 'Content-Type': type }, content)).told.value;
    assert.deepEqual(await post('application/json', '{"a":1}'), { a: 1 });
    assert.deepEqual(await post('application/problem+json', '[2]'), [2]);
    assert.deepEqual(await post('application/x-www-form-urlencoded', 'a=1&a=2'), { a: ['1', '2'] });
    assert.equal(await post('text/plain', 'abc'), 'abc');
    assert.equal(await post('application/octet-stream', 'ab'), 'bytes 6162');
    assert.equal(await post('image/png', 'ab'), 'none');
    assert.equal(await post('application/json', ' 1 '), undefined);
    assert.equal((await server.outcome(7)).error?.code, 'ERR_JSON_NOT_CONTAINER');
  });
}

describe('body middleware', () => {
  test('leaves a request without a body alone', async () => {
    const req = Object.assign(message({}), { headers: { 'content-type': 'application/json' } }) as BodyHolder;
    assert.equal(await run(req, ...all()), undefined);
  });

  test('takes an empty body for an empty value', async () => {
    assert.deepEqual(await run(typed('application/json', ''), json()), {});
    assert.deepEqual(
      { ...((await run(typed('application/x-www-form-urlencoded', ''), urlencoded())) as object) },
      {},
    );
    assert.equal(await run(typed('text/plain', ''), text()), '');
    assert.deepEqual(await run(typed('application/octet-stream', ''), raw()), Buffer.alloc(0));
  });

  test('passes a body that was read', async () => {
    const req = typed('application/json', '{"a":1}');
    assert.deepEqual(await run(req, json(), json(), text({ type: '*/*' })), { a: 1 });
  });

  test('is for the types it is told, or those a function finds', async () => {
    assert.equal(await run(typed('text/html', 'a'), text({ type: 'text/*' })), 'a');
    assert.equal(await run(message({}, 'a'), text({ type: () => true })), 'a');
    assert.deepEqual(await run(typed('text/plain', '{}'), json({ type: ['text/plain', 'json'] })), {});
    assert.equal(await run(typed('text/plain', 'a'), text({ type: () => false })), undefined);
    assert.throws(() => json({ type: 'nonsense' }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('passes errors on, with their status', async () => {
    assert.equal((await refusalOf(run(typed('text/plain', 'abc'), text({ limit: 2 })))).status, 413);
    assert.equal(await run(typed('text/plain', 'ab'), text({ limit: 2 })), 'ab');
    assert.equal((await refusalOf(run(typed('application/json', '{'), json()))).status, 400);
    assert.throws(() => json({ limit: '1mb' as unknown as number }), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('returns what next() returns, and does not hear what is thrown behind it', async () => {
    const after = json();
    assert.equal(await after(typed('application/json', '{}'), {}, () => Promise.resolve('done')), 'done');
    const seen: unknown[] = [];
    const thrown = after(typed('application/json', '{}'), {}, (error) => {
      seen.push(error);
      throw new Error('behind');
    });
    await assert.rejects(thrown as Promise<unknown>, /behind/);
    assert.deepEqual(seen, [undefined]);
  });

  test('lets the bytes be verified before they are parsed', async () => {
    const sign = (bytes: string | Buffer) => createHmac('sha256', 'key').update(bytes).digest('hex');
    const seen: string[] = [];
    const verified = json({
      verify: (req, _res, bytes, charset) => {
        seen.push(charset);
        if (sign(bytes) !== req.headers['x-signature']) throw new Error('a wrong signature');
      },
    });
    const signed = (content: string, signature: string) =>
      message({ 'content-type': 'application/json', 'x-signature': signature }, content);
    assert.deepEqual(await run(signed('{"a":1}', sign('{"a":1}')), verified), { a: 1 });
    const error = await refusalOf(run(signed('{"a":2', sign('{"a":1}')), verified));
    assert.equal(error.status, 403);
    assert.equal(error.code, 'ERR_BODY_NOT_VERIFIED');
    assert.match(String(error.cause), /a wrong signature/);
    assert.deepEqual(seen, ['utf-8', 'utf-8']);
    const own = json({
      verify: () => {
        throw Object.assign(new Error('pay first'), { status: 402 });
      },
    });
    assert.equal((await refusalOf(run(signed('{}', ''), own))).status, 402);
  });

  test('revives, and takes any value when it is not strict', async () => {
    const req = typed('application/json', '1');
    assert.equal(await run(req, json({ strict: false, reviver: (_key, value) => (value as number) + 1 })), 2);
  });

  test('says at once that nested names are not read', () => {
    assert.throws(() => urlencoded({ extended: true as unknown as false }), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
    urlencoded({ extended: false });
  });
});
