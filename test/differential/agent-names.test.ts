import type { AgentOptions } from 'node:http';
import { differ } from './differ.js';
import { ok } from './messages.js';

differ('getName', ({ http, attempt }) => {
  const agent = new http.Agent();
  for (const options of [
    undefined,
    {},
    { host: 'a.test' },
    { host: 'a.test', port: 80 },
    { host: 'a.test', port: '80' },
    { host: 'a.test', port: 0 },
    { port: 80 },
    { host: '' },
    { host: 'a.test', localAddress: '127.0.0.1' },
    { host: 'a.test', port: 80, localAddress: '127.0.0.1', family: 4 },
    { host: 'a.test', family: 6 },
    { host: 'a.test', family: 0 },
    { host: 'a.test', family: '4' },
    { host: '::1', port: 80 },
    { socketPath: '/a/b' },
    { host: 'a.test', port: 80, socketPath: '/a/b', family: 4, localAddress: '::1' },
    { host: 'a.test', protocol: 'https:', path: '/p', method: 'PUT', timeout: 5, auth: 'a:b' },
    { hostname: 'a.test', port: 80 },
  ]) {
    attempt(JSON.stringify(options), () => agent.getName(options as never));
  }
  attempt('null', () => agent.getName(null as never));
});

differ('the members of a new Agent', ({ http, log }) => {
  const show = (label: string, options?: AgentOptions) => {
    const agent = new http.Agent(options) as unknown as Record<string, unknown>;
    for (const name of [
      ...['options', 'requests', 'sockets', 'freeSockets', 'keepAliveMsecs', 'keepAlive', 'maxSockets'],
      ...['maxFreeSockets', 'scheduling', 'maxTotalSockets', 'totalSocketCount', 'defaultPort', 'protocol'],
    ]) {
      log(`${label} ${name}`, agent[name]);
    }
  };
  show('none');
  show('empty', {});
  show('some', { keepAlive: true, maxSockets: 5, timeout: 100, scheduling: 'fifo', ...{ noDelay: false } });
  show('all', {
    ...{
      keepAlive: true,
      keepAliveMsecs: 5,
      maxSockets: 1,
      maxTotalSockets: 2,
      maxFreeSockets: 3,
      timeout: 4,
    },
    ...{ scheduling: 'lifo' as const, host: 'a', port: 1, localAddress: 'b', path: '/c' },
  });
});

differ('globalAgent', ({ http, log }) => {
  const agent = http.globalAgent as unknown as Record<string, unknown>;
  log('instance', http.globalAgent instanceof http.Agent);
  for (const name of ['keepAlive', 'scheduling', 'maxSockets', 'maxFreeSockets', 'defaultPort', 'protocol']) {
    log(name, agent[name]);
  }
  const { timeout, noDelay, keepAlive, path } = agent.options as Record<string, unknown>;
  log('options', timeout, noDelay, keepAlive, path);
});

differ('defaultMaxSockets', ({ http, log }) => {
  const Agent = http.Agent as unknown as { defaultMaxSockets: number };
  log('default', Agent.defaultMaxSockets);
  Agent.defaultMaxSockets = 7;
  log('maxSockets', new http.Agent().maxSockets, new http.Agent({ maxSockets: 2 }).maxSockets);
  Agent.defaultMaxSockets = Number.POSITIVE_INFINITY;
});

differ('listeners of a new Agent', ({ http, log }) => {
  const agent = new http.Agent();
  log('listeners', agent.listenerCount('free'), agent.listenerCount('newListener'), agent.eventNames());
});

differ('the names of pools by the options of requests', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  for (const [index, options] of [
    {},
    { localAddress: '127.0.0.1' },
    { family: 4 },
    { port: String(origin.port) },
    { host: 'localhost', family: 4 },
    { path: '/other' },
    { method: 'POST' },
    { auth: 'a:b' },
    { timeout: 1000 },
    { headers: { Host: 'mine' } },
  ].entries()) {
    scene.get(origin, { agent, ...options }, `req ${index}`);
    await scene.closed(`req ${index}`);
    scene.log('names', Object.keys(agent.freeSockets));
  }
  scene.log('connections', origin.connections.length);
});

differ("options of the agent win over the request's", async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, host: '127.0.0.1', port: origin.port });
  const req = scene.http.get({ host: 'a.test', port: 81, agent });
  scene.log('Host', req.getHeader('host'), req.host);
  scene.watchRequest(req);
  await scene.closed();
  scene.log('names', Object.keys(agent.freeSockets));
});

differ('what the sockets of a pool carry', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const req = scene.get(origin, { agent });
  scene.log('sockets', Object.keys(agent.sockets), Object.values(agent.sockets)[0]?.length);
  scene.log('requests', Object.keys(agent.requests));
  await scene.closed();
  scene.log('sockets', Object.keys(agent.sockets));
  const [socket] = Object.values(agent.freeSockets)[0] ?? [];
  scene.log('same', socket === req.socket, socket?.listenerCount('free'));
  const { _httpMessage, parser } = socket as unknown as { _httpMessage: unknown; parser: unknown };
  scene.log('_httpMessage', _httpMessage, parser === null || typeof parser === 'object');
});
