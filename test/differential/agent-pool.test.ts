import type { Agent, AgentOptions, ClientRequest } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differEither } from './differ.js';
import { ok } from './messages.js';
import type { WireConnection } from './wire-connection.js';

/** How many sockets and requests each pool holds. */
function pools(agent: Agent): string {
  const sizes = (pool: NodeJS.ReadOnlyDict<unknown[]>) =>
    Object.values(pool)
      .map((list) => list?.length)
      .join(',');
  const { totalSocketCount } = agent as unknown as { totalSocketCount: number };
  return `sockets ${sizes(agent.sockets)} free ${sizes(agent.freeSockets)} waiting ${sizes(agent.requests)} total ${totalSocketCount}`;
}

/** An origin that answers when it is told to, and requests through one agent. */
async function waitingOrigin(scene: ClientScene) {
  const asked: [WireConnection, string][] = [];
  const origin = await scene.origin((connection, request) => {
    asked.push([connection, /^\S+ (\S+)/.exec(request)?.[1] ?? '']);
  });
  const answer = async (index: number, ...fields: string[]) => {
    await origin.received(index + 1);
    const [connection, path] = asked[index];
    await connection.send(ok(`answer to ${path}`, ...fields));
  };
  return { origin, answer, asked };
}

for (const [label, options] of [
  ['maxSockets 1', { maxSockets: 1 }],
  ['maxSockets 2', { maxSockets: 2 }],
  ['maxSockets 1, keepAlive', { maxSockets: 1, keepAlive: true }],
  ['maxSockets 2, keepAlive', { maxSockets: 2, keepAlive: true }],
  ['maxSockets 2, keepAlive, fifo', { maxSockets: 2, keepAlive: true, scheduling: 'fifo' as const }],
  ['maxTotalSockets 2, keepAlive', { maxTotalSockets: 2, keepAlive: true }],
  ['maxTotalSockets 1', { maxTotalSockets: 1 }],
  ['maxFreeSockets 1, keepAlive', { maxFreeSockets: 1, keepAlive: true }],
  ['maxSockets 3, maxFreeSockets 1, keepAlive', { maxSockets: 3, maxFreeSockets: 1, keepAlive: true }],
  ['no limits', {}],
  ['keepAlive', { keepAlive: true }],
] as const) {
  differ(`pools after each step: ${label}`, async (scene) => {
    const { origin, answer, asked } = await waitingOrigin(scene);
    const agent = scene.agent(options);
    for (let count = 0; count < 5; count++) {
      scene.get(origin, { agent, path: `/${count}` }, `req ${count}`, ['error']);
      scene.log(pools(agent));
    }
    for (let count = 0; count < 5; count++) {
      await origin.received(count + 1);
      await scene.turns(3);
      // Which connection is accepted first is the kernel's.
      asked.sort(([, a], [, b]) => a.localeCompare(b));
      await answer(count);
      await scene.seen(`req ${count} res close`);
      await scene.turns();
      scene.log(pools(agent));
    }
    scene.log('connections', origin.connections.length);
  });
}

differ('requests that wait are sent in their order', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ maxSockets: 1, keepAlive: true });
  for (let count = 0; count < 6; count++) scene.get(origin, { agent, path: `/${count}` }, `req ${count}`);
  for (let count = 0; count < 6; count++) await scene.closed(`req ${count}`);
  scene.log('connections', origin.connections.length, pools(agent));
  scene.recordOrigin(origin);
});

differ('requests that wait, on connections of their own', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ maxSockets: 1 });
  for (let count = 0; count < 4; count++) scene.get(origin, { agent, path: `/${count}` }, `req ${count}`);
  for (let count = 0; count < 4; count++) await scene.closed(`req ${count}`);
  scene.log('connections', origin.connections.length, pools(agent));
  scene.recordOrigin(origin);
});

for (const scheduling of ['fifo', 'lifo'] as const) {
  differ(`free sockets are taken ${scheduling}`, async (scene) => {
    const { origin, answer } = await waitingOrigin(scene);
    const agent = scene.agent({ keepAlive: true, scheduling });
    const names = new Map<unknown, string>();
    for (let count = 0; count < 3; count++) {
      const req = scene.get(origin, { agent }, `req ${count}`, []);
      req.on('socket', (socket) => names.set(socket, `socket ${count}`));
      await origin.received(count + 1);
    }
    for (let count = 0; count < 3; count++) {
      await answer(count);
      await scene.seen(`req ${count} res close`);
    }
    for (let count = 3; count < 5; count++) {
      const req = scene.get(origin, { agent }, `req ${count}`, []);
      req.on('socket', (socket) => scene.log('taken', names.get(socket)));
      await answer(count);
      await scene.seen(`req ${count} res close`);
    }
  });
}

differ('maxTotalSockets over several origins', async (scene) => {
  const one = await scene.origin(ok('one'));
  const two = await scene.origin(ok('two'));
  for (const keepAlive of [false, true]) {
    const agent = scene.agent({ maxTotalSockets: 1, keepAlive });
    scene.get(one, { agent }, 'one');
    scene.get(two, { agent }, 'two');
    scene.get(one, { agent }, 'three');
    scene.log(pools(agent));
    await scene.closed('one');
    await scene.closed('three');
    scene.log(pools(agent));
    // A free socket of another name counts, and may have to time out.
    agent.destroy();
    await scene.closed('two');
    scene.log(pools(agent));
  }
});

differ('the names in requests while they wait', async (scene) => {
  const origin = await scene.origin();
  const agent = scene.agent({ maxSockets: 1 });
  const made: ClientRequest[] = [];
  for (let count = 0; count < 3; count++) made.push(scene.get(origin, { agent }, `req ${count}`));
  scene.log('names', Object.keys(agent.requests), Object.keys(agent.sockets));
  scene.log('same', Object.values(agent.requests)[0]?.[0] === made[1]);
  for (const req of made) req.destroy();
  for (let count = 0; count < 3; count++) await scene.closed(`req ${count}`);
  scene.log(pools(agent));
});

differEither('destroyed requests are taken out when it is their turn', async (scene) => {
  const { origin, answer } = await waitingOrigin(scene);
  const agent = scene.agent({ maxSockets: 1, keepAlive: true });
  const made: ClientRequest[] = [];
  for (let count = 0; count < 4; count++)
    made.push(scene.get(origin, { agent, path: `/${count}` }, `req ${count}`));
  await origin.received(1);
  made[1].destroy();
  made[2].destroy(new Error('on purpose'));
  await scene.turns();
  scene.log(pools(agent));
  await answer(0);
  await answer(1);
  for (let count = 0; count < 4; count++) await scene.closed(`req ${count}`);
  scene.log(pools(agent), origin.connections.length);
});

differ('a refused connection with others waiting', async (scene) => {
  const port = await scene.refusingPort();
  const agent = scene.agent({ maxSockets: 1 });
  for (let count = 0; count < 3; count++) {
    scene.watchRequest(scene.http.get({ host: '127.0.0.1', port, agent }), `req ${count}`);
  }
  scene.log(pools(agent));
  for (let count = 0; count < 3; count++) await scene.closed(`req ${count}`);
  scene.log(pools(agent));
});

differ('the server closes with others waiting', async (scene) => {
  const origin = await scene.origin((connection) => connection.reset(), ok());
  const agent = scene.agent({ maxSockets: 1, keepAlive: true });
  for (let count = 0; count < 3; count++) scene.get(origin, { agent, path: `/${count}` }, `req ${count}`);
  for (let count = 0; count < 3; count++) await scene.closed(`req ${count}`);
  scene.log('connections', origin.connections.length, pools(agent));
});

differ('Connection: close in a response with others waiting', async (scene) => {
  const origin = await scene.origin(ok('ok', 'Connection: close'), ok());
  const agent = scene.agent({ maxSockets: 1, keepAlive: true });
  for (let count = 0; count < 3; count++) scene.get(origin, { agent, path: `/${count}` }, `req ${count}`);
  for (let count = 0; count < 3; count++) await scene.closed(`req ${count}`);
  scene.log('connections', origin.connections.length, pools(agent));
});

differ('agent.destroy() with requests under way', async (scene) => {
  const origin = await scene.origin();
  const agent = scene.agent({ maxSockets: 2, keepAlive: true });
  for (let count = 0; count < 4; count++) scene.get(origin, { agent, path: `/${count}` }, `req ${count}`);
  await origin.received(2);
  agent.destroy();
  await scene.closed('req 0');
  await scene.closed('req 1');
  await scene.turns();
  scene.log('waiting', Object.values(agent.requests)[0]?.length);
});

differ('agent.destroy() with free sockets', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  scene.get(origin, { agent });
  await scene.closed();
  const [socket] = Object.values(agent.freeSockets)[0] ?? [];
  scene.watch('socket', socket, 'close', 'error');
  agent.destroy();
  scene.log('destroyed', socket.destroyed);
  await scene.seen('socket close');
  scene.log(pools(agent));
  scene.get(origin, { agent });
  await scene.closed();
  scene.log('connections', origin.connections.length);
});

differ('agent.destroy() returns, and may be called twice', (scene) => {
  const agent = scene.agent();
  scene.log('returns', agent.destroy(), agent.destroy());
});

differ('maxSockets may change', async (scene) => {
  const { origin, answer } = await waitingOrigin(scene);
  const agent = scene.agent({ maxSockets: 1 });
  scene.get(origin, { agent }, 'one');
  scene.get(origin, { agent }, 'two');
  scene.log(pools(agent));
  agent.maxSockets = 2;
  scene.get(origin, { agent }, 'three');
  scene.log(pools(agent));
  await answer(0);
  await answer(1);
  await answer(2);
  for (const label of ['one', 'two', 'three']) await scene.closed(label);
  scene.log(pools(agent));
});

differ('chunks joined, keepAlive and maxSockets 50: the connections are counted', async (scene) => {
  const origin = await scene.origin(ok('{"id":42}'));
  const agent = new scene.http.Agent({ keepAlive: true, maxSockets: 50 });
  scene.atTheEnd(() => agent.destroy());
  const one = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const req = scene.http.request(
        { hostname: '127.0.0.1', port: origin.port, path, method: 'GET', agent },
        (res) => {
          const chunks: Buffer[] = [];
          res.on('data', (data: Buffer) => chunks.push(data));
          res.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        },
      );
      req.on('error', reject);
      req.end();
    });
  for (let count = 0; count < 10; count++) scene.log('got', await one(`/users/${count}`));
  scene.log('connections', origin.connections.length);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => one(`/users/${index}`)));
  scene.log('answers', answers.length, new Set(answers).size);
  scene.log('connections', origin.connections.length);
  scene.log(pools(agent));
});

differ('a pooled socket is read, however large the content before it was', async (scene) => {
  const origin = await scene.origin(ok('x'.repeat(2000)));
  // A net.Socket's option: the content is more than the response's stream will hold.
  const agent = scene.agent({ keepAlive: true, highWaterMark: 1000 } as AgentOptions);
  const req = scene.adoptRequest(scene.http.get({ host: '127.0.0.1', port: origin.port, agent }));
  req.on('response', (res) => {
    res.on('end', () => scene.log('end'));
    // Nobody listens to 'data': what comes is buffered first.
    res.resume();
  });
  await new Promise<void>((resolve) => agent.once('free', () => resolve()));
  await scene.turns(2);
  scene.log(pools(agent));
  const [socket] = Object.values(agent.freeSockets)[0] ?? [];
  const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()));
  origin.connections[0].end();
  await closed;
  await scene.turns(2);
  scene.log(pools(agent));
});
