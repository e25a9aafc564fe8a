const { once } = require('events');
const { http, wrap } = require('follow-redirects');

(async () => {
  const { base, done, refused, step } = await import('./steps.mjs');
  async function answer(request) {
    const [response] = await once(request, 'response');
    let content = '';
    for await (const chunk of response.setEncoding('utf8')) content += chunk;
    const { statusCode, headers, responseUrl, redirects } = response;
    delete headers.date;
    return {
      statusCode,
      headers,
      responseUrl,
      redirects: redirects.map(({ url, statusCode: status }) => [url, status]),
      content,
    };
  }
  function post(path, body, options) {
    const request = http.request(`${base}${path}`, { method: 'POST', ...options });
    request.end(body);
    return answer(request);
  }

  await step('get', () => answer(http.get(`${base}/json`)));
  await step('redirects', () => answer(http.get(`${base}/redirect/3`, { trackRedirects: true })));
  await step('too many', () => answer(http.get(`${base}/redirect/9`, { maxRedirects: 3 })));
  await step('none', () => answer(http.get(`${base}/redirect/1`, { followRedirects: false })));
  await step('303 becomes GET', () => post('/redirect-303', 'abc'));
  await step('307 keeps the body', () =>
    post('/redirect-307', 'abc', { headers: { 'Content-Type': 'text/plain' } }),
  );
  await step('a body beyond the limit', async () => {
    const request = http.request(`${base}/echo`, { method: 'POST', maxBodyLength: 3, agent: false });
    const answered = answer(request);
    request.end('abcdef');
    return answered;
  });
  await step('wrapped by hand', () => answer(wrap({ http: require('http') }).http.get(`${base}/redirect/1`)));
  await step('a hook', () =>
    answer(
      http.get(`${base}/redirect/1`, {
        beforeRedirect: (options) => {
          options.headers['X-Hook'] = 'yes';
        },
      }),
    ),
  );
  await step('a time-out', async () => {
    const request = http.get(`${base}/slow`);
    request.setTimeout(50, () => request.destroy(new Error('too late')));
    return answer(request);
  });
  await step('connection refused', () => answer(http.get(refused)));
  await step('hang up', () => answer(http.get(`${base}/hangup`)));
  done();
})();
