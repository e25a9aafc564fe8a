// Express over TLS, and an HTTP/2 server that serves HTTP/1.1 too.
const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const https = require('https');
const path = require('path');
const express = require('express');

const read = (name) => fs.readFileSync(path.join(__dirname, '../../fixtures/tls', name));
const identity = { key: read('first-key.pem'), cert: read('first-cert.pem') };

const app = express();
app.use(express.json());
app.get('/secure', (req, res) =>
  res.json({ secure: req.secure, protocol: req.protocol, alpn: req.socket.alpnProtocol }),
);
app.post('/echo', (req, res) => res.json(req.body));
app.get('/through', (req, res, next) => {
  const options = {
    port: both.address().port,
    path: '/asked',
    ca: read('authority-cert.pem'),
    servername: 'localhost',
  };
  https.get(options, (answer) => answer.pipe(res)).on('error', next);
});
app.get('/both', (req, res) => res.send(String(both.address().port)));

const server = https.createServer(identity, app);
const both = http2.createSecureServer({ ...identity, allowHTTP1: true }, async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const isHttp1 = req instanceof http.IncomingMessage && res instanceof http.ServerResponse;
  res.setHeader('X-Version', req.httpVersion);
  res.end(`${req.method} ${req.url} ${Buffer.concat(chunks)} ${isHttp1}`);
});

both.listen(0, '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('SIGTERM', () => {
  server.close();
  both.close();
});
