import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { differ } from './differ.js';
import { head, ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');
const events = ['continue', 'information', 'finish', 'error', 'close'];

differ('Expect: 100-continue sends the head at once, the content after continue', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST', headers: { Expect: '100-continue' } }, 'req', events);
  scene.log('headersSent', req.headersSent);
  const connection = await origin.connection();
  await connection.until('\r\n\r\n');
  scene.log('before continue', connection.received.endsWith('\r\n\r\n'));
  req.on('continue', () => req.end('content'));
  await connection.send(head('HTTP/1.1 100 Continue'));
  await connection.until('content');
  await connection.send(lastOk);
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('Expect: 100-continue with a Content-Length', async (scene) => {
  const origin = await scene.origin();
  const headers = { Expect: '100-continue', 'Content-Length': 7 };
  const req = scene.request(origin, { method: 'POST', headers }, 'req', events);
  const connection = await origin.connection();
  await connection.until('\r\n\r\n');
  req.on('continue', () => req.end('content'));
  await connection.send(head('HTTP/1.1 100 Continue'));
  await connection.until('content');
  await connection.send(lastOk);
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('Expect: 100-continue that is refused', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST', headers: { Expect: '100-continue' } }, 'req', events);
  const connection = await origin.connection();
  await connection.until('\r\n\r\n');
  await connection.send(head('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0', 'Connection: close'));
  await scene.seen('res end');
  req.end();
  await scene.closed();
});

differ('Expect set later, and in an array', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, { method: 'POST' }, 'later', events);
  req.setHeader('Expect', '100-continue');
  scene.log('headersSent', req.headersSent);
  req.end('a');
  await scene.closed('later');
  const list = scene.request(
    origin,
    { method: 'POST', headers: ['Host', 'a', 'Expect', '100-continue'] as never },
    'list',
    events,
  );
  scene.log('headersSent', list.headersSent);
  list.end('a');
  await scene.closed('list');
  scene.recordOrigin(origin);
});

differ('interim responses of every kind, in their order', async (scene) => {
  const interim =
    head('HTTP/1.1 100 Continue') +
    head('HTTP/1.1 102 Processing', 'X-A: a') +
    head('HTTP/1.1 103 Early Hints', 'Link: </a>', 'Link: </b>') +
    head('HTTP/1.1 100 Go on', 'X-B: b') +
    head('HTTP/1.1 199 Own', 'X-C: c');
  const origin = await scene.origin(interim + lastOk);
  scene.get(origin, {}, 'req', events);
  await scene.closed();
});

differ('an interim response over several segments', async (scene) => {
  const origin = await scene.origin(async (connection) => {
    for (const part of ['HTTP/1.1 10', '3 Early Hints\r\nLi', 'nk: </a>\r\n\r', '\n', lastOk]) {
      await connection.send(part);
      await scene.turns();
    }
  });
  scene.get(origin, {}, 'req', events);
  await scene.closed();
});

differ('many interim responses', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 103 Early Hints', 'X-A: a').repeat(500) + lastOk);
  const req = scene.get(origin);
  let count = 0;
  req.on('information', () => {
    count++;
  });
  await scene.closed();
  scene.log('information', count);
});

differ('interim responses without listeners', async (scene) => {
  const origin = await scene.origin(
    head('HTTP/1.1 100 Continue') + head('HTTP/1.1 103 Early Hints') + lastOk,
  );
  scene.get(origin);
  await scene.closed();
});

differ('an interim response with Content-Length', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 103 Early Hints', 'Content-Length: 5') + lastOk);
  scene.get(origin, {}, 'req', events);
  await scene.closed();
});

differ('nothing but interim responses, then the end', async (scene) => {
  const origin = await scene.origin((connection) => connection.socket.end(head('HTTP/1.1 103 Early Hints')));
  scene.get(origin, {}, 'req', events);
  await scene.closed();
});

differ('an interim response to HEAD', async (scene) => {
  const origin = await scene.origin(
    head('HTTP/1.1 103 Early Hints') + head('HTTP/1.1 200 OK', 'Content-Length: 9', 'Connection: close'),
  );
  scene.get(origin, { method: 'HEAD' }, 'req', events);
  await scene.closed();
});

differ('the members of information', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 103 Early Hints', 'X-A: a', 'x-a: b') + lastOk);
  const req = scene.get(origin);
  req.on('information', (information) => {
    for (const [name, value] of Object.entries(information)) scene.log(name, value);
  });
  await scene.closed();
});

differ('a continue that nobody asked for', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  req.write('a');
  const connection = await origin.connection();
  await connection.until('a');
  await connection.send(head('HTTP/1.1 100 Continue'));
  await scene.seen('req continue');
  req.end('b');
  await connection.until('b');
  await connection.send(lastOk);
  await scene.closed();
});

differ('a response, and the end, that come while the interim response is told of', async (scene) => {
  const socket = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      this.push(head('HTTP/1.1 100 Continue'));
      done();
    },
  });
  const req = scene.http.request({ createConnection: () => socket as Socket });
  req.on('error', ({ message }) => scene.log('error', message));
  req.on('response', (res) => {
    scene.log('response', res.statusCode);
    res.resume().on('end', () => scene.log('end'));
  });
  req.on('information', () => {
    scene.log('information');
    socket.push(head('HTTP/1.1 200 OK', 'Content-Length: 0'));
    socket.push(null);
  });
  const closed = new Promise((resolve) => req.on('close', resolve));
  req.end();
  await closed;
});
