import { once } from 'node:events';
import WebSocket from 'ws';
import { base, done, refused, step } from './steps.mjs';

const url = base.replace('http:', 'ws:');
async function opened(path, ...args) {
  const socket = new WebSocket(`${url}${path}`, ...args);
  await once(socket, 'open');
  return socket;
}
async function closed(socket) {
  socket.close(1000, 'bye');
  const [code, reason] = await once(socket, 'close');
  return { code, reason: String(reason) };
}

await step('echo', async () => {
  const socket = await opened('/ws');
  socket.send('hello');
  const [text] = await once(socket, 'message');
  socket.send(Buffer.alloc(100_000, 'a'));
  const [bytes, isBinary] = await once(socket, 'message');
  return {
    text: String(text),
    length: bytes.length,
    isBinary,
    extensions: socket.extensions,
    ...(await closed(socket)),
  };
});
await step('a protocol, and fields', async () => {
  const socket = await opened('/ws', ['a', 'b'], {
    headers: { 'X-Client': 'yes' },
    origin: 'http://a.example',
  });
  return { protocol: socket.protocol, ...(await closed(socket)) };
});
await step('ping', async () => {
  const socket = await opened('/ws', { perMessageDeflate: false });
  socket.ping('are you there');
  const [pong] = await once(socket, 'pong');
  return { pong: String(pong), ...(await closed(socket)) };
});
await step('redirects', async () => closed(await opened('/ws-redirect', { followRedirects: true })));
await step('an answer that is no upgrade', async () => {
  const socket = new WebSocket(`${url}/status/404`);
  const [request, response] = await once(socket, 'unexpected-response');
  request.destroy();
  return response.statusCode;
});
await step('an error of the server', () => opened('/status/500'));
await step('a time-out', () => opened('/slow', { handshakeTimeout: 50 }));
await step('connection refused', () => once(new WebSocket(refused.replace('http:', 'ws:')), 'open'));
await step('hang up', () => opened('/hangup'));
done();
