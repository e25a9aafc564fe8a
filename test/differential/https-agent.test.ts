/** The Agent of https: connections and sessions that requests share. */
import type { Agent as HttpsAgent, RequestOptions } from 'node:https';
import { createServer as createNetServer } from 'node:net';
import tls from 'node:tls';
import { inherits } from 'node:util';
import { authority, client as clientCertificate } from '../fixtures/certificates.js';
import { differ, differNewest } from './differ.js';
import { agentFor, answerer, get, outcome, pools, portOf, stockServer } from './https-requests.js';

differ('https client: a connection is kept and used again', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const agent = agentFor(scene, { keepAlive: true });
  for (const path of ['/1', '/2']) await get(scene, server, { agent, path, ca: undefined });
  scene.log('pools', pools(agent), Reflect.get(agent, 'totalSocketCount'));
  scene.log('unlike it', agent.getName({ host: 'a' }).length > 10);
  await get(scene, server, { agent, path: '/close', headers: { Connection: 'close' } });
  scene.log('pools', pools(agent), Reflect.get(agent, 'totalSocketCount'));
  agent.destroy();
});

differ('https client: requests at the same time, with one socket', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const agent = agentFor(scene, { keepAlive: true, maxSockets: 1 });
  const all = ['/1', '/2', '/3'].map((path) => get(scene, server, { agent, path }, path));
  scene.log('pools', pools(agent));
  await Promise.all(all);
  scene.log('pools', pools(agent));
  agent.destroy();
});

differ('https client: what makes a connection another one', async (scene) => {
  const server = await stockServer(scene, answerer(scene), { requestCert: true, rejectUnauthorized: false });
  const agent = agentFor(scene, { keepAlive: true });
  const variants: RequestOptions[] = [
    {},
    { rejectUnauthorized: false },
    { servername: 'localhost' },
    { headers: { Host: 'first.test' } },
    clientCertificate,
    { minVersion: 'TLSv1.3' },
    { ciphers: 'TLS_AES_128_GCM_SHA256' },
    { ecdhCurve: 'P-256' },
    {},
  ];
  for (const [index, options] of variants.entries()) {
    await get(scene, server, { agent, ...options }, `variant ${index}`);
  }
  scene.log('free', Object.keys(agent.freeSockets).length);
  agent.destroy();
});

differ('https client: connects by what tls.connect is by then', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const agent = agentFor(scene);
  const { connect } = tls;
  tls.connect = ((...args: Parameters<typeof connect>) => {
    scene.log('tls.connect');
    return connect(...args);
  }) as typeof connect;
  try {
    await get(scene, server, { agent });
  } finally {
    tls.connect = connect;
  }
});

differ('https client: sessions are resumed', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const agent = agentFor(scene);
  const { list } = Reflect.get(agent, '_sessionCache') as { list: string[] };
  for (const path of ['/1', '/2', '/3']) await get(scene, server, { agent, path });
  scene.log('cached', list.length);
  const none = agentFor(scene, { maxCachedSessions: 0 });
  for (const path of ['/1', '/2']) await get(scene, server, { agent: none, path });
  // Another name has a session of its own.
  await get(scene, server, { agent, servername: 'localhost' });
  scene.log('cached', list.length);
});

differ('https client: a session whose connection failed is forgotten', async (scene) => {
  let resets = false;
  const server = await stockServer(scene, (req, res) => {
    if (resets) req.socket.destroy();
    else res.end('ok');
  });
  const agent = agentFor(scene);
  const { list } = Reflect.get(agent, '_sessionCache') as { list: string[] };
  await get(scene, server, { agent });
  scene.log('cached', list.length);
  resets = true;
  await get(scene, server, { agent }, 'reset');
  const refused = await scene.listen(createNetServer((socket) => socket.resetAndDestroy()));
  const name = agent.getName({ host: '127.0.0.1', port: portOf(refused), ca: authority, servername: '' });
  (Reflect.get(agent, '_cacheSession') as (key: string, session: unknown) => void).call(agent, name, 'none');
  scene.log('members', list.length);
});

differ('https client: the session cache', (scene) => {
  const agent = new scene.https.Agent({ maxCachedSessions: 2 }) as HttpsAgent & {
    _getSession(key: string): unknown;
    _cacheSession(key: string, session: unknown): void;
    _evictSession(key: string): void;
    _sessionCache: { map: object; list: string[] };
  };
  const show = () => scene.log('cache', { ...agent._sessionCache.map }, agent._sessionCache.list);
  agent._cacheSession('a', 1);
  agent._cacheSession('b', 2);
  agent._cacheSession('a', 3);
  show();
  scene.log('get', agent._getSession('a'), agent._getSession('none'));
  agent._cacheSession('c', 4);
  show();
  agent._evictSession('b');
  agent._evictSession('none');
  show();
});

differNewest('https client: the name of a pool', (scene) => {
  const agent = new scene.https.Agent();
  const buffer = Buffer.from('bytes');
  const names = [
    ...['host', 'port', 'localAddress', 'family', 'socketPath', 'ca', 'cert', 'clientCertEngine', 'ciphers'],
    ...[
      'key',
      'pfx',
      'rejectUnauthorized',
      'servername',
      'minVersion',
      'maxVersion',
      'secureProtocol',
      'crl',
    ],
    ...['honorCipherOrder', 'ecdhCurve', 'dhparam', 'secureOptions', 'sessionIdContext', 'sigalgs'],
    ...['privateKeyIdentifier', 'privateKeyEngine', 'checkServerIdentity', 'ALPNProtocols'],
  ];
  for (const name of names) {
    for (const value of [false, 0, '', null, 'x', 4, buffer, ['p', 'q']]) {
      scene.log(name, agent.getName({ [name]: value }));
    }
  }
  const bundle = [{ buf: buffer, passphrase: 'secret' }, { buf: 'other' }, 'plain'];
  scene.log('pfx', agent.getName({ pfx: bundle as never }), agent.getName({ pfx: [] }));
  scene.log('servername', agent.getName({ host: 'h', servername: 'h' }));
  scene.log('all', agent.getName(Object.fromEntries(names.map((name) => [name, name]))));
  scene.log('none', agent.getName(), agent.getName({}));
});

differNewest('https client: a check of identity of its own is shared by nobody', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const agent = agentFor(scene, { keepAlive: true });
  const accept = () => undefined;
  await get(scene, server, { agent }, 'plain');
  for (const label of ['own', 'own again']) {
    await get(scene, server, { agent, checkServerIdentity: accept }, label);
    scene.log('pools', pools(agent));
  }
  const { checkServerIdentity } = await import('node:tls');
  await get(scene, server, { agent, checkServerIdentity }, 'the usual');
  agent.destroy();
  const checking = agentFor(scene, { keepAlive: true, checkServerIdentity: accept });
  for (const label of ['of the agent', 'of the agent again']) {
    await get(scene, server, { agent: checking }, label);
  }
  checking.destroy();
});

differNewest(
  'https client: a check of identity that is none is refused, a connection in the pool or not',
  async (scene) => {
    const server = await stockServer(scene, answerer(scene));
    const agent = agentFor(scene, { keepAlive: true });
    await get(scene, server, { agent });
    for (const checkServerIdentity of [null, 'none']) {
      try {
        scene.https.get({ port: portOf(server), agent, checkServerIdentity: checkServerIdentity as never });
        scene.log('is taken');
      } catch {
        scene.log('throws');
      }
    }
    agent.destroy();
  },
);

differ('https client: agents', (scene) => {
  const { Agent, globalAgent } = scene.https;
  const call = Agent as unknown as (options?: object) => HttpsAgent;
  scene.log('without new', call() instanceof Agent, call() instanceof scene.http.Agent, Agent.length);
  const names = ['defaultPort', 'protocol', 'maxCachedSessions', 'keepAlive', 'scheduling', 'maxSockets'];
  for (const agent of [call(), call({ maxCachedSessions: 5, keepAlive: true }), globalAgent]) {
    for (const name of names) scene.log(name, Reflect.get(agent, name));
  }
  scene.log('timeout', globalAgent.options.timeout);
  scene.log('is one', globalAgent instanceof Agent);
  function Old(this: HttpsAgent, options: object) {
    (Agent as unknown as (this: unknown, options: object) => void).call(this, options);
  }
  inherits(Old, Agent);
  const old = new (Old as unknown as typeof Agent)({ maxCachedSessions: 3 });
  scene.log('old', old instanceof Agent, Reflect.get(old, 'maxCachedSessions'), old.getName({ host: 'a' }));
  const options = Object.freeze({ keepAlive: true });
  scene.log('options', new Agent(options).options !== options);
});

differ('https client: the agent of requests that name none', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const exports = Reflect.get(scene.https, 'default') as { globalAgent: HttpsAgent };
  const before = exports.globalAgent;
  const agent = agentFor(scene, { keepAlive: true });
  exports.globalAgent = agent;
  try {
    const request = (Reflect.get(exports, 'get') as typeof scene.https.get)({
      ...{ host: '127.0.0.1', port: portOf(server), _defaultAgent: undefined },
    });
    scene.log('agent', Reflect.get(request, 'agent') === agent, exports.globalAgent === agent);
    await outcome(scene, 'get', request);
  } finally {
    exports.globalAgent = before;
    agent.destroy();
  }
});

differ('https client: an agent made for a request alone', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(server), ca: authority, agent: false });
  scene.log('agent', Reflect.get(request, 'agent') instanceof scene.https.Agent);
  await outcome(scene, 'get', request);
});

differ('https client: nothing is left in the pools of requests that failed', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const agent = new scene.https.Agent({ keepAlive: true });
  for (const label of ['1', '2']) {
    await get(scene, server, { agent, ca: undefined, checkServerIdentity: () => undefined }, label);
  }
  await scene.turns();
  scene.log('count', Reflect.get(agent, 'totalSocketCount'), Object.keys(agent.requests).length);
});
