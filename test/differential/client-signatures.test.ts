import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ } from './differ.js';
import { ok } from './messages.js';

type Request = (...args: unknown[]) => ClientRequest;

/** Sends what `make` makes for the URL of an origin, and records what arrives there. */
async function sent(scene: ClientScene, make: (url: string, port: number) => ClientRequest | undefined) {
  const origin = await scene.origin(ok('ok', 'Connection: close'));
  const req = make(`http://127.0.0.1:${origin.port}`, origin.port);
  if (req === undefined) return;
  scene.watchRequest(req).end();
  await scene.closed();
  scene.recordOrigin(origin);
}

for (const name of ['request', 'get'] as const) {
  differ(`${name}() with a string, a URL, options, and two of them`, async (scene) => {
    const call = scene.http[name] as Request;
    const callback = (res: IncomingMessage) => scene.log('callback', res.statusCode);
    await sent(scene, (url) => call(`${url}/string?a=b#fragment`, callback));
    await sent(scene, (url) => call(new URL(`${url}/url?a=b#fragment`), callback));
    await sent(scene, (_url, port) => call({ host: '127.0.0.1', port, path: '/options' }, callback));
    await sent(scene, (url) => call(`${url}/string`, { method: 'PUT', headers: { a: 'b' } }, callback));
    await sent(scene, (url) => call(new URL(`${url}/url`), { path: '/options' }, callback));
    await sent(scene, (url) => call(`${url}/no-callback`));
    await sent(scene, (url) => call(`${url}/undefined`, undefined, callback));
    await sent(scene, (url) => call(`${url}/null`, null, callback));
    await sent(scene, (url) => call(`${url}/null-callback`, {}, null));
    await sent(scene, (_url, port) => call({ host: '127.0.0.1', port, path: '/null' }, null));
  });
}

differ('get() ends the request, request() does not', async (scene) => {
  const origin = await scene.origin(ok());
  const options = { host: '127.0.0.1', port: origin.port };
  const get = scene.watchRequest(scene.http.get(options), 'get');
  scene.log('get ended', get.writableEnded, get.finished);
  const request = scene.watchRequest(scene.http.request(options), 'request');
  scene.log('request ended', request.writableEnded, request.finished);
  request.end();
  await scene.closed('get');
  await scene.closed('request');
});

differ('get() with another method, and with a body', async (scene) => {
  const origin = await scene.origin(ok());
  const options = { host: '127.0.0.1', port: origin.port, method: 'POST' };
  scene.watchRequest(scene.http.get(options));
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('a string that is no URL is refused', ({ http, attempt }) => {
  for (const url of [
    '',
    'example',
    '/path',
    '//host',
    'http://',
    'http://a b',
    'http://[::1',
    'http://a:99999',
  ])
    attempt(JSON.stringify(url), () => http.request(url));
});

differ('protocols other than http: are refused', ({ http, attempt }) => {
  for (const url of ['https://localhost', 'ftp://localhost/', 'file:///etc', 'mailto:a@b', 'localhost:80']) {
    attempt(url, () => http.request(url));
    attempt(`URL ${url}`, () => http.request(new URL(url)));
  }
  for (const protocol of ['https:', 'http', 'HTTP:', 'unix:', 'http://']) {
    attempt(protocol, () => http.request({ host: '127.0.0.1', protocol }));
  }
});

differ('arguments of other types', async (scene) => {
  const { http, attempt } = scene;
  const request = http.request as Request;
  const made = (label: string, ...args: unknown[]) =>
    attempt(label, () => {
      const req = request(...args);
      req.on('error', () => {});
      req.destroy();
      return [req.method, req.path, req.host];
    });
  made('nothing');
  made('undefined', undefined);
  made('null', null);
  made('number', 1);
  made('true', true);
  made('array', []);
  made('function', () => {});
  made('object without prototype', Object.create(null));
  made('callback of another type', { port: 1 }, 'no');
  made('callback number', { port: 1 }, 5);
  made('string, callback of another type', 'http://127.0.0.1:1', {}, 'no');
});

differ('options are copied, and inherited ones are seen', async (scene) => {
  const origin = await scene.origin(ok('ok', 'Connection: close'));
  const options = { host: '127.0.0.1', port: origin.port, path: '/before', headers: { a: '1' } };
  const req = scene.watchRequest(scene.http.request(options));
  options.path = '/after';
  options.headers.a = '2';
  req.end();
  await scene.closed();
  const inherited = Object.create({
    host: '127.0.0.1',
    port: origin.port,
    path: '/inherited',
    method: 'PUT',
  });
  scene.watchRequest(scene.http.request(inherited as RequestOptions), 'inherited').end();
  await scene.closed('inherited');
  scene.log('own properties', Object.keys(options));
  scene.recordOrigin(origin);
});

differ('options may be a class with getters', async (scene) => {
  const origin = await scene.origin(ok('ok', 'Connection: close'));
  class Options {
    readonly path = '/own';
    get host() {
      return '127.0.0.1';
    }
    get port() {
      return origin.port;
    }
  }
  scene.watchRequest(scene.http.request(new Options())).end();
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('userinfo of a URL becomes Authorization', async (scene) => {
  for (const userinfo of ['user:pass@', 'user@', ':pass@', 'us%20er:p%40ss%3A@', '%E2%82%AC:x@', '@']) {
    scene.log(userinfo);
    await sent(scene, (url) => scene.http.request(url.replace('//', `//${userinfo}`)));
  }
});

differ('a malformed escape in userinfo', ({ http, attempt }) => {
  attempt('%', () => http.request('http://a%:b@127.0.0.1/'));
  attempt('%ff', () => http.request('http://a%ff:b@127.0.0.1/'));
});

differ('the target of a URL', async (scene) => {
  const targets = ['', '/', '?', '?a', '/?a#b', '#b', '/a b', '/é', '/%c3%a9', '/a/../b', '//a', '/{}|^`"<>'];
  for (const target of targets) {
    scene.log(target);
    await sent(scene, (url) => scene.http.request(url + target));
  }
});

differ('IPv6 hosts', async (scene) => {
  const origin = await scene.originAt('::1', ok('ok', 'Connection: close'));
  const options: [string, unknown][] = [
    ['url', `http://[::1]:${origin.port}/url`],
    ['URL', new URL(`http://[::1]:${origin.port}/URL`)],
    ['host', { host: '::1', port: origin.port }],
    ['hostname', { hostname: '::1', port: origin.port }],
  ];
  for (const [label, option] of options) {
    const req = scene.watchRequest((scene.http.request as Request)(option), label);
    scene.log('host', req.host);
    req.end();
    await scene.closed(label);
  }
  scene.recordOrigin(origin);
});

differ('a bracketed IPv6 literal as host is no name that resolves', async (scene) => {
  const req = scene.http.request({
    host: '[::1]',
    port: 1,
    lookup: (host, _options, callback) => {
      scene.log('lookup', host);
      callback(new Error('not found'), '', 4);
    },
  });
  scene.log('Host', req.getHeader('host'));
  scene.watchRequest(req).end();
  await scene.closed();
});

differ('members of a new request', async (scene) => {
  const req = scene.http.request({ host: '127.0.0.1', port: 1, path: '/a?b', method: 'put' });
  scene.properties('req', req, [
    ...(['method', 'path', 'host', 'protocol', 'reusedSocket', 'aborted', 'destroyed', 'finished'] as const),
    ...([
      'maxHeadersCount',
      'timeout',
      'shouldKeepAlive',
      'useChunkedEncodingByDefault',
      'sendDate',
    ] as const),
    ...([
      'writable',
      'writableEnded',
      'writableFinished',
      'writableLength',
      'writableHighWaterMark',
    ] as const),
    ...(['writableObjectMode', 'writableCorked', 'headersSent', 'socket', 'connection', 'closed'] as const),
    ...(['errored', 'chunkedEncoding', 'strictContentLength', 'writableNeedDrain'] as never[]),
  ] as never[]);
  scene.log('agent', (req as unknown as { agent: unknown }).agent === scene.http.globalAgent);
  scene.log('instance', req instanceof scene.http.OutgoingMessage, req instanceof scene.http.ClientRequest);
  req.on('error', () => {}).destroy();
});

differ('the members of the prototypes', ({ http, log }) => {
  for (const name of ['ClientRequest', 'Agent'] as const) {
    const made = http[name] as unknown as { length: number; prototype: object };
    log(name, typeof made, made.length, made.prototype.constructor === made);
    log('static', (Object.getPrototypeOf(made) as { name: string }).name);
    for (const member of [
      ...['abort', 'destroy', 'onSocket', 'setTimeout', 'setNoDelay', 'setSocketKeepAlive', 'end', 'write'],
      ...[
        'getRawHeaderNames',
        'clearTimeout',
        '_implicitHeader',
        '_finish',
        '_deferToConnect',
        'addTrailers',
      ],
      ...['addRequest', 'createSocket', 'createConnection', 'getName', 'keepSocketAlive', 'reuseSocket'],
      ...['removeSocket', 'defaultMaxSockets', 'onTimeout', 'setHeaders', 'appendHeader', 'flushHeaders'],
    ]) {
      log(member, typeof (made.prototype as Record<string, unknown>)[member]);
    }
  }
});

differ('request and get are plain functions', ({ http, log }) => {
  for (const name of ['request', 'get'] as const) log(name, http[name].name, http[name].length);
});

differ('a callback alone, and one behind what is no options', ({ http, log, adoptRequest }) => {
  const make = http.request as Request;
  const callback = () => {};
  for (const given of [
    [],
    ['http://127.0.0.1:1/'],
    ['http://127.0.0.1:1/', null],
    [undefined],
    [{ port: 1 }],
  ]) {
    const req = adoptRequest(make(...given, callback));
    req.on('error', () => {});
    req.destroy();
    log('listeners', given.length, req.listenerCount('response'));
  }
});
