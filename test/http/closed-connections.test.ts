/** What connections leave behind in the heap when they are closed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const CONNECTIONS = 1000;

/**
 * Serves that many connections, one request on each, and says how many bytes a connection they leave behind that only a
 * full collection takes away. What comes from there early, since it is the old part of the heap that grows, makes a
 * server of short connections large.
 */
const application = `
import { once } from 'node:events';
import { connect } from 'node:net';
const http = await import(process.argv[1]);
const server = http.createServer((req, res) => res.end('answer')).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
async function serve(count) {
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1');
    const [{ socket: theirs }] = await Promise.all([
      once(server, 'request').then(([req]) => req),
      once(socket, 'connect').then(() => socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n')),
    ]);
    socket.resume();
    await Promise.all([once(socket, 'close'), theirs.destroyed || once(theirs, 'close')]);
  }
}
await serve(100);
gc();
await serve(${CONNECTIONS});
// What has survived two of these is old.
for (let i = 0; i < 3; i++) gc({ type: 'minor' });
const left = process.memoryUsage().heapUsed;
gc();
console.log((left - process.memoryUsage().heapUsed) / ${CONNECTIONS});
process.exit();
`;

async function leftBy(module: string): Promise<number> {
  // Without what V8 learns while it runs, the same comes out each time; and no full collection comes in between.
  const flags = ['--expose-gc', '--no-opt', '--initial-old-space-size=1000', '--input-type=module'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', application, module], {
    cwd: new URL('../../..', import.meta.url),
  });
  return Number(stdout);
}

test('closed connections leave the heap as those of node:http do', async () => {
  const ours = await leftBy('barewire/http');
  const theirs = await leftBy('node:http');
  assert.ok(ours <= 1.2 * theirs, `${ours} bytes a connection, node:http's leave ${theirs}`);
});
