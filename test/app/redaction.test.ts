import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Redaction } from '#src/app/redaction.js';

const redaction = new Redaction();

describe('a URL that is to be logged', () => {
  const cases: [name: string, url: string, shown: string][] = [
    ['stays as it is without secrets', '/a/b?c=d&e=%2F&f', '/a/b?c=d&e=%2F&f'],
    [
      'loses the values of secret parameters',
      '/?a=1&access_token=x&b=2',
      '/?a=1&access_token=[redacted]&b=2',
    ],
    [
      'knows them in any case and escape',
      '/?PassWord=x&api%5Fkey=x',
      '/?PassWord=[redacted]&api%5Fkey=[redacted]',
    ],
    ['loses a value with = in it', '/?token=a=b==&c=d', '/?token=[redacted]&c=d'],
    ['knows ; as a separator', '/?a=1;token=x;b=2', '/?a=1;token=[redacted];b=2'],
    ['knows parameters of paths', '/a;jsessionid=x/b?c=d', '/a;jsessionid=[redacted]?c=d'],
    ['takes a ? in a value for a part of it', '/?token=a?b;c?d&e=f?g', '/?token=[redacted];c?d&e=f?g'],
    ['knows those of fragments', 'https://a/cb#access_token=x', 'https://a/cb#access_token=[redacted]'],
    ['looks behind a second ?', '/?next=/login?token=x', '/?next=/login?token=[redacted]'],
    ['looks into a URL within', '/?next=%2Flogin%3Ftoken%3Dx&a=1', '/?next=[redacted]&a=1'],
    ['leaves a harmless URL within', '/?next=%2Flogin%3Fa%3Dx', '/?next=%2Flogin%3Fa%3Dx'],
    ['loses userinfo', 'http://me:secret@a/x', 'http://[redacted]@a/x'],
    ['loses userinfo with an @ in it', 'http://me@b:sec@ret@a/x@y', 'http://[redacted]@a/x@y'],
    ['has no userinfo in a path', '/x@y?z=http://a@b', '/x@y?z=http://a@b'],
    ['is shown with malformed escapes', '/?%zz=1&%zztoken=2', '/?%zz=1&%zztoken=[redacted]'],
    ['is no path', '*', '*'],
  ];
  for (const [name, url, shown] of cases) {
    test(name, () => assert.equal(redaction.url(url), shown));
  }

  test('knows parameters that are named to it, and shows those that are revealed', () => {
    const own = new Redaction(['Ticket'], ['state', 'X-Key', 'cookie']);
    assert.equal(own.url('/?ticket=1&state=ca&code=2'), '/?ticket=[redacted]&state=ca&code=[redacted]');
    assert.deepEqual(
      { ...own.headers({ Cookie: 'a=b', ticket: '1' }) },
      { Cookie: 'a=b', ticket: '[redacted]' },
    );
  });

  test('never shows the value of a secret parameter, wherever it stands', () => {
    const text = fc.string({ maxLength: 12 }).map((it) => it.replaceAll('hunter2', ''));
    const mark = fc.constantFrom('?', '&', ';', '#');
    const name = fc.constantFrom('token', 'PASSWORD', 'x-api-key', 'sig', 'client_secret', 'sessionId');
    fc.assert(
      fc.property(text, mark, name, text, (before, first, secret, behind) => {
        const shown = redaction.url(`/${before}${first}${secret}=hunter2&${behind}`);
        assert.ok(!shown.includes('hunter2'), shown);
        const within = redaction.url(`/?u=${encodeURIComponent(`/${before}${first}${secret}=hunter2`)}`);
        assert.ok(!within.includes('hunter2'), within);
      }),
      { numRuns: 500 },
    );
  });

  test('costs no more than its length, whatever it holds', () => {
    // 16 KiB is the longest that a request-target can be; nested escapes are looked into once.
    for (const piece of ['%25', '?a=', 'token', '=', ';', 'http://a@', '%3Fa%3D']) {
      const url = `/?u=${piece.repeat(Math.ceil(16_384 / piece.length))}`;
      assert.equal(typeof redaction.url(url), 'string');
    }
  });
});

describe('header fields that are to be logged', () => {
  test('lose the values of those that hold credentials', () => {
    const secret = [
      'Authorization',
      'proxy-authorization',
      'cookie',
      'set-cookie',
      'x-api-key',
      'x-auth-token',
      'x-csrf-token',
      'x-amz-security-token',
      'x-goog-api-key',
      'x-functions-key',
      'ocp-apim-subscription-key',
      'x-hub-signature-256',
      'x-session-id',
      'x-forwarded-client-secret',
    ];
    const shown = redaction.headers(Object.fromEntries(secret.map((name) => [name, 'hunter2'])));
    assert.deepEqual(Object.keys(shown), secret);
    for (const name of secret) assert.equal(shown[name], '[redacted]', name);
  });

  test('keep all others', () => {
    const harmless = {
      accept: '*/*',
      host: 'a',
      'sec-websocket-key': 'x',
      'idempotency-key': 'x',
      'www-authenticate': 'Basic',
      'x-request-id': 'x',
      'content-length': 3,
    };
    assert.deepEqual({ ...redaction.headers(harmless) }, harmless);
  });

  test('that hold URLs are shown as URLs are', () => {
    assert.deepEqual(
      { ...redaction.headers({ referer: 'http://a/?token=x&b=c', location: '/cb?code=x' }) },
      { referer: 'http://a/?token=[redacted]&b=c', location: '/cb?code=[redacted]' },
    );
  });

  test('cannot reach a prototype', () => {
    const shown = redaction.headers(JSON.parse('{"__proto__":"x"}') as Record<string, unknown>);
    assert.deepEqual(Object.keys(shown), ['__proto__']);
    assert.equal(Object.getPrototypeOf(shown), null);
  });
});
