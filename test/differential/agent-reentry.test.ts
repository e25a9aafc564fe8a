import type { ClientRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { ClientScene } from './client-scene.js';
import { differ, differEither } from './differ.js';
import { head, ok } from './messages.js';

type OnCreate = (error: Error | null, socket?: Socket) => void;

for (const [when, start] of [
  ['response', (req: ClientRequest, next: () => void) => req.on('response', next)],
  [
    'end of the response',
    (req: ClientRequest, next: () => void) => req.on('response', (res) => res.on('end', next)),
  ],
  [
    'close of the response',
    (req: ClientRequest, next: () => void) => req.on('response', (res) => res.on('close', next)),
  ],
  ['close of the request', (req: ClientRequest, next: () => void) => req.on('close', next)],
  ['finish', (req: ClientRequest, next: () => void) => req.on('finish', next)],
] as const) {
  for (const maxSockets of [1, 2]) {
    differ(`a request made at ${when} of another, maxSockets ${maxSockets}`, async (scene) => {
      const origin = await scene.origin(ok('one'), ok('two'), ok('three'));
      const agent = scene.agent({ keepAlive: true, maxSockets });
      const first = scene.get(origin, { agent }, 'first', []);
      start(first, () => {
        const second = scene.get(origin, { agent }, 'second', []);
        start(second, () => scene.get(origin, { agent }, 'third', []));
      });
      await scene.seen('third res close');
      scene.log('connections', origin.connections.length);
    });
  }
}

differEither('a request made in free of the agent', async (scene) => {
  const origin = await scene.origin(ok('one'), ok('two'));
  const agent = scene.agent({ keepAlive: true });
  agent.once('free', () => {
    const second = scene.get(origin, { agent }, 'second');
    second.on('socket', () => scene.log('reused', second.reusedSocket));
  });
  scene.get(origin, { agent }, 'first');
  await scene.seen('second res close');
  scene.log('connections', origin.connections.length);
});

differ('no listeners pile up over many requests', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const onWarning = (warning: Error) => scene.log('warning', warning.name);
  process.on('warning', onWarning);
  scene.atTheEnd(() => process.off('warning', onWarning));
  for (let count = 0; count < 40; count++) {
    const label = `req ${count}`;
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent, timeout: 5000 });
    req.setTimeout(4000);
    req.setNoDelay(true);
    req.on('response', (res) => res.resume());
    req.on('close', () => scene.log(label, req.reusedSocket));
    await scene.seen(label);
  }
  await scene.turns();
  scene.log('connections', origin.connections.length);
});

/** An agent whose connections wait until they are let go. */
function heldAgent(scene: ClientScene, port: number) {
  const held: (() => void)[] = [];
  class Held extends scene.http.Agent {
    override createConnection(_options: never, callback: unknown): never {
      scene.log('createConnection');
      held.push(() => {
        const socket = connect(port, '127.0.0.1', () => (callback as OnCreate)(null, socket));
      });
      return undefined as never;
    }
  }
  const agent = new Held({ keepAlive: true, maxSockets: 1 });
  scene.atTheEnd(() => agent.destroy());
  return { agent, held };
}

differ('a request that is destroyed while its connection is made leaves it to the next', async (scene) => {
  const origin = await scene.origin(ok());
  const { agent, held } = heldAgent(scene, origin.port);
  const first = scene.get(origin, { agent }, 'first');
  scene.get(origin, { agent, path: '/second' }, 'second');
  first.destroy();
  await scene.turns();
  held[0]();
  await scene.closed('first');
  await scene.turns();
  for (const release of held.slice(1)) release();
  await scene.closed('second');
  scene.recordOrigin(origin);
});

differ('agent.destroy() while a connection is made', async (scene) => {
  const origin = await scene.origin();
  const agent = scene.agent({ keepAlive: true });
  scene.get(origin, { agent }, 'first');
  agent.destroy();
  await scene.closed('first');
  scene.log('sockets', Object.keys(agent.sockets).length);
});

differ('a request goes on another agent when its first is destroyed', async (scene) => {
  const origin = await scene.origin(ok());
  const one = scene.agent({ keepAlive: true });
  scene.get(origin, { agent: one }, 'first');
  await scene.closed('first');
  one.destroy();
  scene.get(origin, { agent: scene.agent() }, 'second');
  await scene.closed('second');
});

differ('a response read with readable and read()', async (scene) => {
  const origin = await scene.origin(ok('some text', 'Connection: close'));
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
  req.on('response', (res) => {
    let text = '';
    res.on('readable', () => {
      for (let part = res.read(); part !== null; part = res.read()) text += part;
    });
    res.on('end', () => scene.log('end', text));
    res.on('close', () => scene.log('close', res.complete));
  });
  await scene.seen('close');
});

differ('a response that ends before its listener is there', async (scene) => {
  const origin = await scene.origin(ok('text'));
  const agent = scene.agent({ keepAlive: true });
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
  req.on('response', (res) => {
    setImmediate(() => {
      setImmediate(() => {
        scene.log('late', res.complete, res.readableEnded);
        scene.watchResponse(res);
      });
    });
  });
  await scene.seen('res close');
});

differ('an empty response that nobody reads, with a listener', async (scene) => {
  const origin = await scene.origin(ok(''), ok('second'));
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
  scene.watch('req', req, 'close');
  req.on('response', (res) => {
    scene.log('response', res.complete);
    scene.watch('res', res, 'end', 'close');
    setImmediate(() => setImmediate(() => res.resume()));
  });
  scene.get(origin, { agent }, 'second');
  await scene.closed('second');
  scene.log('connections', origin.connections.length);
});

differ('two requests, the first of which is answered late, on sockets of their own', async (scene) => {
  const origin = await scene.origin((connection, request) => {
    const answer = ok(request.startsWith('GET /slow') ? 'slow' : 'fast');
    if (request.startsWith('GET /slow')) origin.received(2).then(() => connection.send(answer));
    else connection.socket.write(answer);
  });
  const agent = scene.agent({ keepAlive: true });
  scene.get(origin, { agent, path: '/slow' }, 'slow', []);
  scene.get(origin, { agent, path: '/fast' }, 'fast', []);
  await scene.seen('slow res close');
  await scene.seen('fast res close');
  scene.log('connections', origin.connections.length);
});

differ('interim responses on a reused socket', async (scene) => {
  const interim = head('HTTP/1.1 103 Early Hints', 'X-A: a');
  const origin = await scene.origin(interim + ok('one'), interim + interim + ok('two'));
  const agent = scene.agent({ keepAlive: true });
  for (const label of ['first', 'second']) {
    scene.get(origin, { agent }, label, ['information', 'close']);
    await scene.closed(label);
  }
  scene.log('connections', origin.connections.length);
});

differ('HEAD, GET and POST after one another on a socket', async (scene) => {
  const origin = await scene.origin((connection, request) => {
    connection.socket.write(
      request.startsWith('HEAD') ? head('HTTP/1.1 200 OK', 'Content-Length: 9') : ok(request.split(' ')[0]),
    );
  });
  const agent = scene.agent({ keepAlive: true });
  for (const method of ['HEAD', 'GET', 'HEAD', 'POST', 'DELETE', 'HEAD']) {
    scene.get(origin, { agent, method });
    await scene.closed();
  }
  scene.log('connections', origin.connections.length);
  scene.recordOrigin(origin);
});
