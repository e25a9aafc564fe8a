/**
 * Clients of all habits at an application that closes at any moment: who was connected and has asked is answered in
 * full, the end comes, nothing is left, and each request has its one line in the log.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { type Application, type CloseOptions, createApp, type Logger } from 'barewire';
import fc from 'fast-check';

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

function makeApp(logger: Logger, seen: () => void): Application {
  const app = createApp({ logger });
  app.use((_req, _res, next) => {
    seen();
    return next();
  });
  app.get('/at-once', () => 'at once');
  app.get('/later', async () => {
    await turns(3);
    return 'later';
  });
  app.get('/in-parts', async function* parts() {
    for (const part of ['in', ' ', 'parts']) {
      await turns(1);
      yield part;
    }
  });
  app.get('/stream', () => Readable.from(['a ', 'stream']));
  app.get('/large', () => Buffer.alloc(200_000, 'x'));
  app.get('/broken', () => {
    throw new Error('broken');
  });
  app.post('/upload', async (req) => `${(await req.bytes()).length} bytes`);
  return app;
}

const PATHS = ['/at-once', '/later', '/in-parts', '/stream', '/large', '/broken', '/nowhere', '/%zz'];

const head = (line: string, more = '') => `${line}\r\nHost: a\r\n${more}\r\n`;

/** What a client does; it is owed so many answers. */
const HABITS: Record<string, (socket: Socket, path: string) => Promise<number>> = {
  async asks(socket, path) {
    socket.write(head(`GET ${path} HTTP/1.1`));
    return 1;
  },
  async 'asks in HTTP/1.0'(socket, path) {
    socket.write(head(`GET ${path} HTTP/1.0`, 'Connection: keep-alive\r\n'));
    return 1;
  },
  async 'asks for the head'(socket, path) {
    socket.write(head(`HEAD ${path} HTTP/1.1`));
    return 1;
  },
  async 'asks bit by bit'(socket, path) {
    const request = head(`GET ${path} HTTP/1.1`);
    socket.write(request.slice(0, 7));
    await turns(3);
    socket.write(request.slice(7));
    return 1;
  },
  async uploads(socket) {
    socket.write(head('POST /upload HTTP/1.1', 'Content-Length: 5\r\n'));
    await turns(3);
    socket.write('hello');
    return 1;
  },
  // Only the first is sure to be read: behind an answer that says close nothing is.
  async pipelines(socket, path) {
    socket.write(head(`GET ${path} HTTP/1.1`) + head('GET /at-once HTTP/1.1') + head('GET /later HTTP/1.1'));
    return 1;
  },
  async 'reads late'(socket) {
    socket.pause();
    socket.write(head('GET /large HTTP/1.1'));
    await turns(10);
    socket.resume();
    return 1;
  },
  async 'hangs up'(socket, path) {
    socket.write(head(`GET ${path} HTTP/1.1`));
    await turns(2);
    socket.destroy();
    return 0;
  },
  async 'hangs up in its content'(socket) {
    socket.write(`${head('POST /upload HTTP/1.1', 'Content-Length: 5\r\n')}he`);
    await turns(2);
    socket.resetAndDestroy();
    return 0;
  },
  async 'says nothing'(socket) {
    await turns(8);
    socket.destroy();
    return 0;
  },
};

/** Is the first response in this text there with all of its content? */
function isAnswered(text: string, isHead: boolean): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1 || !/^HTTP\/1\.1 (?:200|404|400|500) /.test(text)) return false;
  const content = text.slice(end + 4);
  const length = /\r\nContent-Length: (\d+)/i.exec(text.slice(0, end))?.[1];
  if (isHead) return content === '';
  if (length !== undefined) return content.length >= Number(length);
  return !/\r\nTransfer-Encoding: chunked/i.test(text.slice(0, end)) || content.includes('0\r\n\r\n');
}

const client = fc.record({
  habit: fc.constantFrom(...Object.keys(HABITS)),
  path: fc.constantFrom(...PATHS),
});
const closing: fc.Arbitrary<CloseOptions> = fc.record({ delay: fc.constantFrom(0, 5) });

test('whoever is connected and asks is answered, whenever it closes', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(client, { minLength: 1, maxLength: 8 }),
      closing,
      fc.nat({ max: 12 }),
      async (habits, options, moment) => {
        let lines = 0;
        let requests = 0;
        const write = () => void lines++;
        const logger: Logger = {
          trace: write,
          debug: () => {},
          info: write,
          warn: write,
          error: write,
          fatal: write,
          child: () => logger,
        };
        const app = makeApp(logger, () => requests++);
        const server = await app.listen(0, '127.0.0.1');
        const { port } = server.address() as AddressInfo;
        let hasBegun = false;
        const clients = habits.map(async ({ habit, path }) => {
          const socket = net.connect(port, '127.0.0.1');
          let text = '';
          socket.on('data', (piece: Buffer) => {
            text += piece.toString('latin1');
            if (isAnswered(text, habit === 'asks for the head')) socket.end();
          });
          socket.on('error', () => {});
          const closed = new Promise((resolve) => socket.once('close', resolve));
          const isConnected = await Promise.race([
            once(socket, 'connect').then(
              () => !hasBegun,
              () => false,
            ),
            closed.then(() => false),
          ]);
          const owed = isConnected ? await HABITS[habit](socket, path) : 0;
          if (!isConnected) socket.destroy();
          await closed;
          if (owed > 0)
            assert.ok(isAnswered(text, habit === 'asks for the head'), `${habit} ${path}: ${text}`);
        });
        await turns(moment);
        hasBegun = true;
        await app.close({ ...options, deadline: 20_000 });
        await Promise.all(clients);
        await turns(2);
        assert.equal(lines, requests);
        assert.equal(await new Promise((resolve) => server.getConnections((_, count) => resolve(count))), 0);
      },
    ),
    { numRuns: 60 },
  );
});
