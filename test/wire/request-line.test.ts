import assert from 'node:assert/strict';
import { METHODS as STOCK_METHODS } from 'node:http';
import { describe, it } from 'node:test';
import { METHODS } from '#src/wire/tables.js';
import { accept, feed, refuse } from './feed.js';
import { requestOf } from './messages.js';

describe('request-line', () => {
  it('is told in its parts', () => {
    const message = accept('PROPFIND /a/b?c=d HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(message.method, 'PROPFIND');
    assert.equal(message.target, '/a/b?c=d');
    assert.equal(message.versionMinor, 1);
    assert.deepEqual(message.fields, ['Host', 'a']);
  });

  it('may stand behind empty lines', () => {
    assert.equal(accept(`\r\n\r\n${requestOf('GET /x HTTP/1.1')}`).target, '/x');
    assert.deepEqual(feed('\r\n\r\n').messages, []);
  });

  it('may not stand behind a bare LF or CR', () => {
    refuse(`\n${requestOf('GET / HTTP/1.1')}`, 'HPE_CR_EXPECTED');
    refuse(`\r${requestOf('GET / HTTP/1.1')}`, 'HPE_LF_EXPECTED');
    refuse(`\r\n\n${requestOf('GET / HTTP/1.1')}`, 'HPE_CR_EXPECTED');
    refuse(`\r\r\n${requestOf('GET / HTTP/1.1')}`, 'HPE_LF_EXPECTED');
  });

  it('ends with CRLF and nothing else', () => {
    refuse('GET / HTTP/1.1\nHost: a\r\n\r\n', 'HPE_INVALID_VERSION');
    refuse('GET / HTTP/1.1\rHost: a\r\n\r\n', 'HPE_STRICT');
    refuse('GET / HTTP/1.1\r\rHost: a\r\n\r\n', 'HPE_STRICT');
    refuse('GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 'HPE_INVALID_VERSION');
    refuse('GET / HTTP/1.1\t\r\nHost: a\r\n\r\n', 'HPE_INVALID_VERSION');
    refuse('GET / HTTP/1.1x\r\nHost: a\r\n\r\n', 'HPE_INVALID_VERSION');
  });

  it('has one space between its parts', () => {
    refuse(requestOf(' GET / HTTP/1.1'), 'HPE_INVALID_METHOD');
    refuse(requestOf('GET  / HTTP/1.1'), 'HPE_INVALID_URL');
    refuse(requestOf('GET /  HTTP/1.1'), 'HPE_INVALID_CONSTANT');
    refuse(requestOf('GET\t/ HTTP/1.1'), 'HPE_INVALID_METHOD');
    refuse(requestOf('GET /\tHTTP/1.1'), 'HPE_INVALID_URL');
    refuse(requestOf('GET /a b HTTP/1.1'), 'HPE_INVALID_CONSTANT');
    refuse(requestOf('GET / a HTTP/1.1'), 'HPE_INVALID_CONSTANT');
    for (const whitespace of ['\t', '\v', '\f', '\r', '\n', '\xa0', '\x85']) {
      refuse(requestOf(`GET /a${whitespace}b HTTP/1.1`), 'HPE_INVALID_URL');
    }
  });

  it('is never that of HTTP/0.9', () => {
    refuse('GET /\r\n\r\n', 'HPE_INVALID_URL');
    refuse('GET / \r\n\r\n', 'HPE_INVALID_CONSTANT');
  });

  it('fails at the first byte that cannot be right', () => {
    for (const prefix of [
      '\x16',
      '<',
      ' ',
      'GET h\x00',
      'GET ?',
      'GET / X',
      'GET / HTTP/2.0',
      'GET / HTTP/1.1\n',
    ]) {
      assert.ok(feed(prefix).error, JSON.stringify(prefix));
      assert.equal(feed(prefix.slice(0, -1)).error, null, JSON.stringify(prefix.slice(0, -1)));
    }
  });
});

describe('method', () => {
  it('is one of those that node:http names', () => {
    assert.deepEqual([...METHODS], STOCK_METHODS);
    for (const method of METHODS) {
      const target = method === 'CONNECT' ? 'a:1' : '/';
      assert.equal(accept(requestOf(`${method} ${target} HTTP/1.1`)).method, method);
    }
  });

  it('of another name is not implemented', () => {
    for (const method of [
      'FOO',
      'get',
      'Get',
      'GE',
      'GETS',
      'G',
      'UNSUBSCRIBED',
      'M-SEARC',
      'constructor',
      '__proto__',
    ]) {
      refuse(requestOf(`${method} / HTTP/1.1`), 'HPE_INVALID_METHOD', 501);
    }
  });

  it('is refused at the first byte that begins no known one', () => {
    for (const start of ['X', 'GEX', 'get', 'POSTS', 'UNSUBSCRIBER', 'PRI']) {
      assert.equal(feed(start).error?.code, 'HPE_INVALID_METHOD', start);
      assert.equal(feed(start.slice(0, -1)).error === null, /^[A-Z]*$/.test(start) && start !== 'get', start);
    }
  });

  it('that no request-target and version follow is no method', () => {
    for (const line of [
      ...['FOO', 'FOO ', 'FOO  / HTTP/1.1', 'Hello', 'FOO /', 'FOO / ', 'FOO /HTTP/1.1', 'FOO / HTTP/1.1 '],
      ...['FOO / b HTTP/1.1', 'FOO / HTTP/1', 'FOO / RTSP/1.0', 'FOO / HTTP/1.1\r', 'PRI * HTTP/2'],
    ]) {
      refuse(`${line}\r\n\r\n`, 'HPE_INVALID_METHOD', 400);
    }
  });

  it('is a token', () => {
    for (const method of ['', 'G(T', 'G\0T', 'G\x7fT', 'G\xc9T', '"GET"', 'GET:']) {
      refuse(requestOf(`${method} / HTTP/1.1`), 'HPE_INVALID_METHOD');
    }
  });
});

describe('version', () => {
  it('is 1.1 or 1.0', () => {
    assert.equal(accept(requestOf('GET / HTTP/1.1')).versionMinor, 1);
    assert.equal(accept(requestOf('GET / HTTP/1.0')).versionMinor, 0);
  });

  it('of another number is not supported', () => {
    for (const version of ['0.9', '1.2', '1.9', '2.0', '2.1', '3.0', '0.0', '9.9']) {
      refuse(requestOf(`GET / HTTP/${version}`), 'HPE_INVALID_VERSION', 505);
    }
  });

  it('answers the preface of HTTP/2 as a version', () => {
    refuse('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HPE_INVALID_METHOD', 505);
  });

  it('is spelled HTTP, digit, dot, digit', () => {
    for (const name of ['http/1.1', 'HTP/1.1', 'HTTPS/1.1', 'HTTP 1.1', 'RTSP/1.0', 'ICE/1.0', '1.1']) {
      refuse(requestOf(`GET / ${name}`), 'HPE_INVALID_CONSTANT');
    }
    for (const version of ['x.1', '1.x', '11.1', '1,1', '1', '', '1.', '+1.1', '1.10', '1.1.1', '01.1']) {
      refuse(requestOf(`GET / HTTP/${version}`), 'HPE_INVALID_VERSION');
    }
  });
});

describe('request-target', () => {
  const accepted = (requestLine: string) => accept(requestOf(requestLine)).target;
  const refused = (requestLine: string) => refuse(requestOf(requestLine), 'HPE_INVALID_URL');

  it('in origin-form is any visible ASCII behind a slash', () => {
    let visible = '';
    for (let code = 0x21; code < 0x7f; code++) visible += String.fromCharCode(code);
    assert.equal(accepted(`GET /${visible} HTTP/1.1`), `/${visible}`);
    assert.equal(accepted('GET // HTTP/1.1'), '//');
    assert.equal(accepted('GET /../%00 HTTP/1.1'), '/../%00');
  });

  it('never holds a control character or a byte beyond ASCII', () => {
    for (let code = 0; code < 256; code++) {
      if (code >= 0x20 && code < 0x7f) continue;
      refused(`GET /${String.fromCharCode(code)} HTTP/1.1`);
    }
  });

  it('in absolute-form has a scheme and an authority', () => {
    for (const target of [
      'http://a',
      'http://a/',
      'HTTPS://a:1/b?c',
      'http://a?b',
      'http://[::1]:8080/',
      'http://user:pass@a/',
      'http://%41/',
      "ws://a-b._~!$&'()*+,;=/",
      'http://a/b?c@d:e/f?g',
    ]) {
      assert.equal(accepted(`GET ${target} HTTP/1.1`), target);
    }
    for (const target of [
      'http',
      'http:',
      'http:/a',
      'http:a',
      'http://',
      'http:///a',
      'http://?a',
      'http://a@',
      'http://@',
      'http://@/',
      'http://a@b@c/',
      'http://a"b/',
      'http://a<b>/',
      'http://a|b/',
      'http://a\\b/',
      'http://a^b/',
      'http://a`b/',
      'http://{a}/',
      'http://a#b',
      'h2://a',
      'h+t://a',
      '://a',
      'a',
      'a/b',
      'a.b/c',
    ]) {
      refused(`GET ${target} HTTP/1.1`);
    }
  });

  it('in asterisk-form is the asterisk alone', () => {
    assert.equal(accepted('OPTIONS * HTTP/1.1'), '*');
    refused('OPTIONS ** HTTP/1.1');
    refused('OPTIONS *a HTTP/1.1');
    refused('OPTIONS */ HTTP/1.1');
  });

  it('in authority-form is for CONNECT, and CONNECT for it', () => {
    for (const target of ['a:443', '[::1]:443', '127.0.0.1:1', 'a-b.c:65535']) {
      assert.equal(accepted(`CONNECT ${target} HTTP/1.1`), target);
    }
    for (const target of [
      'a',
      '/',
      '*',
      '/a:1',
      'http://a',
      'http://a:1/',
      'a:1/',
      'a:1?b',
      'b@a:1',
      'a:b',
      '[a:1',
      'a"b:1',
    ]) {
      refused(`CONNECT ${target} HTTP/1.1`);
    }
    refused('GET a:443 HTTP/1.1');
  });

  it('begins with what a form begins with', () => {
    for (const start of ['?', '#', '.', '"', '1', '-', '%', '[', ':', '@', '\\', '~'])
      refused(`GET ${start}/ HTTP/1.1`);
  });
});
