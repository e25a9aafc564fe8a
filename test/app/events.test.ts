import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { type EventStream, sse, textOfEvent } from '#src/app/events.js';
import { ask, connect, headOf, kinds, serve } from './answering.js';

/** What an EventSource would hear of a text, by the steps of the HTML standard, section 9.2.6. */
function heard(text: string): { event: string; data: string; id: string }[] {
  const events: { event: string; data: string; id: string }[] = [];
  let [event, data, id] = ['', [] as string[], ''];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data.length > 0) events.push({ event: event || 'message', data: data.join('\n'), id });
      [event, data] = ['', []];
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
  }
  return events;
}

describe('the text of an event', () => {
  test('each field a line, data as many as it has', () => {
    assert.equal(textOfEvent({ data: 'a' }), 'data: a\n\n');
    assert.equal(
      textOfEvent({ event: 'add', id: '7', retry: 10, data: 'a\nb\r\nc\rd' }),
      'event: add\nid: 7\nretry: 10\ndata: a\ndata: b\ndata: c\ndata: d\n\n',
    );
    assert.equal(textOfEvent({ data: { a: 'x\ny' } }), 'data: {"a":"x\\ny"}\n\n');
    assert.equal(textOfEvent({ data: '' }), 'data: \n\n');
    assert.equal(textOfEvent({ data: null }), 'data: null\n\n');
    assert.equal(textOfEvent({ id: '7' }), 'id: 7\n\n');
  });

  test('an event or id that would be more than a line is refused', () => {
    for (const value of ['a\nb', 'a\rb', 'a\r\ndata: x', 'a\0b']) {
      assert.throws(() => textOfEvent({ event: value }), { code: 'ERR_INVALID_ARG_VALUE' });
      assert.throws(() => textOfEvent({ id: value }), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    assert.throws(() => textOfEvent({ id: 7 as unknown as string }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const retry of [-1, 1.5, Number.NaN]) {
      assert.throws(() => textOfEvent({ retry }), { code: 'ERR_INVALID_ARG_VALUE' });
    }
  });

  test('whatever the data is, it is heard as one event with these lines', () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\r', 'data: ', 'event: x', ':', ' ', 'id: 1', '\0'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const data = pieces.join('');
        assert.deepEqual(heard(textOfEvent({ event: 'e', id: 'i', data })), [
          { event: 'e', data: data.replace(/\r\n|\r/g, '\n'), id: 'i' },
        ]);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Reads until the text is there. */
async function until(socket: Socket, text: string): Promise<string> {
  let received = '';
  const onData = (piece: Buffer) => {
    received += piece.toString();
  };
  socket.on('data', onData);
  while (!received.includes(text)) await once(socket, 'data');
  socket.off('data', onData);
  return received;
}

for (const kind of kinds) {
  describe(`server-sent events, on ${kind}`, () => {
    type T = Parameters<typeof serve>[0];
    const open = async (t: T, options: Parameters<typeof sse>[2], headers: Record<string, string> = {}) => {
      let stream: EventStream | undefined;
      const { port } = await serve(t, kind, (req, res) => {
        stream = sse(req, res, options);
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/', { headers })}\r\n`);
      const head = await until(socket, '\r\n\r\n');
      return { stream: stream as EventStream, socket, head };
    };

    test('the head leaves before there is an event', async (t) => {
      const { stream, head } = await open(t, { heartbeat: 0 });
      assert.match(head, /^HTTP\/1.1 200 OK\r\n/);
      assert.match(head, /\r\nContent-Type: text\/event-stream\r\n/i);
      assert.match(head, /\r\nCache-Control: no-cache, no-transform\r\n/i);
      assert.equal(stream.isOpen, true);
      stream.close();
    });

    test('events arrive as they are sent; close ends the response', async (t) => {
      const { stream, socket } = await open(t, { heartbeat: 0 });
      const first = until(socket, '\n\n');
      assert.equal(stream.send({ data: 'one' }), true);
      assert.match(await first, /data: one\n\n/);
      const rest = until(socket, '0\r\n\r\n');
      stream.send({ event: 'last', data: [2] });
      stream.close();
      stream.close();
      assert.match(await rest, /event: last\ndata: \[2\]\n\n/);
      await stream.closed;
      assert.deepEqual(
        [stream.isOpen, stream.signal.aborted, stream.send({ data: 'x' })],
        [false, true, false],
      );
    });

    test('retry, and the id that the client heard last', async (t) => {
      const { stream, socket } = await open(t, { heartbeat: 0 }, { 'Last-Event-ID': 'é' });
      assert.equal(stream.lastEventId, 'é');
      const text = until(socket, 'retry: 500\n\n');
      stream.send({ retry: 500 });
      await text;
      stream.close();
      const { port } = await serve(t, kind, (req, res) => {
        const other = sse(req, res, { retry: 700 });
        assert.equal(other.lastEventId, undefined);
        other.close();
      });
      assert.equal((await ask(t, port)).text, 'retry: 700\n\n');
    });

    test('a comment now and then, while nothing happens', async (t) => {
      const { stream, socket } = await open(t, { heartbeat: 5 });
      assert.match(await until(socket, ':'), /: \n/);
      stream.close();
    });

    test('a client that hangs up closes the stream', async (t) => {
      const { stream, socket } = await open(t, { heartbeat: 0 });
      const heardAbort = once(stream.signal, 'abort');
      socket.destroy();
      await stream.closed;
      await heardAbort;
      assert.deepEqual([stream.isOpen, stream.send({ data: 'x' })], [false, false]);
      await stream.ready();
    });

    test('an iterable is sent to its end; what is no event is data', async (t) => {
      const { port } = await serve(t, kind, (req, res) =>
        sse(req, res).sendAll(
          (async function* () {
            yield 'text';
            yield { event: 'e', data: 1 };
            yield { a: 1 };
          })(),
        ),
      );
      const { text, isComplete } = await ask(t, port);
      assert.deepEqual(heard(text), [
        { event: 'message', data: 'text', id: '' },
        { event: 'e', data: '1', id: '' },
        { event: 'message', data: '{"a":1}', id: '' },
      ]);
      assert.equal(isComplete, true);
    });

    test('a reader that is slow slows the iterable down; one that is gone ends it', async (t) => {
      let made = 0;
      let isOver = false;
      const line = 'x'.repeat(16 * 1024);
      const { port, errors } = await serve(t, kind, async (req, res) => {
        await sse(req, res).sendAll(
          (function* () {
            try {
              for (; made < 100_000; made++) yield line;
            } finally {
              isOver = true;
            }
          })(),
        );
      });
      const socket = await connect(t, port);
      socket.pause();
      socket.write(`${headOf('/')}\r\n`);
      let before = -1;
      for (let still = 0; still < 200; still = made === before ? still + 1 : 0) {
        before = made;
        await turn();
      }
      assert.ok(made > 0 && made < 50_000, `${made}`);
      socket.destroy();
      while (!isOver) await turn();
      assert.deepEqual(errors, []);
    });

    test('an iterable that waits for ever is let go when the client is', async (t) => {
      let isSettled = false;
      const { port } = await serve(t, kind, async (req, res) => {
        await sse(req, res).sendAll(
          (async function* () {
            yield 1;
            await new Promise(() => {});
          })(),
        );
        isSettled = true;
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/')}\r\n`);
      await until(socket, 'data: 1');
      socket.destroy();
      while (!isSettled) await turn();
    });

    test('a client that hangs up closes a stream that waits for its turn', async (t) => {
      let stream: EventStream | undefined;
      const { port } = await serve(t, kind, (req, res) => {
        if (req.url === '/first') return;
        stream = sse(req, res);
        stream.send({ data: 1 });
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/first')}\r\n${headOf('/second')}\r\n`);
      while (stream === undefined) await turn();
      socket.destroy();
      await stream.closed;
      assert.equal(stream.isOpen, false);
    });

    test('an iterator whose return() throws is let go when the client is, and ends nothing', async (t) => {
      let isSettled = false;
      const { port, errors } = await serve(t, kind, async (req, res) => {
        await sse(req, res).sendAll({
          [Symbol.asyncIterator]: () => ({
            next: async () => {
              await turn();
              return { value: 1, done: false };
            },
            return: () => {
              throw new Error('return() failed');
            },
          }),
        });
        isSettled = true;
      });
      const socket = await connect(t, port);
      socket.write(`${headOf('/')}\r\n`);
      await until(socket, 'data: 1');
      socket.destroy();
      while (!isSettled && errors.length === 0) await turn();
      assert.deepEqual(errors, []);
    });

    test('an iterable that fails cuts the response short, and says why', async (t) => {
      const error = new Error('no');
      const running = await serve(t, kind, (req, res) =>
        sse(req, res).sendAll(
          (async function* () {
            yield 1;
            await turn();
            await turn();
            throw error;
          })(),
        ),
      );
      const failure = running.failure();
      assert.equal((await ask(t, running.port)).isComplete, false);
      assert.equal(await failure, error);
    });

    test('who sends without waiting for a reader that reads nothing is stopped at the backlog', async (t) => {
      const { stream, socket } = await open(t, { heartbeat: 0, backlog: 100_000 });
      socket.pause();
      const line = 'x'.repeat(50_000);
      let sent = 0;
      while (stream.isOpen && sent < 10_000) {
        stream.send({ data: line });
        sent++;
        await turn();
      }
      assert.ok(sent < 10_000);
      assert.equal((stream.signal.reason as { code: string }).code, 'ERR_EVENT_STREAM_TOO_SLOW');
      await stream.closed;
    });

    test('HEAD gets the head, and the stream is closed', async (t) => {
      const { port } = await serve(t, kind, (req, res) => assert.equal(sse(req, res).isOpen, false));
      const { status, headers } = await ask(t, port, '/', { method: 'HEAD' });
      assert.deepEqual([status, headers['content-type']], [200, 'text/event-stream']);
    });

    test('options are checked', async (t) => {
      for (const options of [{ heartbeat: -1 }, { backlog: Number.NaN }, { retry: -1 }]) {
        const { port } = await serve(t, kind, (req, res) => void sse(req, res, options));
        const { status, text, headers } = await ask(t, port);
        assert.deepEqual([status, text, headers['cache-control']], [500, 'ERR_INVALID_ARG_VALUE', undefined]);
      }
    });
  });
}
