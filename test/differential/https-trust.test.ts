/** Whom a request of https trusts, and by which name. */
import { once } from 'node:events';
import type { RequestOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { authority, client as clientCertificate, second } from '../fixtures/certificates.js';
import { differ } from './differ.js';
import { agentFor, answerer, get, outcome, portOf, stockServer } from './https-requests.js';

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
