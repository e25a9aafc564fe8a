import type { ServerResponse } from 'node:http';
import { differ, differNewest } from './differ.js';
import { get, head, lastGet } from './messages.js';
import type { Scene } from './scene.js';

const expecting = head(
  'POST / HTTP/1.1',
  'Host: a',
  'Expect: 100-continue',
  'Content-Length: 4',
  'Connection: close',
);

differ('Expect: 100-continue gets 100 before the handler runs', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.headers.expect);
    req.on('data', (data) => scene.log('data', data)).on('end', () => res.end('ok'));
  });
  const client = scene.connect(server);
  await client.send(expecting);
  await client.until('100 Continue\r\n\r\n');
  await client.send('body');
  await client.closed();
  scene.record(client);
});

differ('100-continue is matched without regard to case', async (scene) => {
  const server = await scene.serve((req, res) => req.resume().on('end', () => res.end('ok')));
  for (const expectation of ['100-Continue', '100-CONTINUE', ' 100-continue ']) {
    const request = [
      'POST / HTTP/1.1',
      'Host: a',
      `Expect:${expectation}`,
      'Content-Length: 0',
      'Connection: close',
    ];
    await scene.exchange(server, head(...request));
  }
});

differ('100-continue without a body', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  await scene.exchange(server, lastGet('/', 'Expect: 100-continue'));
});

differ('a checkContinue listener takes the place of the handler', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('checkContinue', (req, res) => {
    scene.log('checkContinue', req.method);
    scene.attempt('writeContinue', () => res.writeContinue());
    req.on('data', (data) => scene.log('data', data)).on('end', () => res.end('ok'));
  });
  const client = scene.connect(server);
  await client.send(expecting);
  await client.until('100 Continue\r\n\r\n');
  await client.send('body');
  await client.closed();
  scene.record(client);
});

differ('checkContinue may answer without 100', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('checkContinue', (_req, res) => res.writeHead(299, 'No Need').end('no'));
  const client = scene.connect(server);
  await client.send(expecting);
  await client.closed();
  scene.record(client);
});

differ('checkContinue may hand the request on', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    req.resume().on('end', () => res.end('handler'));
  });
  server.on('checkContinue', (req, res) => {
    res.writeContinue();
    server.emit('request', req, res);
  });
  await scene.exchange(server, `${expecting}body`);
});

differ('an early answer to 100-continue on a kept connection', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('second'));
  server.on('checkContinue', (_req, res) => res.writeHead(299).end('first'));
  const client = scene.connect(server);
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 4'));
  await client.until('first');
  await client.send(`body${lastGet()}`);
  await client.closed();
  scene.record(client);
});

differ('any other expectation gets 417', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  const client = scene.connect(server);
  await client.send(get('/', 'Expect: 200-ok', 'Connection: close'));
  await client.closed();
  scene.log('status line', client.received.split('\r\n')[0]);
});

differ('a checkExpectation listener takes the place of 417', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('checkExpectation', (req, res) => {
    scene.log('checkExpectation', req.headers.expect);
    res.end('as you wish');
  });
  await scene.exchange(server, lastGet('/', 'Expect: 200-ok'));
});

differ('checkExpectation does not see 100-continue', async (scene) => {
  const server = await scene.serve((req, res) => req.resume().on('end', () => res.end('ok')));
  server.on('checkExpectation', () => scene.log('checkExpectation'));
  await scene.exchange(server, `${expecting}body`);
});

/** A handler's interim responses, then a final one. */
async function interim(scene: Scene, handle: (res: ServerResponse) => void): Promise<void> {
  const server = await scene.serve((_req, res) => {
    handle(res);
    scene.log('sent', res.headersSent, res.statusCode);
    res.end('final');
  });
  await scene.exchange(server, lastGet());
}

differ('writeContinue, writeProcessing and writeEarlyHints', async (scene) => {
  await interim(scene, (res) => {
    res.setHeader('X-Final', '1');
    scene.attempt('writeContinue', () => res.writeContinue(() => scene.log('continue written')));
    scene.attempt('writeProcessing', () => res.writeProcessing(() => scene.log('processing written')));
    scene.attempt('writeEarlyHints', () =>
      res.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' }, () => scene.log('hints written')),
    );
  });
});

differ('writeEarlyHints with several links and other fields', async (scene) => {
  await interim(scene, (res) => {
    res.writeEarlyHints({
      link: ['</a.css>; rel=preload', '</b.js>; rel=preload; as=script'],
      'x-trace': 'id',
    });
  });
});

differ('arguments of writeEarlyHints', async (scene) => {
  await interim(scene, (res) => {
    const values = [undefined, null, 1, 'a', {}, [], { link: undefined }, { link: [] }, { link: 'no link' }];
    values.push({ link: 1 } as never, { link: '</a>; rel=x\r\ny' }, {
      link: ['</a>; rel=x', 'bad'],
    } as never);
    for (const value of values) {
      scene.attempt(JSON.stringify(value) ?? 'undefined', () => res.writeEarlyHints(value as never));
    }
  });
});

differNewest('fields of writeEarlyHints are checked', async (scene) => {
  await interim(scene, (res) => {
    const link = '</a.css>; rel=preload';
    scene.attempt('name', () => res.writeEarlyHints({ link, 'a b': 'c' }));
    scene.attempt('value', () => res.writeEarlyHints({ link, a: 'b\r\nc' }));
  });
});

differNewest('writeInformation sends any interim response', async (scene) => {
  await interim(scene, (res) => {
    res.writeInformation(110, { 'X-Progress': '50%', 'X-List': ['a', 'b'] });
    res.writeInformation(199);
    res.writeInformation(103, { link: '</a>; rel=preload' }, () => scene.log('written'));
    res.writeInformation(100);
  });
});

differNewest('arguments of writeInformation', async (scene) => {
  await interim(scene, (res) => {
    for (const code of [99, 101, 200, 0, 'abc', undefined, null, 150.5, '102']) {
      scene.attempt(String(code), () => res.writeInformation(code as never));
    }
    scene.attempt('name', () => res.writeInformation(110, { 'a b': 'c' }));
    scene.attempt('value', () => res.writeInformation(110, { a: 'b\n' }));
    scene.attempt('undefined', () => res.writeInformation(110, { a: undefined }));
    scene.attempt('null', () => res.writeInformation(110, null as never));
    scene.attempt('array', () => res.writeInformation(110, ['a', 'b'] as never));
    scene.attempt('callback', () => res.writeInformation(110, function written() {} as never));
  });
});

differNewest('interim responses after the head are refused', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.write('x');
    scene.attempt('writeContinue', () => res.writeContinue());
    scene.attempt('writeProcessing', () => res.writeProcessing());
    scene.attempt('writeEarlyHints', () => res.writeEarlyHints({ link: '</a>; rel=preload' }));
    scene.attempt('writeInformation', () => res.writeInformation(110));
    res.end();
  });
  await scene.exchange(server, lastGet());
});

differ('writeHead with an interim status', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.attempt('writeHead 102', () => typeof res.writeHead(102));
    scene.attempt('end', () => typeof res.end());
  });
  await scene.exchange(server, lastGet());
});

differ('writeHead 101 by a handler', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.writeHead(101, { Upgrade: 'foo', Connection: 'upgrade' });
    res.end();
  });
  await scene.exchange(server, get('/'), '\r\n\r\n');
});
