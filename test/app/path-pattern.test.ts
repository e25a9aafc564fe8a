import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalPath, decodeCanonical, parsePathPattern } from '#src/app/path-pattern.js';

/** The forms of a pattern as text: parameters as `<>`, a wildcard as `<*>`. */
function formsOf(path: string): string[] {
  return parsePathPattern(path).map(({ pieces }) =>
    pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        return piece.kind === 'wildcard' ? '<*>' : piece.texts.map((text) => `<>${text}`).join('');
      })
      .join(''),
  );
}

function namesOf(path: string): string[] {
  return [...parsePathPattern(path)[0].names];
}

function refuses(path: string, reason: RegExp): void {
  assert.throws(
    () => parsePathPattern(path),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_INVALID_ROUTE_PATH');
      assert.match(error.message, reason);
      return true;
    },
    path,
  );
}

describe('a pattern', () => {
  test('of text alone has one form', () => {
    assert.deepEqual(formsOf('/users/all'), ['/users/all']);
    assert.deepEqual(formsOf('/'), ['/']);
    assert.deepEqual(formsOf(''), ['']);
  });

  test('names its parameters in order', () => {
    assert.deepEqual(namesOf('/users/:id/:from-:to/*rest'), ['id', 'from', 'to', 'rest']);
    assert.deepEqual(formsOf('/users/:id/:from-:to/*rest'), ['/users/<>/<>-<>/<*>']);
  });

  test('names parameters by identifiers of every script, or in quotes', () => {
    assert.deepEqual(namesOf('/:$a_1/:straße/:𝒳'), ['$a_1', 'straße', '𝒳']);
    assert.deepEqual(namesOf('/:"user-id"-:b/*"the rest"'), ['user-id', 'b', 'the rest']);
    assert.deepEqual(namesOf('/:__proto__/:constructor'), ['__proto__', 'constructor']);
  });

  test('calls an unnamed wildcard *', () => {
    assert.deepEqual(namesOf('/files/*'), ['*']);
    assert.deepEqual(formsOf('*'), ['/<*>']);
    assert.deepEqual(formsOf('*all'), ['/<*>']);
  });

  test('has a form with and one without each part that is optional, the fuller first', () => {
    assert.deepEqual(formsOf('/users/:id?'), ['/users/<>', '/users']);
    assert.deepEqual(formsOf('/:a?/:b?'), ['/<>/<>', '/<>', '/<>', '']);
    assert.deepEqual(formsOf('/:id?/edit'), ['/<>/edit', '/edit']);
    assert.deepEqual(formsOf('/:file{.:ext}'), ['/<>.<>', '/<>']);
    assert.deepEqual(formsOf('/a{/:b{/:c}}'), ['/a/<>/<>', '/a/<>', '/a']);
    assert.deepEqual(formsOf('{/:page}'), ['/<>', '']);
    assert.deepEqual(formsOf('/files{/*path}'), ['/files/<*>', '/files']);
    assert.deepEqual(formsOf('/files/*path?'), ['/files/<*>', '/files']);
    assert.deepEqual(formsOf('/colo{u}r'), ['/colour', '/color']);
  });

  test('takes what follows a backslash as it is', () => {
    assert.deepEqual(formsOf('/\\:a\\*\\{\\}\\(\\)\\[\\]\\?\\+\\!\\\\'), ['/:a*{}()[]?+!\\']);
  });

  test('is the same encoded and decoded', () => {
    assert.deepEqual(formsOf('/caf%C3%A9/:x%20y'), ['/café/<> y']);
    assert.deepEqual(formsOf('/café/:x y'), ['/café/<> y']);
    assert.deepEqual(formsOf('/a%2fb/100%25'), ['/a%2Fb/100%25']);
  });

  test('is refused with the reason', () => {
    for (const char of '()[]+!}') {
      refuses(`/a${char}`, new RegExp(`"\\${char}" at index 2 has no meaning .*write "\\\\\\${char}"`));
    }
    refuses('/users/:id(\\d+)', /"\(" at index 10/);
    refuses('/a?', /"\?" at index 2/);
    refuses('/a:b?', /"\?" at index 4 must follow a parameter that is a whole segment: put braces/);
    refuses('/:a?b', /"\?" at index 3 must follow/);
    refuses('/:a?{.:b}', /"\?" at index 3 must follow/);
    refuses('/:', /the parameter at index 1 has no name/);
    refuses('/:1', /the parameter at index 1 has no name/);
    refuses('/:-a', /has no name/);
    refuses('/:"a', /quoted name at index 1 is not closed/);
    refuses('/:""', /quoted name at index 1 is empty/);
    refuses('/:a/:a', /two parameters are named "a"/);
    refuses('/:a{/:a}', /two parameters are named "a"/);
    refuses('/*/*', /two parameters are named "\*"/);
    refuses('/:a:b', /no text before "b"/);
    refuses('/:a{-}:b', /no text before "b"/);
    refuses('/*a/b', /wildcard "a" is not the whole last segment/);
    refuses('/a*b', /wildcard "b" is not the whole last segment/);
    refuses('/:a-*b', /wildcard "b" is not the whole last segment/);
    refuses('/{a', /brace at index 1 is not closed/);
    refuses('/{a{b}', /brace at index 1 is not closed/);
    refuses('/a\\', /no character behind the backslash/);
    refuses('users', /does not start with "\/"/);
    refuses(':id', /does not start with "\/"/);
    refuses('{/a}b', /does not start with "\/"/);
    refuses('/100%', /malformed percent-encoding: write "%25"/);
    refuses('/%ff', /malformed percent-encoding/);
    refuses(`/${'{a}'.repeat(9)}`, /more than 256 forms/);
    refuses(`/${'{'.repeat(300)}a${'}'.repeat(300)}`, /more than 256 forms/);
    refuses(Array.from({ length: 65 }, (_, i) => `/:p${i}`).join(''), /more than 64 parameters/);
  });

  test('is parsed or refused, whatever it is', () => {
    const part = fc.constantFrom(
      '/',
      ':',
      'a',
      '*',
      '{',
      '}',
      '?',
      '"',
      '\\',
      '%',
      '%2F',
      '-',
      '.',
      'é',
      '(',
    );
    const path = fc.array(fc.oneof(part, fc.string({ maxLength: 3 })), { maxLength: 14 });
    fc.assert(
      fc.property(path, (parts) => {
        try {
          assert.ok(parsePathPattern(`/${parts.join('')}`).length > 0);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ERR_INVALID_ROUTE_PATH');
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('the canonical spelling of a path', () => {
  test('is decoded, but for / and % within a segment', () => {
    assert.equal(canonicalPath('/a%20b/c%2Fd%2fe/%25/%2525/caf%C3%A9'), '/a b/c%2Fd%2Fe/%25/%2525/café');
    assert.equal(canonicalPath('/plain'), '/plain');
  });

  test('decodes in its parts to what the segments decode to', () => {
    const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const canonical = canonicalPath(segments.map((text) => `/${encodeURIComponent(text)}`).join(''));
        assert.ok(canonical !== undefined);
        assert.deepEqual(canonical.split('/').slice(1).map(decodeCanonical), segments);
      }),
    );
  });

  test('does not exist where an escape is malformed', () => {
    for (const path of ['/%', '/%2', '/%zz', '/%ff', '/%C3', '/%c3%28', '/a%', '/%e0%80%af', '/%ED%A0%80']) {
      assert.equal(canonicalPath(path), undefined, path);
    }
  });
});
