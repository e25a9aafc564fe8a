/** What handlers see of a request, as the compiler tells it: by the path, by schemas of any library, by the mount. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { type as ark } from 'arktype';
import {
  type Application,
  type AppRequest,
  type AppResponse,
  createApp,
  type Next,
  type Query,
} from 'barewire';
import * as valibot from 'valibot';
import { z } from 'zod';

declare module 'barewire' {
  interface RequestAdditions {
    /** Of the tests of these types. */
    tenant?: string;
  }
  interface Locals {
    nonce: string;
  }
}

/** Middleware as types of Express have it: its request has members that no request of ours has. */
interface TheirRequest extends IncomingMessage {
  signedCookies: object;
  params: Record<string, string>;
}
interface TheirResponse extends ServerResponse {
  jsonp(value: unknown): this;
}
interface TheirNext {
  (error?: unknown): void;
  (skip: 'route'): void;
}
type TheirHandler = (req: TheirRequest, res: TheirResponse, next: TheirNext) => void | Promise<void>;
// biome-ignore lint/suspicious/noExplicitAny: so it is there
type TheirErrorHandler = (error: any, req: TheirRequest, res: TheirResponse, next: TheirNext) => void;

/** `true` only if the two types are the same. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Spells out an intersection, so that it is the same as what it comes to. */
type Flat<T> = { [Name in keyof T]: T[Name] };

/** Compiles where a value's type is `Expected`, and nothing else. Gives the value back. */
function has<Expected>() {
  return <Actual>(
    value: Actual,
    ..._verdict: Equal<Flat<Actual>, Flat<Expected>> extends true ? [] : [never]
  ) => value;
}

describe('req.params are typed by the path', () => {
  test('of every way to register a route', async () => {
    const app = createApp();
    app.get('/a/:id/:part?', (req) => has<{ id: string; part?: string }>()(req.params));
    app.all('/b/*path', ({ params }) => has<{ path: string }>()(params));
    app.post('/c/*', ({ params }) => has<{ '*': string }>()(params));
    app['m-search']('/d/:from-:to{.:ext}', ({ params }) =>
      has<{ from: string; to: string; ext?: string }>()(params),
    );
    app.on('PURGE', '/e/:id', ({ params }) => has<{ id: string }>()(params));
    app
      .route('/f/:id')
      .get((req) => has<{ id: string }>()(req.params))
      .put([(req, _res, next) => next(void req.params.id)], (req) => req.params.id)
      .on('PURGE', ({ params }) => has<{ id: string }>()(params));
    assert.deepEqual((await app.inject('/a/1/2')).json(), { id: '1', part: '2' });
    assert.deepEqual((await app.inject({ method: 'PURGE', url: '/f/3' })).json(), { id: '3' });
    assert.equal((await app.inject({ method: 'PUT', url: '/f/4' })).text, '4');
  });

  test('in lists of handlers too, and the other members are what they are', async () => {
    const app = createApp();
    app.get(
      '/:id',
      [
        (req, _res, next) => {
          has<{ id: string }>()(req.params);
          has<Query>()(req.query);
          const { body }: { body: unknown } = req;
          return next(body);
        },
      ],
      ({ params }) => params.id,
    );
    assert.equal((await app.inject('/7')).text, '7');
  });

  test('of error handlers as well, wherever they stand in a list', async () => {
    const app = createApp();
    app.get(
      '/a/:id',
      (req) => {
        has<{ id: string }>()(req.params);
        throw new Error('thrown');
      },
      (error, req, res, next) => {
        has<{ id: string }>()(req.params);
        if (!(error instanceof Error)) return next(error);
        return res.send(`${error.message} ${req.params.id}`);
      },
    );
    app
      .route('/b/:id')
      .post(
        { body: z.object({ n: z.number() }) },
        [(_req, _res, next) => next(new Error('given'))],
        [(error, { params, body: { n } }, _res, next) => next(new Error(`${error} ${params.id} ${n}`))],
        (error: unknown, _req: AppRequest, res: AppResponse, _next: Next) => res.send(String(error)),
      );
    app.on('PURGE', '/c/:id', (_error, req, res) => {
      // Three parameters: no error handler, whatever they are called.
      has<{ id: string }>()(_error.params);
      has<AppResponse>()(req);
      return has<Next>()(res);
    });
    app.use((error, req, res, next) => {
      has<unknown>()(error);
      has<Record<string, string>>()(req.params);
      has<AppResponse>()(res);
      return next(error);
    });
    // @ts-expect-error: nobody knows what is thrown
    app.get('/d', (error, _req, _res, _next) => error.message);
    // @ts-expect-error: no such parameter
    app.get('/e/:id', (_error, { params }, _res, _next) => params.name);
    assert.equal((await app.inject('/a/7')).text, 'thrown 7');
    const posted = await app.inject({ url: '/b/7', body: { n: 1 } });
    assert.equal(posted.text, 'Error: Error: given 7 1');
  });

  test('of a list with applications in it, too', async () => {
    const app = createApp();
    const inner = createApp();
    inner.get('/', (_req, res) => {
      throw res.locals.seen;
    });
    app.use(
      '/a',
      [
        (req, res, next) => {
          res.locals.seen = has<string>()(req.baseUrl);
          return next();
        },
      ],
      [inner],
    );
    app.use([(error, _req, res, next) => (error === '/a' ? res.send('seen') : next(error))], createApp());
    assert.equal((await app.inject('/a')).text, 'seen');
  });

  test('and a function that takes an error, and has less than four parameters, is no handler of any kind', () => {
    const app = createApp();
    const short = (_error: unknown, _req: AppRequest, res: AppResponse) => res.send('never');
    // @ts-expect-error: it would be called with the request for the error
    app.use(short);
    // @ts-expect-error: in a list
    app.use('/a', [short]);
    // @ts-expect-error: of a request of node:http
    app.use((_error: unknown, req: IncomingMessage) => req.url);
    // @ts-expect-error: behind a handler
    app.get('/b', () => '', short);
    // @ts-expect-error: behind a schema
    app.post('/c', { body: z.string() }, short);
    // @ts-expect-error: by the name of the method
    app.on('GET', '/d', short);
    // @ts-expect-error: of a route
    app.route('/e').get([short]);
    // @ts-expect-error: of a route, by the name of the method
    app.route('/f').on('GET', short);
    // Those may be anything.
    app.use((_first: unknown, _second: unknown, _third: unknown) => {});
    app.use((..._all: unknown[]) => {});
    assert.equal(app.routes().length, 5);
  });

  test('that names no parameter of another path, and takes no number for a text', () => {
    const app = createApp();
    // @ts-expect-error: no such parameter
    app.get('/x/:id', ({ params }) => params.name);
    // @ts-expect-error: it may be missing
    app.get('/y/:id?', ({ params }) => params.id.length);
    // @ts-expect-error: no parameter at all
    app.get('/plain', ({ params }) => params.name);
    // @ts-expect-error: no such parameter, in a list
    app.get('/z/:id', [({ params }) => params.name]);
    // @ts-expect-error: no such parameter, of a route
    app.route('/r/:id').get(({ params }) => params.name);
    assert.equal(app.routes().length, 5);
  });
});

describe('middleware that is typed for another framework', () => {
  const theirs: TheirHandler = (req, _res, next) => {
    req.headers['x-theirs'] = 'seen';
    next();
  };
  const failing: TheirHandler = (_req, _res, next) => next(new Error('theirs'));
  const theirErrors: TheirErrorHandler = (error, _req, res, _next) => {
    res.end(`${(error as Error).message} taken`);
  };

  test('may stand wherever ours does, which keeps its types', async () => {
    const app = createApp();
    const list: TheirHandler[] = [theirs];
    app.use(theirs).use('/a', list, theirs, createApp());
    app.get('/a/:id', theirs, list, (req) => has<{ id: string }>()(req.params).id + req.headers['x-theirs']);
    app.get('/l/:id', ...list, ({ params }) => params.id);
    app.on('GET', '/b', theirs, (req) => has<string>()(req.path));
    app
      .route('/c/:id')
      .get([failing])
      .post({ body: z.object({ n: z.number() }) }, theirs, ({ body }) => has<number>()(body.n))
      .on('PURGE', theirs, (req) => req.params.id);
    app.use(theirErrors);
    assert.equal((await app.inject('/a/7')).text, '7seen');
    assert.equal((await app.inject('/c/7')).text, 'theirs taken');
    assert.equal((await app.inject({ url: '/c/7', body: { n: 1 } })).text, '1');
  });

  test('or is any, and leaves the others their types', () => {
    const app = createApp();
    // biome-ignore lint/suspicious/noExplicitAny: as passport.authenticate() is
    const any: any = theirs;
    app.get('/a/:id', any, (req, _res, next) => {
      has<{ id: string }>()(req.params);
      return next();
    });
    app.get('/b/:id', (req, _res, next) => next(void has<{ id: string }>()(req.params)), any, [any]);
    app.post('/c/:id', { body: z.object({ n: z.number() }) }, any, (req) => has<number>()(req.body.n));
    assert.equal(app.routes().length, 3);
  });

  test('and nothing else is taken for it', () => {
    const app = createApp();
    // @ts-expect-error: a request of ours with a parameter that this path has not
    app.get('/a/:id', (req: AppRequest<{ name: string }>) => req.params.name);
    // @ts-expect-error: the same, in a list
    app.get('/b/:id', [(req: AppRequest<{ name: string }>) => req.params.name]);
    // @ts-expect-error: no request
    app.use((first: number) => first);
    // @ts-expect-error: no response
    app.get('/c', (_req: AppRequest, res: string) => res);
    // @ts-expect-error: an error, and less than four parameters
    app.use((_error: unknown, _req: TheirRequest, _res: TheirResponse) => {});
    // @ts-expect-error: schemas for nothing
    app.get('/d', {}, () => '');
    assert.equal(app.routes().length, 4);
  });
});

describe('what an application adds', () => {
  test('to requests and to res.locals is typed, where it says so', async () => {
    const app = createApp();
    app.use((req, res, next) => {
      req.tenant = 'acme';
      res.locals.nonce = 'abc';
      res.locals.other = 1;
      return next();
    });
    app.get('/', (req, res) => {
      has<string | undefined>()(req.tenant);
      has<string>()(res.locals.nonce);
      has<unknown>()(res.locals.other);
      // @ts-expect-error: nobody has added it
      assert.equal(req.nobody, undefined);
      return [req.tenant, res.locals.nonce];
    });
    assert.deepEqual((await app.inject('/')).json(), ['acme', 'abc']);
  });
});

describe('an application that is to be mounted', () => {
  test('has the parameters of its mount path, where it says so', async () => {
    const app = createApp();
    const shop = createApp<{ shop: string }>();
    shop.get('/items/:id', ({ params }) => has<{ id: string; shop: string }>()(params));
    shop.route('/:other?').get((req) => has<{ shop: string; other?: string }>()(req.params));
    shop.on('PURGE', '/items/:id', ({ params }) => has<{ id: string; shop: string }>()(params));
    // @ts-expect-error: no such parameter
    shop.get('/none', ({ params }) => params.name);
    app.use('/shops/:shop', shop);
    const general: Application = shop;
    assert.ok(general);
    assert.deepEqual((await app.inject('/shops/s/items/7')).json(), { shop: 's', id: '7' });
    assert.deepEqual((await app.inject('/shops/s')).json(), { shop: 's' });
  });

  test('with schemas beside them', async () => {
    const app = createApp();
    const shop = createApp<{ shop: string }>();
    shop.post('/', { body: z.object({ n: z.number() }) }, ({ params, body }) => {
      has<{ shop: string }>()(params);
      return has<{ n: number }>()(body);
    });
    app.use('/shops/:shop', shop);
    assert.deepEqual((await app.inject({ url: '/shops/s', body: { n: 1 } })).json(), { n: 1 });
  });
});

describe('the parts of a request are typed by the schemas', () => {
  const User = { zod: z.object({ name: z.string(), age: z.coerce.number() }) };

  test('of zod', async () => {
    const app = createApp();
    app.post(
      '/:id',
      {
        params: z.object({ id: z.coerce.number() }),
        query: z.object({ verbose: z.stringbool().default(false) }),
        headers: z.object({ 'x-token': z.string() }),
        body: User.zod,
      },
      [(req, _res, next) => next(void req.body.age.toFixed())],
      (req) => {
        has<{ id: number }>()(req.params);
        has<{ verbose: boolean }>()(req.query);
        has<{ name: string; age: number }>()(req.body);
        return { ...req.params, ...req.query, ...req.body };
      },
    );
    const url = '/7?verbose=yes';
    const headers = { 'x-token': 't' };
    const told = await app.inject({ url, headers, body: { name: 'Ada', age: '36' } });
    assert.deepEqual(told.json(), { id: 7, verbose: true, name: 'Ada', age: 36 });
    assert.equal((await app.inject({ url, body: { name: 'Ada', age: 1 } })).status, 400);
  });

  test('of valibot', async () => {
    const app = createApp();
    const Id = valibot.object({ id: valibot.pipe(valibot.string(), valibot.transform(Number)) });
    const Body = valibot.object({ tags: valibot.optional(valibot.array(valibot.string()), []) });
    app.route('/:id').post({ params: Id, body: Body }, ({ params, body, query }) => {
      has<{ id: number }>()(params);
      has<{ tags: string[] }>()(body);
      has<Query>()(query);
      return [params.id, body.tags];
    });
    assert.deepEqual((await app.inject({ url: '/7', body: {} })).json(), [7, []]);
    assert.equal((await app.inject({ url: '/7', body: { tags: [1] } })).status, 400);
  });

  test('of arktype', async () => {
    const app = createApp();
    const Body = ark({ name: 'string > 0', 'age?': 'number.integer' });
    app.put(
      '/:id',
      { query: ark({ page: 'string.integer.parse' }), body: Body },
      ({ params, query, body }) => {
        has<{ id: string }>()(params);
        has<{ page: number }>()(query);
        has<{ name: string; age?: number }>()(body);
        return [params.id, query.page, body.name];
      },
    );
    const asked = { method: 'PUT', url: '/7?page=3' };
    assert.deepEqual((await app.inject({ ...asked, body: { name: 'Ada' } })).json(), ['7', 3, 'Ada']);
    const refused = await app.inject({ ...asked, body: { name: '', age: 1.5 } });
    assert.equal(refused.status, 400);
    const { errors } = refused.json() as { errors: { in: string; path: string[] }[] };
    assert.deepEqual(errors.map(({ in: part, path }) => [part, ...path]).sort(), [
      ['body', 'age'],
      ['body', 'name'],
    ]);
  });

  test('and by nothing else: what a schema does not know does not compile', () => {
    const app = createApp();
    const schemas = { body: User.zod };
    // @ts-expect-error: no such member
    app.post('/a', schemas, ({ body }) => body.mail);
    // @ts-expect-error: no such member, of a route
    app.route('/b').post(schemas, ({ body }) => body.mail);
    // @ts-expect-error: a part that requests do not have
    assert.throws(() => app.post('/c', { boddy: User.zod }, () => ''), { code: 'ERR_INVALID_ARG_VALUE' });
    // @ts-expect-error: without a schema nobody knows what it is
    app.post('/d', ({ body }) => body.name);
    assert.equal(app.routes().length, 3);
  });
});
