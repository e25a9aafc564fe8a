/** A socket.io server, over polling, WebSockets and both. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { io, type SocketLike } from './packages.js';
import { serve } from './servers.js';

const app = serve('socket-io.cjs');

for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
  app.same(
    `events, bytes and rooms over ${transports.join(' and ')}`,
    async (port) => {
      const socket: SocketLike = io(`http://127.0.0.1:${port}`, {
        transports,
        auth: { token: 'letmein' },
        reconnection: false,
        forceNew: true,
      });
      try {
        await once(socket, 'connect');
        if (transports.length > 1 && socket.io.engine.transport.name === 'polling') {
          await once(socket.io.engine, 'upgrade');
        }
        const joined = once(socket, 'joined');
        socket.emit('join', 'room');
        const seen = [
          await socket.emitWithAck('add', 1, 2),
          await socket.timeout(5000).emitWithAck('transport'),
          ...(await joined),
        ];
        const [length, back] = await new Promise<[number, Buffer]>((resolve) => {
          socket.emit('bytes', Buffer.alloc(200_000, 'x'), (...answer: [number, Buffer]) => resolve(answer));
        });
        return [...seen, length, String(back)];
      } finally {
        socket.disconnect();
      }
    },
    (seen: unknown[]) => assert.deepEqual(seen, [3, transports.at(-1), 'room', 200_000, 'back']),
  );
}
app.same('a refusal', async (port) => {
  const socket = io(`http://127.0.0.1:${port}`, { reconnection: false, forceNew: true });
  const [error] = (await once(socket, 'connect_error')) as [Error];
  socket.disconnect();
  return error.message;
});
const polling = '/socket.io/?EIO=4&transport=polling';
app.answers('a handshake', 200, { path: polling, headers: { Origin: 'http://a.example' } });
app.answers('a preflight', 204, {
  method: 'OPTIONS',
  path: polling,
  headers: { Origin: 'http://a.example' },
});
app.answers('a session nobody knows', 400, { path: `${polling}&sid=nobody` });
app.answers('a transport nobody knows', 400, { path: '/socket.io/?EIO=4&transport=pigeon' });
app.answers("the client's script", 200, { path: '/socket.io/socket.io.min.js' });
app.answers('a request beside', 200, { path: '/elsewhere' });
