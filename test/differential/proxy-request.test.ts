/** Requests of http: through a proxy: what it is sent, which hosts are asked directly, and what is refused. */
import type { AgentOptions, RequestOptions } from 'node:http';
import { Socket } from 'node:net';
import { differNewest } from './differ.js';
import type { Scene } from './scene.js';
import { openProxy } from './wire-proxy.js';

/** Makes a request, and logs how it went. */
function ask(scene: Scene, label: string, options: RequestOptions): Promise<void> {
  return new Promise((resolve) => {
    const request = scene.attempt(label, () => scene.http.request(options));
    if (request === undefined) {
      resolve();
      return;
    }
    request.on('response', (response) => {
      let content = '';
      response.on('data', (chunk: Buffer) => {
        content += chunk.toString('latin1');
      });
      response.on('end', () => scene.log(`${label} is answered`, response.statusCode, content));
    });
    request.on('error', (error) => scene.log(`${label} fails`, error));
    request.on('close', () => resolve());
    request.end();
  });
}

/** Asks once for each of `cases`, and records what the proxy was sent. */
async function askEach(
  scene: Scene,
  cases: Record<string, RequestOptions>,
  credentials = '',
  agentOptions: AgentOptions = {},
): Promise<void> {
  const proxy = await openProxy(scene);
  const agent = new scene.http.Agent({ ...agentOptions, proxyEnv: { HTTP_PROXY: proxy.url(credentials) } });
  for (const [label, options] of Object.entries(cases)) await ask(scene, label, { ...options, agent });
  agent.destroy();
  scene.log('connections', proxy.connections);
  scene.recordText(proxy.takeHeads());
}

/** Logs whether a request would go through a proxy, by its request-target, without sending it. */
function route(scene: Scene, label: string, env: Record<string, unknown>, options: RequestOptions): void {
  try {
    const agent = new scene.http.Agent({ proxyEnv: env as NodeJS.ProcessEnv });
    agent.createConnection = () => new Socket();
    const request = scene.http.request({ ...options, agent });
    request.on('error', () => {});
    scene.log(label, request.path === '/' ? 'direct' : request.path);
    request.destroy();
  } catch (error) {
    scene.log(`${label} throws`, error);
  }
}

differNewest('proxy: the request-target is in absolute-form', async (scene) => {
  await askEach(scene, {
    'the default port': { host: 'a.test' },
    'a path': { host: 'a.test', path: '/a/b?c=d&e' },
    'no path': { host: 'a.test', path: '' },
    'another port': { host: 'a.test', port: 8080, path: '/a' },
    'the default port as text': { host: 'a.test', port: '80', path: '/a' },
    'another default port': { host: 'a.test', defaultPort: 81 },
    'a name in capitals': { host: 'A.Test', path: '/A' },
    'a name beyond ASCII': { host: 'b\u00fccher.test', path: '/' },
    'hostname before host': { hostname: 'a.test', host: 'b.test' },
    IPv6: { host: '::1', path: '/a' },
    'IPv6 with a port': { host: '::1', port: 8080, path: '/a' },
    'IPv6 in brackets': { host: '[::1]', path: '/a' },
    'IPv4 in short': { host: '127.1', path: '/a' },
    'dot segments and the like': { host: 'a.test', path: '/a/../b/./c//d|"\\e' },
    'two slashes': { host: 'a.test', path: '//b.test/' },
    'absolute-form': { host: 'a.test', path: 'http://a.test/b?c' },
    'absolute-form with its port': { host: 'a.test', path: 'HTTP://A.test:80/b' },
    'absolute-form with another port': { host: 'a.test', port: 81, path: 'http://a.test:81/b' },
    'asterisk-form': { host: 'a.test', method: 'OPTIONS', path: '*' },
    HEAD: { host: 'a.test', method: 'HEAD', path: '/h' },
  });
});

differNewest('proxy: a request-target that leads elsewhere is refused', async (scene) => {
  await askEach(scene, {
    'another authority': { host: 'a.test', path: 'http://b.test/' },
    'another port': { host: 'a.test', path: 'http://a.test:81/' },
    'another scheme': { host: 'a.test', path: 'https://a.test/' },
    'no scheme of ours': { host: 'a.test', path: 'ftp:a' },
    userinfo: { host: 'a.test', path: 'http://user:secret@a.test/' },
    'no slash': { host: 'a.test', path: 'a' },
    'userinfo without a slash': { host: 'a.test', path: '@b.test/' },
    'a query alone': { host: 'a.test', path: '?a' },
    'asterisk-form of another method': { host: 'a.test', path: '*' },
    'an absolute-form without host': { host: 'a.test', path: 'http://' },
    'a line end': { host: 'a.test', path: '/a\r\nX: y' },
    'a port beyond all ports': { host: 'a.test', port: 70000 },
    'a port that is none': { host: 'a.test', port: 'a' },
  });
});

differNewest('proxy: Host is that of the request-target', async (scene) => {
  await askEach(scene, {
    'the same': { host: 'a.test', headers: { host: 'a.test' } },
    'in capitals': { host: 'a.test', headers: { HOST: 'A.TEST' } },
    'with the default port': { host: 'a.test', headers: { Host: 'a.test:80' } },
    'IPv6 in another spelling': { host: '::1', headers: { Host: '[0:0::1]' } },
    'not set': { host: 'a.test', setHost: false },
    'not set but given': { host: 'a.test', setHost: false, headers: { Host: 'A.test' } },
    'no default headers': { host: 'a.test', setDefaultHeaders: false },
    another: { host: 'a.test', headers: { Host: 'b.test' } },
    'another port': { host: 'a.test', headers: { Host: 'a.test:81' } },
    'without its port': { host: 'a.test', port: 81, headers: { Host: 'a.test' } },
    'a path': { host: 'a.test', headers: { Host: 'a.test/' } },
    userinfo: { host: 'a.test', headers: { Host: 'user@a.test' } },
    space: { host: 'a.test', headers: { Host: ' a.test' } },
    empty: { host: 'a.test', headers: { Host: '' } },
    'another, not set': { host: 'a.test', setHost: false, headers: { Host: 'b.test' } },
  });
});

differNewest('proxy: a list of headers goes out as it is, or not at all', async (scene) => {
  await askEach(
    scene,
    {
      'with Host': { host: 'a.test', path: '/a', headers: ['Host', 'a.test', 'A', 'b'] },
      without: { host: 'a.test', path: '/a', headers: ['A', 'b'] },
      'with fields for a proxy': {
        host: 'a.test',
        headers: ['Host', 'a.test', 'Proxy-Authorization', 'mine', 'Proxy-Connection', 'keep-alive'],
      },
      'with another Host': { host: 'a.test', headers: ['Host', 'b.test'] },
      'with Host in another spelling': { host: 'a.test', headers: ['Host', 'A.test'] },
      'with Host twice': { host: 'a.test', headers: ['Host', 'a.test', 'host', 'b.test'] },
    },
    'user:secret@',
  );
});

differNewest('proxy: the fields for the proxy', async (scene) => {
  await askEach(scene, {
    'those of the caller': { host: 'a.test', headers: { 'Proxy-Authorization': 'mine' } },
  });
  for (const credentials of [
    'user:secret@',
    'user@',
    ':secret@',
    'us%65r:p%40%3Ass@',
    '%C3%A9:%0D%0AX:%20y@',
  ]) {
    await askEach(
      scene,
      {
        'no others': { host: 'a.test' },
        'the caller has some': {
          host: 'a.test',
          headers: { 'Proxy-Authorization': 'mine', 'Proxy-Connection': 'his' },
        },
        'credentials for the server': { host: 'a.test', auth: 'a:b' },
      },
      credentials,
    );
  }
});

differNewest('proxy: a kept connection carries one host\u2019s requests', async (scene) => {
  const proxy = await openProxy(scene);
  const agent = new scene.http.Agent({ keepAlive: true, proxyEnv: { http_proxy: proxy.url() } });
  for (const [host, path] of [
    ['a.test', '/1'],
    ['a.test', '/2'],
    ['b.test', '/3'],
    ['a.test', '/4'],
  ]) {
    await ask(scene, path, { host, path, agent, headers: path === '/4' ? { Connection: 'close' } : {} });
    await scene.turns();
    scene.log('free', Object.keys(agent.freeSockets));
  }
  scene.log('connections', proxy.connections);
  agent.destroy();
  scene.recordText(proxy.takeHeads());
});

differNewest('proxy: content and its framing are as they are without one', async (scene) => {
  const proxy = await openProxy(scene);
  const agent = new scene.http.Agent({ maxSockets: 1, proxyEnv: { http_proxy: proxy.url('user:secret@') } });
  const request = scene.http.request({
    host: 'a.test',
    method: 'POST',
    agent,
    headers: { Expect: '100-continue' },
  });
  request.on('response', (response) => response.resume());
  request.write('content');
  await new Promise((resolve) => request.on('close', resolve).end());
  agent.destroy();
  scene.recordText(proxy.takeHeads());
});

differNewest('proxy: one that is not there is an error of the request', async (scene) => {
  const proxy = await openProxy(scene);
  const url = proxy.url('user:secret@');
  await new Promise((resolve) => proxy.server.close(resolve));
  const agent = new scene.http.Agent({ proxyEnv: { HTTP_PROXY: url } });
  await ask(scene, 'http', { host: 'a.test', agent });
});

differNewest('proxy: an agent without one, and a path of a socket, go where they are sent', async (scene) => {
  const proxy = await openProxy(scene);
  const server = await scene.serve((req, res) => res.end(req.url));
  const { port } = server.address() as { port: number };
  const env = { HTTP_PROXY: proxy.url(), NO_PROXY: '127.0.0.1' };
  const options = { host: '127.0.0.1', port, path: '/direct' };
  await ask(scene, 'NO_PROXY', { ...options, agent: new scene.http.Agent({ proxyEnv: env }) });
  await ask(scene, 'another agent', { ...options, agent: new scene.http.Agent() });
  await ask(scene, 'no environment', { ...options, agent: new scene.http.Agent({ proxyEnv: {} }) });
  const agent = new scene.http.Agent({ proxyEnv: { HTTP_PROXY: proxy.url() } });
  route(scene, 'socketPath', { HTTP_PROXY: proxy.url() }, { host: 'a.test', socketPath: '/nowhere' });
  await ask(scene, 'socketPath', { host: 'a.test', socketPath: '/nowhere/at/all', agent });
  scene.log('connections to the proxy', proxy.connections);
});

const PROXY = 'http://127.0.0.1:9';

differNewest('proxy: which variable says which proxy', (scene) => {
  const cases: Record<string, Record<string, unknown>> = {
    capitals: { HTTP_PROXY: PROXY },
    small: { http_proxy: PROXY },
    'small before capitals': { http_proxy: 'no proxy', HTTP_PROXY: PROXY },
    'small and empty': { http_proxy: '', HTTP_PROXY: PROXY },
    mixed: { Http_Proxy: PROXY },
    'for https': { HTTPS_PROXY: PROXY, https_proxy: PROXY },
    'for all': { ALL_PROXY: PROXY, all_proxy: PROXY },
    none: {},
    inherited: Object.create({ HTTP_PROXY: PROXY }) as Record<string, unknown>,
    'NO_PROXY in small letters first': { HTTP_PROXY: PROXY, NO_PROXY: '*', no_proxy: 'b.test' },
    'no_proxy empty': { HTTP_PROXY: PROXY, NO_PROXY: '*', no_proxy: '' },
    'of TLS': { HTTP_PROXY: 'https://127.0.0.1:9' },
    'another scheme': { HTTP_PROXY: 'socks5://127.0.0.1:9' },
    'a scheme in capitals': { HTTP_PROXY: 'HTTP://127.0.0.1:9' },
    'no scheme': { HTTP_PROXY: '127.0.0.1:9' },
    'space before it': { HTTP_PROXY: ` ${PROXY}` },
    'a path': { HTTP_PROXY: `${PROXY}/path?query` },
  };
  for (const [label, env] of Object.entries(cases)) route(scene, label, env, { host: 'a.test' });
});

differNewest('proxy: URLs that cannot be one', (scene) => {
  for (const url of [
    'http://',
    'http://a b',
    'http://a:70000',
    'http://[',
    `${PROXY}\n`,
    `${PROXY}\r`,
    'ftp://a\r',
    'a\r\nb',
    'http://%E0@a',
    'http://%zz@a',
  ]) {
    route(scene, JSON.stringify(url), { HTTP_PROXY: url }, { host: 'a.test' });
  }
  for (const env of [null, undefined, 1, 'http://a', true, []]) {
    scene.attempt(JSON.stringify(env) ?? 'undefined', () => {
      const agent = new scene.http.Agent({ proxyEnv: env as unknown as NodeJS.ProcessEnv });
      return typeof agent;
    });
  }
});

differNewest('proxy: NO_PROXY', (scene) => {
  const lists: Record<string, (string | [string, number])[]> = {
    '*': ['a.test', '::1'],
    ' b.test , * ': ['a.test'],
    'a.test': ['a.test', 'A.TEST', 'b.a.test', 'ba.test', 'a.test.', 'test'],
    'A.Test,': ['a.test'],
    '.a.test': ['a.test', 'b.a.test', 'c.b.A.test', 'ba.test'],
    '*.a.test': ['a.test', 'b.a.test', 'c.b.a.test', 'ba.test'],
    '*a.test': ['a.test', 'b.a.test', 'ba.test'],
    'a.*': ['a.test'],
    'a.test:80': ['a.test', ['a.test', 80], ['a.test', 81]],
    'a.test:81': ['a.test', ['a.test', 81]],
    'a.test:081': [['a.test', 81]],
    '.a.test:81,*.a.test:81,*:81': [['b.a.test', 81]],
    'a b.test;c.test': ['a', 'b.test', 'c.test'],
    'http://a.test': ['a.test'],
    '10.0.0.1': ['10.0.0.1', '10.0.0.2', ['10.0.0.1', 81]],
    '10.0.0.1:81': ['10.0.0.1', ['10.0.0.1', 81]],
    '10.0.0.3-10.0.0.9': ['10.0.0.2', '10.0.0.3', '10.0.0.5', '10.0.0.9', '10.0.0.10', 'a.test', '::5'],
    ' 10.0.0.3 - 10.0.1.2 ': ['10.0.0.255', '10.0.1.3', ['10.0.0.5', 81]],
    '100.0.0.0-255.255.255.255': ['128.0.0.1', '99.255.255.255'],
    '10.0.0.9-10.0.0.3': ['10.0.0.5'],
    '10.0.0.3-10.0.0.999,10.0.0.3-,-10.0.0.9,10.3-10.9,10.0.0.3-a': ['10.0.0.5', '10.0.0.3'],
    '10.0.0.3-10.0.0.9:80': ['10.0.0.5'],
    '10.0.0.0/8,10.,10.*': ['10.0.0.1'],
    '::1': ['::1', '[::1]', '0:0:0:0:0:0:0:1', ['::1', 81]],
    '[::1]': ['::1', '[::1]'],
    '::1:81': [['::1', 81]],
    'FE80::A': ['fe80::a'],
    'a-b.test': ['a-b.test'],
    ',,': ['a.test'],
    '.': ['a.test', 'a.test.'],
    '': ['localhost', '127.0.0.1'],
    '127.0.0.1': ['localhost', '127.1'],
    'b\u00fccher.test': ['b\u00fccher.test', 'xn--bcher-kva.test'],
  };
  for (const [list, hosts] of Object.entries(lists)) {
    for (const target of hosts) {
      const [host, port] = typeof target === 'string' ? [target, undefined] : target;
      const env = { HTTP_PROXY: PROXY, NO_PROXY: list };
      route(scene, `${JSON.stringify(list)}: ${host} ${port ?? ''}`, env, { host, port });
    }
  }
});
