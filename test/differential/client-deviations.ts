import type { RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientScene } from './client-scene.js';
import type { Deviation } from './deviations.js';
import { chunk, head, lastChunk, ok } from './messages.js';

/** What becomes of a request that is answered with `text` and the end of the connection. */
async function answered(scene: ClientScene, text: string, options: RequestOptions = {}): Promise<void> {
  const origin = await scene.origin((connection) => connection.socket.end(text, 'latin1'));
  scene.get(origin, { agent: false, ...options }, 'req', ['error', 'close']);
  await scene.closed();
}

const refusedCoding = [
  'req error Error [HPE_INVALID_TRANSFER_ENCODING]: Parse Error: Invalid `Transfer-Encoding` header value',
  'req close',
] as const;

/** Where the client differs from node:http on purpose. */
export const clientDeviations: readonly Deviation[] = [
  {
    name: 'a reason phrase with a control character is refused',
    stock: 'takes it.',
    barewire: 'fails with HPE_INVALID_STATUS.',
    reason: 'RFC 9112 section 4: it is HTAB, SP, VCHAR and obs-text. It ends up in logs and other heads.',
    scenario: (scene) => answered(scene, `${head('HTTP/1.1 200 O\0K', 'Content-Length: 2')}ok`),
    expected: ['req error Error [HPE_INVALID_STATUS]: Parse Error: Invalid response status', 'req close'],
  },
  {
    name: 'a response that is chunked twice is refused',
    stock: 'takes one chunked off.',
    barewire: 'fails with HPE_INVALID_TRANSFER_ENCODING.',
    reason:
      'RFC 9112 section 6.1: chunked is not applied twice; taken off once or twice these are two contents.',
    scenario: async (scene) => {
      const body = chunk('ok') + lastChunk;
      await answered(scene, head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, chunked') + body);
      const twice = ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'];
      await answered(scene, head('HTTP/1.1 200 OK', ...twice) + body);
    },
    expected: [...refusedCoding, ...refusedCoding],
  },
  {
    name: 'obs-fold in a response is read as a space',
    stock: 'fails with HPE_INVALID_HEADER_TOKEN.',
    barewire: 'joins the lines.',
    reason: 'RFC 9112 section 5.2: a user agent MUST replace each obs-fold by spaces.',
    scenario: async (scene) => {
      const folded = head('HTTP/1.1 200 OK', 'X-A: b', ' c', 'Content-Length: 2', 'Connection: close');
      const origin = await scene.origin(`${folded}ok`);
      const req = scene.get(origin);
      req.on('response', (res) => scene.log('X-A', res.headers['x-a']));
      await scene.closed();
    },
    expected: [
      ...[
        'req finish',
        "res 200 'OK'",
        "X-A 'b c'",
        "res end 'ok'",
        "res close 'complete true'",
        'req close',
      ],
    ],
  },
  {
    name: 'close-delimited content that ends with a reset is cut short',
    stock: 'ends the response as if it were complete.',
    barewire: "aborts it: 'aborted', and 'error' ECONNRESET.",
    reason: 'RFC 9112 section 8: it is complete unless the connection indicated an error.',
    scenario: async (scene) => {
      const origin = await scene.origin(`${head('HTTP/1.1 200 OK')}text`);
      const req = scene.get(origin, {}, 'req', ['error', 'close']);
      req.on('response', (res) => res.on('data', () => scene.log('data')));
      await scene.seen('data');
      origin.connections[0].reset();
      await scene.closed();
    },
    expected: [
      "res 200 'OK'",
      'data',
      'req error Error [ECONNRESET]: read ECONNRESET',
      'res aborted',
      'req close',
      "res error Error [ECONNRESET]: aborted 'text'",
      "res close 'complete false'",
    ],
  },
  {
    name: 'close-delimited content that the client cuts off is not complete',
    stock: 'ends the response as if it were complete.',
    barewire: "aborts it: 'aborted', and 'error' ECONNRESET.",
    reason: 'RFC 9112 section 8: only the server completes it.',
    scenario: async (scene) => {
      const origin = await scene.origin(`${head('HTTP/1.1 200 OK')}text`);
      const req = scene.get(origin, {}, 'req', ['error', 'close']);
      req.on('response', (res) => res.on('data', () => setImmediate(() => req.socket?.destroy())));
      await scene.closed();
    },
    expected: [
      ...["res 200 'OK'", 'res aborted', 'req close', "res error Error [ECONNRESET]: aborted 'text'"],
      "res close 'complete false'",
    ],
  },
  {
    name: 'a response to HEAD without a length leaves the connection open',
    stock: 'closes the connection.',
    barewire: 'keeps it.',
    reason: 'A response to HEAD ends with its head whatever its fields say (RFC 9112 section 6.3).',
    scenario: async (scene) => {
      const origin = await scene.origin(head('HTTP/1.1 200 OK'));
      const agent = scene.agent({ keepAlive: true });
      for (let count = 0; count < 2; count++) {
        const req = scene.get(origin, { agent, method: 'HEAD' }, 'req', []);
        req.on('close', () => scene.log('req close', req.reusedSocket));
        await scene.closed();
      }
      scene.log('connections', origin.connections.length);
    },
    expected: [
      ...["res 200 'OK'", "res end ''", 'req close false', "res close 'complete true'"],
      ...["res 200 'OK'", "res end ''", 'req close true', "res close 'complete true'"],
      'connections 1',
    ],
  },
  {
    name: 'a free socket that was ended is given to no request',
    stock: 'gives it to the next, which fails.',
    barewire: 'leaves it alone.',
    reason: 'Nothing can be sent on it.',
    scenario: async (scene) => {
      const origin = await scene.origin(ok());
      const agent = scene.agent({ keepAlive: true });
      const req = scene.get(origin, { agent }, 'first', []);
      await scene.seen('first res close');
      await scene.turns(2);
      (req.socket as Socket).end();
      scene.get(origin, { agent }, 'second', ['error', 'close']);
      await scene.closed('second');
    },
    expected: [
      ...["first res 200 'OK'", "first res end 'ok'", "first res close 'complete true'"],
      ...["second res 200 'OK'", "second res end 'ok'", 'second close', "second res close 'complete true'"],
    ],
  },
  {
    name: 'an empty line behind a response ends the connection',
    stock: 'passes over it.',
    barewire: 'takes no other request to that connection.',
    reason: 'It answers nothing, and no server that keeps to the protocol sends it.',
    scenario: async (scene) => {
      const origin = await scene.origin(`${ok()}\r\n`);
      const agent = scene.agent({ keepAlive: true });
      for (const label of ['first', 'second']) {
        scene.get(origin, { agent }, label, ['error']);
        await scene.seen(`${label} res close`);
        await scene.turns(2);
      }
      scene.log('connections', origin.connections.length);
    },
    expected: [
      ...["first res 200 'OK'", "first res end 'ok'", "first res close 'complete true'"],
      ...["second res 200 'OK'", "second res end 'ok'", "second res close 'complete true'"],
      'connections 2',
    ],
  },
  {
    name: "the server's Keep-Alive counts for agents without a time-out too",
    stock: 'heeds it only where it is shorter than the time-out of the agent.',
    barewire: 'closes free sockets before the server does.',
    reason: 'The server said when it closes: a request at that moment would fail.',
    scenario: async (scene) => {
      const origin = await scene.origin(ok('ok', 'Keep-Alive: timeout=5'));
      const agent = scene.agent({ keepAlive: true });
      scene.get(origin, { agent }, 'req', []);
      await scene.seen('res close');
      await scene.turns(2);
      scene.log('timeout', Object.values(agent.freeSockets)[0]?.[0].timeout);
    },
    expected: ["res 200 'OK'", "res end 'ok'", "res close 'complete true'", 'timeout 4000'],
  },
  {
    name: 'a 101 ends HTTP on its connection, whatever its fields say',
    stock: 'takes one without Upgrade for an ordinary response.',
    barewire: "emits 'upgrade', where somebody listens.",
    reason:
      'What follows a 101 is in another protocol (RFC 9110 section 15.2.2), and no response can follow it.',
    scenario: async (scene) => {
      const origin = await scene.origin(`${head('HTTP/1.1 101 Switching Protocols')}first`);
      const headers = { Connection: 'Upgrade', Upgrade: 'x' };
      const req = scene.get(origin, { headers }, 'req', ['error', 'close']);
      req.on('upgrade', (_res, socket, first) => {
        scene.log('upgrade', first);
        socket.destroy();
      });
      await scene.closed();
    },
    expected: ["upgrade 'first'", 'req close'],
  },
  {
    name: 'an interim response to CONNECT is one',
    stock: "takes it for the response: 'connect', with the final one in `head`.",
    barewire: "emits 'information', and 'connect' for the final one.",
    reason: 'RFC 9110 section 15.2: a client MUST be able to parse interim responses before the final one.',
    scenario: async (scene) => {
      const origin = await scene.origin(`${head('HTTP/1.1 103 Early Hints') + head('HTTP/1.1 200 OK')}first`);
      const req = scene.get(origin, { method: 'CONNECT', path: 'a:1' }, 'req', ['error', 'close']);
      req.on('information', ({ statusCode }) => scene.log('information', statusCode));
      req.on('connect', (res, socket, first) => {
        scene.log('connect', res.statusCode, first);
        socket.destroy();
      });
      await scene.closed();
    },
    expected: ['information 103', "connect 200 'first'", 'req close'],
  },
  {
    name: 'fields that frame are ignored in the success of CONNECT',
    stock: 'reads them, and fails where they contradict each other.',
    barewire: "emits 'connect'.",
    reason: 'RFC 9110 section 9.3.6: a client MUST ignore them.',
    scenario: async (scene) => {
      const fields = ['Content-Length: 2', 'Transfer-Encoding: chunked'];
      const origin = await scene.origin(`${head('HTTP/1.1 200 OK', ...fields)}first`);
      const req = scene.get(origin, { method: 'CONNECT', path: 'a:1' }, 'req', ['error', 'close']);
      req.on('connect', (res, socket, first) => {
        scene.log('connect', res.statusCode, first);
        socket.destroy();
      });
      await scene.closed();
    },
    expected: ["connect 200 'first'", 'req close'],
  },
  {
    name: 'the zone of an IPv6 address is not in Host',
    stock: 'sends it.',
    barewire: 'leaves it out.',
    reason:
      'RFC 6874 section 4: a client MUST remove it. It means something to this machine alone, and is no host to a server (RFC 3986 section 3.2.2).',
    scenario: (scene) => {
      const agent = { addRequest() {} } as never;
      const req = scene.http.request({ host: 'fe80::1%eth0', port: 8080, agent });
      scene.log('Host', req.getHeader('host'));
    },
    expected: ["Host '[fe80::1]:8080'"],
  },
  {
    name: 'content of a request is always framed',
    stock: 'sends that of GET, HEAD, DELETE, OPTIONS and TRACE without a length, unless the caller sets one.',
    barewire: 'adds Content-Length or Transfer-Encoding.',
    reason:
      'Without framing a request has no content (RFC 9112 section 6.3): the server reads it as the next request.',
    scenario: async (scene) => {
      const origin = await scene.origin(ok('', 'Connection: close'));
      const request = (method: string) =>
        scene.adoptRequest(scene.http.request({ host: '127.0.0.1', port: origin.port, method }));
      request('GET').end('content');
      const parts = request('DELETE');
      parts.write('two');
      parts.end('parts');
      const unset = request('POST');
      unset.useChunkedEncodingByDefault = false;
      unset.write('two');
      unset.end('parts');
      await origin.received(3);
      const heads = origin.connections.map(({ received }) => received.split('\r\n\r\n')[0].split('\r\n'));
      for (const lines of heads.sort()) scene.log(lines[0], lines.at(-1));
    },
    expected: [
      ...["DELETE / HTTP/1.1 'Transfer-Encoding: chunked'", "GET / HTTP/1.1 'Content-Length: 7'"],
      "POST / HTTP/1.1 'Transfer-Encoding: chunked'",
    ],
  },
  {
    name: 'content behind a head that announced none is refused',
    stock: 'sends it.',
    barewire: 'throws ERR_HTTP_BODY_NOT_ALLOWED.',
    reason: 'As above; here the head has left already, or the caller removed the fields that frame.',
    scenario: async (scene) => {
      const origin = await scene.origin();
      const flushed = scene.request(origin, { method: 'GET' }, 'flushed', []);
      flushed.flushHeaders();
      scene.attempt('flushed', () => typeof flushed.end('content'));
      const removed = scene.request(origin, { method: 'POST' }, 'removed', []);
      removed.removeHeader('Content-Length');
      removed.removeHeader('Transfer-Encoding');
      scene.attempt('removed', () => removed.write('content'));
    },
    expected: ['flushed', 'removed'].map(
      (label) =>
        `${label} throws Error [ERR_HTTP_BODY_NOT_ALLOWED]: Adding content for this request method or response status is not allowed.`,
    ),
  },
  {
    name: 'errored is the error that a request was destroyed with',
    stock: 'is null.',
    barewire: 'is that error.',
    reason: 'As the documentation of streams has it, and as it is for responses.',
    scenario: async (scene) => {
      const req = scene.request(await scene.origin(), {}, 'req', ['error', 'close']);
      req.destroy(new Error('on purpose'));
      scene.log('errored', req.errored);
      await scene.closed();
    },
    expected: ['errored Error: on purpose', 'req error Error: on purpose', 'req close'],
  },
  {
    name: 'content that strictContentLength refuses is not sent',
    stock: 'throws, and sends it.',
    barewire: 'throws.',
    reason: 'What is refused is refused.',
    scenario: async (scene) => {
      const origin = await scene.origin(ok());
      const options = { method: 'POST', headers: { 'Content-Length': 3 } };
      const req = scene.request(origin, options, 'req', ['close']);
      req.on('error', () => {});
      (req as unknown as { strictContentLength: boolean }).strictContentLength = true;
      scene.attempt('end', () => typeof req.end('long'));
      await scene.turns(20);
      scene.log('requests', origin.requests);
    },
    expected: [
      "end throws Error [ERR_HTTP_CONTENT_LENGTH_MISMATCH]: Response body's content-length of 4 byte(s) does not match the content-length of 3 byte(s) set in header",
      'requests 0',
    ],
  },
];
