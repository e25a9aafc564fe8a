// Sockets that a handler sends to another process, which answers in its place.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { bounded } from './bounded.js';
import { differNewest } from './differ.js';
import { chunkedPost, get, lastGet } from './messages.js';
import type { Scene } from './scene.js';

/** Answers on every socket that it gets. */
const child = `
  process.on('message', (_message, socket) => {
    socket.end('HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 9\\r\\n\\r\\nthe child');
  });
  process.send('ready');`;

async function answering(scene: Scene): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, ['--eval', child], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  scene.atTheEnd(() => process_.kill());
  await bounded('the child is ready', once(process_, 'message'));
  return process_;
}

type Handler = (req: IncomingMessage, res: ServerResponse, send: () => void) => void;

async function serve(scene: Scene, handle: Handler): Promise<Server> {
  const other = await answering(scene);
  const server = await scene.serve((req, res) => {
    const { socket } = req;
    scene.watch('req', req, 'aborted', 'error');
    scene.watch('socket', socket, 'error', 'timeout');
    const send = () => other.send('socket', socket, (error) => scene.log('sent', error));
    handle(req, res, send);
  });
  scene.watch('server', server, 'clientError');
  return server;
}

/** The server counts no connection any more, nor less than none: it closes. */
async function close(scene: Scene, server: Server): Promise<void> {
  await scene.seen('sent');
  server.closeAllConnections();
  await scene.turns();
  server.close(() => scene.log('closed'));
  await scene.seen('closed');
}

const requests: [string, string][] = [
  ['a request', get()],
  ['the last request', lastGet()],
  ['a request whose content is still coming', `${chunkedPost()}4\r\nco`],
  ['pipelined requests', get('/1') + get('/2')],
];

for (const [label, request] of requests) {
  differNewest(
    `${label}: its socket is sent to another process, and is no response's any more`,
    async (scene) => {
      const server = await serve(scene, (req, res, send) => {
        if (req.url === '/2') return;
        send();
        scene.log('socket', res.socket, Reflect.get(req.socket, '_httpMessage'));
        scene.attempt('end', () => res.end('here').writableEnded);
      });
      await scene.exchange(server, request);
      await close(scene, server);
    },
  );
}

differNewest('a response that ends when its socket was sent', async (scene) => {
  const server = await serve(scene, (_req, res, send) => {
    send();
    setImmediate(() => scene.attempt('end', () => res.end('here').writableEnded));
  });
  await scene.exchange(server, get());
  await scene.seen('end');
  await close(scene, server);
});

differNewest('a response that is destroyed when its socket was sent', async (scene) => {
  const server = await serve(scene, (_req, res, send) => {
    send();
    scene.attempt('destroy', () => res.destroy().destroyed);
  });
  await scene.exchange(server, get());
  await close(scene, server);
});

differNewest('a socket that is sent between two requests', async (scene) => {
  const server = await serve(scene, (req, res, send) => {
    res.end('here');
    req.on('close', send);
    req.resume();
  });
  await scene.exchange(server, get());
  await close(scene, server);
});
