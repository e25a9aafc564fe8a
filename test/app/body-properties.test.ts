import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type BodyMessage, readForm, readJson, readText } from '#src/app/body.js';
import { CONTENT_CODINGS } from '#src/app/content-coding.js';
import { findJsonError } from '#src/app/json-place.js';
import { bounded } from '../differential/bounded.js';
import { answerOf, HTTP, head, message, serveBodies } from './body-served.js';

const RUNS = { seed: 8259, numRuns: 3000 };

const jsonText = fc.json({ maxDepth: 4 });
const jsonPiece = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u',
    '\\u00',
    '0',
    '-',
    '1e',
    '.5',
    'true',
    'nul',
    ' ',
    '\n',
  ],
  ...['\u0000', '\u2028', 'é', '"a"', '"__proto__"', '"constructor":{"prototype":1}', '[[[['],
);
/** JSON with some of it replaced, and texts of its pieces. */
const nearJson = fc.oneof(
  fc.array(jsonPiece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.tuple(jsonText, jsonPiece, fc.nat(), fc.nat(2)).map(([text, piece, at, length]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + piece + text.slice(from + length);
  }),
);

/** The value, or the refusal: with a status from 400 to 499, a code and a reason. Anything else fails. */
async function outcomeOf(reading: Promise<unknown>): Promise<{ value: unknown } | { status: number }> {
  try {
    return { value: await bounded('the body is read or refused', reading) };
  } catch (error) {
    const { status, code, message: reason, expose } = error as Record<string, unknown>;
    assert.ok(typeof status === 'number' && status >= 400 && status <= 499, String((error as Error).stack));
    assert.ok(typeof code === 'string' && typeof reason === 'string' && reason !== '' && expose === true);
    return { status };
  }
}

describe('any content', () => {
  test('that JSON.parse reads is read, and what it refuses has its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(jsonText, nearJson), async (text) => {
        let expected: { value: unknown } | { status: number };
        try {
          expected = { value: JSON.parse(text) };
          assert.equal(findJsonError(text), null);
        } catch {
          expected = { status: 400 };
          const place = findJsonError(text);
          assert.ok(place !== null && place.line >= 1 && place.column >= 1);
        }
        const got = await outcomeOf(readJson(message({ 'content-type': 'application/json' }, text)));
        if (!/__proto__|constructor|\\u/.test(text)) assert.deepEqual(got, expected);
      }),
      RUNS,
    );
  });

  test('is no form, or one that URLSearchParams reads alike', async () => {
    const piece = fc.constantFrom(
      '&',
      '=',
      '%',
      '%4',
      '%41',
      '%c3%a9',
      '%ff',
      '+',
      'a',
      'b',
      '[c]',
      'é',
      '__proto__',
      '%00',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const text = pieces.join('');
        const got = await outcomeOf(
          readForm(message({ 'content-type': 'application/x-www-form-urlencoded' }, text)),
        );
        if ('status' in got) {
          assert.equal(got.status, 400);
          if (!text.includes('__proto__')) assert.throws(() => decodeURIComponent(text), URIError);
          return;
        }
        const params = new URLSearchParams(text);
        const expected = Object.fromEntries([...params.keys()].map((name) => [name, params.getAll(name)]));
        const form = got.value as Record<string, string | string[]>;
        assert.deepEqual(
          Object.fromEntries(Object.entries(form).map(([name, value]) => [name, [value].flat()])),
          expected,
        );
      }),
      RUNS,
    );
  });

  test('under any head is read, or refused with a reason', async () => {
    const type = fc.oneof(
      fc.constantFrom(
        'application/json',
        'text/plain; charset=utf-16le',
        'application/json; charset=',
        'a/b;;c="',
      ),
      fc.string({ maxLength: 30 }),
    );
    const coding = fc.oneof(
      fc
        .array(fc.constantFrom(...CONTENT_CODINGS, 'identity', '', '"', 'x'), { maxLength: 3 })
        .map((all) => all.join(',')),
      fc.string({ maxLength: 10 }),
    );
    const read = fc.constantFrom<((req: BodyMessage) => Promise<unknown>)[]>(
      (req) => readJson(req, { limit: 64 }),
      (req) => readText(req, { limit: 64 }),
      (req) => readForm(req, { type: '*/*', limit: 64 }),
    );
    await fc.assert(
      fc.asyncProperty(
        type,
        coding,
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }),
        read,
        async (contentType, contentEncoding, chunks, readOne) => {
          const fields = { 'content-type': contentType, 'content-encoding': contentEncoding };
          await outcomeOf(readOne(message(fields, ...chunks)));
        },
      ),
      RUNS,
    );
  });

  for (const kind of HTTP) {
    test(`is answered on ${kind.name}, and the connection serves on`, async (t) => {
      const server = await serveBodies(t, kind, (req) => readJson(req, { limit: 4096 }));
      let client = server.connect();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), nearJson, async (bytes, text) => {
          for (const content of [Buffer.from(bytes), Buffer.from(text)]) {
            const fields = { 'Content-Type': 'application/json', 'Content-Length': `${content.length}` };
            client.received = '';
            await client.send(Buffer.concat([Buffer.from(head(fields)), content]));
            const { statusCode, fields: answered } = await answerOf(client);
            assert.ok(statusCode === 200 || statusCode === 400, `${statusCode} for ${content}`);
            if (answered.get('connection') === 'close') client = server.connect();
          }
        }),
        { ...RUNS, numRuns: 500 },
      );
    });
  }
});
