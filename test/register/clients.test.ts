/** Clients of node:http, with and without register: what they get, and what the server gets of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, WAYS, type Way } from './processes.js';
import { type Arrived, openTarget } from './target.js';

interface Done {
  label: string;
  outcome: unknown;
}

/** The clients, and which of their steps end with an error. */
const clients: Record<string, string[]> = {
  'core.mjs': [
    ...['connection refused', 'hang up', 'hang up on a pooled socket', 'an answer that breaks off'],
    ...['bytes that are no answer', 'a time-out', 'abort', 'destroy', 'misuse', 'a protocol of others'],
  ],
  'axios.mjs': [
    ...[
      'too many redirects',
      'a time-out',
      'abort',
      'an answer beyond the limit',
      'connection refused',
      'hang up',
    ],
  ],
  'got.mjs': [
    ...['too many redirects', '404', 'a time-out of the response', 'a time-out of all', 'cancel', 'abort'],
    ...['connection refused', 'hang up', 'an answer that breaks off'],
  ],
  'superagent.cjs': [
    'no redirects',
    '404',
    'a time-out',
    'connection refused',
    'hang up',
    'an answer that breaks off',
  ],
  'node-fetch.mjs': [
    ...[
      'no redirects',
      'abort',
      'abort in the body',
      'connection refused',
      'hang up',
      'an answer that breaks off',
    ],
    ...['chunks that break off', 'chunks that break off, pooled'],
  ],
  'follow-redirects.cjs': [
    'too many',
    'a body beyond the limit',
    'a time-out',
    'connection refused',
    'hang up',
  ],
  'nock.mjs': ['a body that does not match', 'an error', 'nothing else'],
  'ws.mjs': ['an error of the server', 'a time-out', 'connection refused', 'hang up'],
};

async function run(way: Way, file: string): Promise<{ log: Done[]; arrived: Arrived[]; complaints: string }> {
  const target = await openTarget();
  try {
    const client = await start(way, `clients/${file}`, [target.base, target.refused]);
    const log = (await client.receive('log')) as Done[];
    const tooLate = setTimeout(() => client.child.kill('SIGKILL'), 10_000);
    // What is pooled keeps no process alive.
    const { code, signal } = await client.exited;
    clearTimeout(tooLate);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, client.complaints());
    return { log, arrived: target.arrived, complaints: client.complaints() };
  } finally {
    target.close();
  }
}

for (const [file, failing] of Object.entries(clients)) {
  describe(file.replace(/\..*/, ''), () => {
    let runs: Promise<Awaited<ReturnType<typeof run>>[]>;
    const both = () => (runs ??= Promise.all(WAYS.map((way) => run(way, file))));

    test('gets the same', { timeout: 60_000 }, async () => {
      const [plain, registered] = await both();
      const failed = plain.log.filter(({ outcome }) => Object.hasOwn(Object(outcome), 'error'));
      assert.deepEqual(
        failed.map(({ label }) => label),
        failing,
      );
      for (const [i, step] of plain.log.entries()) assert.deepEqual(registered.log[i], step);
      assert.equal(registered.log.length, plain.log.length);
      assert.equal(registered.complaints, plain.complaints);
    });

    test('sends the same, over as many connections', async () => {
      const [plain, registered] = await both();
      for (const [i, request] of plain.arrived.entries()) assert.deepEqual(registered.arrived[i], request);
      assert.equal(registered.arrived.length, plain.arrived.length);
    });
  });
}
