/** perf_hooks entries of type 'http': of which exchanges observers are told, when, and what. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, RequestOptions, ServerResponse } from 'node:http';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { PassThrough } from 'node:stream';
import { authority } from '../fixtures/certificates.js';
import { differ, differNewest } from './differ.js';
import { duplexPair } from './duplex-pair.js';
import { TLS } from './https-messages.js';
import { portOf } from './https-requests.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet, ok, post } from './messages.js';
import type { Scene } from './scene.js';
import { openProxy } from './wire-proxy.js';

/** An entry with what node:http puts into it. */
interface HttpEntry extends PerformanceEntry {
  readonly detail: { req: { url: string }; res: object };
}

/** Observes until the end of the scene. */
function observe(scene: Scene, see: (entry: HttpEntry) => void, type = 'http'): PerformanceObserver {
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(see as never));
  observer.observe({ entryTypes: [type as 'http'] });
  scene.atTheEnd(() => observer.disconnect());
  return observer;
}

/** Logs every entry whole, but for its times. */
function logEntries(scene: Scene, label = 'entry'): PerformanceObserver {
  return observe(scene, ({ name, entryType, detail }) => scene.log(label, name, entryType, detail));
}

/** Logs which exchanges have an entry. */
function logNames(scene: Scene, label = 'entry', type = 'http'): PerformanceObserver {
  return observe(scene, ({ name, detail }) => scene.log(label, name, detail?.req.url), type);
}

const lastOk = ok('ok', 'Connection: close');

// Servers.

differ('a server has an entry for each response', async (scene) => {
  logEntries(scene);
  const server = await scene.serve((req, res) => {
    if (req.url === '/set') {
      res.statusCode = 404;
      res.setHeader('X-Case', 'v');
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      res.end('set');
    } else if (req.url === '/head') {
      res.writeHead(201, 'Made', { A: 'b', 'X-Two': ['1', '2'] });
      res.write('in ');
      res.end('pieces');
    } else if (req.url === '/list') {
      res.writeHead(202, ['A', 'b', 'C', 'd']);
      res.end();
    } else {
      res.setHeader('X-A', '1');
      req.resume().on('end', () => res.writeHead(200, { B: '2' }).end());
    }
  });
  await scene.exchange(server, lastGet('/set?a=b', 'X-Two: 1', 'X-Two: 2', 'Cookie: a', 'Cookie: b'));
  await scene.exchange(server, lastGet('/head'));
  await scene.exchange(server, lastGet('/list'));
  await scene.exchange(server, post('content', 'Connection: close'));
  await scene.exchange(server, 'HEAD / HTTP/1.0\r\n\r\n');
  await scene.seen('entry', 5);
});

differ('a server has an entry for each response of a connection', async (scene) => {
  logNames(scene);
  const server = await scene.serve((req, res) => setImmediate(() => res.end(req.url)));
  await scene.exchange(server, get('/1') + get('/2') + lastGet('/3'));
  await scene.seen('entry', 3);
  const client = scene.connect(server);
  await client.send(get('/4'));
  await client.until('/4');
  await client.send(chunkedPost('Connection: close') + chunk('abc') + lastChunk);
  await client.closed();
  await scene.seen('entry', 5);
});

differ('a server has an entry for what it answers itself as a response', async (scene) => {
  logEntries(scene);
  const server = await scene.serve((_req, res) => res.end(), { requireHostHeader: true });
  server.maxRequestsPerSocket = 1;
  server.on('dropRequest', () => scene.log('dropRequest'));
  await scene.exchange(server, 'GET /hostless HTTP/1.1\r\n\r\n');
  await scene.exchange(server, get('/1') + get('/2', 'Connection: close'));
  await scene.seen('dropRequest');
  await scene.turns();
});

differ('a server has no entry without a response that ends', async (scene) => {
  logNames(scene);
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    if (req.url === '/destroyed') res.destroy();
    else if (req.url === '/begun') res.write('begun', () => res.destroy());
    else req.on('close', () => scene.log('gone'));
  });
  server.on('upgrade', (_req, socket) => socket.end());
  server.on('connect', (_req, socket) => socket.end());
  await scene.exchange(server, 'nonsense\r\n\r\n');
  await scene.exchange(server, get('/', 'Connection: upgrade', 'Upgrade: x'));
  await scene.exchange(server, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
  await scene.exchange(server, get('/destroyed'));
  await scene.exchange(server, get('/begun'));
  const client = scene.connect(server);
  await client.send(get('/waits'));
  await scene.seen("request '/waits'");
  client.destroy();
  await scene.seen('gone');
  await scene.turns();
});

differ('a server has an entry for a response whose client is gone', async (scene) => {
  logNames(scene);
  const server = await scene.serve((req, res) => {
    scene.log('request');
    req.on('close', () => {
      res.end('too late');
      scene.log('ended');
    });
  });
  const client = scene.connect(server);
  await client.send(get('/gone'));
  await scene.seen('request');
  client.destroy();
  await scene.seen('ended');
  await scene.turns();
});

differ('a response that is made by hand has an entry', async (scene) => {
  logEntries(scene);
  const req = new scene.http.IncomingMessage(new PassThrough() as never);
  req.method = 'GET';
  req.url = '/by-hand';
  const res = new scene.http.ServerResponse(req);
  const output = new PassThrough();
  res.assignSocket(output as never);
  res.end('ok');
  await scene.seen('entry');
});

differ('an entry of a server is as long as the exchange', async (scene) => {
  const times: number[] = [];
  const note = () => times.push(performance.now());
  observe(scene, ({ startTime, duration }) => {
    const [begun, ended, finished] = times;
    scene.log('started', startTime <= begun);
    scene.log('ended', startTime + duration >= ended, startTime + duration <= finished + 0.01);
    scene.log('done');
  });
  const server = await scene.serve((req, res) => {
    note();
    res.on('finish', note);
    req.resume().on('end', async () => {
      await scene.turns(2);
      note();
      res.end('ok');
    });
  });
  await scene.exchange(server, post('content', 'Connection: close'));
  await scene.seen('done');
});

differ('a server over TLS has entries', async (scene) => {
  logEntries(scene);
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  const client = scene.connect(server, TLS);
  await client.send(lastGet('/tls'));
  await client.closed();
  await scene.seen('entry');
});

// Clients.

/** Ends a request, if nothing does, and waits until it is closed; who fails is logged. */
function closed(scene: Scene, req: ClientRequest, content?: string): Promise<void> {
  return new Promise((resolve) => {
    req.on('response', (res) => res.resume());
    req.on('error', (error) => scene.log('error', error));
    req.on('close', resolve);
    req.end(content);
  });
}

differNewest('a client has an entry for each response', async (scene) => {
  logEntries(scene);
  const origin = await scene.origin(
    ok('first', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Two: 1', 'X-Two: 2'),
    head('HTTP/1.1 404 Nothing Here', 'Content-Length: 0'),
    head('HTTP/1.1 304 Not Modified'),
    head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close'),
  );
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  const ask = (options: RequestOptions, content?: string) =>
    closed(scene, scene.http.request({ host: '127.0.0.1', port: origin.port, agent, ...options }), content);
  await ask({ path: '/first?a=b', headers: { 'X-Two': ['1', '2'], Accept: '*/*' } });
  await ask({ path: '/post', method: 'POST', auth: 'a:b' }, 'content');
  await ask({ path: '/list', headers: ['Host', 'h', 'A', 'b'] });
  await ask({ path: '/waits', method: 'HEAD', headers: { Expect: '100-continue' } });
  await scene.seen('entry', 4);
  scene.log('connections', origin.connections.length);
});

differ('a client has an entry for the final response alone', async (scene) => {
  observe(scene, ({ name, detail }) => scene.log('entry', name, detail.res));
  const origin = await scene.origin(
    head('HTTP/1.1 100 Continue') + head('HTTP/1.1 103 Early Hints', 'Link: </a>') + lastOk,
  );
  const options = {
    host: '127.0.0.1',
    port: origin.port,
    method: 'POST',
    headers: { Expect: '100-continue' },
  };
  await closed(scene, scene.http.request(options), 'content');
  await scene.seen('entry');
  await scene.turns();
});

differ('a client has no entry without a response to a whole request', async (scene) => {
  logNames(scene);
  const origin = await scene.origin((connection, request) => {
    if (request.includes('/silent')) return connection.end();
    if (request.includes('/garbage')) return connection.send('garbage\r\n\r\n');
    return connection.send(head('HTTP/1.1 101 Switching', 'Connection: Upgrade', 'Upgrade: x'));
  });
  const make = (path: string, headers = {}, port = origin.port) =>
    scene.http.request({ host: '127.0.0.1', port, path, headers });
  await closed(scene, make('/silent'));
  await closed(scene, make('/garbage'));
  await closed(scene, make('/destroyed').destroy());
  await closed(scene, make('/refused', {}, await scene.refusingPort()));
  const upgrading = make('/upgrade', { Connection: 'Upgrade', Upgrade: 'x' });
  upgrading.on('upgrade', (_res, socket) => socket.destroy());
  await closed(scene, upgrading);
  await scene.turns();
});

differ('a client has no entry for a response that comes before the request has ended', async (scene) => {
  logNames(scene);
  const origin = await scene.origin();
  const options = { host: '127.0.0.1', port: origin.port, method: 'POST', headers: { 'Content-Length': 6 } };
  const req = scene.adoptRequest(scene.http.request(options));
  req.on('response', (res) => res.on('end', () => scene.log('answered')).resume());
  req.write('abc');
  const connection = await origin.connection();
  await connection.until('abc');
  await connection.send(ok());
  await scene.seen('answered');
  req.end('def');
  await connection.until('def');
  await scene.turns();
});

differ('an entry of a client goes from the end of the request to the head of the response', async (scene) => {
  const times: number[] = [];
  observe(scene, ({ startTime, duration }) => {
    const [made, received, responded] = times;
    scene.log('started', startTime >= made, startTime <= received);
    scene.log('ended', startTime + duration >= received, startTime + duration <= responded + 0.01);
    scene.log('done');
  });
  const origin = await scene.origin((connection) => {
    times.push(performance.now());
    connection.send(head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close'));
  });
  const req = scene.http.request({ host: '127.0.0.1', port: origin.port, method: 'POST' });
  req.write('abc');
  req.on('response', () => times.push(performance.now()));
  const connection = await origin.connection();
  await connection.until('abc');
  times.push(performance.now());
  const end = closed(scene, req);
  await scene.seen('done');
  await connection.send('ok');
  await end;
});

/** Makes a request that is answered in memory. */
function answered(
  scene: Scene,
  { request }: Pick<Scene['http'], 'request'>,
  options: RequestOptions,
  change: Record<string, unknown> = {},
): Promise<void> {
  const [near, far] = duplexPair();
  far.once('data', () => far.end(lastOk));
  return closed(scene, Object.assign(request({ ...options, createConnection: () => near }), change));
}

differNewest('the URL in an entry of a client', async (scene) => {
  observe(scene, ({ detail }) => scene.log('entry', detail.req.url));
  const { http, https } = scene;
  const cases: RequestOptions[] = [
    {},
    { host: 'a.test', port: 80 },
    { host: 'a.test', port: '8080', path: '/p?q#f' },
    { host: 'a.test', defaultPort: 99 },
    { host: 'a.test', defaultPort: 99, port: 99 },
    { host: '::1', port: 81 },
    { host: '[::1]', port: 81 },
    { socketPath: '/a/pipe' },
    { host: 'a.test', headers: { Host: 'b.test' } },
    { host: 'a.test', setHost: false },
    { host: 'a.test', path: 'http://b.test/absolute' },
    { host: 'a.test', path: '*', method: 'OPTIONS' },
  ];
  for (const options of cases) await answered(scene, http, options);
  await answered(scene, http, { host: 'a.test' }, { path: '/other', host: 'c.test', protocol: 'x:' });
  await answered(scene, https as never, { host: 'a.test' });
  await answered(scene, https as never, { host: 'a.test', port: 444 });
  await scene.seen('entry', cases.length + 3);
});

differNewest('the URL in an entry of a client behind a proxy', async (scene) => {
  observe(scene, ({ name, detail }) => scene.log('entry', name, detail.req.url));
  const proxy = await openProxy(scene);
  const agent = scene.agent({ proxyEnv: { HTTP_PROXY: proxy.url() } } as never);
  await closed(scene, scene.http.request({ host: 'a.test', port: 90, path: '/p', agent }));
  await scene.seen('entry');
});

differNewest('a client over TLS has entries', async (scene) => {
  logNames(scene);
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  const port = portOf(server);
  scene.mask(port, '<port>');
  const options = { host: 'localhost', port, path: '/tls', ca: authority, agent: false } as const;
  await closed(scene, scene.https.request(options));
  await scene.seen('entry', 2);
});

// Observers.

differ('each observer is told, by whatever door it asked', async (scene) => {
  logNames(scene, 'one');
  const other = new PerformanceObserver((list) =>
    scene.log('other', list.getEntriesByName('HttpRequest').length),
  );
  other.observe({ type: 'http' });
  scene.atTheEnd(() => other.disconnect());
  logNames(scene, 'of marks', 'mark');
  const server = await scene.serve((_req, res) => res.end('ok'));
  await scene.exchange(server, lastGet());
  await scene.seen('one');
  await scene.seen('other');
  await scene.turns();
});

differ('an observer that has left is told nothing', async (scene) => {
  let observer = logNames(scene);
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    if (req.url === '/leaves') observer.disconnect();
    res.end('ok');
  });
  await scene.exchange(server, lastGet('/observed'));
  await scene.seen('entry');
  await scene.exchange(server, lastGet('/leaves'));
  await scene.turns();
  await scene.exchange(server, lastGet('/unobserved'));
  await scene.turns();
  observer = logNames(scene, 'again');
  await scene.exchange(server, lastGet('/observed-again'));
  await scene.seen('again');
});

differ('an observer is not told of an exchange that began before it came', async (scene) => {
  const server = await scene.serve((_req, res) => {
    logNames(scene);
    scene.log('observes');
    res.end('ok');
  });
  await scene.exchange(server, lastGet());
  await scene.turns();
});

differ('entries can be read as JSON, and are of the platform', async (scene) => {
  observe(scene, (entry) => {
    scene.log('entry', entry.constructor.name, entry instanceof PerformanceEntry);
    const { startTime, duration, ...rest } = entry.toJSON();
    scene.log('JSON', typeof startTime, typeof duration, rest);
  });
  const server = await scene.serve((_req, res) => res.end('ok'));
  await scene.exchange(server, lastGet());
  await scene.seen('JSON');
});

/** Messages of an exchange, and what could be one of a message that nobody made. */
const channels = [
  'http.server.request.start',
  'http.server.response.created',
  'http.server.response.finish',
  'http.client.request.created',
  'http.client.request.start',
  'http.client.request.error',
  'http.client.response.finish',
  'net.client.socket',
];

differNewest('diagnostics_channel tells of no message because an observer is told of it', async (scene) => {
  logNames(scene);
  for (const name of channels) {
    const listener = (message: unknown) => {
      const { request, response } = message as { request?: object; response?: ServerResponse };
      scene.log(
        name,
        Reflect.get(request ?? {}, 'url'),
        Reflect.get(request ?? {}, 'path'),
        response?.statusCode,
      );
    };
    subscribe(name, listener);
    scene.atTheEnd(() => unsubscribe(name, listener));
  }
  const server = await scene.serve((_req, res) => res.end('ok'));
  await answered(scene, scene.http, { host: 'a.test', path: '/asked' });
  await scene.seen('entry');
  const [near, far] = duplexPair();
  server.emit('connection', near);
  far.resume().write(lastGet('/served'));
  await scene.seen('entry', 2);
  await scene.turns();
});
