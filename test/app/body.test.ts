import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { type BodyMessage, kContinue, readBytes, readForm, readJson, readText } from '#src/app/body.js';
import { MAX_BODY_SIZE } from '#src/app/limits.js';
import { answerOf, HTTP, head, message, refusalOf, serveBodies } from './body-served.js';

const JSON_HEAD = { 'Content-Type': 'application/json' };

for (const kind of HTTP) {
  describe(`a body on ${kind.name}`, () => {
    test('is read as JSON, text, bytes and a form', async (t) => {
      const server = await serveBodies(t, kind, async (req) => {
        const { 'x-as': as } = req.headers;
        if (as === 'json') return readJson(req);
        if (as === 'text') return readText(req);
        return as === 'form' ? readForm(req) : (await readBytes(req)).toString('hex');
      });
      const content = '{"a":[1,"\u00e9"]}';
      assert.deepEqual((await server.post({ ...JSON_HEAD, 'X-As': 'json' }, content)).told.value, {
        a: [1, '\u00e9'],
      });
      assert.equal((await server.post({ 'X-As': 'text' }, content)).told.value, content);
      assert.equal((await server.post({}, 'ab\n')).told.value, '61620a');
      const form = { 'Content-Type': 'application/x-www-form-urlencoded', 'X-As': 'form' };
      assert.deepEqual((await server.post(form, 'a=1&b=%C3%A9+x&a=2')).told.value, {
        a: ['1', '2'],
        b: '\u00e9 x',
      });
    });

    test('may come in chunks, and byte by byte', async (t) => {
      const server = await serveBodies(t, kind, (req) => readJson(req));
      const client = server.connect();
      await client.send(head({ ...JSON_HEAD, 'Transfer-Encoding': 'chunked' }));
      for (const char of '{"a":"\\u00e9"}') await client.send(`1\r\n${char}\r\n`);
      await client.send('0\r\n\r\n');
      assert.deepEqual((await answerOf(client)).told.value, { a: 'é' });
    });

    test('of two requests on one connection is theirs', async (t) => {
      const server = await serveBodies(t, kind, (req) => readJson(req));
      const client = server.connect();
      const one = (value: number) => head({ ...JSON_HEAD, 'Content-Length': '1' }) + value;
      await client.send(one(1) + one(2));
      await client.until('{"value":2}');
      assert.deepEqual(server.outcomes, [{ value: 1 }, { value: 2 }]);
    });

    test('that is announced to be too large is refused before it comes', async (t) => {
      const server = await serveBodies(t, kind, (req) =>
        readBytes(req, { limit: 10 }).then((bytes) => bytes.length),
      );
      assert.equal((await server.post({}, 'x'.repeat(10))).told.value, 10);
      const client = server.connect();
      await client.send(head({ 'Content-Length': '11' }));
      const answer = await answerOf(client);
      assert.equal(answer.statusCode, 413);
      assert.equal(answer.told.code, 'ERR_BODY_TOO_LARGE');
      assert.equal(answer.fields.get('connection'), 'close');
      await client.ended();
    });

    test('without a length is refused at the byte that is too much', async (t) => {
      const server = await serveBodies(t, kind, (req) =>
        readBytes(req, { limit: 10 }).then((bytes) => bytes.length),
      );
      const chunked = head({ 'Transfer-Encoding': 'chunked' });
      const fits = server.connect();
      await fits.send(`${chunked}4\r\nabcd\r\n6\r\nefghij\r\n0\r\n\r\n`);
      assert.equal((await answerOf(fits)).told.value, 10);
      const client = server.connect();
      await client.send(`${chunked}4\r\nabcd\r\n7\r\nefghijk\r\n`);
      const answer = await answerOf(client);
      assert.equal(answer.statusCode, 413);
      assert.equal(answer.fields.get('connection'), 'close');
      await client.ended();
    });

    test('is held to 1 MiB by default', async (t) => {
      const server = await serveBodies(t, kind, (req) => readBytes(req).then((bytes) => bytes.length));
      assert.equal((await server.post({}, 'x'.repeat(MAX_BODY_SIZE))).told.value, MAX_BODY_SIZE);
      const client = server.connect();
      await client.send(head({ 'Content-Length': String(MAX_BODY_SIZE + 1) }));
      assert.equal((await answerOf(client)).statusCode, 413);
    });

    test('of another type is 415 with what is taken, and the connection goes on', async (t) => {
      const server = await serveBodies(t, kind, (req) => readJson(req));
      const client = server.connect();
      await client.send(`${head({ 'Content-Type': 'text/plain', 'Content-Length': '2' })}{}`);
      const answer = await answerOf(client);
      assert.equal(answer.statusCode, 415);
      assert.equal(answer.told.code, 'ERR_UNSUPPORTED_MEDIA_TYPE');
      assert.equal(answer.fields.get('accept'), 'application/json, application/*+json');
      assert.notEqual(answer.fields.get('connection'), 'close');
      client.received = '';
      await client.send(`${head({ ...JSON_HEAD, 'Content-Length': '2' })}{}`);
      assert.deepEqual((await answerOf(client)).told.value, {});
    });

    test('of a client that goes away is ECONNRESET, and nothing hangs', async (t) => {
      const server = await serveBodies(t, kind, (req) => readJson(req));
      const client = server.connect();
      const arrived = once(server.server, 'request');
      await client.send(`${head({ ...JSON_HEAD, 'Content-Length': '9' })}{"a"`);
      await arrived;
      client.reset();
      const { error } = await server.outcome();
      assert.equal(error?.code, 'ECONNRESET');
      assert.equal(error?.status, 400);
    });

    test('of a connection that is lost before it is read is ECONNRESET', async (t) => {
      const server = await serveBodies(t, kind, async (req) => {
        await once(req, 'close');
        return readText(req);
      });
      const client = server.connect();
      const arrived = once(server.server, 'request');
      await client.send(`${head({ 'Content-Length': '9' })}{"a"`);
      await arrived;
      client.reset();
      assert.equal((await server.outcome()).error?.code, 'ECONNRESET');
    });

    test('is read once: a second reading is an error of the caller', async (t) => {
      const server = await serveBodies(t, kind, async (req) => {
        const first = readText(req);
        const early = await refusalOf(readText(req));
        await first;
        const late = await refusalOf(readText(req));
        return [await first, early.code, late.code, early.status];
      });
      assert.deepEqual((await server.post({}, 'abc')).told.value, [
        'abc',
        'ERR_BODY_ALREADY_READ',
        'ERR_BODY_ALREADY_READ',
        null,
      ]);
    });

    test('that somebody else read, or reads, is an error of the caller', async (t) => {
      const server = await serveBodies(t, kind, async (req) => {
        if (req.headers['x-first'] === 'read') {
          for await (const _ of req);
        } else if (req.headers['x-first'] === 'flow') {
          req.resume();
        } else {
          req.on('readable', () => {});
        }
        return readText(req);
      });
      for (const first of ['read', 'flow', 'readable']) {
        const answer = await server.post({ 'X-First': first }, 'abc');
        assert.equal(answer.statusCode, 500);
        assert.equal(answer.told.code, 'ERR_BODY_ALREADY_READ');
      }
    });

    test('of a request that was paused before is read', async (t) => {
      const server = await serveBodies(t, kind, async (req) => {
        req.pause();
        await new Promise(setImmediate);
        return readText(req);
      });
      assert.equal((await server.post({}, 'abc')).told.value, 'abc');
    });

    test('that is none is empty text, and no JSON', async (t) => {
      const server = await serveBodies(t, kind, async (req) => [
        await readText(req),
        (await refusalOf(readJson(req))).code,
      ]);
      const client = server.connect();
      await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.deepEqual((await answerOf(client)).told.value, ['', 'ERR_BODY_ALREADY_READ']);
    });

    test('that is waited for with Expect is asked for when it is read', async (t) => {
      const server = await serveBodies(t, kind, (req) => readText(req, { limit: 5 }));
      server.server.on('expectation', (req: BodyMessage, res: { writeContinue(): void }) => {
        req[kContinue] = () => res.writeContinue();
      });
      const client = server.connect();
      await client.send(head({ Expect: '100-continue', 'Content-Length': '3' }));
      await client.until('HTTP/1.1 100 Continue\r\n\r\n');
      await client.send('abc');
      assert.equal((await answerOf(client)).told.value, 'abc');
      assert.equal(client.received.split('100 Continue').length, 2);

      const refused = server.connect();
      await refused.send(head({ Expect: '100-continue', 'Content-Length': '6' }));
      const answer = await answerOf(refused);
      assert.equal(answer.statusCode, 413);
      assert.equal(answer.fields.get('connection'), 'close');
      assert.ok(!refused.received.includes('100 Continue'));
    });

    test('that is refused for its type while the client waits ends the connection', async (t) => {
      const server = await serveBodies(t, kind, (req) => readJson(req));
      server.server.on('expectation', (req: BodyMessage, res: { writeContinue(): void }) => {
        req[kContinue] = () => res.writeContinue();
      });
      const client = server.connect();
      await client.send(head({ Expect: '100-continue', 'Content-Length': '3' }));
      const answer = await answerOf(client);
      assert.equal(answer.statusCode, 415);
      assert.equal(answer.fields.get('connection'), 'close');
      await client.ended();
    });

    test('with a malformed chunk is refused by the server, and its reader told', async (t) => {
      const server = await serveBodies(t, kind, (req) => readText(req));
      const client = server.connect();
      await client.send(`${head({ 'Transfer-Encoding': 'chunked' })}2\r\nab\r\nzz\r\n`);
      await client.until(/^HTTP\/1\.1 400 /);
      assert.equal((await server.outcome()).error?.code, 'ECONNRESET');
    });
  });
}

test('a body on http2 is read, and a request without one is not waited for', async (t) => {
  const server = http2.createServer(async (req, res) => {
    try {
      res.end(JSON.stringify(await (req.method === 'GET' ? readText(req) : readJson(req))));
    } catch (error) {
      const { status, headers } = error as { status: number; headers?: Record<string, string> };
      res.writeHead(status, headers);
      res.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(async () => {
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const exchange = async (headers: http2.OutgoingHttpHeaders, content?: string) => {
    const stream = session.request(headers, { endStream: content === undefined });
    const answered = once(stream, 'response');
    if (content !== undefined) stream.end(content);
    const [fields] = await answered;
    let text = '';
    for await (const chunk of stream) text += chunk;
    return `${fields[':status']} ${text}`;
  };
  const post = { ':method': 'POST', 'content-type': 'application/json' };
  assert.equal(await exchange(post, '{"a":1}'), '200 {"a":1}');
  assert.equal(await exchange({ ':path': '/' }), '200 ""');
  assert.equal(await exchange(post, `"${'x'.repeat(MAX_BODY_SIZE)}"`), '413 ');
  assert.equal(await exchange({ ...post, 'content-type': 'text/plain' }, '{}'), '415 ');
});

describe('the options of a reader', () => {
  test('a limit that is no number of bytes is an error of the caller', async () => {
    for (const limit of ['1mb', Number.NaN, -1, null]) {
      const error = await refusalOf(readText(message({}, 'a'), { limit: limit as number }));
      assert.match(error.code, /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/);
      assert.equal(error.status, undefined);
    }
    assert.equal(await readText(message({}, 'a'), { limit: Number.POSITIVE_INFINITY }), 'a');
    assert.equal(await readText(message({}), { limit: 0 }), '');
  });

  test('types are names with wildcards', async () => {
    const read = (type: string, given: string) =>
      readText(message({ 'content-type': given }, 'a'), { type }).then(
        () => true,
        (error) => assert.equal(error.status, 415) ?? false,
      );
    assert.ok(await read('text/*', 'text/csv; header=present'));
    assert.ok(await read('*/*', 'a/b'));
    assert.ok(await read('application/*+json', 'Application/Problem+JSON'));
    assert.ok(await read('json', 'application/json'));
    assert.ok(!(await read('application/*+json', 'application/json')));
    assert.ok(!(await read('text/*', 'xtext/plain')));
    assert.ok(!(await read('text/*', 'text')));
    assert.ok(!(await read('text/plain', 'text/plain, application/json')));
    const error = await refusalOf(readText(message({}, 'a'), { type: 'nonsense' }));
    assert.equal(error.code, 'ERR_INVALID_ARG_VALUE');
  });

  test('inflate: false refuses a content coding', async () => {
    const error = await refusalOf(readText(message({ 'content-encoding': 'gzip' }, 'a'), { inflate: false }));
    assert.equal(error.status, 415);
    assert.deepEqual(error.headers, { 'Accept-Encoding': 'identity' });
    assert.equal(await readText(message({ 'content-encoding': 'identity' }, 'a'), { inflate: false }), 'a');
  });

  test('a form has so many parameters at most', async () => {
    const form = (content: string, parameterLimit?: number) =>
      readForm(message({ 'content-type': 'application/x-www-form-urlencoded' }, content), { parameterLimit });
    assert.deepEqual({ ...(await form('a=1&&b=2', 2)) }, { a: '1', b: '2' });
    const error = await refusalOf(form('a=1&b=2&c', 2));
    assert.equal(error.status, 413);
    assert.equal(error.code, 'ERR_TOO_MANY_PARAMETERS');
    assert.equal(
      Object.keys(await form(Array.from({ length: 1000 }, (_, i) => `n${i}`).join('&'))).length,
      1000,
    );
    assert.equal((await refusalOf(form('a&'.repeat(1001)))).status, 413);
  });
});

test('a type that is refused leaves the body to another reader', async () => {
  const req = message({ 'content-type': 'text/plain' }, 'abc');
  assert.equal((await refusalOf(readJson(req))).status, 415);
  assert.equal(await readText(req), 'abc');
});

test('an error that somebody destroys the request with is the one its reader gets', async () => {
  const req = message({}, 'abc');
  const read = refusalOf(readText(req));
  req.destroy(Object.assign(new Error('shut down'), { code: 'SHUT_DOWN' }));
  assert.equal((await read).message, 'shut down');
});
