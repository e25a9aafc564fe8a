/** Requests whose response has ended before anybody reads them. */
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import { differ } from './differ.js';
import { chunk, chunkedPost, get, lastChunk, post } from './messages.js';
import type { Scene } from './scene.js';

function listen(scene: Scene, req: IncomingMessage) {
  req.on('data', (data) => scene.log('data', data));
  req.on('end', () => scene.log('end'));
  scene.log('listening');
}

/** Two requests that are listened to: one with its content, one whose content comes later. */
async function sendSoonAndLate(scene: Scene, server: Awaited<ReturnType<Scene['serve']>>): Promise<void> {
  const client = scene.connect(server);
  await client.send(post('body'));
  await scene.seen('end');
  await client.send(chunkedPost());
  await scene.seen('listening', 2);
  await scene.turns();
  await client.send(chunk('late') + lastChunk);
  await scene.seen('end', 2);
}

/** How long after the response was ended somebody begins to listen. */
const delays: [string, () => Promise<unknown>][] = [
  ['a microtask later', () => Promise.resolve()],
  ['a tick later', () => new Promise(process.nextTick)],
  [
    'three ticks later',
    async () => {
      for (let tick = 0; tick < 3; tick++) await new Promise(process.nextTick);
    },
  ],
];

differ('content is read behind end() by who listens in the same call', async (scene) => {
  const server = await scene.serve((req, res) => {
    res.end('ok');
    listen(scene, req);
  });
  await sendSoonAndLate(scene, server);
});

differ('content is read by who listens in the tick in which the response ends', async (scene) => {
  const server = await scene.serve(async (req, res) => {
    Promise.resolve().then(() => res.end('ok'));
    await Promise.resolve();
    listen(scene, req);
  });
  await sendSoonAndLate(scene, server);
});

for (const [label, delay] of delays) {
  differ(`the end of content that nobody read is heard ${label} behind end()`, async (scene) => {
    const server = await scene.serve(async (req, res) => {
      res.end('ok');
      await delay();
      req.on('end', () => scene.log('end'));
    });
    await scene.connect(server).send(post('body'));
    await scene.seen('end');
  });
}

for (const [label, read] of [
  ['a listener', (scene: Scene, req: IncomingMessage) => req.on('end', () => scene.log('over'))],
  ['finished()', (scene: Scene, req: IncomingMessage) => finished(req, (error) => scene.log('over', error))],
  [
    'an iteration',
    async (scene: Scene, req: IncomingMessage) => {
      for await (const data of req) scene.log('data', data);
      scene.log('over');
    },
  ],
] as const) {
  differ(`${label} that comes when the response was sent hears of the end of the content`, async (scene) => {
    const server = await scene.serve((req, res) => {
      res.end('ok', () =>
        setImmediate(() => {
          read(scene, req);
          scene.log('reading');
        }),
      );
    });
    const client = scene.connect(server);
    await client.send(chunkedPost());
    await scene.seen('reading');
    await client.send(chunk('unread') + lastChunk);
    await scene.seen('over');
  });
}

differ('a request that was answered unread says so when all of it has come', async (scene) => {
  let request: IncomingMessage | undefined;
  const server = await scene.serve((req, res) => {
    request = req;
    res.end('ok');
  });
  for (const message of [get(), post('body')]) {
    const client = scene.connect(server);
    await client.send(message);
    await client.until('ok');
    await scene.turns();
    scene.properties('req', request as IncomingMessage, ['complete', 'readableEnded', 'readable']);
    scene.properties('req', request as IncomingMessage, ['destroyed', 'closed', 'aborted', 'errored']);
    scene.log('read', request?.read());
  }
});

differ('a request that was answered unread and is destroyed leaves its connection', async (scene) => {
  const requests: IncomingMessage[] = [];
  const server = await scene.serve((req, res) => {
    requests.push(req);
    res.end(`to ${req.method}`);
  });
  const client = scene.connect(server);
  await client.send(post('body'));
  await client.until('to POST');
  await scene.turns();
  requests[0].destroy();
  scene.log('destroyed', requests[0].destroyed, requests[0].aborted);
  await client.send(get());
  await client.until('to GET');
});

/** Libraries look there, as hapi does, to tell whether content is still to come. */
differ('the stream of a complete request has ended before it is read', async (scene) => {
  const ended = (req: IncomingMessage) => (Reflect.get(req, '_readableState') as { ended: boolean }).ended;
  const server = await scene.serve((req, res) => {
    if (req.url === '/heard') req.on('end', () => scene.log('end'));
    setImmediate(() => {
      scene.log('ended', ended(req), req.complete, req.readableEnded, req.readable);
      res.end('ok');
    });
  });
  for (const message of [get(), get('/heard'), post(''), post('body'), chunkedPost() + lastChunk]) {
    await scene.exchange(server, message, 'ok');
  }
});

differ('a complete request that is read late', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('req', req, 'end', 'close');
    setImmediate(() => {
      req.resume();
      req.on('end', () => res.end('ok'));
    });
  });
  for (const message of [get(), post(''), post('body'), chunkedPost() + lastChunk]) {
    await scene.exchange(server, message, 'ok');
  }
});

differ('a complete request whose listeners come late', async (scene) => {
  for (const event of ['readable', 'data']) {
    const server = await scene.serve((req, res) => {
      setImmediate(() => {
        req.on(event, () => scene.log(event, req.read()));
        req.on('end', () => res.end('ok'));
      });
    });
    for (const message of [get(), post(''), post('body'), chunkedPost() + lastChunk]) {
      await scene.exchange(server, message, 'ok');
    }
  }
});
