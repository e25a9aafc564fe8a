import { once } from 'node:events';
import http from 'node:http';
import got from 'got';
import nock from 'nock';
import { base, done, step } from './steps.mjs';

async function answer(request) {
  const [response] = await once(request, 'response');
  let content = '';
  for await (const chunk of response.setEncoding('utf8')) content += chunk;
  delete response.headers.date;
  return { status: response.statusCode, reason: response.statusMessage, headers: response.headers, content };
}
function post(url, body) {
  const request = http.request(url, { method: 'POST', headers: { 'Content-Type': 'application/json' } });
  request.end(body);
  return answer(request);
}
const api = () => nock('http://api.example');

await step('a reply', () => {
  api().get('/cats').query({ a: '1' }).reply(200, { cats: 2 }, { 'X-Nock': 'yes' });
  return answer(http.get('http://api.example/cats?a=1'));
});
await step('a body that must match', () => {
  api()
    .post('/cats', { name: 'Tom' })
    .reply(201, (uri, body) => ({ uri, body }));
  return post('http://api.example/cats', '{"name":"Tom"}');
});
await step('a body that does not match', () => {
  api().post('/cats', { name: 'Tom' }).reply(201);
  return post('http://api.example/cats', '{"name":"Kit"}');
});
await step('fields that must match', () => {
  nock.cleanAll();
  nock('http://api.example', { reqheaders: { authorization: 'Basic YTpi' } })
    .get('/private')
    .reply(204);
  return answer(http.get('http://api.example/private', { auth: 'a:b' }));
});
await step('several times', async () => {
  api().get('/twice').twice().reply(200, 'again');
  const statuses = [];
  for (let i = 0; i < 2; i++) statuses.push((await answer(http.get('http://api.example/twice'))).status);
  return { statuses, done: nock.isDone() };
});
await step('an error', () => {
  api()
    .get('/error')
    .replyWithError(Object.assign(new Error('made up'), { code: 'EMADEUP' }));
  return answer(http.get('http://api.example/error'));
});
await step('with got', async () => {
  api().get('/got').reply(200, { got: true });
  return got('http://api.example/got', { retry: { limit: 0 } }).json();
});
await step('nothing else', () => {
  nock.disableNetConnect();
  return answer(http.get('http://elsewhere.example/'));
});
await step('the real server', () => {
  nock.enableNetConnect('127.0.0.1');
  return answer(http.get(`${base}/json`));
});
await step('after it is gone', () => {
  nock.restore();
  return post(`${base}/echo`, '{"a":1}');
});
done();
