import {
  addAbortSignal,
  finished,
  PassThrough,
  pipeline,
  Readable,
  promises as streams,
  Writable,
} from 'node:stream';
import { differ, differEither } from './differ.js';
import { get, head, lastGet } from './messages.js';

differ('pipe from a stream', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.watch('res', res, 'pipe', 'unpipe', 'finish', 'close');
    Readable.from(['one', 'two', 'three']).pipe(res);
  });
  await scene.exchange(server, lastGet());
  await scene.seen('res close');
});

differ('pipe of a large stream', async (scene) => {
  const size = 4 << 20;
  const server = await scene.serve((_req, res) => {
    res.setHeader('Content-Length', size);
    let left = size >> 16;
    const source = new Readable({
      read() {
        this.push(left-- > 0 ? Buffer.alloc(1 << 16, 'x') : null);
      },
    });
    source.pipe(res);
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.closed();
  const [start, body] = client.received.split('\r\n\r\n');
  scene.recordText(start);
  scene.log('body', body.length === size);
});

differ('pipe without end', async (scene) => {
  const server = await scene.serve((_req, res) => {
    const source = Readable.from(['one']);
    source.pipe(res, { end: false });
    source.on('end', () => res.end('and more'));
  });
  await scene.exchange(server, lastGet());
});

differ('pipeline to res', async (scene) => {
  const server = await scene.serve((_req, res) => {
    pipeline(Readable.from(['one', 'two']), new PassThrough(), res, (error) => {
      scene.log('pipeline', error, res.writableFinished);
    });
  });
  await scene.exchange(server, lastGet());
  await scene.seen('pipeline');
});

differ('the promise form of pipeline', async (scene) => {
  const server = await scene.serve(async (_req, res) => {
    await streams.pipeline(Readable.from(['one', 'two']), res);
    scene.log('done', res.writableFinished);
  });
  await scene.exchange(server, lastGet());
  await scene.seen('done');
});

differEither('pipeline from a source that fails destroys res', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('close', () => scene.log('res close', res.destroyed, res.errored));
    res.on('error', (error) => scene.log('res error', error));
    const source = new Readable({
      read() {
        this.push('some');
        this.destroy(new Error('source broke'));
      },
    });
    pipeline(source, res, (error) => scene.log('pipeline', error));
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.closed();
  await scene.seen('pipeline');
  await scene.seen('res close');
});

differ('pipeline to a response whose client leaves', async (scene) => {
  const server = await scene.serve((_req, res) => {
    const source = new Readable({ read() {} });
    source.push('some');
    source.on('close', () => scene.log('source close', source.destroyed));
    pipeline(source, res, (error) => scene.log('pipeline', error));
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.until('some');
  client.destroy();
  await scene.seen('pipeline');
  await scene.seen('source close');
});

differ('finished(res)', async (scene) => {
  const server = await scene.serve((_req, res) => {
    finished(res, (error) => scene.log('finished', error, res.writableFinished));
    res.end('ok');
  });
  await scene.exchange(server, lastGet());
  await scene.seen('finished');
});

differ('finished(res) of a response that is destroyed', async (scene) => {
  const server = await scene.serve((_req, res) => {
    finished(res, (error) => scene.log('finished', error));
    res.write('partial');
    res.destroy();
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.closed();
  await scene.seen('finished');
});

differ('finished(res) after all is over', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('close', () => finished(res, (error) => scene.log('finished', error)));
    res.end('ok');
  });
  await scene.exchange(server, lastGet());
  await scene.seen('finished');
});

differ('async write loop with the promise form of finished', async (scene) => {
  const server = await scene.serve(async (_req, res) => {
    for (const part of ['one', 'two']) {
      res.write(part);
      await Promise.resolve();
    }
    res.end();
    await streams.finished(res);
    scene.log('finished', res.writableFinished);
  });
  await scene.exchange(server, lastGet());
  await scene.seen('finished');
});

differ('res is no readable: pipe from it is an error', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('error', (error) => scene.log('error', error));
    scene.attempt('pipe', () => res.pipe(new PassThrough()));
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.closed();
  await scene.seen('error');
  scene.record(client);
});

differ('addAbortSignal on res', async (scene) => {
  const abort = new AbortController();
  const server = await scene.serve((_req, res) => {
    scene.attempt('add', () => typeof addAbortSignal(abort.signal, res));
    res.on('error', (error) => scene.log('res error', error));
    res.on('close', () => scene.log('res close'));
    res.write('x');
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.until('x');
  abort.abort();
  if (client.socket.destroyed) await client.closed();
  await scene.turns();
});

differ('Writable.toWeb takes a response', async (scene) => {
  const server = await scene.serve(async (_req, res) => {
    const writer = Writable.toWeb(res as unknown as Writable).getWriter();
    await writer.write(Buffer.from('from the web'));
    await writer.close();
    scene.log('closed');
  });
  await scene.exchange(server, lastGet());
  await scene.seen('closed');
});

differ('instanceof of streams', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('req', req instanceof Readable, req instanceof scene.http.IncomingMessage);
    scene.log('res', res instanceof Writable, res instanceof scene.http.OutgoingMessage);
    scene.log('response', res instanceof scene.http.ServerResponse);
    scene.log('async dispose', typeof Reflect.get(req, Symbol.asyncDispose));
    res.end();
  });
  await scene.exchange(server, lastGet());
});

differ('pipe to a HEAD response', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.watch('res', res, 'unpipe', 'finish', 'close');
    Readable.from(['one', 'two']).pipe(res);
  });
  await scene.exchange(server, head('HEAD / HTTP/1.1', 'Host: a', 'Connection: close'));
  await scene.seen('res close');
});

differ('two responses piped one after the other', async (scene) => {
  const server = await scene.serve((req, res) => Readable.from([`body of ${req.url}`]).pipe(res));
  await scene.exchange(server, get('/1') + lastGet('/2'));
});
