import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INSECURE, type Leniency, RELAXED, RESPONSE } from '#src/wire/parser.js';
import { accept, type FeedOptions, feed, refuse, refuseBody } from './feed.js';
import { chunkedRequest, request, requestOf, response } from './messages.js';

/** What `httpValidation: 'relaxed'` forgives. */
describe('RELAXED', () => {
  const options: FeedOptions = { leniency: RELAXED };

  it('lets control characters stand in field values', () => {
    for (let code = 1; code < 256; code++) {
      const character = String.fromCharCode(code);
      if (character === '\r' || character === '\n') continue;
      assert.equal(accept(request([`A: x${character}y`]), options).fields[3], `x${character}y`);
    }
  });

  it('does not let NUL stand there', () => {
    refuse(request(['A: x\0y']), 'HPE_INVALID_HEADER_TOKEN', 400, options);
    refuse(request(['A: \0']), 'HPE_INVALID_HEADER_TOKEN', 400, options);
    refuseBody(chunkedRequest('0\r\nA: \0\r\n\r\n'), 'HPE_INVALID_HEADER_TOKEN', 400, options);
  });

  it('forgives nothing else', () => {
    refuseAllInsecure(RELAXED);
    refuse(request(['Host: b']), 'HPE_INVALID_HEADER_TOKEN', 400, options);
    refuse(
      request(['Transfer-Encoding: \vchunked'], '0\r\n\r\n'),
      'HPE_INVALID_TRANSFER_ENCODING',
      400,
      options,
    );
    refuse(request(['Content-Length: \v3'], 'abc'), 'HPE_INVALID_CONTENT_LENGTH', 400, options);
  });
});

/** What INSECURE alone forgives: each must be refused at any other leniency. */
const INSECURE_ONLY: string[] = [
  'GET / HTTP/1.1\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\rHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\n',
  'GET / HTTP/1.1\r\nHost: a\n\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\rX',
  request(['A: b\nC: d']),
  request(['A: b', ' c']),
  request(['A:', '\tc']),
  requestOf('GET / HTTP/2.0'),
  requestOf('GET / HTTP/0.9'),
  '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  request(['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
  request(['Transfer-Encoding: gzip'], 'abc'),
  request(['Transfer-Encoding: chunked, gzip'], 'abc'),
  chunkedRequest('3 \r\nabc\r\n0\r\n\r\n'),
  chunkedRequest('3\nabc\r\n0\r\n\r\n'),
  chunkedRequest('3\rabc\r\n0\r\n\r\n'),
  chunkedRequest('3;a\nabc\r\n0\r\n\r\n'),
  chunkedRequest('3\r\nabc0\r\n\r\n'),
  chunkedRequest('3\r\nabc\n0\r\n\r\n'),
  chunkedRequest('3\r\nabc\r0\r\n\r\n'),
  chunkedRequest('0\n\r\n'),
  chunkedRequest('0\r\n\n'),
  chunkedRequest('0\r\nContent-Length: 3\r\n\r\n'),
  chunkedRequest('0\r\nA: b\r\n c\r\n\r\n'),
];

function refuseAllInsecure(leniency: Leniency): void {
  for (const input of INSECURE_ONLY) assert.ok(feed(input, { leniency }).error, JSON.stringify(input));
}

/** What `insecureHTTPParser` forgives. */
describe('INSECURE', () => {
  const options: FeedOptions = { leniency: INSECURE };
  const contentOf = (coded: string) => accept(chunkedRequest(coded), options).content;

  it('forgives each of these, which STRICT does not', () => {
    refuseAllInsecure(0);
    for (const input of INSECURE_ONLY) {
      const facts = feed(input, { ...options, end: true });
      assert.ok(facts.messages[0]?.isComplete, JSON.stringify(input));
    }
  });

  it('lets anything stand in field values that does not end the line', () => {
    assert.equal(accept(request(['A: x\0\x01\x7fy']), options).fields[3], 'x\0\x01\x7fy');
  });

  it('reads any version of two digits', () => {
    for (const version of ['0.9', '1.2', '2.0', '3.7']) {
      assert.equal(accept(requestOf(`GET / HTTP/${version}`), options).versionMinor, Number(version[2]));
    }
    for (const version of ['1.10', 'x.1', '1,1']) {
      refuse(requestOf(`GET / HTTP/${version}`), 'HPE_INVALID_VERSION', 400, options);
    }
  });

  it('takes LF for the end of a line', () => {
    const message = accept('POST / HTTP/1.1\nA: b\nC:\nContent-Length: 1\n\nx', options);
    assert.deepEqual(message.fields, ['A', 'b', 'C', '', 'Content-Length', '1']);
    assert.equal(accept('\n\nGET / HTTP/1.1\n\n', options).method, 'GET');
  });

  it('takes CR for the end of a start-line, of a section and of a chunk size', () => {
    assert.deepEqual(accept('GET / HTTP/1.1\rA: b\r\n\r\n', options).fields, ['A', 'b']);
    assert.equal(feed('GET / HTTP/1.1\r\nA: b\r\n\rGET / HTTP/1.1\r\n\r\n', options).messages.length, 2);
    assert.equal(contentOf('3\rabc\r\n0\r\n\r\n'), 'abc');
  });

  it('does not take CR for the end of a field line', () => {
    refuse(request(['A: b\rC: d']), 'HPE_LF_EXPECTED', 400, options);
  });

  it('replaces obs-fold with a space', () => {
    assert.deepEqual(accept(request(['A: b', ' c', '\td', 'E: f']), options).fields.slice(2), [
      'A',
      'b c d',
      'E',
      'f',
    ]);
  });

  it('does not let a field be folded that frames a request', () => {
    for (const value of ['', ' 3']) {
      refuse(request([`Content-Length:${value}`, ' 4'], 'abc'), 'HPE_INVALID_CONTENT_LENGTH', 400, options);
    }
    for (const fold of [' chunked', '\t', ' ,chunked']) {
      refuse(
        request(['Transfer-Encoding: gzip', fold], '0\r\n\r\n'),
        'HPE_INVALID_TRANSFER_ENCODING',
        400,
        options,
      );
    }
  });

  it('lets one space stand before the first field line', () => {
    assert.deepEqual(accept('GET / HTTP/1.1\r\n A: b\r\n\r\n', options).fields, ['A', 'b']);
    refuse('GET / HTTP/1.1\r\n  A: b\r\n\r\n', 'HPE_UNEXPECTED_SPACE', 400, options);
    for (const whitespace of ['\t', ' \t', '\t ']) {
      refuse(`GET / HTTP/1.1\r\n${whitespace}A: b\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN', 400, options);
    }
    refuseBody(chunkedRequest('0\r\n A: b\r\n\r\n'), 'HPE_INVALID_HEADER_TOKEN', 400, options);
  });

  it('reads by Transfer-Encoding where both fields stand', () => {
    const both = ['Content-Length: 3', 'Transfer-Encoding: chunked'];
    assert.equal(accept(request(both, '1\r\nx\r\n0\r\n\r\n'), options).content, 'x');
    assert.equal(accept(request(both.reverse(), '1\r\nx\r\n0\r\n\r\n'), options).content, 'x');
    refuse(request([...both, 'Content-Length: 3']), 'HPE_UNEXPECTED_CONTENT_LENGTH', 400, options);
    refuse(request(['Content-Length: x', both[0]]), 'HPE_INVALID_CONTENT_LENGTH', 400, options);
  });

  it('reads to the end of input where the last coding is not chunked', () => {
    for (const value of ['gzip', 'identity', 'chunked, gzip', 'chunked,', 'xchunked']) {
      const text = request([`Transfer-Encoding: ${value}`], '0\r\n\r\nabc');
      assert.equal(accept(text, { ...options, end: true }).content, '0\r\n\r\nabc', value);
    }
    assert.equal(accept(request(['Transfer-Encoding: foo, chunked'], '0\r\n\r\n'), options).framing, -1);
  });

  it('does not take a coding from a value with control characters', () => {
    for (const value of ['gzip\x01, chunked', '\0chunked', 'chunked\v']) {
      refuse(
        request([`Transfer-Encoding: ${value}`], '0\r\n\r\n'),
        'HPE_INVALID_TRANSFER_ENCODING',
        400,
        options,
      );
    }
  });

  it('does not ask whether a Host is a host', () => {
    assert.equal(accept(request(['Host: b/c']), options).fields.length, 4);
  });

  it('lets whitespace stand behind a chunk size, and no digit behind that', () => {
    for (const size of ['3 ', '3\t', '3 \t ', '3 ;a']) {
      assert.equal(contentOf(`${size}\r\nabc\r\n0\r\n\r\n`), 'abc');
    }
    refuseBody(chunkedRequest('1 2\r\nabc'), 'HPE_INVALID_CHUNK_SIZE', 400, options);
    refuseBody(chunkedRequest(' 3\r\nabc'), 'HPE_INVALID_CHUNK_SIZE', 400, options);
    refuseBody(chunkedRequest(`3${' '.repeat(16385)}\r\nabc`), 'HPE_CHUNK_EXTENSIONS_OVERFLOW', 413, options);
  });

  it('needs no line end behind chunk data', () => {
    for (const end of ['', '\r', '\n', '\r\n']) assert.equal(contentOf(`3\r\nabc${end}0\r\n\r\n`), 'abc');
    refuseBody(chunkedRequest('3\r\nabc\n\n0\r\n\r\n'), 'HPE_INVALID_CHUNK_SIZE', 400, options);
  });

  it('still knows what no message may hold', () => {
    refuse(request(['A : b']), 'HPE_INVALID_HEADER_TOKEN', 400, options);
    refuse(request([': b']), 'HPE_INVALID_HEADER_TOKEN', 400, options);
    refuse(request(['A']), 'HPE_INVALID_HEADER_TOKEN', 400, options);
    refuse(request(['Content-Length: +3']), 'HPE_INVALID_CONTENT_LENGTH', 400, options);
    refuse(request(['Transfer-Encoding:']), 'HPE_INVALID_TRANSFER_ENCODING', 400, options);
    refuse(requestOf('FOO / HTTP/1.1'), 'HPE_INVALID_METHOD', 501, options);
    refuse(requestOf('GET /\x80 HTTP/1.1'), 'HPE_INVALID_URL', 400, options);
    refuse(
      `${requestOf('GET / HTTP/1.1').slice(0, -2)}A: ${'a'.repeat(17000)}`,
      'HPE_HEADER_OVERFLOW',
      431,
      options,
    );
  });

  it('is the same for responses', () => {
    const message = accept('HTTP/1.1 200 OK\n A: b\n c\nContent-Length: 1\n\nx', {
      ...options,
      role: RESPONSE,
    });
    assert.deepEqual(message.fields, ['A', 'b c', 'Content-Length', '1']);
    assert.equal(message.content, 'x');
    const both = response(['Content-Length: 3', 'Transfer-Encoding: chunked'], '1\r\nx\r\n0\r\n\r\n');
    assert.equal(accept(both, { ...options, role: RESPONSE }).content, 'x');
  });
});
