/** The middleware chain by itself: order, both habits, errors and where they go. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorHandler, type Handler, type Next, runChain, type Step } from '#src/app/chain.js';
import type { AppRequest, AppResponse } from '#src/app/types.js';

interface Outcome {
  /** What happened, in order. */
  readonly log: string[];
  /** What came out of the chain; undefined where it was answered or just ended. */
  readonly finished: unknown[];
}

type Log = (text: string) => void;

const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

const PLAIN = { takesErrors: false, answers: false, mount: null, isCertain: true, route: null, within: [] };

function step(run: Handler, more: Partial<Step> = {}): Step {
  return { ...PLAIN, run, ...more };
}

/** Runs a chain of these functions to its end; a long one until an error has come out of it. */
async function outcomeOf(make: (log: Log) => readonly (Handler | Step)[], isLong = false): Promise<Outcome> {
  const log: string[] = [];
  const finished: unknown[] = [];
  const steps = make((text) => log.push(text)).map((one) => (typeof one === 'function' ? step(one) : one));
  let isFinished = () => {};
  const finish = new Promise<void>((resolve) => {
    isFinished = resolve;
  });
  const owner = {
    respond: (_req: AppRequest, _res: AppResponse, value: unknown) => {
      log.push(`answer ${value}`);
    },
    note: () => {},
    finish: (error: unknown) => {
      finished.push(error instanceof Error ? error.message : error);
      isFinished();
    },
  };
  const req = { url: '/', originalUrl: '/' } as AppRequest;
  runChain(steps, () => void log.push('end'), req, {} as AppResponse, owner);
  if (isLong) await finish;
  await settled();
  return { log, finished };
}

const onError = (run: ErrorHandler): Step => ({ ...PLAIN, run, takesErrors: true });
const later = () => new Promise<void>((resolve) => setImmediate(resolve));
const failing: Handler = () => {
  throw new Error('on purpose');
};
const rejecting: Handler = async () => {
  await later();
  throw new Error('on purpose');
};

describe('a chain', () => {
  test('runs its steps in order, and ends behind the last', async () => {
    const { log, finished } = await outcomeOf((log) => [
      (_req, _res, next) => {
        log('one');
        next();
      },
      (_req, _res, next) => {
        log('two');
        setImmediate(next);
      },
    ]);
    assert.deepEqual(log, ['one', 'two', 'end']);
    assert.deepEqual(finished, []);
  });

  for (const [label, hand] of [
    ['call next()', (_req, _res, next) => void next()],
    ['return next()', (_req, _res, next) => next()],
    ['await next()', async (_req, _res, next) => await next()],
  ] as [string, Handler][]) {
    test(`may have more steps that ${label} than the stack holds`, async () => {
      const steps = Array.from({ length: 20_000 }, () => hand);
      const { log, finished } = await outcomeOf(() => [...steps, failing], true);
      assert.deepEqual(log, []);
      assert.deepEqual(finished, ['on purpose']);
    });
  }

  test('has as many error handlers as that, and calls each once', async () => {
    let calls = 0;
    const handing = Array.from({ length: 20_000 }, () =>
      onError((error) => {
        calls++;
        throw error;
      }),
    );
    const { finished } = await outcomeOf(() => [failing, ...handing], true);
    assert.equal(calls, 20_000);
    assert.deepEqual(finished, ['on purpose']);
  });

  test('comes back to who awaits next() when all behind it is done', async () => {
    const { log } = await outcomeOf((log) => [
      async (_req, _res, next) => {
        log('in');
        await next();
        log('out');
      },
      async (_req, _res, next) => {
        await later();
        log('inner');
        await next();
        log('inner out');
      },
    ]);
    assert.deepEqual(log, ['in', 'inner', 'end', 'inner out', 'out']);
  });

  test('answers with the value of a step that answers, and of no other', async () => {
    const { log } = await outcomeOf(() => [
      (_req, _res, next) => {
        next();
        return 'of middleware';
      },
      step(async () => 'of the route', { answers: true }),
    ]);
    assert.deepEqual(log, ['answer of the route']);
  });

  test('is left for the end of its route by next("route")', async () => {
    const route = {};
    const { log } = await outcomeOf((log) => [
      step((_req, _res, next) => void next('route'), { route }),
      step(() => log('skipped'), { route }),
      (_req, _res, next) => {
        log('behind');
        next();
      },
    ]);
    assert.deepEqual(log, ['behind', 'end']);
  });

  test('goes no further where next is not called', async () => {
    const { log, finished } = await outcomeOf((log) => [() => log('stops'), () => log('never')]);
    assert.deepEqual(log, ['stops']);
    assert.deepEqual(finished, []);
  });
});

describe('an error', () => {
  const handles = (log: Log): Step =>
    onError((error, _req, _res, _next) => {
      log(`handled ${(error as Error).message}`);
    });

  for (const [how, handler] of [
    ['thrown', failing],
    ['rejected', rejecting],
    ['given to next', (_req, _res, next) => void next(new Error('on purpose'))],
    [
      'thrown behind an await of next',
      async (_req, _res, next) => {
        await next();
        throw new Error('on purpose');
      },
    ],
  ] as [string, Handler][]) {
    test(`${how} goes to the error handler behind it, once`, async () => {
      const { log, finished } = await outcomeOf((log) => [
        (_req, _res, next) => void next(),
        handler,
        (_req, _res, next) => {
          log('step');
          next();
        },
        handles(log),
      ]);
      assert.deepEqual(log.at(-1), 'handled on purpose');
      assert.equal(log.filter((line) => line.startsWith('handled')).length, 1);
      assert.deepEqual(finished, []);
    });

    test(`${how} comes out where no error handler is`, async () => {
      const { finished } = await outcomeOf(() => [
        (_req, _res, next) => void next(),
        handler,
        (_req, _res, next) => void next(),
      ]);
      assert.deepEqual(finished, ['on purpose']);
    });
  }

  test('is not seen by the error handlers before it', async () => {
    const { log, finished } = await outcomeOf((log) => [handles(log), failing]);
    assert.deepEqual(log, []);
    assert.deepEqual(finished, ['on purpose']);
  });

  test('of the end is seen by every error handler', async () => {
    const log: string[] = [];
    const steps = [handles((text) => log.push(text)), step((_req, _res, next) => void next())];
    const fail = () => {
      throw new Error('nothing here');
    };
    const owner = { respond: () => {}, note: () => {}, finish: () => log.push('finished') };
    const req = { url: '/', originalUrl: '/' } as AppRequest;
    runChain(steps, fail, req, {} as AppResponse, owner);
    await settled();
    assert.deepEqual(log, ['handled nothing here']);
  });

  test('that an error handler hands on or throws goes to the next one', async () => {
    const { log, finished } = await outcomeOf((log) => [
      failing,
      onError((error, _req, _res, next) => {
        log('first');
        next(error);
      }),
      onError(async (_error, _req, _res, _next) => {
        log('second');
        throw new Error('another');
      }),
      onError((error, _req, _res, _next) => {
        log(`third ${(error as Error).message}`);
      }),
    ]);
    assert.deepEqual(log, ['first', 'second', 'third another']);
    assert.deepEqual(finished, []);
  });

  test('is over when an error handler hands on without it', async () => {
    const { log } = await outcomeOf((log) => [
      failing,
      onError((_error, _req, _res, next) => void next()),
      (_req, _res, next) => {
        log('again');
        next();
      },
    ]);
    assert.deepEqual(log, ['again', 'end']);
  });

  test('may be caught by whoever awaits next()', async () => {
    for (const handler of [failing, rejecting]) {
      const { log, finished } = await outcomeOf((log) => [
        async (_req, _res, next) => {
          try {
            await next();
          } catch (error) {
            log(`caught ${(error as Error).message}`);
          }
        },
        (_req, _res, next) => next(),
        handler,
      ]);
      assert.deepEqual(log, ['caught on purpose']);
      assert.deepEqual(finished, []);
    }
  });

  test('comes out once, however many await it', async () => {
    const awaiting: Handler = async (_req, _res, next) => {
      await next();
    };
    const { finished } = await outcomeOf(() => [awaiting, awaiting, awaiting, rejecting]);
    assert.deepEqual(finished, ['on purpose']);
  });

  test('of any kind may be thrown, undefined among them', async () => {
    for (const thrown of ['text', 0, null, undefined]) {
      const { finished } = await outcomeOf(() => [
        () => {
          throw thrown;
        },
      ]);
      assert.deepEqual(finished, [thrown]);
    }
  });
});

describe('next called twice', () => {
  test('is an error of who calls it, and no second run', async () => {
    let isFirst = true;
    const { log, finished } = await outcomeOf((log) => [
      (_req, _res, next: Next) => {
        next();
        next();
      },
      (_req, _res, next) => {
        assert.ok(isFirst);
        isFirst = false;
        log('run');
        next();
      },
    ]);
    assert.deepEqual(log, ['run', 'end']);
    assert.deepEqual(finished, ['next() was called twice by one middleware']);
  });

  test('later, where nobody could catch it, is an error of the request all the same', async () => {
    const { log, finished } = await outcomeOf((log) => [
      (_req, _res, next: Next) => {
        next();
        setImmediate(next);
      },
      onError((error, _req, _res, next) => {
        log((error as Error).message);
        next(error);
      }),
    ]);
    assert.deepEqual(log, ['end', 'next() was called twice by one middleware']);
    assert.deepEqual(finished, ['next() was called twice by one middleware']);
  });

  test('with an error, as time-outs do, leads to the error handlers behind', async () => {
    const { log, finished } = await outcomeOf((log) => [
      (_req, _res, next: Next) => {
        next();
        setImmediate(() => next(new Error('too late')));
      },
      () => log('waiting'),
      onError((error) => log((error as Error).message)),
    ]);
    assert.deepEqual(log, ['waiting', 'too late']);
    assert.deepEqual(finished, []);
  });

  test('and awaited rejects, where no error handler takes it', async () => {
    const { log, finished } = await outcomeOf((log) => [
      async (_req, _res, next: Next) => {
        await next();
        await next().catch((error: Error) => log(error.message));
      },
    ]);
    assert.deepEqual(log, ['end', 'next() was called twice by one middleware']);
    assert.deepEqual(finished, []);
  });
});
