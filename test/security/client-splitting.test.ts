/** What a caller hands to a request stays what it is: it never begins a field or a request of its own. */
import assert from 'node:assert/strict';
import type { RequestOptions } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import * as http from 'barewire/http';
import * as https from 'barewire/https';
import { answer, outcomeOf, serveRaw } from './raw-server.js';

const ENDS = ['\r\n', '\n', '\r', '\0'];

/** Characters that are harmless in UTF-16, and whose low bytes are CR and LF. */
const WIDE_CRLF = '\u010d\u010a';

/** A connection to nobody. */
function nowhere(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

function refused(options: RequestOptions, code: string): void {
  for (const { request } of [http, https]) {
    assert.throws(() => request({ ...options, port: 1 }), { code });
  }
}

describe('a request', () => {
  it('CVE-2018-12116: has no path that would end the request-line', () => {
    for (const end of [...ENDS, ' ', WIDE_CRLF, '\u{1f4a9}']) {
      refused({ path: `/a${end}HTTP/1.1${end}X-Injected:${end}` }, 'ERR_UNESCAPED_CHARACTERS');
    }
  });

  it('has no path that would, assigned later', (t) => {
    const request = http.request({ createConnection: nowhere, path: '/' });
    request.on('error', () => {});
    t.after(() => request.destroy());
    for (const end of [...ENDS, WIDE_CRLF]) {
      assert.throws(() => Object.assign(request, { path: `/a${end}b` }), {
        code: 'ERR_UNESCAPED_CHARACTERS',
      });
    }
    assert.equal(request.path, '/');
  });

  it('has no method that would end the request-line', () => {
    for (const end of [...ENDS, ' ', WIDE_CRLF]) {
      refused({ method: `GET${end}/x` }, 'ERR_INVALID_HTTP_TOKEN');
    }
  });

  it('has no field that would end its line', () => {
    for (const end of [...ENDS, WIDE_CRLF]) {
      refused({ headers: { 'X-A': `a${end}X-Injected: b` } }, 'ERR_INVALID_CHAR');
      refused({ headers: { [`X-A:${end}`]: 'a' } }, 'ERR_INVALID_HTTP_TOKEN');
      refused({ headers: ['X-A', `a${end}X-Injected: b`] }, 'ERR_INVALID_CHAR');
    }
  });

  it('has no host that would end the line of Host', () => {
    for (const end of [...ENDS, WIDE_CRLF]) {
      refused({ host: `a${end}X-Injected: b` }, 'ERR_INVALID_CHAR');
      refused({ hostname: `a${end}X-Injected: b` }, 'ERR_INVALID_CHAR');
    }
  });

  it('has no trailer that would end its line', (t) => {
    const request = http.request({ createConnection: nowhere });
    request.on('error', () => {});
    t.after(() => request.destroy());
    for (const end of [...ENDS, WIDE_CRLF]) {
      assert.throws(() => request.addTrailers({ 'X-A': `a${end}b` }), { code: 'ERR_INVALID_CHAR' });
    }
  });

  it('carries credentials in base64, whatever is in them', async (t) => {
    const server = await serveRaw(t, (socket) => socket.write(answer('ok')));
    assert.equal((await server.exchange({ auth: 'user\r\nX-Injected: yes' })).content, 'ok');
    assert.ok(!server.received[0].includes('X-Injected'));
    assert.match(server.received[0], /\r\nAuthorization: Basic [\w+/=]+\r\n/);
  });

  it('with content is framed, whatever its method', async (t) => {
    for (const method of ['GET', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE']) {
      const server = await serveRaw(t, (socket) => socket.write(answer('')));
      await server.exchange({ method }, 'content');
      assert.match(server.received[0], /\r\n(Content-Length: 7|Transfer-Encoding: chunked)\r\n/);
    }
  });

  for (const [name, content] of [
    ['shorter', 'short'],
    ['longer', 'longer than that'],
  ] as const) {
    it(`with content ${name} than its Content-Length is the last of its connection`, async (t) => {
      const server = await serveRaw(t, (socket) => socket.write(answer('ok')));
      const request = server.request({ method: 'POST', headers: { 'Content-Length': 10 } });
      request.end(content);
      await outcomeOf(request);
      const next = await server.exchange({ path: '/next' });
      assert.deepEqual([next.content, next.reused], ['ok', false]);
    });
  }
});

describe('errors of requests', () => {
  it('do not show credentials', async (t) => {
    const server = await serveRaw(t, (socket) => socket.destroy());
    const request = server.request({ auth: 'user:secret' });
    request.end();
    const errors: Error[] = [];
    request.on('error', (error) => errors.push(error));
    await outcomeOf(request);
    assert.equal(errors.length, 1);
    assert.ok(!/secret/.test(JSON.stringify(errors[0], Object.getOwnPropertyNames(errors[0]))));
  });
});
