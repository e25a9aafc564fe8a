import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { readBytes, readForm, readJson, readText } from '#src/app/body.js';
import { CONTENT_CODINGS } from '#src/app/content-coding.js';
import { findJsonError } from '#src/app/json-place.js';
import { MAX_BODY_SIZE, MAX_CONTENT_CODINGS, MAX_JSON_DEPTH } from '#src/app/limits.js';
import { HTTP, message, refusalOf, serveBodies } from './body-served.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

const json = (content: string | Uint8Array, type = 'application/json') =>
  readJson(message({ 'content-type': type }, content));
const form = (content: string) => readForm(message(FORM_TYPE, content));

describe('JSON', () => {
  test('of any value is read, with a byte order mark or without', async () => {
    assert.equal(await json('null'), null);
    assert.equal(await json(' 1 '), 1);
    assert.deepEqual(await json('\ufeff[1]'), [1]);
    assert.deepEqual(await json('{"a":"\ufffd"}'), { a: '\ufffd' });
    assert.deepEqual(await json('{"a":1}', 'application/vnd.api+json; charset="UTF-8"'), { a: 1 });
  });

  test('that is none is 400 with the place and the reason, and nothing of the text', async () => {
    const cases: [string, number, number, string][] = [
      ['{"a": secret}', 1, 7, 'a value was expected'],
      ['{"a":1,}', 1, 8, 'a key in double quotes was expected'],
      ['[1,]', 1, 4, 'a value was expected'],
      ['{"a" 1}', 1, 6, '":" was expected'],
      ['[1 2]', 1, 4, 'a comma or the end of the object or array was expected'],
      ['[\n1,\r\n  x]', 3, 3, 'a value was expected'],
      ['[1', 1, 3, 'the text ends too early'],
      ['"ab', 1, 4, 'a string has no end'],
      ['"a\nb"', 1, 3, 'a control character in a string'],
      ['"\\x"', 1, 2, 'an escape that is none'],
      ['[1]]', 1, 4, 'nothing was expected behind the value'],
      ['[01]', 1, 3, 'a comma or the end of the object or array was expected'],
      ['{a}', 1, 2, 'a key in double quotes or "}" was expected'],
      ['[}', 1, 2, 'a value or "]" was expected'],
      [' ', 1, 2, 'the text ends too early'],
    ];
    for (const [text, line, column, reason] of cases) {
      const error = await refusalOf(json(text));
      assert.equal(error.status, 400);
      assert.equal(error.code, 'ERR_MALFORMED_JSON');
      assert.deepEqual(error.members, { line, column }, text);
      assert.equal(error.message, `The body is no JSON: ${reason} in line ${line}, column ${column}`);
      assert.equal(findJsonError(text)?.reason, reason);
    }
  });

  test('that is empty is 400', async () => {
    for (const content of ['', '\ufeff']) {
      const error = await refusalOf(json(content));
      assert.equal(error.status, 400);
      assert.ok(error.expose);
    }
    assert.equal((await refusalOf(readJson(message(JSON_TYPE, '')))).code, 'ERR_EMPTY_BODY');
  });

  test('with a key that reaches a prototype is refused, however it is spelled', async () => {
    const spellings = [
      '{"__proto__":{"isAdmin":true}}',
      '{"a":[{"\\u005f_proto__":1}]}',
      '{"__pro\\u0074o__":null}',
      '[[{"constructor":{"prototype":{"a":1}}}]]',
      '{"\\u0063onstructor":{"prot\\u006ftype":1}}',
    ];
    for (const text of spellings) {
      const error = await refusalOf(json(text));
      assert.equal(error.status, 400);
      assert.equal(error.code, 'ERR_FORBIDDEN_KEY');
    }
    const kept =
      '{"a":"__proto__","constructor":"Renault","b":{"constructor":{"c":1}},"prototype":{},"d":"\\u0041"}';
    assert.deepEqual(await json(kept), JSON.parse(kept));
  });

  test('that nests as deep as the limit is read, one deeper refused', async () => {
    const nested = (depth: number, start: string, end: string) => start.repeat(depth) + end.repeat(depth);
    await json(nested(MAX_JSON_DEPTH, '[', ']'));
    assert.equal((await refusalOf(json(nested(MAX_JSON_DEPTH + 1, '[', ']')))).code, 'ERR_NESTED_TOO_DEEP');
    await json(`${'{"a":'.repeat(MAX_JSON_DEPTH)}1${'}'.repeat(MAX_JSON_DEPTH)}`);
    const deeper = `${'{"a":'.repeat(MAX_JSON_DEPTH + 1)}1${'}'.repeat(MAX_JSON_DEPTH + 1)}`;
    assert.equal((await refusalOf(json(deeper))).code, 'ERR_NESTED_TOO_DEEP');
    // Many beside each other, and brackets in strings, are not deep.
    const wide = JSON.stringify(Array.from({ length: 3000 }, () => ({ a: '[[{{"\\' })));
    assert.equal(((await json(wide)) as unknown[]).length, 3000);
    assert.equal((await refusalOf(json('['.repeat(MAX_BODY_SIZE)))).status, 400);
    assert.equal((await refusalOf(json('{"a":'.repeat(200_000)))).status, 400);
  });

  test('is read as UTF-8 or another transformation of Unicode, nothing else', async () => {
    assert.deepEqual(await json(Buffer.from('{"é":1}', 'utf16le'), 'application/json; charset=UTF-16LE'), {
      é: 1,
    });
    assert.equal((await refusalOf(json('{}', 'application/json; charset=iso-8859-1'))).status, 415);
    const error = await refusalOf(json(Buffer.from('{"a":"\xff"}', 'latin1')));
    assert.equal(error.code, 'ERR_MALFORMED_TEXT');
    assert.equal(error.status, 400);
    assert.equal(
      (
        await refusalOf(
          json(Buffer.from('"é', 'utf16le').subarray(0, 3), 'application/json;charset=utf-16le'),
        )
      ).status,
      400,
    );
  });

  test('may be strict, and revived', async () => {
    const read = (content: string) =>
      readJson(message(JSON_TYPE, content), {
        strict: true,
        reviver: (key, value) => (key === 'a' ? 'A' : value),
      });
    assert.deepEqual(await read('{"a":1}'), { a: 'A' });
    for (const content of ['1', 'null', '"a"']) {
      assert.equal((await refusalOf(read(content))).code, 'ERR_JSON_NOT_CONTAINER');
    }
  });

  test('needs its Content-Type, whole and unambiguous', async () => {
    const types = [
      '',
      'json',
      'text/json',
      'application/json,',
      'application/json; charset=utf-8; charset=utf-16',
      'application/json; =',
      'application/json;charset="utf-8',
      `application/json;${' \t'.repeat(8000)}x`,
      '/json',
      'application/jsonx',
    ];
    for (const type of types) assert.equal((await refusalOf(json('{}', type))).status, 415, type);
    assert.equal((await refusalOf(readJson(message({}, '{}')))).status, 415);
    for (const type of [
      'Application/JSON ;Charset=UTF-8;',
      'application/json; a="b\\"; charset=x"',
      'application/json;;',
    ]) {
      assert.deepEqual(await json('{}', type), {});
    }
  });
});

describe('a form', () => {
  test('is flat, repeated names are arrays, and it has no prototype', async () => {
    const got = await form('a=1&a=2&b[c]=3&d&=e&f=g=h&%61=3&i=+%2B');
    assert.equal(Object.getPrototypeOf(got), null);
    assert.deepEqual({ ...got }, { a: ['1', '2', '3'], 'b[c]': '3', d: '', '': 'e', f: 'g=h', i: ' +' });
    assert.deepEqual({ ...(await form('constructor=1&toString=2')) }, { constructor: '1', toString: '2' });
    assert.deepEqual({ ...(await form('')) }, {});
  });

  test('with a malformed percent-encoding is refused', async () => {
    for (const content of ['a=%', 'a=%4', 'a=1&b=%zz', '%ff=1', 'a=%c3%28', 'a=%ed%a0%80']) {
      const error = await refusalOf(form(content));
      assert.equal(error.code, 'ERR_MALFORMED_FORM');
      assert.equal(error.status, 400);
    }
  });

  test('with a name that would be a prototype is refused', async () => {
    for (const content of ['__proto__=1', 'a=1&%5f_proto__=2']) {
      assert.equal((await refusalOf(form(content))).code, 'ERR_FORBIDDEN_KEY');
    }
  });

  test('is UTF-8', async () => {
    const type = (charset: string) => ({
      'content-type': `application/x-www-form-urlencoded; charset=${charset}`,
    });
    assert.equal((await refusalOf(readForm(message(type('latin1'), 'a=1')))).status, 415);
    assert.deepEqual({ ...(await readForm(message(type('utf-8'), 'a=é'))) }, { a: 'é' });
  });
});

describe('text', () => {
  const text = (type: string, ...hex: string[]) =>
    readText(message({ 'content-type': type }, ...hex.map((part) => Buffer.from(part, 'hex'))));

  test('is in the charset it names', async () => {
    assert.equal(await text('text/plain', 'c3', 'a9'), 'é');
    assert.equal(await text('text/plain; charset=iso-8859-1', 'e993'), 'é\x93');
    assert.equal(await text('text/plain; charset="utf-16le"', 'e900'), 'é');
    assert.equal(await text('text/plain; charset=utf-16be', '00e9'), 'é');
    assert.equal(await text('text/plain; charset=shift_jis', '8140'), '\u3000');
    assert.equal(await text('text/plain; charset=us-ascii', '41'), 'A');
    assert.equal(await text('text/plain', 'efbbbf41'), 'A');
    assert.equal(await readText(message({}, Buffer.from([0xe9])), { defaultCharset: 'latin1' }), 'é');
  });

  test('in a charset that is not known is 415', async () => {
    for (const charset of ['utf-7', 'x', '""', 'replacement']) {
      const error = await refusalOf(text(`text/plain; charset=${charset}`, '41'));
      assert.equal(error.code, 'ERR_UNSUPPORTED_CHARSET', charset);
      assert.equal(error.status, 415);
    }
  });

  test('that is not in its charset is 400', async () => {
    assert.equal((await refusalOf(text('text/plain', 'ff'))).code, 'ERR_MALFORMED_TEXT');
    assert.equal((await refusalOf(text('text/plain; charset=us-ascii', 'e9'))).code, 'ERR_MALFORMED_TEXT');
    assert.equal((await refusalOf(text('text/plain; charset=utf-16le', '41'))).code, 'ERR_MALFORMED_TEXT');
    assert.equal((await refusalOf(text('text/plain; charset=shift_jis', '81'))).code, 'ERR_MALFORMED_TEXT');
  });
});

const ENCODERS: [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['br', zlib.brotliCompressSync],
];
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
if (CONTENT_CODINGS.includes('zstd') && zstdCompressSync) ENCODERS.push(['zstd', zstdCompressSync]);

describe('a content coding', () => {
  for (const kind of HTTP) {
    test(`of each kind is inflated under the limit on ${kind.name}`, async (t) => {
      const limit = 100_000;
      const server = await serveBodies(t, kind, (req) =>
        readBytes(req, { limit }).then((bytes) => bytes.length),
      );
      for (const [coding, encode] of ENCODERS) {
        const fields = { 'Content-Encoding': coding };
        assert.equal((await server.post(fields, encode(Buffer.alloc(limit)))).told.value, limit, coding);
        const answer = await server.post(fields, encode(Buffer.alloc(limit + 1)));
        assert.equal(answer.statusCode, 413, coding);
        assert.equal(answer.told.code, 'ERR_BODY_TOO_LARGE');
        const bomb = await server.post(fields, encode(Buffer.alloc(300 * limit)));
        assert.equal(bomb.statusCode, 413, coding);
      }
    });

    test(`that is cut off, or none, is 400 on ${kind.name}`, async (t) => {
      const server = await serveBodies(t, kind, (req) => readText(req));
      for (const [coding, encode] of ENCODERS) {
        const whole = encode(Buffer.from('a text that is long enough to be cut'));
        for (const wrong of [whole.subarray(0, -3), whole.subarray(0, 3), Buffer.from('no such coding')]) {
          const answer = await server.post({ 'Content-Encoding': coding }, wrong);
          assert.equal(answer.statusCode, 400, coding);
          assert.equal(answer.told.code, 'ERR_MALFORMED_CODING');
        }
      }
    });
  }

  test('with something behind its end is read to the end of all, or 400: never in part, however it comes', async () => {
    const [first, second] = ['a text that is long enough. ', 'And another.'].map((text) => Buffer.from(text));
    for (const [coding, encode] of ENCODERS) {
      const end = encode(first).length;
      for (const [rest, whole] of [
        [encode(second), Buffer.concat([first, second])],
        [Buffer.from('nothing in any coding'), null],
      ] as const) {
        const bytes = Buffer.concat([encode(first), rest]);
        for (const size of [bytes.length, end, end - 1, end + 1, 7, 1]) {
          const chunks: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
          const req = message({ 'content-encoding': coding }, ...chunks);
          const read = await readBytes(req).catch((error) => error.code as string);
          const where = `${coding}, ${chunks.length} chunks`;
          if (typeof read === 'string') assert.equal(read, 'ERR_MALFORMED_CODING', where);
          else assert.deepEqual(read, whole, where);
        }
      }
    }
  });

  test('that is not known is 415 with those that are', async () => {
    for (const coding of ['compress', 'gzip, x', 'exi', 'gzip;q=1', 'aes128gcm']) {
      const error = await refusalOf(readText(message({ 'content-encoding': coding }, 'a')));
      assert.equal(error.code, 'ERR_UNSUPPORTED_CODING');
      assert.equal(error.status, 415);
      const accepted = error.headers?.['Accept-Encoding'] ?? '';
      assert.match(accepted, /^gzip, deflate, br(, zstd)?$/);
    }
  });

  test('on another is undone in turn, up to a number of them', async () => {
    const twice = zlib.brotliCompressSync(zlib.gzipSync('abc'));
    assert.equal(await readText(message({ 'content-encoding': 'GZIP, identity, br' }, twice)), 'abc');
    const codings = Array.from({ length: MAX_CONTENT_CODINGS + 1 }, () => 'gzip').join(', ');
    assert.equal((await refusalOf(readText(message({ 'content-encoding': codings }, 'a')))).status, 415);
  });

  test('that hides a bomb in another is stopped at the limit', async () => {
    const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(50_000_000)));
    const error = await refusalOf(
      readText(message({ 'content-encoding': 'gzip, gzip' }, bomb), { limit: 10_000 }),
    );
    assert.equal(error.status, 413);
  });

  test('of an empty text is read', async () => {
    assert.equal(await readText(message({ 'content-encoding': 'gzip' }, zlib.gzipSync(''))), '');
  });
});
