import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accept, feed, refuse } from './feed.js';
import { request } from './messages.js';

const CHUNKED_ABC = '3\r\nabc\r\n0\r\n\r\n';

/** RFC 9112 section 6.3, the rows that are about requests. */
describe('framing of a request', () => {
  it('without Content-Length and Transfer-Encoding has no content, whatever the method', () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const message = accept(request([], '', `${method} / HTTP/1.1`));
      assert.equal(message.framing, 0);
      assert.equal(message.content, '');
    }
  });

  it('with Content-Length has that much content, whatever the method', () => {
    for (const method of ['GET', 'HEAD', 'POST', 'TRACE', 'OPTIONS']) {
      const message = accept(request(['Content-Length: 3'], 'abc', `${method} / HTTP/1.1`));
      assert.equal(message.framing, 3);
      assert.equal(message.content, 'abc');
    }
  });

  it('with Transfer-Encoding: chunked is chunked', () => {
    for (const value of ['chunked', 'Chunked', 'CHUNKED', ' chunked\t', ',chunked', ', , chunked']) {
      const message = accept(request([`Transfer-Encoding: ${value}`], CHUNKED_ABC));
      assert.equal(message.framing, -1, value);
      assert.equal(message.content, 'abc');
    }
  });

  it('may have codings that are known before chunked', () => {
    for (const value of ['gzip, chunked', 'deflate,chunked', 'x-gzip, Compress , chunked', 'gzip,,chunked']) {
      assert.equal(accept(request([`Transfer-Encoding: ${value}`], CHUNKED_ABC)).content, 'abc', value);
    }
    const lines = ['Transfer-Encoding: gzip', 'X: y', 'transfer-encoding: chunked'];
    assert.equal(accept(request(lines, CHUNKED_ABC)).content, 'abc');
  });

  it('with a coding that is not known before chunked is not implemented', () => {
    for (const value of [
      'foo, chunked',
      'identity, chunked',
      'gzip;q=1, chunked',
      '"gzip", chunked',
      'x y, chunked',
    ]) {
      refuse(request([`Transfer-Encoding: ${value}`], CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING', 501);
    }
    refuse(request(['Transfer-Encoding: a"b, chunked'], CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING', 501);
  });

  it('with both fields is refused, in either order', () => {
    const both = ['Content-Length: 3', 'Transfer-Encoding: chunked'];
    refuse(request(both, CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING');
    refuse(request(both.reverse(), CHUNKED_ABC), 'HPE_INVALID_CONTENT_LENGTH');
    refuse(request(['content-length: 0', 'TRANSFER-ENCODING: gzip']), 'HPE_INVALID_TRANSFER_ENCODING');
    refuse(request(['Content-Length: x', 'Transfer-Encoding:']), 'HPE_INVALID_TRANSFER_ENCODING');
  });

  it('whose last coding is not chunked is refused', () => {
    for (const value of [
      'gzip',
      'identity',
      'xchunked',
      'chunkedx',
      'chunked;a=b',
      '"chunked"',
      'chunked gzip',
      'chunked;',
      'gzip, "chunked',
      '\xa0chunked',
      'chunked\x85',
      'chun ked',
    ]) {
      refuse(request([`Transfer-Encoding: ${value}`], CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING');
    }
  });

  it('with anything behind chunked is refused', () => {
    for (const value of [
      'chunked, gzip',
      'chunked, chunked',
      'chunked, identity',
      'chunked,',
      'chunked , ,',
    ]) {
      refuse(request([`Transfer-Encoding: ${value}`], CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING');
    }
    for (const second of ['chunked', 'gzip', 'identity', '']) {
      const lines = ['Transfer-Encoding: chunked', `Transfer-Encoding: ${second}`];
      refuse(request(lines, CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING');
    }
  });

  it('with an empty Transfer-Encoding is refused', () => {
    for (const value of ['', ' ', ',', ' , ,']) {
      refuse(request([`Transfer-Encoding:${value}`]), 'HPE_INVALID_TRANSFER_ENCODING');
    }
    const lines = ['Transfer-Encoding:', 'Transfer-Encoding: chunked'];
    refuse(request(lines, CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING');
    refuse(request(lines.reverse(), CHUNKED_ABC), 'HPE_INVALID_TRANSFER_ENCODING');
  });

  it('is decided by the framing of HTTP/1.1 for HTTP/1.0 too', () => {
    const message = accept(request(['Transfer-Encoding: chunked'], CHUNKED_ABC, 'POST / HTTP/1.0'));
    assert.equal(message.content, 'abc');
  });
});

describe('Content-Length', () => {
  const refused = (value: string) =>
    refuse(request([`Content-Length: ${value}`], 'abc'), 'HPE_INVALID_CONTENT_LENGTH');

  it('is digits, leading zeros and whitespace around them allowed', () => {
    for (const value of ['3', '003', ' 3', '\t3', '3 ', '3\t', '0'.repeat(100) + 3]) {
      assert.equal(accept(request([`Content-Length:${value}`], 'abc')).content, 'abc', value);
    }
    assert.equal(accept(request(['Content-Length: 0'])).framing, 0);
    assert.equal(accept(request(['Content-Length: 000'])).framing, 0);
  });

  it('is nothing but digits', () => {
    for (const value of [
      '+3',
      '-3',
      '-0',
      '0x3',
      '3.0',
      '3e0',
      '3_0',
      '1 2',
      '3;',
      '3,',
      ',3',
      '3,3',
      '3, 3',
      '3, 4',
      '"3"',
      'three',
      'a',
      '3a',
      '\xb3',
      '3\xa0',
      '３'.normalize('NFKC').replace('3', '\xef\xbc\x93'),
      'NaN',
      'Infinity',
    ]) {
      refused(value);
    }
  });

  it('is not empty', () => {
    refused('');
    refused(' \t');
  });

  it('stands once, even where the values are the same', () => {
    for (const second of ['3', '4', '03', '', 'x']) {
      const lines = ['Content-Length: 3', 'X: y', `content-length: ${second}`];
      refuse(request(lines, 'abc'), 'HPE_UNEXPECTED_CONTENT_LENGTH');
    }
  });

  it('is no larger than integers are safe', () => {
    for (const value of [
      '9007199254740992',
      '9007199254740993',
      '18446744073709551615',
      '18446744073709551619',
    ]) {
      refused(value);
    }
    refused('9'.repeat(400));
    assert.equal(
      feed(request(['Content-Length: 9007199254740991'])).messages[0].framing,
      Number.MAX_SAFE_INTEGER,
    );
  });
});

describe('messages behind one another', () => {
  it('are told apart by their framing', () => {
    const facts = feed(
      request(['Content-Length: 3'], 'abc', 'POST /1 HTTP/1.1') +
        request(['Transfer-Encoding: chunked'], CHUNKED_ABC, 'POST /2 HTTP/1.1') +
        request([], '', 'GET /3 HTTP/1.1') +
        request(
          ['Content-Length: 41'],
          request([], '', 'GET /smuggled HTTP/1.1').padEnd(41),
          'POST /4 HTTP/1.1',
        ),
    );
    assert.equal(facts.error, null);
    assert.deepEqual(
      facts.messages.map((message) => [message.target, message.content.trim()]),
      [
        ['/1', 'abc'],
        ['/2', 'abc'],
        ['/3', ''],
        ['/4', 'GET /smuggled HTTP/1.1\r\nHost: a'],
      ],
    );
  });

  it('leave nothing to one another', () => {
    const chunkedWithTrailer = request(['Transfer-Encoding: chunked'], '0\r\nA: b\r\n\r\n');
    const facts = feed(chunkedWithTrailer + request() + request(['Content-Length: 1'], 'a') + request());
    assert.deepEqual(
      facts.messages.map((message) => [
        message.framing,
        message.content,
        message.trailers.length,
        message.fields.length,
      ]),
      [
        [-1, '', 2, 4],
        [0, '', 0, 2],
        [1, 'a', 0, 4],
        [0, '', 0, 2],
      ],
    );
  });

  it('may have an empty line between them', () => {
    assert.equal(feed(`${request(['Content-Length: 1'], 'a')}\r\n${request()}`).messages.length, 2);
  });

  it('that are wrong cost those before them nothing', () => {
    const facts = feed(`${request(['Content-Length: 1'], 'a')}GET / HTTP/1.1\r\n bad`);
    assert.equal(facts.messages.length, 1);
    assert.ok(facts.messages[0].isComplete);
    assert.equal(facts.error?.code, 'HPE_UNEXPECTED_SPACE');
  });
});

describe('upgrade', () => {
  it('leaves every byte behind the head to the other protocol', () => {
    const head = request(['Connection: Upgrade', 'Upgrade: x'], '', 'GET / HTTP/1.1');
    const facts = feed(`${head}\0\x01 not HTTP`, { upgrade: true });
    assert.equal(facts.error, null);
    assert.equal(facts.rest, '\0\x01 not HTTP');
    assert.equal(facts.messages.length, 1);
    assert.equal(facts.messages[0].isComplete, false);
    assert.equal(feed(head, { upgrade: true, end: true }).endError, null);
  });

  it('that is not taken changes nothing', () => {
    const head = request(['Connection: Upgrade', 'Upgrade: x'], '', 'GET / HTTP/1.1');
    assert.equal(feed(head + request()).messages.length, 2);
  });
});
