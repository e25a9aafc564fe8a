/**
 * Names from the peer: none of them becomes a property that an object had before it was asked for headers.
 * CVE-2026-21710 and its kin.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IncomingMessage } from 'barewire/http';
import { chunk, chunkedPost, lastGet } from '../differential/messages.js';
import { replies, serve } from './served.js';

/** Every name that plain objects, arrays and functions have by nature. */
const NAMES = [Object, Array, Function]
  .flatMap((type) => Object.getOwnPropertyNames(type.prototype))
  .concat('prototype')
  .filter((name, i, names) => names.indexOf(name) === i);

/** What `read` makes of a request that has each of the names twice. */
async function readOf<T>(t: Parameters<typeof serve>[0], read: (req: IncomingMessage) => T): Promise<T> {
  const results: T[] = [];
  const served = await serve(t, { joinDuplicateHeaders: false }, (req, res) => {
    req.on('end', () => {
      results.push(read(req));
      res.end('ok');
    });
  });
  const lines = NAMES.flatMap((name) => [`${name}: 1`, `${name}: 2`]);
  const request = `${chunkedPost('Connection: close', ...lines)}${chunk('abc')}0\r\n${lines.join('\r\n')}\r\n\r\n`;
  const found = replies(await served.exchange(request));
  assert.deepEqual(
    found.map((reply) => reply.content),
    ['ok'],
  );
  return results[0];
}

describe('CVE-2026-21710: field names of object properties', () => {
  for (const property of ['headers', 'trailers'] as const) {
    it(`are but names in ${property}`, async (t) => {
      const headers = await readOf(t, (req) => req[property]);
      assert.equal(Object.getPrototypeOf(headers), Object.prototype);
      assert.equal(Object.hasOwn(headers, '__proto__'), false);
      for (const name of NAMES) {
        const field = name.toLowerCase();
        if (field === '__proto__') continue;
        assert.ok(Object.hasOwn(headers, field), name);
        assert.match(String(headers[field]), /^1(, 2)?$/, name);
      }
    });
  }

  for (const property of ['headersDistinct', 'trailersDistinct'] as const) {
    it(`are but names in ${property}`, async (t) => {
      const headers = await readOf(t, (req) => req[property]);
      assert.equal(Object.getPrototypeOf(headers), null);
      for (const name of NAMES) {
        const values = Object.getOwnPropertyDescriptor(headers, name.toLowerCase())?.value as string[];
        assert.ok(values.includes('1') && values.includes('2'), name);
      }
    });
  }

  it('are told as they were sent in rawHeaders', async (t) => {
    const raw = await readOf(t, (req) => [...req.rawHeaders]);
    for (const name of NAMES) assert.ok(raw.includes(name), name);
  });

  it('change no object but the request', async (t) => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    await readOf(t, (req) => [req.headers, req.headersDistinct, req.trailers, req.trailersDistinct]);
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });

  it('inherit nothing into what was not sent', async (t) => {
    const seen: unknown[] = [];
    const served = await serve(t, {}, (req, res) => {
      seen.push(req.headers.host, req.headersDistinct.constructor, req.trailersDistinct.constructor);
      res.end();
    });
    await served.exchange(lastGet('/', '__proto__: {"host":"evil"}', 'constructor.prototype: x'));
    assert.deepEqual(seen, ['example.test', undefined, undefined]);
  });

  it('are but names in a response too', async (t) => {
    const served = await serve(t, {}, (_req, res) => {
      for (const name of NAMES) {
        assert.equal(res.getHeader(name), undefined, name);
        assert.equal(res.hasHeader(name), false, name);
        res.setHeader(name, 'own');
        assert.equal(res.getHeader(name), 'own', name);
      }
      assert.equal(Object.getPrototypeOf(res.getHeaders()), null);
      res.end('ok');
    });
    const [reply] = replies(await served.exchange(lastGet()));
    for (const name of NAMES) assert.equal(reply.fields.get(name.toLowerCase()), 'own', name);
  });
});
