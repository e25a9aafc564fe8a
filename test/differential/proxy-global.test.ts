/** The global agents through proxies: setGlobalProxyFromEnv. */
import type { AddressInfo } from 'node:net';
import { differNewest } from './differ.js';
import type { Scene } from './scene.js';
import type { Http, Https } from './subjects.js';
import { openProxy, reply } from './wire-proxy.js';
import { masked } from './wire-text.js';

/** The modules' exports as they are now: the namespaces of the builtins do not follow. */
function modules(scene: Scene): { http: Http; https: Https } {
  return {
    http: (scene.http as unknown as { default: Http }).default,
    https: (scene.https as unknown as { default: Https }).default,
  };
}

const PROXY = 'http://127.0.0.1:9';

function optionsOf(agent: object): object {
  return (agent as { options: object }).options;
}

function get(scene: Scene, url: string): Promise<void> {
  const shownUrl = masked(url);
  return new Promise((resolve) => {
    const { http, https } = modules(scene);
    const request = (url.startsWith('https:') ? https : http).get(url, (response) => {
      scene.log(`${shownUrl} is answered`, response.statusCode);
      response.resume();
    });
    request.on('error', (error: NodeJS.ErrnoException) => scene.log(`${shownUrl} fails`, error.code));
    request.on('close', resolve);
  });
}

differNewest('global proxy: what it takes', (scene) => {
  const { http, https } = modules(scene);
  scene.log('function', http.setGlobalProxyFromEnv.name, http.setGlobalProxyFromEnv.length);
  const before = [http.globalAgent, https.globalAgent];
  for (const env of [
    null,
    1,
    'http://a',
    true,
    [],
    {},
    Object.create(null),
    new Map(),
    { HTTP_PROXY: '' },
    { NO_PROXY: '*' },
    { HTTP_PROXY: 'a' },
    { HTTP_PROXY: '127.0.0.1:80' },
    { HTTP_PROXY: 'http://[' },
    { HTTP_PROXY: `${PROXY}\n` },
    { HTTP_PROXY: 'http://%E0@a' },
    { HTTPS_PROXY: 'http://[' },
    { HTTP_PROXY: PROXY, HTTPS_PROXY: 'a' },
    { HTTP_PROXY: PROXY },
    { https_proxy: PROXY },
    { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY },
  ]) {
    const label = JSON.stringify(env);
    let restore = () => {};
    scene.attempt(label, () => {
      restore = http.setGlobalProxyFromEnv(env as NodeJS.ProcessEnv);
      return typeof restore;
    });
    scene.log('replaced', http.globalAgent !== before[0], https.globalAgent !== before[1]);
    scene.log('returns', restore());
    scene.log('restored', http.globalAgent === before[0], https.globalAgent === before[1]);
  }
});

differNewest('global proxy: requests without an agent go through it until it is undone', async (scene) => {
  const server = await scene.serve((req, res) => res.end(req.url));
  const direct = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ofHttp = await openProxy(scene);
  const ofHttps = await openProxy(scene, reply('HTTP/1.1 502 No\r\n\r\n'));
  const { http, https } = modules(scene);
  const restore = http.setGlobalProxyFromEnv({
    HTTP_PROXY: ofHttp.url('user:secret@'),
    HTTPS_PROXY: ofHttps.url(),
    NO_PROXY: '127.0.0.1',
  });
  const { globalAgent } = http;
  scene.log('options', Object.keys(optionsOf(globalAgent)), Object.keys(optionsOf(https.globalAgent)));
  scene.log('agents', globalAgent instanceof http.Agent, https.globalAgent instanceof https.Agent);
  try {
    await get(scene, 'http://a.test/');
    await get(scene, 'https://a.test/');
    await get(scene, direct);
  } finally {
    scene.log('restore', restore());
  }
  scene.log('restored', http.globalAgent !== globalAgent);
  await get(scene, direct);
  globalAgent.destroy();
  http.globalAgent.destroy();
  scene.recordText(ofHttp.takeHeads());
  scene.recordText(ofHttps.takeHeads());
});

differNewest('global proxy: one in another, undone in any order', (scene) => {
  const { http, https } = modules(scene);
  const first = http.globalAgent;
  const firstTls = https.globalAgent;
  const undoOne = http.setGlobalProxyFromEnv({ HTTP_PROXY: PROXY });
  const second = http.globalAgent;
  const undoTwo = http.setGlobalProxyFromEnv({ HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY });
  const show = (label: string) =>
    scene.log(label, [first, second].indexOf(http.globalAgent), https.globalAgent === firstTls);
  show('both');
  undoOne();
  show('the first undone');
  undoTwo();
  show('the second undone');
  undoOne();
  show('the first again');
});

differNewest('global proxy: by default the environment, as it is then', (scene) => {
  const saved = { ...process.env };
  try {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
      delete process.env[name];
      delete process.env[name.toLowerCase()];
    }
    const { http } = modules(scene);
    const before = http.globalAgent;
    http.setGlobalProxyFromEnv()();
    process.env.HTTP_PROXY = PROXY;
    const undo = http.setGlobalProxyFromEnv();
    scene.log('replaced', http.globalAgent !== before);
    const path = () => {
      const request = http.request({ host: 'a.test', createConnection: undefined });
      request.on('error', () => {});
      request.destroy();
      return request.path;
    };
    scene.log('request-target', path());
    process.env.NO_PROXY = '*';
    scene.log('with NO_PROXY set later', path());
    undo();
    scene.log('undone', http.globalAgent === before);
  } finally {
    process.env = saved;
  }
});

differNewest('global proxy: agents made otherwise have none', async (scene) => {
  const { http } = modules(scene);
  const undo = http.setGlobalProxyFromEnv({ HTTP_PROXY: PROXY });
  try {
    for (const agent of [undefined, false, new http.Agent(), http.globalAgent] as const) {
      const request = http.request({ host: '127.0.0.1', port: 9, agent });
      request.on('error', () => {});
      scene.log('request-target', request.path);
      request.destroy();
    }
  } finally {
    undo();
  }
  await scene.turns();
});
