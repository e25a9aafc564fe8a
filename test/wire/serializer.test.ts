import assert from 'node:assert/strict';
import { STATUS_CODES as STOCK_STATUS_CODES } from 'node:http';
import { describe, it } from 'node:test';
import { REQUEST, RESPONSE } from '#src/wire/parser.js';
import { fieldLine, requestLine, SECTION_END, statusLine } from '#src/wire/serializer.js';
import { isStatusWithoutContent, STATUS_CODES } from '#src/wire/tables.js';
import { accept } from './feed.js';

describe('serializer', () => {
  it('writes a status-line', () => {
    assert.equal(statusLine(200, 'OK'), 'HTTP/1.1 200 OK\r\n');
    assert.equal(statusLine(200, 'OK'), 'HTTP/1.1 200 OK\r\n');
    assert.equal(statusLine(200, 'Fine'), 'HTTP/1.1 200 Fine\r\n');
    assert.equal(statusLine(404, ''), 'HTTP/1.1 404 \r\n');
    assert.equal(statusLine(799, 'None'), 'HTTP/1.1 799 None\r\n');
  });

  it('writes a request-line and field lines', () => {
    assert.equal(requestLine('GET', '/a?b'), 'GET /a?b HTTP/1.1\r\n');
    assert.equal(fieldLine('Content-Length', 3), 'Content-Length: 3\r\n');
    assert.equal(fieldLine('X', ''), 'X: \r\n');
  });

  it('writes a request-line as often as it is asked for, and none in place of another', () => {
    const long = `/${'t'.repeat(300)}`;
    const asked = [
      'GET /a',
      'GET /a',
      'GET /a',
      'PUT /a',
      'PUT /a',
      'GET /b',
      `GET ${long}`,
      'GET /b',
      'GET /b',
    ];
    for (const line of [...asked, `GET ${long}`, `GET ${long}`, ...asked]) {
      const [method, target] = line.split(' ');
      assert.equal(requestLine(method, target), `${line} HTTP/1.1\r\n`);
    }
  });

  it('writes what the parser reads', () => {
    const request = requestLine('POST', '/a') + fieldLine('Host', 'b') + fieldLine('X-y', 'ä') + SECTION_END;
    const read = accept(request, { role: REQUEST });
    assert.deepEqual([read.method, read.target, read.fields], ['POST', '/a', ['Host', 'b', 'X-y', 'ä']]);
    for (const [code, reason] of Object.entries(STATUS_CODES)) {
      const response = statusLine(Number(code), reason as string) + SECTION_END;
      if (code === '101') continue;
      const message = accept(response, { role: RESPONSE, requestMethod: 'HEAD' });
      assert.deepEqual([message.statusCode, message.statusMessage], [Number(code), reason]);
    }
  });
});

describe('status codes', () => {
  it('are those of node:http', () => {
    assert.deepEqual({ ...STATUS_CODES }, { ...STOCK_STATUS_CODES });
  });

  it('without content are 1xx, 204 and 304', () => {
    const without: number[] = [];
    for (let code = 0; code < 1000; code++) if (isStatusWithoutContent(code)) without.push(code);
    assert.deepEqual(without, [...Array.from({ length: 100 }, (_, i) => 100 + i), 204, 304]);
  });
});
