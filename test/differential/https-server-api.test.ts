/** What a server of https has, and how it is made. */
import { createServer as createNetServer } from 'node:net';
import { inherits } from 'node:util';
import { first } from '../fixtures/certificates.js';
import { differ } from './differ.js';
import { statuses, TLS } from './https-messages.js';
import { lastGet } from './messages.js';

differ('https: what a server has', (scene) => {
  const server = scene.https.createServer();
  const names = [
    ...[
      'timeout',
      'keepAliveTimeout',
      'maxHeadersCount',
      'maxHeaderSize',
      'headersTimeout',
      'requestTimeout',
    ],
    ...['httpAllowHalfOpen', 'ALPNProtocols', 'allowHalfOpen', 'noDelay', 'keepAlive'],
    ...['keepAliveInitialDelay', 'highWaterMark', 'insecureHTTPParser', 'joinDuplicateHeaders'],
    ...['requireHostHeader', 'rejectNonStandardBodyWrites', 'requestCert', 'rejectUnauthorized'],
  ];
  for (const name of names) scene.log(name, Reflect.get(server, name));
  for (const event of server.eventNames().map(String).sort()) {
    const listeners = server.listeners(event) as unknown as { name: string }[];
    scene.log(event, listeners.length);
  }
  scene.log('instance', server instanceof scene.https.Server, server instanceof scene.http.Server);
  const { Server } = scene.https;
  scene.log(
    'parents',
    Object.getPrototypeOf(Server).name,
    Object.getPrototypeOf(Server.prototype).constructor.name,
  );
  for (const name of ['closeAllConnections', 'closeIdleConnections', 'setTimeout']) {
    scene.log(name, Reflect.get(Server.prototype, name) === Reflect.get(scene.http.Server.prototype, name));
  }
});

differ('https: options that go on to net and tls', (scene) => {
  const server = scene.https.createServer({
    ...{ noDelay: false, keepAlive: true, keepAliveInitialDelay: 5, highWaterMark: 1000 },
    ...{ allowHalfOpen: true, requestCert: true, rejectUnauthorized: false },
    ALPNProtocols: ['x'],
  });
  const names = ['noDelay', 'keepAlive', 'keepAliveInitialDelay', 'highWaterMark', 'allowHalfOpen'];
  for (const name of [...names, 'requestCert', 'rejectUnauthorized', 'ALPNProtocols']) {
    scene.log(name, Reflect.get(server, name));
  }
});

differ('https: arguments', (scene) => {
  const { createServer, Server } = scene.https;
  const create = createServer as unknown as (...args: unknown[]) => import('node:https').Server;
  const listener = () => {};
  const count = (...args: unknown[]) => create(...args).listenerCount('request');
  scene.log(
    'listeners',
    count(),
    count(listener),
    count({}, listener),
    count(null, listener),
    count(undefined),
  );
  for (const options of [[], 'text', 5, true]) scene.attempt('options', () => create(options) && 'made');
  scene.attempt('maxHeaderSize', () => create({ maxHeaderSize: 'x' }));
  scene.attempt('timeouts', () => create({ headersTimeout: 10, requestTimeout: 5 }));
  scene.attempt('key', () => create({ key: 5 }));
  scene.attempt('SNICallback', () => create({ SNICallback: 1 }));
  scene.attempt('handshakeTimeout', () => create({ handshakeTimeout: 'x' }));
  scene.attempt('ALPN', () => create({ ALPNProtocols: ['x'], ALPNCallback: () => 'x' }));
  scene.attempt('both wrong', () => create({ key: 5, maxHeaderSize: 'x' }));
  const call = Server as unknown as (options: object) => import('node:https').Server;
  scene.log('without new', call({}) instanceof Server, call.length, create.length);
  const options = Object.freeze({ ...first });
  scene.log('frozen options', createServer(options) instanceof Server);
});

differ('https: servers that inherit', async (scene) => {
  const { Server } = scene.https;
  class Extended extends Server {
    override emit(event: string, ...args: unknown[]): boolean {
      if (event === 'request') scene.log('emit', event);
      return super.emit(event as 'request', ...(args as [never, never]));
    }
  }
  function Old(this: import('node:https').Server, ...args: unknown[]) {
    (Server as unknown as (this: unknown, ...args: unknown[]) => void).call(this, ...args);
  }
  inherits(Old, Server);
  const constructors = [Extended, Old as unknown as typeof Extended];
  for (const Constructor of constructors) {
    const server = await scene.listen(new Constructor(first, (_req, res) => res.end('ok')));
    const client = scene.connect(server, TLS);
    await client.send(lastGet());
    await client.closed();
    scene.log('answered', statuses(client), server instanceof Server);
  }
});

differ('https: a connection handed in from another server', async (scene) => {
  const inner = scene.https.createServer(first, (_req, res) => res.end('inner'));
  const outer = await scene.listen(createNetServer((socket) => inner.emit('connection', socket)));
  const client = scene.connect(outer, TLS);
  await client.send(lastGet());
  await client.closed();
  scene.record(client);
});

differ('https: a socket without TLS given to secureConnection', async (scene) => {
  const inner = scene.https.createServer((_req, res) => res.end('inner'));
  const outer = await scene.listen(createNetServer((socket) => inner.emit('secureConnection', socket)));
  await scene.exchange(outer, lastGet());
});
