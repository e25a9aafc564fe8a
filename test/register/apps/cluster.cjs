// A cluster of one: its worker answers, and asks itself.
const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
  const log = [];
  const worker = cluster.fork();
  worker.on('message', (said) => log.push(said));
  worker.on('exit', (code) => process.send({ log: [...log, { code }] }));
} else {
  const server = http.createServer((req, res) => res.end(req.url));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    http.get({ host: '127.0.0.1', port, path: '/shared', agent: false }, (res) => {
      res.setEncoding('utf8').once('data', (content) => {
        process.send({ status: res.statusCode, content }, () => cluster.worker.disconnect());
      });
    });
  });
}
