import { createHook, executionAsyncId } from 'node:async_hooks';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { differ, differNewest } from './differ.js';
import { get, lastGet } from './messages.js';
import type { Scene } from './scene.js';

const channels = ['http.server.request.start', 'http.server.response.created', 'http.server.response.finish'];

/** Logs every message of the server channels while `act` runs. */
async function subscribed(
  scene: Scene,
  see: (name: string, message: Record<string, unknown>) => void,
  act: () => Promise<void>,
): Promise<void> {
  const listeners = channels.map((name) => {
    const listener = (message: unknown) => see(name, message as Record<string, unknown>);
    subscribe(name, listener);
    return () => unsubscribe(name, listener);
  });
  try {
    await act();
  } finally {
    for (const stop of listeners) stop();
  }
  scene.log('subscribers left', ...channels.map((name) => channel(name).hasSubscribers));
}

differNewest('the server channels in their order', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    res.on('finish', () => scene.log('finish', req.url));
    res.end('ok');
  });
  await subscribed(
    scene,
    (name, { request }) => scene.log(name, (request as { url: string }).url),
    async () => {
      await scene.exchange(server, get('/1') + lastGet('/2'));
      await scene.seen('http.server.response.finish', 2);
    },
  );
});

differNewest('the messages of the server channels', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('in the handler', messages.length, messages[0].request === req, messages[0].response === res);
    res.end('ok');
  });
  const messages: Record<string, unknown>[] = [];
  await subscribed(
    scene,
    (name, message) => {
      messages.push(message);
      scene.log(name, Object.keys(message).sort());
      if ('server' in message) scene.log('server', message.server === server);
      if ('socket' in message) {
        scene.log('socket', message.socket === (message.request as { socket: unknown }).socket);
      }
    },
    async () => {
      await scene.exchange(server, lastGet());
      await scene.seen('http.server.response.finish');
    },
  );
});

differ('no message for what never becomes a request', async (scene) => {
  const server = await scene.serve(() => {});
  server.on('upgrade', (_req, socket) => socket.end());
  await subscribed(
    scene,
    (name) => scene.log(name),
    async () => {
      await scene.exchange(server, 'nonsense\r\n\r\n');
      await scene.exchange(server, get('/', 'Connection: upgrade', 'Upgrade: x'));
    },
  );
});

differNewest('channels of an Expect request', async (scene) => {
  const server = await scene.serve();
  server.on('checkContinue', (_req, res) => {
    scene.log('checkContinue');
    res.end('no');
  });
  await subscribed(
    scene,
    (name) => scene.log(name),
    async () => {
      await scene.exchange(server, lastGet('/', 'Expect: 100-continue'));
      await scene.seen('http.server.response.finish');
    },
  );
});

differNewest('a response that is destroyed has no finish message', async (scene) => {
  const server = await scene.serve((_req, res) => res.destroy());
  await subscribed(
    scene,
    (name) => scene.log(name),
    async () => {
      await scene.exchange(server, get());
      await scene.turns();
    },
  );
});

differ('handlers run in an async resource of type HTTPINCOMINGMESSAGE', async (scene) => {
  const types = new Map<number, string>();
  const hook = createHook({ init: (id, type) => void types.set(id, type) }).enable();
  try {
    const server = await scene.serve((_req, res) => {
      scene.log('type', types.get(executionAsyncId()));
      res.end('ok');
    });
    const client = scene.connect(server);
    for (let turn = 1; turn <= 3; turn++) {
      await client.send(turn === 3 ? lastGet() : get());
      await client.until('ok', turn);
    }
    await client.closed();
  } finally {
    hook.disable();
  }
});

differ('hooks are told when the async resources of exchanges are gone', async (scene) => {
  const { http } = scene;
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const left = new Map<number, string>();
  const made = new Set<string>();
  const hook = createHook({
    init(id, type) {
      if (!type.startsWith('HTTP')) return;
      left.set(id, type);
      made.add(type);
    },
    destroy: (id) => void left.delete(id),
  }).enable();
  try {
    await new Promise<void>((resolve) => {
      const server = http
        .createServer((_req, res) => res.end())
        .listen(0, '127.0.0.1', () => {
          const { port } = server.address() as { port: number };
          const options = { port, host: '127.0.0.1', agent: false } as const;
          http.get(options, (res) => res.resume().on('close', () => server.close(() => resolve())));
        });
    });
    for (let turn = 0; turn < 100 && left.size > 0; turn++) {
      await setImmediate();
      gc();
    }
  } finally {
    hook.disable();
  }
  scene.log('made', ...[...made].sort());
  scene.log('left', ...left.values());
});
