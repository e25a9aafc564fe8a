/** The race of a pooled connection: the server closes it while a request takes it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import http, { type AgentOptions, type RequestOptions } from 'barewire/http';

/** What a connection does with the bytes it got: answers, or closes. */
type Turn = (socket: Socket, input: string) => void;

const answer: Turn = (socket) =>
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok');
const close: Turn = (socket) => socket.destroy();

interface Exchange {
  readonly request: http.ClientRequest;
  /** The content of the response, when the request is closed. */
  readonly text: Promise<string>;
}

interface Scene {
  readonly agent: http.Agent;
  /** The input of each connection, turn by turn. */
  readonly received: string[][];
  ask(options?: RequestOptions, content?: string): Exchange;
}

/** A server whose connections do as the script says, turn by turn; and an agent. */
async function onStage(
  script: readonly (readonly Turn[])[],
  options: AgentOptions,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const received: string[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const inputs: string[] = [];
    const turns = script[received.push(inputs) - 1] ?? [];
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      inputs.push(chunk.toString('latin1'));
      turns[inputs.length - 1]?.(socket, inputs[inputs.length - 1]);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1, ...options });
  try {
    await play({
      agent,
      received,
      ask(more = {}, content) {
        const request = http.request({ host: '127.0.0.1', port, agent, ...more });
        const text = new Promise<string>((resolve, reject) => {
          let content = '';
          request.on('error', reject);
          request.on('response', (response) => {
            response.setEncoding('utf8');
            response.on('data', (piece: string) => {
              content += piece;
            });
            response.on('error', reject);
          });
          request.on('close', () => resolve(content));
        });
        request.end(content);
        return { request, text };
      },
    });
  } finally {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
}

/** The first exchange leaves its connection in the pool; the next request finds it closed. */
const STALE = [[answer, close], [answer]] as const;
const retrying = { retryStaleSockets: true };

describe('a request that meets a pooled connection which the server closes', () => {
  test('fails with ECONNRESET by default, and tells that its socket was reused', async () => {
    await onStage(STALE, {}, async ({ ask, received }) => {
      await ask().text;
      const { request, text } = ask();
      await assert.rejects(text, { code: 'ECONNRESET', message: 'socket hang up' });
      assert.equal(request.reusedSocket, true);
      assert.equal(received.length, 1);
    });
  });

  test('is sent once more on a fresh one with retryStaleSockets', async () => {
    await onStage(STALE, retrying, async ({ ask, received }) => {
      await ask().text;
      const { request, text } = ask({ path: '/again' });
      assert.equal(await text, 'ok');
      assert.equal(request.reusedSocket, false);
      assert.equal(received.length, 2);
      assert.equal(received[1][0], received[0][1]);
      assert.match(received[1][0], /^GET \/again HTTP\/1\.1\r\n/);
    });
  });

  test('is sent again with its content', async () => {
    await onStage(STALE, retrying, async ({ ask, received }) => {
      await ask().text;
      assert.equal(await ask({ method: 'PUT' }, 'content').text, 'ok');
      assert.match(received[1][0], /\r\nContent-Length: 7\r\n\r\ncontent$/);
    });
  });

  test('emits each of its events once', async () => {
    await onStage(STALE, retrying, async ({ ask }) => {
      await ask().text;
      const events: string[] = [];
      const { request, text } = ask();
      for (const name of ['finish', 'response', 'error', 'close']) {
        request.on(name, () => events.push(name));
      }
      await text;
      assert.deepEqual(events, ['finish', 'response', 'close']);
    });
  });

  test('is not sent again where its method is not idempotent', async () => {
    await onStage(STALE, retrying, async ({ ask, received }) => {
      await ask().text;
      await assert.rejects(ask({ method: 'POST' }, 'content').text, { code: 'ECONNRESET' });
      assert.equal(received.length, 1);
    });
  });

  test('is not sent a third time', async () => {
    await onStage([[answer, close], [close], [answer]], retrying, async ({ ask, received }) => {
      await ask().text;
      await assert.rejects(ask().text, { code: 'ECONNRESET' });
      assert.equal(received.length, 2);
    });
  });

  test('is not sent again once something of an answer came', async () => {
    const begin: Turn = (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n');
    await onStage([[answer, begin], [answer]], retrying, async ({ ask, received }) => {
      await ask().text;
      await assert.rejects(ask().text, { code: 'ECONNRESET' });
      assert.equal(received.length, 1);
    });
  });

  test('is not sent again where the connection was a fresh one', async () => {
    await onStage([[close], [answer]], retrying, async ({ ask, received }) => {
      await assert.rejects(ask().text, { code: 'ECONNRESET' });
      assert.equal(received.length, 1);
    });
  });

  test('is not sent again once it was destroyed', async () => {
    await onStage([[answer], [answer]], retrying, async ({ ask, received }) => {
      await ask().text;
      const { request, text } = ask();
      request.destroy();
      await assert.rejects(text, { code: 'ECONNRESET' });
      assert.equal(received.length, 1);
    });
  });
});
