import type { ServerOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { differ } from './differ.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet } from './messages.js';
import type { Scene } from './scene.js';

const fast: ServerOptions = { headersTimeout: 30, requestTimeout: 60, connectionsCheckingInterval: 10 };

// Long enough for the head to come in time on a busy machine.
const withBody: ServerOptions = { ...fast, headersTimeout: 200, requestTimeout: 200 };

/** A server that answers at the end of the body, and logs what happens. */
function serve(scene: Scene, options: ServerOptions) {
  return scene.serve((req, res) => {
    scene.log('request');
    scene.watch('req', req, 'aborted', 'error', 'close');
    req.resume().on('end', () => res.end('ok'));
  }, options);
}

differ('headersTimeout: an unfinished head gets 408', async (scene) => {
  const server = await serve(scene, fast);
  const client = scene.connect(server);
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n');
  await client.closed();
  scene.record(client);
});

differ('headersTimeout: an unfinished request line gets 408', async (scene) => {
  const server = await serve(scene, fast);
  const client = scene.connect(server);
  await client.send('GE');
  await client.closed();
  scene.record(client);
});

differ('headersTimeout: a connection without a byte gets 408', async (scene) => {
  const server = await serve(scene, fast);
  const client = scene.connect(server);
  await client.closed();
  scene.record(client);
});

differ('headersTimeout is a clientError', async (scene) => {
  const server = await serve(scene, fast);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    scene.log('clientError', error, error.code, Reflect.get(error, 'bytesParsed'));
    scene.log('rawPacket', Reflect.get(error, 'rawPacket'), socket.writable);
    socket.end('HTTP/1.1 408 Mine\r\n\r\n');
  });
  const client = scene.connect(server);
  await client.send('GET / HTTP/1.1\r\n');
  await client.closed();
  scene.record(client);
});

differ('requestTimeout: an unfinished body gets 408', async (scene) => {
  const server = await serve(scene, withBody);
  const client = scene.connect(server);
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10')}abc`);
  await client.closed();
  scene.record(client);
  await scene.seen('req close');
});

differ('requestTimeout: a chunked body without end gets 408', async (scene) => {
  const server = await serve(scene, withBody);
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await client.closed();
  scene.record(client);
  await scene.seen('req close');
});

differ('requestTimeout counts from the first byte, slow bytes do not reset it', async (scene) => {
  const server = await serve(scene, fast);
  const client = scene.connect(server);
  const drip = async () => {
    while (!client.socket.destroyed) {
      await client.send('x').catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await client.send('GET /');
  await Promise.all([drip(), client.closed()]);
  scene.log('no request');
});

differ('requestTimeout after the head of the response is sent', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('req', req, 'aborted', 'error', 'close');
    res.on('close', () => scene.log('res close'));
    req.resume();
    res.write('begun');
  }, withBody);
  const client = scene.connect(server);
  await client.send(chunkedPost());
  await client.closed();
  await scene.seen('req close');
  await scene.seen('res close');
  scene.record(client);
});

differ('a handler may take longer than requestTimeout', async (scene) => {
  let answer = () => {};
  const server = await scene.serve(
    (_req, res) => {
      scene.log('request');
      answer = () => res.end('at last');
    },
    // Long enough for a busy machine to bring the request whole.
    { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 20 },
  );
  const client = scene.connect(server);
  await client.send(lastGet());
  await scene.seen('request');
  // Another connection times out meanwhile: the check has run.
  await scene.connect(server).closed();
  answer();
  await client.closed();
  scene.record(client);
});

differ('an idle connection is no slow request', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'), {
    ...{ headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 },
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await scene.connect(server).closed();
  await client.send(lastGet());
  await client.closed();
  scene.record(client);
});

differ('the second request of a connection is timed too', async (scene) => {
  // The first has the time to come whole on a busy machine.
  const server = await scene.serve((_req, res) => res.end('ok'), withBody);
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await client.send('GET / HTT');
  await client.closed();
  scene.record(client);
});

differ('0 turns the checks off', async (scene) => {
  const server = await serve(scene, { headersTimeout: 0, requestTimeout: 0, connectionsCheckingInterval: 1 });
  const client = scene.connect(server);
  await client.send('GET / HTTP/1.1\r\n');
  await scene.turns(100);
  await client.send(`Host: a\r\nConnection: close\r\n\r\n`);
  await client.closed();
  scene.record(client);
});

differ('the timeouts are read when they are checked', async (scene) => {
  const server = await serve(scene, { connectionsCheckingInterval: 10 });
  server.headersTimeout = 20;
  server.requestTimeout = 20;
  const client = scene.connect(server);
  await client.send('GET / HTTP/1.1\r\n');
  await client.closed();
  scene.record(client);
});

differ('a chunked request in time is let pass', async (scene) => {
  const server = await serve(scene, { requestTimeout: 60_000, connectionsCheckingInterval: 1 });
  const client = scene.connect(server);
  await client.send(chunkedPost('Connection: close') + chunk('abc'));
  await scene.seen('request');
  await scene.turns(30);
  await client.send(lastChunk);
  await client.closed();
  scene.record(client);
});

differ('server.timeout closes an idle connection from the start', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  server.timeout = 20;
  const client = scene.connect(server);
  scene.record(client, await client.closed());
});

differ('a socket time-out event goes to the server', async (scene) => {
  const server = await scene.serve(() => {});
  server.timeout = 20;
  server.on('timeout', (socket) => {
    scene.log('timeout', socket.destroyed);
    socket.end('HTTP/1.1 299 Mine\r\n\r\n');
  });
  const client = scene.connect(server);
  await client.closed();
  scene.record(client);
});
