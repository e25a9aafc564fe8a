// WebSocket servers on an HTTP server, as ws knows them: on a path, without a server of their own, and refusing.
import http from 'node:http';
import { WebSocketServer } from 'ws';

const log = [];
const server = http.createServer((req, res) => {
  if (req.url === '/log') res.end(JSON.stringify(log));
  else res.writeHead(404).end('no socket here');
});

const echo = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 100 } });
const chat = new WebSocketServer({
  noServer: true,
  handleProtocols: (protocols) => (protocols.has('chat') ? 'chat' : false),
  verifyClient: ({ req, origin }, done) =>
    done(req.headers.authorization === 'Bearer letmein', 401, `not ${origin}`),
});
chat.on('headers', (headers) => headers.push('X-Chat: yes'));
echo.on('connection', (socket, req) => {
  log.push(`open ${req.url}`);
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
  socket.on('close', (code, reason) => log.push(`close ${code} ${reason}`));
});
chat.on('connection', (socket) => {
  socket.send('welcome');
  socket.on('message', (message) => {
    for (const client of chat.clients) client.send(`all: ${message}`);
  });
});
server.on('upgrade', (req, socket, head) => {
  log.push(`upgrade ${req.url} with ${head.length}`);
  const { pathname } = new URL(req.url, 'http://a.example');
  if (pathname === '/echo')
    echo.handleUpgrade(req, socket, head, (client) => echo.emit('connection', client, req));
  else if (pathname === '/chat')
    chat.handleUpgrade(req, socket, head, (client) => chat.emit('connection', client, req));
  else socket.end('HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
});

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('SIGTERM', () => {
  server.close();
  for (const client of [...echo.clients, ...chat.clients]) client.terminate();
});
