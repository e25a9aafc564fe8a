// Next.js in production, behind a server of its own.
const http = require('http');
const next = require('next');

process.chdir(__dirname);
const app = next({ dev: false, dir: __dirname, hostname: '127.0.0.1', port: 80 });
app.prepare().then(() => {
  const server = http.createServer(app.getRequestHandler());
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('SIGTERM', () => {
    server.close();
    app.close();
  });
});
