/** The types of `barewire/https` against those of `node:https`: what compiles with one compiles with the other. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import * as nodeHttps from 'node:https';
import { test } from 'node:test';
import * as https from 'barewire/https';

/** The compiler is the test: this must be assignable. */
const asNode: typeof nodeHttps = https;

const listener: RequestListener = (_req, res) => {
  res.end();
};

test('the module is assignable to typeof import("node:https")', () => {
  const server: nodeHttps.Server = asNode.createServer(listener);
  assert.ok(server instanceof https.Server);
  const options: https.ServerOptions = { keepAliveTimeout: 1, requestCert: true };
  const typed: https.Server = https.createServer(options, listener);
  assert.equal(typed.keepAliveTimeout, 1);
  const agentOptions: https.AgentOptions = { maxCachedSessions: 1, retryStaleSockets: true };
  const agent: https.Agent = new https.Agent(agentOptions);
  assert.equal(agent.options.maxCachedSessions, 1);
  const requestOptions: https.RequestOptions = { agent, rejectUnauthorized: false };
  assert.equal(requestOptions.agent, agent);
});

test('every export is there, under its own name, and no other', () => {
  const names = Object.keys(nodeHttps)
    .filter((name) => name !== 'default' && name !== 'module.exports')
    .sort();
  const own = Object.keys(https).filter((name) => name !== 'default' && name !== 'module.exports');
  assert.deepEqual(own.sort(), names);
  assert.deepEqual(Object.keys(https.default).sort(), names);
});
