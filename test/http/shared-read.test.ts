/** Sockets are read into one buffer that all of them share: what is kept of it is nobody else's to change. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Agent, createServer, get, type IncomingMessage, type RequestListener, request } from 'barewire/http';
import { MAX_OWN_READS, READ_SIZE } from '#src/wire/limits.js';

async function serving(
  listener: RequestListener,
  use: (port: number, server: ReturnType<typeof createServer>) => Promise<void>,
): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use((server.address() as AddressInfo).port, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Bytes that are no others' of the same length. */
function content(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff;
  return bytes;
}

function digest(chunks: Buffer[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** Keeps every chunk as it came until all have come, and answers with what they are then. */
const keepThenDigest: RequestListener = (req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => setImmediate(() => res.end(digest(chunks))));
};

async function upload(port: number, agent: Agent, bytes: Buffer): Promise<string> {
  const req = request({ port, agent, method: 'POST' });
  req.end(bytes);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return text(res);
}

describe('content that is kept', () => {
  // Below, at and above what one read holds, and what has a buffer of its own.
  const sizes = [1, 1500, READ_SIZE / 2 - 1, READ_SIZE - 1, READ_SIZE, READ_SIZE + 1, 10 * READ_SIZE + 17];

  it('is what was sent, whatever comes on other connections', async () => {
    await serving(keepThenDigest, async (port) => {
      const agent = new Agent({ keepAlive: true });
      const bodies = Array.from({ length: 3 * sizes.length }, (_, i) => content(sizes[i % sizes.length], i));
      for (let round = 0; round < 3; round++) {
        const digests = await Promise.all(bodies.map((bytes) => upload(port, agent, bytes)));
        assert.deepEqual(
          digests,
          bodies.map((bytes) => digest([bytes])),
        );
      }
      agent.destroy();
    });
  });

  it('is what was sent on more connections than may have a buffer of their own', async () => {
    await serving(keepThenDigest, async (port) => {
      const agent = new Agent({ keepAlive: true });
      const bodies = Array.from({ length: MAX_OWN_READS + 1 }, (_, i) => content(4 * READ_SIZE, i));
      const digests = await Promise.all(bodies.map((bytes) => upload(port, agent, bytes)));
      assert.deepEqual(
        digests,
        bodies.map((bytes) => digest([bytes])),
      );
      agent.destroy();
    });
  });

  it('is what was sent of a response, too', async () => {
    const bodies = sizes.map((size, i) => content(size, i));
    await serving(
      (req, res) => res.end(bodies[Number(req.url?.slice(1))]),
      async (port) => {
        const agent = new Agent({ keepAlive: true });
        const digests = await Promise.all(
          bodies.map(async (_, i) => {
            const req = get({ port, agent, path: `/${i}` });
            const [res] = (await once(req, 'response')) as [IncomingMessage];
            const chunks: Buffer[] = [];
            for await (const chunk of res) chunks.push(chunk as Buffer);
            return digest(chunks);
          }),
        );
        assert.deepEqual(
          digests,
          bodies.map((bytes) => digest([bytes])),
        );
        agent.destroy();
      },
    );
  });
});

/** A connection that is read in the meantime, as by a listener that runs the event loop (deasync). */
class OtherConnection {
  private client: Socket | undefined;
  private socket: Socket | undefined;

  async open(port: number, server: ReturnType<typeof createServer>): Promise<void> {
    const connected = once(server, 'connection');
    this.client = net.connect(port, '127.0.0.1');
    [this.socket] = (await connected) as [Socket];
  }

  /** What the system does, and node:net: bytes come into the buffer of the socket, and who was named is told. */
  read(): void {
    const { socket } = this;
    assert.ok(socket);
    const kept = Object.getOwnPropertySymbols(socket).map((symbol) => (socket as never)[symbol] as unknown);
    const buffer = kept.find((value) => value instanceof Buffer && value.length === READ_SIZE) as Buffer;
    const onRead = kept.find((value) => typeof value === 'function' && value.name === 'onRead');
    assert.ok(typeof onRead === 'function', 'the socket is read into a shared buffer');
    // Empty lines are nothing to a server.
    Reflect.apply(onRead, socket, [buffer.fill('\r\n').length, buffer]);
  }

  close(): void {
    this.client?.destroy();
  }
}

describe('content behind what a listener is told of', () => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\n';
  const inputs: Record<string, { pieces: string[]; contents: string[] }> = {
    'of a known length': { pieces: [`${head}Content-Length: 5\r\n\r\nfirst`], contents: ['first'] },
    'of a known length, in part': {
      pieces: [`${head}Content-Length: 10\r\n\r\nfirst`, 'other'],
      contents: ['firstother'],
    },
    'in chunks': {
      pieces: [`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n5\r\nother\r\n0\r\n\r\n`],
      contents: ['firstother'],
    },
    'in chunks behind the head': {
      pieces: [
        `${head}Transfer-Encoding: chunked\r\n\r\n`,
        '5\r\nfirst\r\n5\r\nother\r\n2\r\ns',
        '!\r\n0\r\nTrailer: t\r\n\r\n',
      ],
      contents: ['firstothers!'],
    },
    'and the next request': {
      pieces: [
        `${head}Content-Length: 5\r\n\r\nfirst${head}Content-Length: 6\r\n\r\nsecond`,
        `${head}Content-Length: 5\r\n\r\nthird`,
      ],
      contents: ['first', 'second', 'third'],
    },
    'and the next request, behind content of its own': {
      pieces: [`${head}Content-Length: 5\r\n\r\nfi`, `rst${head}Content-Length: 6\r\n\r\nsecond`],
      contents: ['first', 'second'],
    },
  };

  it('is no other’s where a listener runs the event loop for the first time: the connection closes', async () => {
    const other = new OtherConnection();
    let received = '';
    let closed: Promise<unknown> | undefined;
    const listener: RequestListener = (req) => {
      req
        .on('error', () => {})
        .on('data', (piece: Buffer) => {
          received += piece.toString();
        });
      closed = new Promise((resolve) => req.on('close', resolve));
      other.read();
    };
    await serving(listener, async (port, server) => {
      await other.open(port, server);
      const client = net.connect(port, '127.0.0.1');
      client.write(`${head}Content-Length: 5\r\n\r\nfirst`);
      await once(client.resume(), 'close');
      await closed;
      other.close();
    });
    assert.equal(received, '');
  });

  for (const [kind, { pieces, contents }] of Object.entries(inputs)) {
    for (const encoding of [undefined, 'latin1'] as const) {
      it(`is what was sent while others are read: ${kind}${encoding ? `, as ${encoding}` : ''}`, async () => {
        const other = new OtherConnection();
        const answered: string[] = [];
        let told: (() => void) | undefined;
        const listener: RequestListener = (req, res) => {
          if (encoding) req.setEncoding(encoding);
          let received = '';
          req.on('data', (piece: Buffer | string) => {
            received += piece.toString();
            other.read();
            told?.();
          });
          req.on('end', () => {
            other.read();
            answered.push(received);
            res.end();
            told?.();
          });
          other.read();
          told?.();
        };
        await serving(listener, async (port, server) => {
          await other.open(port, server);
          const client = net.connect(port, '127.0.0.1');
          await once(client, 'connect');
          for (const piece of pieces) {
            // Each is a read of its own: the next leaves once somebody was told of this one.
            const seen = new Promise<void>((resolve) => {
              told = resolve;
            });
            client.write(piece);
            await seen;
          }
          while (answered.length < contents.length) await once(client, 'data');
          client.destroy();
          other.close();
        });
        assert.deepEqual(answered, contents);
      });
    }
  }

  it('is what was sent of a response, and its connection is used again', async () => {
    await serving(
      (req, res) => res.end(`answer to ${req.url}`),
      async (port, server) => {
        const other = new OtherConnection();
        await other.open(port, server);
        const agent = new Agent({ keepAlive: true });
        for (const path of ['/a', '/b', '/c']) {
          const req = get({ port, agent, path }).on('response', () => other.read());
          const [res] = (await once(req, 'response')) as [IncomingMessage];
          assert.equal(await text(res), `answer to ${path}`);
          assert.equal(req.reusedSocket, path !== '/a');
        }
        agent.destroy();
        other.close();
      },
    );
  });
});

/** Uploads to itself, keeps every chunk, and throws now and then: where, says the first argument. */
const THROWING = `
import { createServer, request } from 'barewire/http';
let thrown = 0;
process.on('uncaughtException', (error) => {
  if (error.message !== 'listener') throw error;
  thrown++;
});
const fail = () => { throw new Error('listener'); };
const server = createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => {
    chunks.push(chunk);
    if (chunks.length % 3 > 0) return;
    if (process.argv[1] === 'tick') process.nextTick(fail);
    else if (process.argv[1] === 'microtask') Promise.resolve().then(fail);
    else fail();
  });
  req.on('end', () => res.end(Buffer.concat(chunks)));
}).listen(0, '127.0.0.1', () => {
  const sent = Buffer.alloc(4 * 1024 * 1024);
  for (let i = 0; i < sent.length; i++) sent[i] = (i * 31 + (i >> 8)) & 0xff;
  const req = request({ port: server.address().port, method: 'POST' }, async (res) => {
    const chunks = [];
    for await (const chunk of res) chunks.push(chunk);
    console.log(thrown > 0 && Buffer.concat(chunks).equals(sent));
    server.close();
  });
  req.end(sent);
});
`;

describe('content that is kept while listeners throw', () => {
  for (const where of ['listener', 'tick', 'microtask']) {
    it(`is what was sent, thrown in a ${where}`, async () => {
      const cwd = new URL('../../..', import.meta.url);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--unhandled-rejections=throw', '--eval', THROWING, where],
        { cwd, timeout: 60_000 },
      );
      assert.equal(stdout.trim(), 'true');
    });
  }
});

describe('a socket that is read so', () => {
  const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

  it("gives its 'data' to who listens for it, and is still understood", async () => {
    await serving(
      (_req, res) => res.end('answer'),
      async (port, server) => {
        const heard: string[] = [];
        server.once('connection', (socket: Socket) => {
          socket.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
        });
        const client = net.connect(port, '127.0.0.1');
        client.write(GET);
        const [first] = (await once(client, 'data')) as [Buffer];
        client.write(GET);
        const [second] = (await once(client, 'data')) as [Buffer];
        client.destroy();
        assert.match(first.toString(), /answer$/);
        assert.match(second.toString(), /answer$/);
        assert.deepEqual(heard, [GET, GET]);
      },
    );
  });

  it('is understood where bytes were put back before it was handed over', async () => {
    await serving(
      (req, res) => res.end(`answer to ${req.url}`),
      async (_port, server) => {
        const front = net.createServer((socket) => {
          socket.once('data', (chunk) => {
            socket.pause();
            socket.unshift(chunk);
            server.emit('connection', socket);
            process.nextTick(() => socket.resume());
          });
        });
        front.listen(0, '127.0.0.1');
        await once(front, 'listening');
        const client = net.connect((front.address() as AddressInfo).port, '127.0.0.1');
        client.write(GET);
        const [first] = (await once(client, 'data')) as [Buffer];
        client.write('GET /second HTTP/1.1\r\nHost: a\r\n\r\n');
        const [second] = (await once(client, 'data')) as [Buffer];
        client.destroy();
        front.close();
        assert.match(first.toString(), /answer to \/$/);
        assert.match(second.toString(), /answer to \/second$/);
      },
    );
  });

  it('can be handed from one server to another', async () => {
    await serving(
      (req, res) => res.end(`second: ${req.url}`),
      async (_port, second) => {
        const first = createServer().on('upgrade', (_req, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          second.emit('connection', socket);
        });
        first.listen(0, '127.0.0.1');
        await once(first, 'listening');
        const client = net.connect((first.address() as AddressInfo).port, '127.0.0.1');
        client.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n${GET}`);
        const [answer] = (await once(client, 'data')) as [Buffer];
        client.write('GET /again HTTP/1.1\r\nHost: a\r\n\r\n');
        const [again] = (await once(client, 'data')) as [Buffer];
        client.destroy();
        first.close();
        assert.match(answer.toString(), /second: \/$/);
        assert.match(again.toString(), /second: \/again$/);
      },
    );
  });

  it('is a socket like any other once it is upgraded, in the middle of much content too', async () => {
    const sent = content(5 * READ_SIZE, 1);
    const server = createServer().on('upgrade', (_req, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n');
      const chunks: Buffer[] = [head];
      let length = head.length;
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length === sent.length) socket.end(digest(chunks));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const req = request({
      port: (server.address() as AddressInfo).port,
      headers: { Connection: 'upgrade', Upgrade: 'other' },
    });
    req.end();
    const [, socket] = (await once(req, 'upgrade')) as [IncomingMessage, Socket];
    socket.write(sent);
    assert.equal(await text(socket), digest([sent]));
    server.close();
  });

  it('connects to the address that answers, where the first does not', async () => {
    await serving(
      (_req, res) => res.end('here'),
      async (port) => {
        const req = get({
          host: 'two.test',
          port,
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: 50,
          // The first is refused: nothing listens there.
          lookup: (_host: string, _options: object, callback: (...args: unknown[]) => void) =>
            callback(null, [
              { address: '::1', family: 6 },
              { address: '127.0.0.1', family: 4 },
            ]),
        } as never);
        const [res] = (await once(req, 'response')) as [IncomingMessage];
        assert.equal(await text(res), 'here');
      },
    );
  });
});
