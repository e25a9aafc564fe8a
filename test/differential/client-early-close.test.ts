import { differ } from './differ.js';
import { chunk, head, ok } from './messages.js';

const phases: [string, string][] = [
  ['before any byte', ''],
  ['within the status-line', 'HTTP/1.1 2'],
  ['within the head', 'HTTP/1.1 200 OK\r\nX-A: a'],
  ['within the end of the head', 'HTTP/1.1 200 OK\r\nX-A: a\r\n\r'],
  ['after an interim response', head('HTTP/1.1 100 Continue')],
  ['behind the head', head('HTTP/1.1 200 OK', 'Content-Length: 4')],
  ['within the content', `${head('HTTP/1.1 200 OK', 'Content-Length: 4')}te`],
  ['behind the head of chunked content', head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')],
  ['within a chunk size', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}1`],
  ['within a chunk', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}5\r\nab`],
  ['between chunks', head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk('one')],
  ['within the last chunk', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}${chunk('one')}0\r\n`],
  [
    'within the trailers',
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}${chunk('one')}0\r\nX-T: t`,
  ],
  ['within close-delimited content', `${head('HTTP/1.1 200 OK')}text`],
  ['behind a whole response', ok()],
];

const ways = {
  ends: 'end',
  resets: 'reset',
} as const;

for (const [phase, text] of phases) {
  for (const [verb, way] of Object.entries(ways)) {
    for (const keepAlive of [false, true]) {
      // See client-deviations.ts.
      if (way === 'reset' && phase === 'within close-delimited content') continue;
      differ(`the server ${verb} ${phase}, keepAlive ${keepAlive}`, async (scene) => {
        const origin = await scene.origin(async (connection) => {
          if (text !== '') await connection.send(text);
        });
        const agent = scene.agent({ keepAlive });
        const req = scene.get(origin, { agent });
        let received = 0;
        req.on('socket', (socket) => {
          socket.on('data', (data) => {
            received += data.length;
            scene.log('received', received);
          });
        });
        await origin.received(1);
        if (text !== '') await scene.seen(`received ${text.length}`);
        await scene.turns(3);
        origin.connections[0][way]();
        await scene.closed();
        await scene.turns();
        scene.log('left', Object.keys(agent.sockets).length, Object.keys(agent.freeSockets).length);
        scene.log('states', req.destroyed, req.aborted, req.reusedSocket);
      });
    }
  }
}

differ('the states of a response that was cut off', async (scene) => {
  const origin = await scene.origin((connection) => {
    connection.socket.end(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  });
  const req = scene.get(origin, { agent: false });
  req.on('response', (res) => {
    const members = [
      'complete',
      'aborted',
      'destroyed',
      'readableEnded',
      'readableAborted',
      'errored',
    ] as const;
    res.on('aborted', () => scene.properties('aborted', res, members));
    res.on('error', () => scene.properties('error', res, members));
    res.on('close', () => scene.properties('close', res, members));
    req.on('close', () => scene.properties('req close', req, ['destroyed', 'aborted', 'writableFinished']));
  });
  await scene.closed();
});

differ('a response that was cut off without a listener for error', async (scene) => {
  const origin = await scene.origin((connection) => {
    connection.socket.end(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  });
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
  req.on('response', (res) => {
    res.resume();
    scene.watch('res', res, 'aborted', 'end', 'close');
  });
  req.on('close', () => scene.log('req close'));
  await scene.seen('req close');
  await scene.seen('res close');
});

differ('a response that was cut off and that nobody reads', async (scene) => {
  const origin = await scene.origin((connection) => {
    connection.socket.end(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  });
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent: false });
  req.on('response', (res) => scene.watch('res', res, 'aborted', 'end', 'error', 'close'));
  req.on('close', () => scene.log('req close'));
  await scene.seen('req close');
  await scene.turns();
});

differ('async iteration of a response that was cut off throws', async (scene) => {
  const origin = await scene.origin((connection) => {
    connection.socket.end(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  });
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
  req.on('response', async (res) => {
    try {
      for await (const data of res) scene.log('data', data);
    } catch (error) {
      scene.log('threw', error);
    }
  });
  await scene.seen('threw');
});

differ('a whole response that nobody listens for is read away', async (scene) => {
  const origin = await scene.origin(ok('a'.repeat(100_000)), ok());
  const agent = scene.agent({ keepAlive: true });
  agent.on('free', () => scene.log('free'));
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
  scene.watch('req', req, 'finish', 'error', 'close');
  await scene.seen('req close');
  scene.get(origin, { agent }, 'second');
  await scene.closed('second');
  scene.log('connections', origin.connections.length);
});

differ('a response that nobody reads holds its socket', async (scene) => {
  const origin = await scene.origin(ok('text'), ok());
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
  req.on('response', (res) => {
    scene.log('response', res.readableFlowing);
    setImmediate(async () => {
      await scene.turns();
      scene.log('waiting', Object.keys(agent.requests).length, Object.keys(agent.freeSockets).length);
      res.resume();
    });
  });
  scene.watch('req', req, 'finish', 'error', 'close');
  scene.get(origin, { agent }, 'second');
  await scene.seen('req close');
  await scene.closed('second');
});

differ('a response that is paused and goes on', async (scene) => {
  const origin = await scene.origin(ok('a'.repeat(300_000), 'Connection: close'));
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
  req.on('response', (res) => {
    let length = 0;
    res.once('data', () => {
      res.pause();
      setImmediate(() => {
        scene.log('paused', res.isPaused(), length > 0, length < 300_000);
        res.resume();
      });
    });
    res.on('data', (data: Buffer) => {
      length += data.length;
    });
    res.on('end', () => scene.log('end', length));
    res.on('close', () => scene.log('res close', res.complete));
  });
  await scene.seen('res close');
});

differ('the server closes within a long request', async (scene) => {
  const origin = await scene.origin();
  origin.server.on('connection', (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const req = scene.request(origin, { method: 'POST' });
  req.write('begun');
  await scene.seen('req error');
  await scene.closed();
});

/** More than the system holds between the two ends. */
const tooMuch = Buffer.alloc(2 ** 25);

for (const [phase, text] of phases.filter(([name]) => name !== 'behind a whole response')) {
  for (const ends of [false, true]) {
    differ(
      `the server ends ${phase}, and reads no more of a request that ${ends ? 'has' : 'has not'} ended`,
      async (scene) => {
        const origin = await scene.origin();
        const req = scene.request(origin, { method: 'POST' }, 'req', ['error', 'close']);
        if (ends) req.end(tooMuch);
        else req.write(tooMuch);
        const { socket } = await origin.connection();
        socket.pause();
        socket.end(text, 'latin1');
        await scene.closed();
        scene.log('states', req.destroyed, req.socket?.destroyed);
      },
    );
  }
}
