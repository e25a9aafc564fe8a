/**
 * What maxHeaderSize counts: request-target, reason phrase, field names and field values, and nothing between them.
 * A section with one byte less than the limit is taken, one that has as many is refused.
 */
import type { ServerOptions } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ } from './differ.js';
import { chunk, head } from './messages.js';

const LIMIT = 500;

/** A message with `padding` bytes that count, besides the `fixed` ones that count too. */
interface Case {
  readonly name: string;
  readonly fixed: number;
  readonly message: (padding: number) => string;
}

const v = (count: number) => 'v'.repeat(count);

/** Fields that end the connection, with 20 bytes that count. */
const last = ['Host: a', 'Connection: close'];
const chunked = head('POST / HTTP/1.1', ...last, 'Transfer-Encoding: chunked') + chunk('abc');

const requests: readonly Case[] = [
  { name: 'a field value', fixed: 22, message: (n) => head('GET / HTTP/1.1', ...last, `X: ${v(n)}`) },
  { name: 'a field name', fixed: 21, message: (n) => head('GET / HTTP/1.1', ...last, `${v(n)}: `) },
  {
    name: 'no space before a value',
    fixed: 22,
    message: (n) => head('GET / HTTP/1.1', ...last, `X:${v(n)}`),
  },
  {
    name: 'white space before a value',
    fixed: 22,
    message: (n) => head('GET / HTTP/1.1', ...last, `X: \t \t  ${v(n)}`),
  },
  {
    name: 'white space behind a value',
    fixed: 23,
    message: (n) => head('GET / HTTP/1.1', ...last, `X: v${' '.repeat(n)}`),
  },
  {
    name: 'white space alone for a value',
    fixed: 23,
    message: (n) => head('GET / HTTP/1.1', ...last, `X: ${' '.repeat(200)}`, `Y:${v(n)}`),
  },
  {
    name: 'white space behind a Content-Length',
    fixed: 36,
    message: (n) => head('GET / HTTP/1.1', ...last, `Content-Length: 0${' '.repeat(n)}`),
  },
  {
    name: 'white space behind a Connection',
    fixed: 36,
    message: (n) => head('GET / HTTP/1.1', ...last, `Connection: close${' '.repeat(n)}`),
  },
  {
    name: 'many field lines',
    fixed: 21,
    message: (n) => head('GET / HTTP/1.1', ...last, ...Array<string>(n).fill('X:')),
  },
  {
    name: 'many field lines with values',
    fixed: 22,
    message: (n) =>
      head('GET / HTTP/1.1', ...last, `Y:${v(n % 50)}`, ...Array<string>((n - (n % 50)) / 2).fill('X: v')),
  },
  { name: 'a request-target', fixed: 21, message: (n) => head(`GET /${v(n)} HTTP/1.1`, ...last) },
  {
    name: 'a request-target in absolute-form',
    fixed: 29,
    message: (n) => head(`GET http://a/${v(n)} HTTP/1.1`, ...last),
  },
  { name: 'a long method', fixed: 22, message: (n) => head('MKCALENDAR / HTTP/1.1', ...last, `X: ${v(n)}`) },
  {
    name: 'empty lines before the request-line',
    fixed: 22,
    message: (n) => `${'\r\n'.repeat(50)}${head('GET / HTTP/1.1', ...last, `X: ${v(n)}`)}`,
  },
  { name: 'a trailer section', fixed: 1, message: (n) => `${chunked}0\r\n${head(`X: ${v(n)}`)}` },
  {
    name: 'a trailer section of many lines',
    fixed: 0,
    message: (n) => `${chunked}0\r\n${head(...Array<string>(n).fill('X: '))}`,
  },
];

const responses: readonly Case[] = [
  {
    name: 'a field value',
    fixed: 18,
    message: (n) => head('HTTP/1.1 200 OK', 'Content-Length: 0', `X: ${v(n)}`),
  },
  {
    name: 'a field name',
    fixed: 17,
    message: (n) => head('HTTP/1.1 200 OK', 'Content-Length: 0', `${v(n)}: `),
  },
  {
    name: 'white space around a value',
    fixed: 19,
    message: (n) => head('HTTP/1.1 200 OK', 'Content-Length: 0', `X: \t   v${' '.repeat(n)}`),
  },
  {
    name: 'many field lines',
    fixed: 17,
    message: (n) => head('HTTP/1.1 200 OK', 'Content-Length: 0', ...Array<string>(n).fill('X: ')),
  },
  { name: 'a reason phrase', fixed: 15, message: (n) => head(`HTTP/1.1 200 ${v(n)}`, 'Content-Length: 0') },
  {
    name: 'no reason phrase',
    fixed: 16,
    message: (n) => head('HTTP/1.1 200', 'Content-Length: 0', `X: ${v(n)}`),
  },
  {
    name: 'a response behind an interim one',
    fixed: 18,
    message: (n) =>
      head('HTTP/1.1 103 Early Hints', `X: ${v(400)}`) +
      head('HTTP/1.1 200 OK', 'Content-Length: 0', `X: ${v(n)}`),
  },
  {
    name: 'an interim response',
    fixed: 6,
    message: (n) => head('HTTP/1.1 103 Hints', `X: ${v(n)}`) + head('HTTP/1.1 204 OK'),
  },
  {
    name: 'a trailer section',
    fixed: 1,
    message: (n) => `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0\r\n${head(`X: ${v(n)}`)}`,
  },
];

/** The padding with which a case has one byte less than the limit, and that with which it has as many. */
function edges({ fixed }: Case, limit: number): [number, number] {
  return [limit - 1 - fixed, limit - fixed];
}

function statuses(received: string): string[] {
  return [...received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
}

/** Sends `request` in pieces of `size` bytes, and logs whether it was taken. */
async function send(
  scene: ClientScene,
  options: ServerOptions,
  request: string,
  size = request.length,
): Promise<void> {
  const server = await scene.serve((req, res) => {
    req.on('error', (error) => scene.log('req error', error));
    req.on('end', () => res.end());
    req.resume();
  }, options);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code);
    socket.destroy();
  });
  const client = scene.connect(server);
  for (let at = 0; at < request.length; at += size) await client.send(request.slice(at, at + size));
  await client.closed();
  scene.log(`statuses ${statuses(client.received)}`);
}

for (const case_ of requests) {
  differ(`maxHeaderSize of requests: ${case_.name}`, async (scene) => {
    for (const padding of edges(case_, LIMIT)) {
      await send(scene, { maxHeaderSize: LIMIT }, case_.message(padding));
      await send(scene, { maxHeaderSize: LIMIT }, case_.message(padding), 97);
    }
  });
}

differ('maxHeaderSize is counted anew for every request', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('done\r\n'), { maxHeaderSize: LIMIT });
  for (const padding of edges(requests[0], LIMIT)) {
    const client = scene.connect(server);
    await client.send(head('GET / HTTP/1.1', 'Host: a', `X: ${v(400)}`));
    await client.until('done');
    await client.send(requests[0].message(padding));
    await client.closed();
    scene.log(`statuses ${statuses(client.received)}`);
  }
});

for (const case_ of responses) {
  differ(`maxHeaderSize of responses: ${case_.name}`, async (scene) => {
    for (const padding of edges(case_, LIMIT)) {
      const origin = await scene.origin((connection) => connection.socket.end(case_.message(padding)));
      scene.get(origin, { maxHeaderSize: LIMIT, agent: false });
      await scene.closed();
    }
  });
}

differ('maxHeaderSize of requests and responses by default', async (scene) => {
  for (const padding of edges(requests[0], 16_384)) await send(scene, {}, requests[0].message(padding));
  for (const padding of edges(responses[0], 16_384)) {
    const origin = await scene.origin((connection) => connection.socket.end(responses[0].message(padding)));
    scene.get(origin, { agent: false });
    await scene.closed();
  }
});
