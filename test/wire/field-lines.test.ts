import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESPONSE } from '#src/wire/parser.js';
import { accept, type FeedOptions, refuse } from './feed.js';
import { request, response } from './messages.js';

const fieldsOf = (...fieldLines: string[]) => accept(request(fieldLines)).fields.slice(2);
const refused = (...fieldLines: string[]) => refuse(request(fieldLines), 'HPE_INVALID_HEADER_TOKEN');

describe('field line', () => {
  it('is told as it was spelled, in its order', () => {
    const told = fieldsOf('X-b: 1', 'x-A: 2', 'cOOkie: 3', 'X-b: 4');
    assert.deepEqual(told, 'X-b 1 x-A 2 cOOkie 3 X-b 4'.split(' '));
  });

  it('is told as it was spelled, whatever came behind the line before it in the message before', () => {
    const sections = [
      ['Accept: 1', 'User-Agent: 2', 'Cookie: 3'],
      ['Accept: 1', 'User-Agent: 2', 'Cookie: 3'],
      ['accept: 1', 'User-Agent: 2', 'cookie: 3'],
      ['Accept: 1', 'X-Own: 2', 'User-Agent: 3', 'COOKIE: 4', 'Cookie: 5'],
      ['Accept-Encoding: 1', 'User-Agents: 2', 'User-Agent: 3', 'Cookie:', 'Cookie2: 4'],
      ['Cookie: 1', 'User-Agent: 2', 'Accept: 3', 'Accept: 4'],
    ];
    for (const lines of sections) {
      assert.deepEqual(
        fieldsOf(...lines),
        lines.flatMap((line) => line.split(/: ?/)),
      );
    }
    refused('Accept: 1', 'User-Agent : 2');
    refused('Accept: 1', 'User-Agent');
    refused('Accept: 1', 'User-Agent\x00: 2');
  });

  it('may be missing altogether', () => {
    assert.deepEqual(accept('GET / HTTP/1.0\r\n\r\n').fields, []);
  });

  it('ends with CRLF and nothing else', () => {
    refuse(request(['A: b\nC: d']), 'HPE_CR_EXPECTED');
    refuse(request(['A: b\rC: d']), 'HPE_LF_EXPECTED');
    refuse(request(['A: b\r\rC: d']), 'HPE_LF_EXPECTED');
    refuse(request(['A:\nC: d']), 'HPE_CR_EXPECTED');
    refuse(request(['A:\rC: d']), 'HPE_LF_EXPECTED');
  });

  it('is not folded', () => {
    for (const whitespace of [' ', '\t']) {
      refused('A: b', `${whitespace}c`);
      refused('A:', `${whitespace}c`);
      refused('A: b', whitespace);
    }
  });

  it('does not begin with whitespace', () => {
    refuse('GET / HTTP/1.1\r\n Host: a\r\n\r\n', 'HPE_UNEXPECTED_SPACE');
    refuse('GET / HTTP/1.1\r\n\tHost: a\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
  });
});

describe('header section', () => {
  it('ends with an empty line, CRLF', () => {
    refuse('GET / HTTP/1.1\r\nHost: a\r\n\n', 'HPE_INVALID_HEADER_TOKEN');
    refuse('GET / HTTP/1.1\r\nHost: a\r\n\rX', 'HPE_STRICT');
    refuse('GET / HTTP/1.1\r\n\nX', 'HPE_INVALID_HEADER_TOKEN');
  });
});

describe('field name', () => {
  it('is any token', () => {
    const tchars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    assert.deepEqual(fieldsOf(`${tchars}: v`), [tchars, 'v']);
    for (const name of tchars) assert.deepEqual(fieldsOf(`${name}: v`), [name, 'v']);
  });

  it('holds no other byte', () => {
    const isTchar = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code);
      if (character === ':' || isTchar.test(character)) continue;
      refuse(request([`A${character}B: c`]), 'HPE_INVALID_HEADER_TOKEN');
    }
  });

  it('is not empty', () => {
    refused(': b');
    refused(':');
  });

  it('has no whitespace before the colon', () => {
    for (const name of ['A ', 'A\t', 'A  ', 'Content-Length ', 'Transfer-Encoding\t', 'Host '])
      refused(`${name}: 1`);
  });

  it('has a colon', () => {
    refused('A');
    refused('A b');
  });

  it('of an object property is a name like any other', () => {
    const lines = [
      '__proto__: 1',
      'constructor: 2',
      'hasOwnProperty: 3',
      '__defineGetter__: 4',
      'toString: 5',
    ];
    assert.deepEqual(
      fieldsOf(...lines),
      lines.flatMap((line) => line.split(': ')),
    );
  });

  it('that nearly stands in the table of known names is not taken for one', () => {
    for (const name of [
      'Hosu',
      'Hos',
      'Hostt',
      'Content-Lengti',
      'Content_Length',
      'Contentt-Lengh',
      'Date0',
      'E-ag',
    ]) {
      assert.deepEqual(fieldsOf(`${name}: 7`), [name, '7']);
    }
  });

  it('of the table is known in any case', () => {
    for (const name of ['content-length', 'Content-Length', 'CONTENT-LENGTH', 'cOnTeNt-LeNgTh']) {
      const message = accept(request([`${name}: 2`], 'ab'));
      assert.equal(message.content, 'ab');
      assert.deepEqual(message.fields.slice(2), [name, '2']);
    }
  });
});

describe('field value', () => {
  it('is any visible character, space, tab and obs-text, read as Latin-1', () => {
    let value = '';
    for (let code = 0x20; code < 256; code++) if (code !== 0x7f) value += String.fromCharCode(code);
    assert.deepEqual(fieldsOf(`A: x\t${value}y`), ['A', `x\t${value}y`]);
    assert.deepEqual(fieldsOf('A: \xc3\xa4'), ['A', '\xc3\xa4']);
  });

  it('holds no control character', () => {
    for (let code = 0; code < 0x20; code++) {
      const character = String.fromCharCode(code);
      if ('\t\r\n'.includes(character)) continue;
      for (const value of [character, `${character}a`, `a${character}`, `a${character}b`])
        refused(`A: ${value}`);
    }
    refused('A: a\x7fb');
  });

  it('has no whitespace at its ends', () => {
    for (const line of ['A:b', 'A: b', 'A:\tb', 'A: \t b', 'A:b ', 'A:b\t', 'A:  b \t ']) {
      assert.deepEqual(fieldsOf(line), ['A', 'b'], JSON.stringify(line));
    }
    assert.deepEqual(fieldsOf('A: b \t c'), ['A', 'b \t c']);
    assert.deepEqual(fieldsOf('A: \xa0b\xa0'), ['A', '\xa0b\xa0']);
  });

  it('may be empty', () => {
    for (const line of ['A:', 'A: ', 'A:\t \t'])
      assert.deepEqual(fieldsOf(line, 'B: c'), ['A', '', 'B', 'c']);
  });

  it('may hold colons and CR in no form', () => {
    assert.deepEqual(fieldsOf('A: b: c'), ['A', 'b: c']);
    assert.deepEqual(fieldsOf('A::'), ['A', ':']);
    refuse(request(['A: b\r']), 'HPE_LF_EXPECTED');
  });
});

describe('obs-fold of a response', () => {
  const fieldsOfResponse = (...fieldLines: string[]) =>
    accept(response(['Content-Length: 0', ...fieldLines]), { role: RESPONSE }).fields.slice(2);

  it('is replaced with a space', () => {
    assert.deepEqual(fieldsOfResponse('A: b', ' c'), ['A', 'b c']);
    assert.deepEqual(fieldsOfResponse('A: b \t', '\t  c \t', 'D: e'), ['A', 'b c', 'D', 'e']);
    assert.deepEqual(fieldsOfResponse('A: b', ' c', '\td', 'E: f', ' g'), ['A', 'b c d', 'E', 'f g']);
  });

  it('adds no space to an empty value or for an empty line', () => {
    assert.deepEqual(fieldsOfResponse('A:', ' c'), ['A', 'c']);
    assert.deepEqual(fieldsOfResponse('A: b', ' ', 'D: e'), ['A', 'b', 'D', 'e']);
    assert.deepEqual(fieldsOfResponse('A: b', ' ', ' c'), ['A', 'b c']);
    assert.deepEqual(fieldsOfResponse('A:', '\t', 'D:'), ['A', '', 'D', '']);
  });

  it('is part of the value that frames the message', () => {
    const options: FeedOptions = { role: RESPONSE };
    assert.equal(accept(response(['Content-Length:', ' 3'], 'abc'), options).content, 'abc');
    assert.equal(accept(response(['Transfer-Encoding:', ' chunked'], '0\r\n\r\n'), options).framing, -1);
    assert.equal(
      accept(response(['Transfer-Encoding: gzip,', ' chunked'], '0\r\n\r\n'), options).framing,
      -1,
    );
    refuse(response(['Content-Length: 3', ' 4'], 'abc'), 'HPE_INVALID_CONTENT_LENGTH', 400, options);
  });

  it('needs a line to continue', () => {
    refuse(response([' A: b', 'Content-Length: 0']), 'HPE_UNEXPECTED_SPACE', 400, { role: RESPONSE });
  });

  it('holds no control character', () => {
    refuse(response(['A: b', ' c\0']), 'HPE_INVALID_HEADER_TOKEN', 400, { role: RESPONSE });
    refuse(response(['A: b', ' c\nD: e']), 'HPE_CR_EXPECTED', 400, { role: RESPONSE });
  });
});
