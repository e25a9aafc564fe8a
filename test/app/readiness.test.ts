/** readiness(): what a load balancer is told. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import {
  type Application,
  type ApplicationOptions,
  createApp,
  type Logger,
  type ReadinessOptions,
  readiness,
} from 'barewire';

interface Told {
  status: number;
  body: unknown;
  retryAfter: string | null;
  cacheControl: string | null;
}

/** An application whose readiness can be asked for. */
async function serve(
  t: TestContext,
  options: ReadinessOptions,
  make: (app: Application, handler: ReturnType<typeof readiness>) => void = (app, handler) =>
    app.get('/ready', handler),
  applicationOptions: ApplicationOptions = {},
): Promise<{ app: Application; ask: () => Promise<Told> }> {
  const app = createApp(applicationOptions);
  make(app, readiness(options));
  const server = await app.listen(0, '127.0.0.1');
  t.after(() => app.close({ deadline: 0 }));
  const { port } = server.address() as AddressInfo;
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    return {
      status: response.status,
      body: await response.json(),
      retryAfter: response.headers.get('retry-after'),
      cacheControl: response.headers.get('cache-control'),
    };
  };
  return { app, ask };
}

const READY: Told = { status: 200, body: { status: 'ready' }, retryAfter: null, cacheControl: 'no-store' };
const refused = (body: object, retryAfter = '5'): Told => ({
  status: 503,
  body,
  retryAfter,
  cacheControl: 'no-store',
});

describe('readiness', () => {
  for (const [name, make] of [
    ['a route', (app: Application, handler: ReturnType<typeof readiness>) => app.get('/ready', handler)],
    ['middleware', (app: Application, handler: ReturnType<typeof readiness>) => app.use('/ready', handler)],
  ] as const) {
    test(`as ${name} is 200, and 503 from the moment that close() is called`, async (t) => {
      const { app, ask } = await serve(t, {}, make);
      assert.deepEqual(await ask(), READY);
      const closed = app.close({ delay: 1e9 });
      assert.deepEqual(await ask(), refused({ status: 'closing' }));
      void app.close({ delay: 0, deadline: 0 });
      await closed;
    });
  }

  test('is 503 after the end, and 200 when it listens again', async (t) => {
    const { app } = await serve(t, {});
    await app.close();
    assert.equal((await app.inject('/ready')).status, 503);
    await app.listen(0, '127.0.0.1');
    assert.equal((await app.inject('/ready')).status, 200);
  });

  test('is 503 with the names of the checks that fail, and not a word of why', async (t) => {
    const lines: unknown[][] = [];
    const writer = (...line: unknown[]) => void lines.push(line);
    const logger = {
      trace: writer,
      debug: writer,
      info: () => {},
      warn: writer,
      error: writer,
      fatal: writer,
      child: () => logger,
    } as unknown as Logger;
    const { ask } = await serve(
      t,
      {
        retryAfter: 30,
        checks: {
          queue: () => Promise.reject(new Error('amqp://me:secret@queue')),
          database: async () => 'well',
          cache: () => {
            throw undefined;
          },
          plain: () => false,
        },
      },
      undefined,
      { logger, logging: { ignore: ({ url }) => url === '/ready' } },
    );
    assert.deepEqual(await ask(), refused({ status: 'unready', failed: ['cache', 'queue'] }, '30'));
    assert.deepEqual(
      lines.map(([fields, text]) => [(fields as { check: string }).check, text]),
      [
        ['cache', 'readiness check failed'],
        ['queue', 'readiness check failed'],
      ],
    );
  });

  test('is 200 again when they do not fail any more', async (t) => {
    let isWell = false;
    const { ask } = await serve(t, {
      checks: {
        database: async () => {
          if (!isWell) throw new Error('not yet');
        },
      },
    });
    assert.equal((await ask()).status, 503);
    isWell = true;
    assert.deepEqual(await ask(), READY);
  });

  test('does not wait longer than it may: the signal is aborted, the check has failed', async (t) => {
    const reasons: string[] = [];
    const { ask } = await serve(t, {
      timeout: 20,
      checks: {
        slow: (signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(String(signal.reason));
              reject(signal.reason);
            });
          }),
      },
    });
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await ask(), refused({ status: 'unready', failed: ['slow'] }));
    }
    assert.deepEqual(reasons, ['Error: No answer within 20 ms', 'Error: No answer within 20 ms']);
  });

  test('begins no check again that has not ended', async (t) => {
    let calls = 0;
    let end = () => {};
    const { ask } = await serve(t, {
      timeout: 10,
      checks: {
        // Does not heed its signal.
        stuck: () => {
          calls++;
          return new Promise<void>((resolve) => {
            end = resolve;
          });
        },
      },
    });
    for (let i = 0; i < 3; i++) assert.equal((await ask()).status, 503);
    assert.equal(calls, 1);
    end();
    await new Promise(setImmediate);
    assert.equal((await ask()).status, 503);
    assert.equal(calls, 2);
  });

  test('makes the checks once for all who ask at the same time', async (t) => {
    let calls = 0;
    const asked: (() => void)[] = [];
    const { app } = await serve(t, {
      checks: {
        database: () => {
          calls++;
          return new Promise<void>((resolve) => asked.push(resolve));
        },
      },
    });
    const answers = [app.inject('/ready'), app.inject('/ready'), app.inject('/ready')];
    while (asked.length === 0) await new Promise(setImmediate);
    // All three have come by then.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    for (const answer of asked) answer();
    for (const answer of answers) assert.equal((await answer).status, 200);
    assert.equal(calls, 1);
  });

  test('is 503 where close() is called while the checks are made', async (t) => {
    let answer = () => {};
    const { app, ask } = await serve(t, {
      checks: {
        slow: () =>
          new Promise<void>((resolve) => {
            answer = resolve;
          }),
      },
    });
    const told = ask();
    const before = answer;
    while (answer === before) await new Promise(setImmediate);
    const closed = app.close();
    answer();
    assert.deepEqual(await told, refused({ status: 'closing' }));
    await closed;
  });

  test('refuses what is no check, and times that are none', () => {
    for (const checks of [{ a: 7 }, { a: null }] as unknown as ReadinessOptions['checks'][]) {
      assert.throws(() => readiness({ checks }), { code: 'ERR_INVALID_ARG_TYPE', message: /checks\.a/ });
    }
    for (const timeout of [0, -1, Number.NaN, 2 ** 31]) {
      assert.throws(() => readiness({ timeout }), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    readiness({ timeout: 2 ** 31 - 1 });
    for (const retryAfter of [-1, 1.5, Number.NaN]) {
      assert.throws(() => readiness({ retryAfter }), { code: 'ERR_INVALID_ARG_VALUE' });
    }
  });
});
