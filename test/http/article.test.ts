/** What an introduction to node:http shows of its client side, on `barewire/http`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import http, { Agent } from 'barewire/http';

/** A server that answers with the path, and counts the connections it takes. */
async function withServer(use: (port: number, connections: () => number) => Promise<void>): Promise<void> {
  let connections = 0;
  const server = http.createServer((req, res) => {
    res.setHeader('Content-Type', 'text/plain; charset=utf-8');
    // In pieces: the response is chunked.
    res.write('path: ');
    res.end(req.url);
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use((server.address() as AddressInfo).port, () => connections);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

/** The text of a response, its chunks joined. */
function ask(options: http.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = http.request(options, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (c: Buffer) => chunks.push(c));
      res.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    req.on('error', reject);
    req.end();
  });
}

describe('a client', () => {
  test('reads a response in chunks and joins them', async () => {
    await withServer(async (port) => {
      const options = {
        hostname: '127.0.0.1',
        port,
        path: '/users/42',
        method: 'GET',
        agent: false as const,
      };
      assert.equal(await ask(options), 'path: /users/42');
    });
  });

  test('reuses one connection for requests in turn', async () => {
    await withServer(async (port, connections) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 50 });
      for (let i = 0; i < 20; i++) {
        assert.equal(await ask({ hostname: '127.0.0.1', port, path: `/${i}`, agent }), `path: /${i}`);
      }
      assert.equal(connections(), 1);
      agent.destroy();
    });
  });

  test('has no more connections than maxSockets, and reuses them all', async () => {
    await withServer(async (port, connections) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 50 });
      const paths = Array.from({ length: 1000 }, (_, i) => `/${i}`);
      const texts = await Promise.all(paths.map((path) => ask({ hostname: '127.0.0.1', port, path, agent })));
      assert.deepEqual(
        texts,
        paths.map((path) => `path: ${path}`),
      );
      assert.equal(connections(), 50);
      agent.destroy();
    });
  });

  test('has a connection for every request without keepAlive', async () => {
    await withServer(async (port, connections) => {
      const agent = new Agent();
      for (let i = 0; i < 5; i++) await ask({ hostname: '127.0.0.1', port, agent });
      assert.equal(connections(), 5);
    });
  });
});
