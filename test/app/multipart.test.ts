import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { MAX_PART_HEADERS_SIZE } from '#src/app/limits.js';
import { type MultipartLimits, multipart, type Part } from '#src/app/multipart.js';
import { readMultipart, type SavedFile } from '#src/app/multipart-save.js';
import { answerOf, HTTP, head, message, refusalOf, serveBodies } from './body-served.js';

const TYPE = 'multipart/form-data; boundary=b';

const field = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (name: string, filename: string, content: string, type = 'text/csv') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;
const END = '--b--\r\n';

const request = (content: string | Uint8Array, type = TYPE) => message({ 'content-type': type }, content);

/** The parts with the content of their files. */
async function partsOf(parts: AsyncIterable<Part>): Promise<object[]> {
  const found: object[] = [];
  for await (const part of parts) {
    if (part.kind === 'field') {
      found.push({ name: part.name, value: part.value });
      continue;
    }
    const { name, filename, type } = part;
    let content = '';
    for await (const chunk of part.stream) content += chunk;
    found.push({ name, filename, type, content });
  }
  return found;
}

const read = (content: string | Uint8Array, limits?: Partial<MultipartLimits>) =>
  partsOf(multipart(request(content), { limits }));

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'barewire-multipart-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('the parts of a multipart body', () => {
  test('come in their order, fields with values and files with content', async () => {
    const content =
      field('a', '1') + file('f', 'x.csv', 'one\r\ntwo') + field('a', 'é') + file('g', '', '') + END;
    assert.deepEqual(await read(content), [
      { name: 'a', value: '1' },
      { name: 'f', filename: 'x.csv', type: 'text/csv', content: 'one\r\ntwo' },
      { name: 'a', value: 'é' },
      { name: 'g', filename: '', type: 'text/csv', content: '' },
    ]);
    assert.deepEqual(await read(END), []);
    assert.deepEqual(await read(`preamble\r\n${field('a', '')}${END}epilogue`), [{ name: 'a', value: '' }]);
  });

  test('are the same however the body is cut', async () => {
    const content = Buffer.from(
      `${field('a', '1')}${file('f', 'x', '\r\n--\r\n--c\r\n')}${field('', 'é')}${END}`,
    );
    const whole = await read(content);
    assert.equal(whole.length, 3);
    for (let at = 1; at < content.length; at++) {
      const cut = message({ 'content-type': TYPE }, content.subarray(0, at), content.subarray(at));
      assert.deepEqual(await partsOf(multipart(cut)), whole, `cut at ${at}`);
    }
    const bytes = Array.from(content, (_, at) => content.subarray(at, at + 1));
    assert.deepEqual(await partsOf(multipart(message({ 'content-type': TYPE }, ...bytes))), whole);
  });

  test('have names in UTF-8, as browsers and curl write them', async () => {
    const content = field('n%22\\"\\\\%0A', 'v') + file('é', 'né.txt', '') + END;
    assert.deepEqual(await read(content), [
      { name: 'n""\\\n', value: 'v' },
      { name: 'é', filename: 'né.txt', type: 'text/csv', content: '' },
    ]);
  });

  test('have values in the charset they name', async () => {
    const latin1 = `--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9\r\n${END}`;
    assert.deepEqual(await read(Buffer.from(latin1, 'latin1')), [{ name: 'a', value: 'é' }]);
    const error = await refusalOf(read(latin1.replace('iso-8859-1', 'x-no-such')));
    assert.equal(error.status, 415);
  });

  test('have names of files that are no paths', async () => {
    const names = [
      '../../etc/passwd',
      'C:\\\\dir\\\\x.txt',
      '/abs/y',
      '..',
      '.',
      'a/..',
      'nul\u0000l',
      'dir/',
    ];
    const content = names.map((name) => file('f', name, 'x')).join('') + END;
    const found = (await read(content)) as { filename: string }[];
    assert.deepEqual(
      found.map(({ filename }) => filename),
      ['passwd', 'x.txt', 'y', '', '', '', 'null', ''],
    );
  });

  test('that are not read are skipped, also when one was left half read', async () => {
    const big = 'x'.repeat(300_000);
    const content = file('f', 'a', big) + field('a', '1') + file('g', 'b', big) + file('h', 'c', 'z') + END;
    const names: string[] = [];
    for await (const part of multipart(request(content))) {
      names.push(part.name);
      if (part.name === 'g' && part.kind === 'file') for await (const _ of part.stream) break;
    }
    assert.deepEqual(names, ['f', 'a', 'g', 'h']);
  });

  test('may be left: the rest is dropped', async () => {
    const req = request(file('f', 'a', 'x'.repeat(300_000)) + field('a', '1') + END);
    for await (const part of multipart(req)) {
      assert.equal(part.name, 'f');
      break;
    }
    if (!req.readableEnded) await once(req, 'end');
  });

  test('are asked for as fast as they are read', async () => {
    const req = Object.assign(new PassThrough(), {
      headers: { 'content-type': TYPE, 'transfer-encoding': 'chunked' },
    });
    req.write(file('f', 'a', 'x'.repeat(1_000_000)).slice(0, -2));
    const parts = multipart(req);
    const { value: part } = (await parts.next()) as { value: Part };
    assert.ok(part.kind === 'file');
    // Nobody reads the file: the request stays paused, however much waits in it.
    while (!req.isPaused()) await new Promise(setImmediate);
    req.end(`${'y'.repeat(500_000)}\r\n${END}`);
    await new Promise(setImmediate);
    assert.ok(req.isPaused() && !req.readableEnded);
    assert.ok(part.stream.readableLength < 1_500_000);
    let length = 0;
    for await (const chunk of part.stream) length += chunk.length;
    assert.equal(length, 1_500_000);
    assert.deepEqual(await parts.next(), { value: undefined, done: true });
  });
});

describe('a multipart body is refused', () => {
  const malformed: [string, string][] = [
    ['without any boundary', 'abc'],
    ['without its last boundary', field('a', '1')],
    ['that ends within a header section', '--b\r\nContent-Disposition: form-da'],
    ['that ends within a file', file('f', 'a', 'x').slice(0, -3)],
    ['that is empty', ''],
    ['with a part without headers', `--b\r\n\r\nvalue\r\n${END}`],
    ['with a part that is only a header section', `--b\r\nContent-Disposition: form-data; name=a\r\n${END}`],
    [
      'with a part of another disposition',
      `--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n${END}`,
    ],
    ['with a part without a name', `--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n${END}`],
    ['with a name given twice', `--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n${END}`],
    ['with a name that has no end', `--b\r\nContent-Disposition: form-data; name="a\r\n\r\n1\r\n${END}`],
    ['with a name that is no UTF-8', `--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n${END}`],
    [
      'with two dispositions',
      `--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n${END}`,
    ],
    [
      'with a transfer encoding',
      `--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n${END}`,
    ],
    ['with a line within a boundary', `--bX\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n${END}`],
    ['with a boundary of another', field('a', '1').replace('--b', '--c') + END.replace('b', 'c')],
  ];
  for (const [what, content] of malformed) {
    test(what, async () => {
      const error = await refusalOf(read(Buffer.from(content, 'latin1')));
      assert.equal(error.code, 'ERR_MALFORMED_MULTIPART');
      assert.equal(error.status, 400);
    });
  }

  test('for its Content-Type or its boundary', async () => {
    for (const type of ['text/plain', 'multipart/mixed; boundary=b', '']) {
      const error = await refusalOf(partsOf(multipart(request(END, type))));
      assert.equal(error.status, 415);
      assert.deepEqual(error.headers?.Accept, 'multipart/form-data');
    }
    for (const boundary of [
      '',
      '; boundary=""',
      `; boundary=${'b'.repeat(71)}`,
      '; boundary="b "',
      '; boundary="b\\""',
    ]) {
      const error = await refusalOf(partsOf(multipart(request(END, `multipart/form-data${boundary}`))));
      assert.equal(error.status, 400, boundary);
    }
    const longest = 'b'.repeat(70);
    assert.deepEqual(
      await partsOf(multipart(request(`--${longest}--`, `multipart/form-data; boundary=${longest}`))),
      [],
    );
    const coded = message({ 'content-type': TYPE, 'content-encoding': 'gzip' }, 'a');
    assert.equal((await refusalOf(partsOf(multipart(coded)))).status, 415);
  });

  test('one past each limit, and not at it', async () => {
    const fields = (count: number) => Array.from({ length: count }, (_, i) => field(`n${i}`, 'xx')).join('');
    const files = (count: number) => Array.from({ length: count }, () => file('f', 'a', 'xx')).join('');
    const headers = (count: number) =>
      `--b\r\nContent-Disposition: form-data; name=a\r\n${'X: y\r\n'.repeat(count - 1)}\r\n1\r\n`;
    const sized = (size: number) => {
      const fixed = 'content-disposition'.length + 'form-data; name=a'.length + 'x'.length;
      return `--b\r\nContent-Disposition: form-data; name=a\r\nX: ${'y'.repeat(size - fixed)}\r\n\r\n1\r\n`;
    };
    const total = (field('a', '1') + END).length;
    const cases: [Partial<MultipartLimits>, string, string][] = [
      [{ parts: 3 }, fields(2) + files(1), fields(2) + files(2)],
      [{ fields: 3 }, fields(3) + files(1), fields(4)],
      [{ files: 3 }, fields(4) + files(3), files(4)],
      [{ files: 0 }, fields(1), files(1)],
      [{ fieldSize: 5 }, field('a', '12345'), field('a', '123456')],
      [{ fieldsSize: 6 }, fields(3), fields(4)],
      [{ fileSize: 5 }, file('f', 'a', '12345'), file('f', 'a', '123456')],
      [{ headerPairs: 4 }, headers(4), headers(5)],
      [{ headerPairs: 4 }, headers(4), headers(50)],
      [{}, sized(MAX_PART_HEADERS_SIZE), sized(MAX_PART_HEADERS_SIZE + 1)],
      [{}, sized(MAX_PART_HEADERS_SIZE), sized(10 * MAX_PART_HEADERS_SIZE)],
      [{ total }, field('a', '1'), field('a', '12')],
      [{}, fields(1000), fields(1001)],
      [{}, files(20), files(21)],
    ];
    for (const [limits, at, past] of cases) {
      await read(at + END, limits);
      const error = await refusalOf(read(past + END, limits));
      assert.equal(error.status, 413, JSON.stringify(limits));
      assert.match(error.code, /^ERR_(MULTIPART_LIMIT|BODY_TOO_LARGE)$/);
    }
    const chunked = Object.assign(request(field('a', '12') + END), {
      headers: { 'content-type': TYPE, 'transfer-encoding': 'chunked' },
    });
    assert.equal(
      (await refusalOf(partsOf(multipart(chunked, { limits: { total } })))).code,
      'ERR_BODY_TOO_LARGE',
    );
    const nonsense = multipart(request(END), { limits: { files: '1' as unknown as number } });
    assert.equal((await refusalOf(partsOf(nonsense))).code, 'ERR_INVALID_ARG_TYPE');
  });

  test('while a file is read: its stream fails with the same error', async () => {
    for (const [rest, code] of [
      ['x'.repeat(90), 'ERR_MALFORMED_MULTIPART'],
      [`${'x'.repeat(91)}\r\n${END}`, 'ERR_MULTIPART_LIMIT'],
    ]) {
      const req = Object.assign(new PassThrough(), {
        headers: { 'content-type': TYPE, 'transfer-encoding': 'chunked' },
      });
      const parts = multipart(req, { limits: { fileSize: 99 } });
      req.write(file('f', 'a', 'x'.repeat(9)).slice(0, -2));
      const { value: part } = (await parts.next()) as { value: Part };
      req.end(rest);
      assert.ok(part.kind === 'file');
      const error = await refusalOf(part.stream.toArray());
      assert.equal(error.code, code);
      assert.equal(await refusalOf(parts.next()), error);
    }
  });
});

for (const kind of HTTP) {
  describe(`a multipart form on ${kind.name}`, () => {
    test('is read with its files on disk, under names of their own', async (t) => {
      const directory = directoryOf(t);
      const server = await serveBodies(t, kind, (req) => readMultipart(req, { directory }));
      const big = 'é'.repeat(200_000);
      const content =
        field('a', '1') + file('f', '../x.csv', big) + field('a', '2') + file('g', '', '') + END;
      const { told, statusCode } = await server.post({ 'Content-Type': TYPE }, content);
      assert.equal(statusCode, 200);
      const { fields, files } = told.value as { fields: object; files: SavedFile[] };
      assert.deepEqual(fields, { a: ['1', '2'] });
      assert.equal(files.length, 1);
      const [{ name, filename, type, path, size }] = files;
      assert.deepEqual(
        { name, filename, type, size },
        { name: 'f', filename: 'x.csv', type: 'text/csv', size: 400_000 },
      );
      assert.equal(dirname(path), directory);
      assert.match(basename(path), /^[0-9a-f-]{36}$/);
      assert.equal(readFileSync(path, 'utf8'), big);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      const { value } = await server.outcome();
      await (value as { remove(): Promise<void> }).remove();
      assert.deepEqual(readdirSync(directory), []);
    });

    test('leaves nothing on disk when a limit is hit or the body is malformed', async (t) => {
      const directory = directoryOf(t);
      const server = await serveBodies(t, kind, (req) =>
        readMultipart(req, { directory, limits: { fileSize: 10 } }),
      );
      const first = file('f', 'a', 'x');
      for (const [content, status] of [
        [first + file('f', 'b', 'x'.repeat(11)) + END, 413],
        [first + file('f', 'b', 'x'), 400],
        [`${first}--b\r\n\r\n${END}`, 400],
        [first + file('f', '', 'x') + END, 400],
        [first + field('__proto__', '1') + END, 400],
      ] as const) {
        assert.equal((await server.post({ 'Content-Type': TYPE }, content)).statusCode, status);
        assert.deepEqual(readdirSync(directory), []);
      }
      const client = server.connect();
      await client.send(head({ 'Content-Type': TYPE, 'Content-Length': String(2 ** 30) }));
      const answer = await answerOf(client);
      assert.equal(answer.statusCode, 413);
      assert.equal(answer.fields.get('connection'), 'close');
    });

    test('leaves nothing on disk when the client goes away', async (t) => {
      const directory = directoryOf(t);
      const server = await serveBodies(t, kind, (req) => readMultipart(req, { directory }));
      const client = server.connect();
      const arrived = once(server.server, 'request');
      await client.send(head({ 'Content-Type': TYPE, 'Content-Length': '9999999' }));
      await client.send(file('f', 'a', 'x') + file('f', 'b', 'y'.repeat(100_000)).slice(0, -2));
      await arrived;
      while (readdirSync(directory).length < 2) await new Promise(setImmediate);
      client.reset();
      const { error } = await server.outcome();
      assert.equal(error?.code, 'ECONNRESET');
      assert.deepEqual(readdirSync(directory), []);
    });

    test('gives its files to a handler, and ends with what that throws', async (t) => {
      const server = await serveBodies(t, kind, (req) =>
        readMultipart(req, {
          onFile: async ({ filename, stream }) => {
            if (filename === 'bad') throw Object.assign(new Error('not this one'), { status: 422 });
            return `${filename} ${(await stream.toArray()).join('')}`;
          },
        }),
      );
      const client = server.connect();
      const post = async (content: string) => {
        client.received = '';
        await client.send(head({ 'Content-Type': TYPE, 'Content-Length': `${content.length}` }) + content);
        return answerOf(client);
      };
      const good = await post(file('f', 'x', '1') + file('f', 'y', '2') + END);
      assert.deepEqual(good.told.value, { fields: {}, files: ['x 1', 'y 2'] });
      // The rest of the body is dropped, and the connection goes on.
      assert.equal((await post(file('f', 'bad', 'x'.repeat(200_000)) + END)).statusCode, 422);
      assert.equal((await post(END)).statusCode, 200);
    });

    test('needs somewhere to put its files', async (t) => {
      const server = await serveBodies(t, kind, (req) => readMultipart(req, {} as { directory: string }));
      assert.equal((await server.post({ 'Content-Type': TYPE }, END)).told.code, 'ERR_INVALID_ARG_VALUE');
    });
  });
}
