/** Where a request comes from, behind proxies that are trusted and behind others. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { type ApplicationOptions, createApp } from 'barewire';
import { readForwarded } from '#src/app/forwarded-field.js';

interface Origin {
  ip: string;
  ips: string[];
  protocol: string;
  secure: boolean;
  host?: string;
  hostname?: string;
}

/** What the application takes for the request's origin. It comes from 127.0.0.1. */
async function originOf(options: ApplicationOptions, headers: Record<string, string>): Promise<Origin> {
  const app = createApp(options);
  app.get('/', ({ ip, ips, protocol, secure, host, hostname }) => ({
    ip,
    ips,
    protocol,
    secure,
    host,
    hostname,
  }));
  const server = await app.listen(0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const asked = request({
    port,
    host: '127.0.0.1',
    headers: { host: 'own.example:81', ...headers },
    agent: false,
  });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  await app.close();
  return JSON.parse(text) as Origin;
}

const OWN: Origin = {
  ip: '127.0.0.1',
  ips: [],
  protocol: 'http',
  secure: false,
  host: 'own.example:81',
  hostname: 'own.example',
};

const TOLD = {
  'x-forwarded-for': '203.0.113.9, 10.0.0.2',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
  forwarded: 'for=198.51.100.7;proto=https;host="a.example:8443", for="[2001:db8::1]:4711"',
};

describe('the origin of a request', () => {
  test('is its socket by default, whatever it says of itself', async () => {
    assert.deepEqual(await originOf({}, TOLD), OWN);
    assert.deepEqual(await originOf({ trustProxy: 0 }, TOLD), OWN);
    assert.deepEqual(await originOf({ trustProxy: '10.0.0.0/8' }, TOLD), OWN);
  });

  test('is what trusted proxies say, as far as they are trusted', async () => {
    const shop = { protocol: 'https', secure: true, host: 'shop.example', hostname: 'shop.example' };
    assert.deepEqual(await originOf({ trustProxy: 1 }, TOLD), { ...shop, ip: '10.0.0.2', ips: ['10.0.0.2'] });
    assert.deepEqual(await originOf({ trustProxy: 'loopback' }, TOLD), {
      ...shop,
      ip: '10.0.0.2',
      ips: ['10.0.0.2'],
    });
    for (const trustProxy of [2, true, ['loopback', '10.0.0.0/8'], 'loopback, 10.0.0.2']) {
      assert.deepEqual(await originOf({ trustProxy }, TOLD), {
        ...shop,
        ip: '203.0.113.9',
        ips: ['203.0.113.9', '10.0.0.2'],
      });
    }
  });

  test('is told by Forwarded where that is the field, and by nothing else then', async () => {
    const options = { trustProxy: true, forwardedFields: 'forwarded' } as const;
    assert.deepEqual(await originOf(options, TOLD), {
      ip: '198.51.100.7',
      ips: ['198.51.100.7', '2001:db8::1'],
      protocol: 'https',
      secure: true,
      host: 'a.example:8443',
      hostname: 'a.example',
    });
    const { forwarded: _, ...others } = TOLD;
    assert.deepEqual(await originOf(options, others), OWN);
  });

  test('is not told by what a client put into Forwarded before the proxies that are trusted', async () => {
    const options = { trustProxy: 1, forwardedFields: 'forwarded' } as const;
    const made = 'for=6.6.6.6;host=evil.example;proto=https';
    for (const [added, host, protocol] of [
      ['for=203.0.113.9;host=shop.example;proto=http', 'shop.example', 'http'],
      ['for=203.0.113.9;proto=https', 'own.example:81', 'https'],
      ['for=203.0.113.9', 'own.example:81', 'http'],
    ]) {
      // What is made up cannot hide what is added, whatever quotes it leaves open.
      for (const start of [made, `${made};x="`, `"${made}`, `${made};by="\\`, `${made};=;;"a\\"`]) {
        const origin = await originOf(options, { forwarded: `${start}, ${added}` });
        const { ip, ips } = origin;
        assert.deepEqual(
          [ip, ips, origin.host, origin.protocol],
          ['203.0.113.9', ['203.0.113.9'], host, protocol],
        );
      }
    }
    const far = { ...options, trustProxy: 2 } as const;
    const origin = await originOf(far, { forwarded: `${made}, for=10.0.0.2;host=near.example` });
    assert.deepEqual([origin.ip, origin.host, origin.protocol], ['6.6.6.6', 'evil.example', 'https']);
  });

  test('is not told by what a client put before it into X-Forwarded-Proto or -Host', async () => {
    const made = {
      'x-forwarded-for': '6.6.6.6, 203.0.113.9',
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'evil.example, shop.example',
    };
    const near = await originOf({ trustProxy: 1 }, made);
    assert.deepEqual([near.ip, near.protocol, near.host], ['203.0.113.9', 'http', 'shop.example']);
    const far = await originOf({ trustProxy: 2 }, made);
    assert.deepEqual([far.ip, far.protocol, far.host], ['6.6.6.6', 'https', 'evil.example']);
    const without = await originOf(
      { trustProxy: true },
      { 'x-forwarded-host': 'evil.example, shop.example' },
    );
    assert.deepEqual([without.ip, without.host], ['127.0.0.1', 'shop.example']);
  });

  test('is not misled by what is no address or no protocol', async () => {
    const origin = await originOf(
      { trustProxy: 'loopback' },
      { 'x-forwarded-for': '203.0.113.9, garbage', 'x-forwarded-proto': 'javascript' },
    );
    assert.deepEqual([origin.ip, origin.protocol], ['garbage', 'http']);
  });

  test('is an error of the caller where the option makes no sense', () => {
    for (const trustProxy of [-1, 1.5, 'nowhere', {}]) {
      assert.throws(() => createApp({ trustProxy: trustProxy as never }), String(trustProxy));
    }
    for (const forwardedFields of ['X-Forwarded', 'x-forwarded-for', '', null, true]) {
      for (const trustProxy of [false, true]) {
        assert.throws(() => createApp({ trustProxy, forwardedFields: forwardedFields as never }), {
          code: 'ERR_INVALID_ARG_VALUE',
        });
      }
    }
  });
});

describe('Forwarded', () => {
  test('is read by its members, pairs and quotes', () => {
    for (const [field, hops] of [
      ['', []],
      [' , ,', []],
      ['for=1.2.3.4:80;proto=https', [{ for: '1.2.3.4', proto: 'https' }]],
      [
        'For="[2001:db8::1]:80" ; HOST="a\\,b,c" ,,for=_x;',
        [{ for: '2001:db8::1', host: 'a,b,c' }, { for: '_x' }],
      ],
      ['for="a,b;host=c",host=d', [{ for: 'a,b;host=c' }, { host: 'd' }]],
      ['by=x;;for=[::1]:80 , secret=y', [{ for: '::1' }, {}]],
      // Malformed: only the end is told.
      ['for=a b, for=c', [{ for: 'c' }]],
      ['for=a, for=b;x="', []],
      ['for=6.6.6.6;x=", for="[2001:db8::1]:47";proto=https', [{ for: '2001:db8::1', proto: 'https' }]],
      ['for=6.6.6.6;x=", for=1.2.3.4;host="a,for=6.6.6.6"', [{ for: '1.2.3.4', host: 'a,for=6.6.6.6' }]],
      ['for=6.6.6.6;x="\\, for="1.2.3.4";host="\\",b"', [{ for: '1.2.3.4', host: '",b' }]],
      ['"for=a,for=b"', []],
      ['"for=a,for=b', [{ for: 'b' }]],
      ['for = a', []],
      ['for=', []],
    ] as const) {
      assert.deepEqual(readForwarded(field), hops, field);
    }
  });

  test('is read once, whatever it is: a mebibyte is no work', () => {
    // Read again from each of its characters, it would be the work of hours.
    for (const piece of ['a', '"', '\\"', '="', 'for="', 'for=', ';', ',', '-=', '"a",', 'a="\\']) {
      const text = piece.repeat(2 ** 20 / piece.length);
      for (const field of [text, `"${text}`, `for="${text}`]) readForwarded(field);
    }
  });
});
