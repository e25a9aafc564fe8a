/** The first head of a process, for which nothing is kept yet. Test files have processes of their own. */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { IncomingMessage, ServerResponse } from 'barewire/http';

test('the first head is whole where all of its lines but the last are the caller’s', () => {
  const req = new IncomingMessage(new Socket());
  req.httpVersionMajor = req.httpVersionMinor = 1;
  const res = new ServerResponse(req);
  res.writeHead(200, { Connection: 'close', Date: 'now' });
  const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.equal(Reflect.get(res, '_header'), head);
});
