/** ws servers on an HTTP server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { conversation, exchange } from './exchanges.js';
import { WebSocket, type WebSocketLike } from './packages.js';
import { serve } from './servers.js';

const app = serve('ws.mjs');

async function opened(port: number, path: string, ...args: unknown[]): Promise<WebSocketLike> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, ...args);
  await once(socket, 'open');
  return socket;
}

async function next(socket: WebSocketLike): Promise<{ text: string; isBinary: boolean }> {
  const [message, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
  return { text: message.length > 100 ? `${message.length} bytes` : String(message), isBinary };
}

async function closed(socket: WebSocketLike): Promise<unknown[]> {
  socket.close(4000, 'enough');
  const [code, reason] = await once(socket, 'close');
  return [code, String(reason)];
}

app.same(
  'messages, compressed and not',
  async (port) => {
    const socket = await opened(port, '/echo?a=1');
    const seen: unknown[] = [socket.extensions];
    for (const message of ['short', 'long '.repeat(1000), Buffer.alloc(300_000, 'x')]) {
      const answer = next(socket);
      socket.send(message);
      seen.push(await answer);
    }
    return [...seen, await closed(socket)];
  },
  (seen: unknown[]) => assert.deepEqual(seen[1], { text: 'short', isBinary: false }),
);
app.same('ping', async (port) => {
  const socket = await opened(port, '/echo', { perMessageDeflate: false });
  socket.ping('hello');
  const [content] = (await once(socket, 'pong')) as [Buffer];
  return [String(content), await closed(socket)];
});
app.same('a first frame in the segment of the request', async (port) => {
  const bytes = await conversation(
    port,
    'GET /echo HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n' +
      // "hi" and a close, masked with zeros.
      '\x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8',
  );
  assert.match(bytes, /^HTTP\/1\.1 101 /);
  return bytes;
});
app.same('protocols, fields, and a message to all', async (port) => {
  const headers = { Authorization: 'Bearer letmein' };
  const sockets: WebSocketLike[] = [];
  const seen: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, ['news', 'chat'], { headers });
    const upgraded = once(socket, 'upgrade');
    const welcome = next(socket);
    const [response] = (await upgraded) as [IncomingMessage];
    await welcome;
    seen.push(response.headers['x-chat'], socket.protocol);
    sockets.push(socket);
  }
  const heard = Promise.all(sockets.map(next));
  sockets[0].send('hello');
  seen.push(await heard);
  for (const socket of sockets) seen.push(await closed(socket));
  return seen;
});
for (const path of ['/chat', '/gone']) {
  app.same(`a refusal at ${path}`, async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { origin: 'http://a.example' });
    const [request, response] = (await once(socket, 'unexpected-response')) as [
      ClientRequest,
      IncomingMessage,
    ];
    let content = '';
    for await (const chunk of response) content += chunk;
    request.destroy();
    return { status: response.statusCode, fields: response.rawHeaders, content };
  });
}
app.answers('a request beside', 404, {});
app.same('what the server saw', (port, agent) => exchange(port, agent, { path: '/log' }));
