/** Fastify 5 with cookies, uploads and static files, over sockets and by `inject`. */
import assert from 'node:assert/strict';
import { type Answer, conversation, exchange, walkOut } from './exchanges.js';
import { serve } from './servers.js';

const app = serve('fastify.mjs');
const json = { 'Content-Type': 'application/json' };
const echo = { method: 'POST', path: '/echo', headers: json };

app.answers('JSON', 200, {});
app.answers('HEAD', 200, { method: 'HEAD' });
app.answers('a hook that changes what is sent', 200, { path: '/sent' }, ({ content }) => {
  assert.equal(content, 'sent, and more');
});
app.answers('query and fields, behind a proxy', 200, {
  path: '/json?a=1&a=2',
  headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Host': 'front.example', 'X-Same': ['1', '2'] },
});
app.answers('a schema', 200, { path: '/users/12' }, ({ content }) => assert.equal(content, '{"id":12}'));
app.answers('what the schema refuses', 400, { path: '/users/x' });
app.answers('404', 404, { path: '/nowhere' });
app.answers('another method', 404, { method: 'PUT', path: '/json' });
app.answers('a JSON body', 201, { ...echo, body: '{"a":1}' });
app.answers('a chunked body', 201, { ...echo, body: ['{"a"', ':1}'] });
app.answers('text', 201, { ...echo, headers: { 'Content-Type': 'text/plain' }, body: 'ä' });
app.answers('JSON that is none', 400, { ...echo, body: '{' });
app.answers('JSON that is empty', 400, { ...echo, body: '' });
app.answers('a prototype that is to be poisoned', 400, { ...echo, body: '{"__proto__":{"a":1}}' });
app.answers('a media type nobody knows', 415, { ...echo, headers: { 'Content-Type': 'a/b' }, body: 'x' });
app.answers('a body beyond the limit', 413, { ...echo, body: JSON.stringify('x'.repeat(20_000)) });
app.answers('a stream', 200, { path: '/stream' });
app.answers('a web Response', 203, { path: '/web' });
app.answers('trailers', 200, { path: '/trailers' }, ({ trailers }) => {
  assert.deepEqual(
    trailers.map((text) => text.toLowerCase()),
    ['x-length', '14'],
  );
});
app.answers('a response past Fastify', 200, { path: '/hijack' });
app.same('early hints', (port) =>
  conversation(port, 'GET /hints HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'),
);
app.answers('an error with a status', 402, { path: '/throw' });
app.answers('an error', 500, { path: '/fail' });
app.answers('a stream that fails', 500, { path: '/bad-stream' });
app.answers('a redirect', 303, { path: '/redirect' });
app.answers('204', 204, { path: '/empty' });
app.answers('a file', 200, { path: '/files/fox.txt' });
app.answers('a range of it', 206, { path: '/files/fox.txt', headers: { Range: 'bytes=3-8' } });
app.answers('a range beyond it', 416, { path: '/files/fox.txt', headers: { Range: 'bytes=99999-' } });
app.answers('no way out of the folder', 404, { path: '/files/..%2ffastify.mjs' });

const boundary = { 'Content-Type': 'multipart/form-data; boundary=edge' };
const file = (content: string) =>
  '--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nCats\r\n' +
  '--edge\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' +
  `${content}\r\n--edge--\r\n`;
app.answers('an upload', 200, { method: 'POST', path: '/upload', headers: boundary, body: file('PNG') });
app.answers('an upload that is too large', 413, {
  method: 'POST',
  path: '/upload',
  headers: boundary,
  body: file('x'.repeat(3000)),
});
app.same('signed cookies', async (port, agent) => {
  const first = await exchange(port, agent, { path: '/cookies' });
  const cookies = first.fields.flatMap((name, i) =>
    name.toLowerCase() === 'set-cookie' ? [first.fields[i + 1].split(';')[0]] : [],
  );
  return [first, await exchange(port, agent, { path: '/cookies', headers: { Cookie: cookies.join('; ') } })];
});
app.same('bytes that are no request', (port) => conversation(port, 'GET / HTTP/1.1\r\nno field\r\n\r\n'));
app.same('a client that walks out', async (port, agent) => {
  await walkOut(port, 'GET /sleep HTTP/1.1\r\nHost: a.example\r\n\r\n', false);
  return exchange(port, agent, { path: '/aborted' });
});
app.answers('requests without a socket', 200, { path: '/inject' }, ({ content }: Answer) => {
  const statuses = JSON.parse(content).map(({ statusCode }: { statusCode: number }) => statusCode);
  assert.deepEqual(statuses, [200, 201, 400, 206, 200, 200, 200, 200, 404]);
});
