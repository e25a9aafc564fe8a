/** What of TLS a server of https is told, and tells: certificates, names, protocols, sessions. */
import { once } from 'node:events';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { authority, client as clientCertificate, first, second } from '../fixtures/certificates.js';
import { differ } from './differ.js';
import { statuses, TLS } from './https-messages.js';
import { lastGet } from './messages.js';
import type { Scene } from './scene.js';
import type { WireClient } from './wire-client.js';

differ('https: client certificates', async (scene) => {
  const server = await scene.serveTls(
    (req, res) => {
      const socket = req.socket as TLSSocket;
      const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
      scene.log('authorized', socket.authorized, String(socket.authorizationError), subject?.CN);
      res.end();
    },
    {
      requestCert: true,
      rejectUnauthorized: false,
      ca: authority,
    },
  );
  for (const tls of [clientCertificate, {}]) {
    const client = scene.connect(server, { tls });
    await client.send(lastGet());
    await client.closed();
  }
});

differ('https: a client certificate that is demanded', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'), { requestCert: true });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => scene.log('tlsClientError', error.code));
  const without = scene.connect(server, TLS);
  without.socket.write(lastGet());
  await without.closed();
  scene.log('received', without.received);
});

function namesOfCertificates(scene: Scene, client: WireClient): Promise<void> {
  return once(client.socket, 'secureConnect').then(() => {
    scene.log('certificate', (client.socket as TLSSocket).getPeerCertificate().subject.CN);
  });
}

differ('https: SNI, by contexts', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.log('servername', (req.socket as TLSSocket).servername);
    res.end();
  });
  server.addContext('*.test', second);
  for (const servername of ['localhost', 'second.test']) {
    const client = scene.connect(server, { tls: { servername } });
    const named = namesOfCertificates(scene, client);
    await client.send(lastGet());
    await named;
    await client.closed();
  }
});

differ('https: SNI, by callback', async (scene) => {
  const { createSecureContext } = await import('node:tls');
  const server = await scene.serveTls((_req, res) => res.end(), {
    SNICallback(servername, done) {
      scene.log('SNICallback', servername);
      done(null, createSecureContext(second));
    },
  });
  const client = scene.connect(server, { tls: { servername: 'second.test' } });
  const named = namesOfCertificates(scene, client);
  await client.send(lastGet());
  await named;
  await client.closed();
});

differ('https: setSecureContext changes the certificate of the next connections', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  for (const [servername, context] of [
    ['localhost', second],
    ['second.test', first],
  ] as const) {
    const client = scene.connect(server, { tls: { servername } });
    await namesOfCertificates(scene, client);
    server.setSecureContext(context);
    await client.send(lastGet());
    await client.closed();
    scene.log(statuses(client));
  }
});

differ('https: ticket keys', async (scene) => {
  const server = await scene.serveTls();
  const keys = server.getTicketKeys();
  scene.log('length', keys.length);
  const other = scene.https.createServer();
  other.setTicketKeys(keys);
  scene.log('same', other.getTicketKeys().equals(keys));
});

differ('https: a session is resumed', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.log('reused', (req.socket as TLSSocket).isSessionReused());
    res.end('ok');
  });
  const one = scene.connect(server, TLS);
  const session = once(one.socket, 'session').then(([value]) => value as Buffer);
  await one.send(lastGet());
  await one.closed();
  const two = scene.connect(server, { tls: { session: await session } });
  await two.send(lastGet());
  await two.closed();
});

differ('https: keylog', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  server.once('keylog', (line, socket) => scene.log('keylog', Buffer.isBuffer(line), socket.encrypted));
  const client = scene.connect(server, TLS);
  await client.send(lastGet());
  await client.closed();
});

/** What each of these clients agrees on with the server. */
async function negotiated(scene: Scene, options: import('node:https').ServerOptions): Promise<void> {
  const server = await scene.serveTls((req, res) => {
    scene.log('server', (req.socket as TLSSocket).alpnProtocol);
    res.end('ok');
  }, options);
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => scene.log('tlsClientError', error.code));
  for (const ALPNProtocols of [undefined, ['http/1.1'], ['h2', 'http/1.1'], ['h2']]) {
    const client = scene.connect(server, { tls: { ALPNProtocols } });
    client.socket.write(lastGet());
    await client.closed();
    scene.log('client', (client.socket as TLSSocket).alpnProtocol, statuses(client));
  }
}

differ('https: ALPN', (scene) => negotiated(scene, {}));

differ('https: ALPN with protocols given', (scene) => negotiated(scene, { ALPNProtocols: ['h2', 'x'] }));

differ('https: ALPN by callback', (scene) =>
  negotiated(scene, {
    ALPNCallback: ({ servername, protocols }) => {
      scene.log('ALPNCallback', servername, protocols);
      return protocols.at(-1);
    },
  }),
);
