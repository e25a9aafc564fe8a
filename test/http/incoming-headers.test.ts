import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { headerOf } from '#src/http/incoming-headers.js';
import { IncomingMessage } from '#src/http/index.js';
import { kHeaders } from '#src/http/symbols.js';

const NAMES = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding'];

function messageOf(rawHeaders: string[], joinDuplicateHeaders = false): IncomingMessage {
  const message = new IncomingMessage(undefined as unknown as Socket);
  message.rawHeaders = rawHeaders;
  return Object.assign(message, { joinDuplicateHeaders });
}

describe('one of the headers', () => {
  test('is what the object of all has, in whatever case and however often the name comes', () => {
    const name = fc.constantFrom(
      ...NAMES,
      ...NAMES.map((one) => one.toUpperCase()),
      'Content-Type',
      'Host',
      'Accept-Charset',
    );
    const lines = fc.array(fc.tuple(name, fc.constantFrom('a', 'b', '')), { maxLength: 8 });
    fc.assert(
      fc.property(lines, fc.boolean(), (pairs, joins) => {
        const message = messageOf(pairs.flat(), joins);
        const { headers } = messageOf(pairs.flat(), joins);
        for (const one of NAMES) assert.equal(headerOf(message, one), headers[one], one);
      }),
    );
  });

  test('leaves that object unmade, and heeds what somebody has put into it', () => {
    const message = messageOf(['Content-Type', 'text/plain', 'Host', 'a']);
    assert.equal(headerOf(message, 'content-type'), 'text/plain');
    assert.equal((message as unknown as { [kHeaders]: unknown })[kHeaders], null);
    message.headers['content-type'] = 'text/html';
    assert.equal(headerOf(message, 'content-type'), 'text/html');
  });

  test('is looked for in the object of messages that are not ours', () => {
    const foreign = { headers: { 'content-type': 'text/css' }, rawHeaders: [] };
    assert.equal(headerOf(foreign, 'content-type'), 'text/css');
  });
});
