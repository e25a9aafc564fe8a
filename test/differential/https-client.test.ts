/** Requests of https, to a server of node:https: their forms, their exchanges, and how they fail. */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { authority } from '../fixtures/certificates.js';
import { differ, differNewest } from './differ.js';
import { agentFor, answerer, get, nowhere, outcome, portOf, stockServer } from './https-requests.js';

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

differ('https client: where the callback stands', (scene) => {
  const request = scene.https.request as unknown as (...args: unknown[]) => ClientRequest;
  const url = 'https://127.0.0.1:9/';
  const options = { host: '127.0.0.1', createConnection: nowhere };
  const callback = () => {};
  const forms: unknown[][] = [
    [url],
    [url, callback],
    [new URL(url), callback],
    [options, callback],
    [options, null],
  ];
  for (const second of [null, undefined, false, 0, '', {}, [], 'text', callback]) {
    forms.push([url, second, callback], [new URL(url), second, callback], [options, second, callback]);
  }
  forms.push(
    [url, options, null],
    [url, options, {}],
    [null, callback],
    [undefined, callback],
    [callback, options],
  );
  for (const [index, form] of forms.entries()) {
    scene.attempt(`form ${index}`, () => {
      const made = request(...form).on('error', () => {});
      made.destroy();
      return made.listenerCount('response');
    });
  }
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

differNewest('client: the Host of CONNECT is that of its target', (scene) => {
  for (const path of ['a.test:1', '[::1]:5', undefined]) {
    const options = { method: 'CONNECT', host: 'proxy.test', port: 8080, createConnection: nowhere, path };
    scene.log(String(path), scene.http.request(options).getHeader('host'));
    scene.log('set', scene.http.request({ ...options, headers: { Host: 'set' } }).getHeader('host'));
  }
});
