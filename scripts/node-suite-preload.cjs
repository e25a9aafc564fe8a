// Makes `http` and `node:http` the build's own module, for Node's public test suite.
//
// The one exports object of the built-in is changed in place, so that require(), import and
// process.getBuiltinModule() all see the same. Every export that barewire has wins; what it does not have yet
// (request, get, Agent, ...) stays the stock one, which keeps its own IncomingMessage and OutgoingMessage.
'use strict';

const http = require('node:http');
const { syncBuiltinESMExports } = require('node:module');
const barewire = require('../dist/http/index.js');

for (const [name, descriptor] of Object.entries(
  Object.getOwnPropertyDescriptors(barewire.default ?? barewire),
)) {
  if (name === 'default' || name === '__esModule') continue;
  Object.defineProperty(http, name, { ...descriptor, configurable: true, enumerable: true });
}
syncBuiltinESMExports();

// barewire's error replies carry Date and are framed; the suite wants the stock bytes. With this switch it gets them,
// which shows that a file fails for nothing but these two fields.
if (process.env.BAREWIRE_STOCK_ERROR_REPLIES === '1') {
  const { Socket } = require('node:net');
  const extra =
    /^(HTTP\/1\.1 [45]\d\d [^\r]+\r\n)Date: [^\r]+\r\n(Connection: close\r\n)Content-Length: 0\r\n(\r\n)$/;
  for (const name of ['write', 'end']) {
    const method = Socket.prototype[name];
    Socket.prototype[name] = function writeStock(chunk, ...rest) {
      return method.call(this, typeof chunk === 'string' ? chunk.replace(extra, '$1$2$3') : chunk, ...rest);
    };
  }
}
