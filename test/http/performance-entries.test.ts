/** What entries of perf_hooks cost who asks for none, and when an observer is noticed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/**
 * Answers a request, then says which of these modules the process has. Not with `barewire/http`: where there is a
 * WebSocket, its exports have it, and Node loads all of these for that.
 */
const serving = `
import { connect } from 'node:net';
import { createApp } from 'barewire';
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => logger };
const app = createApp({ logger });
app.get('/', () => 'ok');
const server = await app.listen({ port: 0, host: '127.0.0.1' });
const socket = connect(server.address().port, '127.0.0.1', () => {
  socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n');
});
socket.setEncoding('latin1').on('data', (text) => console.log(text.slice(0, 15)));
socket.on('close', () => {
  const names = ['perf_hooks', '_http_server'];
  console.log(...names.filter((name) => process.moduleLoadList.includes('NativeModule ' + name)));
  app.close();
});
`;

async function run(script: string): Promise<string> {
  const options = { cwd: new URL('../../..', import.meta.url) };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    options,
  );
  return stdout.trim();
}

test('where nobody has loaded perf_hooks, nothing of it is loaded, and node:http is not', async () => {
  assert.equal(await run(serving), 'HTTP/1.1 200 OK');
});
