/** A socket that fails before its request has taken it. */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import * as http from 'barewire/http';

test('the error of a socket that fails at once is the error of the request', async () => {
  const request = http.request({
    createConnection: () => {
      const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      // Emitted in the next tick, which comes before the one in which the request takes its socket.
      socket.destroy(new Error('at once'));
      return socket;
    },
  });
  const errors: string[] = [];
  request.on('error', (error) => errors.push(error.message));
  const closed = new Promise((resolve) => request.on('close', resolve));
  request.end();
  await closed;
  assert.deepEqual(errors, ['at once']);
});
