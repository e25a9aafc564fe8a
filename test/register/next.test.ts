/**
 * A Next.js server in production. Next.js and its compiler are 340 MB and take their time, so it is no development
 * dependency: NEXT_APP names a copy of apps/next, installed and built.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { conversation, exchange } from './exchanges.js';
import { serve } from './servers.js';

const folder = process.env.NEXT_APP;
if (folder === undefined) {
  test('Next.js', { skip: 'NEXT_APP names no application that was built' }, () => {});
} else {
  const app = serve(join(folder, 'server.cjs'));
  app.answers('a page that was made before', 200, {}, ({ content }) => assert.match(content, /<h1>Hello/));
  app.answers('HEAD', 200, { method: 'HEAD' });
  app.answers('compressed', 200, { headers: { 'Accept-Encoding': 'gzip' } });
  app.answers('a page that is streamed', 200, { path: '/items/7' }, ({ content }) =>
    assert.match(content, /<b>12/),
  );
  app.answers('the same for the client, which is sent elsewhere', 307, {
    path: '/items/7?_rsc=1',
    headers: { RSC: '1' },
  });
  app.answers('a route', 200, { path: '/api/hello?q=a' }, ({ content }) => assert.match(content, /"q":"a"/));
  app.answers('a body', 201, { method: 'POST', path: '/api/hello', body: 'x'.repeat(70_000) });
  app.answers('a chunked body', 201, { method: 'POST', path: '/api/hello', body: ['one', 'two'] });
  app.answers('a method that is not there', 405, { method: 'PUT', path: '/api/hello' });
  app.answers('a file', 200, { path: '/hi.txt' });
  app.answers('a range of it', 206, { path: '/hi.txt', headers: { Range: 'bytes=0-0' } });
  app.answers('404', 404, { path: '/nowhere' });
  app.answers('a path that cannot be decoded', 404, { path: '/%zz' });
  app.same('a script of the page', async (port, agent) => {
    const { content } = await exchange(port, agent, {});
    const [path] = content.match(/\/_next\/static\/[^"]+\.js/) ?? assert.fail(content);
    return exchange(port, agent, { path, headers: { 'Accept-Encoding': 'gzip' } });
  });
  app.same('pipelined requests', (port) =>
    conversation(
      port,
      'GET /api/hello HTTP/1.1\r\nHost: a.example\r\n\r\n' +
        'GET /hi.txt HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n',
    ),
  );
}
