import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pour, sourceOfStream } from '#src/app/pour.js';
import { respond } from '#src/app/respond.js';
import { ask, connect, headOf, kinds, serve } from './answering.js';

const PIECE = 64 * 1024;
const PIECES = 1024;

/** 64 MiB that count how much of them was asked for. */
class Counted {
  pulled = 0;
  isStopped = false;
  readonly piece = Buffer.alloc(PIECE);

  stream(): Readable {
    return new Readable({
      highWaterMark: PIECE,
      read: (() => {
        const counted = this;
        return function read(this: Readable) {
          this.push(counted.pulled < PIECES ? counted.next() : null);
        };
      })(),
      destroy: (error, callback) => {
        this.isStopped = true;
        callback(error);
      },
    });
  }

  webStream(): ReadableStream {
    return new ReadableStream({
      pull: (controller) => {
        if (this.pulled < PIECES) controller.enqueue(this.next());
        else controller.close();
      },
      cancel: () => {
        this.isStopped = true;
      },
    });
  }

  async *generator(): AsyncGenerator<Buffer> {
    try {
      while (this.pulled < PIECES) {
        await turn();
        yield this.next();
      }
    } finally {
      this.isStopped = true;
    }
  }

  next(): Buffer {
    this.pulled++;
    return this.piece;
  }
}

const MAKERS = ['stream', 'webStream', 'generator'] as const;

/** Lets the event loop turn until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

for (const kind of kinds) {
  describe(`content bit by bit, on ${kind}`, () => {
    for (const make of MAKERS) {
      test(`a slow reader of 64 MiB has no more of a ${make} read than buffers hold, and gets it all`, async (t) => {
        const counted = new Counted();
        const { port, errors } = await serve(t, kind, (req, res) => respond(req, res, counted[make]()));
        const socket = await connect(t, port);
        socket.pause();
        socket.write(`${headOf('/')}Connection: close\r\n\r\n`);
        let before = -1;
        // The buffers of both sockets and of the system are full when nothing moves any more.
        for (let still = 0; still < 200; still = counted.pulled === before ? still + 1 : 0) {
          before = counted.pulled;
          await turn();
        }
        assert.ok(counted.pulled > 0 && counted.pulled < PIECES / 2, `${counted.pulled} of ${PIECES}`);
        let received = 0;
        socket.on('data', (piece: Buffer) => {
          received += piece.length;
        });
        socket.resume();
        await once(socket, 'close');
        assert.equal(counted.pulled, PIECES);
        assert.ok(received > PIECES * PIECE);
        assert.deepEqual(errors, []);
      });

      test(`a client that hangs up stops a ${make}`, async (t) => {
        const counted = new Counted();
        let isSettled = false;
        const { port, errors } = await serve(t, kind, async (req, res) => {
          await respond(req, res, counted[make]());
          isSettled = true;
        });
        const socket = await connect(t, port);
        socket.write(`${headOf('/')}\r\n`);
        await once(socket, 'data');
        socket.destroy();
        await until(() => isSettled && counted.isStopped);
        assert.ok(counted.pulled < PIECES);
        assert.deepEqual(errors, [], 'that is no error of the handler');
      });
    }

    test('a client that hangs up while the source has nothing to say stops it, and ends the wait', async (t) => {
      const silent = new Readable({ read() {} });
      let isSettled = false;
      const { port } = await serve(t, kind, async (_, res) => {
        res.flushHeaders();
        await pour(res, sourceOfStream(silent));
        isSettled = true;
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/')}\r\n`);
      await once(socket, 'data');
      socket.destroy();
      await until(() => isSettled);
      assert.equal(silent.destroyed, true);
    });

    test('a generator that waits for ever does not hold the handler when the client hangs up', async (t) => {
      let isSettled = false;
      const { port } = await serve(t, kind, async (req, res) => {
        await respond(
          req,
          res,
          (async function* () {
            yield 'first';
            await new Promise(() => {});
          })(),
        );
        isSettled = true;
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/')}\r\n`);
      await once(socket, 'data');
      socket.destroy();
      await until(() => isSettled);
    });

    test('a client that hangs up stops what waits for its turn behind another answer', async (t) => {
      const counted = new Counted();
      let isSettled = false;
      const { port, errors } = await serve(t, kind, async (req, res) => {
        if (req.url === '/first') return;
        await respond(req, res, counted.generator());
        isSettled = true;
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/first')}\r\n${headOf('/second')}\r\n`);
      await until(() => counted.pulled > 0);
      socket.destroy();
      await until(() => isSettled && counted.isStopped);
      assert.deepEqual(errors, [], 'that is no error of the handler');
    });

    test('many that wait behind another answer are stopped without a warning', async (t) => {
      const warned: Error[] = [];
      const onWarning = (warning: Error) => warned.push(warning);
      process.on('warning', onWarning);
      t.after(() => process.off('warning', onWarning));
      const sources = Array.from({ length: 12 }, () => new Counted());
      const { port } = await serve(t, kind, async (req, res) => {
        if (req.url !== '/first') await respond(req, res, sources[Number(req.url?.slice(1))].generator());
      });
      const socket = await connect(t, port);
      const heads = sources.map((_, index) => `${headOf(`/${index}`)}\r\n`);
      socket.write(`${headOf('/first')}\r\n${heads.join('')}`);
      await until(() => sources[0].pulled > 0);
      socket.destroy();
      await until(() => sources.every(({ pulled, isStopped }) => pulled === 0 || isStopped));
      await turn();
      assert.deepEqual(warned, []);
    });

    test('an iterator that answers at once, without promises, is as good as any', async (t) => {
      const pieces = ['one ', 'two'];
      const iterable = {
        [Symbol.asyncIterator]: () => ({
          next: () => ({ value: pieces[0], done: pieces.shift() === undefined }),
        }),
      };
      const { port, errors } = await serve(t, kind, (req, res) => respond(req, res, iterable));
      const { text, isComplete } = await ask(t, port);
      assert.deepEqual({ text, isComplete, errors }, { text: 'one two', isComplete: true, errors: [] });
    });

    const returns: [how: string, stop: () => unknown][] = [
      ['answers at once', () => ({ value: undefined, done: true })],
      ['answers nothing', () => {}],
      ['rejects', () => Promise.reject(new Error('return() failed'))],
      [
        'throws',
        () => {
          throw new Error('return() failed');
        },
      ],
    ];
    for (const [how, stop] of returns) {
      test(`an iterator whose return() ${how} is stopped by a client that hangs up`, async (t) => {
        let isStopped = false;
        let isSettled = false;
        const iterable = {
          [Symbol.asyncIterator]: () => ({
            next: async () => {
              await turn();
              return { value: 'piece', done: false };
            },
            return: () => {
              isStopped = true;
              return stop();
            },
          }),
        };
        const { port, errors } = await serve(t, kind, async (req, res) => {
          await respond(req, res, iterable);
          isSettled = true;
        });
        const socket = await connect(t, port);
        socket.write(`${headOf('/')}\r\n`);
        await once(socket, 'data');
        socket.destroy();
        await until(() => isSettled && isStopped);
        assert.deepEqual(errors, []);
      });
    }

    const failures: [name: string, make: (error: Error) => unknown][] = [
      [
        'stream',
        (error) =>
          new Readable({
            read() {
              this.destroy(error);
            },
          }),
      ],
      ['web stream', (error) => new ReadableStream({ pull: () => Promise.reject(error) })],
      [
        'generator',
        // biome-ignore lint/correctness/useYield: it does not get that far
        async function* (error) {
          throw error;
        },
      ],
    ];
    for (const [name, make] of failures) {
      test(`an error of a ${name} before the head is the handler's: it can still be answered`, async (t) => {
        const error = Object.assign(new Error('no'), { status: 418 });
        const running = await serve(t, kind, (req, res) => {
          res.setHeader('Content-Encoding', 'x');
          return respond(req, res, make(error));
        });
        const answer = await ask(t, running.port);
        assert.deepEqual([answer.status, answer.isComplete], [418, true]);
        assert.equal(answer.headers['content-encoding'], undefined);
        assert.deepEqual(running.errors, [error]);
      });
    }

    for (const version of ['1.0', '1.1'] as const) {
      test(`an error after the head cuts the response short, HTTP/${version}`, async (t) => {
        const error = new Error('late');
        const running = await serve(t, kind, (req, res) =>
          respond(
            req,
            res,
            (async function* () {
              yield 'some';
              await turn();
              await turn();
              throw error;
            })(),
          ),
        );
        const failure = running.failure();
        const socket = await connect(t, running.port);
        const received: string[] = [];
        let isReset = false;
        socket.on('data', (piece: Buffer) => received.push(piece.toString()));
        socket.on('error', () => {
          isReset = true;
        });
        socket.write(`${headOf('/', { version })}\r\n`);
        await new Promise((resolve) => socket.once('close', resolve));
        assert.equal(await failure, error);
        assert.doesNotMatch(received.join(''), /\r\n0\r\n\r\n$/);
        // Without chunks or a length, an orderly end of the connection would be the end of the content.
        if (version === '1.0') assert.equal(isReset, true);
      });
    }

    test('content shorter than the length that was told is cut short, not left to be waited for', async (t) => {
      const running = await serve(t, kind, (req, res) => {
        res.setHeader('Content-Length', 10);
        return respond(req, res, Readable.from(['abc']));
      });
      const failure = running.failure();
      const answer = await ask(t, running.port);
      assert.equal(answer.isComplete, false);
      assert.match(String(await failure), /after 3 of 10 bytes/);
    });

    test('content longer than the length that was told does not become another response', async (t) => {
      const running = await serve(t, kind, (req, res) => {
        res.setHeader('Content-Length', 3);
        return respond(
          req,
          res,
          (async function* () {
            yield 'abc';
            await turn();
            await turn();
            yield 'HTTP/1.1 200 OK\r\n\r\n';
          })(),
        );
      });
      const failure = running.failure();
      const answer = await ask(t, running.port);
      assert.equal(answer.text, 'abc');
      assert.match(String(await failure), /after 22 of 3 bytes/);
    });

    test('a chunk that is none is an error', async (t) => {
      const running = await serve(t, kind, (req, res) => respond(req, res, Readable.from([{ a: 1 }])));
      assert.equal((await ask(t, running.port)).status, 500);
    });

    test('listeners are gone when it is over', async (t) => {
      const counts: number[] = [];
      const { port } = await serve(t, kind, async (req, res) => {
        const count = () =>
          (res as unknown as NodeJS.EventEmitter).listenerCount('drain') +
          (res as unknown as NodeJS.EventEmitter).listenerCount('close');
        counts.push(count());
        await respond(req, res, Readable.from(['a']));
        counts.push(count());
      });
      await ask(t, port);
      assert.equal(counts[0], counts[1]);
    });
  });
}
