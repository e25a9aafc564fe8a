import type { RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientScene } from './client-scene.js';
import { differ, differNewest } from './differ.js';
import { ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');

/** Sends a GET request with each of `variants`, and records what arrives. */
async function sentEach(scene: ClientScene, variants: readonly RequestOptions[]): Promise<void> {
  const origin = await scene.origin((connection, request) => {
    connection.socket.write(request.startsWith('HEAD') ? ok('', 'Connection: close') : lastOk);
  });
  for (const [index, options] of variants.entries()) {
    scene.get(origin, options, `req ${index}`);
    await scene.closed(`req ${index}`);
  }
  scene.recordOrigin(origin);
}

differ('method', (scene) =>
  sentEach(scene, [
    ...['GET', 'get', 'Post', 'DELETE', 'OPTIONS', 'head', 'PATCH', 'TRACE', 'M-SEARCH'].map((method) => ({
      method,
    })),
    { method: undefined },
    { method: null as never },
    { method: '' },
    { method: "X!#$%&'*+-.^_`|~9" },
  ]),
);

differ('method of a member', ({ http, log }) => {
  const req = http.request({ port: 1, host: '127.0.0.1', method: 'patch' });
  req.on('error', () => {}).destroy();
  log('method', req.method);
});

differ('path', (scene) =>
  sentEach(
    scene,
    [
      undefined,
      '',
      '/',
      '*',
      'relative',
      '/a?b#c',
      '/\x7f!"{}|\\^`',
      'http://other.test/absolute',
      '/%zz',
      '/é',
    ].map((path) => ({ path })),
  ),
);

differ('path of another type', (scene) =>
  sentEach(
    scene,
    [null, 0, 1, true, ['/list'], { toString: () => '/object' }].map((path) => ({ path: path as never })),
  ),
);

differNewest('auth', (scene) =>
  sentEach(scene, [
    { auth: 'user:pass' },
    { auth: '' },
    { auth: 'user' },
    { auth: 'é:€' },
    { auth: 'a:b', headers: { Authorization: 'Mine' } },
    { auth: 'a:b', headers: { authorization: 'mine' } },
    { auth: 'a:b', headers: ['Host', 'h', 'Authorization', 'Mine'] as never },
    { auth: 'a:b', headers: ['Host', 'h'] as never },
    { auth: 'a:b', setDefaultHeaders: false },
  ]),
);

differ('headers as an object', (scene) =>
  sentEach(scene, [
    { headers: { 'X-A': 'a', 'x-b': 2, 'X-C': ['1', '2'], 'X-Empty': '' } as never },
    { headers: { Host: 'mine.test' } },
    { headers: { host: 'mine.test:81' } },
    { headers: { 'Set-Cookie': ['a=b', 'c=d'], Cookie: ['e=f', 'g=h'] as never } },
    { headers: { Connection: 'close' } },
    { headers: { Connection: 'keep-alive' } },
    { headers: { connection: 'Upgrade', Upgrade: 'x' } },
    { headers: { 'Content-Length': 0 } },
    { headers: { 'Transfer-Encoding': 'chunked' } },
    { headers: { Date: 'd' } },
    { headers: { Expect: 'nothing' } },
    { headers: {} },
    { headers: undefined },
    { headers: null as never },
    { headers: Object.create({ inherited: 'no' }) },
    { headers: Object.assign(Object.create(null), { 'X-A': 'null prototype' }) },
  ]),
);

differ('headers as a flat array', (scene) =>
  sentEach(scene, [
    { headers: ['X-A', 'a', 'x-a', 'b', 'X-C', ['1', '2']] as never },
    { headers: ['Host', 'mine.test', 'X-A', 'a'] as never },
    { headers: ['Host', 'mine.test', 'Connection', 'close'] as never },
    { headers: ['Host', 'mine.test', 'Content-Length', '0'] as never },
    { headers: [] as never },
    { headers: ['Host', 'a', 'Host', 'b'] as never },
  ]),
);

differ('headers as an array of pairs', (scene) =>
  sentEach(scene, [
    {
      headers: [
        ['X-A', 'a'],
        ['X-B', ['1', '2']],
        ['Host', 'h'],
      ] as never,
    },
  ]),
);

differNewest('setHost and setDefaultHeaders', (scene) =>
  sentEach(scene, [
    { setHost: false },
    { setHost: true },
    { setHost: undefined },
    { setHost: 0 as never },
    { setDefaultHeaders: false },
    { setDefaultHeaders: true },
    { setDefaultHeaders: undefined },
    { setDefaultHeaders: false, setHost: true },
    { setDefaultHeaders: false, headers: { 'X-A': 'a', Host: 'h' } },
    { setHost: false, headers: { Host: 'mine' } },
    { setDefaultHeaders: false, method: 'POST' },
  ]),
);

differ('host, hostname and their precedence', async (scene) => {
  const origin = await scene.origin(lastOk);
  const lookup = ((host: string, options: unknown, callback: (...args: unknown[]) => void) => {
    scene.log('lookup', host);
    if ((options as { all?: boolean }).all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  }) as unknown as RequestOptions['lookup'];
  for (const [label, options] of [
    ['host', { host: 'host.test' }],
    ['hostname', { hostname: 'hostname.test' }],
    ['both', { host: 'host.test', hostname: 'hostname.test' }],
    ['an empty hostname', { host: 'host.test', hostname: '' }],
    ['an empty host', { host: '', hostname: 'hostname.test' }],
    ['null hostname', { host: 'host.test', hostname: null }],
    ['upper case', { host: 'HOST.Test' }],
    ['a trailing dot', { host: 'host.test.' }],
  ] as const) {
    const req = scene.http.request({ ...options, port: origin.port, lookup, agent: false });
    scene.log(`${label}: host`, req.host, req.getHeader('host'));
    scene.watchRequest(req, label).end();
    await scene.closed(label);
  }
});

differ('host defaults to localhost', ({ http, log }) => {
  for (const options of [{}, { host: undefined, hostname: undefined }, { host: '' }, { host: null }]) {
    const req = http.request(options);
    req.on('error', () => {}).destroy();
    log('host', req.host, req.getHeader('host'), req.path, req.protocol);
  }
});

differNewest('ports and defaultPort in Host', ({ http, log, attempt }) => {
  for (const options of [
    { port: 80 },
    { port: '80' },
    { port: 81 },
    { port: '0081' },
    { port: 0 },
    { port: '' },
    { port: undefined, defaultPort: 81 },
    { port: 81, defaultPort: 81 },
    { port: '81', defaultPort: 81 },
    { port: 80, defaultPort: 81 },
    { defaultPort: 0 },
    { port: null },
    { port: '8 0' },
    { port: -1 },
    { port: 65536 },
    { port: 'x' },
    { port: 1.5 },
    { port: {} },
    { port: true },
    { agent: new http.Agent({ defaultPort: 81 } as never), port: 81 },
    { agent: Object.assign(new http.Agent(), { defaultPort: 82 }) },
    { agent: Object.assign(new http.Agent(), { defaultPort: 82 }), port: 80 },
  ]) {
    attempt('port', () => {
      const req = http.request({
        host: 'a.test',
        createConnection: () => undefined,
        ...options,
      } as RequestOptions);
      req.on('error', () => {}).destroy();
      log('Host', req.getHeader('host'));
    });
  }
});

differ('a Host for an IPv6 address is in brackets', ({ http, log }) => {
  for (const host of ['::1', '[::1]', '1::2:3', 'a:b', 'a:80']) {
    const req = http.request({ host, port: 81, createConnection: () => undefined });
    req.on('error', () => {}).destroy();
    log(host, req.getHeader('host'), req.host);
  }
});

differ('a port that is a string connects', async (scene) => {
  const origin = await scene.origin(lastOk);
  scene.get(origin, { port: String(origin.port) });
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('localAddress and localPort', async (scene) => {
  const origin = await scene.origin(lastOk);
  const localPort = await scene.refusingPort();
  const req = scene.get(origin, { localAddress: '127.0.0.2', localPort });
  req.on('socket', (socket) =>
    socket.on('connect', () => scene.log('from', socket.localAddress, socket.localPort === localPort)),
  );
  await scene.closed();
});

differ('a localAddress that is not of this machine', async (scene) => {
  const origin = await scene.origin(lastOk);
  scene.get(origin, { localAddress: '192.0.2.1' });
  await scene.closed();
});

differ('family and hints reach lookup', async (scene) => {
  const origin = await scene.origin(lastOk);
  for (const [family, hints] of [
    [4, 0],
    [undefined, undefined],
    [0, 0],
  ]) {
    const req = scene.http.request({
      ...{ host: 'a.test', port: origin.port, family, hints, agent: false },
      lookup: ((host: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) => {
        const { family: wanted, hints: flags } = options as { family?: number; hints?: number };
        scene.log('lookup', host, wanted, flags);
        callback(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
      }) as never,
    });
    scene.watchRequest(req).end();
    await scene.closed('req');
  }
});

differ('a lookup that fails', async (scene) => {
  const req = scene.http.get({
    host: 'a.test',
    port: 1,
    lookup: (_host, _options, callback) => {
      callback(Object.assign(new Error('getaddrinfo NOTFOUND'), { code: 'ENOTFOUND' }), '', 4);
    },
  });
  scene.watchRequest(req);
  await scene.closed();
});

differ('a lookup that fails at a later time', async (scene) => {
  const req = scene.http.get({
    host: 'a.test',
    port: 1,
    lookup: (_host, _options, callback) => {
      setImmediate(() => callback(Object.assign(new Error('later'), { code: 'EAI_AGAIN' }), '', 4));
    },
  });
  scene.watchRequest(req);
  await scene.closed();
});

differ('an address that lookup makes up', async (scene) => {
  const req = scene.http.get({
    ...{ host: 'a.test', port: 1, autoSelectFamily: false },
    lookup: (_host, _options, callback) => callback(null, 'nonsense', 4),
  });
  scene.watchRequest(req);
  await scene.closed();
});

differ('socketPath', async (scene) => {
  const origin = await scene.origin();
  const path = join(tmpdir(), `barewire-${process.pid}-${origin.port}.sock`);
  const local = await scene.originAtPath(path, ok('ok', 'Connection: close'));
  for (const options of [{}, { host: 'ignored.test', port: 81 }, { headers: { Host: 'mine' } }]) {
    const req = scene.http.get({ socketPath: path, path: '/path', ...options });
    scene.log('host', req.host);
    scene.watchRequest(req);
    await scene.closed('req');
  }
  scene.recordOrigin(local);
});

differ('a socketPath that nobody listens on', async (scene) => {
  scene.watchRequest(scene.http.get({ socketPath: '/nonexistent/socket' }));
  await scene.closed();
});

differ('joinDuplicateHeaders', async (scene) => {
  const fields = [
    'Age: 1',
    'Age: 2',
    'X-A: 1',
    'x-a: 2',
    'Set-Cookie: a',
    'Set-Cookie: b',
    'ETag: x',
    'ETag: y',
  ];
  const origin = await scene.origin(ok('', ...fields, 'Connection: close'));
  for (const joinDuplicateHeaders of [undefined, false, true]) {
    const req = scene.get(origin, { joinDuplicateHeaders } as RequestOptions);
    req.on('response', (res) => scene.log('headers', res.headers, res.headersDistinct));
    await scene.closed('req');
  }
});

differ('joinDuplicateHeaders in the headers that are sent', async (scene) => {
  await sentEach(scene, [
    { joinDuplicateHeaders: true, headers: { 'X-A': ['1', '2'] } } as RequestOptions,
    { joinDuplicateHeaders: false, headers: { 'X-A': ['1', '2'] } } as RequestOptions,
  ]);
});

differ('uniqueHeaders', (scene) =>
  sentEach(scene, [
    { uniqueHeaders: ['x-a'], headers: { 'X-A': ['1', '2'], 'X-B': ['1', '2'] } },
    { uniqueHeaders: ['X-A', 'x-b'], headers: { 'X-A': ['1', '2'], 'X-B': ['1', '2'] } },
    { uniqueHeaders: [], headers: { 'X-A': ['1', '2'] } },
    { uniqueHeaders: ['cookie'], headers: { Cookie: ['1', '2'] as never } },
    { headers: { Cookie: ['1', '2'] as never, 'X-B': ['1', '2'] } },
  ]),
);

differNewest('highWaterMark of the request', async (scene) => {
  const origin = await scene.origin(lastOk);
  for (const highWaterMark of [1, 100, undefined]) {
    const req = scene.request(origin, { highWaterMark, method: 'POST' } as RequestOptions);
    scene.log('writableHighWaterMark', highWaterMark === undefined || req.writableHighWaterMark);
    scene.log('write', req.write('a'.repeat(50)), req.writableNeedDrain);
    req.end();
    await scene.closed('req');
  }
});

differ('maxHeaderSize for a response', async (scene) => {
  const origin = await scene.origin(ok('ok', `X-A: ${'a'.repeat(1000)}`, 'Connection: close'));
  for (const maxHeaderSize of [undefined, 0, 500, 2000]) {
    scene.get(origin, { maxHeaderSize });
    await scene.closed('req');
  }
});

differ('agent: which one is it', ({ http, log }) => {
  const own = new http.Agent();
  const agentOf = (options: RequestOptions): unknown => {
    const req = http.request({ host: '127.0.0.1', port: 1, ...options });
    req.on('error', () => {}).destroy();
    return (req as unknown as { agent: unknown }).agent;
  };
  log('undefined', agentOf({ agent: undefined }) === http.globalAgent);
  log('null', agentOf({ agent: null as never }) === http.globalAgent);
  log('own', agentOf({ agent: own }) === own);
  const made = agentOf({ agent: false }) as { keepAlive: boolean };
  log('false', made === (http.globalAgent as unknown), made instanceof http.Agent, made.keepAlive);
  class Mine extends http.Agent {}
  log('default agent', agentOf({ _defaultAgent: own } as RequestOptions) === own);
  const sub = agentOf({ agent: false, _defaultAgent: new Mine() } as RequestOptions);
  log('false with a default agent', sub instanceof Mine);
  const createConnection = () => undefined;
  log('createConnection', agentOf({ createConnection }));
  log('both', agentOf({ createConnection, agent: own }) === own);
});

differ('Connection by agent', (scene) => {
  const keepAlive = scene.agent({ keepAlive: true });
  return sentEach(scene, [
    { agent: undefined },
    { agent: false },
    { agent: scene.agent() },
    { agent: keepAlive },
    { agent: scene.agent({ maxSockets: 1 }) },
    { agent: keepAlive, headers: { Connection: 'close' } },
    { agent: scene.agent(), headers: { Connection: 'keep-alive' } },
    { agent: false, headers: { Connection: 'keep-alive' } },
  ]);
});

differNewest('httpValidation and insecureHTTPParser read what is lenient', async (scene) => {
  const lenient = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: a\x01b\r\nConnection: close\r\n\r\nok';
  const origin = await scene.origin(lenient);
  for (const options of [
    {},
    { insecureHTTPParser: true },
    { insecureHTTPParser: false },
    { httpValidation: 'strict' },
    { httpValidation: 'relaxed' },
    { httpValidation: 'insecure' },
  ]) {
    scene.get(origin, options as RequestOptions);
    await scene.closed('req');
  }
});
