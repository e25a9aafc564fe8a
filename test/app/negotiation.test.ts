import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { setAttachment } from '#src/app/attachment.js';
import { contentTypeOf, contentTypeOfFile, setType } from '#src/app/content-type.js';
import type { RequestLike } from '#src/app/exchange.js';
import {
  accepts,
  acceptsCharsets,
  acceptsEncodings,
  acceptsLanguages,
  format,
  rankEncodings,
} from '#src/app/negotiation.js';
import { encodeUrl, redirect } from '#src/app/redirect.js';
import { appendVary } from '#src/app/vary.js';
import { ask, kinds, serve } from './answering.js';

const asked = (headers: Record<string, string>): RequestLike => ({ headers, httpVersionMajor: 1 });

describe('what the client likes best', () => {
  test('of media types and extensions, as they were given', () => {
    const browser = asked({ accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' });
    assert.equal(accepts(browser, ['json', 'html']), 'html');
    assert.equal(accepts(browser, ['application/json']), 'application/json');
    assert.equal(accepts(asked({ accept: 'application/json' }), ['html', 'json']), 'json');
    assert.equal(accepts(asked({ accept: 'text/*;q=.5, application/json' }), ['html', 'json']), 'json');
    assert.equal(accepts(asked({ accept: 'text/html' }), ['json', 'png']), false);
    assert.equal(accepts(asked({ accept: 'text/html;q=0' }), ['html']), false);
    assert.equal(accepts(asked({}), ['json', 'html']), 'json');
    assert.equal(accepts(asked({}), []), false);
    assert.deepEqual(accepts(asked({ accept: 'a/b;q=0.1, c/d' })), ['c/d', 'a/b']);
    assert.equal(accepts(asked({ accept: '' }), ['json']), false);
  });

  test('of content codings', () => {
    assert.equal(acceptsEncodings(asked({ 'accept-encoding': 'gzip, br;q=0.9' }), ['br', 'gzip']), 'gzip');
    assert.equal(acceptsEncodings(asked({ 'accept-encoding': 'gzip' }), ['br']), false);
    assert.deepEqual(rankEncodings(asked({ 'accept-encoding': 'gzip, br' }), ['br', 'gzip']), [
      'br',
      'gzip',
      'identity',
    ]);
    assert.deepEqual(rankEncodings(asked({ 'accept-encoding': 'br, identity;q=0' }), ['br']), ['br']);
  });

  test('of charsets and languages', () => {
    assert.equal(
      acceptsCharsets(asked({ 'accept-charset': 'utf-8, latin1;q=0.5' }), ['latin1', 'utf-8']),
      'utf-8',
    );
    assert.equal(acceptsLanguages(asked({ 'accept-language': 'de-AT, en;q=0.8' }), ['en', 'de']), 'de');
    assert.equal(acceptsLanguages(asked({ 'accept-language': 'fr' }), ['en']), false);
    assert.deepEqual(acceptsLanguages(asked({ 'accept-language': 'fr, en;q=0.5' })), ['fr', 'en']);
    assert.deepEqual(acceptsCharsets(asked({ 'accept-charset': 'x' })), ['x']);
    assert.deepEqual(acceptsEncodings(asked({ 'accept-encoding': 'x' })), ['x', 'identity']);
  });

  test('whatever the fields say, one of those asked about, or none', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '*',
        '/',
        ';',
        'q=',
        ',',
        '"',
        '\\',
        '0.5',
        'text/html',
        'gzip',
        '=',
        ' ',
        '__proto__',
        '-',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const field = pieces.join('');
        const req = asked({
          accept: field,
          'accept-encoding': field,
          'accept-charset': field,
          'accept-language': field,
        });
        assert.ok([false, 'html', 'json'].includes(accepts(req, ['html', 'json'])));
        assert.ok([false, 'gzip', 'br'].includes(acceptsEncodings(req, ['gzip', 'br'])));
        assert.ok([false, 'utf-8'].includes(acceptsCharsets(req, ['utf-8'])));
        assert.ok([false, 'en', 'de-at'].includes(acceptsLanguages(req, ['en', 'de-at'])));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Content-Type by a name', () => {
  test('extensions, file names, media types', () => {
    for (const [name, type] of [
      ['json', 'application/json; charset=utf-8'],
      ['html', 'text/html; charset=utf-8'],
      ['.png', 'image/png'],
      ['page.html', 'text/html; charset=utf-8'],
      ['text/x', 'text/x'],
      ['unheard-of', 'application/octet-stream'],
      ['__proto__', 'application/octet-stream'],
      ['', 'application/octet-stream'],
    ]) {
      assert.equal(contentTypeOf(name), type, name);
    }
  });

  test('of a file: by its extension, and only that', () => {
    for (const [path, type] of [
      ['/a.b/c.css', 'text/css; charset=utf-8'],
      ['/a.css/c', 'application/octet-stream'],
      ['json', 'application/octet-stream'],
      ['/a/.html', 'application/octet-stream'],
      ['C:\\x\\y.tar.gz', 'application/gzip'],
    ]) {
      assert.equal(contentTypeOfFile(path), type, path);
    }
  });
});

/** Does not stand in a URL of a Location field as it is. */
const MAY_NOT_STAND = /[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7a\x7c\x7e]/;

test('a URL is encoded once, whatever is in it', () => {
  assert.equal(encodeUrl('/a b?c=é&d=%20#<x>'), '/a%20b?c=%C3%A9&d=%20#%3Cx%3E');
  assert.equal(encodeUrl('/50%'), '/50%25');
  assert.equal(encodeUrl('/\r\nSet-Cookie: a=1'), '/%0D%0ASet-Cookie:%20a=1');
  assert.equal(encodeUrl('/\ud800'), '/%EF%BF%BD');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (url) => {
      const encoded = encodeUrl(url);
      assert.doesNotMatch(encoded, MAY_NOT_STAND);
      assert.equal(encodeUrl(encoded), encoded);
    }),
    { numRuns: 2000 },
  );
});

for (const kind of kinds) {
  describe(`fields, on ${kind}`, () => {
    type T = Parameters<typeof serve>[0];
    const answer = async (t: T, handler: Parameters<typeof serve>[2], headers = {}, method = 'GET') =>
      ask(t, (await serve(t, kind, handler)).port, '/', { headers, method });

    test('redirect: 302, with a body as the client likes it', async (t) => {
      const go: Parameters<typeof serve>[2] = (req, res) => redirect(req, res, '/to?<a>=é');
      const text = await answer(t, go);
      assert.deepEqual([text.status, text.headers.location], [302, '/to?%3Ca%3E=%C3%A9']);
      assert.equal(text.text, 'Found. Redirecting to /to?%3Ca%3E=%C3%A9');
      assert.equal(text.headers.vary, 'Accept');
      const html = await answer(t, go, { Accept: 'text/html' });
      assert.match(html.text, /<a href="\/to\?%3Ca%3E=%C3%A9">/);
      assert.equal(html.headers['content-type'], 'text/html; charset=utf-8');
      const none = await answer(t, go, { Accept: 'image/png' });
      assert.deepEqual([none.status, none.text, none.headers['content-type']], [302, '', undefined]);
      assert.equal((await answer(t, go, {}, 'HEAD')).status, 302);
    });

    test('redirect: what a link in HTML could not hold is escaped', async (t) => {
      const { text } = await answer(t, (req, res) => redirect(req, res, `/?a=1&b='"<script>`), {
        Accept: 'text/html',
      });
      assert.match(text, /href="\/\?a=1&amp;b=&#39;%22%3Cscript%3E"/);
    });

    test('redirect: with any 3xx, and nothing else', async (t) => {
      assert.equal((await answer(t, (req, res) => redirect(req, res, '/x', 308))).status, 308);
      for (const status of [200, 404, 299, 400, 301.5, Number.NaN]) {
        const { text } = await answer(t, (req, res) => redirect(req, res, '/x', status));
        assert.equal(text, 'ERR_OUT_OF_RANGE');
      }
    });

    test('format: the form the client likes, or default, or 406', async (t) => {
      const forms =
        (withDefault: boolean): Parameters<typeof serve>[2] =>
        (req, res) =>
          format(req, res, {
            html: () => res.end('<p>'),
            'application/json': () => res.end('{}'),
            ...(withDefault ? { default: () => res.end('else') } : {}),
          });
      const html = await answer(t, forms(false), { Accept: 'text/html' });
      assert.deepEqual(
        [html.text, html.headers['content-type'], html.headers.vary],
        ['<p>', 'text/html; charset=utf-8', 'Accept'],
      );
      const json = await answer(t, forms(false), { Accept: 'application/*' });
      assert.deepEqual([json.text, json.headers['content-type']], ['{}', 'application/json']);
      assert.equal((await answer(t, forms(false))).text, '<p>');
      assert.equal((await answer(t, forms(true), { Accept: 'image/png' })).text, 'else');
      const none = await answer(t, forms(false), { Accept: 'image/png' });
      assert.deepEqual([none.status, none.text, none.headers.vary], [406, 'ERR_NOT_ACCEPTABLE', 'Accept']);
    });

    test('vary: each name once, and * alone', async (t) => {
      const vary = async (...names: (string | string[])[]) =>
        (
          await answer(t, (_, res) => {
            for (const name of names) appendVary(res, name);
            res.end('ok');
          })
        ).headers.vary;
      assert.equal(await vary('Accept'), 'Accept');
      assert.equal(
        await vary('Accept', 'Origin, accept', ['Accept-Encoding']),
        'Accept, Origin, Accept-Encoding',
      );
      assert.equal(await vary('Accept', '*'), '*');
      assert.equal(await vary('*', 'Accept'), '*');
      const refused = await answer(t, (_, res) => appendVary(res, 'a\r\nb'));
      assert.deepEqual([refused.status, refused.text], [500, 'ERR_INVALID_HTTP_TOKEN']);
    });

    test('type and attachment', async (t) => {
      const { headers } = await answer(t, (_, res) => {
        setType(res, 'json');
        setAttachment(res, 'a/b/plan ü.pdf');
        res.end('ok');
      });
      assert.equal(headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(
        headers['content-disposition'],
        `attachment; filename="plan ?.pdf"; filename*=UTF-8''plan%20%C3%BC.pdf`,
      );
      const bare = await answer(t, (_, res) => {
        setAttachment(res);
        res.end('ok');
      });
      assert.equal(bare.headers['content-disposition'], 'attachment');
    });
  });
}

test('any name of a file makes one Content-Disposition field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      let value = '';
      setAttachment(
        { hasHeader: () => true, setHeader: (_: string, text: string) => (value = text) } as never,
        name,
      );
      assert.match(value, /^attachment(?:; [\x20-\x7e]+)?$/);
    }),
    { numRuns: 2000 },
  );
});
