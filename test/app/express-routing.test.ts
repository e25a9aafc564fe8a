/** What handlers are called, in which order and with what: on Express and here. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { type AppRequest, type AppResponse, createApp } from 'barewire';
import http from 'barewire/http';

const require = createRequire(import.meta.url);

type Next = (error?: unknown) => unknown;
type Handler = (req: AppRequest, res: AppResponse, next: Next) => unknown;

/** An application or router, of either. */
interface Shared {
  use(...args: unknown[]): unknown;
  get(path: string, ...handlers: (Handler | Handler[])[]): unknown;
  all(path: string, ...handlers: Handler[]): unknown;
  param(
    name: string | string[],
    handler: (req: AppRequest, res: AppResponse, next: Next, value: string, name: string) => unknown,
  ): unknown;
  route(path: string): { all(handler: Handler): { get(handler: Handler): unknown } };
}

/** Makes an application with a log of what is called; `router` makes what is to be mounted. */
type Build = (app: Shared, router: () => Shared, log: (...words: unknown[]) => void) => void;

interface Told {
  status: number;
  text: string;
  log: string[];
}

async function answers(t: TestContext, server: Server, paths: string[], log: string[]): Promise<Told[]> {
  if (!server.listening) await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const told: Told[] = [];
  for (const path of paths) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    const text = await response.text();
    // The bodies of errors are their own.
    told.push({ status: response.status, text: response.ok ? text : '', log: log.splice(0) });
  }
  return told;
}

function same(name: string, build: Build, ...paths: string[]): void {
  test(name, async (t) => {
    const express = require('express') as (() => Shared & { listen(port: number, host: string): Server }) & {
      Router(options: object): Shared;
    };
    const logs: [string[], string[]] = [[], []];
    const logging =
      (lines: string[]) =>
      (...words: unknown[]) =>
        void lines.push(words.join(' '));
    const theirs = express();
    build(theirs, () => express.Router({ mergeParams: true }), logging(logs[0]));
    // Express writes the stacks of errors that nobody takes, but for this.
    (theirs as unknown as { set(name: string, value: string): void }).set('env', 'test');
    const own = createApp();
    build(own as unknown as Shared, () => createApp() as unknown as Shared, logging(logs[1]));
    const expected = await answers(t, theirs.listen(0, '127.0.0.1'), paths, logs[0]);
    const server = http.createServer(own.handler).listen(0, '127.0.0.1') as unknown as Server;
    assert.deepEqual(await answers(t, server, paths, logs[1]), expected);
    assert.ok(expected.some(({ log }) => log.length > 0));
  });
}

describe('app.param', () => {
  same(
    'is called before the handlers of routes that have the parameter, in the order of the path',
    (app, _router, log) => {
      app.param('id', (_req, _res, next, value, name) => {
        log(name, value);
        next();
      });
      app.param(['page', 'id'], (req, res, next, value, name) => {
        log('second', name, value, req.params.id, res.headersSent);
        next();
      });
      app.use((_req: AppRequest, _res: AppResponse, next: Next) => {
        log('middleware');
        next();
      });
      app.get('/users/:id/:page', (req, res) => res.send({ ...req.params }));
      app.get('/users/:id', (req, res) => res.send({ ...req.params }));
      app.get('/other/:name', (_req, res) => {
        log('other');
        res.send('other');
      });
    },
    '/users/a%2Fb/2',
    '/users/7',
    '/other/7',
    '/none',
  );

  same(
    'may wait, fail, or answer',
    (app, _router, log) => {
      app.param('id', async (req, res, next, value) => {
        await Promise.resolve();
        if (value === 'fails') throw Object.assign(new Error('no'), { status: 410 });
        if (value === 'refused') return next(Object.assign(new Error('no'), { status: 403 }));
        if (value === 'answered') return void res.send('by param');
        (req as AppRequest & { user: string }).user = `user ${value}`;
        return next();
      });
      app.get('/:id', (req, res) => {
        const { user } = req as AppRequest & { user: string };
        log(user);
        res.send(user);
      });
    },
    '/7',
    '/fails',
    '/refused',
    '/answered',
  );

  same(
    'of an application is for its own routes, and for what is mounted under its parameters',
    (app, router, log) => {
      const noting =
        (whose: string) => (_req: AppRequest, _res: AppResponse, next: Next, value: string, name: string) => {
          log(whose, name, value);
          next();
        };
      const api = router();
      app.param('shop', noting('app'));
      app.param('id', noting('app'));
      api.param('id', noting('api'));
      api.get('/items/:id', (req, res) => res.send({ ...req.params }));
      app.use('/shops/:shop', api);
      app.get('/own/:id', (_req, res) => res.send('own'));
    },
    '/shops/s/items/7',
    '/own/8',
  );

  test('takes functions alone', () => {
    const app = createApp();
    assert.throws(() => app.param('id', 'x' as never), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => app.param([1 as never], () => {}), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('what is mounted under a path with parameters', () => {
  same(
    'has them in req.params, and what comes behind has its own',
    (app, router, log) => {
      const params = (where: string, req: AppRequest) => log(where, JSON.stringify({ ...req.params }));
      app.use('/:tenant/:area', (req: AppRequest, _res: AppResponse, next: Next) => {
        log(req.params.tenant, req.params.area, req.baseUrl, req.url);
        next();
      });
      const shop = router();
      shop.use('/:what', (req: AppRequest, _res: AppResponse, next: Next) => {
        log(req.params.what, req.params.shop, req.baseUrl, req.url);
        next();
      });
      shop.get('/items/:id', (req, res) => {
        params('route', req);
        res.send('item');
      });
      app.use('/shops/:shop', shop);
      app.get('/plain/text', (req, res) => {
        params('route', req);
        res.send('plain');
      });
    },
    '/shops/a%20b/items/7',
    '/plain/text',
    '/x/%C3%A9/z',
  );
});

describe('next', () => {
  same(
    "('route') leaves the handlers of the route",
    (app, _router, log) => {
      app.get(
        '/a',
        (req, _res, next) => {
          log('first');
          next(req.query.skip ? 'route' : undefined);
        },
        [
          (_req: AppRequest, _res: AppResponse, next: Next) => {
            log('second');
            next();
          },
          (_req: AppRequest, res: AppResponse) => res.send('third'),
        ],
      );
      app.use((_req: AppRequest, res: AppResponse) => res.send('behind'));
    },
    '/a/',
    '/a/?skip=1',
  );

  same(
    "('router') leaves the mounted application, and what is in it",
    (app, router, log) => {
      const [api, inner, deep] = [router(), router(), router()];
      app.use('/api', api);
      api.use((req: AppRequest, _res: AppResponse, next: Next) => {
        log('api');
        next(req.query.leave === 'api' ? 'router' : undefined);
      });
      api.use('/inner', inner);
      inner.use((req: AppRequest, _res: AppResponse, next: Next) => {
        log('inner');
        next(req.query.leave === 'inner' ? 'router' : undefined);
      });
      inner.use('/deep', deep);
      deep.use((_req: AppRequest, _res: AppResponse, next: Next) => {
        log('deep');
        next();
      });
      inner.get('/deep/x', (_req, res) => res.send('x'));
      api.use((_req: AppRequest, _res: AppResponse, next: Next) => {
        log('behind inner');
        next();
      });
      app.use((_req: AppRequest, res: AppResponse) => res.send('behind all'));
    },
    '/api/inner/deep/x',
    '/api/inner/deep/x?leave=api',
    '/api/inner/deep/x?leave=inner',
  );

  same(
    "('router') of the outermost leaves everything",
    (app, _router, log) => {
      app.use((_req: AppRequest, _res: AppResponse, next: Next) => {
        log('leaves');
        next('router');
      });
      app.get('/', (_req, res) => res.send('never'));
    },
    '/',
  );
});

describe('error handlers', () => {
  same(
    'take what was thrown, rejected or handed on before them',
    (app, _router, log) => {
      app.get('/throws', () => {
        throw Object.assign(new Error('thrown'), { status: 401 });
      });
      app.get('/rejects', async () => {
        throw Object.assign(new Error('rejected'), { status: 402 });
      });
      app.get('/hands', (_req, _res, next) => next(Object.assign(new Error('handed'), { statusCode: 409 })));
      app.use((error: Error, req: AppRequest, res: AppResponse, next: Next) => {
        log(error.message, req.path);
        if (error.message === 'handed') return next(error);
        return res.status(299).send(`taken ${error.message}`);
      });
    },
    '/throws',
    '/rejects',
    '/hands',
  );
});
