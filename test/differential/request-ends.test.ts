import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest } from 'node:http';
import { differ } from './differ.js';
import { ok } from './messages.js';

const waysToListen: [string, (req: ClientRequest, listener: () => void) => unknown][] = [
  ['on', (req, listener) => req.on('finish', listener)],
  ['once', (req, listener) => req.once('finish', listener)],
  ['prependListener', (req, listener) => req.prependListener('finish', listener)],
  ['prependOnceListener', (req, listener) => req.prependOnceListener('finish', listener)],
];

for (const [name, listen] of waysToListen) {
  differ(`who comes behind end() of a connected request by ${name} hears its finish`, async (scene) => {
    const storage = new AsyncLocalStorage<string>();
    const origin = await scene.origin(ok('ok'));
    const agent = scene.agent({ keepAlive: true });
    for (const turn of ['a new socket', 'a kept socket']) {
      const req = scene.adoptRequest(
        scene.http.request({ host: '127.0.0.1', port: origin.port, agent, method: 'POST' }),
      );
      req.flushHeaders();
      await new Promise<void>((resolve) => {
        req.once('socket', (socket) => {
          if (socket.connecting) socket.once('connect', resolve);
          else setImmediate(resolve);
        });
      });
      await scene.turns();
      storage.run(turn, () => {
        req.end('x');
        setImmediate(() => scene.log('next turn'));
        listen(req, () => scene.log('finish', storage.getStore()));
      });
      req.on('response', (res) => res.resume());
      await new Promise<void>((resolve) => {
        req.once('close', resolve);
      });
      scene.log(`closed on ${turn}`, req.reusedSocket);
    }
  });
}

differ('who comes in a later turn hears nothing of a finish', async (scene) => {
  const origin = await scene.origin(ok('ok'));
  const req = scene.adoptRequest(scene.http.request({ host: '127.0.0.1', port: origin.port }));
  req.end();
  req.on('response', (res) => {
    req.on('finish', () => scene.log('finish'));
    res.resume();
  });
  await new Promise<void>((resolve) => {
    req.once('close', resolve);
  });
  scene.log('closed', req.writableFinished);
});
