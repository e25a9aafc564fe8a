const http = require('http');
const superagent = require('superagent');

(async () => {
  const { base, done, refused, step } = await import('./steps.mjs');
  const agent = new http.Agent({ keepAlive: true });
  async function told(request) {
    const { status, headers, text, body, redirects } = await request;
    delete headers.date;
    return { status, headers, text, body, redirects };
  }

  await step('get', () => told(superagent.get(`${base}/json`).query({ a: 1 }).set('X-Client', 'yes')));
  await step('post JSON', () => told(superagent.post(`${base}/echo`).send({ a: 1 })));
  await step('post a form', () => told(superagent.post(`${base}/echo`).type('form').send({ a: 1 })));
  await step('attach a file', () =>
    told(superagent.post(`${base}/echo`).field('a', '1').attach('file', Buffer.from('content'), 'a.txt')),
  );
  await step('auth', () => told(superagent.get(`${base}/json`).auth('a', 'b')));
  await step('redirects', () => told(superagent.get(`${base}/redirect/3`)));
  await step('no redirects', () => told(superagent.get(`${base}/redirect/1`).redirects(0)));
  await step('gzip', () => told(superagent.get(`${base}/gzip`)));
  await step('cookies', async () => {
    const jar = superagent.agent();
    await jar.get(`${base}/cookies`);
    return told(jar.get(`${base}/json`));
  });
  await step('404', () => told(superagent.get(`${base}/status/404`)));
  for (let i = 0; i < 3; i++)
    await step(`agent ${i}`, () => told(superagent.get(`${base}/connection`).agent(agent)));
  await step('pipe', async () => {
    const { PassThrough } = require('stream');
    const out = new PassThrough();
    superagent.get(`${base}/large`).pipe(out);
    let length = 0;
    for await (const chunk of out) length += chunk.length;
    return length;
  });
  await step('a time-out', () => told(superagent.get(`${base}/slow`).timeout({ response: 50 })));
  await step('abort', () => {
    const request = superagent.get(`${base}/slow`);
    return new Promise((resolve) => {
      request.on('abort', () => resolve('aborted')).end(() => {});
      setImmediate(() => request.abort());
    });
  });
  await step('connection refused', () => told(superagent.get(refused)));
  await step('hang up', () => told(superagent.get(`${base}/hangup`)));
  await step('an answer that breaks off', () => told(superagent.get(`${base}/partial`)));
  done();
})();
