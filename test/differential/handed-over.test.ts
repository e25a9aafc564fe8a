// A socket that was handed to another protocol is read as a stream is: on while it is paused, until it is full.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { differ } from './differ.js';
import { head } from './messages.js';
import type { Scene } from './scene.js';

const switching = head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: x');
const upgrading = head('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: x');
const connecting = head('CONNECT a:80 HTTP/1.1', 'Host: a:80');

/** Pauses what flows, as a pipe does whose other end is gone. */
function pause(scene: Scene, socket: Duplex): void {
  socket.on('data', (data) => scene.log('data', data));
  for (const event of ['end', 'close'] as const) socket.on(event, () => scene.log(event));
  socket.pause();
  scene.log('paused', socket.isPaused(), socket.readableFlowing);
}

for (const [event, request] of [
  ['upgrade', upgrading],
  ['connect', connecting],
] as const) {
  differ(`a paused socket of '${event}' sees its client end`, async (scene) => {
    const server = await scene.serve();
    server.on(event, (_req, socket) => {
      pause(scene, socket);
      socket.write(switching);
    });
    const client = scene.connect(server, { allowHalfOpen: true });
    await client.send(request);
    await client.until('\r\n\r\n');
    client.end();
    await scene.seen('end');
  });

  differ(`a paused socket of '${event}' keeps what comes until it is read`, async (scene) => {
    let handed: Duplex | undefined;
    const server = await scene.serve();
    server.on(event, (_req, socket) => {
      handed = socket;
      pause(scene, socket);
      socket.write(switching);
    });
    const client = scene.connect(server, { allowHalfOpen: true });
    await client.send(request);
    await client.until('\r\n\r\n');
    const held = new Promise<void>((resolve) => {
      handed?.on('readable', () => {
        if ((handed?.readableLength ?? 0) === 8) resolve();
      });
    });
    await client.send('one ');
    await client.send('more');
    await held;
    scene.log('held', handed?.readableLength);
    scene.log('read', handed?.read(3), handed?.read());
    client.end();
    await scene.seen('end');
  });
}

differ('a paused socket that was upgraded sees its client reset', async (scene) => {
  const server = await scene.serve();
  server.on('upgrade', (_req, socket) => {
    socket.on('error', (error) => scene.log('error', error));
    pause(scene, socket);
    socket.write(switching);
  });
  const client = scene.connect(server);
  await client.send(upgrading);
  await client.until('\r\n\r\n');
  client.reset();
  await scene.seen('close');
});

differ("a client's paused socket sees its server end", async (scene) => {
  const origin = await scene.origin(switching);
  const req = scene.get(origin, { headers: { Connection: 'Upgrade', Upgrade: 'x' } }, 'req', ['error']);
  req.on('upgrade', (_res, socket) => pause(scene, socket));
  const connection = await origin.connection();
  await scene.seen('paused');
  connection.end();
  await scene.seen('end');
});

differ('a socket that was handed back serves HTTP again, with content that is read slowly', async (scene) => {
  let received = 0;
  const server = await scene.serve(async (req, res) => {
    for await (const chunk of req) {
      received += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    res.end('ok');
  });
  server.on('connect', (_req, socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    server.emit('connection', socket);
  });
  const client = scene.connect(server);
  await client.send(connecting);
  await client.until('\r\n\r\n');
  const content = 'x'.repeat(300_000);
  await client.send(
    head('POST / HTTP/1.1', 'Host: a', 'Connection: close', 'Content-Length: 300000') + content,
  );
  await client.closed();
  scene.log('received', received);
  scene.record(client);
});
