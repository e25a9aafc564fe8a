import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CookieOptions, clearCookie, readCookies, setCookie, unsign } from '#src/app/cookies.js';
import type { RequestLike } from '#src/app/exchange.js';
import { ask, kinds, serve } from './answering.js';

const asked = (cookie?: string): RequestLike => ({ headers: { cookie }, httpVersionMajor: 1 });

for (const kind of kinds) {
  describe(`cookies, on ${kind}`, () => {
    const lines = async (
      t: Parameters<typeof serve>[0],
      name: string,
      value: unknown,
      options?: CookieOptions,
    ) => {
      const { port } = await serve(t, kind, (_, res) => {
        setCookie(res, name, value, options);
        res.end();
      });
      const { status, headers, text } = await ask(t, port);
      return status === 200 ? headers['set-cookie'] : text;
    };

    test('the path is the root if it is not said', async (t) => {
      assert.equal(await lines(t, 'a', 'b'), 'a=b; Path=/');
      assert.equal(await lines(t, 'a', 'b', { path: '/x' }), 'a=b; Path=/x');
    });

    test('all attributes', async (t) => {
      assert.equal(
        await lines(t, 'a', 'b', {
          domain: 'example.com',
          httpOnly: true,
          secure: true,
          sameSite: 'lax',
          partitioned: true,
          priority: 'high',
          expires: new Date(0),
        }),
        'a=b; Domain=example.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=Lax',
      );
    });

    test('maxAge is in milliseconds, and tells Expires too', async (t) => {
      assert.match(
        String(await lines(t, 'a', 'b', { maxAge: 90_500 })),
        /^a=b; Max-Age=90; Path=\/; Expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/,
      );
      assert.equal(await lines(t, 'a', 'b', { maxAge: Number.NaN }), 'ERR_INVALID_ARG_VALUE');
    });

    test('a value is encoded, what is no string is JSON', async (t) => {
      assert.equal(
        await lines(t, 'a', 'x; Path=/evil\r\nSet-Cookie: b=1'),
        'a=x%3B%20Path%3D%2Fevil%0D%0ASet-Cookie%3A%20b%3D1; Path=/',
      );
      assert.equal(await lines(t, 'a', { b: 1 }), `a=${encodeURIComponent('j:{"b":1}')}; Path=/`);
    });

    test('a name, domain or path that would be another attribute is refused', async (t) => {
      for (const [name, options] of [
        ['a;b', {}],
        ['a=b', {}],
        ['', {}],
        ['a', { path: '/; Secure' }],
        ['a', { domain: 'a.com; x' }],
      ] as [string, CookieOptions][]) {
        assert.match(String(await lines(t, name, 'x', options)), /invalid/);
      }
    });

    test('each is a line of its own, beside what is set', async (t) => {
      const { port } = await serve(t, kind, (_, res) => {
        res.setHeader('Set-Cookie', 'first=1');
        setCookie(res, 'a', 'b');
        clearCookie(res, 'old', { path: '/x', maxAge: 99, httpOnly: true });
        res.end();
      });
      assert.deepEqual((await ask(t, port)).headers['set-cookie'], [
        'first=1',
        'a=b; Path=/',
        'old=; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly',
      ]);
    });

    test('a signed one is read with any of the secrets, and with no other', async (t) => {
      const line = String(await lines(t, 'a', 'b.c', { secret: ['new', 'old'] }));
      const { a = '' } = readCookies(asked(line.split(';')[0]));
      assert.equal(unsign(a, 'new'), 'b.c');
      assert.equal(unsign(a, ['newer', 'new']), 'b.c');
      for (const [value, secret] of [
        [a, 'old'],
        [a.replace('b.c', 'b.d'), 'new'],
        [a.slice(0, -1), 'new'],
        [`${a}x`, 'new'],
        ['b.c', 'new'],
        ['s:', 'new'],
        ['s:.', 'new'],
        ['', 'new'],
      ]) {
        assert.equal(unsign(value, secret), undefined, value);
      }
      assert.equal(await lines(t, 'a', 'b', { secret: [] }), 'ERR_INVALID_ARG_VALUE');
    });
  });
}

test('cookies are read: decoded, the first of a name, malformed escapes as they are', () => {
  const read = readCookies(asked('a=1; b=%C3%A9; a=2; c=%zz; d="q"; e=; f; __proto__=x; constructor=y'));
  assert.deepEqual(
    { ...read },
    { a: '1', b: 'é', c: '%zz', d: '"q"', e: '', ['__proto__']: 'x', constructor: 'y' },
  );
  assert.ok(!('toString' in read) && !('toString' in readCookies(asked())), 'nothing is inherited');
});

test('a signature is that of cookie-parser', () => {
  // HMAC-SHA256 of 'tobi' with 'keyboard cat', in base64 without padding.
  const mac = createHmac('sha256', 'keyboard cat').update('tobi').digest('base64').replace(/=+$/, '');
  assert.equal(unsign(`s:tobi.${mac}`, 'keyboard cat'), 'tobi');
});

test('whatever the field says, it is read', () => {
  const piece = fc.oneof(
    fc.constantFrom('=', ';', ' ', ',', '"', '%', '__proto__', 'a'),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const read = readCookies(asked(pieces.join('')));
      for (const value of Object.values(read)) {
        assert.equal(typeof value, 'string');
        unsign(String(value), 'secret');
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is set is what is read', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[\w!#$&'*+.^`|~-]{1,20}$/),
      fc.string({ unit: 'grapheme' }),
      (name, value) => {
        let line = '';
        const res = {
          getHeader: () => undefined,
          setHeader: (_: string, lines: string[]) => (line = lines[0]),
        };
        setCookie(res as never, name, value);
        assert.equal(readCookies(asked(line.split(';')[0]))[name], value);
      },
    ),
    { numRuns: 500 },
  );
});
