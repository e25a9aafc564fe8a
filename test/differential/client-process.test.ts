import { runScript as run } from './child-script.js';
import { differ } from './differ.js';
import { ok } from './messages.js';

differ('a process ends while sockets are free', async (scene) => {
  const origin = await scene.origin(ok());
  await run(
    scene,
    `const agent = new http.Agent({ keepAlive: true });
    http.get({ host: '127.0.0.1', port: process.argv[1], agent }, (res) => {
      res.resume().on('end', () => console.log('end'));
    });
    process.on('exit', () => console.log('exit', Object.keys(agent.freeSockets).length));`,
    String(origin.port),
  );
});

differ('a process ends while sockets of globalAgent are free', async (scene) => {
  const origin = await scene.origin(ok());
  await run(
    scene,
    `http.get('http://127.0.0.1:' + process.argv[1], (res) => {
      res.resume().on('end', () => console.log('end'));
    });
    process.on('exit', () => console.log('exit'));`,
    String(origin.port),
  );
});

differ('a reused socket holds the process again', async (scene) => {
  const origin = await scene.origin(ok('one'), (connection) =>
    setTimeout(() => connection.send(ok('two')), 50),
  );
  await run(
    scene,
    `const agent = new http.Agent({ keepAlive: true });
    const get = (next) => http.get({ host: '127.0.0.1', port: process.argv[1], agent }, (res) => {
      res.on('data', (data) => console.log(String(data)));
      res.on('close', () => next?.());
    });
    get(() => setImmediate(() => get()));`,
    String(origin.port),
  );
});

differ('an error that nobody listens for ends the process', async (scene) => {
  const origin = await scene.origin((connection) => connection.end());
  await run(scene, `http.get({ host: '127.0.0.1', port: process.argv[1] });`, String(origin.port));
});

differ('an error of the response that nobody listens for does not end the process', async (scene) => {
  const origin = await scene.origin((connection) => {
    connection.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  });
  await run(
    scene,
    `http.get({ host: '127.0.0.1', port: process.argv[1] }, (res) => {
      res.resume().on('aborted', () => console.log('aborted'));
    });`,
    String(origin.port),
  );
});

for (const [where, script] of [
  ['response', `req.on('response', () => { throw new Error('thrown'); });`],
  ['data', `req.on('response', (res) => res.on('data', () => { throw new Error('thrown'); }));`],
  ['end', `req.on('response', (res) => res.resume().on('end', () => { throw new Error('thrown'); }));`],
  ['information', `req.on('information', () => { throw new Error('thrown'); });`],
  ['socket', `req.on('socket', () => { throw new Error('thrown'); });`],
  ['finish', `req.on('finish', () => { throw new Error('thrown'); });`],
  [
    'close',
    `req.on('response', (res) => res.resume()); req.on('close', () => { throw new Error('thrown'); });`,
  ],
  ['upgrade', `req.on('upgrade', () => { throw new Error('thrown'); });`],
] as const) {
  differ(`what a listener of ${where} throws is an uncaught exception`, async (scene) => {
    const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n';
    const origin = await scene.origin(
      interim + (where === 'upgrade' ? upgraded : ok('ok', 'Connection: close')),
    );
    await run(
      scene,
      `process.on('uncaughtException', (error) => {
        console.log('uncaught', error.message);
        setImmediate(() => process.exit(7));
      });
      const req = http.get({ host: '127.0.0.1', port: process.argv[1] });
      ${script}`,
      String(origin.port),
    );
  });
}

differ('maxHeaderSize of the command line', async (scene) => {
  const origin = await scene.origin(ok('', `X-A: ${'a'.repeat(20_000)}`, 'Connection: close'));
  await run(
    scene,
    `console.log(http.maxHeaderSize);
    http.get({ host: '127.0.0.1', port: process.argv[1] }, (res) => {
      console.log(res.statusCode);
      res.resume();
    }).on('error', (error) => console.log(error.code));`,
    String(origin.port),
  );
});

for (const size of ['0', '1', '200']) {
  differ(`--max-http-header-size=${size}`, async (scene) => {
    await run(
      scene,
      `console.log(http.maxHeaderSize);
      const server = http.createServer((req, res) => res.end()).listen(0, '127.0.0.1', () => {
        http.get({ host: '127.0.0.1', port: server.address().port, agent: false }, (res) => {
          console.log(res.statusCode);
          server.close();
        }).on('error', (error) => {
          console.log(error.code);
          server.close();
        });
      });
      server.on('clientError', (error, socket) => {
        console.log(error.code);
        socket.destroy();
      });`,
      `--max-http-header-size=${size}`,
    );
  });
}
