/** The types of `barewire/http` against those of `node:http`: what compiles with one compiles with the other. */
import assert from 'node:assert/strict';
import * as nodeHttp from 'node:http';
import { test } from 'node:test';
import * as http from 'barewire/http';

/** The whole module, in the types of node:http. The compiler is the test: this must be assignable. */
const asNode: typeof nodeHttp = http;
/** And the default export, for those who import that. */
const defaultAsNode: Omit<typeof nodeHttp, 'default'> = http.default;

/** And so is what code written for node:http takes and gives. */
const listener: nodeHttp.RequestListener = (req: http.IncomingMessage, res: http.ServerResponse) => {
  const method: string | undefined = req.method;
  res.setHeader('X-Method', method ?? '').end();
};

test('the module is assignable to typeof import("node:http")', () => {
  assert.equal(defaultAsNode.createServer, asNode.createServer);
  const server: nodeHttp.Server = asNode.createServer(listener);
  assert.ok(server instanceof http.Server);
  const options: http.ServerOptions = { keepAliveTimeout: 1 };
  assert.equal(http.createServer(options, listener).keepAliveTimeout, 1);
});

test('every export is there, under its own name', () => {
  const names = [
    'Agent',
    'ClientRequest',
    'CloseEvent',
    'IncomingMessage',
    'METHODS',
    'MessageEvent',
    'OutgoingMessage',
    'STATUS_CODES',
    'Server',
    'ServerResponse',
    'WebSocket',
    '_connectionListener',
    'createServer',
    'get',
    'globalAgent',
    'maxHeaderSize',
    'request',
    'setGlobalProxyFromEnv',
    'setMaxIdleHTTPParsers',
    'validateHeaderName',
    'validateHeaderValue',
  ];
  assert.deepEqual(Object.keys(http.default).sort(), names);
  assert.deepEqual(
    Object.keys(http)
      .filter((name) => name !== 'default' && name !== 'module.exports')
      .sort(),
    names,
  );
  for (const name of names) {
    // Newer than Node 20.
    if (/^(WebSocket|CloseEvent|MessageEvent|setGlobalProxyFromEnv)$/.test(name)) continue;
    assert.ok(name in nodeHttp, name);
  }
});

test('METHODS and STATUS_CODES are what node:http has', () => {
  assert.deepEqual(http.METHODS, nodeHttp.METHODS);
  assert.deepEqual({ ...http.STATUS_CODES }, { ...nodeHttp.STATUS_CODES });
});
