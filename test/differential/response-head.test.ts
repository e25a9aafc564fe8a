import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { differ, differNewest } from './differ.js';
import { head, lastGet } from './messages.js';
import type { Scene } from './scene.js';

type Write = (res: ServerResponse, req: IncomingMessage) => void;

/** One response a handler, each on a connection of its own. */
async function respond(scene: Scene, ...handlers: Write[]): Promise<void> {
  let turn = 0;
  const server = await scene.serve((req, res) => handlers[turn++](res, req));
  for (const _ of handlers) await scene.exchange(server, lastGet());
}

differ('the implicit head', async (scene) => {
  await respond(
    scene,
    (res) => res.end(),
    (res) => res.end('body'),
    (res) => {
      res.statusCode = 404;
      res.end('none');
    },
    (res) => {
      res.statusCode = 299;
      res.statusMessage = 'So to Say';
      res.end();
    },
    (res) => {
      res.statusCode = 299;
      res.end();
    },
  );
});

differ('writeHead with an object', async (scene) => {
  await respond(
    scene,
    (res) =>
      res.writeHead(200, { 'Content-Type': 'text/plain', 'X-Number': 1, 'X-List': ['a', 'b'] }).end('x'),
    (res) => res.writeHead(201, 'Made', { 'x-a': 'b' }).end('x'),
    (res) => res.writeHead(404).end('x'),
    (res) => res.writeHead(404, 'Nowhere').end('x'),
    (res) => res.writeHead(404, undefined, { a: 'b' }).end('x'),
    (res) => res.writeHead(404, '', { a: 'b' }).end('x'),
    (res) => res.writeHead(799).end('x'),
    (res) => res.writeHead(200, null as never, { a: 'b' }).end('x'),
    (res) => res.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'], Cookie: ['c', 'd'] }).end('x'),
  );
});

differ('writeHead with arrays', async (scene) => {
  const pairs = [
    ['X-A', '1'],
    ['x-a', '2'],
    ['X-B', '3'],
  ] as never;
  await respond(
    scene,
    (res) => res.writeHead(200, ['X-A', '1', 'x-a', '2', 'X-B', '3']).end('x'),
    (res) => res.writeHead(200, pairs).end('x'),
    (res) => res.writeHead(200, 'Fine', ['Set-Cookie', 'a', 'Set-Cookie', 'b']).end('x'),
    (res) => res.writeHead(200, ['Set-Cookie', ['a', 'b'] as never]).end('x'),
    (res) => res.writeHead(200, []).end('x'),
  );
});

differ('writeHead over setHeader', async (scene) => {
  await respond(
    scene,
    (res) => {
      res.setHeader('X-A', 'set');
      res.setHeader('X-B', 'kept');
      res.writeHead(200, { 'x-a': 'written', 'X-C': 'new' });
      scene.log('headers', { ...res.getHeaders() });
      res.end('x');
    },
    (res) => {
      res.setHeader('X-A', 'set');
      res.writeHead(200);
      scene.log('headers', { ...res.getHeaders() });
      res.end('x');
    },
    (res) => {
      res.writeHead(200, { 'x-only': 'in the head' });
      scene.log('getHeader', res.getHeader('x-only'), { ...res.getHeaders() });
      res.end('x');
    },
  );
});

differNewest('writeHead with an array over setHeader', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('X-A', 'set');
    res.setHeader('X-B', 'kept');
    res.writeHead(200, ['X-A', 'one', 'X-A', 'two', 'X-C', 'new']);
    scene.log('headers', { ...res.getHeaders() });
    res.end('x');
  });
});

differ('writeHead sets statusCode and statusMessage', async (scene) => {
  await respond(
    scene,
    (res) => {
      res.writeHead(404);
      scene.properties('res', res, ['statusCode', 'statusMessage', 'headersSent']);
      res.end();
    },
    (res) => {
      res.statusMessage = 'Mine';
      res.writeHead(404);
      scene.properties('res', res, ['statusCode', 'statusMessage']);
      res.end();
    },
    (res) => {
      res.statusMessage = 'Mine';
      res.writeHead(404, 'Theirs');
      scene.properties('res', res, ['statusCode', 'statusMessage']);
      res.end();
    },
    (res) => {
      scene.log('same', res.writeHead(204) === res);
      res.end();
    },
  );
});

differ('status codes that are refused', async (scene) => {
  await respond(scene, (res) => {
    for (const code of [0, 99, 1000, -200, Number.NaN, 'abc', '99', undefined, null, {}, [], 1e20]) {
      scene.attempt(`writeHead ${String(code)}`, () => typeof res.writeHead(code as never));
    }
    scene.log('sent', res.headersSent);
    res.statusCode = 7;
    scene.attempt('implicit', () => typeof res.end('x'));
    res.statusCode = 200;
    res.end('fine');
  });
});

differ('status codes that are taken', async (scene) => {
  for (const code of [200.9, '204', 999, 600]) {
    await respond(scene, (res) => {
      scene.attempt(`writeHead ${code}`, () => typeof res.writeHead(code as never));
      scene.log('statusCode', res.statusCode);
      res.end();
    });
  }
});

differ('status messages that are refused', async (scene) => {
  await respond(scene, (res) => {
    for (const message of ['a\nb', 'a\rb', 'a\0b', 'Ā', '\x7f']) {
      scene.attempt(`writeHead ${JSON.stringify(message)}`, () => typeof res.writeHead(200, message));
      res.statusMessage = message;
      scene.attempt(`implicit ${JSON.stringify(message)}`, () => typeof res.end('x'));
    }
    scene.log('sent', res.headersSent);
    res.statusMessage = 'ok \xe9\t';
    res.end();
  });
});

differ('header names and values that are refused in writeHead', async (scene) => {
  await respond(scene, (res) => {
    const attempt = (label: string, headers: unknown) =>
      scene.attempt(label, () => typeof res.writeHead(200, headers as never));
    attempt('name', { 'a b': 'c' });
    attempt('empty name', { '': 'c' });
    attempt('value', { a: 'b\nc' });
    attempt('undefined', { a: undefined });
    attempt('in a list', { a: ['b', 'c\r\n'] });
    attempt('odd array', ['a', 'b', 'c']);
    attempt('name in an array', ['a b', 'c']);
    attempt('value in an array', ['a', 'b\0']);
    attempt('undefined in an array', ['a', undefined]);
    scene.log('sent', res.headersSent);
    res.end('fine');
  });
});

differ('header names and values that are refused in writeHead after setHeader', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('x-set', '1');
    const attempt = (label: string, headers: unknown) =>
      scene.attempt(label, () => typeof res.writeHead(200, headers as never));
    attempt('name', { 'a b': 'c' });
    attempt('value', { a: 'b\nc' });
    attempt('undefined', { a: undefined });
    attempt('odd array', ['a', 'b', 'c']);
    attempt('undefined in an array', ['a', undefined]);
    scene.log('sent', res.headersSent);
    res.end('fine');
  });
});

differ('writeHead twice', async (scene) => {
  await respond(
    scene,
    (res) => {
      res.writeHead(200);
      scene.attempt('again', () => typeof res.writeHead(200));
      res.end();
    },
    (res) => {
      res.write('x');
      scene.attempt('after write', () => typeof res.writeHead(200));
      res.end();
    },
    (res) => {
      res.end('x');
      scene.attempt('after end', () => typeof res.writeHead(200));
    },
    (res) => {
      res.flushHeaders();
      scene.attempt('after flushHeaders', () => typeof res.writeHead(200));
      res.end();
    },
  );
});

differ('nothing of the head may change once it is written', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('a', '1');
    res.writeHead(200, { b: '2' });
    scene.attempt('setHeader', () => typeof res.setHeader('c', '3'));
    scene.attempt('appendHeader', () => typeof res.appendHeader('c', '3'));
    scene.attempt('setHeaders', () => typeof res.setHeaders(new Map([['c', '3']])));
    scene.attempt('removeHeader', () => res.removeHeader('a'));
    scene.attempt('getHeader', () => [res.getHeader('a'), res.getHeader('b'), res.hasHeader('A')]);
    res.statusCode = 500;
    scene.log('statusCode', res.statusCode);
    res.end();
  });
});

differ('flushHeaders sends the head alone', async (scene) => {
  const goOn = new EventEmitter();
  const server = await scene.serve((_req, res) => {
    res.setHeader('X-A', '1');
    res.flushHeaders();
    scene.log('sent', res.headersSent);
    res.flushHeaders();
    res.on('close', () => res.flushHeaders());
    goOn.once('go', () => res.end('later'));
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.until('\r\n\r\n');
  scene.log('before end', client.received.includes('later'));
  goOn.emit('go');
  await client.closed();
  scene.record(client);
});

differ('flushHeaders with a length set', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('Content-Length', 2);
    res.flushHeaders();
    res.end('ok');
  });
});

differ('sendDate false and a Date of one’s own', async (scene) => {
  await respond(
    scene,
    (res) => {
      res.sendDate = false;
      res.end('x');
    },
    (res) => res.setHeader('Date', 'some day').end('x'),
    (res) => res.writeHead(200, { date: 'another day' }).end('x'),
    (res) => {
      res.removeHeader('Date');
      scene.log('sendDate', res.sendDate);
      res.end('x');
    },
    (res) => {
      res.setHeader('Date', 'some day');
      res.removeHeader('date');
      scene.log('sendDate', res.sendDate);
      res.end('x');
    },
  );
});

differ('the order of fields in a head', async (scene) => {
  await respond(
    scene,
    (res) => {
      res.setHeader('Z-Last', '1');
      res.setHeader('A-First', '2');
      res.setHeader('Content-Type', 'text/plain');
      res.setHeader('z-last', '3');
      res.end('x');
    },
    (res) => {
      res.setHeader('Content-Length', 1);
      res.setHeader('Connection', 'close');
      res.setHeader('X-A', 'b');
      res.end('x');
    },
    (res) => res.writeHead(200, { 'X-A': 1, Date: 'd', 'Transfer-Encoding': 'chunked', 'X-B': 2 }).end('x'),
  );
});

differ('uniqueHeaders joins lists', async (scene) => {
  const server = await scene.serve(
    (_req, res) => {
      res.setHeader('X-One', ['a', 'b']);
      res.setHeader('X-Many', ['a', 'b']);
      res.setHeader('Set-Cookie', ['c', 'd']);
      res.end();
    },
    { uniqueHeaders: ['x-one', 'Set-Cookie'] },
  );
  await scene.exchange(server, lastGet());
});

differ('Cookie and Set-Cookie lists', async (scene) => {
  await respond(
    scene,
    (res) => res.setHeader('Set-Cookie', ['a=1', 'b=2']).setHeader('Cookie', ['c', 'd']).end(),
    (res) => res.writeHead(200, { 'set-cookie': 'a=1' }).end(),
  );
});

differ('a response to HTTP/1.0', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.properties('res', res, ['shouldKeepAlive', 'useChunkedEncodingByDefault', 'chunkedEncoding']);
    res.write('no ');
    res.end('length');
  });
  await scene.exchange(server, head('GET / HTTP/1.0'));
});
