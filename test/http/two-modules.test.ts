/** `node:http` and `barewire/http` side by side in one process, with an agent for both. */
import assert from 'node:assert/strict';
import * as nodeHttp from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import * as barewire from 'barewire/http';

const MODULES = { node: nodeHttp, barewire: barewire as typeof nodeHttp };
type Name = keyof typeof MODULES;

function contentOf(module: typeof nodeHttp, options: nodeHttp.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = module.get(options, (response) => {
      let content = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        content += chunk;
      });
      response.on('end', () => resolve(content));
    });
    request.on('error', reject);
  });
}

for (const owner of ['node', 'barewire'] as const) {
  test(`a kept socket of an agent of ${owner} serves requests of both in turn`, async (t) => {
    const server = barewire.createServer((req, res) => res.end(`${req.url} ${'x'.repeat(100_000)}`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    let connections = 0;
    server.on('connection', () => connections++);
    const agent = new MODULES[owner].Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const order: Name[] = ['barewire', 'node', 'barewire', 'node', 'node', 'barewire', 'barewire'];
    for (const [turn, name] of order.entries()) {
      const { port } = server.address() as AddressInfo;
      const content = await contentOf(MODULES[name], { port, host: '127.0.0.1', path: `/${turn}`, agent });
      assert.equal(content, `/${turn} ${'x'.repeat(100_000)}`, name);
    }
    assert.equal(connections, 1);
  });
}
