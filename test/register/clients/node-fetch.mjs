import http from 'node:http';
import { Readable } from 'node:stream';
import fetch, { Blob, FormData } from 'node-fetch';
import { base, done, refused, step } from './steps.mjs';

const agent = new http.Agent({ keepAlive: true });
async function told(promise) {
  const response = await promise;
  const headers = Object.fromEntries(response.headers);
  delete headers.date;
  const { status, statusText, redirected, url } = response;
  return { status, statusText, redirected, url, headers, text: await response.text() };
}

await step('get', () => told(fetch(`${base}/json?a=1`, { headers: { 'X-Client': 'yes' } })));
await step('post', () =>
  told(
    fetch(`${base}/echo`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'Content-Type': 'application/json' },
    }),
  ),
);
await step('post a form', () => {
  const body = new FormData();
  body.set('a', '1');
  body.set('file', new Blob(['content']), 'a.txt');
  return told(fetch(`${base}/echo`, { method: 'POST', body }));
});
await step('post a stream', () =>
  told(fetch(`${base}/upload`, { method: 'POST', body: Readable.from(['one', 'two']) })),
);
await step('redirects', () => told(fetch(`${base}/redirect/3`)));
await step('redirects by hand', () => told(fetch(`${base}/redirect/1`, { redirect: 'manual' })));
await step('no redirects', () => told(fetch(`${base}/redirect/1`, { redirect: 'error' })));
await step('gzip', () => told(fetch(`${base}/gzip`)));
await step('Brotli', () => told(fetch(`${base}/br`)));
await step('HEAD', () => told(fetch(`${base}/json`, { method: 'HEAD' })));
await step('404', () => told(fetch(`${base}/status/404`)));
await step('204', () => told(fetch(`${base}/status/204`)));
await step('several cookies', async () => (await fetch(`${base}/cookies`)).headers.raw()['set-cookie']);
await step('large', async () => (await (await fetch(`${base}/large`)).arrayBuffer()).byteLength);
for (let i = 0; i < 3; i++) await step(`agent ${i}`, () => told(fetch(`${base}/connection`, { agent })));
await step('abort', () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return told(fetch(`${base}/slow`, { signal: controller.signal }));
});
await step('abort in the body', async () => {
  const controller = new AbortController();
  const response = await fetch(`${base}/half`, { signal: controller.signal });
  controller.abort();
  return response.text();
});
await step('connection refused', () => told(fetch(refused)));
await step('hang up', () => told(fetch(`${base}/hangup`)));
await step('an answer that breaks off', () => told(fetch(`${base}/partial`)));
await step('chunks that break off', () => told(fetch(`${base}/partial-chunked`)));
await step('chunks that break off, pooled', () => told(fetch(`${base}/partial-chunked`, { agent })));
done();
