import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  FieldSection,
  findName,
  HOST,
  isNext,
  KEEP_ALIVE,
  listMembers,
  ORDINARY,
  PROXY_CONNECTION,
  TRANSFER_ENCODING,
  trimWhitespace,
  UPGRADE,
} from '#src/wire/fields.js';
import { isFieldValue, isToken } from '#src/wire/grammar.js';

const nameOf = (name: string) => {
  const { number, text } = findName(Buffer.from(`<${name}>`, 'latin1'), 1, name.length + 1);
  return { number, text };
};

describe('findName', () => {
  it('knows the names that decide, in any case', () => {
    const deciding = {
      Host: HOST,
      Connection: CONNECTION,
      'Content-Length': CONTENT_LENGTH,
      'Transfer-Encoding': TRANSFER_ENCODING,
      Upgrade: UPGRADE,
      Expect: EXPECT,
      'Proxy-Connection': PROXY_CONNECTION,
      'Keep-Alive': KEEP_ALIVE,
    };
    for (const [name, number] of Object.entries(deciding)) {
      assert.deepEqual(nameOf(name), { number, text: name });
      assert.deepEqual(nameOf(name.toLowerCase()), { number, text: name.toLowerCase() });
      assert.deepEqual(nameOf(name.toUpperCase()), { number, text: null });
    }
  });

  it('never tells another spelling than that of the bytes', () => {
    for (const name of [
      'ETag',
      'etag',
      'Etag',
      'eTAG',
      'WWW-Authenticate',
      'Www-Authenticate',
      'TE',
      'Te',
      'te',
      'DNT',
    ]) {
      const { number, text } = nameOf(name);
      assert.equal(number, ORDINARY);
      assert.ok(text === null || text === name, `${name} told as ${text}`);
    }
  });

  it('takes no name for one that differs in a byte', () => {
    const known = 'Content-Length';
    for (let at = 0; at < known.length; at++) {
      for (let code = 0; code < 256; code++) {
        const other = known.slice(0, at) + String.fromCharCode(code) + known.slice(at + 1);
        if (!isToken(other) || other.toLowerCase() === known.toLowerCase()) continue;
        assert.equal(nameOf(other).number, ORDINARY, other);
      }
    }
    for (const name of ['Hos', 'Hostt', 'H', 't', 'Content-Lengt', 'Content-Lengthh']) {
      assert.equal(nameOf(name).number, ORDINARY);
    }
  });
});

describe('isNext', () => {
  const bytes = Buffer.from('<Host:Accept: x', 'latin1');
  const name = (text: string) => findName(Buffer.from(text, 'latin1'), 0, text.length);

  it('tells a name in its spelling, and the colon behind it', () => {
    assert.equal(isNext(name('Host'), bytes, 1, bytes.length), true);
    assert.equal(isNext(name('Accept'), bytes, 6, bytes.length), true);
    assert.equal(isNext(name('host'), bytes, 1, bytes.length), false);
    assert.equal(isNext(name('Accept'), bytes, 1, bytes.length), false);
    assert.equal(isNext(name('Accept-Encoding'), bytes, 6, bytes.length), false);
  });

  it('does not look beyond the bytes that there are', () => {
    assert.equal(isNext(name('Host'), bytes, 1, 5), false);
    assert.equal(isNext(name('Host'), bytes, 1, 6), true);
  });
});

describe('FieldSection', () => {
  it('notices the deciding names, the first value and whether there are more', () => {
    const fields = new FieldSection();
    fields.add('X', '0', ORDINARY);
    assert.equal(fields.has(CONNECTION), false);
    assert.equal(fields.first(CONNECTION), '');
    assert.equal(fields.combined(CONNECTION), '');
    fields.add('Connection', 'a', CONNECTION);
    fields.add('Host', 'h', HOST);
    assert.equal(fields.isRepeated(CONNECTION), false);
    assert.equal(fields.combined(CONNECTION), 'a');
    fields.add('CONNECTION', 'b', CONNECTION);
    assert.equal(fields.isRepeated(CONNECTION), true);
    assert.equal(fields.isRepeated(HOST), false);
    assert.equal(fields.first(CONNECTION), 'a');
    assert.equal(fields.combined(CONNECTION), 'a, b');
    assert.deepEqual(fields.lines, ['X', '0', 'Connection', 'a', 'Host', 'h', 'CONNECTION', 'b']);
  });

  it('forgets all of it, and leaves the lines to who took them', () => {
    const fields = new FieldSection();
    fields.add('Host', 'a', HOST);
    fields.add('Host', 'b', HOST);
    const { lines } = fields;
    fields.reset();
    assert.deepEqual(lines, ['Host', 'a', 'Host', 'b']);
    assert.deepEqual(fields.lines, []);
    assert.equal(fields.has(HOST), false);
    assert.equal(fields.isRepeated(HOST), false);
    fields.add('Host', 'c', HOST);
    assert.equal(fields.first(HOST), 'c');
  });
});

describe('listMembers', () => {
  it('separates at commas, trims, and leaves empty members out', () => {
    assert.deepEqual(listMembers(''), []);
    assert.deepEqual(listMembers(' ,\t, '), []);
    assert.deepEqual(listMembers('a'), ['a']);
    assert.deepEqual(listMembers(' a ,\tb,,c d\t'), ['a', 'b', 'c d']);
  });

  it('does not separate within quoted strings', () => {
    assert.deepEqual(listMembers('a="b,c", d'), ['a="b,c"', 'd']);
    assert.deepEqual(listMembers('"a\\",b",c'), ['"a\\",b"', 'c']);
    assert.deepEqual(listMembers('"a\\\\",b'), ['"a\\\\"', 'b']);
    assert.deepEqual(listMembers('a,"b,c'), ['a', '"b,c']);
    assert.deepEqual(listMembers('a\\,b'), ['a\\', 'b']);
    assert.deepEqual(listMembers('"a\\'), ['"a\\']);
  });
});

describe('trimWhitespace', () => {
  it('takes space and tab off the ends, and nothing else', () => {
    assert.equal(trimWhitespace(' \ta b\t ', 0, 7), 'a b');
    assert.equal(trimWhitespace('\xa0a\v', 0, 3), '\xa0a\v');
    assert.equal(trimWhitespace('x a y', 1, 4), 'a');
    assert.equal(trimWhitespace('   ', 0, 3), '');
  });
});

describe('isToken and isFieldValue', () => {
  it('know their characters', () => {
    assert.equal(isToken(''), false);
    assert.equal(isFieldValue(''), true);
    for (let code = 0; code < 300; code++) {
      const character = String.fromCharCode(code);
      assert.equal(isToken(character), /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(character), `${code}`);
      assert.equal(isFieldValue(character), /^[\t\x20-\x7e\x80-\xff]$/.test(character), `${code}`);
    }
    assert.equal(isToken('a b'), false);
    assert.equal(isFieldValue('a\nb'), false);
  });
});
