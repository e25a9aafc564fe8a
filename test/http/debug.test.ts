/** NODE_DEBUG=http: what a server, a client and its agent write to stderr. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

const script = `
import http from 'barewire/http';
import { connect } from 'node:net';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const server = http.createServer({ keepAliveTimeoutBuffer: 0 }, (req, res) => {
  if (req.url === '/cut') res.destroy();
  else res.end('ok');
});
server.on('upgrade', (req, socket) => socket.end());
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const get = (options) =>
    new Promise((done) => {
      const req = http.get({ host: '127.0.0.1', port, agent, ...options }, (res) => res.resume().on('end', () => setImmediate(done)));
      req.on('error', done);
    });
  await Promise.all([get({ path: '/1', auth: 'user:secret' }), get({ path: '/2', headers: { Cookie: 'secret' } })]);
  await get({ path: '/3' });
  await get({ path: '/cut' });
  server.keepAliveTimeout = 20;
  const send = (text) =>
    new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.resume().on('close', done);
    });
  await send('GET /idle HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n');
  await send('nonsense\\r\\n\\r\\n');
  await send('GET /up HTTP/1.1\\r\\nHost: a\\r\\nConnection: upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n');
  agent.destroy();
  server.close();
});
`;

function run(debug: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: new URL('../../..', import.meta.url), env: { ...process.env, NODE_DEBUG: debug } };
    execFile(process.execPath, ['--input-type=module', '--eval', script], options, (error, _out, stderr) => {
      if (error) reject(error);
      else resolve(stderr);
    });
  });
}

test('NODE_DEBUG=http tells what servers, clients and agents do', async () => {
  const text = await run('http');
  const lines = text
    .split('\n')
    .flatMap((line) => /^HTTP \d+: (.*)$/.exec(line)?.slice(1) ?? [])
    .map((line) => line.replaceAll(/127\.0\.0\.1:\d+/g, '<address>'));
  const said = new Set(lines);
  for (const line of [
    'agent: connects to <address>',
    'agent: no socket for GET /2 yet, it waits',
    'client: GET /1 has its socket',
    'client: 200 to GET /1',
    'agent: the socket to <address> goes to GET /2, which waited',
    'agent: keeps a socket to <address>',
    'agent: uses a kept socket to <address>',
    'client: GET /cut failed: socket hang up',
    'server: a connection from <address>',
    'server: GET /1',
    'server: 200 to GET /1',
    'server: a connection was idle for too long',
    'server: Parse Error: Invalid method encountered',
    'server: GET /up, an upgrade',
    'server: a connection closed',
  ]) {
    assert.ok(said.has(line), `"${line}" is missing:\n${[...said].join('\n')}`);
  }
  const order = ['server: GET /3', 'server: 200 to GET /3', 'client: 200 to GET /3'].map((line) =>
    lines.indexOf(line),
  );
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  assert.doesNotMatch(text, /secret|dXNlcjpzZWNyZXQ=/, 'no credentials');
});

test('nothing is written without it', async () => {
  assert.equal(await run('net-of-another-kind'), '');
});
