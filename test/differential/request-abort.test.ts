import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import { differ, differEither } from './differ.js';
import { chunk, chunkedPost, get, head, post } from './messages.js';
import type { Scene } from './scene.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** A server that logs the whole life of the exchange. */
function watching(scene: Scene, handle: Handler = () => {}, withErrors = true) {
  return scene.serve((req, res) => {
    scene.log('request');
    scene.watch('req', req, 'aborted', 'end', 'close', ...(withErrors ? ['error'] : []));
    scene.watch('res', res, 'finish', 'close', 'error');
    handle(req, res);
  });
}

const requestMembers = [
  'aborted',
  'destroyed',
  'errored',
  'complete',
  'readableEnded',
  'readableAborted',
] as const;
const responseMembers = [
  'destroyed',
  'errored',
  'finished',
  'writableEnded',
  'writableFinished',
  'closed',
] as const;

function states({ properties }: Scene, req: IncomingMessage, res: ServerResponse): void {
  properties('req', req, requestMembers);
  properties('res', res, responseMembers);
  properties('res', res, ['socket', 'headersSent']);
}

for (const [ending, leave] of [
  ['destroys', 'destroy'],
  ['resets', 'reset'],
] as const) {
  differ(`the client ${ending} the connection within the body`, async (scene) => {
    const server = await watching(scene, (req) => req.resume());
    const client = scene.connect(server);
    await client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10')}abc`);
    await scene.seen('request');
    client[leave]();
    await scene.seen('res close');
    await scene.seen('req close');
  });

  differ(`the client ${ending} the connection before the response`, async (scene) => {
    const server = await watching(scene, (req, res) => {
      res.on('close', () => states(scene, req, res));
    });
    const client = scene.connect(server);
    await client.send(get());
    await scene.seen('request');
    client[leave]();
    await scene.seen('res.headersSent');
    await scene.seen('req close');
  });

  differ(`the client ${ending} the connection within the response`, async (scene) => {
    const server = await watching(scene, (_req, res) => res.write('first'));
    const client = scene.connect(server);
    await client.send(get());
    await client.until('first');
    client[leave]();
    await scene.seen('res close');
    await scene.seen('req close');
  });
}

differ('an aborted body without a listener for error is no uncaught error', async (scene) => {
  const server = await watching(scene, (req) => req.resume(), false);
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await scene.seen('request');
  client.destroy();
  await scene.seen('req close');
});

differ('an aborted body that nobody reads', async (scene) => {
  const server = await watching(scene);
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await scene.seen('request');
  client.destroy();
  await scene.seen('req close');
});

differ('states after an aborted body', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.resume().on('close', () => states(scene, req, res));
  });
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await scene.seen('request');
  client.destroy();
  await scene.seen('res.headersSent');
});

differ('async iteration of an aborted body throws', async (scene) => {
  const server = await watching(scene, async (req) => {
    try {
      for await (const data of req) scene.log('iterated', data);
    } catch (error) {
      scene.log('threw', error);
    }
  });
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await scene.seen('iterated');
  client.destroy();
  await scene.seen('threw');
  await scene.seen('res close');
});

differ('finished() of an aborted exchange', async (scene) => {
  const server = await watching(scene, (req, res) => {
    finished(req.resume(), (error) => scene.log('finished req', error));
    finished(res, (error) => scene.log('finished res', error));
  });
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await scene.seen('request');
  client.destroy();
  await scene.seen('finished req');
  await scene.seen('finished res');
});

differ('FIN within a body is an abort too', async (scene) => {
  const server = await watching(scene, (req) => req.resume());
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error);
    socket.destroy();
  });
  const client = scene.connect(server);
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10')}abc`);
  await scene.seen('request');
  client.end();
  await client.closed();
  await scene.seen('req close');
  await scene.seen('res close');
});

differ('req.destroy() before the response', async (scene) => {
  const server = await watching(scene, (req, res) => {
    scene.log('same', req.destroy() === req);
    states(scene, req, res);
  });
  await scene.exchange(server, get());
  await scene.seen('res close');
  await scene.seen('req close');
});

differ('req.destroy(error) before the response', async (scene) => {
  const server = await watching(scene, (req) => {
    req.destroy(new Error('on purpose'));
  });
  await scene.exchange(server, get());
  await scene.seen('res close');
  await scene.seen('req close');
});

differ('req.destroy() within the body', async (scene) => {
  const server = await watching(scene, (req) => {
    req.once('data', () => req.destroy());
  });
  const client = scene.connect(server);
  await client.send(chunkedPost() + chunk('abc'));
  await client.closed();
  await scene.seen('res close');
  await scene.seen('req close');
});

differEither('req.destroy() after the body, before the response', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.resume().on('end', () => {
      req.destroy();
      res.end('ok');
    });
  });
  await scene.exchange(server, post('abc', 'Connection: close'));
  await scene.seen('res close');
  await scene.seen('req close');
});

differEither('req.destroy() after the response', async (scene) => {
  const server = await watching(scene, (req, res) => {
    res.end('ok');
    res.on('close', () => {
      req.destroy();
      scene.log('destroyed', req.destroyed);
    });
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await scene.seen('destroyed');
  await scene.seen('req close');
  await scene.turns();
  client.end();
  await client.closed();
  scene.record(client);
});

differ('req.socket.destroy() ends both', async (scene) => {
  const server = await watching(scene, (req, res) => {
    res.write('partial');
    req.socket.destroy();
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('res close');
  await scene.seen('req close');
});

differEither('writing to a response whose connection has gone', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.on('close', () => {
      scene.attempt('write', () => res.write('x', (error) => scene.log('write callback', error)));
      scene.attempt('end', () => res.end('y', () => scene.log('end callback')) === res);
      states(scene, req, res);
    });
  });
  const client = scene.connect(server);
  await client.send(get());
  await scene.seen('request');
  client.destroy();
  await scene.seen('res.headersSent');
  await scene.turns();
});

differ('the events of the socket when the client leaves', async (scene) => {
  const server = await watching(scene, (req) => scene.watch('socket', req.socket, 'end', 'close', 'error'));
  const client = scene.connect(server);
  await client.send(get());
  await scene.seen('request');
  client.destroy();
  await scene.seen('socket close');
  await scene.seen('req close');
});
