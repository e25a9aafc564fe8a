/** Requests of https: through a proxy: the CONNECT, what may be answered to it, and the requests behind it. */
import type { AgentOptions, RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { authority } from '../fixtures/certificates.js';
import { differNewest } from './differ.js';
import type { Scene } from './scene.js';
import { close, openProxy, reply, tunnelTo, type WireProxy } from './wire-proxy.js';

/** A server, a proxy that makes tunnels to it, and an agent that uses it. */
async function open(scene: Scene, options: AgentOptions = {}, credentials = '') {
  const server = await scene.serveTls((req, res) =>
    res.end(`${req.method} ${req.url} ${req.headers.host?.split(':')[0]}`),
  );
  const { port } = server.address() as AddressInfo;
  const proxy = await openProxy(scene, tunnelTo(port));
  const agent = new scene.https.Agent({
    ca: authority,
    ...options,
    proxyEnv: { HTTPS_PROXY: proxy.url(credentials) },
  });
  return { port, proxy, agent };
}

/** Makes a request, and logs how it went. */
function ask(scene: Scene, label: string, options: RequestOptions): Promise<void> {
  return new Promise((resolve) => {
    const request = scene.https.request({ host: 'localhost', ...options });
    request.on('socket', (socket) => {
      const { encrypted, authorized, remoteAddress } = socket as TLSSocket;
      scene.log(`${label} socket`, encrypted, authorized, remoteAddress, request.reusedSocket);
    });
    request.on('response', (response) => {
      let content = '';
      response.on('data', (chunk: Buffer) => {
        content += chunk.toString('latin1');
      });
      response.on('end', () => scene.log(`${label} is answered`, response.statusCode, content));
    });
    request.on('timeout', () => scene.log(`${label} timeout`));
    request.on(
      'error',
      (error: NodeJS.ErrnoException & { statusCode?: number; proxyTunnelTimeout?: number }) => {
        const more = [error.statusCode, error.proxyTunnelTimeout];
        // The rest of what TLS says is not the same on every Node.
        if (/TLS|SSL|CERT|VERIFY/.test(error.code ?? '')) scene.log(`${label} fails with`, error.code);
        else scene.log(`${label} fails`, error, ...more);
      },
    );
    request.on('close', resolve);
    request.end();
  });
}

/** Asks once, with the proxy answering as `act` says. */
async function askFor(scene: Scene, proxy: WireProxy, label: string, options: RequestOptions): Promise<void> {
  await ask(scene, label, options);
  proxy.takeHeads();
}

differNewest('proxy tunnel: the CONNECT', async (scene) => {
  for (const [credentials, options] of [
    ['', {}],
    ['user:secret@', {}],
    ['us%65r:p%40ss@', { keepAlive: true }],
    ['', { maxSockets: 1 }],
  ] as const) {
    const { proxy, agent } = await open(scene, options, credentials);
    await ask(scene, 'host', { path: '/a?b=c', agent });
    await ask(scene, 'port', { port: 8443, agent });
    // Node 22 has its trouble with the address in the certificate.
    const checkServerIdentity = () => undefined;
    await ask(scene, 'IPv6', { host: '::1', port: 8443, agent, checkServerIdentity });
    await ask(scene, 'fields', {
      agent,
      headers: { A: 'b', 'Proxy-Authorization': 'mine', Host: 'first.test' },
    });
    await ask(scene, 'servername', { host: 'a.test', servername: 'first.test', agent });
    agent.destroy();
    scene.recordText(proxy.takeHeads());
  }
});

differNewest('proxy tunnel: a kept connection is used again, for the same host', async (scene) => {
  const { proxy, agent } = await open(scene, { keepAlive: true });
  for (const [label, options] of [
    ['one', {}],
    ['two', {}],
    ['another host', { host: 'first.test' }],
    ['three', { headers: { Connection: 'close' } }],
    ['four', {}],
  ] as const) {
    await ask(scene, label, { ...options, agent });
    await scene.turns();
    scene.log(
      'free',
      Object.keys(agent.freeSockets).map((name) => name.split(':', 2)),
    );
    scene.log('total', Reflect.get(agent, 'totalSocketCount'));
  }
  agent.destroy();
  scene.log('connections', proxy.connections);
  scene.recordText(proxy.takeHeads());
});

differNewest('proxy tunnel: requests wait for it, and get theirs', async (scene) => {
  const { agent } = await open(scene, { keepAlive: true, maxSockets: 1 });
  const paths = ['/1', '/2', '/3'];
  const answered: string[] = [];
  await Promise.all(
    paths.map(
      (path) =>
        new Promise((resolve) => {
          const request = scene.https.request({ host: 'localhost', path, agent }, (response) => {
            answered.push(path);
            response.resume().on('end', resolve);
          });
          request.end();
        }),
    ),
  );
  scene.log('answered', answered.sort());
  agent.destroy();
});

differNewest('proxy tunnel: what is answered to CONNECT', async (scene) => {
  const { proxy, agent, port } = await open(scene);
  for (const bytes of [
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.0 200 OK\r\nA: b\r\n\r\n',
    'HTTP/1.1 200\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  ]) {
    proxy.act = tunnelTo(port, bytes);
    await askFor(scene, proxy, JSON.stringify(bytes), { agent });
  }
  for (const bytes of [
    'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nbody',
    'HTTP/1.1 502 Bad Gateway\r\n\r\n',
    'HTTP/1.0 403 No\r\n\r\n',
    'HTTP/1.1 301 Moved\r\nLocation: http://a.test/\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'no HTTP\r\n\r\n',
    ' HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(17_000)}\r\n\r\n`,
  ]) {
    proxy.act = reply(bytes);
    await askFor(scene, proxy, JSON.stringify(bytes).slice(0, 60), { agent });
  }
  await scene.turns();
  scene.log('written to the proxy after its answers', proxy.rest);
  scene.log(
    'sockets',
    Reflect.get(agent, 'totalSocketCount'),
    Object.keys(agent.freeSockets),
    Object.keys(agent.requests),
  );
});

differNewest('proxy tunnel: a proxy that closes', async (scene) => {
  const { proxy, agent } = await open(scene);
  for (const bytes of ['', 'HTTP/1.1 200 O', 'HTTP/1.1 200 OK\r\nA: b\r\n', 'HTTP/1.1 407 No\r\n\r\n']) {
    proxy.act = close(bytes);
    await askFor(scene, proxy, JSON.stringify(bytes), { agent });
  }
  scene.log('written to the proxy after its answers', proxy.rest);
  proxy.act = close('HTTP/1.1 200 OK\r\n\r\n');
  await askFor(scene, proxy, 'as soon as it is there', { agent });
  await new Promise((resolve) => proxy.server.close(resolve));
  await askFor(scene, proxy, 'altogether', { agent });
});

differNewest('proxy tunnel: credentials are in no message', async (scene) => {
  const { proxy, agent } = await open(scene, {}, 'user:secret@');
  proxy.act = reply('HTTP/1.1 407 No\r\n\r\n');
  await askFor(scene, proxy, 'refused', { agent });
  const paths = new scene.https.Agent({ proxyEnv: { HTTPS_PROXY: `${proxy.url()}/a?b#c` } });
  await askFor(scene, proxy, 'with a path', { agent: paths });
  const both = new scene.https.Agent({ proxyEnv: { HTTPS_PROXY: `${proxy.url('user@')}/a?b#c` } });
  await askFor(scene, proxy, 'with both', { agent: both });
});

differNewest('proxy tunnel: a proxy that says nothing', async (scene) => {
  const { proxy, agent } = await open(scene);
  proxy.act = reply('HTTP/1.1 200 OK\r\n');
  await askFor(scene, proxy, 'time-out of the request', { agent, timeout: 50 });
  const env = { HTTPS_PROXY: proxy.url() };
  const short = new scene.https.Agent({ proxyEnv: env, timeout: 50 });
  await askFor(scene, proxy, 'time-out of the agent', { agent: short });
  const long = new scene.https.Agent({ proxyEnv: env, timeout: 60_000 });
  await askFor(scene, proxy, 'time-out of the request before the agent', { agent: long, timeout: 50 });
});

differNewest('proxy tunnel: the server behind it is checked as it is without', async (scene) => {
  const { agent, proxy } = await open(scene);
  await askFor(scene, proxy, 'another name', { agent, host: 'other.test' });
  await askFor(scene, proxy, 'nobody trusted', { agent: new scene.https.Agent(withoutCa(proxy)) });
  const checked = { agent, checkServerIdentity: () => new Error('not this one') };
  await askFor(scene, proxy, 'a check of the caller', checked);
  await askFor(scene, proxy, 'none', {
    agent,
    host: 'other.test',
    rejectUnauthorized: false,
  });
});

function withoutCa(proxy: WireProxy): AgentOptions {
  return { proxyEnv: { HTTPS_PROXY: proxy.url() } };
}

differNewest(
  'proxy tunnel: NO_PROXY, another agent, and a path of a socket go where they are sent',
  async (scene) => {
    const { port, proxy } = await open(scene);
    const env = { https_proxy: proxy.url(), NO_PROXY: `localhost:${port}` };
    const agent = new scene.https.Agent({ proxyEnv: env, ca: authority });
    await ask(scene, 'NO_PROXY', { port, agent });
    await ask(scene, 'through the proxy', { host: '127.0.0.1', port, agent });
    await ask(scene, 'another agent', { port, agent: new scene.https.Agent({ ca: authority }) });
    const ofHttp = new scene.https.Agent({ proxyEnv: { HTTP_PROXY: proxy.url() }, ca: authority });
    await ask(scene, 'a proxy for http', { port, agent: ofHttp });
    await ask(scene, 'socketPath', { socketPath: '/nowhere/at/all', agent });
    scene.log('connections to the proxy', proxy.connections);
  },
);

differNewest('proxy tunnel: createConnection of a subclass is called, and calls back', async (scene) => {
  const { proxy } = await open(scene);
  class Agent extends scene.https.Agent {
    override createConnection(...args: Parameters<typeof scene.https.Agent.prototype.createConnection>) {
      const [options, callback] = args;
      scene.log('createConnection', args.length, options.host, options.port, typeof callback);
      const socket = super.createConnection(...args);
      scene.log('returns', typeof socket);
      return socket;
    }
  }
  const agent = new Agent({ ca: authority, proxyEnv: { HTTPS_PROXY: proxy.url() } });
  await ask(scene, 'request', { agent });
});
