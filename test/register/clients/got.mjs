import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import got from 'got';
import { base, done, refused, step } from './steps.mjs';

const api = got.extend({ prefixUrl: base, retry: { limit: 0 } });
const agent = { http: new http.Agent({ keepAlive: true }) };

async function told(promise) {
  const { statusCode, statusMessage, headers, body, redirectUrls, httpVersion } = await promise;
  delete headers.date;
  return { statusCode, statusMessage, httpVersion, headers, body, redirects: redirectUrls.map(String) };
}

await step('get', () => told(api('json', { searchParams: { a: 1 } })));
await step('JSON', () => api('json').json());
await step('post JSON', () => told(api.post('echo', { json: { a: 1 } })));
await step('post a form', () => told(api.post('echo', { form: { a: '1' } })));
await step('post a stream', () => told(api.post('upload', { body: Readable.from(['one', 'two']) })));
await step('post FormData', () => {
  const body = new FormData();
  body.set('a', '1');
  return told(api.post('echo', { body }));
});
await step('redirects', () => told(api('redirect/3')));
await step('too many redirects', () => told(api('redirect/5', { maxRedirects: 2 })));
await step('303 becomes GET', () => told(api.post('redirect-303', { json: { a: 1 } })));
await step('gzip', () => told(api('gzip')));
await step('Brotli', () => told(api('br')));
await step('a stream', async () => {
  let length = 0;
  for await (const chunk of api.stream('large')) length += chunk.length;
  return length;
});
await step('a stream up', async () => {
  const request = api.stream.put('upload');
  let content = '';
  await pipeline(Readable.from(['a'.repeat(100_000), 'b']), request, async (answer) => {
    for await (const chunk of answer) content += chunk;
  });
  return content;
});
await step('404', () => told(api('status/404')));
await step('500, without throwing', () => told(api('status/500', { throwHttpErrors: false })));
await step('a retry', () =>
  told(api('flaky', { retry: { limit: 1, calculateDelay: ({ computedValue }) => computedValue && 1 } })),
);
for (let i = 0; i < 3; i++) await step(`agent ${i}`, () => told(api('connection', { agent })));
await step('timings', async () => {
  const { timings } = await api('json');
  return Object.entries(timings.phases).map(([name, value]) => [name, typeof value]);
});
await step('a time-out of the response', () => told(api('slow', { timeout: { response: 50 } })));
await step('a time-out of all', () => told(api('slow', { timeout: { request: 50 } })));
await step('cancel', () => {
  const promise = api('slow');
  setImmediate(() => promise.cancel());
  return told(promise);
});
await step('abort', () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return told(api('slow', { signal: controller.signal }));
});
await step('connection refused', () => told(got(refused, { retry: { limit: 0 } })));
await step('hang up', () => told(api('hangup')));
await step('an answer that breaks off', () => told(api('partial')));
done();
