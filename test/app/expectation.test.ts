/** Expect: 100-continue on an application's own server: the client is told to go on by whoever reads, however. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { type AppRequest, type AppResponse, createApp, multipart } from 'barewire';
import { WireClient } from '../differential/wire-client.js';

// It has no types of its own.
const multer = createRequire(import.meta.url)('multer') as () => {
  none(): (req: AppRequest, res: AppResponse, next: () => void) => void;
};

const BODY = '--b\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n--b--\r\n';

async function clientOf(t: TestContext, app: ReturnType<typeof createApp>): Promise<WireClient> {
  const server = await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => app.close({ deadline: 0 }));
  const client = new WireClient((server.address() as AddressInfo).port);
  t.after(() => client.destroy());
  return client;
}

function expecting(path: string): string {
  const fields = {
    Host: 'a',
    'Content-Type': 'multipart/form-data; boundary=b',
    'Content-Length': String(BODY.length),
    Expect: '100-continue',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const READINGS: Record<string, (req: AppRequest, res: AppResponse) => unknown> = {
  'a reader': (req) => req.text(),
  'a reader of parts': async (req) => {
    const values: string[] = [];
    for await (const part of multipart(req)) if (part.kind === 'field') values.push(part.value);
    return values;
  },
  'a pipe': (req, res) => {
    req.pipe(res);
  },
  'a pipe to something else, whose end is the answer': async (req) => {
    const through = new PassThrough();
    req.pipe(through);
    const chunks = await through.toArray();
    return Buffer.concat(chunks).toString();
  },
  iteration: async (req) => {
    let text = '';
    for await (const chunk of req) text += chunk;
    return text;
  },
  "a listener of 'data'": async (req) => {
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    await once(req, 'end');
    return text;
  },
  "a listener of 'readable'": async (req) => {
    let text = '';
    req.on('readable', () => {
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) text += chunk;
    });
    await once(req, 'end');
    return text;
  },
  'an echo, which is the request as the answer': (req) => req,
  'multer, which is middleware of Express': (req, res) => {
    multer().none()(req, res, () => res.json(req.body));
  },
};

describe('a client that waits for 100 (Continue) is told to go on, once, by', () => {
  for (const [how, read] of Object.entries(READINGS)) {
    test(how, async (t) => {
      const app = createApp();
      app.post('/', read);
      const client = await clientOf(t, app);
      await client.send(expecting('/'));
      await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      await client.send(BODY);
      await client.until(/ 200 OK[\s\S]*value/);
      assert.equal(client.received.split('100 Continue').length, 2);
    });
  }

  test('a route of app.raw', async (t) => {
    const app = createApp();
    app.raw('POST', '/', (req, res) => {
      req.pipe(res);
    });
    const client = await clientOf(t, app);
    await client.send(expecting('/'));
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    await client.send(BODY);
    await client.until(/ 200 OK[\s\S]*value/);
  });
});

describe('it is not', () => {
  for (const [when, read] of Object.entries<(req: AppRequest, res: AppResponse) => unknown>({
    'where nobody reads': () => 'unread',
    'where somebody only listens for the end': (req) => {
      req.on('end', () => {}).on('close', () => {});
      return 'unread';
    },
    'when the answer has begun': (req, res) => {
      res.write('begun');
      req.resume();
      res.end();
    },
  })) {
    test(`${when}, and the connection ends`, async (t) => {
      const app = createApp();
      app.post('/', read);
      const client = await clientOf(t, app);
      await client.send(expecting('/'));
      await client.until(/ 200 OK[\s\S]*(?:unread|begun)/);
      await client.ended();
      assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n/);
    });
  }
});
