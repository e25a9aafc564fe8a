// node:http's own client, as libraries and people use it.
import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { base, done, refused, step } from './steps.mjs';

async function answer(request) {
  const [response] = await once(request, 'response');
  let content = '';
  for await (const chunk of response.setEncoding('utf8')) content += chunk;
  const { statusCode, statusMessage, httpVersion, headers, rawTrailers, complete } = response;
  delete headers.date;
  return {
    statusCode,
    statusMessage,
    httpVersion,
    headers,
    rawTrailers,
    complete,
    content,
    reused: request.reusedSocket,
  };
}

function send(options, ...pieces) {
  const request = http.request(`${base}${options.path}`, options);
  for (const piece of pieces) request.write(piece);
  request.end();
  return answer(request);
}

const agent = new http.Agent({ keepAlive: true });
const several = new http.Agent({ keepAlive: true, maxSockets: 2 });

await step('get', () => answer(http.get(`${base}/json`)));
await step('get, with a URL object and fields', () =>
  answer(http.get(new URL(`${base}/json?a=1`), { headers: { 'X-One': '1', 'X-Two': ['a', 'b'] } })),
);
await step('post', () =>
  send({ method: 'POST', path: '/echo', headers: { 'Content-Type': 'text/plain' } }, 'one', 'two'),
);
await step('post with a length', () =>
  send({ method: 'POST', path: '/echo', headers: { 'Content-Length': 3 } }, 'abc'),
);
await step('auth', () => send({ path: '/json', auth: 'a:b' }));
await step('HEAD', () => send({ method: 'HEAD', path: '/json' }));
await step('trailers', () => send({ path: '/trailers' }));
await step('status', () => send({ path: '/status/404' }));
for (let i = 0; i < 3; i++) await step(`agent ${i}`, () => send({ path: '/connection', agent }));
await step('agent, at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => send({ path: '/connection?any', agent: several })),
  );
  return { connections: new Set(answers.map(({ content }) => content)).size };
});
await step('no agent', () => send({ path: '/connection', agent: false }));
await step('a stream goes up', async () => {
  const request = http.request(`${base}/upload`, { method: 'PUT', agent });
  const answered = answer(request);
  await pipeline(Readable.from([Buffer.alloc(100_000, 'a'), Buffer.alloc(200_000, 'b')]), request);
  return answered;
});
await step('a large answer', async () => {
  const { content, ...rest } = await send({ path: '/large', agent });
  return { ...rest, length: content.length };
});
await step('interim responses', async () => {
  const request = http.request(`${base}/continue`, { method: 'POST', headers: { Expect: '100-continue' } });
  request.flushHeaders();
  await once(request, 'continue');
  request.end('now');
  return answer(request);
});
await step('upgrade', async () => {
  const request = http.get(`${base}/upgrade`, { headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
  const [response, socket, head] = await once(request, 'upgrade');
  if (head.length > 0) socket.unshift(head);
  socket.end('over to you');
  const echoed = await once(socket, 'data');
  return { status: response.statusCode, echoed: String(echoed[0]) };
});
await step('connection refused', () => answer(http.get(refused)));
await step('hang up', () => send({ path: '/hangup' }));
await step('hang up on a pooled socket', () => send({ path: '/hangup', agent }));
await step('an answer that breaks off', () => send({ path: '/partial' }));
await step('bytes that are no answer', () => send({ path: '/garbage' }));
await step('a time-out', async () => {
  const request = http.get(`${base}/slow`, { timeout: 50 });
  request.on('timeout', () => request.destroy(new Error('too late')));
  return answer(request);
});
await step('abort', async () => {
  const controller = new AbortController();
  const request = http.get(`${base}/slow`, { signal: controller.signal });
  request.once('socket', (socket) => socket.once('connect', () => controller.abort()));
  return answer(request);
});
await step('destroy', async () => {
  const request = http.get(`${base}/slow`);
  request.once('socket', () => request.destroy());
  return answer(request);
});
await step('misuse', () => http.get({ path: '/a b' }));
await step('a protocol of others', () => http.get('ftp://127.0.0.1/'));
await step('fetch, which is not ours', async () => {
  const response = await fetch(`${base}/redirect/2`);
  return { url: response.url, status: response.status, body: await response.json() };
});
done();
