import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { differ, differNewest } from './differ.js';
import { head, ok } from './messages.js';

const events = ['finish', 'abort', 'timeout', 'error', 'close'];
const switching = head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: x');
const upgrading = { headers: { Connection: 'Upgrade', Upgrade: 'x' } };

differ('upgrade hands over the socket, and the bytes behind the head', async (scene) => {
  const origin = await scene.origin(`${switching}first`);
  const agent = scene.agent({ keepAlive: true });
  const req = scene.get(origin, { agent, ...upgrading }, 'req', events);
  req.on('upgrade', (res, socket, first) => {
    scene.log('upgrade', res.statusCode, res.statusMessage, res.headers, first);
    scene.log('states', req.destroyed, socket === req.socket, res.complete, res.socket === socket);
    scene.log('upgrade', (res as unknown as { upgrade: unknown }).upgrade);
    scene.log(
      'listeners',
      ...['data', 'end', 'error', 'close', 'drain', 'timeout'].map((event) => socket.listenerCount(event)),
    );
    scene.log('pools', Object.keys(agent.sockets).length, Object.keys(agent.freeSockets).length);
    scene.log('flowing', socket.readableFlowing);
    socket.on('data', (data) => scene.log('data', data));
    socket.on('close', () => scene.log('socket close'));
    socket.write('hello');
  });
  const connection = await origin.connection();
  await connection.until('hello');
  await scene.closed();
  await connection.send('second');
  await scene.seen('data');
  connection.end();
  await scene.seen('socket close');
});

differ('upgrade without bytes behind the head', async (scene) => {
  const origin = await scene.origin(switching);
  const req = scene.get(origin, upgrading, 'req', events);
  req.on('upgrade', (_res, socket, first) => {
    scene.log('upgrade', first);
    socket.destroy();
  });
  await scene.closed();
});

differ('upgrade without a listener', async (scene) => {
  const origin = await scene.origin(`${switching}first`);
  const req = scene.get(origin, upgrading, 'req', events);
  req.on('socket', (socket) => socket.on('close', () => scene.log('socket close')));
  await scene.seen('socket close');
  await scene.closed();
});

differ('an upgrade that nobody takes is a response that is complete', async (scene) => {
  const origin = await scene.origin(switching);
  const req = scene.get(origin, upgrading, 'req', []);
  req.on('close', () => {
    const { res } = req as unknown as { res: IncomingMessage };
    scene.log('response', res.complete, res.aborted);
    res.on('error', (error) => scene.log('error', error));
    res.on('end', () => scene.log('end'));
    res.resume();
    scene.log('req close');
  });
  await scene.closed();
});

differ('an upgrade that nobody asked for', async (scene) => {
  const origin = await scene.origin(switching);
  const req = scene.get(origin, {}, 'req', events);
  req.on('upgrade', (_res, socket) => {
    scene.log('upgrade');
    socket.destroy();
  });
  await scene.closed();
});

differ('an Upgrade in a 200 is an ordinary response', async (scene) => {
  const origin = await scene.origin(ok('ok', 'Connection: Upgrade', 'Upgrade: x'));
  const req = scene.get(origin, upgrading, 'req', events);
  req.on('upgrade', () => scene.log('upgrade'));
  await scene.closed();
});

differ('a refused upgrade', async (scene) => {
  const origin = await scene.origin(
    head('HTTP/1.1 426 Upgrade Required', 'Content-Length: 0', 'Connection: close'),
  );
  const req = scene.get(origin, upgrading, 'req', events);
  req.on('upgrade', () => scene.log('upgrade'));
  await scene.closed();
});

differ('an interim response before the upgrade', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 103 Early Hints') + switching);
  const req = scene.get(origin, upgrading, 'req', [...events, 'information']);
  req.on('upgrade', (_res, socket) => {
    scene.log('upgrade');
    socket.destroy();
  });
  await scene.closed();
});

differNewest('CONNECT hands over the socket', async (scene) => {
  const origin = await scene.origin(`${head('HTTP/1.1 200 Connection established', 'X-A: a')}first`);
  const req = scene.get(origin, { method: 'CONNECT', path: 'example.test:443' }, 'req', events);
  req.on('connect', (res, socket, first) => {
    scene.log('connect', res.statusCode, res.headers, first);
    scene.log('states', req.destroyed, socket === req.socket, res.complete);
    socket.on('data', (data: Buffer) => scene.log('data', data));
    socket.on('close', () => scene.log('socket close'));
    socket.write('tunnelled');
  });
  const connection = await origin.connection();
  await connection.until('tunnelled');
  await connection.send('back');
  await scene.seen('data');
  connection.end();
  await scene.seen('socket close');
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('a 101 without Upgrade is a response where nobody listens for upgrades', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 101 Switching Protocols', 'Connection: close'));
  scene.get(origin, {}, 'req', events);
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('CONNECT that is refused is a connect event too', async (scene) => {
  for (const response of [
    `${head('HTTP/1.1 407 Proxy Authentication Required', 'Content-Length: 4')}text`,
    `${head('HTTP/1.1 502 Bad Gateway', 'Transfer-Encoding: chunked')}4\r\ntext\r\n0\r\n\r\n`,
    head('HTTP/1.1 204 No Content'),
  ]) {
    const origin = await scene.origin(response);
    const req = scene.get(origin, { method: 'CONNECT', path: 'example.test:443' }, 'req', events);
    req.on('connect', (res, socket, first) => {
      scene.log('connect', res.statusCode, first);
      socket.destroy();
    });
    await scene.closed();
  }
});

differ('CONNECT without a listener', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 200 OK'));
  const req = scene.get(origin, { method: 'CONNECT', path: 'example.test:443' }, 'req', events);
  req.on('socket', (socket) => socket.on('close', () => scene.log('socket close')));
  await scene.seen('socket close');
  await scene.closed();
});

differNewest('the head of CONNECT by its options', async (scene) => {
  const origin = await scene.origin(head('HTTP/1.1 200 OK'));
  for (const options of [
    { path: 'a.test:443' },
    { path: 'a.test:443', headers: { Host: 'a.test:443' } },
    { path: 'a.test:443', headers: ['Host', 'a.test'] as never },
    {},
  ]) {
    const req = scene.get(origin, { method: 'CONNECT', agent: false, ...options }, 'req', events);
    req.on('connect', (_res, socket: Socket) => socket.destroy());
    await scene.closed();
  }
  scene.recordOrigin(origin);
});

differ('a listener of upgrade that throws nothing away: the pool after it', async (scene) => {
  const origin = await scene.origin(switching, ok());
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  const req = scene.get(origin, { agent, ...upgrading }, 'first', events);
  scene.get(origin, { agent }, 'second');
  req.on('upgrade', (_res, socket) => {
    scene.log('upgrade', Object.keys(agent.sockets).length);
    scene.log('total', (agent as unknown as { totalSocketCount: number }).totalSocketCount);
    scene.atTheEnd(() => socket.destroy());
  });
  await scene.closed('first');
  await scene.closed('second');
  scene.log('connections', origin.connections.length);
});
