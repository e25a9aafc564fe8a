// Makes `http` and `https` barewire's own, for Node's public test suite: as `barewire/register` does for applications.
'use strict';

require('../dist/register.js');

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
