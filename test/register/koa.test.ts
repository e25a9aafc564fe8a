/** Koa 3 with a router, a body parser and static files. */
import assert from 'node:assert/strict';
import { type Answer, conversation, exchange, outcome } from './exchanges.js';
import { serve } from './servers.js';

const app = serve('koa.mjs');
const json = { 'Content-Type': 'application/json' };

app.answers('text', 200, { path: '/hello' });
app.answers('HEAD', 200, { method: 'HEAD', path: '/hello' });
app.answers('JSON, behind a proxy', 200, {
  path: '/json?a=1&a=2',
  headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Host': 'front.example', Accept: 'text/html' },
});
app.answers('parameters', 200, { path: '/users/a%20b' });
app.answers('404', 404, { path: '/nowhere' });
app.answers('a method that is not allowed', 405, { method: 'PUT', path: '/hello' });
app.answers('OPTIONS', 200, { method: 'OPTIONS', path: '/hello' });
app.answers('a JSON body', 201, { method: 'POST', path: '/echo', headers: json, body: '{"a":1}' });
app.answers('a chunked body', 201, { method: 'POST', path: '/echo', headers: json, body: ['{"a"', ':1}'] });
app.answers('a form', 201, {
  method: 'POST',
  path: '/echo',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: 'a=1&b[c]=2',
});
app.answers('no body', 201, { method: 'POST', path: '/echo' });
app.answers('JSON that is none', 400, { method: 'POST', path: '/echo', headers: json, body: '{' });
app.answers('a body beyond the limit', 413, {
  method: 'POST',
  path: '/echo',
  headers: json,
  body: JSON.stringify('x'.repeat(20_000)),
});
app.answers('on the same connection', 200, { path: '/hello' });
app.answers('a stream', 200, { path: '/stream' });
app.answers('a Buffer', 200, { path: '/buffer' });
app.answers('a Blob', 200, { path: '/web' });
app.answers('no content', 204, { path: '/empty' });
app.answers('a status alone', 202, { path: '/status' });
app.answers('what is not fresh', 200, { path: '/etag' });
app.answers('what is fresh', 304, { path: '/etag', headers: { 'If-None-Match': '"one"' } });
app.answers('ctx.throw', 402, { path: '/throw' });
app.answers('an exception', 500, { path: '/fail' });
app.same('a stream that fails', (port, agent) => outcome(port, agent, { path: '/bad-stream' }));
app.answers('a redirect', 302, { path: '/redirect' });
app.answers('a response past Koa', 200, { path: '/raw' });
app.answers('a file', 200, { path: '/fox.txt' });
app.answers('an index', 200, { path: '/' });
app.same(
  'signed cookies',
  async (port, agent) => {
    const answers = [await exchange(port, agent, { path: '/cookies' })];
    const { fields } = answers[0];
    const cookies = fields.flatMap((name, i) => (name === 'Set-Cookie' ? [fields[i + 1].split(';')[0]] : []));
    answers.push(await exchange(port, agent, { path: '/cookies', headers: { Cookie: cookies.join('; ') } }));
    return answers;
  },
  (answers: Answer[]) => assert.equal(answers[1].content, '{"seen":1}'),
);
app.same(
  'pipelined requests',
  (port) =>
    conversation(
      port,
      'GET /stream HTTP/1.1\r\nHost: a.example\r\n\r\nGET /hello HTTP/1.1\r\nHost: a.example\r\n\r\n' +
        'GET /json HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n',
    ).then((bytes) => bytes.match(/HTTP\/1\.1 \d+|\{.*\}|Hello/g)),
  (seen: string[]) => assert.equal(seen.length, 5, seen.join()),
);
app.answers('the errors that were reported', 200, { path: '/failures' });
