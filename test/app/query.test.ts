import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from 'barewire';
import fc from 'fast-check';
import { parseQuery } from '#src/app/query.js';

describe('a query', () => {
  test('has names and values decoded once, lists for repeated names, and no prototype', () => {
    const query = parseQuery('a=1&b=%2520&c&a=2&=d&&e=x=y&f+g=%C3%A9&a=&h[i]=j');
    assert.equal(Object.getPrototypeOf(query), null);
    assert.deepEqual(
      { ...query },
      { a: ['1', '2', ''], b: '%20', c: '', '': 'd', e: 'x=y', 'f g': 'é', 'h[i]': 'j' },
    );
    for (const name of ['toString', 'constructor', 'hasOwnProperty']) assert.equal(query[name], undefined);
    assert.deepEqual({ ...parseQuery('constructor=1&toString=2') }, { constructor: '1', toString: '2' });
  });

  test('with as many parameters as the limit is read, and with one more is 414', async () => {
    const app = createApp();
    app.get('/', (req) => Object.keys(req.query).length);
    const parameters = Array.from({ length: 1001 }, (_, i) => `p${i}`);
    assert.equal((await app.inject(`/?${parameters.slice(1).join('&')}&&&`)).text, '1000');
    const { status, json } = await app.inject(`/?${parameters.join('&')}`);
    assert.equal(status, 414);
    assert.equal((json() as { code: string }).code, 'ERR_TOO_MANY_QUERY_PARAMETERS');
    // Repeated names are parameters as well.
    assert.equal((await app.inject(`/?${'a&'.repeat(1001)}`)).status, 414);
  });

  test('with the name __proto__ is refused however it is escaped', () => {
    for (const query of ['__proto__=1', 'a&%5f_proto__', '__proto__[x]=1&__proto__=2']) {
      assert.throws(() => parseQuery(query), { code: 'ERR_FORBIDDEN_KEY', status: 400 }, query);
    }
  });

  test('that is malformed is refused with the parameter that is', () => {
    for (const [query, parameter] of [
      ['%', 1],
      ['a=1&&b=%4', 2],
      ['a=%ff', 1],
      ['a&b&%c3=1', 3],
    ] as const) {
      const message = new RegExp(`in parameter ${parameter}$`);
      assert.throws(() => parseQuery(query), { code: 'ERR_MALFORMED_QUERY', status: 400, message }, query);
    }
  });

  test('of any text is what URLSearchParams reads, or refused', () => {
    const piece = fc.constantFrom(
      '&',
      '=',
      '%',
      '%4',
      '%26',
      '%3D',
      '%c3%a9',
      '%ff',
      '+',
      'a',
      '[b]',
      '?',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 14 }).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          let query: ReturnType<typeof parseQuery>;
          try {
            query = parseQuery(text);
          } catch (error) {
            assert.equal((error as { status: number }).status, 400);
            if (!new URLSearchParams(text).has('__proto__')) {
              assert.throws(() => text.split(/[&=]/).map(decodeURIComponent), URIError);
            }
            return;
          }
          const params = new URLSearchParams(`&${text}`);
          assert.deepEqual(
            Object.entries(query).map(([name, value]) => [name, [value].flat()]),
            Object.entries(Object.fromEntries([...params.keys()].map((name) => [name, params.getAll(name)]))),
          );
        },
      ),
      { numRuns: 4000 },
    );
  });
});
