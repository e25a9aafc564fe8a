// Tests of applications replace the timers and the clock by their own, which stand still. HTTP goes on.
import { runScript } from './child-script.js';
import { differ } from './differ.js';

/** Replaces what libraries of fake timers do, tells who calls it, and gives what no timer is. */
const replaced = `
import { connect } from 'node:net';
const RealDate = Date;
for (const name of ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'queueMicrotask']) {
  globalThis[name] = () => console.log(name, 'was called');
}
globalThis.Date = class extends RealDate {
  constructor() {
    super(0);
  }
};
Date.now = () => 0;
process.hrtime = () => [0, 0];
process.hrtime.bigint = () => 0n;
performance.now = () => 0;
`;

differ('an exchange needs none of the global timers, and has the true Date', (scene) =>
  runScript(
    scene,
    `${replaced}
    const agent = new http.Agent({ keepAlive: true });
    const server = http.createServer((req, res) => req.resume().on('end', () => res.end('ok')));
    server.listen(0, '127.0.0.1', () => {
      const ask = (next) => http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', agent }, (res) => {
        console.log(res.statusCode, RealDate.now() - RealDate.parse(res.headers.date) < 60000);
        res.resume().on('close', next);
      }).end('body');
      ask(() => process.nextTick(ask, () => {
        agent.destroy();
        server.close();
      }));
    });`,
  ),
);

differ('a slow request is ended while the global timers stand still', (scene) =>
  runScript(
    scene,
    `${replaced}
    const server = http.createServer({ headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 });
    server.listen(0, '127.0.0.1', () => {
      const socket = connect(server.address().port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\n'));
      socket.on('data', (data) => console.log(String(data).slice(0, 12)));
      socket.on('close', () => server.close());
    });`,
  ),
);

differ('an idle connection is closed while the global timers stand still', (scene) =>
  runScript(
    scene,
    `${replaced}
    const server = http.createServer({ keepAliveTimeout: 20, keepAliveTimeoutBuffer: 0 }, (req, res) => res.end());
    server.listen(0, '127.0.0.1', () => {
      const socket = connect(server.address().port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'));
      socket.on('data', (data) => console.log(String(data).slice(0, 12)));
      socket.on('close', () => server.close());
    });`,
  ),
);
