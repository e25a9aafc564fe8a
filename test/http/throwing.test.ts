/** Listeners that throw: an exception costs no other response anything. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

const script = `
import http from 'barewire/http';
import { connect } from 'node:net';
const fail = () => { throw new Error('on purpose'); };
let thrown = 0;
process.on('uncaughtException', (error) => {
  if (error.message !== 'on purpose') throw error;
  thrown++;
});
const closed = [];
const server = http.createServer((req, res) => {
  res.on('close', () => closed.push(req.url));
  if (req.url === '/end') res.end('ok', fail);
  else if (req.url === '/finish') res.on('finish', fail).end('ok');
  else {
    res.write('o', fail);
    res.end('k');
  }
});
server.listen(0, '127.0.0.1', () => {
  const socket = connect(server.address().port, '127.0.0.1');
  const paths = ['/end', '/finish', '/write', '/end', '/finish'];
  socket.end(paths.map((path) => 'GET ' + path + ' HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n').join(''));
  let received = '';
  socket.on('data', (data) => { received += data; });
  socket.on('close', () => {
    server.close(() => console.log(JSON.stringify([thrown, received.split('200 OK').length - 1, closed])));
  });
});
`;

test('what throws when a response has left keeps no other from its end', async () => {
  const output = await new Promise<string>((resolve, reject) => {
    const options = { cwd: new URL('../../..', import.meta.url), timeout: 10_000 };
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', script],
      options,
      (error, stdout, stderr) => {
        if (error) reject(new Error(stderr || 'it did not end', { cause: error }));
        else resolve(stdout);
      },
    );
  });
  assert.deepEqual(JSON.parse(output), [5, 5, ['/end', '/finish', '/write', '/end', '/finish']]);
});
