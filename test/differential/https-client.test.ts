/** The client of https, against a server of node:https: what only TLS has, and that the rest is as with http. */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, RequestListener } from 'node:http';
import {
  createServer,
  type Agent as HttpsAgent,
  type Server as HttpsServer,
  type RequestOptions,
  type ServerOptions,
} from 'node:https';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { inherits } from 'node:util';
import { authority, client as clientCertificate, first, second } from '../fixtures/certificates.js';
import { differ, differNewest } from './differ.js';
import type { Scene } from './scene.js';

/** A server that is no subject, so that the clients alone differ. */
function stockServer(scene: Scene, listener?: RequestListener, options: ServerOptions = {}) {
  return scene.listen(createServer({ ...first, ...options }, listener));
}

function answerer(scene: Scene): RequestListener {
  return (req, res) => {
    const socket = req.socket as TLSSocket;
    scene.log(
      'server',
      req.method,
      req.url,
      socket.servername,
      socket.isSessionReused(),
      socket.alpnProtocol,
    );
    res.end('ok');
  };
}

/** A connection to nobody. */
function nowhere(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

/** Logs how `request` goes on until it is closed. */
async function outcome(scene: Scene, label: string, request: ClientRequest): Promise<void> {
  const closed = new Promise<void>((resolve) => request.on('close', resolve));
  request.on('error', (error) => scene.log(`${label} error`, error));
  request.on('response', (response: IncomingMessage) => {
    let content = '';
    response.setEncoding('latin1').on('data', (piece: string) => {
      content += piece;
    });
    response.on('error', (error) => scene.log(`${label} response error`, error));
    response.on('close', () =>
      scene.log(`${label} response`, response.statusCode, content.length > 100 ? content.length : content),
    );
  });
  await closed;
  scene.log(`${label} closed`, request.reusedSocket);
  // The socket is free a turn later.
  await scene.turns(2);
}

/** An agent of the subject for one test: its sockets end with the scene's servers. */
function agentFor(scene: Scene, options: import('node:https').AgentOptions = {}): HttpsAgent {
  return new scene.https.Agent({ ca: authority, ...options });
}

function get(scene: Scene, server: HttpsServer, options: RequestOptions = {}, label = 'get'): Promise<void> {
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(server), ca: authority, ...options });
  return outcome(scene, label, request);
}

/** The names of an agent's pools without what a certificate adds to them. */
function pools(agent: HttpsAgent): Record<string, string[]> {
  const short = (name: string) => name.replace(/^[^:]*:\d*/, 'place').replace(/-----.*-----\n/gs, '<PEM>');
  const of = (pool: object) => Object.keys(pool).map(short);
  return { sockets: of(agent.sockets), free: of(agent.freeSockets), requests: of(agent.requests) };
}

differ('https client: the forms of request and get', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  const origin = `https://localhost:${portOf(server)}`;
  const { get: getOf, request } = scene.https;
  const options = { ca: authority, agent: false } as const;
  const begun = (made: ClientRequest) => {
    made.end();
    return made;
  };
  await outcome(scene, 'url', getOf(`${origin}/url`, options));
  await outcome(scene, 'URL', getOf(new URL(`${origin}/URL?a=b`), options));
  await outcome(scene, 'options win', getOf(`${origin}/url`, { ...options, path: '/option', method: 'PUT' }));
  await outcome(scene, 'request', begun(request(`${origin}/request`, { ...options, method: 'POST' })));
  const answered: string[] = [];
  const callback = () => answered.push('called');
  await outcome(scene, 'callback', getOf({ ...options, host: 'localhost', port: portOf(server) }, callback));
  await outcome(scene, 'three', begun(request(`${origin}/three`, options, callback)));
  scene.log('callbacks', answered);
});

differ('https client: what a request has before it is sent', (scene) => {
  const { request } = scene.https;
  const made = request({ host: '127.0.0.1', createConnection: nowhere });
  made.on('error', () => {});
  scene.log('protocol', made.protocol, made.method, made.path, made.host, made.getHeader('host'));
  scene.log('instance', made instanceof scene.http.ClientRequest);
  const withPort = request('https://a.test:444/x', { createConnection: nowhere });
  scene.log('host', withPort.getHeader('host'), Reflect.get(withPort, 'agent'));
  const withDefault = request('https://a.test:443/', { createConnection: nowhere });
  scene.log('host', withDefault.getHeader('host'));
  const other = request({
    defaultPort: 8443,
    port: 8443,
    createConnection: nowhere,
  });
  scene.log('host', other.getHeader('host'));
});

differ('https client: arguments that are refused', (scene) => {
  const request = scene.https.request as unknown as (...args: unknown[]) => ClientRequest;
  const agent = new scene.http.Agent();
  const attempts: [string, unknown[]][] = [
    ['http URL', ['http://a.test/']],
    ['http protocol', [{ protocol: 'http:' }]],
    ['agent of http', [{ protocol: 'https:', agent }]],
    ['no URL', ['//a.test/']],
    ['agent', [{ agent: 5 }]],
    ['path', [{ path: '/a b' }]],
    ['method', [{ method: 'A B' }]],
    ['host', [{ host: 5 }]],
    ['header', [{ headers: { 'a b': 'c' } }]],
    ['ca', [{ ca: 5, agent: false }]],
    ['minVersion', [{ minVersion: 'x', agent: false }]],
    ['host header', [{ headers: { host: ['a', 'b'] }, agent: false }]],
  ];
  for (const [label, args] of attempts) {
    scene.attempt(label, () => request(...args).on('error', () => {}) && 'made');
  }
  scene.attempt('agent of https for http', () => scene.http.request({ agent: agentFor(scene) }));
  scene.attempt('https URL for http', () => scene.http.request('https://a.test/'));
});

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

differ('https client: the server is named by Host, and never by an address', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  for (const Host of ['first.test', 'first.test:99', '127.0.0.1:5', '[::1]:99', '[::1]', 'localhost']) {
    await get(scene, server, { agent: false, headers: { Host } }, Host);
  }
  await get(scene, server, { agent: false, host: 'localhost', family: 4 }, 'host');
  await get(scene, server, { agent: false, servername: '' }, 'empty');
  await get(
    scene,
    server,
    { agent: false, servername: 'first.test', headers: { Host: 'other.test' } },
    'given',
  );
  await get(scene, server, { agent: false, setHost: false }, 'no Host');
});

differ('https client: certificates that are not trusted', async (scene) => {
  const server = await stockServer(scene, (req, res) => {
    scene.log('request', req.url);
    res.end('ok');
  });
  await get(scene, server, { agent: false, ca: undefined }, 'unknown authority');
  await get(scene, server, { agent: false, ca: second.cert }, 'other authority');
  await get(scene, server, { agent: false, ca: undefined, rejectUnauthorized: false, path: '/let' }, 'let');
  await get(scene, server, { agent: false, headers: { Host: 'other.test' } }, 'other name');
  const post = scene.https.request({
    ...{ host: '127.0.0.1', port: portOf(server), agent: false, method: 'POST', path: '/secret' },
  });
  post.end('secret');
  await outcome(scene, 'post', post);
});

differ('https client: checkServerIdentity', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const check =
    (result: Error | undefined) => (hostname: string, certificate: { subject: { CN: string } }) => {
      scene.log('check', hostname, certificate.subject.CN);
      return result;
    };
  const options = { agent: false, headers: { Host: 'other.test' } } as const;
  await get(scene, server, { ...options, checkServerIdentity: check(undefined) as never }, 'accepted');
  await get(scene, server, { ...options, checkServerIdentity: check(new Error('no')) as never }, 'refused');
});

differ('https client: what the response knows of its socket', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(server), ca: authority, agent: false });
  request.on('socket', (socket: TLSSocket) => scene.log('socket', socket.encrypted, socket.connecting));
  request.on('response', (response) => {
    const socket = response.socket as TLSSocket;
    scene.log(
      'response',
      socket.authorized,
      socket.getPeerCertificate().subject.CN,
      socket === request.socket,
    );
  });
  await outcome(scene, 'get', request);
});

differ('https client: a client certificate', async (scene) => {
  const server = await stockServer(
    scene,
    (req, res) => {
      const socket = req.socket as TLSSocket;
      scene.log('authorized', socket.authorized, socket.getPeerCertificate().subject?.CN);
      res.end('ok');
    },
    { requestCert: true, rejectUnauthorized: false, ca: authority },
  );
  await get(scene, server, { agent: agentFor(scene, clientCertificate) }, 'of the agent');
  await get(scene, server, { agent: false, ...clientCertificate }, 'of the request');
  await get(scene, server, { agent: false }, 'none');
});

differ('https client: key logs of sockets are events of the agent', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const agent = agentFor(scene);
  agent.once('keylog', (line: Buffer, socket: TLSSocket) => {
    scene.log('keylog', Buffer.isBuffer(line), socket.encrypted);
  });
  await get(scene, server, { agent });
});

differ('https client: ALPN is asked for where it is given', async (scene) => {
  const server = await stockServer(scene, answerer(scene));
  await get(scene, server, { agent: false, ALPNProtocols: ['http/1.1'] } as RequestOptions);
  const agent = agentFor(scene, { ALPNProtocols: ['http/1.1'] });
  await get(scene, server, { agent });
});

differ('https client: createConnection', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const port = portOf(server);
  const agent = agentFor(scene);
  const create = Reflect.get(agent, 'createConnection').bind(agent) as (...args: unknown[]) => TLSSocket;
  const forms: unknown[][] = [
    [{ port, host: '127.0.0.1', ca: authority }],
    [port, '127.0.0.1', { ca: authority }],
    [port, { host: '127.0.0.1', ca: authority }],
  ];
  for (const form of forms) {
    const socket = create(...form);
    await once(socket, 'secureConnect');
    scene.log('connected', socket.authorized, socket.encrypted);
    socket.destroy();
  }
  scene.attempt('nothing', () => create());
  scene.attempt('a port in words', () => create(String(port), '127.0.0.1', { ca: authority }));
});

differ('https client: createConnection of the request', async (scene) => {
  const server = await stockServer(scene, (_req, res) => res.end('ok'));
  const { connect } = await import('node:tls');
  await get(scene, server, {
    createConnection: (options) => {
      scene.log('createConnection', options.host, Reflect.get(options, 'servername'));
      return connect(options as never);
    },
  });
});

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

differ('https client: a large response waits for its reader', async (scene) => {
  const size = 4 * 1024 * 1024;
  const server = await stockServer(scene, (_req, res) => res.end(Buffer.alloc(size, 'r')));
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(server), ca: authority, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await scene.turns(50);
  let received = 0;
  for await (const piece of response) {
    received += (piece as Buffer).length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  scene.log('received', received);
});

differ('https client: a large upload waits for its reader', async (scene) => {
  const piece = Buffer.alloc(64 * 1024, 'u');
  const server = await stockServer(scene, async (req, res) => {
    await scene.turns(20);
    let received = 0;
    for await (const part of req) received += (part as Buffer).length;
    res.end(String(received));
  });
  const request = scene.https.request({
    ...{ host: '127.0.0.1', port: portOf(server), ca: authority, agent: false, method: 'POST' },
  });
  const done = outcome(scene, 'post', request);
  let waits = 0;
  for (let count = 0; count < 64; count++) {
    if (!request.write(piece)) {
      waits++;
      await once(request, 'drain');
    }
  }
  request.end();
  await done;
  scene.log('waited', waits > 0);
});

differ('https client: informational responses, continue and trailers', async (scene) => {
  const server = await stockServer(scene, (req, res) => {
    res.writeEarlyHints({ link: '</a>; rel=preload' });
    let content = '';
    req.on('data', (piece) => {
      content += piece;
    });
    req.on('end', () => {
      res.writeHead(200, { Trailer: 'X-End' });
      res.write(content);
      res.addTrailers({ 'X-End': 'yes' });
      res.end();
    });
  });
  const request = scene.https.request({
    ...{ host: '127.0.0.1', port: portOf(server), ca: authority, agent: false, method: 'POST' },
    headers: { Expect: '100-continue' },
  });
  request.on('continue', () => {
    scene.log('continue');
    request.end('content');
  });
  request.on('information', ({ statusCode }) => scene.log('information', statusCode));
  request.on('response', (response) => response.on('end', () => scene.log('trailers', response.trailers)));
  await outcome(scene, 'post', request);
});

differ('https client: an upgrade, and CONNECT', async (scene) => {
  const server = await stockServer(scene);
  server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst');
    socket.pipe(socket);
  });
  server.on('connect', (_req, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\ntunnel'));
  const options = { host: '127.0.0.1', port: portOf(server), ca: authority };
  const headers = { Connection: 'upgrade', Upgrade: 'echo' };
  const upgrading = scene.https.get({ ...options, agent: false, headers });
  const [response, socket, head] = (await once(upgrading, 'upgrade')) as [IncomingMessage, TLSSocket, Buffer];
  scene.log('upgrade', response.statusCode, socket.encrypted, head);
  socket.write('second');
  scene.log('echo', (await once(socket, 'data'))[0]);
  socket.destroy();
  const connecting = scene.https.get({
    ...{ ...options, agent: false, method: 'CONNECT', path: 'a.test:1', servername: 'localhost' },
  });
  const [answer, tunnel, behind] = (await once(connecting, 'connect')) as [
    IncomingMessage,
    TLSSocket,
    Buffer,
  ];
  scene.log('connect', answer.statusCode, tunnel.encrypted, behind);
  tunnel.destroy();
});

differ('https client: a server that ends the connection instead of an answer', async (scene) => {
  const server = await stockServer(scene, (req, res) => {
    if (req.url === '/end') req.socket.end();
    else if (req.url === '/destroy') req.socket.destroy();
    else {
      res.writeHead(200, { 'Content-Length': 10 });
      res.write('half', () => req.socket.destroy());
    }
  });
  for (const path of ['/end', '/destroy', '/half']) await get(scene, server, { agent: false, path }, path);
});

differ('https client: a server that speaks no TLS', async (scene) => {
  const plain = await scene.listen(
    createNetServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }),
  );
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(plain), ca: authority, agent: false });
  const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
  scene.log('error', error.code);
});

differ('https client: a server that ends before the handshake', async (scene) => {
  const closing = await scene.listen(
    createNetServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end());
    }),
  );
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(closing), ca: authority, agent: false });
  await outcome(scene, 'get', request);
});

differ('https client: a server that never shakes hands', async (scene) => {
  const silent = await scene.listen(createNetServer());
  const request = scene.https.get({
    ...{ host: '127.0.0.1', port: portOf(silent), ca: authority, agent: false, timeout: 20 },
  });
  request.on('timeout', () => {
    scene.log('timeout');
    request.destroy();
  });
  await outcome(scene, 'get', request);
});

differ('https client: destroyed before the handshake, or by its signal', async (scene) => {
  const silent = await scene.listen(createNetServer());
  const options = { host: '127.0.0.1', port: portOf(silent), ca: authority, agent: false } as const;
  const at = scene.https.get(options);
  const atOnce = outcome(scene, 'at once', at);
  at.destroy();
  await atOnce;
  const later = scene.https.get(options);
  const destroyed = outcome(scene, 'later', later);
  await once(later, 'socket');
  later.destroy(new Error('mine'));
  await destroyed;
  const abort = new AbortController();
  const signalled = outcome(scene, 'signal', scene.https.get({ ...options, signal: abort.signal }));
  abort.abort();
  await signalled;
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

differNewest('client: the Host of CONNECT is that of its target', (scene) => {
  for (const path of ['a.test:1', '[::1]:5', undefined]) {
    const options = { method: 'CONNECT', host: 'proxy.test', port: 8080, createConnection: nowhere, path };
    scene.log(String(path), scene.http.request(options).getHeader('host'));
    scene.log('set', scene.http.request({ ...options, headers: { Host: 'set' } }).getHeader('host'));
  }
});
