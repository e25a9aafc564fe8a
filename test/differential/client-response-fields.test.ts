import type { IncomingMessage, RequestOptions } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differNewest } from './differ.js';
import { chunk, head, ok } from './messages.js';

async function read(
  scene: ClientScene,
  response: string,
  look: (res: IncomingMessage) => void,
  options: RequestOptions = {},
): Promise<void> {
  const origin = await scene.origin((connection) => connection.socket.end(response, 'latin1'));
  const req = scene.get(origin, { agent: false, ...options });
  req.on('response', look);
  await scene.closed();
}

const singles = [
  ...[
    'age',
    'authorization',
    'content-length',
    'content-type',
    'etag',
    'expires',
    'from',
    'host',
    'if-match',
  ],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards', 'referer'],
  ...[
    'proxy-authorization',
    'retry-after',
    'server',
    'user-agent',
    'cookie',
    'set-cookie',
    'vary',
    'via',
    'x-own',
  ],
  ...['accept', 'date', 'link', 'warning', 'www-authenticate', 'origin', 'cache-control', 'allow', 'trailer'],
];

for (const joinDuplicateHeaders of [false, true]) {
  differ(`duplicate fields, joinDuplicateHeaders ${joinDuplicateHeaders}`, async (scene) => {
    const lines = singles
      .filter((name) => name !== 'content-length')
      .flatMap((name) => [`${name}: first`, `${name.toUpperCase()}: second`]);
    await read(
      scene,
      ok('', ...lines),
      (res) => {
        for (const [name, value] of Object.entries(res.headers)) scene.log(name, value);
        for (const name of singles) scene.log(`distinct ${name}`, res.headersDistinct[name]);
      },
      { joinDuplicateHeaders } as RequestOptions,
    );
  });
}

differ('rawHeaders keep order and case', (scene) =>
  read(scene, ok('', 'x-B: 1', 'X-a:   2  ', 'X-B:3', 'x-empty:', 'X-Tab:\ta\tb\t'), (res) => {
    scene.log('rawHeaders', res.rawHeaders);
    scene.log('headers', res.headers);
  }),
);

differ('names of object members are fields like others', (scene) =>
  read(scene, ok('', '__proto__: a', 'constructor: b', 'hasOwnProperty: c', 'toString: d'), (res) => {
    scene.log('keys', Object.keys(res.headers), res.rawHeaders);
    scene.log('values', res.headers.constructor, res.headers.hasownproperty, res.headers.tostring);
    scene.log('distinct', Object.keys(res.headersDistinct));
  }),
);

differ('values beyond ASCII are latin1', (scene) =>
  read(scene, ok('', 'X-A: caf\xe9 \x80\xff'), (res) => scene.log('value', res.headers['x-a'])),
);

differ('trailers of a response', async (scene) => {
  const fields = '0\r\nX-T: 1\r\nx-t: 2\r\nSet-Cookie: a\r\nContent-Length: 5\r\nEtag: x\r\nETag: y\r\n\r\n';
  await read(scene, head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk('one') + fields, (res) => {
    scene.log('at first', res.trailers, res.rawTrailers, res.trailersDistinct);
    res.on('end', () => scene.log('at end', res.trailers, res.rawTrailers, res.trailersDistinct));
  });
});

differ('members of a response', (scene) =>
  read(scene, ok('text', 'X-A: a'), (res) => {
    scene.properties('res', res, [
      ...(['statusCode', 'statusMessage', 'httpVersion', 'method', 'url', 'complete', 'aborted'] as const),
      ...([
        'destroyed',
        'readable',
        'readableEnded',
        'readableFlowing',
        'errored',
        'readableObjectMode',
      ] as const),
    ]);
    scene.log('upgrade', (res as unknown as { upgrade: unknown }).upgrade);
    scene.log('instance', res instanceof scene.http.IncomingMessage);
    res.on('end', () => scene.properties('end', res, ['complete', 'readableEnded', 'destroyed', 'aborted']));
    res.on('close', () =>
      scene.properties('close', res, ['complete', 'readableEnded', 'destroyed', 'aborted']),
    );
  }),
);

differ('maxHeaderSize of the options', async (scene) => {
  for (const size of [100, 1000, 16_000, 17_000, 70_000]) {
    for (const maxHeaderSize of [undefined, 500, 65_536]) {
      await read(scene, ok('', `X-A: ${'a'.repeat(size)}`), () => {}, { maxHeaderSize });
    }
  }
});

differ('a status-line beyond maxHeaderSize', (scene) =>
  read(scene, head(`HTTP/1.1 200 ${'a'.repeat(20_000)}`, 'Content-Length: 0'), () => {}),
);

differ('trailers beyond maxHeaderSize', (scene) =>
  read(
    scene,
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    () => {},
  ),
);

differNewest('maxHeadersCount', async (scene) => {
  const fields = Array.from({ length: 30 }, (_, index) => `X-${index}: ${index}`);
  for (const maxHeadersCount of [undefined, null, 0, 1, 10, 31, 100]) {
    const origin = await scene.origin((connection) => connection.socket.end(ok('', ...fields)));
    const req = scene.request(origin, { agent: false });
    if (maxHeadersCount !== undefined) Object.assign(req, { maxHeadersCount });
    scene.log('maxHeadersCount', req.maxHeadersCount);
    req.on('response', (res) => scene.log('fields', Object.keys(res.headers).length));
    req.end();
    await scene.closed();
  }
});

differNewest('more than a thousand fields', async (scene) => {
  const fields = Array.from({ length: 1500 }, (_, index) => `X${index}: `);
  const origin = await scene.origin((connection) => connection.socket.end(ok('', ...fields)));
  for (const maxHeadersCount of [undefined, 0, 2000]) {
    const req = scene.request(origin, { agent: false });
    if (maxHeadersCount !== undefined) Object.assign(req, { maxHeadersCount });
    req.on('response', (res) => scene.log('fields', res.rawHeaders.length, Object.keys(res.headers).length));
    req.end();
    await scene.closed();
  }
});

differ('headers can be assigned and read again', (scene) =>
  read(scene, ok('', 'X-A: a'), (res) => {
    const { headers } = res;
    scene.log('same', res.headers === headers);
    (res as { headers: object }).headers = { own: 'b' };
    scene.log('assigned', res.headers);
  }),
);

differ('setTimeout of a response', (scene) =>
  read(scene, ok(), (res) => scene.log('returns', res.setTimeout(1000) === res)),
);

/** Logs 'readable' and 'end' of the response to a GET that is answered so; `act` is called for each 'readable'. */
async function readable(
  scene: ClientScene,
  replies: readonly string[],
  act: (res: IncomingMessage) => void = () => {},
): Promise<void> {
  const origin = await scene.origin(async (connection) => {
    for (const reply of replies) {
      await connection.send(reply);
      await scene.turns(5);
    }
  });
  const req = scene.adoptRequest(scene.http.get({ host: '127.0.0.1', port: origin.port, agent: false }));
  req.on('response', (res) => {
    res.on('readable', () => {
      scene.log('readable', res.readableLength, res.complete);
      act(res);
    });
    res.on('end', () => scene.log('end'));
  });
  await scene.seen('readable');
  await scene.turns(20);
}

differ('one readable for content and end that came together', async (scene) => {
  await readable(scene, [ok('whole')]);
  await readable(scene, [ok('whole')], (res) => scene.log('read', res.read()));
  await readable(scene, [ok('whole')], (res) => scene.log('read', res.read(2)));
});

differ('readable for content in pieces, and for the end', async (scene) => {
  const replies = [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
    '2\r\ncd\r\n',
    '0\r\n\r\n',
  ];
  await readable(scene, replies);
  await readable(scene, replies, (res) => scene.log('read', res.read()));
});

differ('a response without content ends for who listens for readable', (scene) =>
  readable(scene, ['HTTP/1.1 204 No Content\r\n\r\n']),
);
