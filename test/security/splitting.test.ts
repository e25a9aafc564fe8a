/**
 * Response splitting: nothing that an application passes on to a response ends a line of it, so that nobody who
 * chose a part of it chooses the rest too.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type OutgoingHttpHeaders,
  type RequestListener,
  ServerResponse,
  STATUS_CODES,
  validateHeaderValue,
} from 'barewire/http';
import { lastGet } from '../differential/messages.js';
import { replies, serve } from './served.js';

/** What ends a line or a string for some reader: controls, and characters that become them in Latin-1. */
const LINE_ENDS = ['\r\n', '\n', '\r', '\0', '\v', '\x7f', '\u010d\u010a', '\u560d\u560a', '\u2028'];
const INJECTED = 'Set-Cookie: injected=1';

/** `_headers` is there on Node 20 and 22. */
const hasOlderMembers = '_headers' in ServerResponse.prototype;

function setAll(res: Parameters<RequestListener>[1], headers: OutgoingHttpHeaders): void {
  Reflect.set(res, '_headers', headers);
}

/** Does `act` for a response throw `code`, and does the client then see a response without the injection? */
async function assertThrows(
  t: Parameters<typeof serve>[0],
  code: string,
  act: (res: Parameters<RequestListener>[1]) => void,
): Promise<void> {
  let thrown: unknown;
  const served = await serve(t, {}, (_req, res) => {
    try {
      act(res);
    } catch (error) {
      thrown = error;
    }
    if (!res.headersSent) res.writeHead(200, 'OK', { 'Content-Length': 2 });
    res.end('ok');
  });
  const received = await served.exchange(lastGet());
  assert.equal((thrown as { code?: string } | undefined)?.code, code);
  assert.deepEqual(
    replies(received).map((reply) => [reply.statusCode, reply.content]),
    [[200, 'ok']],
  );
  assert.doesNotMatch(received, /injected/i);
}

describe('a field value that would end its line is refused', () => {
  const ways: Record<string, (res: Parameters<RequestListener>[1], value: string) => void> = {
    setHeader: (res, value) => res.setHeader('X-A', value),
    'setHeader with a list': (res, value) => res.setHeader('X-A', ['a', value]),
    'setHeader of Set-Cookie': (res, value) => res.setHeader('Set-Cookie', ['a=1', value]),
    appendHeader: (res, value) => res.appendHeader('X-A', value),
    setHeaders: (res, value) => res.setHeaders(new Map([['X-A', value]])),
    'writeHead with an object': (res, value) => res.writeHead(200, { 'X-A': value }),
    'writeHead with a list': (res, value) => res.writeHead(200, ['X-A', value]),
    'writeHead with pairs': (res, value) =>
      res.writeHead(200, [['X-A', value]] as unknown as OutgoingHttpHeaders),
    'writeHead over setHeader': (res, value) => {
      res.setHeader('X-B', 'b');
      res.writeHead(200, { 'X-A': value });
    },
    'writeHead of Location': (res, value) => res.writeHead(302, { Location: value }),
    'writeEarlyHints of another name': (res, value) => {
      res.writeEarlyHints({ link: '</a>; rel=preload', 'X-A': value });
    },
    writeInformation: (res, value) => {
      const interim = res as unknown as { writeInformation(status: number, headers: object): void };
      interim.writeInformation(103, { 'X-A': value });
    },
  };
  for (const [name, act] of Object.entries(ways)) {
    it(`by ${name}`, async (t) => {
      for (const end of LINE_ENDS) {
        await assertThrows(t, 'ERR_INVALID_CHAR', (res) => act(res, `a${end}${INJECTED}`));
      }
    });
  }

  it('by _headers, where Node has it', { skip: !hasOlderMembers }, async (t) => {
    for (const end of LINE_ENDS) {
      await assertThrows(t, 'ERR_INVALID_CHAR', (res) => setAll(res, { 'X-A': `a${end}${INJECTED}` }));
    }
  });

  it('by addTrailers', async (t) => {
    for (const end of LINE_ENDS) {
      await assertThrows(t, 'ERR_INVALID_CHAR', (res) => res.addTrailers({ 'X-A': `a${end}${INJECTED}` }));
    }
  });

  it('by writeEarlyHints for Link', async (t) => {
    for (const link of [`</a\r\n${INJECTED}>`, `</a>; rel=a\r\n${INJECTED}`, `</a>\r\n${INJECTED}`]) {
      await assertThrows(t, 'ERR_INVALID_ARG_VALUE', (res) => res.writeEarlyHints({ link }));
    }
    await assertThrows(t, 'ERR_INVALID_CHAR', (res) => res.writeEarlyHints({ link: '</\u560d\u560a>' }));
  });

  it('by validateHeaderValue', () => {
    for (const end of LINE_ENDS) {
      assert.throws(() => validateHeaderValue('X-A', `a${end}b`), { code: 'ERR_INVALID_CHAR' });
    }
  });
});

it('a field name that would end its line is refused, however it is set', async (t) => {
  for (const name of ['X-A\r\nX-B', 'X-A: b\r\nX-B', 'X-A:', ' X-A', 'X-A ', 'X\0A', '', '\u560dX']) {
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => res.setHeader(name, 'b'));
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => res.appendHeader(name, 'b'));
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => res.writeHead(200, { [name]: 'b' }));
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => res.writeHead(200, [name, 'b']));
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => res.addTrailers({ [name]: 'b' }));
    if (!hasOlderMembers) continue;
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => setAll(res, { [name]: 'b' }));
    await assertThrows(t, 'ERR_INVALID_HTTP_TOKEN', (res) => {
      res.setHeader('x-a', 'b');
      Reflect.set(res, '_headerNames', { 'x-a': name });
    });
  }
});

it('a reason phrase that would end the status-line is refused', async (t) => {
  for (const end of LINE_ENDS) {
    await assertThrows(t, 'ERR_INVALID_CHAR', (res) => res.writeHead(200, `OK${end}${INJECTED}`));
    await assertThrows(t, 'ERR_INVALID_CHAR', (res) => {
      res.statusMessage = `OK${end}${INJECTED}`;
      res.write('body');
    });
  }
});

it('a reason phrase of STATUS_CODES that would end the status-line is refused', async (t) => {
  const restore = { 103: STATUS_CODES[103], 202: STATUS_CODES[202] };
  t.after(() => Object.assign(STATUS_CODES, restore));
  for (const end of LINE_ENDS) {
    STATUS_CODES[103] = STATUS_CODES[202] = `Fine${end}${INJECTED}`;
    await assertThrows(t, 'ERR_INVALID_CHAR', (res) => res.writeInformation(103, { 'X-A': 'a' }));
    await assertThrows(t, 'ERR_INVALID_CHAR', (res) => res.writeHead(202));
  }
});

it('a status code is a number of three digits', async (t) => {
  for (const code of [99, 1000, -200, Number.NaN, '200\r\nX-A: b', {}, null]) {
    await assertThrows(t, 'ERR_HTTP_INVALID_STATUS_CODE', (res) => res.writeHead(code as number));
  }
});

it('octets of a value reach the wire as they were checked, one for each character', async (t) => {
  const value = '\u00e4\u00ff\t~';
  const served = await serve(t, {}, (_req, res) => res.setHeader('X-A', value).end('\u010d\u010a'));
  const received = await served.exchange(lastGet());
  assert.match(received, new RegExp(`\r\nX-A: ${value}\r\n`));
});

it('content is never taken for a head: what a response may not have is left out', async (t) => {
  const second = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ninjected';
  const served = await serve(t, {}, (req, res) => {
    res.statusCode = Number(req.url?.slice(1));
    res.end(second);
  });
  for (const statusCode of [204, 304]) {
    const received = await served.exchange(lastGet(`/${statusCode}`));
    assert.match(received, new RegExp(`^HTTP/1\\.1 ${statusCode} `));
    assert.equal(received.indexOf('\r\n\r\n'), received.length - 4);
  }
  const toHead = await served.exchange(lastGet('/200').replace('GET', 'HEAD'));
  assert.equal(toHead.indexOf('\r\n\r\n'), toHead.length - 4);
});

it('early hints are read in linear time', async (t) => {
  // Every parameter doubled the time once: this one would take longer than any test run.
  const link = `</a>${'; a=b'.repeat(2000)}"`;
  await assertThrows(t, 'ERR_INVALID_ARG_VALUE', (res) => res.writeEarlyHints({ link }));
});
