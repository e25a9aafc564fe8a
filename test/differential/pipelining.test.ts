import type { ServerResponse } from 'node:http';
import { differ, differNewest } from './differ.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet, post } from './messages.js';

differ('pipelined requests are answered in their order', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    res.end(`answer ${req.url}`);
  });
  await scene.exchange(server, get('/1') + get('/2') + get('/3') + lastGet('/4'));
});

differ('answers in reverse order', async (scene) => {
  const responses: ServerResponse[] = [];
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    responses.push(res);
    if (responses.length < 3) return;
    for (const [index, waiting] of responses.reverse().entries()) {
      waiting.write(`part ${index} `);
      waiting.end('end');
    }
  });
  await scene.exchange(server, get('/1') + get('/2') + lastGet('/3'));
});

differ('a waiting response takes writes, headers and callbacks', async (scene) => {
  let first: ServerResponse | undefined;
  const server = await scene.serve((_req, res) => {
    if (first === undefined) {
      first = res;
      return;
    }
    res.setHeader('X-Waiting', '1');
    scene.log('write', res.write('waits'), res.headersSent, res.writableLength > 0);
    res.write('more', () => scene.log('second written'));
    res.end(() => scene.log('second ended'));
    scene.log('state', res.writableEnded, res.writableFinished);
    first.end('first', () => scene.log('first ended'));
  });
  await scene.exchange(server, get('/1') + lastGet('/2'));
});

differ('a large waiting response tells to wait', async (scene) => {
  let first: ServerResponse | undefined;
  const server = await scene.serve((_req, res) => {
    if (first === undefined) {
      first = res;
      return;
    }
    res.writeHead(200, { 'Content-Length': 200_000 });
    scene.log('write', res.write('x'.repeat(200_000)), res.writableNeedDrain);
    res.on('drain', () => {
      scene.log('drain');
      res.end();
    });
    first.end('first');
  });
  const client = scene.connect(server);
  await client.send(get('/1') + lastGet('/2'));
  await client.closed();
  scene.log('all', client.received.endsWith('x'.repeat(200_000)));
});

differ('pipelined bodies go to their own requests', async (scene) => {
  const server = await scene.serve((req, res) => {
    let body = '';
    req.on('data', (data) => {
      body += data;
    });
    req.on('end', () => res.end(`${req.method} ${body}`));
  });
  const bodies = post('one') + chunkedPost() + chunk('two') + lastChunk + get('/') + post('three');
  await scene.exchange(server, bodies + lastGet());
});

differ('an unread body before the next request', async (scene) => {
  const server = await scene.serve((req, res) => res.end(`${req.method} ${req.url}`));
  await scene.exchange(server, post('unread') + chunkedPost() + chunk('too') + lastChunk + lastGet('/last'));
});

differNewest('the client leaves while responses wait', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    res.on('close', () => scene.log('close', req.url, req.destroyed));
    res.on('finish', () => scene.log('finish', req.url));
  });
  const client = scene.connect(server);
  await client.send(get('/1') + get('/2'));
  await scene.seen("request '/2'");
  client.destroy();
  await scene.seen('close', 2);
  await scene.turns();
});

differNewest('a destroyed first response takes the waiting ones along', async (scene) => {
  const responses: ServerResponse[] = [];
  const server = await scene.serve((req, res) => {
    responses.push(res);
    res.on('close', () => scene.log('close', req.url));
    if (req.url === '/2') {
      res.end('second');
      responses[0].destroy();
    }
  });
  await scene.exchange(server, get('/1') + get('/2'));
  await scene.seen('close', 2);
  await scene.turns();
});

differ('HEAD and 304 between others', async (scene) => {
  const server = await scene.serve((req, res) => {
    if (req.url === '/304') res.writeHead(304).end();
    else res.end('body');
  });
  await scene.exchange(server, head('HEAD /h HTTP/1.1', 'Host: a') + get('/304') + lastGet('/last'));
});

differ('an Expect request behind another waits for its 100', async (scene) => {
  let first: ServerResponse | undefined;
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    if (first === undefined) first = res;
    else req.resume().on('end', () => res.end('second'));
  });
  const client = scene.connect(server);
  const expecting = head('POST /2 HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 4');
  await client.send(get('/1') + expecting);
  await scene.seen("request '/2'");
  first?.end('first');
  await client.until('Continue\r\n\r\n');
  await client.send(`body${lastGet()}`);
  await client.closed();
  scene.record(client);
});

differ('many pipelined requests do not outrun a slow reader without end', async (scene) => {
  const count = 2000;
  let handled = 0;
  const server = await scene.serve((_req, res) => {
    handled++;
    res.end('x'.repeat(10_000));
  });
  const client = scene.connect(server);
  client.socket.pause();
  client.socket.write(get('/').repeat(count - 1) + lastGet());
  await scene.turns(200);
  scene.log('held back', handled < count);
  client.socket.resume();
  await client.closed();
  scene.log('all', handled, client.received.split('HTTP/1.1 200 OK').length - 1);
});

differ('a request line split over segments behind another request', async (scene) => {
  const server = await scene.serve((req, res) => res.end(`answer ${req.url}`));
  const client = scene.connect(server);
  await client.send(`${get('/1')}GET /s`);
  await client.until('answer /1');
  await client.send('plit HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await client.closed();
  scene.record(client);
});
