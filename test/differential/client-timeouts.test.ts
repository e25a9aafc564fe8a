import type { IncomingMessage } from 'node:http';
import { differ } from './differ.js';
import { head, ok } from './messages.js';

const short = 50;
/** Without 'finish', which may come before or behind a short time-out. */
const events = ['timeout', 'abort', 'error', 'close'];

differ('options.timeout: timeout comes once, and nothing else', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin, { timeout: short }, 'req', events);
  scene.log('timeout', Reflect.get(req, 'timeout'));
  req.on('timeout', () => scene.log('states', req.destroyed, req.aborted));
  await scene.seen('req timeout');
  const again = new Promise((resolve) => req.socket?.once('timeout', resolve));
  await (await origin.connection()).send(head('HTTP/1.1 103 Early Hints'));
  await again;
  req.destroy();
  await scene.closed();
});

differ('destroy in timeout', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin, { timeout: short }, 'req', events);
  req.on('timeout', () => req.destroy(new Error('too long')));
  await scene.closed();
});

differ('setTimeout before there is a socket', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, {}, 'req', events);
  scene.log(
    'returns',
    req.setTimeout(short, () => scene.log('callback')) === req,
    Reflect.get(req, 'timeout'),
  );
  req.end();
  await scene.seen('req timeout');
  req.destroy();
  await scene.closed();
});

differ('setTimeout when connected', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin);
  await origin.received(1);
  scene.log('returns', req.setTimeout(short, () => scene.log('callback')) === req);
  await scene.seen('req timeout');
  req.destroy();
  await scene.closed();
});

differ('setTimeout twice, and to 0', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin, { timeout: 1000 }, 'req', events);
  req.setTimeout(short, () => scene.log('first'));
  req.setTimeout(short, () => scene.log('second'));
  await scene.seen('second');
  req.setTimeout(0);
  scene.log('timeout', req.socket?.timeout);
  req.destroy();
  await scene.closed();
});

differ('setTimeout after the response', async (scene) => {
  const origin = await scene.origin(ok());
  const req = scene.get(origin, { agent: scene.agent({ keepAlive: true }) });
  await scene.closed();
  scene.log('returns', req.setTimeout(1, () => scene.log('callback')) === req);
  await scene.turns(20);
});

differ('clearTimeout', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin, { timeout: 1000 }) as unknown as {
    clearTimeout(callback?: () => void): void;
    socket: { timeout: number };
    destroy(): void;
  };
  await origin.received(1);
  scene.log('timeout', req.socket.timeout);
  req.clearTimeout();
  scene.log('timeout', req.socket.timeout);
  req.destroy();
  await scene.closed();
});

differ('timeouts of other types', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin);
  for (const value of [undefined, null, '1', -1, Number.NaN, Number.POSITIVE_INFINITY, {}, true]) {
    scene.attempt(String(value), () => req.setTimeout(value as never) === req);
  }
  scene.attempt('callback', () => req.setTimeout(1, 'no' as never) === req);
  req.destroy();
  await scene.closed();
});

differ('the time-out of a response', async (scene) => {
  const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  const req = scene.get(origin);
  req.on('response', (res: IncomingMessage) => {
    scene.log('returns', res.setTimeout(short, () => scene.log('callback')) === res);
    scene.watch('res', res, 'timeout');
  });
  await scene.seen('callback');
  req.destroy();
  await scene.closed();
});

differ('a time-out within the response', async (scene) => {
  const origin = await scene.origin(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  const req = scene.get(origin, { timeout: short }, 'req', events);
  req.on('timeout', () => req.destroy());
  await scene.closed();
});

differ("an agent's timeout", async (scene) => {
  const origin = await scene.origin();
  const agent = scene.agent({ timeout: short });
  const req = scene.get(origin, { agent }, 'req', events);
  scene.log('timeout', Reflect.get(req, 'timeout'));
  req.on('timeout', () => {
    scene.log('socket', req.socket?.timeout, req.socket?.destroyed);
    req.destroy();
  });
  await scene.closed();
});

differ("options.timeout wins over the agent's", async (scene) => {
  const origin = await scene.origin();
  const agent = scene.agent({ timeout: 10_000 });
  const req = scene.get(origin, { agent, timeout: short }, 'req', events);
  req.on('timeout', () => {
    scene.log('socket', req.socket?.timeout);
    req.destroy();
  });
  await scene.closed();
});

differ('the time-out of a pooled socket by its request', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, timeout: 10_000 });
  const timeoutOfFree = () => Object.values(agent.freeSockets)[0]?.[0]?.timeout;
  for (const [label, timeout] of [
    ['own', 5000],
    ['none', undefined],
    ['agent', 10_000],
    ['zero', 0],
  ] as const) {
    const req = scene.get(origin, { agent, timeout }, label);
    req.on('response', () => scene.log('in use', req.socket?.timeout));
    await scene.closed(label);
    scene.log('free', timeoutOfFree());
  }
  const req = scene.request(origin, { agent }, 'later');
  req.setTimeout(7000);
  req.end();
  req.on('response', () => scene.log('in use', req.socket?.timeout));
  await scene.closed('later');
  scene.log('free', timeoutOfFree(), origin.connections.length);
});

differ('a free socket is closed at the time-out of its agent', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, timeout: short });
  scene.get(origin, { agent }, 'req', []);
  await scene.seen('res close');
  await scene.turns(2);
  const [socket] = Object.values(agent.freeSockets)[0] ?? [];
  scene.watch('socket', socket, 'timeout', 'close');
  await scene.seen('socket close');
  scene.log('left', Object.keys(agent.freeSockets).length, Object.keys(agent.sockets).length);
});

differ('a time-out while the request waits for a socket', async (scene) => {
  const origin = await scene.origin((connection, request) => {
    if (request.startsWith('GET /second')) connection.socket.write(ok());
  });
  const agent = scene.agent({ maxSockets: 1, keepAlive: true });
  const first = scene.get(origin, { agent, timeout: short }, 'first', events);
  const second = scene.get(origin, { agent, timeout: 10_000, path: '/second' }, 'second');
  first.on('timeout', () => {
    scene.log('second', second.socket);
    first.destroy();
  });
  second.on('socket', (socket) => scene.log('timeout', socket.timeout));
  await scene.closed('first');
  await scene.closed('second');
});

differ('listeners for timeout do not pile up on a pooled socket', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const counts: (number | undefined)[] = [];
  for (let count = 0; count < 4; count++) {
    scene.get(origin, { agent, timeout: 5000 });
    await scene.closed();
    counts.push(Object.values(agent.freeSockets)[0]?.[0]?.listenerCount('timeout'));
  }
  scene.log('constant', new Set(counts.slice(1)).size);
});

for (const [label, fields, options] of [
  ['no hint', [], {}],
  ['timeout=5', ['Keep-Alive: timeout=5'], {}],
  ['timeout=5, max=10', ['Keep-Alive: timeout=5, max=10'], {}],
  ['max=10 alone', ['Keep-Alive: max=10'], {}],
  ['timeout=0', ['Keep-Alive: timeout=0'], {}],
  ['timeout=1', ['Keep-Alive: timeout=1'], {}],
  ['nonsense', ['Keep-Alive: timeout=abc'], {}],
  ['quoted', ['Keep-Alive: timeout="5"'], {}],
  ['upper case', ['Keep-Alive: Timeout=5'], {}],
  ['two fields', ['Keep-Alive: timeout=5', 'Keep-Alive: timeout=9'], {}],
  ['a longer hint than the agent has', ['Keep-Alive: timeout=50'], { timeout: 10_000 }],
  ['a shorter hint than the agent has', ['Keep-Alive: timeout=5'], { timeout: 10_000 }],
  ['a hint of a minute', ['Keep-Alive: timeout=60'], {}],
  ['with Connection: keep-alive', ['Connection: keep-alive', 'Keep-Alive: timeout=5'], {}],
  ['max=0', ['Keep-Alive: timeout=5, max=0'], {}],
  ['a hint beyond timers', ['Keep-Alive: timeout=99999999999'], {}],
] as const) {
  differ(`Keep-Alive of the server: ${label}`, async (scene) => {
    const origin = await scene.origin(ok('ok', ...fields));
    // Of agents without a time-out: see client-deviations.ts.
    const agent = scene.agent({ keepAlive: true, timeout: 100_000, ...options });
    scene.get(origin, { agent });
    await scene.closed();
    const [socket] = Object.values(agent.freeSockets)[0] ?? [];
    scene.log('free', socket !== undefined, socket?.timeout);
  });
}
