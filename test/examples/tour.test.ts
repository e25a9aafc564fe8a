import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { spawnTour, startTour } from './tour-process.js';

const MIB = 1024 * 1024;

test('GET /hello answers JSON', async (t) => {
  const { url } = await startTour(t);
  const response = await fetch(`${url}hello`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(await response.text(), '{"hello":"world"}');
});

test('POST /echo sends back a body that came in several chunks', async (t) => {
  const { url } = await startTour(t);
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  t.after(() => socket.destroy());
  const text = 'Grüße, '.repeat(1000);
  const body = Buffer.from(text);
  socket.write(
    `POST /echo HTTP/1.1\r\nHost: tour\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  // The first part ends inside a character.
  socket.write(body.subarray(0, 3));
  socket.write(body.subarray(3, 4000));
  socket.end(body.subarray(4000));
  let answer = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket) answer += chunk;
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.ok(answer.includes(text));
});

test('POST /echo refuses a body beyond its limit', async (t) => {
  const { url } = await startTour(t);
  const response = await fetch(`${url}echo`, { method: 'POST', body: Buffer.alloc(MIB + 1) });
  assert.equal(response.status, 413);
});

test('a request that breaks off costs the others nothing', async (t) => {
  const { url, stderr } = await startTour(t);
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('POST /echo HTTP/1.1\r\nHost: tour\r\nContent-Length: 10\r\n\r\nhalf');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.resetAndDestroy();
  await closed;
  assert.equal((await fetch(`${url}hello`)).status, 200);
  assert.equal(stderr(), '');
});

test('GET /big.bin streams the whole file while the memory stays below its size', async (t) => {
  const { url } = await startTour(t);
  const samples = await fetch(`${url}memory`);
  assert.equal(samples.headers.get('content-type'), 'text/event-stream');
  const response = await fetch(`${url}big.bin`);
  const size = Number(response.headers.get('content-length'));
  assert.equal(size, 256 * MIB);
  let received = 0;
  const measured = (async () => {
    const seen: number[] = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of samples.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) seen.push(JSON.parse(event.slice('data: '.length)).rss);
      if (received === size) break;
    }
    return seen;
  })();
  for await (const chunk of response.body ?? []) received += chunk.length;
  assert.equal(received, size);
  const seen = await measured;
  const growth = Math.max(...seen) - seen[0];
  assert.ok(growth < size / 2, `grew by ${Math.round(growth / MIB)} MiB over ${seen.length} samples`);
});

test('an unknown path and an unknown method are a 404', async (t) => {
  const { url } = await startTour(t);
  const nowhere = await fetch(`${url}nowhere`);
  assert.equal(nowhere.status, 404);
  assert.equal(await nowhere.text(), 'Not found\n');
  assert.equal((await fetch(`${url}hello`, { method: 'DELETE' })).status, 404);
});

test('the page and all that it names is served, and nothing else', async (t) => {
  const { url } = await startTour(t);
  const page = await fetch(url);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  const html = await page.text();
  const names = Array.from(html.matchAll(/(?:src|href)="(\/[^"]+)"/g), (match) => match[1]);
  assert.deepEqual(names, ['/page.css', '/page.js']);
  for (const name of names) assert.equal((await fetch(new URL(name, url))).status, 200, name);
  for (const [, name] of html.matchAll(/data-source="([^"]+)"/g)) {
    const source = await (await fetch(`${url}source/${name}.ts`)).text();
    assert.match(source, /^export (async )?function \w+\(_?req: IncomingMessage, res: ServerResponse\)/m);
  }
  assert.equal((await fetch(`${url}source/..%2fserver.ts`)).status, 404);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends the tour after the request in flight`, async (t) => {
    const { url, child, exited, nextLine } = await startTour(t);
    const { port } = new URL(url);
    // A second connection waits idle, kept alive: it must not hold the end up.
    await (await fetch(`${url}hello`)).text();
    const pending = request({ port, host: '127.0.0.1', path: '/echo', method: 'POST' });
    t.after(() => pending.destroy());
    pending.setHeader('Expect', '100-continue');
    pending.flushHeaders();
    await once(pending, 'continue');
    child.kill(signal);
    assert.match((await nextLine()) ?? '', /^Ending after/);
    pending.end('still served');
    const [response] = await once(pending, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    assert.equal(body, 'still served');
    assert.equal(await exited, 0);
  });
}

test('a stream of memory samples ends with the server', async (t) => {
  const { url, child, exited } = await startTour(t);
  const samples = await fetch(`${url}memory`);
  child.kill('SIGTERM');
  assert.match(await samples.text(), /^data: \{"rss":\d+/);
  assert.equal(await exited, 0);
});

test('a second signal ends the tour at once', async (t) => {
  const { url, child, exited, nextLine } = await startTour(t);
  const pending = request(`${url}echo`, { method: 'POST', headers: { Expect: '100-continue' } });
  t.after(() => pending.destroy());
  pending.on('error', () => {});
  pending.flushHeaders();
  await once(pending, 'continue');
  child.kill('SIGTERM');
  assert.match((await nextLine()) ?? '', /^Ending after/);
  // The tour takes signals for one Ctrl-C that come close together; it is sent until it counts.
  const timer = setInterval(() => child.kill('SIGTERM'), 50);
  t.after(() => clearInterval(timer));
  assert.equal(await exited, 143);
});

test('a port in use is named and ends the tour with 1', async (t) => {
  const other = createServer();
  t.after(() => other.close());
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  const tour = spawnTour(t, { PORT: String(port) });
  assert.equal(await tour.exited, 1);
  assert.match(
    tour.stderr(),
    new RegExp(`^Port ${port} is in use\\. Take another: PORT=${port + 1} npm start\n$`),
  );
});

test('a PORT that is no port is named and ends the tour with 1', async (t) => {
  const tour = spawnTour(t, { PORT: '3000x' });
  assert.equal(await tour.exited, 1);
  assert.equal(tour.stderr(), 'PORT must be a number from 0 to 65535, not "3000x".\n');
});

test('HOST chooses the address', async (t) => {
  const tour = spawnTour(t, { PORT: '0', HOST: '0.0.0.0' });
  const line = (await tour.nextLine()) ?? '';
  const port = line.match(/^Listening on http:\/\/localhost:(\d+)\/ \(every interface\)$/)?.[1];
  assert.ok(port, line);
  assert.equal((await fetch(`http://127.0.0.1:${port}/hello`)).status, 200);
});
