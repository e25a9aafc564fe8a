import type { Duplex } from 'node:stream';
import { differ } from './differ.js';
import { malformed, malformedChunks } from './malformed.js';
import { chunkedPost, get, head } from './messages.js';
import type { Scene } from './scene.js';

interface ParseError extends NodeJS.ErrnoException {
  bytesParsed?: number;
  reason?: string;
  rawPacket?: Buffer;
}

/** A server that logs `members` of each clientError, and closes the connection. */
async function errorServer(scene: Scene, members: (keyof ParseError)[]) {
  const server = await scene.serve((req, res) => {
    scene.log('request');
    res.on('error', () => {});
    req.on('error', () => {}).resume();
  });
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    scene.log('clientError', error.name, error.message, ...members.map((member) => error[member]));
    socket.destroy();
  });
  return server;
}

async function refused(scene: Scene, members: (keyof ParseError)[], label: string, text: string) {
  const server = await errorServer(scene, members);
  scene.log(label);
  const client = scene.connect(server);
  await client.send(text);
  await client.closed();
}

for (const [label, text] of malformed) {
  differ(`clientError code: ${label}`, (scene) => refused(scene, ['code'], label, text));
}

differ('clientError code: an unknown method', async (scene) => {
  await refused(scene, ['code'], 'unknown', head('FOO / HTTP/1.1', 'Host: a'));
  await refused(scene, ['code'], 'lower case', head('get / HTTP/1.1', 'Host: a'));
});

for (const [label, text] of malformedChunks) {
  const whole = chunkedPost() + text;
  differ(`clientError code in chunks: ${label}`, (scene) => refused(scene, ['code'], label, whole));
}

for (const [label, text] of malformed.slice(0, 3)) {
  differ(
    `clientError is emitted once where its listener destroys the socket with it: ${label}`,
    async (scene) => {
      const server = await scene.serve();
      server.on('clientError', (error: ParseError, socket: Duplex) => {
        scene.log('clientError', error.code);
        socket.on('close', () => scene.log('socket close'));
        socket.destroy(error);
      });
      const client = scene.connect(server);
      await client.send(text);
      await scene.seen('socket close');
    },
  );
}

differ('clientError is emitted once for a socket that is destroyed with two errors', async (scene) => {
  const server = await scene.serve();
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    scene.log('clientError', error.message);
    socket.on('close', () => scene.log('socket close'));
    socket.destroy(new Error('another'));
  });
  const client = scene.connect(server);
  await client.send('nonsense\r\n\r\n');
  await scene.seen('socket close');
});

differ(
  'the reason phrase of an error reply is not what the application makes of STATUS_CODES',
  async (scene) => {
    const { STATUS_CODES } = scene.http;
    const own = STATUS_CODES[400];
    scene.atTheEnd(() => {
      STATUS_CODES[400] = own;
    });
    const server = await scene.serve(() => scene.log('request'));
    for (const phrase of ['Mine', 'Mine\r\nX-Injected: 1', undefined]) {
      STATUS_CODES[400] = phrase;
      const client = scene.connect(server);
      await client.send(head('GET / HTTP/1.1', 'No Token: a'));
      await client.closed();
      scene.log(client.received.split('\r\n')[0], /injected/i.test(client.received));
    }
  },
);

differ('bytesParsed of an unknown method tells how far it could have been a known one', async (scene) => {
  const server = await errorServer(scene, ['code', 'bytesParsed']);
  const methods = [
    ...[
      'FOO',
      'FLUSHX',
      'A',
      'AN',
      'DES',
      'SETX',
      'TRX',
      'GETX',
      'GET_X',
      'HEADX',
      'PRX',
      'QUX',
      'get',
      'BREW',
      'X',
    ],
    ...['G', 'UNSUBSCRIBER', 'M-SEARC', 'GET(', '(', 'PO\xffT'],
  ];
  for (const method of methods) {
    scene.log(method);
    const client = scene.connect(server);
    await client.send(head(`${method} / HTTP/1.1`, 'Host: a'));
    await client.closed();
  }
});

differ('an unknown method in what is no request-line is answered with 400', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  for (const line of ['FOO /', 'FOO / ', 'FOO', 'FOO / HTTP', 'FOO / RTSP/1.0', 'FOO /a b HTTP/1.1']) {
    const client = scene.connect(server);
    await client.send(`${line}\r\n`);
    await client.closed();
    scene.log(client.received.split('\r\n')[0]);
  }
});

differ('reason is the end of the message, rawPacket the bytes that were read', async (scene) => {
  const server = await scene.serve();
  server.on('clientError', ({ message, reason, rawPacket }: ParseError, socket: Duplex) => {
    scene.log('clientError', message === `Parse Error: ${reason}`, rawPacket);
    socket.destroy();
  });
  for (const [, text] of malformed) {
    const client = scene.connect(server);
    await client.send(text);
    await client.closed();
  }
});

differ('bytesParsed of a head that is too large is the end of the value that is', async (scene) => {
  const value = 'a'.repeat(16384);
  const firstLine = 'GET / HTTP/1.1\r\n';
  for (const text of [
    `${firstLine}Cookie: ${value}`,
    `${firstLine}Cookie: ${value}\r\nX: y\r\n\r\n`,
    `${firstLine}Cookie: b\r\nCookie: ${value}\r`,
  ]) {
    const server = await errorServer(scene, ['code', 'bytesParsed']);
    // As one chunk, which the network would not promise.
    server.on('connection', (socket) => socket.push(text));
    await scene.connect(server).closed();
  }
});

// Which byte a parser stumbles over is its own affair: only that bytesParsed is an offset in rawPacket counts.
differ('bytesParsed is an offset in rawPacket', async (scene) => {
  const server = await scene.serve();
  server.on('clientError', ({ bytesParsed = -1, rawPacket }: ParseError, socket: Duplex) => {
    scene.log('offset', bytesParsed >= 0 && bytesParsed <= (rawPacket?.length ?? 0));
    socket.destroy();
  });
  for (const [, text] of malformed) {
    const client = scene.connect(server);
    await client.send(text);
    await client.closed();
  }
});

differ('the default reply to a malformed message', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  for (const [label, text] of malformed) {
    const client = scene.connect(server);
    await client.send(text);
    await client.closed();
    scene.recordText(`${label}: `);
    scene.record(client);
  }
});

differ('the default reply to malformed chunks', async (scene) => {
  const server = await scene.serve((req) => {
    scene.watch('req', req, 'error', 'aborted', 'close');
    req.resume();
  });
  const client = scene.connect(server);
  await client.send(`${chunkedPost()}xyz\r\n`);
  await client.closed();
  scene.record(client);
  await scene.seen('req close');
});

differ('malformed chunks after the head of the response is sent', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.on('error', (error) => scene.log('req error', error)).resume();
    res.on('close', () => scene.log('res close'));
    res.write('begun');
  });
  const client = scene.connect(server);
  await client.send(chunkedPost());
  await client.until('begun');
  await client.send('xyz\r\n');
  await client.closed();
  await scene.seen('res close');
  scene.record(client);
});

differ('a head beyond maxHeaderSize', async (scene) => {
  const server = await scene.serve(() => scene.log('request'), { maxHeaderSize: 1000 });
  const client = scene.connect(server);
  await client.send(get('/', `X-Long: ${'a'.repeat(2000)}`));
  await client.closed();
  scene.record(client);
});

differ('a head beyond maxHeaderSize is a clientError of its own', async (scene) => {
  const server = await errorServer(scene, ['code']);
  const client = scene.connect(server);
  await client.send(get('/', `X-Long: ${'a'.repeat(17_000)}`));
  await client.closed();
});

differ('a clientError listener writes the reply', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    scene.log('writable', socket.writable, socket.destroyed, error.code);
    socket.end('HTTP/1.1 400 Mine\r\nContent-Length: 0\r\n\r\n');
  });
  const client = scene.connect(server);
  await client.send('nonsense\r\n\r\n');
  await client.closed();
  scene.record(client);
});

differ('clientError for a reset connection', async (scene) => {
  const server = await errorServer(scene, ['code']);
  server.on('connection', () => scene.log('connection'));
  const client = scene.connect(server);
  await client.send('GET / HT');
  await scene.seen('connection');
  await scene.turns();
  client.reset();
  await scene.seen('clientError');
});

differ('clientError for FIN within the head', async (scene) => {
  const server = await errorServer(scene, ['code', 'bytesParsed']);
  const client = scene.connect(server);
  await client.send('GET / HT');
  client.end();
  await client.closed();
  await scene.seen('clientError');
});

differ('the default reply to FIN within the head', async (scene) => {
  const server = await scene.serve();
  const client = scene.connect(server, { allowHalfOpen: true });
  await client.send('GET / HT');
  client.end();
  await client.closed();
  scene.record(client);
});

differ('FIN before any byte is no error', async (scene) => {
  const server = await errorServer(scene, ['code']);
  server.on('connection', (socket) => scene.watch('socket', socket, 'end', 'close'));
  const client = scene.connect(server);
  client.end();
  await client.closed();
  await scene.seen('socket close');
});

differ('an error in the second message of a connection', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    res.end('first');
  });
  const client = scene.connect(server);
  await client.send(get('/first'));
  await client.until('first');
  await client.send('nonsense\r\n\r\n');
  await client.closed();
  scene.record(client);
});

differ('several errors on one connection are one clientError', async (scene) => {
  const server = await scene.serve();
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    scene.log('clientError', error.code);
    setImmediate(() => socket.destroy());
  });
  const client = scene.connect(server);
  await client.send('nonsense\r\n\r\n');
  await client.send('nonsense\r\n\r\n').catch(() => {});
  await client.closed();
});

differ('clientError comes once where its listener destroys the socket with the error', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code);
    socket.on('error', (reason: NodeJS.ErrnoException) => scene.log('socket error', reason.code));
    socket.on('close', () => scene.log('socket close'));
    socket.destroy(error);
  });
  await scene.connect(server).send('GET / HTTP/1.1\r\nHost: a b\r\nno field\r\n\r\n');
  await scene.seen('socket close');
  await scene.turns();
});
