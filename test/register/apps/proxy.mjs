// http-proxy-middleware in front of another server: both roles in one process.
import http from 'node:http';
import express from 'express';
import { createProxyMiddleware, responseInterceptor } from 'http-proxy-middleware';
import { WebSocketServer } from 'ws';

const arrived = [];
const upstream = http.createServer(async (req, res) => {
  const chunks = [];
  try {
    for await (const chunk of req) chunks.push(chunk);
  } catch {
    arrived.push(`${req.method} ${req.url} broke off`);
    return;
  }
  const content = Buffer.concat(chunks);
  arrived.push(`${req.method} ${req.url} ${content.length}`);
  if (req.url === '/hangup') req.socket.destroy();
  else if (req.url === '/partial')
    res.writeHead(200, { 'Content-Length': 100 }).write('only this', () => req.socket.destroy());
  else if (req.url === '/cookies') res.setHeader('Set-Cookie', ['a=1; Domain=up.example', 'b=2']).end();
  else if (req.url === '/redirect')
    res.writeHead(302, { Location: `http://127.0.0.1:${upstream.address().port}/json` }).end();
  else if (req.url === '/stream') {
    res.write('one ');
    setImmediate(() => res.end('two'));
  } else if (req.url === '/large') res.end(Buffer.alloc(1_000_000, 'large '));
  else if (req.url === '/empty') res.writeHead(204).end();
  else {
    const headers = Object.entries(req.headers).map(([name, value]) => [
      name,
      String(value).replaceAll(/\d{4,5}$/g, '(port)'),
    ]);
    res
      .setHeader('X-Upstream', 'yes')
      .end(JSON.stringify({ method: req.method, url: req.url, headers, length: content.length }));
  }
});
new WebSocketServer({ server: upstream }).on('connection', (socket) =>
  socket.on('message', (text) => socket.send(`up: ${text}`)),
);
await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const target = `http://127.0.0.1:${upstream.address().port}`;

const app = express();
const proxy = createProxyMiddleware({
  target,
  changeOrigin: false,
  ws: true,
  xfwd: false,
  autoRewrite: true,
  cookieDomainRewrite: 'shop.example',
  pathRewrite: { '^/api': '' },
  on: { proxyReq: (request) => request.setHeader('X-Proxy', 'yes') },
});
app.use(
  '/changed',
  createProxyMiddleware({
    target,
    selfHandleResponse: true,
    on: {
      proxyRes: responseInterceptor(async (content) => `${content.toString('utf8').slice(0, 15)}... changed`),
    },
  }),
);
app.use('/nobody', createProxyMiddleware({ target: 'http://127.0.0.1:1' }));
app.get('/arrived', (req, res) => res.json(arrived));
app.use('/', proxy);

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
server.on('upgrade', proxy.upgrade);
process.on('SIGTERM', () => {
  server.close();
  upstream.close();
  // Tunnels are nobody's idle connections.
  setImmediate(() => process.exit(0));
});
