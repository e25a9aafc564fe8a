/** Where a request comes from, behind proxies that are trusted and behind others. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { type ApplicationOptions, createApp } from 'barewire';

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
  });
});
