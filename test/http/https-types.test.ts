/** The types of `barewire/https` against those of `node:https`: what compiles with one compiles with the other. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type * as nodeHttps from 'node:https';
import { test } from 'node:test';
import * as https from 'barewire/https';

/** The compiler is the test: this must be assignable. */
type Exports = Exclude<keyof typeof https, 'default'> & keyof typeof nodeHttps;
const asNode: Pick<typeof nodeHttps, Exports> = https;

const listener: RequestListener = (_req, res) => {
  res.end();
};

test('the module is assignable to typeof import("node:https") for all that exists so far', () => {
  const server: nodeHttps.Server = asNode.createServer(listener);
  assert.ok(server instanceof https.Server);
  const options: https.ServerOptions = { keepAliveTimeout: 1, requestCert: true };
  const typed: https.Server = https.createServer(options, listener);
  assert.equal(typed.keepAliveTimeout, 1);
});
