import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Router, type RouterOptions } from '#src/app/router.js';

/** A router with these routes, `METHOD /path` or a path for GET; the value of each is what it is written as. */
function routerOf(routes: readonly string[], options?: RouterOptions): Router<string> {
  const router = new Router<string>(options);
  for (const route of routes) {
    const [, method = 'GET', path = route] = /^([A-Z*-]+) (.*)$/.exec(route) ?? [];
    router.add(method, path, route);
  }
  return router;
}

/** The value and parameters for a path, `undefined` where there is no route. */
function found(
  router: Router<string>,
  path: string,
  method = 'GET',
): [string, Record<string, string>] | undefined {
  const match = router.match(method, path);
  return match === null ? undefined : [match.value, { ...match.params }];
}

describe('a route', () => {
  test('without parameters matches its path alone', () => {
    const router = routerOf(['/', '/users', '/users/all']);
    assert.deepEqual(found(router, '/'), ['/', {}]);
    assert.deepEqual(found(router, ''), ['/', {}]);
    assert.deepEqual(found(router, '/users'), ['/users', {}]);
    assert.deepEqual(found(router, '/users/all'), ['/users/all', {}]);
    for (const path of ['/user', '/users/al', '/users/alll', '/userss', 'users', '/users/all/x', '*']) {
      assert.equal(found(router, path), undefined, path);
    }
  });

  test('tells the pattern and the method of a match, and the place of each route', () => {
    const router = new Router<number>();
    router.add('GET', '/Users/:id?', 1, 'app.ts:3');
    for (const path of ['/users', '/users/1']) {
      assert.deepEqual(router.match('GET', path)?.route, { method: 'GET', path: '/Users/:id?' });
    }
    router.add('POST', '/a', 2);
    assert.deepEqual(router.routes(), [
      { method: 'GET', path: '/Users/:id?', place: 'app.ts:3' },
      { method: 'POST', path: '/a', place: undefined },
    ]);
  });

  test('can be added after the first match', () => {
    const router = routerOf(['/:any']);
    assert.equal(found(router, '/a')?.[0], '/:any');
    router.add('GET', '/a', 'new');
    assert.equal(found(router, '/a')?.[0], 'new');
    router.add('HEAD', '/a', 'head');
    assert.equal(found(router, '/a', 'HEAD')?.[0], 'head');
  });
});

describe('many routes', () => {
  // With a table that is made anew for each of them, these would take minutes.
  const MANY = 10_000;

  test('without parameters are found, alike or not', () => {
    const router = new Router<number>();
    for (let i = 0; i < MANY; i++) router.add('GET', `/${i}/${'a'.repeat(i % 50)}`, i);
    for (let i = 0; i < MANY; i++) router.add('GET', `/alike/${i}/is/the/same/but/for/the/number`, MANY + i);
    for (let i = 0; i < MANY; i += 7) {
      assert.equal(router.match('GET', `/${i}/${'a'.repeat(i % 50)}`)?.value, i);
      assert.equal(router.match('GET', `/alike/${i}/is/the/same/but/for/the/number`)?.value, MANY + i);
      assert.equal(router.match('GET', `/alike/x${i}/is/the/same/but/for/the/number`), null);
    }
  });
});

describe('a parameter', () => {
  test('is a segment of one character or more', () => {
    const router = routerOf(['/users/:id', '/users/:id/books/:book']);
    assert.deepEqual(found(router, '/users/1'), ['/users/:id', { id: '1' }]);
    assert.deepEqual(found(router, '/users/1/books/é'), ['/users/:id/books/:book', { id: '1', book: 'é' }]);
    for (const path of ['/users', '/users/', '/users//', '/users//books/1', '/users/1/books', '/users/1/2']) {
      assert.equal(found(router, path), undefined, path);
    }
  });

  test('keeps its case', () => {
    assert.deepEqual(found(routerOf(['/users/:Id']), '/USERS/AbC'), ['/users/:Id', { Id: 'AbC' }]);
  });

  test('is optional with its slash', () => {
    const router = routerOf(['/users/:id?', '/a/:b?/c']);
    assert.deepEqual(found(router, '/users'), ['/users/:id?', {}]);
    assert.deepEqual(found(router, '/users/1'), ['/users/:id?', { id: '1' }]);
    assert.deepEqual(found(router, '/a/c'), ['/a/:b?/c', {}]);
    assert.deepEqual(found(router, '/a/x/c'), ['/a/:b?/c', { b: 'x' }]);
    assert.deepEqual(found(routerOf(['/:a?/:b?']), '/x'), ['/:a?/:b?', { a: 'x' }]);
  });

  test('shares a segment with text and with others', () => {
    const router = routerOf(['/@:user', '/:from-:to', '/v:major.:minor', '/:file.json']);
    assert.deepEqual(found(router, '/@me'), ['/@:user', { user: 'me' }]);
    assert.deepEqual(found(router, '/LHR-JFK'), ['/:from-:to', { from: 'LHR', to: 'JFK' }]);
    assert.deepEqual(found(router, '/v1.2'), ['/v:major.:minor', { major: '1', minor: '2' }]);
    assert.deepEqual(found(router, '/a.json'), ['/:file.json', { file: 'a' }]);
    assert.deepEqual(found(router, '/a.JSON'), ['/:file.json', { file: 'a' }]);
    for (const path of ['/@', '/-', '/a-', '/-a', '/v1.', '/.json', '/a.json/b']) {
      assert.equal(found(router, path), undefined, path);
    }
  });

  test('ends where the text behind it stands last', () => {
    const router = routerOf(['/:from-:to', '/files/:name{.:ext}', '/t/:a--:b', '/n/:a-:b-:c']);
    assert.deepEqual(found(router, '/a-b-c')?.[1], { from: 'a-b', to: 'c' });
    assert.deepEqual(found(router, '/a--')?.[1], { from: 'a', to: '-' });
    assert.deepEqual(found(router, '/files/a.tar.gz')?.[1], { name: 'a.tar', ext: 'gz' });
    assert.deepEqual(found(router, '/files/a')?.[1], { name: 'a' });
    assert.deepEqual(found(router, '/files/.profile')?.[1], { name: '.profile' });
    assert.deepEqual(found(router, '/t/a---b')?.[1], { a: 'a-', b: 'b' });
    assert.deepEqual(found(router, '/n/1-2-3-4')?.[1], { a: '1-2', b: '3', c: '4' });
    assert.deepEqual(found(router, '/n/1-2--')?.[1], { a: '1', b: '2', c: '-' });
    assert.equal(found(router, '/n/1-2-')?.[1], undefined);
  });

  test('may be named like a member of every object', () => {
    const router = routerOf(['/:__proto__/:constructor/:toString', '/static']);
    const params = router.match('GET', '/a/b/c')?.params;
    assert.ok(params);
    assert.deepEqual(Object.entries(params), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ]);
    for (const path of ['/a/b/c', '/static']) {
      const inherited = router.match('GET', path)?.params;
      assert.ok(inherited !== undefined && !('valueOf' in inherited) && !(Symbol.toStringTag in inherited));
    }
    assert.ok(!('constructor' in (router.match('GET', '/static')?.params ?? { constructor: 1 })));
    assert.equal({}.constructor, Object);
  });

  test('is put on an object under its own name, however many names there are', () => {
    const router = new Router<number>();
    const names = Array.from({ length: 60 }, (_, i) => `name${i}`);
    for (const [i, name] of names.entries()) router.add('GET', `/${i}/:${name}/:__proto__`, i);
    router.add('GET', `/all/${names.map((name) => `:${name}`).join('/')}/*`, 60);
    for (const [i, name] of names.entries()) {
      const params = router.match('GET', `/${i}/a/b%2F`)?.params;
      assert.deepEqual(Object.entries(params ?? {}), [
        [name, 'a'],
        ['__proto__', 'b/'],
      ]);
    }
    const all = router.match('GET', `/all/${names.map((name) => `of-${name}`).join('/')}/rest`)?.params;
    assert.deepEqual(Object.entries(all ?? {}), [
      ...names.map((name) => [name, `of-${name}`]),
      ['*', 'rest'],
    ]);
  });

  test('does not outlive its match', () => {
    const router = routerOf(['/:a/:b', '/static']);
    const first = router.match('GET', '/1/2')?.params;
    router.match('GET', '/3/4');
    assert.deepEqual({ ...first }, { a: '1', b: '2' });
    const none = router.match('GET', '/static')?.params;
    assert.ok(none && Object.isFrozen(none));
  });
});

describe('a wildcard', () => {
  test('is the rest of the path, one character or more', () => {
    const router = routerOf(['/files/*path', '/any/*']);
    assert.deepEqual(found(router, '/files/a'), ['/files/*path', { path: 'a' }]);
    assert.deepEqual(found(router, '/files/a/b.txt'), ['/files/*path', { path: 'a/b.txt' }]);
    assert.deepEqual(found(router, '/files/a/'), ['/files/*path', { path: 'a/' }]);
    assert.deepEqual(found(router, '/files//'), ['/files/*path', { path: '/' }]);
    assert.deepEqual(found(router, '/any/x'), ['/any/*', { '*': 'x' }]);
    for (const path of ['/files', '/files/', '/file/a']) assert.equal(found(router, path), undefined, path);
  });

  test('is everything, but for nothing', () => {
    const router = routerOf(['*']);
    assert.deepEqual(found(router, '/a/b')?.[1], { '*': 'a/b' });
    assert.equal(found(router, '/'), undefined);
    assert.deepEqual(found(routerOf(['/{*splat}']), '/'), ['/{*splat}', {}]);
  });
});

describe('percent-encoding', () => {
  test('is decoded once, behind the division into segments', () => {
    const router = routerOf(['/users/:id', '/files/*path', '/:a-:b']);
    assert.deepEqual(found(router, '/users/a%2Fb')?.[1], { id: 'a/b' });
    assert.deepEqual(found(router, '/users/a%2fb%20c')?.[1], { id: 'a/b c' });
    assert.deepEqual(found(router, '/users/%252F')?.[1], { id: '%2F' });
    assert.deepEqual(found(router, '/users/%2525')?.[1], { id: '%25' });
    assert.deepEqual(found(router, '/users/caf%C3%A9')?.[1], { id: 'café' });
    assert.deepEqual(found(router, '/files/a%2Fb/c%25')?.[1], { path: 'a/b/c%' });
    assert.deepEqual(found(router, '/%2F-%2F')?.[1], { a: '/', b: '/' });
    assert.deepEqual(found(router, '/users/..%2F..')?.[1], { id: '../..' });
  });

  test('makes no other path of a pattern or a request', () => {
    const router = routerOf(['/caf%C3%A9', '/naïve/:x', '/a%2Fb', '/100%25', '/a b']);
    for (const path of ['/caf%C3%A9', '/caf%c3%a9', '/%63afé', '/CAFé']) {
      assert.equal(found(router, path)?.[0], '/caf%C3%A9', path);
    }
    assert.deepEqual(found(router, '/na%C3%AFve/1'), ['/naïve/:x', { x: '1' }]);
    assert.equal(found(router, '/a%2Fb')?.[0], '/a%2Fb');
    assert.equal(found(router, '/A%2fB')?.[0], '/a%2Fb');
    assert.equal(found(router, '/a/b'), undefined);
    assert.equal(found(router, '/a%20b')?.[0], '/a b');
    assert.equal(found(router, '/100%25')?.[0], '/100%25');
    assert.equal(found(router, '/100%2525'), undefined);
    assert.equal(found(routerOf(['/a/b']), '/a%2Fb'), undefined);
    const sensitive = routerOf(['/a%2Fb'], { caseSensitive: true });
    for (const path of ['/a%2Fb', '/a%2fb', '/%61%2Fb']) assert.equal(found(sensitive, path)?.[0], '/a%2Fb');
  });

  test('that is malformed is told, whether there is a route or not', () => {
    for (const router of [routerOf([]), routerOf(['/a', '/:x', '/*']), routerOf(['POST /:x'])]) {
      for (const path of ['/%', '/a/%zz', '/%ff', '/b%E9', '/a%2']) {
        const refused = { code: 'ERR_MALFORMED_PATH', status: 400 };
        assert.throws(() => router.match('GET', path), refused, path);
        assert.throws(() => router.allowed(path), refused, path);
      }
    }
  });
});

describe('of several routes', () => {
  test('text beats parameters beat wildcards, in whatever order they were added', () => {
    const routes = [
      '/users/me',
      '/users/m:rest',
      '/users/:a-:b',
      '/users/:id',
      '/users/*rest',
      '/:x/me',
      '/*all',
    ];
    for (const order of [routes, [...routes].reverse()]) {
      const router = routerOf(order);
      for (const [path, route] of [
        ['/users/me', '/users/me'],
        ['/users/mine', '/users/m:rest'],
        ['/users/m-e', '/users/m:rest'],
        ['/users/1-2', '/users/:a-:b'],
        ['/users/1', '/users/:id'],
        ['/users/1/2', '/users/*rest'],
        ['/u/me', '/:x/me'],
        ['/u/you', '/*all'],
        ['/users', '/*all'],
      ]) {
        assert.equal(found(router, path)?.[0], route, path);
      }
    }
  });

  test('more text in a segment beats less', () => {
    const routes = ['/:a-:b', '/:a--:b', '/:a-:b.txt', '/x:a', '/xy:a', '/:a.txt'];
    for (const order of [routes, [...routes].reverse()]) {
      const router = routerOf(order);
      assert.equal(found(router, '/1-2')?.[0], '/:a-:b');
      assert.equal(found(router, '/1--2')?.[0], '/:a--:b');
      assert.equal(found(router, '/1-2.txt')?.[0], '/:a-:b.txt');
      assert.equal(found(router, '/xy-2.txt')?.[0], '/xy:a');
      assert.equal(found(router, '/xz')?.[0], '/x:a');
      assert.equal(found(router, '/a.txt')?.[0], '/:a.txt');
    }
  });

  test('of as much text, more parameters beat less', () => {
    for (const order of [
      ['/:a-:b-', '/:a-:b-:c'],
      ['/:a-:b-:c', '/:a-:b-'],
    ]) {
      const router = routerOf(order);
      assert.deepEqual(found(router, '/1-2-3-')?.[1], { a: '1', b: '2', c: '3-' });
      assert.deepEqual(found(router, '/1-2-')?.[1], { a: '1', b: '2' });
    }
  });

  test('the next one is tried where the first choice leads nowhere', () => {
    const router = routerOf(['/a/b/c', '/a/:x/d', '/:x/b/e', '/:x/*rest', '/ab/:x/y', '/a:x/q/z']);
    assert.deepEqual(found(router, '/a/b/c'), ['/a/b/c', {}]);
    assert.deepEqual(found(router, '/a/b/d'), ['/a/:x/d', { x: 'b' }]);
    assert.deepEqual(found(router, '/a/b/e'), ['/:x/b/e', { x: 'a' }]);
    assert.deepEqual(found(router, '/a/b/f'), ['/:x/*rest', { x: 'a', rest: 'b/f' }]);
    assert.deepEqual(found(router, '/ab/q/z'), ['/a:x/q/z', { x: 'b' }]);
    assert.equal(found(router, '/a'), undefined);
  });

  test('an optional part gives way to a route that has it as text', () => {
    const router = routerOf(['/posts/:id?', '/posts/new', '/:page{.:ext}']);
    assert.equal(found(router, '/posts/new')?.[0], '/posts/new');
    assert.equal(found(router, '/posts')?.[0], '/posts/:id?');
    assert.deepEqual(found(router, '/post.html')?.[1], { page: 'post', ext: 'html' });
  });
});

describe('options and slashes', () => {
  test('ASCII letters are the same in either case, unless asked otherwise', () => {
    const router = routerOf(['/Users/:id/Édition', '/About']);
    for (const path of ['/users/1/Édition', '/USERS/1/%C3%89DITION', '/users/1/%C3%89dition']) {
      assert.ok(found(router, path), path);
    }
    assert.equal(found(router, '/users/1/édition'), undefined);
    assert.ok(found(router, '/about'));
    // The Kelvin sign and the dotless i are letters of their own.
    assert.equal(found(routerOf(['/kit']), '/%E2%84%AAit'), undefined);
    // What is one bit from another character is not always its letter in the other case.
    const bits = routerOf(['/c\\{b', '/d`b', '/eéb', '/f.b', '/:x\\{y']);
    for (const path of ['/c[b', '/d@b', '/eÉb', '/E%C3%89B', '/f%0Eb', '/z[y']) {
      assert.equal(found(bits, path), undefined, path);
    }
    const sensitive = routerOf(['/Users/:id', '/users/:name', '/About'], { caseSensitive: true });
    assert.equal(found(sensitive, '/Users/1')?.[0], '/Users/:id');
    assert.equal(found(sensitive, '/users/1')?.[0], '/users/:name');
    assert.equal(found(sensitive, '/USERS/1'), undefined);
    assert.equal(found(sensitive, '/about'), undefined);
  });

  test('one slash at the end makes no difference, unless asked otherwise', () => {
    const router = routerOf(['/', '/a', '/b/', '/c/:x', '/d/:x/', '/e/*rest']);
    for (const path of ['/a', '/a/', '/b', '/b/', '/c/1', '/c/1/', '/d/1', '/d/1/']) {
      assert.ok(found(router, path), path);
    }
    assert.deepEqual(found(router, '/c/1/')?.[1], { x: '1' });
    for (const path of ['//', '/a//', '/c/1//', '/e', '/e/'])
      assert.equal(found(router, path), undefined, path);
    const strict = routerOf(['/', '/a', '/a/:x/', '/b/', '/c/:x'], { strict: true });
    for (const path of ['/', '', '/a', '/a/1/', '/b/', '/c/1']) assert.ok(found(strict, path), path);
    for (const path of ['/a/', '/a/1', '/b', '/c/1/', '//'])
      assert.equal(found(strict, path), undefined, path);
    assert.equal(found(routerOf(['/a', '/a/'], { strict: true }), '/a/')?.[0], '/a/');
  });

  test('empty segments are segments', () => {
    const router = routerOf(['/a/b', '/:x/:y', '/a//c', '/:x']);
    for (const path of ['//a/b', '/a//b', '//', '///', '//b'])
      assert.equal(found(router, path), undefined, path);
    assert.equal(found(router, '/a//c')?.[0], '/a//c');
  });
});

describe('methods', () => {
  test('have routes of their own; any token is one', () => {
    const router = routerOf(['GET /a', 'POST /a', 'M-SEARCH /a', 'PURGE /b']);
    assert.equal(found(router, '/a', 'POST')?.[0], 'POST /a');
    assert.equal(found(router, '/a', 'M-SEARCH')?.[0], 'M-SEARCH /a');
    for (const method of ['PUT', 'get', '__proto__', 'constructor', '*', '']) {
      assert.equal(found(router, '/a', method), undefined, method);
    }
    for (const method of ['', 'A B', 'GÉT', 'a/b']) {
      assert.throws(() => router.add(method, '/x', 'x'), { code: 'ERR_INVALID_HTTP_TOKEN' });
    }
  });

  test('a route for one method beats one for every method on the same path', () => {
    for (const order of [
      ['* /a', 'GET /a', '* /:x', 'GET /*rest'],
      ['GET /*rest', '* /:x', 'GET /a', '* /a'],
    ]) {
      const router = routerOf(order);
      assert.equal(found(router, '/a')?.[0], 'GET /a');
      assert.equal(found(router, '/a', 'POST')?.[0], '* /a');
      assert.equal(found(router, '/a', 'WHATEVER')?.[0], '* /a');
      assert.equal(found(router, '/b')?.[0], '* /:x');
      assert.equal(found(router, '/b/c')?.[0], 'GET /*rest');
      assert.equal(found(router, '/b/c', 'POST'), undefined);
    }
  });

  test('HEAD is for what GET has, unless it has its own; every method comes after both', () => {
    const router = routerOf(['GET /a', 'GET /b', 'HEAD /b', '* /b', '* /*all', 'GET /c/:x']);
    assert.equal(found(router, '/a', 'HEAD')?.[0], 'GET /a');
    assert.equal(found(router, '/b', 'HEAD')?.[0], 'HEAD /b');
    assert.equal(found(router, '/c/1', 'HEAD')?.[0], 'GET /c/:x');
    assert.equal(found(router, '/d', 'HEAD')?.[0], '* /*all');
    assert.equal(found(routerOf(['HEAD /a']), '/a'), undefined);
  });

  test('that a path has are told in order', () => {
    const router = routerOf(['POST /a', 'GET /a', 'DELETE /:x', 'PUT /b', 'HEAD /c']);
    assert.deepEqual(router.allowed('/a'), ['POST', 'GET', 'HEAD', 'DELETE']);
    assert.deepEqual(router.allowed('/A/'), ['POST', 'GET', 'HEAD', 'DELETE']);
    assert.deepEqual(router.allowed('/c'), ['DELETE', 'HEAD']);
    assert.deepEqual(router.allowed('/a/b'), []);
    assert.deepEqual(routerOf(['GET /b', '* /a']).allowed('/a'), ['GET', 'HEAD', '*']);
  });

  test('that no route names leave nothing behind', () => {
    const router = routerOf(['* /a']);
    for (let i = 0; i < 10; i++) assert.equal(found(router, '/a', `X${i}`)?.[0], '* /a');
    router.add('GET', '/b', 'b');
    assert.deepEqual(router.allowed('/b'), ['GET', 'HEAD']);
  });
});

describe('a conflict', () => {
  const conflicts = (first: string, second: string, options?: RouterOptions) => {
    const router = new Router<number>(options);
    router.add('GET', first, 1, 'first.ts:1');
    try {
      router.add('GET', second, 2, 'second.ts:2');
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ERR_ROUTE_CONFLICT');
      const { message } = error as Error;
      for (const part of [first, second, 'first.ts:1', 'second.ts:2'])
        assert.ok(message.includes(part), message);
      // Nothing of the second one stays.
      assert.equal(router.routes().length, 1);
      return true;
    }
    return false;
  };

  test('of two routes for the same paths names both places', () => {
    for (const [first, second] of [
      ['/a', '/a'],
      ['/a', '/A/'],
      ['/users/:id', '/users/:name'],
      ['/files/*', '/files/*path'],
      ['/:a-:b', '/:x-:y'],
      ['/caf%C3%A9', '/café'],
      ['/users/:id?', '/users'],
      ['/:file{.:ext}', '/:a.:b'],
      ['/%41', '/a'],
    ]) {
      assert.ok(conflicts(first, second), `${first} ${second}`);
    }
  });

  test('is none between routes that differ in some path', () => {
    for (const [first, second] of [
      ['/a', '/b'],
      ['/users/:id', '/users/me'],
      ['/users/:id', '/users/*rest'],
      ['/:a-:b', '/:a.:b'],
      ['/a%2Fb', '/a/b'],
      ['/\\:a', '/:a'],
      ['/\\*', '/*'],
      ['/:a', '/:a/:b'],
      ['/:a%25', '/:a'],
    ]) {
      assert.ok(!conflicts(first, second), `${first} ${second}`);
    }
    assert.ok(!conflicts('/a', '/A', { caseSensitive: true }));
    assert.ok(!conflicts('/a', '/a/', { strict: true }));
  });

  test('is none between methods, and none within one pattern', () => {
    const router = routerOf(['GET /a', 'POST /a', '* /a', '/:x?/:y?/:z?']);
    assert.throws(() => router.add('*', '/a', 'again'), { code: 'ERR_ROUTE_CONFLICT' });
    assert.equal(router.routes().length, 4);
  });
});

describe('hostile paths', () => {
  // With a search that tries a choice again for each choice before it, these would not end in a lifetime.
  const LONG = 8192;

  test('of many segments, against text and parameters at every level', () => {
    const router = new Router<string>();
    for (let bits = 0; bits < 2 ** 10; bits++) {
      const path = Array.from({ length: 10 }, (_, i) => ((bits >> i) & 1 ? '/a' : `/:p${i}`)).join('');
      router.add('GET', `${path}/end`, path);
    }
    router.add('GET', '/*rest', 'rest');
    const path = '/a'.repeat(LONG / 2);
    assert.equal(found(router, path)?.[0], 'rest');
    assert.equal(found(router, `${'/a'.repeat(10)}/end`)?.[0], '/a'.repeat(10));
    assert.equal(found(router, `${'/a'.repeat(10)}/en`)?.[0], 'rest');
  });

  test('of one segment, against parameters with text between them', () => {
    const router = new Router<number>();
    for (let count = 2; count <= 40; count++) {
      const params = Array.from({ length: count }, (_, i) => `:"p${i}"`);
      router.add('GET', `/${params.join('-')}x`, count);
      router.add('GET', `/${params.join('-a-')}y`, count);
      router.add('GET', `/${'a'.repeat(count)}${params.join('a')}z`, count);
    }
    for (const unit of ['-', 'a', '-a', 'a-', '-a-a']) {
      for (const tail of ['', 'x', 'y', 'z', '/x']) {
        const match = router.match('GET', `/${unit.repeat(LONG / unit.length)}${tail}`);
        assert.ok(match === null || Object.keys(match.params).length === match.value);
      }
    }
  });

  test('of slashes and escapes', () => {
    const router = routerOf(['/:a', '/:a/:b', '/*', '/a//b', '/:a-:b']);
    assert.equal(found(router, '/'.repeat(LONG))?.[0], '/*');
    assert.deepEqual(found(router, `/${'%2F'.repeat(LONG / 3)}`), ['/:a', { a: '/'.repeat(LONG / 3) }]);
    assert.deepEqual(found(router, `/${'%25'.repeat(LONG / 3)}`), ['/:a', { a: '%'.repeat(LONG / 3) }]);
    assert.throws(() => found(router, `/${'%'.repeat(LONG)}`), { code: 'ERR_MALFORMED_PATH' });
  });
});
