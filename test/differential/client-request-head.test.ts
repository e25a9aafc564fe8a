import type { ClientRequest, RequestOptions } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differNewest } from './differ.js';
import { ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');

/** Makes a request, lets `act` use it, and records what arrives. */
async function made(scene: ClientScene, options: RequestOptions, act: (req: ClientRequest) => void) {
  const origin = await scene.origin(options.method === 'HEAD' ? ok('', 'Connection: close') : lastOk);
  const req = scene.request(origin, options);
  act(req);
  await scene.closed();
  scene.recordOrigin(origin);
}

const methods = [
  'GET',
  'HEAD',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'POST',
  'PUT',
  'PATCH',
  'QUERY',
  'PROPFIND',
  'X-OWN',
];

/** Content of others is framed where stock leaves it without: see client-deviations.ts. */
const takesContent = ['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'X-OWN'];

for (const method of methods) {
  differ(`framing of ${method}: end(), end(text), write and end, flushHeaders and end`, async (scene) => {
    await made(scene, { method }, (req) => req.end());
    await made(scene, { method }, (req) => req.end(''));
    if (takesContent.includes(method)) {
      await made(scene, { method }, (req) => req.end('text'));
      await made(scene, { method }, (req) => {
        req.write('one');
        req.end('two');
      });
      await made(scene, { method }, (req) => {
        req.flushHeaders();
        req.end('text');
      });
    }
    await made(scene, { method }, (req) => {
      req.flushHeaders();
      req.end();
    });
  });

  differ(`framing of ${method} with fields of its own`, async (scene) => {
    const post = (headers: RequestOptions['headers'], body?: string) =>
      made(scene, { method, headers }, (req) => req.end(body));
    await post({ 'Content-Length': 4 }, 'text');
    await post({ 'Content-Length': '0' });
    await post({ 'Transfer-Encoding': 'chunked' }, 'text');
    await post({ 'Transfer-Encoding': 'chunked' });
    await post({ Trailer: 'X-A', 'Transfer-Encoding': 'chunked' }, 'text');
  });
}

differ('useChunkedEncodingByDefault is set by the method, and can be set', async (scene) => {
  for (const method of methods) {
    await made(scene, { method }, (req) => {
      scene.log(method, req.useChunkedEncodingByDefault, req.chunkedEncoding);
      req.useChunkedEncodingByDefault = true;
      req.write('one');
      req.end('two');
      scene.log('chunked', req.chunkedEncoding);
    });
  }
});

differ('a POST without content after removeHeader', async (scene) => {
  await made(scene, { method: 'POST' }, (req) => {
    req.removeHeader('content-length');
    req.end();
  });
  await made(scene, { method: 'POST' }, (req) => {
    req.removeHeader('transfer-encoding');
    req.end('text');
  });
  await made(scene, { method: 'POST' }, (req) => {
    req.removeHeader('Host');
    req.removeHeader('Connection');
    req.end('text');
  });
});

differ('the order of fields', async (scene) => {
  await made(scene, { method: 'POST', auth: 'a:b', headers: { 'x-first': '1', ACCEPT: '*/*' } }, (req) => {
    req.setHeader('X-Later', 'l');
    req.setHeader('accept', 'text/plain');
    req.end('text');
  });
  await made(scene, { headers: { 'X-A': 'a', Host: 'mine', Connection: 'close', 'X-B': 'b' } }, (req) => {
    req.removeHeader('X-A');
    req.setHeader('X-A', 'again');
    req.end();
  });
});

differ('members for fields', async (scene) => {
  const { log, attempt } = scene;
  await made(
    scene,
    { method: 'POST', headers: { 'X-A': 'a', 'x-List': ['1', '2'], 'X-Number': 3 } },
    (req) => {
      log('getHeaders', req.getHeaders());
      log('getHeaderNames', req.getHeaderNames());
      log('getRawHeaderNames', req.getRawHeaderNames());
      log(
        'getHeader',
        req.getHeader('x-a'),
        req.getHeader('X-LIST'),
        req.getHeader('x-number'),
        req.getHeader('none'),
      );
      log('hasHeader', req.hasHeader('HOST'), req.hasHeader('none'));
      log('setHeader', req.setHeader('x-set', 's') === req);
      log('appendHeader', req.appendHeader('X-Set', 't') === req, req.getHeader('x-set'));
      log('setHeaders', req.setHeaders(new Map([['X-Map', 'm']])) === req);
      req.setHeaders(new Headers({ 'X-Fetch': 'f', 'Set-Cookie': 'a=b' }));
      attempt('setHeaders of an object', () => req.setHeaders({ 'X-Object': 'o' } as never));
      attempt('setHeader without value', () => (req.setHeader as unknown as (name: string) => void)('X-A'));
      attempt('setHeader of a bad name', () => req.setHeader('a b', 'c'));
      attempt('setHeader of a bad value', () => req.setHeader('X-A', 'a\n'));
      attempt('getHeader of no string', () => req.getHeader(1 as never));
      attempt('removeHeader of no string', () => req.removeHeader(undefined as never));
      req.end('text');
      log('headersSent', req.headersSent);
      attempt('setHeader later', () => req.setHeader('X-Late', 'l'));
      attempt('appendHeader later', () => req.appendHeader('X-Late', 'l'));
      attempt('setHeaders later', () => req.setHeaders(new Map()));
      attempt('removeHeader later', () => req.removeHeader('X-A'));
      attempt('getHeader later', () => req.getHeader('X-A'));
      attempt('flushHeaders later', () => req.flushHeaders());
    },
  );
});

differ('headersSent and when', async (scene) => {
  const origin = await scene.origin(lastOk);
  const write = scene.request(origin, { method: 'POST' }, 'write');
  scene.log('before', write.headersSent);
  write.write('a');
  scene.log('after write', write.headersSent);
  write.end();
  const flushed = scene.request(origin, {}, 'flushed');
  flushed.flushHeaders();
  scene.log('after flushHeaders', flushed.headersSent);
  flushed.end();
  await scene.closed('write');
  await scene.closed('flushed');
});

differ('header values in options and in setHeader are sent in latin1', (scene) =>
  made(scene, { headers: { 'X-A': 'caf\xe9 \xff' } }, (req) => req.end()),
);

differ('headers in an array are sent as they are', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, {
    headers: ['Host', 'a', 'X-A', 'a', 'X-A', 'b'] as never,
    method: 'POST',
  });
  scene.log('getHeaders', req.getHeaders(), req.headersSent);
  scene.attempt('setHeader', () => req.setHeader('X-B', 'b'));
  req.end('text');
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('Content-Length is computed in bytes', async (scene) => {
  await made(scene, { method: 'POST' }, (req) => req.end('é€😀'));
  await made(scene, { method: 'POST' }, (req) => req.end('é', 'latin1'));
  await made(scene, { method: 'POST' }, (req) => req.end('616263', 'hex'));
  await made(scene, { method: 'POST' }, (req) => req.end(Buffer.from([0, 255])));
  await made(scene, { method: 'POST' }, (req) => req.end(new Uint8Array([1, 2])));
});

differ('trailers of a request', async (scene) => {
  await made(scene, { method: 'POST', headers: { Trailer: 'X-T' } }, (req) => {
    req.write('a');
    req.addTrailers({ 'X-T': 't', 'X-U': '\xe9' });
    req.end('b');
  });
  await made(scene, { method: 'POST' }, (req) => {
    req.write('a');
    req.addTrailers([
      ['X-T', 't'],
      ['X-T', 'u'],
    ]);
    req.end();
  });
  await made(scene, { method: 'POST', headers: { 'Content-Length': 1 } }, (req) => {
    req.addTrailers({ 'X-T': 'lost' });
    req.end('a');
  });
  await made(scene, {}, (req) => {
    req.addTrailers({ 'X-T': 'lost' });
    req.end();
  });
  await made(scene, { method: 'POST' }, (req) => {
    scene.attempt('bad name', () => req.addTrailers({ 'a b': 'c' }));
    scene.attempt('bad value', () => req.addTrailers({ a: 'c\n' }));
    req.end();
  });
});

differ('Connection: close in the request, and shouldKeepAlive', async (scene) => {
  const agent = scene.agent({ keepAlive: true });
  const origin = await scene.origin(ok());
  for (const [label, change] of [
    ['shouldKeepAlive = false', (req: ClientRequest) => Object.assign(req, { shouldKeepAlive: false })],
    ['setHeader close', (req: ClientRequest) => req.setHeader('Connection', 'close')],
    ['setHeader CLOSE', (req: ClientRequest) => req.setHeader('Connection', 'CLOSE')],
    ['setHeader list', (req: ClientRequest) => req.setHeader('Connection', 'te, close')],
    ['removeHeader', (req: ClientRequest) => req.removeHeader('Connection')],
    ['nothing', () => {}],
  ] as const) {
    const req = scene.request(origin, { agent }, label);
    scene.log('shouldKeepAlive', req.shouldKeepAlive);
    change(req);
    req.end();
    await scene.closed(label);
    scene.log('free', Object.keys(agent.freeSockets).length);
  }
  scene.recordOrigin(origin);
});

differ('the head is written once, and in the first segment with the content', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, { method: 'POST' });
  scene.log('_header', (req as unknown as { _header: unknown })._header);
  req.write('a');
  scene.log('_header', (req as unknown as { _header: unknown })._header);
  req.end();
  await scene.closed();
});

differNewest('strictContentLength', async (scene) => {
  for (const text of ['', 'ab', 'abc']) {
    const origin = await scene.origin(lastOk);
    const req = scene.request(origin, { method: 'POST', headers: { 'Content-Length': 3 } });
    (req as unknown as { strictContentLength: boolean }).strictContentLength = true;
    scene.attempt(`end ${text}`, () => req.end(text) === req);
    await scene.turns();
    req.destroy();
    await scene.closed();
  }
});
