import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { RequestLike } from '#src/app/exchange.js';
import { type StaticOptions, staticFiles } from '#src/app/files.js';
import { ask, connect, kinds, serve } from './answering.js';

let outside: string;
let folder: string;

before(async () => {
  outside = await mkdtemp(join(tmpdir(), 'barewire-static-'));
  folder = join(outside, 'public');
  for (const path of ['', 'sub', 'empty', '.git', 'a b']) await mkdir(join(folder, path));
  const files: [name: string, content: string][] = [
    ['../secret.txt', 'secret'],
    ['index.html', 'home'],
    ['sub/index.html', 'sub home'],
    ['sub/style.css', 'a{}'],
    ['about.html', 'about'],
    ['.git/config', 'hidden'],
    ['a b/ü.txt', 'umlaut'],
    ['100%.txt', 'percent'],
    ['secret.txt', 'public one'],
  ];
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  await symlink(join(outside, 'secret.txt'), join(folder, 'link.txt'));
});
after(() => rm(outside, { recursive: true, force: true }));

for (const kind of kinds) {
  describe(`staticFiles, on ${kind}`, () => {
    type T = Parameters<typeof serve>[0];

    /** What comes next says so; a mount path is cut off as an application does. */
    const start = async (t: T, options: StaticOptions = {}, mount = '') => {
      const middleware = staticFiles(folder, options);
      const { port } = await serve(t, kind, (req, res) => {
        const url = String(req.url);
        Object.assign(req, { originalUrl: url, url: mount === '' ? url : url.slice(mount.length) || '/' });
        return middleware(req, res, () => {
          res.statusCode = 404;
          res.end('next');
        });
      });
      return (path: string, headers: Record<string, string> = {}, method = 'GET') =>
        ask(t, port, path, { headers, method });
    };

    test('files, folders by their index, names with escapes', async (t) => {
      const get = await start(t);
      assert.equal((await get('/')).text, 'home');
      assert.equal((await get('/sub/')).text, 'sub home');
      assert.equal((await get('/sub/style.css?v=1')).headers['content-type'], 'text/css; charset=utf-8');
      assert.equal((await get('/sub//style.css')).text, 'a{}');
      assert.equal((await get('/./sub/./style.css')).text, 'a{}');
      assert.equal((await get('/a%20b/%C3%BC.txt')).text, 'umlaut');
      assert.equal((await get('/100%25.txt')).text, 'percent');
      assert.equal((await get('/link.txt')).text, 'secret', "a link in the folder is its owner's");
      assert.equal((await get('/sub/style.css', {}, 'HEAD')).headers['content-length'], '3');
      assert.equal((await get('http://localhost/sub/style.css')).text, 'a{}');
    });

    test('escapes are decoded once', async (t) => {
      assert.equal((await (await start(t))('/100%2525.txt')).text, 'next');
    });

    test('what is not there, and other methods, go on to what comes next', async (t) => {
      const get = await start(t);
      for (const path of [
        '/missing',
        '/empty/',
        '/about.html/',
        '/about',
        '/.git/config',
        '/%zz',
        '/sub/..%2f',
        '*',
      ]) {
        assert.equal((await get(path)).text, 'next', path);
      }
      assert.equal((await get('/', {}, 'DELETE')).text, 'next');
    });

    test('once there is a file, its errors are errors', async (t) => {
      const get = await start(t);
      assert.equal((await get('/about.html', { 'If-Match': '"x"' })).status, 412);
      assert.equal((await get('/about.html', { Range: 'bytes=99-' })).status, 416);
    });

    const refusals: [path: string, status: number, code: string][] = [
      ['/missing', 404, 'ERR_FILE_NOT_FOUND'],
      ['/.git/config', 404, 'ERR_FILE_NOT_FOUND'],
      ['/%2egit/config', 404, 'ERR_FILE_NOT_FOUND'],
      ['/empty/', 404, 'ERR_FILE_NOT_FOUND'],
      ['/about.html/', 404, 'ERR_FILE_NOT_FOUND'],
      ['/../secret.txt', 403, 'ERR_FILE_FORBIDDEN'],
      ['/%2e%2e/secret.txt', 403, 'ERR_FILE_FORBIDDEN'],
      ['/sub/../../secret.txt', 403, 'ERR_FILE_FORBIDDEN'],
      ['/..', 403, 'ERR_FILE_FORBIDDEN'],
      ['/..%2fsecret.txt', 400, 'ERR_INVALID_FILE_PATH'],
      ['/sub%2fstyle.css', 400, 'ERR_INVALID_FILE_PATH'],
      ['/..%5csecret.txt', 400, 'ERR_INVALID_FILE_PATH'],
      ['/..\\secret.txt', 400, 'ERR_INVALID_FILE_PATH'],
      ['/about.html%00.png', 400, 'ERR_INVALID_FILE_PATH'],
      ['/%', 400, 'ERR_INVALID_FILE_PATH'],
      ['/%zz', 400, 'ERR_INVALID_FILE_PATH'],
      ['/%c3%28', 400, 'ERR_INVALID_FILE_PATH'],
      ['/%c0%ae%c0%ae/secret.txt', 400, 'ERR_INVALID_FILE_PATH'],
    ];
    test('without fallthrough each refusal says why', async (t) => {
      const get = await start(t, { fallthrough: false });
      for (const [path, status, code] of refusals) {
        const answer = await get(path);
        assert.deepEqual([answer.status, answer.text], [status, code], path);
      }
      const posted = await get('/about.html', { 'Content-Length': '0' }, 'POST');
      assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD']);
      const denied = await (await start(t, { fallthrough: false, dotfiles: 'deny' }))('/.git/config');
      assert.equal(denied.status, 403);
      assert.equal((await (await start(t, { dotfiles: 'allow' }))('/.git/config')).text, 'hidden');
    });

    test('a folder without its slash is redirected, on this host', async (t) => {
      const get = await start(t, { setHeaders: () => assert.fail('no file') });
      for (const [path, location] of [
        ['/sub', '/sub/'],
        ['/sub?a=/b', '/sub/?a=/b'],
        ['/a%20b', '/a%20b/'],
        ['//sub', '/sub/'],
        ['///sub?x', '/sub/?x'],
        ['http://evil.example/sub', '/sub/'],
      ]) {
        const answer = await get(path);
        assert.deepEqual([answer.status, answer.headers.location], [301, location], path);
      }
      assert.equal((await (await start(t, { redirect: false }))('/sub')).text, 'next');
    });

    test('below a mount path', async (t) => {
      const get = await start(t, {}, '/assets');
      assert.equal((await get('/assets/sub/style.css')).text, 'a{}');
      assert.equal((await get('/assets/')).text, 'home');
      const bare = await get('/assets');
      assert.deepEqual([bare.status, bare.headers.location], [301, '/assets/']);
      assert.equal((await get('/assets/sub')).headers.location, '/assets/sub/');
    });

    test('index, extensions, setHeaders', async (t) => {
      assert.equal((await (await start(t, { index: false }))('/')).text, 'next');
      assert.equal((await (await start(t, { index: ['none.html', 'style.css'] }))('/sub/')).text, 'a{}');
      assert.equal((await (await start(t, { extensions: ['htm', 'html'] }))('/about')).text, 'about');
      const paths: string[] = [];
      const get = await start(t, {
        setHeaders(res, path, stats) {
          paths.push(path);
          res.setHeader('X-Size', stats.size);
          res.setHeader('Cache-Control', 'no-store');
        },
      });
      const { headers } = await get('/about.html');
      assert.deepEqual([headers['x-size'], headers['cache-control']], ['5', 'no-store']);
      assert.deepEqual(paths, [join(folder, 'about.html')]);
    });

    test('options are checked when the middleware is made', () => {
      assert.throws(() => staticFiles(''), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => staticFiles('x', { dotfiles: 'some' as 'deny' }), {
        code: 'ERR_INVALID_ARG_VALUE',
      });
      assert.throws(() => staticFiles('x', { maxAge: 'soon' }), { code: 'ERR_INVALID_ARG_VALUE' });
      assert.throws(() => staticFiles('x', { precompressed: ['x'] }), { code: 'ERR_INVALID_ARG_VALUE' });
    });

    test('whatever the path, nothing outside the folder is read, and nothing fails but with 4xx', async (t) => {
      const piece = fc.oneof(
        fc.constantFrom(
          '..',
          '.',
          '',
          '/',
          '\\',
          '%2e',
          '%2E',
          '%2f',
          '%5c',
          '%00',
          '%',
          '%c0%ae',
          'sub',
          'secret.txt',
          '...',
          '%252e',
          '.git',
          ':',
          '~',
          '?',
          '#',
          '%0d%0a',
        ),
        fc.string({ maxLength: 6 }),
        fc.string({ unit: 'binary', maxLength: 3 }).map((text) => encodeURI(Buffer.from(text).toString())),
      );
      const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('/')}`);
      const middleware = staticFiles(folder, { fallthrough: false });
      const { port } = await serve(t, kind, (req, res) => {
        (req as RequestLike & { url: string }).url = Buffer.from(
          String(req.headers['x-path']),
          'base64',
        ).toString();
        return middleware(req, res, () => assert.fail('next'));
      });
      const socket = await connect(t, port);
      const answers = keepAlive(socket);
      await fc.assert(
        fc.asyncProperty(path, async (url) => {
          const encoded = Buffer.from(url).toString('base64');
          const { status, text } = await answers(`GET / HTTP/1.1\r\nHost: x\r\nX-Path: ${encoded}\r\n\r\n`);
          assert.ok(status < 500 && (status < 300 || status === 301 || status >= 400), `${status} ${text}`);
          if (status === 200) assert.notEqual(text, 'secret');
        }),
        { numRuns: 500 },
      );
    });

    test('whatever Range and conditions say, the answer is a part of the file or 4xx', async (t) => {
      const number = fc.oneof(fc.nat(8), fc.constantFrom('', '-', ' ', '99999999999999999999', 'x', '٣'));
      const spec = fc
        .tuple(number, fc.constantFrom('-', '--', '', ' - '), number)
        .map((parts) => parts.join(''));
      const range = fc
        .tuple(fc.constantFrom('bytes=', 'bytes', 'BYTES =', 'x='), fc.array(spec, { maxLength: 5 }))
        .map(([unit, specs]) => unit + specs.join(','));
      const condition = fc.oneof(
        fc.constantFrom(
          '*',
          '"x"',
          'W/"x"',
          '',
          ',',
          new Date().toUTCString(),
          'Thu, 99 Foo 2020 00:00:00 GMT',
        ),
        fc.string({ maxLength: 20 }),
      );
      const names = fc.subarray([
        'if-match',
        'if-none-match',
        'if-modified-since',
        'if-unmodified-since',
        'if-range',
      ]);
      const middleware = staticFiles(folder);
      const { port } = await serve(t, kind, (req, res) => {
        Object.assign(
          req.headers,
          JSON.parse(Buffer.from(String(req.headers['x-fields']), 'base64').toString()),
        );
        return middleware(req, res, () => assert.fail('next'));
      });
      const answers = keepAlive(await connect(t, port));
      await fc.assert(
        fc.asyncProperty(range, names, condition, async (rangeValue, conditional, value) => {
          const fields = Object.fromEntries(conditional.map((name) => [name, value]));
          const encoded = Buffer.from(JSON.stringify({ ...fields, range: rangeValue })).toString('base64');
          const { status, text } = await answers(
            `GET /about.html HTTP/1.1\r\nHost: x\r\nX-Fields: ${encoded}\r\n\r\n`,
          );
          assert.ok([200, 206, 304, 412, 416].includes(status), `${status}`);
          if (status === 200) assert.equal(text, 'about');
          if (status === 206) assert.ok(text.length > 0 && 'about'.includes(text));
        }),
        { numRuns: 500 },
      );
    });
  });
}

/** Exchanges one after the other on one connection: that they stay in step shows that each ends where it says. */
function keepAlive(socket: Awaited<ReturnType<typeof connect>>) {
  let received = '';
  let wake = () => {};
  socket.on('data', (piece: Buffer) => {
    received += piece.toString('latin1');
    wake();
  });
  socket.on('close', () => wake());
  return async (request: string): Promise<{ status: number; text: string }> => {
    socket.write(request);
    for (;;) {
      const end = received.indexOf('\r\n\r\n');
      const status = Number(received.slice(9, 12));
      const length = status === 304 ? 0 : Number(/\r\nContent-Length: (\d+)/i.exec(received)?.[1]);
      if (end !== -1 && received.length >= end + 4 + length) {
        const text = received.slice(end + 4, end + 4 + length);
        received = received.slice(end + 4 + length);
        return { status, text };
      }
      assert.ok(!socket.destroyed, 'the connection is kept');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}
