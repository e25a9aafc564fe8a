import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { differ, differEither } from './differ.js';
import { get, head, lastGet } from './messages.js';
import type { Scene } from './scene.js';

type Handler = (res: ServerResponse, req: IncomingMessage) => void;

/** The response of `handle` to a GET, a HEAD and an HTTP/1.0 request. */
async function respond(scene: Scene, handle: Handler, options?: ServerOptions): Promise<void> {
  const server = await scene.serve((req, res) => handle(res, req), options);
  await scene.exchange(server, lastGet());
  await scene.exchange(server, head('HEAD / HTTP/1.1', 'Host: a', 'Connection: close'));
  await scene.exchange(server, head('GET / HTTP/1.0'));
}

const bodies: [string, Handler][] = [
  ['end()', (res) => res.end()],
  ['end(text)', (res) => res.end('text')],
  ['end of an empty text', (res) => res.end('')],
  [
    'write and end',
    (res) => {
      res.write('one');
      res.end();
    },
  ],
  [
    'write and end with text',
    (res) => {
      res.write('one');
      res.end('two');
    },
  ],
  [
    'an empty write',
    (res) => {
      res.write('');
      res.end('x');
    },
  ],
  [
    'an empty write alone',
    (res) => {
      res.write(Buffer.alloc(0));
      res.end();
    },
  ],
  [
    'writes in later turns',
    (res) => {
      res.write('one');
      setImmediate(() => {
        res.write('two');
        setImmediate(() => res.end('three'));
      });
    },
  ],
  ['writeHead and end', (res) => res.writeHead(200).end()],
  ['writeHead and end with text', (res) => res.writeHead(200).end('text')],
  ['Content-Length by the user', (res) => res.writeHead(200, { 'Content-Length': 4 }).end('text')],
  ['Content-Length by setHeader', (res) => res.setHeader('content-length', '4').end('text')],
  ['Content-Length 0', (res) => res.writeHead(200, { 'Content-Length': 0 }).end()],
  ['Transfer-Encoding by the user', (res) => res.setHeader('Transfer-Encoding', 'chunked').end('text')],
  ['Transfer-Encoding in writeHead', (res) => res.writeHead(200, { 'transfer-encoding': 'chunked' }).end()],
  ['another transfer coding', (res) => res.writeHead(200, { 'Transfer-Encoding': 'gzip' }).end('text')],
  ['gzip, chunked', (res) => res.writeHead(200, { 'Transfer-Encoding': 'gzip, chunked' }).end('text')],
];

for (const [label, handle] of bodies) differ(`framing: ${label}`, (scene) => respond(scene, handle));

for (const status of [204, 304, 205, 200]) {
  differ(`framing: status ${status}`, async (scene) => {
    await respond(scene, (res) => res.writeHead(status).end());
    await respond(scene, (res) => res.writeHead(status).end('body'));
    await respond(scene, (res) => {
      res.statusCode = status;
      scene.log('write', res.write('body'));
      res.end();
    });
    await respond(scene, (res) => res.writeHead(status, { 'Content-Length': 4 }).end());
    await respond(scene, (res) => {
      res.statusCode = status;
      res.setHeader('Transfer-Encoding', 'chunked');
      res.end();
    });
  });
}

differ('responses without content keep the connection', async (scene) => {
  const server = await scene.serve((req, res) => {
    res.statusCode = Number(req.url?.slice(1));
    res.end(req.method === 'HEAD' ? 'body' : '');
  });
  const heads = ['204', '304', '200'].map((status) => head(`HEAD /${status} HTTP/1.1`, 'Host: a'));
  await scene.exchange(server, get('/204') + get('/304') + heads.join('') + lastGet('/200'));
});

differ('rejectNonStandardBodyWrites refuses content where none may be', async (scene) => {
  const options = { rejectNonStandardBodyWrites: true };
  await respond(
    scene,
    (res, req) => {
      if (req.method === 'GET') res.statusCode = 204;
      scene.attempt('write', () => res.write('body'));
      scene.attempt('end', () => typeof res.end('body'));
      res.end();
    },
    options,
  );
});

differ('without rejectNonStandardBodyWrites the content is left out', async (scene) => {
  await respond(scene, (res, req) => {
    if (req.method === 'GET') res.statusCode = 304;
    res.write('body', (error) => scene.log('write callback', error));
    res.end('more', () => scene.log('end callback'));
    res.on('finish', () => scene.log('finish'));
  });
});

const lengths: [string, number, Handler][] = [
  ['the length it says', 4, (res) => res.end('text')],
  ['more in end', 2, (res) => res.end('text')],
  ['less in end', 9, (res) => res.end('text')],
];

for (const [label, length, write] of lengths) {
  differ(`strictContentLength: ${label}`, async (scene) => {
    const server = await scene.serve((req, res) => {
      res.strictContentLength = true;
      res.setHeader('Content-Length', length);
      scene.watch('res', res, 'error', 'finish', 'close');
      scene.attempt('end', () => typeof write(res, req));
      if (!res.writableEnded) res.destroy();
    });
    await scene.exchange(server, lastGet());
    await scene.seen('res close');
  });
}

differ('strictContentLength: writes beyond the length', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.strictContentLength = true;
    res.writeHead(200, { 'Content-Length': 6 });
    scene.watch('res', res, 'error', 'close');
    scene.attempt('first', () => res.write('1234'));
    scene.attempt('second', () => res.write('5678'));
    scene.attempt('end', () => typeof res.end());
    res.destroy();
  });
  await scene.exchange(server, lastGet());
  await scene.seen('res close');
});

differ('strictContentLength: bytes are counted, not characters', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.strictContentLength = true;
    res.writeHead(200, { 'Content-Length': 6 });
    scene.attempt('end', () => typeof res.end('€€'));
  });
  await scene.exchange(server, lastGet());
});

differ('strictContentLength does not bind a HEAD response', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.strictContentLength = true;
    res.writeHead(200, { 'Content-Length': 6 });
    scene.attempt('end', () => typeof res.end());
  });
  await scene.exchange(server, head('HEAD / HTTP/1.1', 'Host: a', 'Connection: close'));
});

differ('a wrong Content-Length is sent as it is without strictContentLength', async (scene) => {
  await respond(scene, (res) => res.writeHead(200, { 'Content-Length': 9 }).end('text'));
});

differ('removed framing headers stay removed', async (scene) => {
  await respond(scene, (res) => {
    res.removeHeader('Content-Length');
    res.end('text');
  });
  await respond(scene, (res) => {
    res.removeHeader('Transfer-Encoding');
    res.write('te');
    res.end('xt');
  });
  await respond(scene, (res) => {
    res.removeHeader('Content-Length');
    res.removeHeader('transfer-encoding');
    scene.log('chunked', res.chunkedEncoding);
    res.end('text');
  });
});

differ('chunkedEncoding and useChunkedEncodingByDefault', async (scene) => {
  await respond(scene, (res) => {
    res.useChunkedEncodingByDefault = false;
    res.write('te');
    res.end('xt');
  });
  await respond(scene, (res) => {
    scene.log('before', res.chunkedEncoding, res.useChunkedEncodingByDefault);
    res.write('te');
    scene.log('after', res.chunkedEncoding);
    res.end('xt');
  });
});

differ('HEAD with a body written in parts', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.log('write', res.write('some'));
    res.end('more');
  });
  await scene.exchange(server, head('HEAD / HTTP/1.1', 'Host: a', 'Connection: close'));
});

differ('a Content-Length that is no number', async (scene) => {
  await respond(scene, (res) => {
    scene.attempt('end', () => typeof res.writeHead(200, { 'Content-Length': 'four' }).end('text'));
  });
});

// Node 26 joins the chunks of one turn, older Nodes do not.
differEither('the size of each chunk', async (scene) => {
  const sizes = [1, 9, 10, 15, 16, 17, 255, 256];
  const server = await scene.serve((_req, res) => {
    const next = () => {
      const size = sizes.shift();
      if (size === undefined) {
        res.write('a');
        res.write('b');
        res.end('c');
      } else {
        res.write('x'.repeat(size));
        setImmediate(next);
      }
    };
    next();
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.closed();
  scene.log('received', client.received);
});
