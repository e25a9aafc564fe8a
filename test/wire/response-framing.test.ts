import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESPONSE } from '#src/wire/parser.js';
import { accept, type FeedOptions, feed, refuse } from './feed.js';
import { response } from './messages.js';

const options: FeedOptions = { role: RESPONSE };
const CHUNKED_ABC = '3\r\nabc\r\n0\r\n\r\n';
const CLOSE_DELIMITED = -2;

/** RFC 9112 section 6.3, the rows that are about responses. */
describe('framing of a response', () => {
  it('to HEAD has no content, whatever its fields', () => {
    for (const lines of [
      [],
      ['Content-Length: 3'],
      ['Transfer-Encoding: chunked'],
      ['Transfer-Encoding: gzip'],
    ]) {
      const message = accept(response(lines), { ...options, requestMethod: 'HEAD' });
      assert.equal(message.framing, 0);
    }
  });

  it('with 1xx, 204 or 304 has no content, whatever its fields', () => {
    for (const statusCode of [100, 102, 103, 150, 199, 204, 304]) {
      for (const lines of [[], ['Content-Length: 3'], ['Transfer-Encoding: chunked']]) {
        const message = accept(response(lines, '', `HTTP/1.1 ${statusCode} x`), options);
        assert.equal(message.framing, 0, `${statusCode}`);
        assert.equal(message.statusCode, statusCode);
      }
    }
  });

  it('with 205 has what its fields say', () => {
    assert.equal(accept(response(['Content-Length: 0'], '', 'HTTP/1.1 205 x'), options).framing, 0);
  });

  it('of 101 and of the success of CONNECT is a tunnel, whatever the fields', () => {
    for (const lines of [[], ['Content-Length: 3'], ['Transfer-Encoding: chunked', 'Content-Length: 3']]) {
      const switching = feed(response(lines, 'rest', 'HTTP/1.1 101 x'), options);
      assert.equal(switching.rest, 'rest');
      for (const statusCode of [200, 204, 299]) {
        const text = response(lines, 'rest', `HTTP/1.1 ${statusCode} x`);
        assert.equal(feed(text, { ...options, requestMethod: 'CONNECT' }).rest, 'rest', `${statusCode}`);
      }
    }
  });

  it('of the failure of CONNECT is as any other', () => {
    const text = response(['Content-Length: 3'], 'abc', 'HTTP/1.1 407 x');
    assert.equal(accept(text, { ...options, requestMethod: 'CONNECT' }).content, 'abc');
  });

  it('with Transfer-Encoding whose last coding is chunked is chunked', () => {
    for (const value of ['chunked', 'gzip, chunked', 'Identity, CHUNKED', 'x-custom,chunked']) {
      assert.equal(
        accept(response([`Transfer-Encoding: ${value}`], CHUNKED_ABC), options).content,
        'abc',
        value,
      );
    }
  });

  it('with Transfer-Encoding of any other last coding is delimited by the close', () => {
    for (const value of ['gzip', 'identity', 'chunked, gzip', 'chunked;a', 'chunked,', 'xchunked']) {
      const message = accept(response([`Transfer-Encoding: ${value}`], CHUNKED_ABC), {
        ...options,
        end: true,
      });
      assert.equal(message.framing, CLOSE_DELIMITED, value);
      assert.equal(message.content, CHUNKED_ABC);
    }
  });

  it('with chunked twice or an empty Transfer-Encoding is refused', () => {
    for (const value of ['chunked, chunked', 'chunked, gzip, chunked', '', ',']) {
      refuse(
        response([`Transfer-Encoding: ${value}`], CHUNKED_ABC),
        'HPE_INVALID_TRANSFER_ENCODING',
        400,
        options,
      );
    }
  });

  it('with both fields is refused', () => {
    for (const statusLine of ['HTTP/1.1 200 OK', 'HTTP/1.1 204 x', 'HTTP/1.1 304 x', 'HTTP/1.1 100 x']) {
      const lines = ['Transfer-Encoding: chunked', 'Content-Length: 3'];
      refuse(response(lines, '', statusLine), 'HPE_INVALID_CONTENT_LENGTH', 400, options);
      refuse(response(lines.reverse(), '', statusLine), 'HPE_INVALID_TRANSFER_ENCODING', 400, options);
    }
  });

  it('with Content-Length has that much content', () => {
    const message = accept(response(['Content-Length: 3'], 'abc'), options);
    assert.equal(message.framing, 3);
    assert.equal(message.content, 'abc');
    assert.equal(accept(response(['Content-Length: 0']), options).content, '');
  });

  it('with a wrong Content-Length is refused, even where it does not decide', () => {
    for (const statusLine of ['HTTP/1.1 200 OK', 'HTTP/1.1 204 x', 'HTTP/1.1 304 x']) {
      for (const value of ['x', '-1', '3, 3', '']) {
        const text = response([`Content-Length: ${value}`], '', statusLine);
        refuse(text, 'HPE_INVALID_CONTENT_LENGTH', 400, options);
      }
      const twice = response(['Content-Length: 3', 'Content-Length: 3'], '', statusLine);
      refuse(twice, 'HPE_UNEXPECTED_CONTENT_LENGTH', 400, options);
    }
  });

  it('of neither field is delimited by the close', () => {
    const message = accept(response([], 'all\r\n\r\nof it'), { ...options, end: true });
    assert.equal(message.framing, CLOSE_DELIMITED);
    assert.equal(message.content, 'all\r\n\r\nof it');
    assert.equal(accept(response(), { ...options, end: true }).content, '');
    assert.equal(feed(response([], 'abc'), options).messages[0].isComplete, false);
  });
});

describe('responses behind one another', () => {
  it('interim before final', () => {
    const facts = feed(
      response([], '', 'HTTP/1.1 100 Continue') +
        response(['Link: </a>'], '', 'HTTP/1.1 103 Early Hints') +
        response(['Content-Length: 1'], 'a'),
      options,
    );
    assert.deepEqual(
      facts.messages.map((message) => [message.statusCode, message.content, message.isComplete]),
      [
        [100, '', true],
        [103, '', true],
        [200, 'a', true],
      ],
    );
  });
});

describe('status-line', () => {
  it('is told in its parts', () => {
    const message = accept(response(['Content-Length: 0'], '', 'HTTP/1.0 404 Not Found'), options);
    assert.deepEqual(
      [message.versionMinor, message.statusCode, message.statusMessage],
      [0, 404, 'Not Found'],
    );
  });

  it('may lack its reason phrase, and the space before it', () => {
    for (const line of ['HTTP/1.1 204 ', 'HTTP/1.1 204']) {
      const message = accept(response([], '', line), options);
      assert.deepEqual([message.statusCode, message.statusMessage], [204, '']);
    }
  });

  it('may have any text as its reason phrase', () => {
    for (const reason of [' two  spaces ', 'a\tb', '\x80\xff', '!"#', '200']) {
      assert.equal(accept(response([], '', `HTTP/1.1 204 ${reason}`), options).statusMessage, reason);
    }
  });

  it('has no control character in its reason phrase', () => {
    for (const reason of ['\0', 'a\x01', '\x7f']) {
      refuse(response([], '', `HTTP/1.1 204 ${reason}`), 'HPE_INVALID_STATUS', 400, options);
    }
  });

  it('has a status code of three digits', () => {
    for (const code of ['', '2', '20', '2000', '20x', 'x00', '+20', '2 0', ' 200', '\xb200', '20 OK']) {
      refuse(response([], '', `HTTP/1.1 ${code}`), 'HPE_INVALID_STATUS', 400, options);
    }
    refuse(response([], '', 'HTTP/1.1 200OK'), 'HPE_INVALID_STATUS', 400, options);
    assert.equal(feed(response([], '', 'HTTP/1.1 999 x'), options).messages[0].statusCode, 999);
  });

  it('begins with a version that can be read', () => {
    for (const version of ['2.1', '1.2', '0.8', '0.0', '1.9', '3.0', '3.1']) {
      refuse(response([], '', `HTTP/${version} 200 OK`), 'HPE_INVALID_VERSION', 505, options);
    }
    for (const version of ['0.9', '1.0', '2.0']) {
      const [message] = feed(response([], 'abc', `HTTP/${version} 200 OK`), {
        ...options,
        end: true,
      }).messages;
      assert.deepEqual([message.statusCode, message.content, message.isComplete], [200, 'abc', true]);
    }
    for (const line of [
      'ICY 200 OK',
      'http/1.1 200 OK',
      'HTTP 200 OK',
      ' HTTP/1.1 200 OK',
      'RTSP/1.0 200 OK',
    ]) {
      refuse(response([], '', line), 'HPE_INVALID_CONSTANT', 400, options);
    }
    for (const line of ['HTTP/1.1', 'HTTP/1.1\t200 OK', 'HTTP/1.10 200', 'HTTP/x.1 200', 'HTTP/1x1 200']) {
      refuse(response([], '', line), 'HPE_INVALID_VERSION', 400, options);
    }
  });

  it('ends with CRLF and nothing else', () => {
    refuse('HTTP/1.1 200 OK\nA: b\r\n\r\n', 'HPE_CR_EXPECTED', 400, options);
    refuse('HTTP/1.1 200\nA: b\r\n\r\n', 'HPE_CR_EXPECTED', 400, options);
    refuse('HTTP/1.1 200 OK\rA: b\r\n\r\n', 'HPE_STRICT', 400, options);
  });

  it('may stand behind an empty line', () => {
    assert.equal(accept(`\r\n${response([], '', 'HTTP/1.1 204 x')}`, options).statusCode, 204);
  });
});
