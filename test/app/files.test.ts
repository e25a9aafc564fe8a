import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { download, type SendFileOptions, sendFile } from '#src/app/files.js';
import { ask, connect, headOf, kinds, serve } from './answering.js';

const MODIFIED = new Date('2025-06-01T12:00:00Z');
const TEXT = 'The quick brown fox jumps over the lazy dog.\n';
const LARGE = 300_000;

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barewire-files-'));
  await mkdir(join(folder, 'sub'));
  await mkdir(join(folder, '.hidden'));
  const files: [name: string, content: string | Buffer][] = [
    ['text.txt', TEXT],
    ['page.html', '<p>'],
    ['empty.txt', ''],
    ['noextension', 'x'],
    ['.secret', 'secret'],
    ['.hidden/file.txt', 'hidden'],
    ['sub/in.json', '{}'],
    ['€ "rates".txt', 'rates'],
    ['app.js', 'plain'],
    ['app.js.br', 'brotli'],
    ['app.js.gz', 'gzip'],
    ['app.js.zst', 'zstandard'],
    ['only.js', 'plain'],
    ['only.js.gz', 'gzip'],
    ['large.bin', Buffer.alloc(LARGE, 'abcdefgh')],
  ];
  for (const [name, content] of files) {
    await writeFile(join(folder, name), content);
    await utimes(join(folder, name), MODIFIED, MODIFIED);
  }
});
after(() => rm(folder, { recursive: true, force: true }));

for (const kind of kinds) {
  describe(`sendFile, on ${kind}`, () => {
    type T = Parameters<typeof serve>[0];
    const get = async (
      t: T,
      path: string,
      headers: Record<string, string> = {},
      options: SendFileOptions = {},
      method = 'GET',
    ) => {
      const { port } = await serve(t, kind, (req, res) =>
        sendFile(req, res, path, { root: folder, ...options }),
      );
      return ask(t, port, '/', { headers, method });
    };

    test('type, length, validators and caching are told', async (t) => {
      const { status, headers, text } = await get(t, 'text.txt');
      assert.equal(status, 200);
      assert.equal(text, TEXT);
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
      assert.equal(headers['content-length'], String(TEXT.length));
      assert.equal(headers['last-modified'], MODIFIED.toUTCString());
      assert.match(String(headers.etag), /^W\/"2d-[0-9a-f]+"$/);
      assert.equal(headers['cache-control'], 'public, max-age=0');
      assert.equal(headers['accept-ranges'], 'bytes');
    });

    test('HEAD has the same fields, and no content', async (t) => {
      const [{ headers: date, ...got }, { headers: other, ...asked }] = [
        await get(t, 'large.bin'),
        await get(t, 'large.bin', {}, {}, 'HEAD'),
      ];
      assert.deepEqual({ ...other, date: 0 }, { ...date, date: 0 });
      assert.equal(got.body.length, LARGE);
      assert.equal(asked.body.length, 0);
    });

    test('an empty file', async (t) => {
      const { status, headers, text } = await get(t, 'empty.txt');
      assert.deepEqual([status, headers['content-length'], text], [200, '0', '']);
    });

    test('a file of several pieces', async (t) => {
      const { body, isComplete } = await get(t, 'large.bin');
      assert.ok(isComplete && body.equals(Buffer.alloc(LARGE, 'abcdefgh')));
    });

    test('a file without an extension is bytes, and a type that is set stays', async (t) => {
      assert.equal((await get(t, 'noextension')).headers['content-type'], 'application/octet-stream');
      const typed = await get(t, 'noextension', {}, { headers: { 'Content-Type': 'text/x' } });
      assert.equal(typed.headers['content-type'], 'text/x');
    });

    test('an absolute path without a root, and no relative one', async (t) => {
      assert.equal((await get(t, join(folder, 'text.txt'), {}, { root: undefined })).text, TEXT);
      const relative = await get(t, 'text.txt', {}, { root: undefined });
      assert.deepEqual([relative.status, relative.text], [500, 'ERR_INVALID_ARG_VALUE']);
    });

    const refusals: [path: string, status: number, code: string][] = [
      ['missing.txt', 404, 'ERR_FILE_NOT_FOUND'],
      ['text.txt/more', 404, 'ERR_FILE_NOT_FOUND'],
      ['sub', 404, 'ERR_FILE_NOT_FOUND'],
      ['', 404, 'ERR_FILE_NOT_FOUND'],
      [`${'long'.repeat(200)}`, 404, 'ERR_FILE_NOT_FOUND'],
      ['../text.txt', 403, 'ERR_FILE_FORBIDDEN'],
      ['sub/../text.txt', 403, 'ERR_FILE_FORBIDDEN'],
      ['sub\\..\\..\\text.txt', 403, 'ERR_FILE_FORBIDDEN'],
      ['text.txt\0.png', 400, 'ERR_INVALID_FILE_PATH'],
      ['.secret', 404, 'ERR_FILE_NOT_FOUND'],
      ['.hidden/file.txt', 404, 'ERR_FILE_NOT_FOUND'],
    ];
    for (const [path, status, code] of refusals) {
      test(`${JSON.stringify(path.slice(0, 40))} is ${status}, without fields of a file`, async (t) => {
        const answer = await get(t, path);
        assert.deepEqual([answer.status, answer.text], [status, code]);
        assert.deepEqual([answer.headers.etag, answer.headers['cache-control']], [undefined, undefined]);
      });
    }

    test('dotfiles can be denied and allowed; without a root the folders on the way do not count', async (t) => {
      assert.equal((await get(t, '.secret', {}, { dotfiles: 'deny' })).status, 403);
      assert.equal((await get(t, '.secret', {}, { dotfiles: 'allow' })).text, 'secret');
      const hidden = join(folder, '.hidden/file.txt');
      assert.equal((await get(t, hidden, {}, { root: undefined })).text, 'hidden');
      assert.equal((await get(t, join(folder, '.secret'), {}, { root: undefined })).status, 404);
    });

    test('a file that may not be read is 403', {
      skip: process.getuid?.() === 0 && 'root reads all',
    }, async (t) => {
      await writeFile(join(folder, 'closed.txt'), 'x');
      await chmod(join(folder, 'closed.txt'), 0);
      assert.equal((await get(t, 'closed.txt')).status, 403);
    });

    test('a pipe and a device are no files, and nothing waits for them', {
      skip: process.platform === 'win32',
    }, async (t) => {
      const { execFileSync } = await import('node:child_process');
      const pipe = `pipe-${basename(kind)}`;
      execFileSync('mkfifo', [join(folder, pipe)]);
      assert.equal((await get(t, pipe)).status, 404);
      await symlink('/dev/zero', join(folder, `zero-${basename(kind)}`));
      assert.equal((await get(t, `zero-${basename(kind)}`)).status, 404);
    });

    describe('conditions', () => {
      const etag = async (t: T) => String((await get(t, 'text.txt')).headers.etag);
      const later = new Date(MODIFIED.getTime() + 5000).toUTCString();
      const earlier = new Date(MODIFIED.getTime() - 5000).toUTCString();
      const asctime = 'Sun Jun  1 12:00:00 2025';
      const rfc850 = 'Sunday, 01-Jun-25 12:00:00 GMT';

      test('If-None-Match', async (t) => {
        const tag = await etag(t);
        for (const value of [tag, `"x", ${tag}`, tag.slice(2), '*', `${tag},`]) {
          const answer = await get(t, 'text.txt', { 'If-None-Match': value });
          assert.equal(answer.status, 304, value);
          assert.deepEqual(
            [answer.headers.etag, answer.headers['cache-control']],
            [tag, 'public, max-age=0'],
          );
          assert.equal(answer.headers['content-type'], undefined);
        }
        for (const value of ['"x"', '', 'x', tag.slice(0, -1), '"*"']) {
          assert.equal((await get(t, 'text.txt', { 'If-None-Match': value })).status, 200, value);
        }
      });

      test('If-Modified-Since, in every form of a date', async (t) => {
        for (const value of [MODIFIED.toUTCString(), later, asctime, rfc850]) {
          assert.equal((await get(t, 'text.txt', { 'If-Modified-Since': value })).status, 304, value);
        }
        for (const value of [earlier, 'yesterday', '', '99999999999', '2030-01-01']) {
          assert.equal((await get(t, 'text.txt', { 'If-Modified-Since': value })).status, 200, value);
        }
      });

      test('If-None-Match goes before If-Modified-Since', async (t) => {
        const headers = { 'If-None-Match': '"x"', 'If-Modified-Since': later };
        assert.equal((await get(t, 'text.txt', headers)).status, 200);
      });

      test('If-Match asks for a strong tag, which a file has not', async (t) => {
        const tag = await etag(t);
        for (const value of ['"x"', tag, tag.slice(2)]) {
          const answer = await get(t, 'text.txt', { 'If-Match': value });
          assert.deepEqual([answer.status, answer.text], [412, 'ERR_PRECONDITION_FAILED'], value);
        }
        assert.equal((await get(t, 'text.txt', { 'If-Match': '*' })).status, 200);
        const own = { headers: { ETag: '"own"' } };
        assert.equal((await get(t, 'text.txt', { 'If-Match': '"a", "own"' }, own)).status, 200);
      });

      test('If-Unmodified-Since', async (t) => {
        assert.equal((await get(t, 'text.txt', { 'If-Unmodified-Since': earlier })).status, 412);
        assert.equal(
          (await get(t, 'text.txt', { 'If-Unmodified-Since': MODIFIED.toUTCString() })).status,
          200,
        );
        assert.equal((await get(t, 'text.txt', { 'If-Unmodified-Since': 'never' })).status, 200);
      });

      test('validators can be left out, and with them the conditions', async (t) => {
        const options = { etag: false, lastModified: false, cacheControl: false, acceptRanges: false };
        const answer = await get(
          t,
          'text.txt',
          { 'If-None-Match': '"x"', 'If-Match': '"x"', Range: 'bytes=0-1', 'If-Modified-Since': later },
          options,
        );
        assert.equal(answer.status, 200);
        for (const name of ['etag', 'last-modified', 'cache-control', 'accept-ranges']) {
          assert.equal(answer.headers[name], undefined, name);
        }
      });
    });

    describe('ranges', () => {
      const size = TEXT.length;
      const satisfied: [range: string, start: number, end: number][] = [
        ['bytes=0-0', 0, 1],
        ['bytes=4-8', 4, 9],
        ['bytes=40-', 40, size],
        ['bytes=-5', size - 5, size],
        ['bytes=-999', 0, size],
        ['bytes=0-999', 0, size],
        ['bytes=0-99999999999999999999999', 0, size],
        ['BYTES = 4-8', 4, 9],
        ['bytes= 4-8 ,', 4, 9],
        ['bytes=4-8,9-12', 4, 13],
        ['bytes=10-20,4-12,5-6', 4, 21],
        ['bytes=4-8,999-', 4, 9],
      ];
      for (const [range, start, end] of satisfied) {
        test(`${range} is one part`, async (t) => {
          const answer = await get(t, 'text.txt', { Range: range });
          assert.equal(answer.status, 206);
          assert.equal(answer.headers['content-range'], `bytes ${start}-${end - 1}/${size}`);
          assert.equal(answer.headers['content-length'], String(end - start));
          assert.equal(answer.text, TEXT.slice(start, end));
        });
      }

      for (const range of [
        'bytes=999-',
        'bytes=-0',
        `bytes=${size}-`,
        'bytes=99999999999999999999999-',
        'bytes=999-,-0',
      ]) {
        test(`${range} is 416, with the size`, async (t) => {
          const answer = await get(t, 'text.txt', { Range: range });
          assert.deepEqual([answer.status, answer.text], [416, 'ERR_RANGE_NOT_SATISFIABLE']);
          assert.equal(answer.headers['content-range'], `bytes */${size}`);
          assert.equal(answer.headers.etag, undefined);
        });
      }

      for (const range of [
        'bytes=8-4',
        'bytes=a-b',
        'bytes',
        'bytes=',
        'bytes=,',
        'lines=0-1',
        'bytes=-',
        'bytes=0-1,20-21',
        'bytes=0x1-2',
        'bytes=1.5-2',
        'bytes=--1',
        '',
      ]) {
        test(`${JSON.stringify(range)} is ignored`, async (t) => {
          const answer = await get(t, 'text.txt', { Range: range });
          assert.deepEqual([answer.status, answer.text], [200, TEXT]);
          assert.equal(answer.headers['content-range'], undefined);
        });
      }

      test('a part of a large file, across pieces', async (t) => {
        const { status, body } = await get(t, 'large.bin', { Range: 'bytes=1000-200999' });
        assert.equal(status, 206);
        assert.ok(body.equals(Buffer.alloc(LARGE, 'abcdefgh').subarray(1000, 201_000)));
      });

      test('HEAD does not heed Range', async (t) => {
        const answer = await get(t, 'text.txt', { Range: 'bytes=0-1' }, {}, 'HEAD');
        assert.deepEqual([answer.status, answer.headers['content-length']], [200, String(size)]);
      });

      test('any range of an empty file is 416', async (t) => {
        assert.equal((await get(t, 'empty.txt', { Range: 'bytes=0-' })).status, 416);
      });

      test('If-Range: the whole, unless it is the same for sure', async (t) => {
        const tag = String((await get(t, 'text.txt')).headers.etag);
        const status = async (value: string, options = {}) =>
          (await get(t, 'text.txt', { Range: 'bytes=0-1', 'If-Range': value }, options)).status;
        assert.equal(await status(MODIFIED.toUTCString()), 206);
        assert.equal(await status(new Date(MODIFIED.getTime() + 1000).toUTCString()), 200);
        assert.equal(await status('garbage'), 200);
        assert.equal(await status(tag), 200, 'a weak tag is never sure');
        assert.equal(await status('"own"', { headers: { ETag: '"own"' } }), 206);
        assert.equal(await status('"other"', { headers: { ETag: '"own"' } }), 200);
      });

      test('a condition goes before the range', async (t) => {
        const tag = String((await get(t, 'text.txt')).headers.etag);
        const headers = { Range: 'bytes=999-', 'If-None-Match': tag };
        assert.equal((await get(t, 'text.txt', headers)).status, 304);
      });
    });

    test('maxAge and immutable', async (t) => {
      const cacheControl = async (options: SendFileOptions) =>
        (await get(t, 'text.txt', {}, options)).headers['cache-control'];
      assert.equal(await cacheControl({ maxAge: 90_500 }), 'public, max-age=90');
      assert.equal(await cacheControl({ maxAge: '2h' }), 'public, max-age=7200');
      assert.equal(
        await cacheControl({ maxAge: '7d', immutable: true }),
        'public, max-age=604800, immutable',
      );
      assert.equal(await cacheControl({ maxAge: '2y' }), 'public, max-age=31536000');
      assert.equal(await cacheControl({ maxAge: Infinity }), 'public, max-age=31536000');
      assert.equal(await cacheControl({ maxAge: -1 }), 'public, max-age=0');
      assert.equal(await cacheControl({ headers: { 'Cache-Control': 'no-store' } }), 'no-store');
      assert.equal((await get(t, 'text.txt', {}, { maxAge: 'soon' })).text, 'ERR_INVALID_ARG_VALUE');
    });

    describe('precompressed files', () => {
      const served = async (
        t: T,
        name: string,
        accept: string | undefined,
        precompressed: SendFileOptions['precompressed'] = true,
      ) => {
        const { headers, text } = await get(
          t,
          name,
          accept === undefined ? {} : { 'Accept-Encoding': accept },
          { precompressed },
        );
        assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
        assert.equal(headers.vary, 'Accept-Encoding');
        assert.equal(headers['content-length'], String(text.length));
        return [headers['content-encoding'], text];
      };
      test('the best that the client takes', async (t) => {
        assert.deepEqual(await served(t, 'app.js', 'gzip, deflate, br, zstd'), ['br', 'brotli']);
        assert.deepEqual(await served(t, 'app.js', 'gzip, zstd'), ['zstd', 'zstandard']);
        assert.deepEqual(await served(t, 'app.js', 'gzip'), ['gzip', 'gzip']);
        assert.deepEqual(await served(t, 'app.js', 'gzip;q=1, br;q=0.5'), ['gzip', 'gzip']);
        assert.deepEqual(await served(t, 'app.js', 'gzip, br', ['gzip', 'br']), ['gzip', 'gzip']);
        assert.deepEqual(await served(t, 'only.js', 'br, gzip'), ['gzip', 'gzip']);
        assert.deepEqual(await served(t, 'app.js', '*'), ['br', 'brotli']);
      });
      test('the file itself where it takes none', async (t) => {
        for (const accept of [
          undefined,
          '',
          'identity',
          'deflate',
          'br;q=0',
          'identity, br;q=0.5',
          '*;q=0',
        ]) {
          assert.deepEqual(await served(t, 'app.js', accept), [undefined, 'plain'], String(accept));
        }
        assert.deepEqual(await served(t, 'only.js', 'br'), [undefined, 'plain']);
      });
      test('each has a tag of its own', async (t) => {
        const tags = new Set<unknown>();
        for (const accept of ['br', 'gzip', 'zstd', 'identity']) {
          tags.add(
            (await get(t, 'app.js', { 'Accept-Encoding': accept }, { precompressed: true })).headers.etag,
          );
        }
        assert.equal(tags.size, 4);
      });
      test('only where it is asked for', async (t) => {
        const { headers, text } = await get(t, 'app.js', { 'Accept-Encoding': 'br' });
        assert.deepEqual([headers['content-encoding'], headers.vary, text], [undefined, undefined, 'plain']);
        assert.equal((await get(t, 'app.js', {}, { precompressed: ['lzma'] })).text, 'ERR_INVALID_ARG_VALUE');
      });
    });

    test('a file that becomes shorter while it is sent ends the connection', async (t) => {
      const path = join(folder, `shrinks-${basename(kind)}.bin`);
      const whole = 32 * 1024 * 1024;
      closeSync(openSync(path, 'w'));
      await truncate(path, whole);
      const running = await serve(t, kind, (req, res) => sendFile(req, res, path));
      const failure = running.failure();
      const socket = await connect(t, running.port);
      let received = 0;
      socket.write(`${headOf('/')}\r\n`);
      socket.once('data', () => {
        const descriptor = openSync(path, 'r+');
        ftruncateSync(descriptor, 1024);
        closeSync(descriptor);
      });
      socket.on('data', (piece: Buffer) => {
        received += piece.length;
      });
      await new Promise((resolve) => socket.once('close', resolve));
      assert.ok(received < whole);
      assert.match(String(await failure), /The content ended after/);
    });

    test('a client that hangs up has the file closed', { skip: process.platform !== 'linux' }, async (t) => {
      const { readdirSync, readlinkSync } = await import('node:fs');
      const path = join(folder, `watched-${basename(kind)}.bin`);
      closeSync(openSync(path, 'w'));
      await truncate(path, 64 * 1024 * 1024);
      const isOpen = () =>
        readdirSync('/proc/self/fd').some((descriptor) => {
          try {
            return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
          } catch {
            return false;
          }
        });
      const { port, errors } = await serve(t, kind, (req, res) => sendFile(req, res, path));
      const socket = await connect(t, port);
      socket.pause();
      socket.write(`${headOf('/')}\r\n`);
      while (!isOpen()) await turn();
      socket.destroy();
      while (isOpen()) await turn();
      assert.deepEqual(errors, []);
    });

    test('download names the file to be saved', async (t) => {
      const disposition = async (path: string, filename?: string) => {
        const { port } = await serve(t, kind, (req, res) =>
          download(req, res, path, filename, { root: folder }),
        );
        const { status, headers } = await ask(t, port);
        return [status, headers['content-disposition'], headers['content-type']];
      };
      const TYPE = 'text/plain; charset=utf-8';
      assert.deepEqual(await disposition('text.txt'), [200, 'attachment; filename=text.txt', TYPE]);
      assert.deepEqual(await disposition('sub/in.json'), [
        200,
        'attachment; filename=in.json',
        'application/json; charset=utf-8',
      ]);
      assert.deepEqual(await disposition('text.txt', '../a b\r\n.txt'), [
        200,
        'attachment; filename="a b__.txt"',
        TYPE,
      ]);
      assert.deepEqual(await disposition('€ "rates".txt'), [
        200,
        `attachment; filename="? \\"rates\\".txt"; filename*=UTF-8''%E2%82%AC%20%22rates%22.txt`,
        TYPE,
      ]);
      assert.deepEqual((await disposition('missing.txt')).slice(0, 2), [404, undefined]);
    });
  });
}
