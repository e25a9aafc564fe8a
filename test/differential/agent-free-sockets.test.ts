import type { Agent, AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientScene } from './client-scene.js';
import { differ, differEither, differNewest } from './differ.js';
import { head, ok } from './messages.js';

function count(pool: NodeJS.ReadOnlyDict<unknown[]>): number {
  return Object.values(pool).reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/** A socket that has just become free, its agent and the origin's end of it. */
async function freed(scene: ClientScene, ...replies: string[]) {
  const origin = await scene.origin(ok('first'), ...replies);
  const agent = scene.agent({ keepAlive: true });
  const req = scene.get(origin, { agent }, 'first');
  await scene.closed('first');
  const socket = req.socket as Socket;
  scene.watch('socket', socket, 'end', 'close', 'error', 'timeout');
  return { origin, agent, socket, connection: origin.connections[0] };
}

async function another(scene: ClientScene, agent: Agent, origin: { port: number }): Promise<void> {
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
  scene.watchRequest(req, 'next');
  await scene.closed('next');
  scene.log('reused', req.reusedSocket);
}

differEither('the server ends a free socket', async (scene) => {
  const { origin, agent, connection } = await freed(scene, ok('second'));
  connection.end();
  await scene.seen('socket close');
  scene.log('free', count(agent.freeSockets), count(agent.sockets));
  await another(scene, agent, origin);
});

differEither('the server resets a free socket', async (scene) => {
  const { origin, agent, connection } = await freed(scene, ok('second'));
  connection.reset();
  await scene.seen('socket close');
  scene.log('free', count(agent.freeSockets), count(agent.sockets));
  await another(scene, agent, origin);
});

for (const [label, text] of [
  ['a response', ok('smuggled')],
  ['garbage', 'garbage'],
  ['one byte', 'H'],
  ['an empty line', '\r\n'],
  ['a 408', head('HTTP/1.1 408 Request Timeout', 'Connection: close', 'Content-Length: 0')],
] as const) {
  differNewest(`the server sends ${label} on a free socket`, async (scene) => {
    const { origin, agent, connection } = await freed(scene, ok('second'));
    await connection.send(text);
    await scene.seen('socket close');
    scene.log('free', count(agent.freeSockets), count(agent.sockets));
    await another(scene, agent, origin);
    scene.log('connections', origin.connections.length);
  });
}

differ('a free socket that is destroyed', async (scene) => {
  const { origin, agent, socket } = await freed(scene, ok('second'));
  socket.destroy();
  scene.log('at once', count(agent.freeSockets));
  await another(scene, agent, origin);
});

differ('a free socket that is destroyed with an error', async (scene) => {
  const { origin, agent, socket } = await freed(scene, ok('second'));
  socket.destroy(new Error('mine'));
  await another(scene, agent, origin);
  scene.log('free', count(agent.freeSockets));
});

differ('an error emitted on a free socket', async (scene) => {
  const { origin, agent, socket } = await freed(scene, ok('second'));
  socket.emit('error', new Error('mine'));
  await scene.turns();
  scene.log('free', count(agent.freeSockets), socket.destroyed);
  await another(scene, agent, origin);
});

differ('the race: the server closes while the request is sent', async (scene) => {
  const origin = await scene.origin(ok('first'), (connection) => connection.reset());
  const agent = scene.agent({ keepAlive: true });
  scene.get(origin, { agent }, 'first');
  await scene.closed('first');
  const req = scene.get(origin, { agent }, 'second');
  req.on('error', () => scene.log('reusedSocket', req.reusedSocket));
  await scene.closed('second');
});

differ('free sockets and their events on the agent', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  agent.on('free', (socket: Socket, options: Record<string, unknown>) => {
    scene.log(
      'free',
      socket.destroyed,
      options.host,
      options.port === origin.port,
      options.path,
      count(agent.freeSockets),
    );
  });
  for (let index = 0; index < 3; index++) {
    const req = scene.get(origin, { agent, path: `/${index}` });
    await scene.closed();
    scene.log('reused', req.reusedSocket);
  }
  scene.log('connections', origin.connections.length);
});

differ('free without keepAlive', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent();
  agent.on('free', () => scene.log('free'));
  scene.get(origin, { agent });
  await scene.closed();
  await scene.turns();
});

differ('a response that is not finished does not free its socket', async (scene) => {
  const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`, ok());
  const agent = scene.agent({ keepAlive: true });
  agent.on('free', () => scene.log('free'));
  const req = scene.get(origin, { agent });
  await scene.seen('res 200');
  scene.log('pools', count(agent.sockets), count(agent.freeSockets));
  req.destroy();
  await scene.closed();
  scene.log('pools', count(agent.sockets), count(agent.freeSockets));
});

differ('what a free socket is like', async (scene) => {
  const { socket } = await freed(scene);
  scene.log(
    'states',
    socket.destroyed,
    socket.writable,
    socket.readable,
    socket.readableFlowing,
    socket.isPaused(),
  );
  scene.log('idle', socket.timeout, socket.connecting);
});

differ('a free socket does not hold the process', async (scene) => {
  const calls: string[] = [];
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const first = scene.get(origin, { agent }, 'first');
  first.on('socket', (socket) => {
    for (const name of ['ref', 'unref', 'setKeepAlive'] as const) {
      const original = socket[name] as (...args: unknown[]) => Socket;
      Object.assign(socket, {
        [name](...args: unknown[]) {
          calls.push(`${name}(${args.join()})`);
          return original.apply(socket, args);
        },
      });
    }
  });
  await scene.closed('first');
  scene.log('calls', calls.splice(0));
  scene.get(origin, { agent }, 'second');
  await scene.closed('second');
  scene.log('calls', calls.splice(0));
});

differ('a request whose socket is free again, and then destroyed', async (scene) => {
  const { origin, agent, socket } = await freed(scene, ok('second'));
  const next = scene.get(origin, { agent }, 'next');
  await scene.closed('next');
  next.destroy();
  await scene.turns();
  scene.log('destroyed', socket.destroyed, count(agent.freeSockets));
});

differNewest('a free socket whose next request is destroyed before it takes it', async (scene) => {
  const { origin, agent } = await freed(scene, ok('second'));
  const aborted = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
  scene.watchRequest(aborted, 'aborted');
  aborted.destroy();
  await scene.closed('aborted');
  scene.log('free', count(agent.freeSockets), count(agent.sockets));
  await another(scene, agent, origin);
  scene.log('connections', origin.connections.length);
});

differNewest(
  "an agent closes free sockets by agentKeepAliveTimeoutBuffer before the server's time",
  async (scene) => {
    for (const [seconds, buffer] of [
      [1, undefined],
      [1, 1000],
      [1, 400],
      [2, undefined],
      [30, 0],
    ]) {
      const origin = await scene.origin(ok('ok', `Keep-Alive: timeout=${seconds}`));
      const options = { keepAlive: true, timeout: 20_000, agentKeepAliveTimeoutBuffer: buffer };
      const agent = scene.agent(options as AgentOptions);
      scene.get(origin, { agent }, 'req', ['close']);
      await scene.closed();
      await scene.turns();
      const free = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
      scene.log(`${seconds} s, ${buffer} ms`, ...free.map((socket) => socket.timeout));
    }
  },
);
