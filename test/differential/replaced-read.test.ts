// Libraries that mock the network give out sockets whose handle is never connected, and feed them themselves.
import { connect, type Socket } from 'node:net';
import { differ } from './differ.js';
import { ok } from './messages.js';

differ('a socket whose _read was replaced is not read from its handle', async (scene) => {
  const origin = await scene.origin();
  // Newer releases read the handle of a socket that is kept.
  const agent = scene.agent();
  let fed: Socket | undefined;
  agent.createConnection = () => {
    const socket = connect(origin.port, '127.0.0.1');
    fed = socket;
    socket._read = () => {};
    Object.assign((socket as unknown as { _handle: object })._handle, {
      readStart: () => scene.log('readStart'),
    });
    return socket;
  };
  for (const turn of ['first', 'second']) {
    const req = scene.get(origin, { agent }, turn);
    await origin.received(turn === 'first' ? 1 : 2);
    req.on('response', (res) => res.on('data', (data) => scene.log('data', data)));
    fed?.push(ok(turn));
    await scene.seen(`${turn} close`);
  }
});
