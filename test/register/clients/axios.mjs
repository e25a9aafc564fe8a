import http from 'node:http';
import { Readable } from 'node:stream';
import axios, { AxiosHeaders } from 'axios';
import { base, done, refused, step } from './steps.mjs';

const api = axios.create({ baseURL: base, headers: { 'X-Client': 'yes' } });
const agent = new http.Agent({ keepAlive: true });

function shown({ status, statusText, headers, data }) {
  const fields = AxiosHeaders.from(headers).toJSON();
  delete fields.date;
  return { status, statusText, fields, data };
}
const told = (promise) =>
  promise.then(shown, (error) => {
    if (error.response) return { failed: error.code, ...shown(error.response) };
    throw error;
  });

await step('get', () => told(api.get('/json', { params: { a: 1, b: ['x', 'y'] } })));
await step('post JSON', () => told(api.post('/echo', { a: [1, 2] })));
await step('post a form', () => told(api.postForm('/echo', { a: '1', file: Buffer.from('content') })));
await step('post URL-encoded', () => told(api.post('/echo', new URLSearchParams({ a: '1' }))));
await step('put a stream', () => told(api.put('/upload', Readable.from(['one', 'two']))));
await step('put a Buffer', () => told(api.put('/upload', Buffer.alloc(200_000, 'a'))));
await step('redirects', () => told(api.get('/redirect/3')));
await step('too many redirects', () => told(api.get('/redirect/5', { maxRedirects: 2 })));
await step('no redirects', () => told(api.get('/redirect/1', { maxRedirects: 0 })));
await step('307 keeps the body', () => told(api.post('/redirect-307', { a: 1 })));
await step('gzip', () => told(api.get('/gzip')));
await step('Brotli', () => told(api.get('/br')));
await step('as a stream', async () => {
  const { data } = await api.get('/large', { responseType: 'stream' });
  let length = 0;
  for await (const chunk of data) length += chunk.length;
  return length;
});
await step('404', () => told(api.get('/status/404')));
await step('500', () => told(api.get('/status/500')));
await step('auth', () => told(api.get('/json', { auth: { username: 'a', password: 'b' } })));
for (let i = 0; i < 3; i++)
  await step(`agent ${i}`, () => told(api.get('/connection', { httpAgent: agent })));
await step('progress', async () => {
  const seen = [];
  await api.put('/upload', Buffer.alloc(1000), { onUploadProgress: ({ loaded }) => seen.push(loaded) });
  return seen.at(-1);
});
await step('a time-out', () => told(api.get('/slow', { timeout: 50 })));
await step('abort', () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return told(api.get('/slow', { signal: controller.signal }));
});
await step('an answer beyond the limit', () => told(api.get('/large', { maxContentLength: 1000 })));
await step('connection refused', () => told(axios.get(refused)));
await step('hang up', () => told(api.get('/hangup')));
await step('an answer that breaks off', () => told(api.get('/partial')));
done();
