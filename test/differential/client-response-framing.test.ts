import { differ } from './differ.js';
import { chunk, head, lastChunk, ok } from './messages.js';

/** Responses, each whole, after which the origin closes; with whether the connection could stay open. */
const responses: [string, string][] = [
  ['Content-Length', `${head('HTTP/1.1 200 OK', 'Content-Length: 4')}text`],
  ['Content-Length: 0', head('HTTP/1.1 200 OK', 'Content-Length: 0')],
  ['Content-Length twice alike', `${head('HTTP/1.1 200 OK', 'Content-Length: 0004')}text`],
  [
    'chunked',
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk('one') + chunk('two') + lastChunk,
  ],
  ['chunked in upper case', head('HTTP/1.1 200 OK', 'TRANSFER-ENCODING: CHUNKED') + chunk('one') + lastChunk],
  ['chunked and nothing', head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + lastChunk],
  [
    'chunk extensions',
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3;a=b;c="d"\r\none\r\n0;e\r\n\r\n`,
  ],
  [
    'chunk sizes with zeros',
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0003\r\none\r\n000\r\n\r\n`,
  ],
  ['trailers', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk('one')}0\r\nX-T: t\r\n\r\n`],
  [
    'another coding and chunked',
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked') + chunk('one') + lastChunk,
  ],
  ['another coding alone', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip')}text`],
  ['close-delimited', `${head('HTTP/1.1 200 OK')}text`],
  ['close-delimited and empty', head('HTTP/1.1 200 OK')],
  ['close-delimited with Connection: close', `${head('HTTP/1.1 200 OK', 'Connection: close')}text`],
  ['close-delimited with Connection: keep-alive', `${head('HTTP/1.1 200 OK', 'Connection: keep-alive')}text`],
  ['HTTP/1.0', `${head('HTTP/1.0 200 OK')}text`],
  ['HTTP/1.0 with a length', `${head('HTTP/1.0 200 OK', 'Content-Length: 4')}text`],
  ['HTTP/1.0 that stays', `${head('HTTP/1.0 200 OK', 'Content-Length: 4', 'Connection: keep-alive')}text`],
  ['HTTP/0.9 with a length', `${head('HTTP/0.9 200 OK', 'Content-Length: 4')}text`],
  ['HTTP/0.9 that stays', `${head('HTTP/0.9 200 OK', 'Content-Length: 4', 'Connection: keep-alive')}text`],
  ['HTTP/0.9 close-delimited', `${head('HTTP/0.9 200 OK')}text`],
  [
    'HTTP/0.9 chunked',
    head('HTTP/0.9 200 OK', 'Transfer-Encoding: chunked', 'Connection: keep-alive') +
      chunk('one') +
      lastChunk,
  ],
  ['HTTP/2.0 with a length', `${head('HTTP/2.0 200 OK', 'Content-Length: 4')}text`],
  ['HTTP/2.0 that stays', `${head('HTTP/2.0 200 OK', 'Content-Length: 4', 'Connection: keep-alive')}text`],
  ['HTTP/2.0 close-delimited', `${head('HTTP/2.0 200 OK')}text`],
  [
    'HTTP/2.0 chunked',
    head('HTTP/2.0 200 OK', 'Transfer-Encoding: chunked', 'Connection: keep-alive') +
      chunk('one') +
      lastChunk,
  ],
  ['204', head('HTTP/1.1 204 No Content')],
  ['304', head('HTTP/1.1 304 Not Modified', 'Content-Length: 4')],
  ['205', head('HTTP/1.1 205 Reset Content', 'Content-Length: 0')],
  ['404', `${head('HTTP/1.1 404 Not Found', 'Content-Length: 4')}text`],
  ['500', `${head('HTTP/1.1 500 Internal Server Error', 'Content-Length: 4')}text`],
  ['a status nobody knows', `${head('HTTP/1.1 299 Own', 'Content-Length: 4')}text`],
  ['999', `${head('HTTP/1.1 999 Request denied', 'Content-Length: 4')}text`],
  ['600', `${head('HTTP/1.1 600 Beyond', 'Content-Length: 4')}text`],
  ['no reason phrase', `${head('HTTP/1.1 200 ', 'Content-Length: 4')}text`],
  ['no space behind the status', `${head('HTTP/1.1 200', 'Content-Length: 4')}text`],
  ['a long reason phrase', `${head('HTTP/1.1 200 Not so, but \t well', 'Content-Length: 4')}text`],
  ['a reason phrase beyond ASCII', `${head('HTTP/1.1 200 \xe9t\xe9', 'Content-Length: 4')}text`],
  [
    'Connection: close and a length',
    `${head('HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 4')}text`,
  ],
  [
    'Proxy-Connection: close and a length',
    `${head('HTTP/1.1 200 OK', 'Proxy-Connection: close', 'Content-Length: 4')}text`,
  ],
  [
    'HTTP/1.0 that stays by Proxy-Connection',
    `${head('HTTP/1.0 200 OK', 'Content-Length: 4', 'Proxy-Connection: keep-alive')}text`,
  ],
  ['Connection: Close', `${head('HTTP/1.1 200 OK', 'Connection: Close', 'Content-Length: 4')}text`],
  ['Connection as a list', `${head('HTTP/1.1 200 OK', 'Connection: a, close', 'Content-Length: 4')}text`],
  ['Connection of another name', `${head('HTTP/1.1 200 OK', 'Connection: closed', 'Content-Length: 4')}text`],
  [
    'Connection in two fields',
    `${head('HTTP/1.1 200 OK', 'Connection: a', 'Connection: close', 'Content-Length: 4')}text`,
  ],
  ['Keep-Alive', `${head('HTTP/1.1 200 OK', 'Keep-Alive: timeout=5', 'Content-Length: 4')}text`],
  [
    'an Upgrade that was not asked for',
    `${head('HTTP/1.1 200 OK', 'Connection: upgrade', 'Upgrade: h2c', 'Content-Length: 4')}text`,
  ],
];

/** To HEAD these are no end of the connection: see client-deviations.ts. */
const deviatingToHead = [
  ...['another coding alone', 'close-delimited', 'close-delimited and empty'],
  'close-delimited with Connection: keep-alive',
];

for (const [label, response] of responses) {
  for (const method of ['GET', 'HEAD']) {
    if (method === 'HEAD' && deviatingToHead.includes(label)) continue;
    differ(`response to ${method}: ${label}`, async (scene) => {
      const origin = await scene.origin(async (connection) => {
        await connection.send(method === 'HEAD' ? `${response.split('\r\n\r\n')[0]}\r\n\r\n` : response);
      });
      const agent = scene.agent({ keepAlive: true });
      agent.on('free', () => scene.log('free'));
      const req = scene.get(origin, { agent, method });
      req.on('response', (res) => {
        scene.log('version', res.httpVersion, res.httpVersionMajor, res.httpVersionMinor);
        scene.log('raw', res.rawHeaders, req.shouldKeepAlive);
        res.on('end', () => scene.log('trailers', res.trailers, res.rawTrailers));
      });
      await scene.seen('version');
      await scene.turns(4);
      scene.log('before the end of the connection', Object.keys(agent.freeSockets).length);
      origin.connections[0].end();
      await scene.closed();
      scene.log('after', Object.keys(agent.freeSockets).length, Object.keys(agent.sockets).length);
    });
  }
}

for (const [label, response] of responses) {
  differ(`response byte by byte: ${label}`, async (scene) => {
    const origin = await scene.origin(async (connection) => {
      for (const byte of response) {
        await connection.send(byte);
        await scene.turns(1);
      }
      connection.end();
    });
    scene.get(origin, { agent: false });
    await scene.closed();
  });
}

differ('a response to HEAD with content', async (scene) => {
  const origin = await scene.origin(ok('text'));
  const agent = scene.agent({ keepAlive: true });
  scene.get(origin, { agent, method: 'HEAD' });
  await scene.closed();
  await scene.turns();
  scene.log('free', Object.keys(agent.freeSockets).length);
});

differ('a 204 and a 304 with content', async (scene) => {
  for (const status of ['204 No Content', '304 Not Modified', '205 Reset Content']) {
    const origin = await scene.origin((connection) => {
      connection.socket.end(`${head(`HTTP/1.1 ${status}`, 'Content-Length: 4')}text`);
    });
    scene.get(origin, { agent: false });
    await scene.closed();
  }
});

differ('a second response behind the first', async (scene) => {
  const origin = await scene.origin(ok('first') + ok('second'));
  for (const keepAlive of [true, false]) {
    const agent = scene.agent({ keepAlive, maxSockets: 1 });
    agent.on('free', () => scene.log('free'));
    scene.get(origin, { agent }, 'first');
    scene.get(origin, { agent }, 'second');
    await scene.closed('first');
    await scene.closed('second');
    await scene.turns();
    scene.log('left', Object.keys(agent.freeSockets).length, Object.keys(agent.sockets).length);
  }
});

differ('garbage behind a response', async (scene) => {
  const origin = await scene.origin(`${ok('first')}garbage`, ok('good'));
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  scene.get(origin, { agent }, 'first');
  await scene.closed('first');
  await scene.turns();
  scene.get(origin, { agent }, 'second');
  await scene.closed('second');
  scene.log('connections', origin.connections.length);
});

differ('more content than Content-Length says', async (scene) => {
  const origin = await scene.origin(
    `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close')}text`,
  );
  scene.get(origin, { agent: false });
  await scene.closed();
});

differ('a large response arrives whole', async (scene) => {
  const content = 'a'.repeat(1_000_000);
  const origin = await scene.origin(
    ok(content),
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk(content) + lastChunk,
  );
  for (let count = 0; count < 2; count++) {
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
    req.on('response', (res) => {
      let length = 0;
      res.on('data', (data: Buffer) => {
        length += data.length;
      });
      res.on('end', () => scene.log('end', length));
      res.on('close', () => scene.log('res close', res.complete));
    });
    req.on('close', () => scene.log('req close'));
    await scene.seen('req close', count + 1);
  }
});

differ('setEncoding joins characters over segments', async (scene) => {
  const origin = await scene.origin(async (connection) => {
    await connection.send(head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk('\xe2\x82'));
    await scene.turns();
    await connection.send(chunk('\xac') + lastChunk);
  });
  const req = scene.get(origin);
  req.on('response', (res) => res.setEncoding('utf8').on('data', (text) => scene.log('data', text)));
  await scene.closed();
});
