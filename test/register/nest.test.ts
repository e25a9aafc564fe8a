/** NestJS 11 on its Express platform. */
import { conversation } from './exchanges.js';
import { serve } from './servers.js';

const app = serve('nest.mjs');
const json = { 'Content-Type': 'application/json' };

app.answers('a list', 200, { path: '/cats?limit=5', headers: { Origin: 'https://shop.example' } });
app.answers('HEAD', 200, { method: 'HEAD', path: '/cats' });
app.answers('a preflight', 204, {
  method: 'OPTIONS',
  path: '/cats',
  headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' },
});
app.answers('a parameter', 200, { path: '/cats/by-id/1' });
app.answers('a parameter that a pipe refuses', 400, { path: '/cats/by-id/x' });
app.answers('an exception of HTTP', 404, { path: '/cats/by-id/9' });
app.answers('404', 404, { path: '/dogs' });
app.answers('a body', 201, {
  method: 'POST',
  path: '/cats',
  headers: { ...json, 'X-Agent': 'a' },
  body: '{"name":"Kit"}',
});
app.answers('a chunked body', 201, {
  method: 'POST',
  path: '/cats',
  headers: json,
  body: ['{"name"', ':"Kit"}'],
});
app.answers('a body that a handler refuses', 400, {
  method: 'POST',
  path: '/cats',
  headers: json,
  body: '{}',
});
app.answers('JSON that is none', 400, { method: 'POST', path: '/cats', headers: json, body: '{' });
app.answers('an upload', 201, {
  method: 'POST',
  path: '/cats/upload',
  headers: { 'Content-Type': 'multipart/form-data; boundary=edge' },
  body:
    '--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nCats\r\n--edge\r\n' +
    'Content-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\nPNG\r\n--edge--\r\n',
});
app.answers('a file', 200, { path: '/cats/file' });
app.answers('a guard that refuses', 403, { path: '/cats/hidden' });
app.answers('a guard that lets through', 200, {
  path: '/cats/hidden',
  headers: { Authorization: 'Bearer letmein' },
});
app.answers("the platform's own response", 206, { path: '/cats/raw?a=1' });
app.answers('an error', 500, { path: '/cats/fail' });
app.answers('a redirect', 302, { path: '/cats/away' });
app.same('pipelined requests', (port) =>
  conversation(
    port,
    'GET /cats HTTP/1.1\r\nHost: a.example\r\n\r\n' +
      'GET /cats/by-id/1 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n',
  ),
);
