/**
 * Request smuggling: whatever could be read as two different messages is refused, and what follows it on the
 * connection is never taken for a request.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunk, get, head, lastChunk, lastGet } from '../differential/messages.js';
import { assertRefusal, replies, type Served, serve } from './served.js';

/** What an attacker wants to get past whoever stands in front. */
const SMUGGLED = get('/smuggled');

/** A POST head with these lines behind Host. */
function postHead(...lines: string[]): string {
  return head('POST /outer HTTP/1.1', 'Host: a', ...lines);
}

/** Both readings of the length lead to the smuggled request. */
function posted(...lines: string[]): string {
  return `${postHead(...lines)}0\r\n\r\n${SMUGGLED}`;
}

/** The message is refused and no request was made of it, however its bytes are cut. */
async function assertRefused(served: Served, message: string, statusCode = 400): Promise<void> {
  for (const segments of [[message], [...message]]) {
    served.handled.length = 0;
    const received = await served.exchange(...segments);
    const found = replies(received);
    assert.equal(found.length, 1, JSON.stringify(message));
    assertRefusal(found[0], statusCode);
    assert.deepEqual(served.handled, [], JSON.stringify(message));
  }
}

/** As above, where the head is right and the body is not: nothing behind the head is taken for a request. */
async function assertBodyRefused(served: Served, message: string, statusCode = 400): Promise<void> {
  for (const segments of [[message], [...message]]) {
    served.handled.length = 0;
    served.completed.length = 0;
    const found = replies(await served.exchange(...segments));
    assert.equal(found.length, 1, JSON.stringify(message));
    assertRefusal(found[0], statusCode);
    assert.deepEqual(served.handled, ['POST /outer'], JSON.stringify(message));
    assert.deepEqual(served.completed, [], JSON.stringify(message));
  }
}

/** Tests that each of the messages is refused before the handler sees it. */
function refuses(name: string, messages: readonly string[], statusCode = 400): void {
  it(name, async (t) => {
    const served = await serve(t);
    for (const message of messages) await assertRefused(served, message, statusCode);
  });
}

/** Tests that each of the chunked bodies is refused. */
function refusesBodies(name: string, bodies: readonly string[], statusCode = 400): void {
  it(name, async (t) => {
    const served = await serve(t);
    for (const body of bodies) {
      const message = `${postHead('Transfer-Encoding: chunked')}${body}${SMUGGLED}`;
      await assertBodyRefused(served, message, statusCode);
    }
  });
}

describe('a message with two lengths', () => {
  refuses('Transfer-Encoding beside Content-Length, in either order', [
    posted('Transfer-Encoding: chunked', 'Content-Length: 5'),
    posted('Content-Length: 5', 'Transfer-Encoding: chunked'),
    posted('Content-Length: 0', 'transfer-encoding: CHUNKED'),
    posted('Content-Length: 5', 'Transfer-Encoding: identity'),
  ]);

  refuses('Content-Length twice, alike or not, in two lines or one', [
    posted('Content-Length: 5', 'Content-Length: 0'),
    posted('Content-Length: 5', 'Content-Length: 5'),
    posted('Content-Length: 5, 0'),
    posted('Content-Length: 5, 5'),
  ]);

  refuses('CVE-2018-7159: a Content-Length that is not digits alone', [
    posted('Content-Length: 1 2'),
    posted('Content-Length: +5'),
    posted('Content-Length: -5'),
    posted('Content-Length: 0x5'),
    posted('Content-Length: 5.0'),
    posted('Content-Length: 5e0'),
    posted('Content-Length: 5_0'),
    posted('Content-Length: 5;'),
    posted('Content-Length: "5"'),
    posted('Content-Length: \u00b5'),
    posted('Content-Length: \v5'),
    posted('Content-Length:'),
  ]);

  refuses('a Content-Length beyond the safe integers', [
    posted(`Content-Length: ${2 ** 53}`),
    posted('Content-Length: 18446744073709551621'),
    posted('Content-Length: 4294967301000000000000000000000000000005'),
  ]);

  refuses('CVE-2020-8287: two Transfer-Encoding fields of which the last is not chunked', [
    posted('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked-false'),
    posted('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
    posted('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    posted('Transfer-Encoding: chunked', 'Transfer-Encoding:'),
  ]);

  refuses('CVE-2019-15605 and CVE-2022-32213: a Transfer-Encoding that is nearly chunked', [
    posted('Transfer-Encoding: chunkedchunked'),
    posted('Transfer-Encoding: xchunked'),
    posted('Transfer-Encoding: chunked-false'),
    posted('Transfer-Encoding: chunked, identity'),
    posted('Transfer-Encoding: chunked, deflate'),
    posted('Transfer-Encoding: chunked,'),
    posted('Transfer-Encoding: chunked chunked'),
    posted('Transfer-Encoding: chunked;q=1'),
    posted('Transfer-Encoding: "chunked"'),
    posted('Transfer-Encoding: \vchunked'),
    posted('Transfer-Encoding: chunked\v'),
    posted('Transfer-Encoding: chunked\0'),
    posted('Transfer-Encoding: \u00a0chunked'),
    posted('Transfer-Encoding: gzip'),
    posted('Transfer-Encoding: identity'),
    posted('Transfer-Encoding: ,'),
    posted('Transfer-Encoding:'),
  ]);

  refuses(
    'a coding that is not known before chunked is not implemented',
    [posted('Transfer-Encoding: cow, chunked'), posted('Transfer-Encoding: identity, chunked')],
    501,
  );

  it('a chunked request of HTTP/1.0 is the last of its connection', async (t) => {
    const served = await serve(t);
    const outer = head('POST /outer HTTP/1.0', 'Connection: keep-alive', 'Transfer-Encoding: chunked');
    const found = replies(await served.exchange(`${outer}${chunk('abc')}${lastChunk}${SMUGGLED}`));
    assert.deepEqual(served.completed, ['POST /outer abc']);
    assert.equal(found.length, 1);
    assert.equal(found[0].fields.get('connection'), 'close');
    assert.deepEqual(served.handled, ['POST /outer']);
  });
});

describe('a line that does not end with CRLF', () => {
  refuses('CVE-2022-32214: LF ends no line', [
    posted('Dummy: x\nContent-Length: 5'),
    posted('Dummy: x\nTransfer-Encoding: chunked'),
    `POST /outer HTTP/1.1\nHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    `POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\n\r\n0\r\n\r\n${SMUGGLED}`,
    `POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\n0\r\n\r\n${SMUGGLED}`,
    `POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\n\n0\r\n\r\n${SMUGGLED}`,
  ]);

  refuses('CVE-2023-30589 and CVE-2022-35256: CR ends no line', [
    posted('Dummy: x\rContent-Length: 5'),
    posted('Dummy:\rContent-Length: 5'),
    posted('Dummy:\rTransfer-Encoding: chunked'),
    posted('Dummy:\r\rTransfer-Encoding: chunked'),
    posted('Dummy: \rTransfer-Encoding: chunked'),
    posted('Transfer-Encoding: chunked\r'),
    posted('Transfer-Encoding: chunked\rDummy: x'),
    `POST /outer HTTP/1.1\rHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ]);

  refuses('CVE-2020-8201: CR in a field name is no hyphen', [
    posted('Content\rLength: 5'),
    posted('Transfer\rEncoding: chunked'),
  ]);

  refuses('CVE-2025-23167: a header section ends with CRLF CRLF alone', [
    `POST /outer HTTP/1.1\r\nHost: a\r\n\rX${SMUGGLED}`,
    `POST /outer HTTP/1.1\r\nHost: a\r\n\r\r\n${SMUGGLED}`,
    `POST /outer HTTP/1.1\r\nHost: a\r\n\r${SMUGGLED}`,
  ]);

  refuses('a bare LF or CR before a request-line is no empty line', [
    `\n${get('/outer')}${SMUGGLED}`,
    `\r${get('/outer')}${SMUGGLED}`,
    `\r\n\n${get('/outer')}${SMUGGLED}`,
  ]);
});

describe('a field line that is none', () => {
  refuses('CVE-2021-22959: whitespace before the colon', [
    posted('Content-Length : 5'),
    posted('Transfer-Encoding : chunked'),
    posted('Content-Length\t: 5'),
    posted('Transfer-Encoding \t: chunked'),
  ]);

  refuses('CVE-2024-27982: whitespace before the name', [
    posted(' Content-Length: 5'),
    posted('\tContent-Length: 5'),
    `POST /outer HTTP/1.1\r\n Content-Length: 5\r\nHost: a\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    `POST /outer HTTP/1.1\r\n Host: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ]);

  refuses('CVE-2022-32215: a value that goes on in the next line', [
    posted('Transfer-Encoding: chunked\r\n , identity'),
    posted('Transfer-Encoding: chunked\r\n abc'),
    posted('Transfer-Encoding:\r\n chunked'),
    posted('Transfer-Encoding:\r\n\tchunked'),
    posted('Content-Length: 5\r\n 0'),
    posted('Dummy: x\r\n Content-Length: 5'),
  ]);

  refuses('names that are no token', [
    posted('Content-Length\0: 5'),
    posted('Content-Length\v: 5'),
    posted('\x7fContent-Length: 5'),
    posted('Content Length: 5'),
    posted('(Content-Length): 5'),
    posted(': 5'),
    posted('Content-Length'),
    posted('C\u00f6ntent-Length: 5'),
  ]);

  refuses('values with control characters', [
    posted('Dummy: a\0b'),
    posted('Dummy: a\x01b'),
    posted('Dummy: a\vb'),
    posted('Dummy: a\x7fb'),
  ]);

  it('CVE-2019-15606: whitespace around a value is no part of it', async (t) => {
    const values: unknown[] = [];
    const served = await serve(t, {}, (req, res) => {
      values.push(req.headers['x-role'], req.rawHeaders[req.rawHeaders.indexOf('X-Role') + 1]);
      res.end();
    });
    await served.exchange(lastGet('/', 'X-Role: \t admin \t '));
    assert.deepEqual(values, ['admin', 'admin']);
  });
});

describe('a chunked body', () => {
  refusesBodies('CVE-2021-22960: a chunk extension hides no line end', [
    '5;a\nabcde\r\n0\r\n\r\n',
    '5;a=b\nabcde\r\n0\r\n\r\n',
    '5;a="b\nc"\r\nabcde\r\n0\r\n\r\n',
    '5;\nabcde\r\n0\r\n\r\n',
    '5;a\rabcde\r\n0\r\n\r\n',
    '5;a\r\rabcde\r\n0\r\n\r\n',
    '0;a\n\r\n',
    '5;\0\r\nabcde\r\n0\r\n\r\n',
  ]);

  refusesBodies('a chunk size is hexadecimal digits, and no more than a safe integer', [
    '+5\r\nabcde\r\n0\r\n\r\n',
    '-5\r\nabcde\r\n0\r\n\r\n',
    ' 5\r\nabcde\r\n0\r\n\r\n',
    '5 \r\nabcde\r\n0\r\n\r\n',
    '5\t\r\nabcde\r\n0\r\n\r\n',
    '5 ;a\r\nabcde\r\n0\r\n\r\n',
    '0x5\r\nabcde\r\n0\r\n\r\n',
    '5_0\r\nabcde\r\n0\r\n\r\n',
    '5h\r\nabcde\r\n0\r\n\r\n',
    '\r\nabcde\r\n0\r\n\r\n',
    ';a\r\nabcde\r\n0\r\n\r\n',
    '10000000000000005\r\nabcde\r\n0\r\n\r\n',
    '20000000000000\r\nabcde\r\n0\r\n\r\n',
  ]);

  refusesBodies('size line and data end with CRLF', [
    '5\nabcde\r\n0\r\n\r\n',
    '5\rabcde\r\n0\r\n\r\n',
    '5\r\nabcde\n0\r\n\r\n',
    '5\r\nabcde\r0\r\n\r\n',
    '5\r\nabcde0\r\n\r\n',
    '5\r\nabcdeXX0\r\n\r\n',
    '5\r\nabcde\r\n0\n\r\n',
    '5\r\nabcde\r\n0\r\n\n',
  ]);

  refusesBodies('a trailer section frames nothing', [
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nDummy : x\r\n\r\n',
    '0\r\nDummy: x\n\r\n',
    '0\r\n Content-Length: 5\r\n\r\n',
  ]);
});

describe('what follows a message', () => {
  it('is the next message when the first is framed without doubt', async (t) => {
    const served = await serve(t);
    const first = `${postHead('Content-Length: 5')}abcde`;
    const second = `${postHead('Transfer-Encoding: chunked')}${chunk('abc')}${lastChunk}`;
    const received = await served.exchange(`${first}${second}${lastGet('/last')}`);
    assert.deepEqual(served.completed, ['POST /outer abcde', 'POST /outer abc', 'GET /last']);
    assert.deepEqual(
      replies(received).map((reply) => reply.content),
      ['ok', 'ok', 'ok'],
    );
  });

  it('is its content, whatever it looks like, also where the method has none as a rule', async (t) => {
    const served = await serve(t);
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']) {
      served.completed.length = 0;
      const fields = [`Content-Length: ${SMUGGLED.length}`, 'Connection: close'];
      await served.exchange(`${head(`${method} /outer HTTP/1.1`, 'Host: a', ...fields)}${SMUGGLED}`);
      assert.deepEqual(served.completed, [`${method} /outer ${SMUGGLED.trimEnd()}`]);
    }
  });

  it('is not read when the connection was to be closed', async (t) => {
    const served = await serve(t);
    await served.exchange(lastGet('/outer') + SMUGGLED);
    await served.exchange(head('GET /outer HTTP/1.0', 'Host: a') + SMUGGLED);
    await served.exchange(get('/outer', 'Connection: keep-alive, CLOSE') + SMUGGLED);
    assert.deepEqual(served.handled, ['GET /outer', 'GET /outer', 'GET /outer']);
  });

  it('is content too when the handler does not read it and answers first', async (t) => {
    const served = await serve(t, {}, (_req, res) => res.end('early'));
    const content = SMUGGLED.repeat(3000);
    const outer = postHead(`Content-Length: ${content.length}`);
    const found = replies(await served.exchange(`${outer}${content}${lastGet('/last')}`));
    assert.deepEqual(served.handled, ['POST /outer', 'GET /last']);
    assert.deepEqual(
      found.map((reply) => reply.content),
      ['early', 'early'],
    );
  });

  it('is nothing when an expectation was not met: the connection is closed', async (t) => {
    const served = await serve(t);
    const outer = postHead('Expect: tea', `Content-Length: ${SMUGGLED.length}`);
    const found = replies(await served.exchange(`${outer}${SMUGGLED}${lastGet('/last')}`));
    assert.deepEqual(
      found.map((reply) => reply.statusCode),
      [417],
    );
    assert.deepEqual(served.handled, []);
  });

  it('is content, and the connection closed, when the client was not told to continue', async (t) => {
    const served = await serve(t);
    served.server.on('checkContinue', (_req, res) => res.writeHead(403).end());
    const outer = postHead('Expect: 100-continue', 'Content-Length: 100');
    const found = replies(await served.exchange(outer + SMUGGLED));
    assert.deepEqual(
      found.map((reply) => [reply.statusCode, reply.fields.get('connection')]),
      [[403, 'close']],
    );
    assert.deepEqual(served.handled, []);
  });
});

describe('a host that two parties read differently', () => {
  refuses('several Host fields', [
    `${head('GET /outer HTTP/1.1', 'Host: a', 'Host: b')}`,
    `${head('GET /outer HTTP/1.1', 'Host: a', 'host: a')}`,
  ]);

  refuses(
    'a Host that is no host',
    ['a/b', 'a b', 'a@b', 'a:port', 'a, b', 'a\\b', 'a?b', 'a#b', '[::1', 'a:1:2', 'http://a'].map((host) =>
      head('GET /outer HTTP/1.1', `Host: ${host}`),
    ),
  );

  it('no Host in a request of HTTP/1.1', async (t) => {
    const served = await serve(t);
    const found = replies(await served.exchange(head('GET /outer HTTP/1.1') + SMUGGLED));
    assert.deepEqual(
      found.map((reply) => [reply.statusCode, reply.fields.get('connection')]),
      [[400, 'close']],
    );
    assert.deepEqual(served.handled, []);
  });

  refuses('a request-target with whitespace or controls in it', [
    head('GET /out er HTTP/1.1', 'Host: a'),
    head('GET /outer  HTTP/1.1', 'Host: a'),
    head('GET  /outer HTTP/1.1', 'Host: a'),
    head('GET /out\ter HTTP/1.1', 'Host: a'),
    head('GET /out\0er HTTP/1.1', 'Host: a'),
    head('GET /outer\u00ff HTTP/1.1', 'Host: a'),
    head('GET /outer HTTP/1.1 ', 'Host: a'),
    head('GET outer HTTP/1.1', 'Host: a'),
  ]);
});
