import type { IncomingMessage, RequestOptions } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differNewest } from './differ.js';
import { malformedChunks } from './malformed.js';
import { head, ok } from './messages.js';

const length = 'Content-Length: 2';

/** What is no response. */
const malformed: [string, string][] = [
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['binary', '\x16\x03\x01\x02\0\x01\0'],
  ['a request', head('GET / HTTP/1.1', 'Host: a')],
  ['HTML', '<html><body>Hi</body></html>'],
  ['an empty line', '\r\n\r\nok'],
  ['a version of letters', `${head('HTTP/a.b 200 OK', length)}ok`],
  ['a lower-case version', `${head('http/1.1 200 OK', length)}ok`],
  ['version 2.1', `${head('HTTP/2.1 200 OK', length)}ok`],
  ['version 1.2', `${head('HTTP/1.2 200 OK', length)}ok`],
  ['version 0.8', `${head('HTTP/0.8 200 OK', length)}ok`],
  ['version 3', `${head('HTTP/3 200 OK', length)}ok`],
  ['version 11.1', `${head('HTTP/11.1 200 OK', length)}ok`],
  ['another protocol', `${head('ICY 200 OK', length)}ok`],
  ['no status', `${head('HTTP/1.1 OK', length)}ok`],
  ['a status of two digits', `${head('HTTP/1.1 20 OK', length)}ok`],
  ['a status of four digits', `${head('HTTP/1.1 2000 OK', length)}ok`],
  ['a status below 100', `${head('HTTP/1.1 099 OK', length)}ok`],
  ['a status of letters', `${head('HTTP/1.1 2x0 OK', length)}ok`],
  ['two spaces before the status', `${head('HTTP/1.1  200 OK', length)}ok`],
  ['a tab before the status', `${head('HTTP/1.1\t200 OK', length)}ok`],
  ['no space before the reason phrase', `${head('HTTP/1.1 200OK', length)}ok`],
  ['a space before the version', `${head(' HTTP/1.1 200 OK', length)}ok`],
  ['NUL in the reason phrase', `${head('HTTP/1.1 200 O\0K', length)}ok`],
  ['a bare CR in the reason phrase', `${head('HTTP/1.1 200 O\rK', length)}ok`],
  ['a bare LF after the status-line', `HTTP/1.1 200 OK\n${length}\r\n\r\nok`],
  ['a space in a field name', `${head('HTTP/1.1 200 OK', 'X A: b', length)}ok`],
  ['a space before the colon', `${head('HTTP/1.1 200 OK', 'X-A : b', length)}ok`],
  ['an empty field name', `${head('HTTP/1.1 200 OK', ': b', length)}ok`],
  ['no colon', `${head('HTTP/1.1 200 OK', 'X-A', length)}ok`],
  ['NUL in a field value', `${head('HTTP/1.1 200 OK', 'X-A: b\0c', length)}ok`],
  ['a control character in a field value', `${head('HTTP/1.1 200 OK', 'X-A: b\x01c', length)}ok`],
  ['DEL in a field value', `${head('HTTP/1.1 200 OK', 'X-A: b\x7fc', length)}ok`],
  ['a field name beyond ASCII', `${head('HTTP/1.1 200 OK', 'X-\xe9: b', length)}ok`],
  ['obs-fold', `${head('HTTP/1.1 200 OK', 'X-A: b', ' c', length)}ok`],
  ['whitespace before the first field', `${head('HTTP/1.1 200 OK', ' X-A: b', length)}ok`],
  ['a bare LF after a field', `HTTP/1.1 200 OK\r\nX-A: b\n${length}\r\n\r\nok`],
  ['a bare CR within a field', `HTTP/1.1 200 OK\r\nX-A: b\r${length}\r\n\r\nok`],
  ['a bare LF at the end of the head', `HTTP/1.1 200 OK\r\n${length}\r\n\nok`],
  ['Content-Length of letters', `${head('HTTP/1.1 200 OK', 'Content-Length: abc')}ok`],
  ['Content-Length with a sign', `${head('HTTP/1.1 200 OK', 'Content-Length: +2')}ok`],
  ['a negative Content-Length', `${head('HTTP/1.1 200 OK', 'Content-Length: -2')}ok`],
  ['an empty Content-Length', `${head('HTTP/1.1 200 OK', 'Content-Length:')}ok`],
  ['Content-Length with inner space', `${head('HTTP/1.1 200 OK', 'Content-Length: 1 2')}ok`],
  ['Content-Length as a list', `${head('HTTP/1.1 200 OK', 'Content-Length: 2, 2')}ok`],
  ['Content-Length in hexadecimal', `${head('HTTP/1.1 200 OK', 'Content-Length: 0x2')}ok`],
  ['Content-Length beyond all bounds', `${head('HTTP/1.1 200 OK', `Content-Length: ${'9'.repeat(25)}`)}ok`],
  ['two unlike Content-Length', `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 3')}ok`],
  ['two like Content-Length', `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 2')}ok`],
  [
    'Content-Length, then Transfer-Encoding',
    `${head('HTTP/1.1 200 OK', length, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding, then Content-Length',
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', length)}2\r\nok\r\n0\r\n\r\n`,
  ],
  ['chunked not last', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, gzip')}ok`],
  ['chunked twice', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, chunked')}2\r\nok\r\n0\r\n\r\n`],
  [
    'chunked in two fields',
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  ],
  ['an empty Transfer-Encoding', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding:')}ok`],
];

/** Which of these barewire reads otherwise, on purpose: see client-deviations.ts. */
const deviating = [
  ...['NUL in the reason phrase', 'obs-fold'],
  ...['chunked twice', 'chunked in two fields'],
];

const compared = malformed.filter(([label]) => !deviating.includes(label));

/** What becomes of a request that is answered with `text` and the end of the connection. */
async function answered(scene: ClientScene, text: string, options: RequestOptions = {}): Promise<void> {
  const origin = await scene.origin((connection) => connection.socket.end(text, 'latin1'));
  const agent = scene.agent({ keepAlive: true });
  const req = scene.get(origin, { agent, ...options }, 'req', ['finish', 'abort', 'timeout', 'close']);
  req.on('error', (error) => {
    const { bytesParsed, reason, rawPacket } = error as {
      bytesParsed?: number;
      reason?: string;
      rawPacket?: Buffer;
    };
    scene.log(
      'req error',
      error,
      typeof bytesParsed,
      typeof reason,
      Buffer.isBuffer(rawPacket),
      req.reusedSocket,
    );
  });
  await scene.closed();
  scene.log('left', Object.keys(agent.freeSockets).length, Object.keys(agent.sockets).length);
}

for (const [label, text] of compared) {
  // Node 20 takes that one for no Transfer-Encoding at all.
  const compare = label === 'an empty Transfer-Encoding' ? differNewest : differ;
  compare(`malformed response: ${label}`, (scene) => answered(scene, text));
}

for (const [label, text] of malformedChunks) {
  differ(`malformed chunks in a response: ${label}`, (scene) =>
    answered(scene, head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + text),
  );
}

const levels: [string, object][] = [
  ['insecureHTTPParser', { insecureHTTPParser: true }],
  ['strict', { httpValidation: 'strict' }],
  ['relaxed', { httpValidation: 'relaxed' }],
  ['insecure', { httpValidation: 'insecure' }],
];

/** What becomes of `text` at each level of validation. */
async function answeredAtEachLevel(scene: ClientScene, text: string): Promise<void> {
  for (const [level, options] of levels) {
    // On this the parser of stock 24.21 and 26.10 never returns.
    if (level === 'relaxed' && text.includes('X-A: b\0c')) continue;
    scene.log(level);
    await answered(scene, text, options);
  }
}

for (const [label, text] of compared) {
  differNewest(`malformed response at each level: ${label}`, (scene) => answeredAtEachLevel(scene, text));
}

for (const [label, text] of malformedChunks) {
  differNewest(`malformed chunks in a response at each level: ${label}`, (scene) =>
    answeredAtEachLevel(scene, head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + text),
  );
}

differ('a malformed response is the end of the connection', async (scene) => {
  const origin = await scene.origin('garbage\r\n\r\n');
  const agent = scene.agent({ keepAlive: true });
  const req = scene.get(origin, { agent });
  req.on('socket', (socket) => scene.watch('socket', socket, 'close', 'error'));
  await scene.seen('socket close');
  await scene.closed();
  scene.log('ending', await origin.connections[0].closed());
});

differ('rawPacket holds the bytes that were read', async (scene) => {
  const origin = await scene.origin('HTTP/1.1 200 OK\r\nX A: b\r\n\r\n');
  const req = scene.get(origin);
  req.on('error', (error) => {
    const {
      bytesParsed = -1,
      reason,
      rawPacket,
    } = error as {
      bytesParsed?: number;
      reason?: string;
      rawPacket?: Buffer;
    };
    scene.log('rawPacket', rawPacket);
    scene.log('reason', error.message === `Parse Error: ${reason}`);
    scene.log('bytesParsed', bytesParsed >= 0 && bytesParsed <= (rawPacket?.length ?? 0));
  });
  await scene.closed();
});

differ('a malformed response behind an interim one', async (scene) => {
  const origin = await scene.origin(`${head('HTTP/1.1 100 Continue')}garbage\r\n\r\n`);
  scene.get(origin, {}, 'req', ['continue', 'information', 'error', 'close']);
  await scene.closed();
});

differ('what comes behind a response that nobody reads yet is no error', async (scene) => {
  for (const late of ['garbage', 'HTTP/1.1 200 OK\r\n', ok()]) {
    const origin = await scene.origin(ok());
    const agent = scene.agent({ keepAlive: true });
    const req = scene.adoptRequest(scene.http.get({ host: '127.0.0.1', port: origin.port, agent }));
    req.on('error', (error) => scene.log('req error', error));
    let content = '';
    req.on('response', (res) => {
      res.on('error', (error) => scene.log('res error', error));
      setImmediate(() => origin.connections[0].send(late));
    });
    await origin.received(1);
    await scene.turns(20);
    const { res } = req as unknown as { res: IncomingMessage };
    res.on('data', (chunk) => {
      content += chunk;
    });
    res.on('end', () => scene.log('res end', content, res.complete));
    await scene.seen('res end');
  }
});

differ('a response before the request is asked for', async (scene) => {
  const origin = await scene.origin();
  origin.server.on('connection', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const req = scene.request(origin, { method: 'POST', agent: scene.agent({ keepAlive: true }) });
  await scene.seen('res end');
  req.end('late');
  await scene.closed();
});
