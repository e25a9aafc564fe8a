import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESPONSE } from '#src/wire/parser.js';
import { type FeedOptions, feed } from './feed.js';
import { chunkedRequest, request, response } from './messages.js';

const endOf = (input: string, options: FeedOptions = {}) => feed(input, { ...options, end: true });

describe('end of input', () => {
  it('between messages is in order', () => {
    for (const input of [
      '',
      '\r\n',
      '\r\n\r\n',
      '\r',
      request(),
      `${request(['Content-Length: 1'], 'a')}\r\n`,
    ]) {
      assert.equal(endOf(input).endError, null, JSON.stringify(input));
    }
    assert.equal(endOf(response(['Content-Length: 0']), { role: RESPONSE }).endError, null);
  });

  it('anywhere within a message is too soon', () => {
    const inputs: [string, FeedOptions][] = [
      [request(['A: b'], '', '\r\nGET /c HTTP/1.1'), {}],
      [request(['Content-Length: 3'], 'abc'), {}],
      [chunkedRequest('1;a="b"\r\na\r\n2\r\nbc\r\n0\r\nT: t\r\n\r\n'), {}],
      [response(['Content-Length: 3'], 'abc'), { role: RESPONSE }],
      [response(['A: b', ' c', 'Transfer-Encoding: chunked'], '0\r\n\r\n'), { role: RESPONSE }],
    ];
    for (const [input, options] of inputs) {
      for (let length = 1; length < input.length; length++) {
        const isEmptyLine = /^\r\n?$/.test(input.slice(0, length));
        const facts = endOf(input.slice(0, length), options);
        assert.equal(facts.error, null);
        assert.equal(facts.endError, isEmptyLine ? null : 'HPE_INVALID_EOF_STATE', `after ${length}`);
      }
      assert.equal(endOf(input, options).endError, null);
    }
  });

  it('completes the response that it delimits', () => {
    const facts = endOf(response([], 'abc'), { role: RESPONSE });
    assert.equal(facts.endError, null);
    assert.equal(facts.messages[0].isComplete, true);
    assert.equal(feed(response([], 'abc'), { role: RESPONSE }).messages[0].isComplete, false);
  });

  it('behind an upgrade or an error says nothing more', () => {
    assert.equal(endOf(request(), { upgrade: true }).endError, null);
    assert.equal(endOf(`${request()}\0`).endError, null);
  });
});
