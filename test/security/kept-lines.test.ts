/** Status-lines and header lines that are kept passed their check: what did not is refused again and again. */
import assert from 'node:assert/strict';
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
