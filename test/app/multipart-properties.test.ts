import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cleanFilename } from '#src/app/multipart-part-head.js';
import { readMultipart } from '#src/app/multipart-save.js';
import { bounded } from '../differential/bounded.js';
import { answerOf, HTTP, head, message, serveBodies } from './body-served.js';

const RUNS = { seed: 7578, numRuns: 3000 };
const TYPE = 'multipart/form-data; boundary=b';

const piece = fc.constantFrom(
  ...[
    '--b',
    '--b\r\n',
    '--b--',
    '--b--\r\n',
    '\r\n',
    '\r',
    '\n',
    '-',
    '--',
    'b',
    ':',
    ';',
    '"',
    '\\',
    '%22',
    'é',
    '\u0000',
  ],
  'Content-Disposition: form-data; name="a"\r\n',
  'Content-Disposition: form-data; name="a"; filename="../f"\r\n',
  'Content-Disposition: form-data; name=',
  'Content-Type: text/plain; charset=utf-16le\r\n',
  'Content-Type: ',
  'X: y\r\n',
  'value',
  '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
  '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n',
);
const stream = fc.array(piece, { maxLength: 14 }).map((pieces) => Buffer.from(pieces.join('')));

/** Cuts the bytes in pieces. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends
    .map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
    .filter((part) => part.length > 0);
}

async function outcomeOf(reading: Promise<unknown>): Promise<unknown> {
  try {
    return await bounded('the form is read or refused', reading);
  } catch (error) {
    const { status, code, message: reason, expose } = error as Record<string, unknown>;
    assert.ok(typeof status === 'number' && status >= 400 && status <= 499, String((error as Error).stack));
    assert.ok(typeof code === 'string' && typeof reason === 'string' && reason !== '' && expose === true);
    return { status, code };
  }
}

const onFile = async ({ filename, stream: content }: { filename: string; stream: AsyncIterable<Buffer> }) => {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return `${filename} ${Buffer.concat(chunks)}`;
};

describe('any multipart stream', () => {
  test('is read or refused with a reason, alike however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.array(fc.nat(), { maxLength: 8 }), async (bytes, places) => {
        const read = async (...chunks: Buffer[]) =>
          JSON.stringify(
            await outcomeOf(readMultipart(message({ 'content-type': TYPE }, ...chunks), { onFile })),
          );
        assert.equal(await read(...cut(bytes, places)), await read(bytes));
      }),
      RUNS,
    );
  });

  test('made of parts is read to them', async () => {
    const content = fc.string({
      unit: fc.constantFrom('a', '\r', '\n', '-', 'b', 'é', '\u0000'),
      maxLength: 30,
    });
    const part = fc.record({ name: fc.string({ maxLength: 5 }), content, isFile: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (parts, places) => {
          fc.pre(
            parts.every(
              ({ name, content: text }) => name !== '__proto__' && !`\r\n${text}`.includes('\r\n--b'),
            ),
          );
          const text = parts.map(({ name, content: value, isFile }) => {
            const escaped = name.replace(/[\r\n"]/g, encodeURIComponent).replaceAll('\\', '\\\\');
            return `--b\r\nContent-Disposition: form-data; name="${escaped}"${isFile ? '; filename=f' : ''}\r\n\r\n${value}\r\n`;
          });
          fc.pre(parts.every(({ name }) => !/%(?:0a|0d|22)/i.test(name)));
          const form = await readMultipart(
            message({ 'content-type': TYPE }, ...cut(Buffer.from(`${text.join('')}--b--`), places)),
            { onFile },
          );
          const files = parts.filter(({ isFile }) => isFile).map(({ content: value }) => `f ${value}`);
          assert.deepEqual(form.files, files);
          const values = parts.filter(({ isFile }) => !isFile).map(({ content: value }) => value);
          assert.deepEqual(Object.values(form.fields).flat().sort(), values.sort());
        },
      ),
      { ...RUNS, numRuns: 1000 },
    );
  });

  for (const kind of HTTP) {
    test(`is answered on ${kind.name}, and nothing is left on disk of what is refused`, async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'barewire-multipart-'));
      t.after(() => rmSync(directory, { recursive: true }));
      const server = await serveBodies(t, kind, async (req) => {
        const form = await readMultipart(req, { directory });
        await form.remove();
        return 'read';
      });
      let client = server.connect();
      await fc.assert(
        fc.asyncProperty(stream, async (bytes) => {
          client.received = '';
          const fields = { 'Content-Type': TYPE, 'Content-Length': `${bytes.length}` };
          await client.send(Buffer.concat([Buffer.from(head(fields)), bytes]));
          const { statusCode, fields: answered } = await answerOf(client);
          assert.ok(statusCode === 200 || statusCode === 400, `${statusCode} for ${bytes}`);
          assert.deepEqual(readdirSync(directory), []);
          if (answered.get('connection') === 'close') client = server.connect();
        }),
        { ...RUNS, numRuns: 500 },
      );
    });
  }
});

test('no filename is a path, or has control characters', () => {
  const name = fc.string({
    unit: fc.constantFrom('.', '/', '\\', 'a', '\u0000', '\n', '\u009f', 'é', ' '),
    maxLength: 12,
  });
  fc.assert(
    fc.property(name, (given) => {
      const clean = cleanFilename(given);
      assert.equal(join('/directory', clean === '' ? 'x' : clean).split('/').length, 3);
      assert.doesNotMatch(clean, /[/\\\p{Cc}]/u);
      assert.ok(clean !== '.' && clean !== '..');
    }),
    RUNS,
  );
});
