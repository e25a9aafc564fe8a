import { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientScene } from './client-scene.js';
import { differ } from './differ.js';
import { ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');

/** A request whose callback is that function. */
async function requestWith(
  scene: ClientScene,
  callback: unknown,
  options: object = {},
): Promise<ClientRequest> {
  const origin = await scene.origin(lastOk);
  return scene.http.request({ host: '127.0.0.1', port: origin.port, ...options }, callback as () => void);
}

/** But for 'finish', to which requests of node:http listen themselves. */
function names(req: ClientRequest): unknown[] {
  return req.eventNames().filter((name) => name !== 'finish');
}

differ('the callback among the listeners of response', async (scene) => {
  const callback = (res: IncomingMessage) => {
    scene.log('called', req.listenerCount('response'), names(req));
    res.resume();
  };
  const req = await requestWith(scene, callback);
  const [raw] = req.rawListeners('response') as { listener?: unknown }[];
  scene.log('raw', (raw as unknown) === callback, raw.listener === callback);
  scene.log(
    'listeners',
    req.listeners('response').map((listener) => listener === callback),
  );
  scene.log('count', req.listenerCount('response'), names(req));
  req.on('close', () => scene.log('close', names(req)));
  req.on('error', () => {});
  scene.log('names', names(req));
  req.end();
  await scene.seen('close');
});

differ('the callback is told what is emitted by hand, once', async (scene) => {
  const req = await requestWith(scene, function (this: unknown, ...args: unknown[]) {
    scene.log('called', this === req, args);
  });
  const emitter: EventEmitter = req;
  scene.log('emitted', emitter.emit('response', 1, 2), emitter.emit('response', 3));
  scene.log('left', req.listenerCount('response'));
  req.on('error', () => {});
  req.destroy();
});

differ('the callback is removed', async (scene) => {
  const callback = () => scene.log('called');
  const other = (res: IncomingMessage) => {
    scene.log('other', req.listenerCount('response'));
    res.resume();
  };
  const req = await requestWith(scene, callback);
  req.on('removeListener', (event, listener) => scene.log('removed', event, listener === callback));
  req.on('newListener', (event, listener) => {
    if (event !== 'finish') scene.log('added', event, listener === other);
  });
  req.removeListener('response', callback);
  scene.log('left', req.listenerCount('response'), names(req));
  req.prependListener('response', other);
  req.on('close', () => scene.log('close'));
  req.end();
  await scene.seen('close');
});

differ('who hears of listeners that are removed hears of the callback', async (scene) => {
  const callback = (res: IncomingMessage) => {
    scene.log('called', req.listenerCount('response'));
    res.resume();
  };
  const req = await requestWith(scene, callback);
  req.on('removeListener', (event, listener) => scene.log('removed', event, listener === callback));
  req.on('close', () => scene.log('close'));
  req.end();
  await scene.seen('close');
});

differ('all listeners of response are removed, and others come', async (scene) => {
  const req = await requestWith(scene, () => scene.log('called'));
  req.removeAllListeners('response');
  scene.log('left', req.listenerCount('response'), names(req));
  req.once('response', (res) => {
    scene.log('once', req.listenerCount('response'));
    res.resume();
  });
  req.on('close', () => scene.log('close'));
  req.end();
  await scene.seen('close');
});

differ('what is no function is refused as callback', async (scene) => {
  for (const callback of ['text', 1, {}, true, Symbol('no')]) {
    scene.attempt(String(callback), () => scene.http.request({}, callback as never));
  }
});

differ('an emit and an on of the request itself', async (scene) => {
  const origin = await scene.origin(lastOk);
  const { ClientRequest } = scene.http;
  const events: unknown[] = [];
  class Own extends ClientRequest {
    override on(event: string | symbol, listener: (...args: never[]) => void): this {
      if (event !== 'finish') scene.log('on', event);
      return super.on(event as string, listener as never);
    }
    override emit(event: string | symbol, ...args: never[]): boolean {
      events.push(event);
      return super.emit(event as string, ...args);
    }
  }
  const req = new Own({ host: '127.0.0.1', port: origin.port } as never, (res) => {
    scene.log('called');
    res.resume();
    res.on('close', () => setImmediate(() => scene.log('events', events)));
  });
  req.end();
  await scene.seen('events');
});

differ('an emit that is put in place later hears all that comes then', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const events: string[] = [];
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent }, (res) => res.resume());
  const { emit } = req;
  req.emit = function (this: ClientRequest, event: string | symbol, ...args: unknown[]) {
    events.push(String(event));
    return Reflect.apply(emit, this, [event, ...args]);
  };
  req.on('socket', (socket: Socket) => {
    const own = socket.emit;
    socket.emit = function (this: Socket, event: string | symbol, ...args: unknown[]) {
      if (event === 'free') events.push('free of the socket');
      return Reflect.apply(own, this, [event, ...args]);
    };
  });
  agent.on('free', () => {
    events.push('free of the agent');
    setImmediate(() => scene.log('events', events));
  });
  await scene.seen('events');
});

differ('who listens for free of the agent and of the socket', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  const options = { host: '127.0.0.1', port: origin.port, agent };
  agent.on('free', (socket: Socket) => scene.log('free of the agent', socket.listenerCount('free')));
  for (const label of ['first', 'second']) {
    const req = scene.http.get(options, (res) => res.resume());
    req.on('socket', (socket: Socket) => {
      scene.log(`${label} has the socket`, req.reusedSocket);
      socket.once('free', () => scene.log('free of the socket'));
    });
    req.on('close', () => scene.log(`${label} close`));
  }
  await scene.seen('second close');
});

differ('an async callback that fails, where the emitters capture that', async (scene) => {
  const origin = await scene.origin('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort');
  EventEmitter.captureRejections = true;
  try {
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port }, async () => {
      throw new Error('of the callback');
    });
    req.on('error', (error) => scene.log('error', error.message));
    req.on('close', () => scene.log('close'));
    await scene.seen('error');
    await scene.seen('close');
  } finally {
    EventEmitter.captureRejections = false;
  }
});

differ('the listeners of a response', async (scene) => {
  const req = await requestWith(scene, (res: IncomingMessage) => {
    const count = (event: string) => res.listenerCount(event);
    scene.log('counts', ['end', 'data', 'close', 'error', 'readable'].map(count), res.eventNames());
    res.on('data', (data) => scene.log('data', String(data)));
    res.on('end', () => scene.log('end'));
    res.once('close', () => scene.log('close', res.listenerCount('end')));
    scene.log('names', res.eventNames().sort());
    res.on('removeListener', (event) => scene.log('removed', event));
  });
  req.end();
  await scene.seen('close');
});

differ('the listeners of a response whose reader comes later', async (scene) => {
  const req = await requestWith(scene, (res: IncomingMessage) => {
    setImmediate(() => {
      scene.log('counts', res.listenerCount('end'), res.readableFlowing, res.readableEnded);
      res.on('end', () => scene.log('end'));
      res.on('close', () => scene.log('close'));
      res.resume();
    });
  });
  req.end();
  await scene.seen('close');
});

differ("who hears of the listeners of the socket hears of the one for its 'data'", async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  const first = scene.get(origin, { agent }, 'first', ['close']);
  const [socket] = (await EventEmitter.once(first, 'socket')) as [Socket];
  const told: unknown[] = [];
  const onNew = (event: string | symbol) => told.push(event === 'data' && 'added');
  const onRemoved = (event: string | symbol) => told.push(event === 'data' && 'removed');
  await scene.closed('first');
  scene.log('between', socket.listenerCount('data'), socket.eventNames().includes('data'));
  socket.on('newListener', onNew);
  socket.on('removeListener', onRemoved);
  const second = scene.get(origin, { agent }, 'second', ['close']);
  second.on('response', () => scene.log('in use', socket.listenerCount('data'), second.reusedSocket));
  await scene.closed('second');
  scene.log('told', told.filter(Boolean));
  scene.log('behind', socket.listenerCount('data'));
});
