/** Functions as a service: no server, and every response on an object that is hardly a socket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start, WAYS, type Way } from './processes.js';

interface Result {
  statusCode: number;
  body: string;
  isBase64Encoded: boolean;
}

async function run(way: Way): Promise<{ log: unknown[]; complaints: string }> {
  const program = await start(way, 'apps/serverless.cjs');
  const log = await program.receive('log');
  const tooLate = setTimeout(() => program.child.kill('SIGKILL'), 10_000);
  // Nothing keeps it alive.
  const { code, signal } = await program.exited;
  clearTimeout(tooLate);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, program.complaints());
  return { log, complaints: program.complaints() };
}

test('functions of serverless-http give the same results', { timeout: 60_000 }, async () => {
  const [plain, registered] = await Promise.all(WAYS.map(run));
  const results = plain.log.filter((entry) => Array.isArray(entry) && entry.length === 4) as [
    string,
    string,
    string,
    Result,
  ][];
  const statuses = results.map(
    ([name, method, path, { statusCode }]) => `${name} ${method} ${path} ${statusCode}`,
  );
  for (const one of ['express POST /echo 201', 'express GET /files/fox.txt 206', 'koa GET /stream 200']) {
    assert.ok(statuses.includes(one), one);
  }
  for (const [name, , path, { body, isBase64Encoded }] of results) {
    if (!path.startsWith('/bytes')) continue;
    assert.ok(isBase64Encoded, `${name} ${path}`);
    assert.match(
      Buffer.from(body, 'base64').toString('latin1'),
      /^\x89P\xff\0\r\n\r\n\xfe/,
      `${name} ${path}`,
    );
  }
  for (const [i, entry] of plain.log.entries()) assert.deepEqual(registered.log[i], entry);
  assert.equal(registered.log.length, plain.log.length);
  assert.equal(registered.complaints, plain.complaints);
});
