import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished, pipeline, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { differ, differEither, differNewest } from './differ.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet, post } from './messages.js';
import type { Scene } from './scene.js';

const events = ['end', 'close', 'error', 'aborted', 'pause'];

/** A server whose handler watches req, and answers at req's end unless `handle` does otherwise. */
function watching(
  scene: Scene,
  handle = (req: IncomingMessage, res: ServerResponse) => {
    req.on('data', (data) => scene.log('req data', data));
    req.on('end', () => res.end('ok'));
  },
) {
  return scene.serve((req, res) => {
    scene.watch('req', req, ...events);
    scene.watch('res', res, 'finish');
    handle(req, res);
  });
}

const bodyMembers = [
  ...['readable', 'readableEnded', 'readableFlowing', 'readableLength', 'readableAborted', 'readableDidRead'],
  ...['readableEncoding', 'readableObjectMode', 'destroyed', 'closed', 'errored', 'aborted', 'complete'],
  ...['upgrade', 'statusCode', 'statusMessage', 'timeout', 'autoDestroy', 'destroySoon'],
] as never[];

differ('data, end and close of a body with Content-Length', async (scene) => {
  const server = await watching(scene);
  await scene.exchange(server, post('hello', 'Connection: close'));
  await scene.seen('req close');
});

differ('data, end and close of a chunked body', async (scene) => {
  const server = await watching(scene);
  await scene.exchange(server, chunkedPost('Connection: close') + chunk('ab') + chunk('cde') + lastChunk);
  await scene.seen('req close');
});

differ('end and close of an empty body', async (scene) => {
  const server = await watching(scene);
  await scene.exchange(server, lastGet());
  await scene.exchange(server, post('', 'Connection: close'));
  await scene.exchange(server, chunkedPost('Connection: close') + lastChunk);
  await scene.seen('req close', 3);
});

differ('a body that comes in segments', async (scene) => {
  const server = await watching(scene);
  const client = scene.connect(server);
  await client.send(chunkedPost('Connection: close'));
  for (const [index, part] of ['one', 'two', 'three'].entries()) {
    await client.send(chunk(part));
    await scene.seen('req data', index + 1);
  }
  await client.send('5\r\nfo');
  await scene.seen('req data', 4);
  await client.send('urt\r\n');
  await scene.seen('req data', 5);
  await client.send(lastChunk);
  await client.closed();
  await scene.seen('req close');
});

differ('members of req along the way', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.properties('at request', req, bodyMembers);
    req.once('data', () => scene.properties('at data', req, bodyMembers));
    req.once('end', () => {
      scene.properties('at end', req, bodyMembers);
      res.end();
    });
    req.once('close', () => scene.properties('at close', req, bodyMembers));
  });
  const client = scene.connect(server);
  await client.send(chunkedPost('Connection: close') + chunk('abc'));
  await scene.seen('at data.complete');
  await client.send(lastChunk);
  await client.closed();
  await scene.seen('at close.complete');
});

differ('readableHighWaterMark follows the server', async (scene) => {
  const server = await scene.serve(
    (req, res) => {
      scene.log('marks', req.readableHighWaterMark, res.writableHighWaterMark);
      scene.log('socket', req.socket.readableHighWaterMark, req.socket.writableHighWaterMark);
      res.end();
    },
    { highWaterMark: 1234 },
  );
  await scene.exchange(server, lastGet());
});

differ('setEncoding', async (scene) => {
  const server = await watching(scene, (req, res) => {
    scene.log('same', req.setEncoding('utf8') === req);
    req.on('data', (data) => scene.log('req data', typeof data, data));
    req.on('end', () => res.end());
  });
  const client = scene.connect(server);
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Connection: close', 'Content-Length: 4'));
  await client.send('a\xe2');
  await scene.seen('req data');
  await client.send('\x82\xac');
  await client.closed();
});

differ('paused until resumed', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.on('data', (data) => {
      scene.log('req data', data);
      req.pause();
      setImmediate(() => {
        scene.log('paused', req.isPaused(), req.readableFlowing);
        req.resume();
      });
    });
    req.on('end', () => res.end('ok'));
  });
  await scene.exchange(server, chunkedPost('Connection: close') + chunk('ab') + chunk('cd') + lastChunk);
});

differ('read() on readable', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.on('readable', () => {
      for (let data = req.read(); data !== null; data = req.read()) scene.log('read', data);
    });
    req.on('end', () => res.end('ok'));
  });
  await scene.exchange(server, post('some body', 'Connection: close'));
});

differ('readable of a request without content, which nobody reads', async (scene) => {
  for (const isAnswered of [true, false]) {
    const server = await scene.serve((req, res) => {
      scene.watch('req', req, 'readable', 'end', 'close');
      if (isAnswered) res.end('ok');
    });
    const client = scene.connect(server);
    await client.send(get());
    await scene.seen('req close', isAnswered ? 1 : 2);
    client.end();
    await client.closed();
  }
});

differ('read(size) and unshift', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.once('readable', () => {
      const first = req.read(2);
      scene.log('first', first, req.readableLength);
      req.unshift(first);
      scene.log('again', req.read(2));
      req.resume();
    });
    req.on('end', () => res.end('ok'));
  });
  await scene.exchange(server, post('abcdef', 'Connection: close'));
});

differ('async iteration', async (scene) => {
  const server = await watching(scene, async (req, res) => {
    let body = '';
    for await (const data of req) body += data;
    scene.log('after', body, req.readableEnded, req.destroyed);
    res.end('ok');
  });
  await scene.exchange(server, chunkedPost('Connection: close') + chunk('ab') + chunk('cd') + lastChunk);
  await scene.seen('req close');
});

differ('leaving async iteration early destroys req', async (scene) => {
  const server = await watching(scene, async (req, res) => {
    for await (const data of req) {
      scene.log('iterated', data);
      break;
    }
    scene.log('after', req.destroyed, req.aborted);
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(chunkedPost('Connection: close') + chunk('ab'));
  await client.closed();
  scene.record(client);
});

differ('stream consumers and pipeline take req', async (scene) => {
  const server = await watching(scene, async (req, res) => {
    if (req.url === '/text') {
      res.end(await text(req));
      return;
    }
    const parts: Buffer[] = [];
    const sink = new Writable({
      write(data, _encoding, done) {
        parts.push(data);
        done();
      },
    });
    pipeline(req, sink, (error) => {
      scene.log('pipeline', error, Buffer.concat(parts));
      res.end('piped');
    });
  });
  await scene.exchange(server, post('abc', 'Connection: close').replace('POST /', 'POST /text'));
  await scene.exchange(server, post('def', 'Connection: close'));
});

differ('finished(req) calls back at the end', async (scene) => {
  const server = await watching(scene, (req, res) => {
    finished(req, (error) => {
      scene.log('finished', error, req.readableEnded);
      res.end();
    });
    req.resume();
  });
  await scene.exchange(server, post('abc', 'Connection: close'));
});

differEither('pipe echoes', async (scene) => {
  const server = await watching(scene, (req, res) => {
    scene.watch('res', res, 'pipe', 'unpipe');
    req.pipe(res);
  });
  await scene.exchange(server, post('x'.repeat(1000), 'Connection: close'));
  await scene.exchange(server, chunkedPost('Connection: close') + chunk('ab') + chunk('cd') + lastChunk);
});

differEither('an unread body is read away when the response ends', async (scene) => {
  const server = await watching(scene, (req, res) => {
    res.on('close', () => scene.log('flowing', req.readableFlowing, req.readableEnded));
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(post('unread body'));
  await client.until('ok');
  await client.send(lastGet());
  await client.closed();
  scene.record(client);
  await scene.seen('req close', 2);
});

differEither('a body that comes after the response is read away', async (scene) => {
  const server = await watching(scene, (req, res) => {
    req.on('data', (data) => scene.log('req data', data));
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 6'));
  await client.until('ok');
  await client.send('abc');
  await client.send(`def${lastGet()}`);
  await client.closed();
  scene.record(client);
  await scene.seen('req close', 2);
});

differ('a body nobody reads, with a listener for end only', async (scene) => {
  const server = await watching(scene, (_req, res) => {
    res.on('finish', () => scene.log('done'));
    setImmediate(() => res.end('late'));
  });
  const client = scene.connect(server);
  await client.send(post('0123456789') + lastGet());
  await client.closed();
  scene.record(client);
  await scene.seen('req close', 2);
});

differ('a large body is held back while nobody reads', async (scene) => {
  const size = 4 * 1024 * 1024;
  const server = await watching(scene, (req, res) => {
    setImmediate(() => {
      scene.log('bounded', req.readableLength < size / 4);
      let length = 0;
      req.on('data', (data: Buffer) => {
        length += data.length;
      });
      req.on('end', () => res.end(`got ${length}`));
    });
  });
  await scene.exchange(server, post('x'.repeat(size), 'Connection: close'));
});

differ('a large body is read on though the response has to wait', async (scene) => {
  const server = await scene.serve((req, res) => {
    // It is not only listened to.
    req.on('resume', () => scene.log('resume'));
    let length = 0;
    req.on('data', (data: Buffer) => {
      length += data.length;
    });
    req.on('end', () => {
      scene.log('end', length);
      res.end('ok');
    });
    scene.log('write', res.write('x'.repeat(100_000)));
  });
  await scene.exchange(server, post('b'.repeat(300_000), 'Connection: close'));
});

differ('listeners added after the body came still see it', async (scene) => {
  const server = await watching(scene, (req, res) => {
    setImmediate(() => {
      req.on('data', (data) => scene.log('req data', data));
      req.on('end', () => res.end('ok'));
    });
  });
  await scene.exchange(server, post('waiting', 'Connection: close'));
});

differ('req.setTimeout sets the time-out of the socket', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('same', req.setTimeout(20, () => scene.log('req callback')) === req);
    scene.watch('req', req, 'timeout', 'close');
    req.on('timeout', () => res.end('timed out'));
  });
  scene.watch('server', server, 'timeout');
  const client = scene.connect(server);
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 3'));
  await client.until('timed out');
  scene.record(client);
});

differ('req.setTimeout without a listener for timeout closes', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('req', req, 'close');
    scene.watch('res', res, 'close');
    req.socket.setTimeout(20);
  });
  await scene.exchange(server, get());
  await scene.seen('res close');
});

differ(
  'a body beyond the highWaterMark that ends with its segment does not hold up the next request',
  async (scene) => {
    const server = await scene.serve(
      (req, res) => {
        scene.log('request', req.url);
        // Nobody listens to 'data': what comes is buffered first, and the buffer is full at once.
        req.on('end', () => res.end(`answer to ${req.url}`));
        req.resume();
      },
      { highWaterMark: 1000 },
    );
    const client = scene.connect(server);
    await client.send(head('POST / HTTP/1.1', 'Host: a.example', 'Content-Length: 2000'));
    await scene.seen('request');
    await client.send('x'.repeat(2000));
    await client.until('answer to /');
    await client.send(lastGet('/next'));
    await client.until('answer to /next');
  },
);

differNewest('optimizeEmptyRequests leaves out the stream of an empty request', async (scene) => {
  const server = await scene.serve(
    (req, res) => {
      scene.watch('req', req, 'data', 'end', 'close');
      scene.properties('req', req, ['readable', 'readableEnded', 'readableLength', 'destroyed', 'complete']);
      req.resume();
      setImmediate(() => res.end('ok'));
    },
    { optimizeEmptyRequests: true },
  );
  await scene.exchange(server, lastGet());
  await scene.exchange(server, post('body', 'Connection: close'));
  await scene.exchange(server, post('', 'Connection: close'));
  await scene.seen('req close', 2);
});

differNewest('signal aborts when the connection goes before the response', async (scene) => {
  const server = await scene.serve((req, res) => {
    const { signal } = req;
    scene.log('aborted', signal.aborted, req.signal === signal);
    req.signal.addEventListener('abort', () => scene.log('abort', req.signal.reason));
    if (req.url === '/answered') {
      res.on('close', () => scene.log('after', req.signal.aborted));
      res.end('ok');
    }
  });
  await scene.exchange(server, lastGet('/answered'));
  const client = scene.connect(server);
  await client.send(get('/unanswered'));
  await scene.seen('aborted', 2);
  client.destroy();
  await scene.seen('abort ');
});

/** Content in one segment with its head, and the ways to come to its end. */
const readers: [string, (req: IncomingMessage, scene: Scene) => void][] = [
  ['flows', (req, scene) => req.on('data', (data) => scene.log('data', data))],
  [
    'flows, and is paused before it does',
    (req, scene) => {
      req.on('data', (data) => scene.log('data', data)).pause();
      setImmediate(() => req.resume());
    },
  ],
  [
    'flows, and is paused by its data',
    (req, scene) => {
      req.on('data', (data) => {
        scene.log('data', data);
        req.pause();
        setImmediate(() => req.resume());
      });
    },
  ],
  [
    'flows, and is read by hand',
    (req, scene) => {
      req.on('data', (data) => scene.log('data', data));
      req.pause();
      setImmediate(function again() {
        for (let data = req.read(); data !== null; data = req.read()) scene.log('read', data);
        if (!req.readableEnded) setImmediate(again);
      });
    },
  ],
  [
    'flows, until a listener for readable comes',
    (req, scene) => {
      req.on('data', (data) => scene.log('data', data));
      req.on('readable', () => {
        scene.log('readable', req.readableLength);
        while (req.read() !== null);
      });
    },
  ],
  [
    'is read when it is readable',
    (req, scene) => {
      req.on('readable', () => scene.log('read', req.read(2), req.read(), req.read()));
    },
  ],
  [
    'is read in a later turn',
    (req, scene) => setImmediate(() => req.on('data', (data) => scene.log('data', data))),
  ],
];

for (const [how, read] of readers) {
  for (const [what, body] of [
    ['text', 'text'],
    ['text that is cut in a character', 'text\xe2\x82'],
    ['a character that is cut', '\xe2\x82'],
  ] as const) {
    for (const encoding of [undefined, 'utf8', 'utf16le', 'base64'] as const) {
      differ(`${what} ${how}, as ${encoding ?? 'buffers'}`, async (scene) => {
        const server = await scene.serve((req, res) => {
          scene.log('request');
          if (encoding !== undefined) req.setEncoding(encoding);
          scene.watch('req', req, 'end', 'close', 'error');
          read(req, scene);
          req.on('end', () => res.end('ok'));
        });
        const client = scene.connect(server);
        await client.send(Buffer.from(post(body), 'latin1'));
        await scene.seen('req close');
        // The same once more, in segments.
        const message = post(body);
        const at = message.length - body.length;
        await client.send(message.slice(0, at));
        await scene.seen('request', 2);
        await scene.turns();
        await client.send(Buffer.from(message.slice(at), 'latin1'));
        await scene.seen('req close', 2);
      });
    }
  }
}

/** It is destroyed when the wrapped stream closes, and its reader comes to the content a few ticks after that. */
differ('a stream that wraps a request gives all of its content to who iterates over it', async (scene) => {
  const server = await scene.serve(async (req, res) => {
    let content = '';
    try {
      for await (const data of new Readable().wrap(req)) {
        content += data;
        if (content === 'first') scene.log('the first');
      }
      res.end(`ok ${content}`);
    } catch (error) {
      res.end(`failed: ${error}`);
    }
  });
  for (const message of [
    get(),
    post(''),
    post('body'),
    chunkedPost() + chunk('a') + chunk('b') + lastChunk,
  ]) {
    await scene.exchange(server, message, /ok|failed/);
  }
  const client = scene.connect(server);
  await client.send(chunkedPost('Connection: close') + chunk('first'));
  await scene.seen('the first');
  await client.send(chunk('last') + lastChunk);
  await client.closed();
  scene.record(client);
});

for (const [when, message] of [
  ['without content', lastGet()],
  ['with content', post('content', 'Connection: close')],
] as const) {
  differ(`what an unread request ${when} says of itself when its response ends`, async (scene) => {
    const server = await scene.serve((req, res) => {
      for (const event of ['end', 'close']) {
        req.on(event, () => {
          scene.log(event, req.readable, req.readableEnded, req.destroyed, req.closed, req.complete);
        });
      }
      setImmediate(() => res.end());
    });
    await scene.exchange(server, message);
  });
}
