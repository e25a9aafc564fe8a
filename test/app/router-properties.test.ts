/**
 * The router against a matcher that is as simple as can be: it holds a path against every route, segment by segment,
 * and of those that match takes the one whose first segments say the most.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Router } from '#src/app/router.js';

/** `text <> text <> text`: a segment of text, or text around parameters. */
interface Segment {
  readonly texts: readonly string[];
}

interface RandomRoute {
  readonly method: string;
  readonly segments: readonly Segment[];
  readonly wildcard: boolean;
}

interface Options {
  readonly caseSensitive: boolean;
  readonly strict: boolean;
}

// Few and alike, so that routes meet.
const text = fc.array(fc.constantFrom('a', 'b', 'A', '-', '.', '/', '%', 'é'), {
  minLength: 1,
  maxLength: 2,
});
const segment: fc.Arbitrary<Segment> = fc.oneof(
  { weight: 3, arbitrary: text.map((chars) => ({ texts: [chars.join('')] })) },
  { weight: 2, arbitrary: fc.constant({ texts: ['', ''] }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.option(text), fc.array(text, { maxLength: 2 }), fc.option(text))
      .map(([before, between, behind]) => ({
        texts: [before ?? [], ...between, behind ?? []].map((chars) => chars.join('')),
      })),
  },
);
const route: fc.Arbitrary<RandomRoute> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', '*'),
  segments: fc.array(segment, { maxLength: 4 }),
  wildcard: fc.boolean(),
});
const options = fc.record({ caseSensitive: fc.boolean(), strict: fc.boolean() });

/** The route as its pattern; parameters are `p0`, `p1` and so on. */
function patternOf({ segments, wildcard }: RandomRoute): string {
  let count = 0;
  const parts = segments.map(({ texts }) =>
    texts
      .map((part) => encodeURIComponent(part).replaceAll("'", '%27'))
      .reduce((all, part) => `${all}:"p${count++}"${part}`),
  );
  if (wildcard) parts.push(`*"p${count}"`);
  return `/${parts.join('/')}`;
}

interface Candidate {
  readonly route: RandomRoute;
  readonly params: Record<string, string>;
  /** What each segment says, to be compared one after the other. */
  readonly ranks: readonly (readonly (number | string)[])[];
  readonly methodRank: number;
}

function fold(value: string, { caseSensitive }: Options): string {
  return caseSensitive ? value : value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function quoted(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function candidate(route: RandomRoute, method: string, path: string, opts: Options): Candidate | undefined {
  const methodRank = [method, method === 'HEAD' ? 'GET' : method, '*'].indexOf(route.method);
  if (methodRank === -1) return undefined;
  const whole = path.slice(1).split('/');
  const lean = !opts.strict && path.endsWith('/') ? whole.slice(0, -1) : whole;
  const given = route.wildcard ? whole : lean;
  const wanted = route.segments;
  // Of "/" nothing is left but, in strict routers, one empty segment.
  const wantedCount = wanted.length === 0 && !route.wildcard && opts.strict ? 1 : wanted.length;
  if (route.wildcard ? given.length <= wantedCount : given.length !== wantedCount) return undefined;
  const values: string[] = [];
  const ranks: (number | string)[][] = [];
  for (const [i, { texts }] of wanted.entries()) {
    const source = texts.map((part) => quoted(fold(part, opts))).join('([^]+)');
    const decoded = decodeURIComponent(given[i]);
    const match = new RegExp(`^${source}$`, 'd').exec(fold(decoded, opts));
    if (match === null || !match.indices) return undefined;
    for (const [start, end] of match.indices.slice(1) as [number, number][])
      values.push(decoded.slice(start, end));
    // In the spelling that the router compares in, "/" and "%" of a segment have three characters.
    const spelled = texts.map((part) => fold(part, opts).replace(/[/%]/g, encodeURIComponent));
    const behind = spelled.slice(1);
    ranks.push(
      texts.length === 1
        ? [0]
        : [1, -spelled[0].length, -behind.join('').length, -behind.length, fold(behind.join('/'), opts)],
    );
  }
  if (wantedCount > wanted.length && given[0] !== '') return undefined;
  if (route.wildcard) {
    const rest = given.slice(wanted.length);
    if (rest.join('/') === '') return undefined;
    values.push(rest.map(decodeURIComponent).join('/'));
    ranks.push([2]);
  }
  const params = Object.fromEntries(values.map((value, i) => [`p${i}`, value]));
  return { route, params, ranks, methodRank };
}

function compare(a: Candidate, b: Candidate): number {
  for (let i = 0; i < Math.min(a.ranks.length, b.ranks.length); i++) {
    for (let j = 0; j < Math.min(a.ranks[i].length, b.ranks[i].length); j++) {
      if (a.ranks[i][j] !== b.ranks[i][j]) return a.ranks[i][j] < b.ranks[i][j] ? -1 : 1;
    }
  }
  return a.methodRank - b.methodRank;
}

/** A path that has a chance: the texts of a route with something for its parameters. */
const pathPart = fc.oneof(
  { weight: 4, arbitrary: text.map((chars) => chars.join('')) },
  { weight: 1, arbitrary: fc.constantFrom('', 'a-b', 'a--b.', '..', 'a.b-a') },
);
const path = fc
  .tuple(fc.array(pathPart, { maxLength: 5 }), fc.boolean(), fc.boolean())
  .map(([parts, slash, everything]) => {
    const encoded = parts.map((part) =>
      everything
        ? Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        : encodeURIComponent(part),
    );
    return `/${encoded.join('/')}${slash ? '/' : ''}`;
  });

test('the router finds what the rules say', () => {
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(route, { minLength: 1, maxLength: 14 }),
      fc.array(fc.tuple(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'), path), {
        minLength: 1,
        maxLength: 12,
      }),
      options,
      (routes, requests, opts) => {
        const router = new Router<RandomRoute>(opts);
        const added: RandomRoute[] = [];
        for (const one of routes) {
          try {
            router.add(one.method, patternOf(one), one);
            added.push(one);
          } catch (error) {
            const { code } = error as { code?: string };
            assert.equal(code, 'ERR_ROUTE_CONFLICT', `${code} ${patternOf(one)}`);
          }
        }
        for (const [method, wanted] of requests) {
          const [best] = added
            .map((one) => candidate(one, method, wanted, opts))
            .filter((one) => one !== undefined)
            .sort(compare);
          const match = router.match(method, wanted);
          const where = `${method} ${wanted}`;
          assert.equal(match && patternOf(match.value), best ? patternOf(best.route) : null, where);
          assert.equal(match?.value, best?.route, where);
          if (match) assert.deepEqual({ ...match.params }, best?.params, where);
          if (match) hits++;
        }
      },
    ),
    { numRuns: 4000 },
  );
  assert.ok(hits > 4000, `only ${hits} paths had a route`);
});

test('two routes for the same paths are refused, in either order, and no others', () => {
  fc.assert(
    fc.property(route, route, options, (a, b, opts) => {
      const refuses = (first: RandomRoute, second: RandomRoute) => {
        const router = new Router<number>(opts);
        router.add('GET', patternOf(first), 1);
        try {
          router.add('GET', patternOf(second), 2);
          return false;
        } catch {
          return true;
        }
      };
      const shape = (one: RandomRoute) =>
        fold(JSON.stringify([one.segments.map(({ texts }) => texts), one.wildcard]), opts);
      assert.equal(refuses(a, b), shape(a) === shape(b));
      assert.equal(refuses(b, a), shape(a) === shape(b));
    }),
    { numRuns: 3000 },
  );
});

test('a path that is garbage is refused as malformed, or matched, or not', () => {
  const router = new Router<string>();
  for (const pattern of ['/', '/a/:b?', '/:a-:b', '/:x{.:y}', '/a%2Fb', '/é/:z', '/w/*rest', '/\\:a']) {
    router.add('GET', pattern, pattern);
  }
  const part = fc.constantFrom(
    '/',
    '%',
    '%2',
    '%2F',
    '%25',
    '%ff',
    '-',
    '.',
    'a',
    'é',
    '\0',
    '\ud800',
    ':',
    '*',
  );
  const garbage = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.array(part, { maxLength: 20 }).map((parts) => parts.join('')),
    fc.array(part, { maxLength: 20 }).map((parts) => `/${parts.join('')}`),
  );
  let refused = 0;
  fc.assert(
    fc.property(garbage, fc.string({ maxLength: 5 }), (path, method) => {
      for (const one of ['GET', 'HEAD', method]) {
        try {
          const match = router.match(one, path);
          for (const value of Object.values(match?.params ?? {})) assert.ok(value.length > 0);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ERR_MALFORMED_PATH');
          assert.throws(() => decodeURIComponent(path), URIError);
          refused++;
        }
      }
    }),
    { numRuns: 10_000 },
  );
  assert.ok(refused > 100, 'hardly any path was malformed');
});
