/**
 * Messages that are only listened to have no stream until somebody asks for more: nobody can tell when that was. Each
 * is read twice, once with a stream from the beginning.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import http from 'barewire/http';
import type { Incoming } from '#src/http/incoming-message.js';
import { bounded } from '../differential/bounded.js';
import {
  acts,
  allReaders,
  type Cell,
  cellsOfAct,
  cellsOfReader,
  contents,
  type Read,
  type Side,
  store,
  watch,
} from '../differential/listening.js';
import { chunk, chunkedPost, lastChunk } from '../differential/messages.js';
import { shown } from '../differential/scene.js';

/** What is there to see of a message, to be called with it. */
type See = (message: IncomingMessage) => Promise<void>;

/** Whom the message with this number is for. */
const seen = new Map<string, See>();
let count = 0;

const server = http.createServer((req, res) => {
  const see = seen.get(req.url as string) as See;
  void store.run('handler', () => see(req)).then(() => res.writableEnded || res.end('ok'));
});

const replies = new Map<string, string>();
const origin = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    const target = data.toString().split(' ')[1];
    socket.write(Buffer.from(replies.get(target) as string, 'latin1'));
  });
});

async function listen(one: Server): Promise<void> {
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
}

function portOf(one: Server): number {
  return (one.address() as AddressInfo).port;
}

before(async () => {
  await listen(server as unknown as Server);
  await listen(origin);
});

after(() => {
  server.close();
  origin.close();
});

async function request(content: string, see: See): Promise<void> {
  const target = `/${++count}`;
  const isSeen = new Promise<void>((resolve, reject) => {
    seen.set(target, (req) => see(req).then(resolve, reject) as Promise<void>);
  });
  const socket = connect(portOf(server as unknown as Server), '127.0.0.1');
  socket.on('error', () => {}).resume();
  void isSeen.finally(() => socket.end());
  socket.write(Buffer.from(content.replace(' / ', ` ${target} `), 'latin1'));
  const closed = once(socket, 'close');
  await isSeen;
  await closed;
}

async function respond(content: string, see: See, log: (event: string) => void): Promise<void> {
  const path = `/${++count}`;
  replies.set(path, content);
  const agent = new http.Agent({ keepAlive: true });
  agent.on('free', () => log('free'));
  const req = http.get({ host: '127.0.0.1', port: portOf(origin), path, agent });
  req.on('error', (error: Error) => log(shown(error)));
  req.on('close', () => log('request closed'));
  await new Promise<void>((resolve, reject) => {
    req.on('response', (res) => {
      store.run('response', () => see(res)).then(resolve, reject);
    });
  });
  req.destroy();
  agent.destroy();
}

async function linesOf(side: Side, cell: Cell, isStream: boolean): Promise<string[]> {
  const lines: string[] = [];
  let isOver = false;
  const log = (event: string, ...values: unknown[]): void => {
    if (!isOver) lines.push([event, ...values.map(shown), `(${store.getStore()})`].join(' '));
  };
  const see: See = async (message) => {
    if (isStream) store.run('reader', () => message.readableFlowing);
    await watch(message, cell, log);
    const { _consuming, _dumped } = message as Incoming;
    log('consumed', _consuming, _dumped);
    isOver = true;
  };
  await bounded(
    cell.label,
    side === 'request' ? request(cell.content, see) : respond(cell.content, see, log),
    () => `; seen: ${lines.join(', ')}`,
  );
  return lines;
}

async function compare(side: Side, cells: readonly Cell[]): Promise<void> {
  const pairs = await Promise.all(
    cells.map((cell) => Promise.all([linesOf(side, cell, false), linesOf(side, cell, true)])),
  );
  const by = (index: 0 | 1) => Object.fromEntries(pairs.map((pair, at) => [cells[at].label, pair[index]]));
  assert.deepEqual(by(0), by(1));
}

const emptyReaders = Object.fromEntries(
  ['data, end', 'close alone', 'later, to its close'].map((name) => [name, allReaders[name]]),
);

for (const side of Object.keys(contents) as Side[]) {
  describe(`a ${side} without a stream is as one with a stream`, () => {
    for (const [reader, read] of Object.entries(allReaders)) {
      it(`read by: ${reader}`, () => compare(side, cellsOfReader(side, read)));
    }
    for (const [name, act] of Object.entries(acts)) {
      it(`for who comes to: ${name}`, () => compare(side, cellsOfAct(side, act)));
      // These see when the end is put into a stream, which for the other is when it is made.
      if (name === 'dump' || name === 'take what is pushed') continue;
      it(`without content, for who comes to: ${name}`, () =>
        compare(side, cellsOfAct(side, act, emptyReaders, contents[side].none)));
    }
  });
}

/** What the key of the stream's state is called. */
const STATE = 'barewire.readableState';

/** Whether a message has come to have a stream when it was read and all that was read is told. */
async function hasStream(side: Side, read: Read): Promise<boolean> {
  let message: Incoming | undefined;
  const see: See = async (incoming) => {
    message = incoming as Incoming;
    read(message, () => {});
    await once(message, 'close');
  };
  const content = contents[side].some;
  if (side === 'request') await request(content, see);
  else await respond(content, see, () => {});
  const key = Object.getOwnPropertySymbols(message).find((symbol) => symbol.description === STATE);
  return (message as unknown as Record<symbol, unknown>)[key as symbol] !== null;
}

describe('a stream', () => {
  for (const side of ['request', 'response'] as const) {
    it(`is not made for a ${side} that is only listened to`, async () => {
      for (const name of ['data, end', 'text, once', 'end, resume', 'latin1']) {
        assert.equal(await hasStream(side, allReaders[name]), false, name);
      }
    });

    it(`is made for a ${side} that is iterated`, async () => {
      assert.equal(await hasStream(side, acts.iterate as Read), true);
    });
  }

  it('that is made for content which comes later is of the context of who listens', async () => {
    const lines: string[] = [];
    const socket = connect(portOf(server as unknown as Server), '127.0.0.1').resume();
    const target = `/${++count}`;
    const isEnded = new Promise<void>((resolve) => {
      seen.set(target, async (req) => {
        store.run('reader', () => {
          for (const event of ['data', 'end', 'close']) {
            req.on(event, () => lines.push(`${event} (${store.getStore()})`));
          }
          req.on('close', resolve);
        });
        setImmediate(() => socket.write(chunk('later') + lastChunk));
        await isEnded;
      });
    });
    socket.write(chunkedPost().replace(' / ', ` ${target} `) + chunk('soon'));
    await bounded('the end of the request', isEnded);
    socket.destroy();
    assert.deepEqual(lines, ['data (reader)', 'data (reader)', 'end (reader)', 'close (reader)']);
  });
});
