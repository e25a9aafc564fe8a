/** https, and http2 where it serves HTTP/1.1. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { Agent } from 'node:https';
import { test } from 'node:test';
import { authority } from '../fixtures/certificates.js';
import { type Answer, type Ask, exchange } from './exchanges.js';
import { evaluate } from './processes.js';
import { serve } from './servers.js';

const app = serve('tls.cjs');

function ask(port: number, ...asks: Ask[]): Promise<Answer[]> {
  const agent = new Agent({ ca: authority, servername: 'localhost', keepAlive: true, maxSockets: 1 });
  return Promise.all(asks.map((one) => exchange(port, agent, one))).finally(() => agent.destroy());
}

async function portOfBoth(port: number): Promise<number> {
  const [{ content }] = await ask(port, { path: '/both' });
  return Number(content);
}

const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' };

app.same(
  'Express over TLS',
  (port) => ask(port, { path: '/secure' }, { ...post, path: '/echo' }, { path: '/nowhere' }),
  ([secure]: Answer[]) => assert.match(secure.content, /"secure":true/),
);
app.same('a client and a server over TLS in one process', (port) => ask(port, { path: '/through' }));
app.same(
  'an HTTP/2 server that is asked in HTTP/1.1',
  async (port) => {
    const answers = await ask(
      await portOfBoth(port),
      { path: '/one' },
      { ...post, path: '/two' },
      { path: '/three' },
    );
    // Before Node 24 such a server has no time-out for idle connections; it always has here.
    return answers.map(({ fields, ...rest }) => ({
      ...rest,
      fields: fields.join('\n').replace(/\nKeep-Alive\n.*/, ''),
    }));
  },
  (answers: Answer[]) => assert.equal(answers[1].content, 'POST /two {"a":1} true'),
);
app.same('and in HTTP/2', async (port) => {
  const session = http2.connect(`https://localhost:${await portOfBoth(port)}`, { ca: authority });
  const stream = session.request({ ':path': '/two' });
  let content = '';
  for await (const chunk of stream) content += chunk;
  session.close();
  await once(session, 'close');
  return content;
});

test('an HTTP/2 server that never listened is closed', async () => {
  const code = `
    const http2 = require('http2');
    const server = http2.createSecureServer({ allowHTTP1: true });
    server.close((error) => console.log(error.code));
    server.close((error) => console.log(error.code));`;
  const [plain, registered] = await Promise.all([evaluate(code, { flags: [] }), evaluate(code)]);
  assert.equal(plain.code, 0);
  assert.deepEqual(registered, plain);
});
