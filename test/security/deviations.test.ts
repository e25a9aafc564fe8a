/**
 * Where barewire is stricter than node:http, or lets less of a client's bytes decide: one row for each that
 * `test/differential/deviations.ts` does not have. `docs/deviations.md` gives the reasons.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as stock from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import * as bare from 'barewire/http';
import { chunk, chunkedPost, get, head, lastChunk, lastGet } from '../differential/messages.js';
import { WireClient } from '../differential/wire-client.js';
import { replies, serve } from './served.js';

const SUBJECTS = { stock, bare: bare as unknown as typeof stock };

/** What came of a request: the targets that the handler was called for, and the status codes of the replies. */
async function outcome(t: TestContext, http: typeof stock, request: string): Promise<string> {
  const targets: string[] = [];
  const server = http.createServer({ keepAliveTimeout: 50 }, (req, res) => {
    targets.push(String(req.url));
    req.on('error', () => {});
    req.resume().on('end', () => res.end());
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WireClient((server.address() as AddressInfo).port);
  client.socket.write(request, 'latin1');
  await client.closed();
  const codes = [...client.received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => code);
  return [...targets, ...codes].join(' ');
}

const post = (...fields: string[]) => chunkedPost('Connection: close', ...fields);

/** What is different, a request, what node:http makes of it and what barewire does. */
const ROWS: readonly (readonly [string, string, string, string])[] = [
  [
    'a second space before the request-target',
    'GET  /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    '/t 200',
    '400',
  ],
  [
    'a second space before the version',
    'GET /t  HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    '/t 200',
    '400',
  ],
  ['a bare LF before a request-line', `\n${lastGet('/t')}`, '/t 200', '400'],
  ['a protocol that is not HTTP', head('SOURCE /t ICE/1.0', 'Host: a', 'Connection: close'), '/t 200', '400'],
  [
    'a method of RTSP',
    head('DESCRIBE rtsp://a/t RTSP/1.0', 'Host: a', 'Connection: close'),
    'rtsp://a/t 200',
    '400',
  ],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400', '505'],
  ['CONNECT without an authority', head('CONNECT / HTTP/1.1', 'Host: a'), '', '400'],
  [
    'asterisk-form with more behind',
    head('GET *t HTTP/1.1', 'Host: a', 'Connection: close'),
    '*t 200',
    '400',
  ],
  ['absolute-form with two authorities', lastGet('http://a@b@c/t'), 'http://a@b@c/t 200', '400'],
  ['a body without end', head('POST /t HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip'), '/t 400', '400'],
  [
    'a coding nobody knows',
    head('POST /t HTTP/1.1', 'Host: a', 'Connection: close', 'Transfer-Encoding: cow, chunked') + lastChunk,
    '/t 200',
    '501',
  ],
  ['a chunk extension without a name', `${post()}1;=\r\na\r\n${lastChunk}`, '/ 200', '/ 400'],
  ['an empty chunk extension', `${post()}1;;a\r\na\r\n${lastChunk}`, '/ 200', '/ 400'],
  [
    'Connection in a trailer section',
    `${chunkedPost()}0\r\nConnection: close\r\n\r\n${lastGet('/t')}`,
    '/ 400',
    '/ /t 200 200',
  ],
  [
    'white space without end before a value',
    lastGet('/t', `Name:${' '.repeat(100_000)}value`),
    '/t 200',
    '431',
  ],
  ['empty lines without end before a request-line', '\r\n'.repeat(50_000) + lastGet('/t'), '/t 200', '431'],
  ['what follows a request with Connection: close', lastGet('/t') + get('/u'), '/t 400', '/t 200'],
];

describe('differs from node:http', () => {
  for (const [name, request, ofStock, ofBare] of ROWS) {
    it(name, async (t) => {
      assert.equal(await outcome(t, SUBJECTS.stock, request), ofStock, 'node:http');
      assert.equal(await outcome(t, SUBJECTS.bare, request), ofBare, 'barewire');
    });
  }

  it('a Content-Length beyond the safe integers', async (t) => {
    const request = head('POST /t HTTP/1.1', 'Host: a', 'Connection: close', `Content-Length: ${2 ** 53}`);
    assert.equal(await outcome(t, SUBJECTS.bare, request), '400');
  });

  it('newer members and options are there on every Node', async (t) => {
    const served = await serve(t, { keepAliveTimeout: 9000 }, (req, res) => {
      const interim = res as unknown as { writeInformation(statusCode: number, headers: object): void };
      interim.writeInformation(103, { Link: '</a>; rel=preload' });
      res.end(String(Reflect.get(req, 'signal') instanceof AbortSignal));
    });
    const found = replies(await served.exchange(lastGet()));
    assert.deepEqual(
      found.map((reply) => reply.statusCode),
      [103, 200],
    );
    assert.equal(found[1].content, 'true');
    assert.equal(Reflect.get(served.server, 'keepAliveTimeoutBuffer'), 1000);
    assert.equal(typeof Reflect.get(served.server, 'shouldUpgradeCallback'), 'function');
  });

  it('a refused request says that it was aborted while its connection is still open', async (t) => {
    const isOpen: boolean[] = [];
    const served = await serve(t, {}, (req) => {
      req.on('error', () => isOpen.push(!req.socket.destroyed));
    });
    await served.exchange(`${chunkedPost()}${chunk('a')}nonsense\r\n`);
    assert.deepEqual(isOpen, [true]);
  });
});
