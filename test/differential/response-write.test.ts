import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import { differ, differEither, differNewest } from './differ.js';
import { get, lastGet } from './messages.js';
import type { Scene } from './scene.js';

async function respond(scene: Scene, handle: (res: ServerResponse) => void): Promise<void> {
  const server = await scene.serve((_req, res) => handle(res));
  await scene.exchange(server, lastGet());
}

differ('encodings of write', async (scene) => {
  await respond(scene, (res) => {
    res.write('é€');
    res.write('é', 'latin1');
    res.write('é', 'utf8');
    res.write('6162', 'hex');
    res.write('Y2Q=', 'base64');
    res.write('é', 'binary');
    res.write('ab', 'utf16le');
    res.write(Buffer.from('buffer'));
    res.write(new Uint8Array([65, 66]));
    res.end('é', 'latin1');
  });
});

differ('encodings of end', async (scene) => {
  await respond(scene, (res) => res.end('€'));
  await respond(scene, (res) => res.end('é', 'latin1'));
  await respond(scene, (res) => res.end('6162', 'hex'));
  await respond(scene, (res) => res.end('YWI=', 'base64'));
  await respond(scene, (res) => res.end(new Uint8Array([65])));
  await respond(scene, (res) => res.end(Buffer.from('€')));
});

const nonsense = [undefined, null, 1, true, {}, [], new Date(0), Symbol('s'), new Uint16Array(1)];

differ('write of what is no chunk', async (scene) => {
  await respond(scene, (res) => {
    for (const chunk of nonsense) {
      scene.attempt(`write ${String(chunk as string)}`, () => res.write(chunk as never));
    }
    scene.log('sent', res.headersSent);
    res.end('x');
  });
});

differ('end of what is no chunk', async (scene) => {
  await respond(scene, (res) => {
    for (const chunk of nonsense.slice(2)) {
      scene.attempt(`end ${String(chunk as string)}`, () => typeof res.end(chunk as never));
    }
    scene.log('sent', res.headersSent, res.writableEnded);
    res.end('x');
  });
  await respond(scene, (res) => res.end(null));
  await respond(scene, (res) => res.end(undefined));
});

differ('an unknown encoding', async (scene) => {
  await respond(scene, (res) => {
    scene.attempt('write', () => res.write('x', 'nonsense' as never));
    res.destroy();
  });
});

differ('what is written behind an unknown encoding goes behind the head', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.attempt('end', () => res.end('x', 'nonsense' as never));
    setImmediate(() => res.end('y'));
  });
  await scene.exchange(server, get(), /y$/);
});

differ('the forms of write and end', async (scene) => {
  await respond(scene, (res) => {
    res.write('a', () => scene.log('write callback 1'));
    res.write('b', 'latin1', () => scene.log('write callback 2'));
    res.write('c', undefined as never, () => scene.log('write callback 3'));
    scene.log('same', res.end('d', 'latin1', () => scene.log('end callback')) === res);
    res.on('finish', () => scene.log('finish'));
  });
  await respond(scene, (res) => res.end(() => scene.log('end(callback)')));
  await respond(scene, (res) => res.end('x', () => scene.log('end(chunk, callback)')));
});

differEither('callbacks run in the order of the writes, after the turn', async (scene) => {
  await respond(scene, (res) => {
    res.on('finish', () => scene.log('finish'));
    res.write('a', (error) => scene.log('first', error));
    res.write('b', (error) => scene.log('second', error));
    res.end('c', () => scene.log('end'));
    scene.log('synchronous part over');
  });
});

differEither('what a response says of its end, through its end', async (scene) => {
  await respond(scene, (res) => {
    const told = (event: string) => () =>
      scene.log(event, res.writableEnded, res.writableFinished, res.writableLength, res.finished);
    res.on('prefinish', told('prefinish')).on('finish', told('finish'));
    res.write('a');
    res.end('b', told('end'));
    told('ended')();
    process.nextTick(told('tick'));
  });
});

differNewest('a response that ends on a destroyed socket has not finished', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.socket?.destroy();
    finished(res, (error) => scene.log('finished', error));
    res.end('x');
    scene.log('writableFinished', res.writableFinished);
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('finished');
});

differ('write after end is an error event', async (scene) => {
  await respond(scene, (res) => {
    res.on('error', (error) => scene.log('error', error));
    res.end('x');
    scene.attempt('write', () => res.write('y', (error) => scene.log('callback', error)));
    scene.log('errored', res.errored, res.destroyed);
  });
});

for (const [name, later] of [
  ['tick', (act: () => void) => process.nextTick(act)],
  ['microtask', queueMicrotask],
] as const) {
  differ(
    `a write in a ${name} behind an end that nobody hears is told to its callback alone`,
    async (scene) => {
      const server = await scene.serve((_req, res) => {
        res.end('x');
        later(() => res.write('y', (error) => scene.log('callback', error)));
      });
      const client = scene.connect(server);
      await client.send(get());
      await client.until('x');
      await scene.seen('callback');
      await scene.turns();
    },
  );
}

differ('a write at the finish, behind flushHeaders, is told to its callback alone', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('finish', () => {
      res.flushHeaders();
      res.write('y', (error) => scene.log('callback', error));
    });
    res.end('x');
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.until('x');
  await scene.seen('callback');
  await scene.turns();
});

differEither('end twice', async (scene) => {
  await respond(scene, (res) => {
    res.on('error', (error) => scene.log('error', error));
    res.end('x', () => scene.log('first callback'));
    scene.log('again', res.end() === res);
    scene.log('with a callback', res.end(() => scene.log('second callback')) === res);
  });
});

differ('end twice, with a callback, after finish', async (scene) => {
  await respond(scene, (res) => {
    res.end('x');
    res.on('finish', () => res.end((error?: Error) => scene.log('callback', error)));
  });
});

differ('end with a chunk after end', async (scene) => {
  await respond(scene, (res) => {
    res.on('error', (error) => scene.log('error', error));
    res.end('x');
    scene.attempt('again', () => res.end('y', (error?: Error) => scene.log('callback', error)) === res);
  });
});

// Older stock could put the last chunk before the corked ones.
differNewest('cork and uncork', async (scene) => {
  await respond(scene, (res) => {
    res.cork();
    scene.log('corked', res.writableCorked);
    res.write('a');
    res.write('b');
    res.cork();
    scene.log('corked', res.writableCorked, res.writableLength > 0);
    res.uncork();
    res.uncork();
    scene.log('corked', res.writableCorked);
    res.uncork();
    res.end('c');
  });
});

differNewest('end uncorks', async (scene) => {
  await respond(scene, (res) => {
    res.cork();
    res.cork();
    res.write('a');
    res.end('b');
    scene.log('corked', res.writableCorked);
  });
});

differ('end uncorks a socket that somebody corked', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.socket?.cork();
    res.socket?.cork();
    res.on('finish', () => scene.log('finish'));
    res.end('x');
    scene.log('corked', res.socket?.writableCorked);
  });
  await scene.exchange(server, get(), /x$/);
});

differ('corked with a length', async (scene) => {
  await respond(scene, (res) => {
    res.writeHead(200, { 'Content-Length': 3 });
    res.cork();
    res.write('a');
    res.write('b');
    process.nextTick(() => {
      res.uncork();
      res.end('c');
    });
  });
});

differ('write tells when to wait, and drain when to go on', async (scene) => {
  const server = await scene.serve(
    (_req, res) => {
      scene.log('mark', res.writableHighWaterMark, res.writableNeedDrain);
      res.on('drain', () => {
        scene.log('drain', res.writableNeedDrain);
        res.end();
      });
      scene.log('small', res.write('x'), res.writableNeedDrain);
      scene.log('large', res.write('y'.repeat(20_000)), res.writableNeedDrain);
    },
    { highWaterMark: 1000 },
  );
  await scene.exchange(server, lastGet());
});

differ('drain after backpressure of a slow reader', async (scene) => {
  const size = 1 << 20;
  const server = await scene.serve((_req, res) => {
    let sent = 0;
    let waits = 0;
    const fill = () => {
      while (sent < 16) {
        sent++;
        if (!res.write(Buffer.alloc(size, 'x'))) {
          waits++;
          return;
        }
      }
      scene.log('waited', waits > 0);
      res.end();
    };
    res.on('drain', fill);
    res.writeHead(200, { 'Content-Length': 16 * size });
    fill();
  });
  const client = scene.connect(server);
  client.socket.pause();
  await client.send(lastGet());
  await scene.turns();
  client.socket.resume();
  await client.closed();
  scene.log('all', client.received.length > 16 * size, client.received.endsWith('x'.repeat(1000)));
});

differ('writes between turns arrive as they are written', async (scene) => {
  let go = () => {};
  const server = await scene.serve((_req, res) => {
    res.write('first');
    go = () => res.end('second');
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.until('first');
  scene.log('only the first', client.received.includes('second'));
  go();
  await client.closed();
  scene.record(client);
});

differEither('the writable members along the way', async (scene) => {
  const members = [
    ...['writable', 'writableEnded', 'writableFinished', 'writableObjectMode', 'finished'],
    ...[
      'writableNeedDrain',
      'headersSent',
      'destroyed',
      'closed',
      'errored',
      'chunkedEncoding',
      'statusCode',
    ],
    ...['statusMessage', 'sendDate', 'shouldKeepAlive', 'strictContentLength', 'useChunkedEncodingByDefault'],
  ] as never[];
  const look = (label: string, res: ServerResponse) => {
    scene.properties(label, res, members);
    const { socket, connection, req } = res;
    scene.log(`${label} socket`, socket !== null, connection === socket, req.method);
  };
  const server = await scene.serve((_req, res) => {
    look('at request', res);
    res.write('x');
    look('after write', res);
    res.end('y');
    look('after end', res);
    res.on('finish', () => look('at finish', res));
    res.on('close', () => look('at close', res));
  });
  await scene.exchange(server, get('/'), '0\r\n\r\n');
  await scene.seen('at close socket');
});

differ('writableLength while corked', async (scene) => {
  await respond(scene, (res) => {
    scene.log('at first', res.writableLength > 0);
    res.cork();
    res.write('abc');
    scene.log('with a write', res.writableLength > 0);
    res.end();
  });
});

differ('flat members of a response can be assigned', async (scene) => {
  await respond(scene, (res) => {
    Reflect.set(res, 'locals', { a: 1 });
    scene.log('locals', Reflect.get(res, 'locals'));
    res.end('x');
  });
});

differ('writable is true until the end', async (scene) => {
  await respond(scene, (res) => {
    scene.log('before', res.writable);
    res.on('close', () => scene.log('at close', res.writable));
    res.end();
    scene.log('after end', res.writable);
  });
  await scene.seen('at close');
});

differ('writableAborted', async (scene) => {
  await respond(scene, (res) => {
    scene.log('before', Reflect.get(res, 'writableAborted'));
    res.destroy();
    scene.log('after', Reflect.get(res, 'writableAborted'));
  });
});
