/** Handlers that get at `next` by another way than a third parameter: wrappers do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp, type Handler, HttpError, type Next } from 'barewire';
import { z } from 'zod';
import { mayReachNext } from '#src/app/reaches-next.js';

const last = (list: ArrayLike<unknown>) => list[list.length - 1] as Next;

/** Each hands on an error when its own turn is over. */
const WRAPPERS: Record<string, Handler> = {
  'takes its arguments as a list': (...list: unknown[]) => {
    setImmediate(() => last(list)(new HttpError(418)));
  },
  'takes those behind the first as a list': (_req, ...list) => {
    setImmediate(() => last(list)(new HttpError(418)));
  },
  'looks at arguments': function () {
    // biome-ignore lint/complexity/noArguments: it is what compilers make of a list
    const list = arguments;
    setImmediate(() => last(list)(new HttpError(418)));
  },
  'has a default for it': (_req, _res, next: Next | null = null) => {
    setImmediate(() => next?.(new HttpError(418)));
  },
  'is bound': ((...list: unknown[]) => {
    setImmediate(() => last(list)(new HttpError(418)));
  }).bind(null),
  'is a proxy': new Proxy((_req: unknown, _res: unknown) => {}, {
    apply: (_target, _this, list) => {
      setImmediate(() => last(list)(new HttpError(418)));
    },
  }),
  // As express-async-handler has it.
  'waits for another': (...list: unknown[]) =>
    Promise.reject(new HttpError(418)).catch((error) => last(list)(error)),
};

describe('a handler reaches next when it', () => {
  for (const [how, handler] of Object.entries(WRAPPERS)) {
    test(`${how}, alone in its route and behind a schema`, async () => {
      const app = createApp();
      app.get('/alone', handler);
      app.get('/checked', { query: z.object({}) }, handler);
      assert.equal((await app.inject('/alone')).status, 418);
      assert.equal((await app.inject('/checked')).status, 418);
    });
  }
});

test('a handler that cannot reach next is known by its text', () => {
  const path = 'a';
  const straight: ((...list: never[]) => unknown)[] = [
    () => 'text',
    (req: object) => req,
    async ({ url }: { url: string }, res: { end(...parts: unknown[]): void }) => res.end(...[url === path]),
    function named(_req: unknown) {},
    async function later() {},
    function* () {},
    { method() {} }.method,
    { async method(_req: unknown, _res: unknown) {} }.method,
  ];
  for (const handler of straight) assert.equal(mayReachNext(handler), false, String(handler));
  const others: ((...list: never[]) => unknown)[] = [
    (_req: unknown, _res: unknown, _next: unknown) => {},
    ({ ...rest }: object) => rest,
    (_req: unknown, _res = () => {}, ..._list: unknown[]) => {},
    function listed(_req: unknown, ..._list: unknown[]) {},
    (() => {}).bind(null),
    Math.max,
    { method(..._list: unknown[]) {} }.method,
  ];
  for (const handler of others) assert.equal(mayReachNext(handler), true, String(handler));
});
