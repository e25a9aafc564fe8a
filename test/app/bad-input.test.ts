/**
 * What no client in earnest sends, thrown at a whole application over a socket: each is answered, with a 4xx and a
 * reason where it cannot be read, and the application is none the worse for it. In test/app/*-properties.test.ts the
 * readers have their own.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { application, folder, uploads } from './bad-input-application.js';
import { type Attacked, attack, BadClient, type Serve, serveByNode } from './bad-input-client.js';

const RUNS = { seed: 2026, numRuns: 500, includeErrorInReport: true };

/** Pieces without spaces in them. */
const words = (text: string) => text.split(' ');

/** Texts of these pieces, and now and then of any bytes that do not end a line. */
function texts(pieces: readonly string[], maxLength = 12): fc.Arbitrary<string> {
  const made = fc.array(fc.constantFrom(...pieces), { maxLength }).map((parts) => parts.join(''));
  const wild = fc
    .uint8Array({ maxLength: 24 })
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d)).toString('latin1'));
  return fc.oneof({ weight: 4, arbitrary: made }, { weight: 1, arbitrary: wild });
}

const ESCAPES = [...words('% %2 %zz %2F %2f %5c %00 %25 %c3%a9 %ff %ed%a0%80'), '%0d%0aX-Injected:%201'];
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'a', 'b'];
const PATHS = [...words('/ // /../ /. ; : * { [ @ ~ . - +'), ...ESCAPES, ...NAMES, '\\', 'x'.repeat(99)];
const QUERIES = [...words('= & && + [ ] [] ? # ; é'), ...ESCAPES, ...NAMES, '\t', '\x7f', '\0'];

after(() => {
  for (const one of [folder, uploads]) rmSync(one, { recursive: true, force: true });
});

/** Throws what the arbitrary makes at the application, whose answers are no failures. Some of it is near enough to be taken. */
function thrown(
  name: string,
  arbitrary: fc.Arbitrary<{ head: string; content?: Uint8Array }>,
  make = () => application(),
  serve?: Serve,
): void {
  test(name, async (t) => {
    const attacked: Attacked = await attack(t, make(), serve);
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ head, content }) => {
        const { status } = await attacked.ask(head, content);
        if (status < 400) taken++;
      }),
      RUNS,
    );
    assert.ok(taken > RUNS.numRuns / 50, `only ${taken} were taken`);
  });
}

const get = (target: string, ...lines: string[]) =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const post = (target: string, content: Uint8Array, ...lines: string[]) => ({
  head: get(target, `Content-Length: ${content.length}`, ...lines).replace('GET', 'POST'),
  content,
});

describe('whatever a client sends is answered, and with no 5xx:', () => {
  const paths = fc
    .tuple(
      fc.constantFrom('/', '/u/', '/files/', '/strict/', '/admin/', 'http://a/', 'http://a', 'x://'),
      texts(PATHS),
    )
    .map(([start, rest]) => ({ head: get(`${start}${rest}`) }));
  thrown('a path', paths);
  thrown('a path, to node:http', paths, undefined, serveByNode);

  const queries = fc
    .tuple(fc.constantFrom('/?', '/u/1/2-3?', '/schema?n=', '/files/file.txt?'), texts(QUERIES, 30))
    .map(([start, rest]) => ({ head: get(`${start}${rest}`) }));
  thrown('a query', queries);
  thrown('a query, to node:http', queries, undefined, serveByNode);

  thrown(
    'what is sent back to it: in a cookie, a link, a redirect, the name of a file, and no field of its own making',
    fc
      .tuple(
        fc.constantFrom('/said?s=', '/said?to&s='),
        texts([...ESCAPES, '%22', '%3E', '%3B', '//', 'http:', '.png', 'a'], 12),
      )
      .map(([start, rest]) => ({ head: get(`${start}${rest}`) })),
  );

  thrown(
    'a Cookie',
    texts(
      [...ESCAPES, ...NAMES, '=', '; ', ';', ',', '"', ' ', 'j:', 's:', '{"a":', '\t', 'é', '='.repeat(50)],
      30,
    ).map((value) => ({ head: get('/', `Cookie: ${value}`) })),
  );

  thrown(
    'a field of any name and value',
    fc
      .array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom(
              ...words(
                'Host Origin Referer Referrer X-Requested-With Date Expect Connection TE __proto__ constructor Via',
              ),
            ),
            texts(['a', '-', '_', ' ', ':', '(', '\t', 'é', '\0', '"']),
          ),
          texts([...words('a , ; = " é 100-continue close'), ' ', '\t', '\0', '\x7f', 'x'.repeat(300)]),
        ),
        { maxLength: 4 },
      )
      // An upgrade is another's business, and Expect may have an interim response: neither is a field like another.
      .map((fields) => ({ head: get('/', ...fields.map(([name, value]) => `${name}: ${value}`)) })),
  );

  for (const name of ['Accept', 'Accept-Encoding', 'Accept-Language', 'Accept-Charset']) {
    thrown(
      `an ${name}`,
      fc
        .tuple(
          fc.constantFrom('/', '/format', '/files/file.txt', '/none/%zz'),
          texts(
            [
              ...words(
                'text/html application/json gzip br identity * */* / , ; q= 0 1 0.5 . - " é __proto__ NaN',
              ),
              ' ',
              '9'.repeat(40),
            ],
            20,
          ),
        )
        .map(([target, value]) => ({ head: get(target, `${name}: ${value}`) })),
    );
  }

  thrown(
    'a Range, and conditions on it',
    fc
      .tuple(
        fc.constantFrom('/', '/files/file.txt', '/strict/file.txt', '/tagged'),
        texts(
          [...words('bytes= bytes items= 0 1 499 500 - , é ='), '9'.repeat(30), ' ', '0-0,'.repeat(40)],
          12,
        ),
        fc.option(
          fc.tuple(
            fc.constantFrom(
              ...words('If-Range If-None-Match If-Match If-Modified-Since If-Unmodified-Since'),
            ),
            texts(
              ['"a"', 'W/', '*', ',', '"', ' ', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Thu', '2026', '-1', 'é'],
              8,
            ),
          ),
        ),
      )
      .map(([target, range, condition]) => ({
        head: get(
          target,
          `Range: ${range}`,
          ...(condition === null ? [] : [`${condition[0]}: ${condition[1]}`]),
        ),
      })),
  );

  const hop = texts(
    [
      ...words(
        'for= proto= host= by= 1.2.3.4 [::1] :80 " ; , https javascript unknown _x é __proto__ % < a.b.c.d',
      ),
      '\\',
      ' ',
      '1.2.3.4,'.repeat(60),
    ],
    20,
  );
  thrown(
    'Forwarded, where it is believed',
    hop.map((value) => ({ head: get('/', `Forwarded: ${value}`) })),
    () => application(true, 'forwarded'),
  );
  thrown(
    'X-Forwarded-For, -Proto and -Host, where they are believed',
    fc.tuple(hop, hop, hop).map(([address, proto, host]) => ({
      head: get(
        '/',
        `X-Forwarded-For: ${address}`,
        `X-Forwarded-Proto: ${proto}`,
        `X-Forwarded-Host: ${host}`,
      ),
    })),
    () => application('loopback, 1.2.3.0/24, ::1'),
  );

  const type = fc.oneof(
    fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/json; charset=utf-16',
    ),
    texts([
      ...words(
        'application/ json text/plain multipart/form-data +json / ; charset= utf-8 utf-7 boundary= " = * é __proto__',
      ),
      ' ',
      '\\',
      'x'.repeat(200),
    ]),
  );
  const coding = fc.option(
    texts(['gzip', 'deflate', 'br', 'zstd', 'identity', ',', ' ', 'x-gzip', 'é', ';q=1'], 4),
  );
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    texts(
      [
        ...words('{ } [ ] " : , "name" "__proto__" 1e999 -0 null a= & % %zz __proto__= a'),
        '\\u',
        '\\ud800',
        '[[[['.repeat(300),
      ],
      20,
    ).map((text) => Buffer.from(text)),
    fc.nat(5000).map((length) => gzipSync(Buffer.alloc(length * 10, 0x20))),
    fc
      .constantFrom('{"name":"a"}', '{"name":"a","list":[1]}', 'name=a', '[1]')
      .map((text) => Buffer.from(text)),
  );
  const bodies = fc
    .tuple(fc.constantFrom('/json', '/form', '/text', '/schema', '/'), type, coding, content)
    .map(([target, type, coding, content]) =>
      post(
        target,
        content,
        `Content-Type: ${type}`,
        ...(coding === null ? [] : [`Content-Encoding: ${coding}`]),
      ),
    );
  thrown('content of any type, in any coding', bodies);
  thrown('content of any type, in any coding, to node:http', bodies, undefined, serveByNode);

  const part = fc.array(
    fc.oneof(
      fc.constantFrom(
        '--b\r\n',
        '\r\n--b\r\n',
        '\r\n--b--\r\n',
        '--b--',
        '--b',
        '\r\n',
        '\r\n\r\n',
        '\n',
        '--',
      ),
      fc.constantFrom(
        'Content-Disposition: form-data; name="a"\r\n\r\n',
        'Content-Disposition: form-data; name="f"; filename="../x"\r\nContent-Type: text/plain\r\n\r\n',
        'Content-Disposition: form-data; name="__proto__"\r\n\r\n',
        'Content-Disposition: attachment\r\n\r\n',
        'Content-Disposition: form-data; name=',
        'Content-Transfer-Encoding: base64\r\n',
        'Content-Type: ;\r\n',
        ': x\r\n',
        'x'.repeat(500),
      ),
      fc.constantFrom('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--b--\r\n'),
    ),
    { maxLength: 10 },
  );
  const boundary = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('b', '"b"') },
    { weight: 1, arbitrary: texts(['b', '"', ' ', ';', '=', '-', 'x'.repeat(71), 'é']) },
  );
  thrown(
    'a multipart form, of which no file is left',
    fc
      .tuple(boundary, part)
      .map(([boundary, parts]) =>
        post(
          '/multipart',
          Buffer.from(parts.join('')),
          `Content-Type: multipart/form-data; boundary=${boundary}`,
        ),
      ),
  );
  test('any method, any bytes in place of a request: answered, or ended', async (t) => {
    const { port } = await attack(t, application());
    const known = words('GET HEAD OPTIONS TRACE CONNECT QUERY PRI get GETT __proto__ M-SEARCH PROPFIND');
    const method = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...known) },
      { weight: 1, arbitrary: texts(['G', 'E', 'T', ' ', '\t', '\0', 'é', '-', '"', '(', 'x'.repeat(40)]) },
    );
    const line = fc
      .tuple(
        method,
        fc.oneof(fc.constantFrom('/', '/x', '*'), texts(['/', '*', 'a:80', 'http://', '?', ' ', '%', '#'])),
        fc.constantFrom(
          ' HTTP/1.1',
          ' HTTP/1.1',
          ' HTTP/1.1',
          ' HTTP/1.0',
          ' HTTP/2.0',
          ' HTTP/1',
          '',
          ' ICE/1.0',
        ),
      )
      .map(([method, target, version]) =>
        Buffer.from(`${method} ${target}${version}\r\nHost: a\r\nConnection: close\r\n\r\n`, 'latin1'),
      );
    const bytes = fc.oneof(
      { weight: 3, arbitrary: line },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(bytes, async (request) => {
        const received = await BadClient.all(port, request);
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? 'none';
        seen.add(status);
        // 501 and 505 are the words for a method and a version that nobody here knows (RFC 9110 sections 15.6.2, 15.6.6).
        assert.match(status, /^(?:none|[234]\d\d|501|505)$/, Buffer.from(request).toString('latin1'));
      }),
      { ...RUNS, numRuns: 400 },
    );
    for (const status of ['200', '400', '501']) assert.ok(seen.has(status), [...seen].join());
  });

  test('a client that goes away, in the middle of whatever: nothing of its request is left', async (t) => {
    const { port, ask } = await attack(t, application());
    const parts = ['a', 'f"; filename="x'].map(
      (name) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${'v'.repeat(99)}\r\n`,
    );
    const requests = [
      post(
        '/multipart',
        Buffer.from(`${parts.join('')}--b--\r\n`),
        'Content-Type: multipart/form-data; boundary=b',
      ),
      post('/schema', Buffer.from('{"name":"a"}'), 'Content-Type: application/json'),
      post('/form', Buffer.from('a=b&c=d'), 'Content-Type: application/x-www-form-urlencoded'),
      post('/text', gzipSync('x'.repeat(999)), 'Content-Type: text/plain', 'Content-Encoding: gzip'),
      { head: get('/files/file.txt', 'Accept-Encoding: br'), content: Buffer.alloc(0) },
    ].map(({ head, content }) => Buffer.concat([Buffer.from(head), content]));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...requests),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (bytes, cut) => {
          const socket = connect(port, '127.0.0.1');
          socket.on('error', () => {});
          await once(socket, 'connect');
          await new Promise((resolve) =>
            socket.write(bytes.subarray(0, Math.ceil(bytes.length * cut)), resolve),
          );
          socket.resetAndDestroy();
          await once(socket, 'close');
          // That the application is well, and that nothing was a failure of its.
          await ask(get('/'));
        },
      ),
      { ...RUNS, numRuns: 300 },
    );
    for (let turn = 0; turn < 10_000 && readdirSync(uploads).length > 0; turn++)
      await new Promise(setImmediate);
  });

  test('no upload is on disk', () => assert.deepEqual(readdirSync(uploads), []));
});
