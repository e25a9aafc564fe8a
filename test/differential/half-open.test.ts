import { differ } from './differ.js';
import { get, head, lastGet, post } from './messages.js';

differ('FIN right behind the request: the response still comes', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('req', req, 'aborted', 'end', 'error', 'close');
    res.end('ok');
  });
  const client = scene.connect(server, { allowHalfOpen: true });
  client.socket.end(get());
  await client.closed();
  scene.record(client);
  await scene.seen('req close');
});

differ('FIN while the handler is at work', async (scene) => {
  let answer = () => {};
  const server = await scene.serve((req, res) => {
    scene.log('request');
    scene.watch('req', req, 'aborted', 'error', 'close');
    scene.watch('res', res, 'finish', 'close');
    scene.watch('socket', req.socket, 'end');
    answer = () => {
      scene.attempt('end', () => typeof res.end('late'));
    };
  });
  const client = scene.connect(server, { allowHalfOpen: true });
  await client.send(get());
  await scene.seen('request');
  client.end();
  await scene.seen('socket end');
  answer();
  await client.closed();
  scene.record(client);
  await scene.seen('req close');
});

differ('FIN while the handler is at work, with httpAllowHalfOpen', async (scene) => {
  let answer = () => {};
  const server = await scene.serve((req, res) => {
    scene.log('request');
    scene.watch('req', req, 'aborted', 'error', 'close');
    scene.watch('res', res, 'finish');
    scene.watch('socket', req.socket, 'end');
    answer = () => {
      scene.attempt('end', () => typeof res.end('late'));
    };
  });
  Reflect.set(server, 'httpAllowHalfOpen', true);
  const client = scene.connect(server, { allowHalfOpen: true });
  await client.send(get());
  await scene.seen('request');
  client.end();
  await scene.seen('socket end');
  answer();
  await client.closed();
  scene.record(client);
});

differ('FIN behind a body', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.on('data', (data) => scene.log('data', data)).on('end', () => res.end('ok'));
  });
  const client = scene.connect(server, { allowHalfOpen: true });
  client.socket.end(post('body'));
  await client.closed();
  scene.record(client);
});

differ('FIN behind two pipelined requests', async (scene) => {
  const server = await scene.serve((req, res) => res.end(`answer ${req.url}`));
  const client = scene.connect(server, { allowHalfOpen: true });
  client.socket.end(get('/1') + get('/2'));
  await client.closed();
  scene.record(client);
});

differ('FIN between two requests ends the connection quietly', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  scene.watch('server', server, 'clientError');
  server.on('connection', (socket) => scene.watch('socket', socket, 'end', 'close', 'error'));
  const client = scene.connect(server, { allowHalfOpen: true });
  await client.send(get());
  await client.until('ok');
  client.end();
  scene.record(client, await client.closed());
  await scene.seen('socket close');
});

differ('a response without Content-Length to a client that half-closed', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.write('one');
    res.end('two');
  });
  const client = scene.connect(server, { allowHalfOpen: true });
  client.socket.end(head('GET / HTTP/1.0'));
  await client.closed();
  scene.record(client);
});

differ('the server closes with FIN, not with RST', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  const client = scene.connect(server);
  await client.send(lastGet());
  scene.record(client, await client.closed());
});

differ('the socket of a closing connection ends before it closes', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('socket', req.socket, 'finish', 'end', 'close');
    scene.watch('res', res, 'finish');
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(lastGet());
  await client.closed();
  await scene.seen('socket close');
});
