// socket.io: long polling, WebSockets, and the way from one to the other.
const http = require('http');
const { Server } = require('socket.io');

const server = http.createServer((req, res) => res.end('beside'));
const io = new Server(server, {
  cors: { origin: 'http://a.example' },
  serveClient: true,
  cookie: { name: 'io', path: '/' },
});
io.engine.generateId = () => String(++io.engine.made);
io.engine.made = 0;

io.use((socket, next) =>
  next(socket.handshake.auth.token === 'letmein' ? undefined : new Error('who are you')),
);
io.on('connection', (socket) => {
  socket.on('add', (a, b, reply) => reply(a + b));
  socket.on('bytes', (bytes, reply) => reply(bytes.length, Buffer.from('back')));
  socket.on('join', (room) => {
    socket.join(room);
    io.to(room).emit('joined', room);
  });
  socket.on('transport', (reply) => reply(socket.conn.transport.name));
});

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('SIGTERM', () => io.close());
