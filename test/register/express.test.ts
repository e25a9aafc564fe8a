/** Express 5 with its usual middleware: cors, helmet, morgan, compression, sessions, passport, multer, serve-static. */
import assert from 'node:assert/strict';
import { type Answer, conversation, exchange, outcome, walkOut } from './exchanges.js';
import { serve } from './servers.js';

const app = serve('express.cjs');
const json = { 'Content-Type': 'application/json' };

app.answers('text', 200, {}, ({ content }) => assert.equal(content, '<p>Hello'));
app.answers('JSON, with a query', 200, { path: '/json?a=1&b[]=2' });
app.answers('HEAD', 200, { method: 'HEAD', path: '/json' }, ({ content }) => assert.equal(content, ''));
app.answers('OPTIONS, by the router', 204, { method: 'OPTIONS', path: '/shops/1/items/2' });
app.answers('a preflight', 204, {
  method: 'OPTIONS',
  path: '/json',
  headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'PUT' },
});
app.answers('an origin that may', 200, { path: '/json', headers: { Origin: 'https://shop.example' } });
app.answers('an origin that may not', 200, { path: '/json', headers: { Origin: 'https://evil.example' } });
app.answers('parameters, and a proxy in front', 200, {
  path: '/users/a%20b',
  headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Host': 'front.example' },
});
app.answers('a router in a router', 200, { path: '/shops/x/items/9' });
app.answers('404', 404, { path: '/nowhere' });
app.answers('a path that cannot be decoded', 400, { path: '/users/%zz' });
app.answers('an error that is thrown', 500, { path: '/throw' });
app.answers('an error that is rejected', 418, { path: '/reject' });
app.answers('a redirect', 303, { path: '/redirect' });
app.answers('204', 204, { path: '/empty' });
for (const accept of ['text/html', 'application/json', 'text/plain;q=0.5, */*;q=0.1']) {
  app.answers(`content negotiation: ${accept}`, 200, { path: '/format', headers: { Accept: accept } });
}
app.answers('nothing acceptable', 406, { path: '/format', headers: { Accept: 'image/png' } });

app.answers('a conditional request', 304, { path: '/unmodified', headers: { 'If-None-Match': '"one"' } });
app.answers('gzip', 200, { path: '/long', headers: { 'Accept-Encoding': 'gzip' } }, ({ fields }) => {
  assert.ok(fields.includes('gzip'));
});
app.answers('Brotli', 200, { path: '/long', headers: { 'Accept-Encoding': 'br, gzip' } });
app.answers('long, as it is', 200, { path: '/long' });
app.answers('too short to be compressed', 200, { path: '/json', headers: { 'Accept-Encoding': 'gzip' } });
app.answers('a stream that is compressed', 200, { path: '/pipe', headers: { 'Accept-Encoding': 'gzip' } });
app.answers('a stream', 200, { path: '/pipe' });
app.answers('several writes', 200, { path: '/pieces' });
app.answers('server-sent events', 200, { path: '/events', headers: { 'Accept-Encoding': 'gzip' } });

app.answers('a file', 200, { path: '/files/fox.txt' });
app.answers('a file, HEAD', 200, { method: 'HEAD', path: '/files/fox.txt' });
app.answers('a range of it', 206, { path: '/files/fox.txt', headers: { Range: 'bytes=10-19' } });
app.answers('its end', 206, { path: '/files/fox.txt', headers: { Range: 'bytes=-5' } });
app.answers('a range beyond it', 416, { path: '/files/fox.txt', headers: { Range: 'bytes=99999-' } });
app.answers('an index', 200, { path: '/files/' });
app.answers('a folder without its slash', 301, { path: '/files' });
app.answers('no way out of the folder', 404, { path: '/files/../express.cjs' });
app.answers('a download', 200, { path: '/download' });
app.same('a file that is still the same', async (port, agent) => {
  const first = await exchange(port, agent, { path: '/files/fox.txt' });
  const etag = first.fields[first.fields.indexOf('ETag') + 1];
  return exchange(port, agent, { path: '/files/fox.txt', headers: { 'If-None-Match': etag } });
});

app.answers('a JSON body', 201, { method: 'POST', path: '/echo', headers: json, body: '{"a":[1,2]}' });
app.answers('a chunked body', 201, { method: 'POST', path: '/echo', headers: json, body: ['{"a"', ':1}'] });
app.answers('a form', 201, {
  method: 'POST',
  path: '/echo',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: 'a=1&b[c]=2',
});
app.answers('no body', 201, { method: 'POST', path: '/echo' });
app.answers('JSON that is none', 400, { method: 'POST', path: '/echo', headers: json, body: '{"a":' });
app.answers('a body beyond the limit', 413, {
  method: 'POST',
  path: '/echo',
  headers: json,
  body: JSON.stringify('x'.repeat(20_000)),
});
app.answers('a body in an unknown coding', 415, {
  method: 'POST',
  path: '/echo',
  headers: { ...json, 'Content-Encoding': 'zip' },
  body: 'PK',
});
app.answers('1 MiB', 200, { method: 'PUT', path: '/raw', body: Buffer.alloc(1 << 20, 'x') });
app.answers('Expect: 100-continue', 200, {
  method: 'PUT',
  path: '/raw',
  headers: { Expect: '100-continue' },
  body: ['abc'],
});
app.answers('many header fields', 200, {
  path: '/headers',
  headers: { 'X-Same': ['1', '2'], Cookie: ['a=1', 'b=2'], 'X-Empty': '', Referer: 'http://a.example/' },
});

function form(...parts: [disposition: string, content: string][]): {
  headers: Record<string, string>;
  body: string;
} {
  const lines = parts.map(([disposition, content]) => {
    const type = disposition.includes('filename') ? '\r\nContent-Type: image/png' : '';
    return `--edge\r\nContent-Disposition: form-data; ${disposition}${type}\r\n\r\n${content}\r\n`;
  });
  return {
    headers: { 'Content-Type': 'multipart/form-data; boundary=edge' },
    body: `${lines.join('')}--edge--\r\n`,
  };
}
const upload = { method: 'POST', path: '/upload' };
app.answers('an upload', 200, {
  ...upload,
  ...form(
    ['name="title"', 'Cats'],
    ['name="photos"; filename="a.png"', '\x89PNG'],
    ['name="photos"; filename="b.png"', 'b'],
  ),
});
app.answers('an upload that is too large', 500, {
  ...upload,
  ...form(['name="photos"; filename="a.png"', 'x'.repeat(3000)]),
});
app.answers('an upload that breaks off', 500, {
  ...upload,
  ...form(['name="photos"; filename="a.png"', 'x']),
  body: '--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nno end',
});

app.same(
  'a session, cookies and signed cookies',
  async (port, agent) => {
    const answers: Answer[] = [];
    const cookies: string[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await exchange(port, agent, { path: '/count', headers: { Cookie: cookies.join('; ') } });
      answers.push(answer);
      answer.fields.forEach((name, at) => {
        if (at % 2 === 0 && name === 'Set-Cookie') cookies.push(answer.fields[at + 1].split(';')[0]);
      });
    }
    return answers;
  },
  (answers: Answer[]) => assert.equal(JSON.parse(answers[2].content).views, 3),
);
app.answers('a login that fails', 401, { path: '/private' });
app.same('a login, and who it was', async (port, agent) => {
  const first = await exchange(port, agent, {
    path: '/private',
    headers: { Authorization: 'Bearer letmein' },
  });
  const cookie = first.fields[first.fields.indexOf('Set-Cookie') + 1].split(';')[0];
  return [first, await exchange(port, agent, { path: '/whoami', headers: { Cookie: cookie } })];
});

app.same(
  'pipelined requests',
  (port) =>
    conversation(
      port,
      'GET /json HTTP/1.1\r\nHost: a.example\r\n\r\n' +
        'POST /echo HTTP/1.1\r\nHost: a.example\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi' +
        'GET /files/index.html HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n',
    ),
  (bytes: string) => assert.equal(bytes.match(/HTTP\/1\.1 20[01] /g)?.length, 3, bytes),
);
app.same('HTTP/1.0', (port) => conversation(port, 'GET /pieces HTTP/1.0\r\n\r\n'));
app.same('a response that breaks off', (port, agent) => outcome(port, agent, { path: '/late' }));
for (const path of ['/sleep', '/sleep?speak']) {
  app.same(`a client that walks out of ${path}`, async (port, agent) => {
    await walkOut(port, `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`, path.includes('speak'));
    return exchange(port, agent, { path: '/slept' });
  });
}
app.same('the log of it all', (port, agent) => exchange(port, agent, { path: '/log' }));
// Behind the log: where its socket ends at once with node:http, it ends with the 400 that it is answered.
app.same('a client that walks out of its upload', async (port, agent) => {
  await walkOut(port, 'PUT /raw HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nabc', false);
  return exchange(port, agent, { path: '/json' });
});
