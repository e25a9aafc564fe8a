/**
 * Status-lines and header lines that are kept passed their check: what did not is refused again and again. What is kept
 * of a peer's text does not keep the rest of it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Socket } from 'node:net';
import { after, test } from 'node:test';
import { IncomingMessage, ServerResponse, STATUS_CODES } from 'barewire/http';

const SPLITTING = 'bad\r\nX: y';

function response(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

test('a reason phrase that is refused once is refused by whoever comes next', () => {
  STATUS_CODES[150] = SPLITTING;
  after(() => delete STATUS_CODES[150]);
  const req = new IncomingMessage(new Socket());
  req.httpVersionMajor = req.httpVersionMinor = 1;
  assert.throws(() => new ServerResponse(req).writeInformation(150), { code: 'ERR_INVALID_CHAR' });
  for (let count = 0; count < 2; count++) {
    assert.throws(() => response().writeHead(150, SPLITTING), { code: 'ERR_INVALID_CHAR' });
  }
});

test('a value that is refused once is refused again, behind one that passed too', () => {
  for (const value of ['good', SPLITTING, 'good', SPLITTING]) {
    const write = () => response().writeHead(200, { 'X-Kept': value });
    if (value === SPLITTING) assert.throws(write, { code: 'ERR_INVALID_CHAR' });
    else write();
    const set = () => response().setHeader('X-Kept', value);
    if (value === SPLITTING) assert.throws(set, { code: 'ERR_INVALID_CHAR' });
    else set();
  }
});

for (const [what, handle] of [
  ['reads them', 'res.end(String(Object.keys(req.headers).length))'],
  ['sends them back', 'res.setHeader(req.rawHeaders[2], req.rawHeaders[3]); res.end()'],
  ['keeps their values', 'kept.push(req.rawHeaders[3]); res.end()'],
  ['sends reasons back', 'res.writeHead(200 + (made % 700), req.rawHeaders[3]); res.end()'],
]) {
  test(`thousands of names that a peer makes up keep no requests in memory, where the application ${what}`, async () => {
    const script = `
      import http from 'barewire/http';
      import { connect } from 'node:net';
      let made = 0;
      const kept = [];
      const server = http.createServer((req, res) => { made++; ${handle}; });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const socket = connect(server.address().port, '127.0.0.1');
      const fill = 'y'.repeat(15000);
      const ask = async (from, to) => {
        for (let i = from; i < to; i++) {
          const field = 'X-Made-Up-By-The-Peer-' + i + ': value-of-the-peer-' + i;
          socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n' + field + '\\r\\nX-Fill: ' + fill + '\\r\\n\\r\\n');
          await new Promise((resolve) => socket.once('data', resolve));
        }
        for (let i = 0; i < 3; i++) gc();
        return process.memoryUsage().heapUsed;
      };
      const before = await ask(0, 10);
      console.log(((await ask(10, 2100)) - before) / 2 ** 20);
      process.exit();`;
    const output = await new Promise<string>((resolve, reject) => {
      const options = { cwd: new URL('../../..', import.meta.url), timeout: 60_000 };
      const flags = ['--expose-gc', '--input-type=module', '--eval', script];
      execFile(process.execPath, flags, options, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr || 'it did not end', { cause: error }));
        else resolve(stdout);
      });
    });
    // All of the requests are 30 MiB.
    assert.ok(Number(output) < 10, `${output} MiB more`);
  });
}
