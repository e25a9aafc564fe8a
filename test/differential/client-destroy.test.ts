import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differEither, differNewest } from './differ.js';
import { head, ok } from './messages.js';

const events = ['socket', 'prefinish', 'finish', 'abort', 'timeout', 'error', 'close'];

const acts: Record<string, (req: ClientRequest) => unknown> = {
  'abort()': (req) => req.abort(),
  'destroy()': (req) => req.destroy(),
  'destroy(error)': (req) => req.destroy(new Error('on purpose')),
};

/** Brings a request to a phase of its life, and calls `act` there. */
const phases: Record<string, (scene: ClientScene, act: (req: ClientRequest) => void) => Promise<void>> = {
  'at once': async (scene, act) => {
    const origin = await scene.origin(ok());
    act(scene.request(origin, {}, 'req', events));
  },
  'at once after end': async (scene, act) => {
    const origin = await scene.origin(ok());
    act(scene.get(origin, {}, 'req', events));
  },
  'in the next tick': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, {}, 'req', events);
    process.nextTick(act, req);
  },
  'at socket': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, {}, 'req', events);
    req.on('socket', () => act(req));
  },
  'while connecting': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, {}, 'req', events);
    req.on('socket', () => process.nextTick(act, req));
  },
  'when connected': async (scene, act) => {
    const origin = await scene.origin();
    const req = scene.request(origin, { method: 'POST' }, 'req', events);
    req.on('socket', (socket) => socket.on('connect', () => act(req)));
  },
  'when the head is sent': async (scene, act) => {
    const origin = await scene.origin();
    const req = scene.request(origin, { method: 'POST' }, 'req', events);
    req.write('a');
    const connection = await origin.connection();
    await connection.until('a');
    act(req);
  },
  'when the request is sent': async (scene, act) => {
    const origin = await scene.origin();
    const req = scene.get(origin, {}, 'req', events);
    await origin.received(1);
    await scene.seen('req finish');
    act(req);
  },
  'at finish': async (scene, act) => {
    const origin = await scene.origin();
    const req = scene.get(origin, {}, 'req', events);
    req.on('finish', () => act(req));
    await scene.seen('req finish');
  },
  'at information': async (scene, act) => {
    const origin = await scene.origin(head('HTTP/1.1 103 Early Hints') + ok());
    const req = scene.get(origin, {}, 'req', events);
    req.on('information', () => act(req));
  },
  'at response': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, {}, 'req', events);
    req.on('response', () => act(req));
  },
  'within the content': async (scene, act) => {
    const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    const req = scene.get(origin, {}, 'req', events);
    req.on('response', (res) => res.on('data', () => act(req)));
  },
  'after part of the content': async (scene, act) => {
    const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    const req = scene.get(origin, {}, 'req', events);
    await new Promise<void>((resolve) => {
      req.on('response', (res) => res.on('data', () => setImmediate(resolve)));
    });
    act(req);
  },
  'within the content of a response before the request is sent': async (scene, act) => {
    const origin = await scene.origin();
    const req = scene.request(origin, { method: 'POST' }, 'req', events);
    req.write('a');
    const connection = await origin.connection();
    await connection.until('a');
    req.on('response', (res) => res.on('data', () => act(req)));
    await connection.send(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  },
  'at the end of the response': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, { agent: scene.agent({ keepAlive: true }) }, 'req', events);
    req.on('response', (res) => res.on('end', () => act(req)));
  },
  'at the end of a last response': async (scene, act) => {
    const origin = await scene.origin(ok('ok', 'Connection: close'));
    const req = scene.get(origin, {}, 'req', events);
    req.on('response', (res) => res.on('end', () => act(req)));
  },
  'at close': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, {}, 'req', events);
    req.once('close', () => act(req));
  },
  'after close': async (scene, act) => {
    const origin = await scene.origin(ok());
    const req = scene.get(origin, {}, 'req', events);
    await scene.closed();
    act(req);
  },
  'while it waits for a socket': async (scene, act) => {
    const origin = await scene.origin(() => {}, ok());
    const agent = scene.agent({ maxSockets: 1 });
    const first = scene.get(origin, { agent }, 'first');
    const req = scene.get(origin, { agent }, 'req', events);
    await origin.received(1);
    act(req);
    await scene.turns();
    scene.log('waiting', Object.values(agent.requests)[0]?.length);
    first.destroy();
    await scene.closed('first');
  },
};

/** Where releases of stock have their events in another order. */
const eitherPhases = ['in the next tick', 'while connecting', 'at the end of a last response', 'at close'];

for (const [what, act] of Object.entries(acts)) {
  for (const [phase, bring] of Object.entries(phases)) {
    const compare = eitherPhases.includes(phase) ? differEither : differ;
    compare(`${what} ${phase}`, async (scene) => {
      let given: ClientRequest | undefined;
      await bring(scene, (req) => {
        given = req;
        scene.log(what, req.destroyed, req.aborted);
        const returned = act(req);
        scene.log('called', returned === req, req.destroyed, req.aborted);
      });
      await scene.closed();
      await scene.turns();
      scene.log('after', given?.destroyed, given?.aborted, given?.writableFinished, given?.writableEnded);
    });
  }
}

for (const [first, one] of Object.entries(acts)) {
  for (const [second, two] of Object.entries(acts)) {
    differ(`${first}, then ${second}`, async (scene) => {
      const origin = await scene.origin();
      const req = scene.get(origin, {}, 'req', events);
      await origin.received(1);
      one(req);
      two(req);
      await scene.closed();
      two(req);
      await scene.turns();
    });
  }
}

differ('destroy() of a request that waits for connect, and again in error', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, {}, 'req', events);
  req.on('error', () => req.destroy(new Error('second')));
  req.destroy(new Error('first'));
  await scene.closed();
});

const responseActs: Record<string, (res: IncomingMessage) => unknown> = {
  'res.destroy()': (res) => res.destroy(),
  'res.destroy(error)': (res) => res.destroy(new Error('on purpose')),
  'res.socket.destroy()': (res) => res.socket.destroy(),
};

for (const [what, act] of Object.entries(responseActs)) {
  differ(`${what} at response`, async (scene) => {
    const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    const req = scene.get(origin, {}, 'req', events);
    req.on('response', (res) => act(res));
    await scene.closed();
    await scene.turns();
  });

  differ(`${what} within the content`, async (scene) => {
    const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    const req = scene.get(origin, {}, 'req', events);
    req.on('response', (res) => res.on('data', () => act(res)));
    await scene.closed();
    await scene.turns();
  });

  differ(`${what} with all content there, unread`, async (scene) => {
    const origin = await scene.origin(ok('text'));
    const agent = scene.agent({ keepAlive: true });
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
    scene.watch('req', req, ...events);
    req.on('response', (res) => {
      scene.watch('res', res, 'aborted', 'end', 'error', 'close');
      setImmediate(() => act(res));
    });
    await scene.closed();
    await scene.turns();
    scene.log('free', Object.keys(agent.freeSockets).length);
  });
}

differ('res.destroy() when the socket carries another request is nothing to that', async (scene) => {
  const origin = await scene.origin(ok('first'), ok('second'));
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  let first: IncomingMessage | undefined;
  scene.get(origin, { agent }, 'first').on('response', (res) => {
    first = res;
  });
  await scene.closed('first');
  const second = scene.get(origin, { agent }, 'second');
  second.on('socket', () => first?.destroy());
  await scene.closed('second');
  scene.log('reused', second.reusedSocket, origin.connections.length);
});

differ('a signal that was aborted before', async (scene) => {
  const origin = await scene.origin(ok());
  const req = scene.get(origin, { signal: AbortSignal.abort() }, 'req', events);
  req.on('error', (error) => scene.log('cause', (error as Error).cause));
  await scene.closed();
  scene.log('requests', origin.requests);
});

differ('a signal with a reason', async (scene) => {
  const origin = await scene.origin(ok());
  const req = scene.get(origin, { signal: AbortSignal.abort(new Error('reason')) }, 'req', events);
  req.on('error', (error) => scene.log('cause', (error as Error).cause));
  await scene.closed();
});

for (const [when, wait] of [
  ['at once', async () => {}],
  ['when the request is sent', (scene: ClientScene) => scene.seen('req finish')],
  ['within the response', (scene: ClientScene) => scene.seen('res 200')],
] as const) {
  differ(`a signal that aborts ${when}`, async (scene) => {
    const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    const controller = new AbortController();
    const req = scene.get(origin, { signal: controller.signal }, 'req', events);
    await wait(scene);
    controller.abort();
    await scene.closed();
    await scene.turns();
    scene.log('states', req.destroyed, req.aborted);
  });
}

differ('a signal that aborts after the response, and its listeners', async (scene) => {
  const origin = await scene.origin(ok());
  const controller = new AbortController();
  scene.get(origin, { signal: controller.signal, agent: scene.agent({ keepAlive: true }) }, 'req', events);
  await scene.closed();
  await scene.turns();
  controller.abort();
  await scene.turns();
});

differ('a signal that aborts a request that waits', async (scene) => {
  const origin = await scene.origin(() => {}, ok());
  const agent = scene.agent({ maxSockets: 1 });
  const controller = new AbortController();
  const first = scene.get(origin, { agent }, 'first');
  scene.get(origin, { agent, signal: controller.signal }, 'second', events);
  await origin.received(1);
  controller.abort();
  await scene.turns();
  first.destroy();
  await scene.closed('first');
  await scene.closed('second');
});

differ('destroy() in a listener of connect, of several requests', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, maxSockets: 2 });
  for (let count = 0; count < 4; count++) {
    const req = scene.get(origin, { agent }, `req ${count}`);
    if (count % 2 === 0) req.on('socket', () => req.destroy());
  }
  for (let count = 0; count < 4; count++) await scene.closed(`req ${count}`);
});

for (const [what, act] of [
  ['destroy(error)', (req: ClientRequest) => req.destroy(new Error('on purpose'))],
  ['abort()', (req: ClientRequest) => req.abort()],
  ['a signal', (_req: ClientRequest, controller: AbortController) => controller.abort()],
] as const) {
  differNewest(`${what} when the response has ended, on the last request of a connection`, async (scene) => {
    const origin = await scene.origin(ok('text', 'Connection: close'));
    const controller = new AbortController();
    const req = scene.get(origin, { signal: controller.signal }, 'req', events);
    req.on('response', (res) => res.on('end', () => act(req, controller)));
    await scene.closed();
    await scene.turns();
    scene.log('errored', req.errored);
  });

  differNewest(`${what} when all of the response is there leaves the connection to others`, async (scene) => {
    const origin = await scene.origin(ok('text'), ok('next'));
    const agent = scene.agent({ keepAlive: true });
    const controller = new AbortController();
    const { signal } = controller;
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent, signal });
    scene.watch('req', req, 'error', 'close');
    req.on('response', (res) => {
      scene.watch('res', res, 'aborted', 'error');
      setImmediate(() => act(req, controller));
    });
    await scene.seen('req close');
    await scene.turns();
    scene.get(origin, { agent }, 'next', ['error', 'close']);
    await scene.closed('next');
    scene.log('connections', origin.connections.length);
  });
}
