import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { authority, first } from '../fixtures/certificates.js';
import type { Scenario } from './differ.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet } from './messages.js';
import type { Scene } from './scene.js';
import { masked } from './wire-text.js';

/** A difference from node:http that is on purpose. */
export interface Deviation {
  /** What is different, as a test name. */
  readonly name: string;
  /** What node:http does. */
  readonly stock: string;
  /** What barewire does. */
  readonly barewire: string;
  /** Why. */
  readonly reason: string;
  readonly scenario: Scenario;
  /** The log of the scenario with barewire. */
  readonly expected: readonly string[];
}

/** Sends `request` to a server that answers 200 to all it takes, and logs the status codes that come back. */
async function statuses(scene: Scene, ...requests: string[]): Promise<void> {
  const server = await scene.serve((req, res) => {
    scene.log(`request ${req.url}`);
    res.setHeader('Connection', 'close');
    req.on('error', () => {});
    res.end();
  });
  for (const request of requests) {
    const client = scene.connect(server);
    await client.send(request);
    client.end();
    await client.closed();
    scene.log([...client.received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status).join(' '));
  }
}

/** The lines of the reply to `request` in alphabetical order: the order of an error reply's fields is free. */
async function reply(scene: Scene, request: string): Promise<void> {
  const server = await scene.serve(() => scene.log('request'));
  const client = scene.connect(server);
  await client.send(request);
  await client.closed();
  for (const line of masked(client.received).split('\r\n').sort()) if (line !== '') scene.log(line);
}

const framedReply = ['Connection: close', 'Content-Length: 0', 'Date: <date>'];

export const deviations: readonly Deviation[] = [
  {
    name: 'an error reply is framed and dated',
    stock: 'sends the status line and Connection: close alone.',
    barewire: 'adds Date and Content-Length: 0.',
    reason:
      'An origin server with a clock MUST send Date with 4xx (RFC 9110 section 6.6.1), and a message without framing leaves the reader to guess from the close.',
    scenario: async (scene) => {
      await reply(scene, 'nonsense\r\n\r\n');
      await reply(scene, get('/', `X-Long: ${'a'.repeat(20_000)}`));
    },
    expected: [
      ...[...framedReply, 'HTTP/1.1 400 Bad Request'],
      ...[...framedReply, 'HTTP/1.1 431 Request Header Fields Too Large'],
    ],
  },
  {
    name: 'several Host fields are refused',
    stock: 'takes the first.',
    barewire: 'answers 400.',
    reason:
      'RFC 9112 section 3.2: a server MUST respond with 400. Two hosts let a proxy and the server see different requests.',
    scenario: (scene) => statuses(scene, head('GET /two HTTP/1.1', 'Host: a', 'Host: b')),
    expected: ['400'],
  },
  {
    name: 'a Host that is no host is refused',
    stock: 'takes it.',
    barewire: 'answers 400.',
    reason:
      'RFC 9112 section 3.2: an invalid field value MUST be answered with 400; it is a way into caches and password-reset links.',
    scenario: (scene) =>
      statuses(
        scene,
        head('GET /slash HTTP/1.1', 'Host: a/b'),
        head('GET /space HTTP/1.1', 'Host: a b'),
        head('GET /userinfo HTTP/1.1', 'Host: a@b'),
        head('GET /port HTTP/1.1', 'Host: a:port'),
        head('GET /list HTTP/1.1', 'Host: a, b'),
      ),
    expected: ['400', '400', '400', '400', '400'],
  },
  {
    name: 'HTTP versions other than 1.0 and 1.1 are refused',
    stock: 'takes 0.9 and 2.0 for messages it can read.',
    barewire: 'answers 505.',
    reason: 'The request is in a protocol we do not speak (RFC 9110 section 15.6.6).',
    scenario: (scene) =>
      statuses(scene, head('GET /2.0 HTTP/2.0', 'Host: a'), head('GET /0.9 HTTP/0.9', 'Host: a')),
    expected: ['505', '505'],
  },
  {
    name: 'an unknown method is answered with 501',
    stock: 'answers 400.',
    barewire: 'answers 501.',
    reason: 'RFC 9110 section 9.1: an unrecognized method SHOULD be answered with 501.',
    scenario: (scene) =>
      statuses(scene, head('FOO /foo HTTP/1.1', 'Host: a'), head('get /get HTTP/1.1', 'Host: a')),
    expected: ['501', '501'],
  },
  {
    name: 'field values go out in latin1 whatever the body is',
    stock: 'encodes the head with the encoding of the first write: in UTF-8 before a text.',
    barewire: 'sends the bytes the value stands for.',
    reason:
      'A field must not change its bytes with the body, and what is read as latin1 is written as latin1.',
    scenario: async (scene) => {
      const server = await scene.serve((_req, res) => {
        res.setHeader('Date', 'd');
        res.setHeader('X-Latin', 'caf\xe9 \xff');
        res.end('€');
      });
      await scene.exchange(server, lastGet());
    },
    expected: [
      ...['--- wire', '< HTTP/1.1 200 OK', '< Date: d', '< X-Latin: caf\xe9 \xff', '< Connection: close'],
      ...['< Content-Length: 3', '< ', '< \xe2\x82\xac (no CRLF)'],
    ],
  },
  {
    name: 'a chunked HTTP/1.0 request closes the connection',
    stock: 'keeps it if the client asks.',
    barewire: 'reads the body and closes.',
    reason:
      'RFC 9112 section 6.1: the framing must be taken as faulty, and the connection closed after the message.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        res.setHeader('Content-Length', 2);
        req.resume().on('end', () => res.end('ok'));
      });
      const fields = ['Host: a', 'Connection: keep-alive', 'Transfer-Encoding: chunked'];
      const chunked = head('POST /1.0 HTTP/1.0', ...fields) + chunk('abc') + lastChunk;
      const client = scene.connect(server);
      await client.send(chunked);
      await client.until('ok');
      await client.send(lastGet('/second')).catch(() => {});
      await client.closed();
      scene.log(/^Connection: (.*)\r$/m.exec(client.received)?.[1] ?? 'no Connection field');
    },
    expected: ['request /1.0', 'close'],
  },
  {
    name: 'a malformed message never costs the one before it its response',
    stock: 'replies to the malformed one, and the response to the good one is lost.',
    barewire: 'sends the responses that are due, then the error reply.',
    reason:
      'Responses answer requests in their order (RFC 9112 section 9.3.2); the good request was carried out.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        setImmediate(() => res.end('good'));
      });
      const client = scene.connect(server);
      await client.send(`${get('/good')}nonsense\r\n\r\n`);
      await client.closed();
      scene.log([...client.received.matchAll(/^(?:good)?HTTP\/1\.1 (\d+)/gm)].map(([, s]) => s).join(' '));
    },
    expected: ['request /good', '200 400'],
  },
  {
    name: 'bytes behind an ignored Upgrade are the next message',
    stock: 'drops them.',
    barewire: 'reads them as the next request.',
    reason: 'A server may ignore Upgrade (RFC 9110 section 7.8), and then the connection is an ordinary one.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        res.end('ok');
      });
      const client = scene.connect(server);
      await client.send(get('/1', 'Connection: upgrade', 'Upgrade: h2c') + lastGet('/2'));
      client.end();
      await client.closed();
    },
    expected: ['request /1', 'request /2'],
  },
  {
    name: 'a request target that is too long is answered with 414',
    stock: 'answers 431.',
    barewire: 'answers 414.',
    reason: 'RFC 9112 section 3: a target longer than any URI the server wishes to parse gets 414.',
    scenario: (scene) => statuses(scene, lastGet(`/${'a'.repeat(20_000)}`)),
    expected: ['414'],
  },
  {
    name: 'no interim response goes to an HTTP/1.0 client',
    stock: 'sends 100 and 102.',
    barewire: 'sends none, and takes no notice of Expect.',
    reason: 'RFC 9110 section 15.2: a server MUST NOT send a 1xx response to an HTTP/1.0 client.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        res.writeProcessing();
        req.resume().on('end', () => res.end('ok'));
      });
      const client = scene.connect(server);
      await client.send(`${head('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 4')}body`);
      await client.closed();
      scene.log([...client.received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status).join(' '));
    },
    expected: ['200'],
  },
  {
    name: 'requests behind a response with Connection: close are not carried out',
    stock: 'calls the handler for those that came in the same segment, and drops the responses.',
    barewire: 'reads no further request.',
    reason:
      'RFC 9112 section 9.6: a server that sends close MUST NOT process further requests; a client that sees none of the responses retries what has been done.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        res.writeHead(200, { Connection: 'close', 'Content-Length': 4 }).end('last');
      });
      const client = scene.connect(server);
      await client.send(get('/1') + get('/2') + get('/3'));
      await client.closed();
      scene.log(client.received.split('\r\n\r\n').at(-1) ?? '');
    },
    expected: ['request /1', 'last'],
  },
  {
    name: 'the last request that maxRequestsPerSocket allows closes the connection',
    stock: 'leaves it open, though the response says close, and answers 503 to what comes.',
    barewire: 'closes it behind the response.',
    reason: 'RFC 9112 section 9.6: a server that sends close MUST initiate closure of the connection.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        res.on('close', () => scene.log('ended', req.socket.writableEnded));
        res.end('ok');
      });
      server.maxRequestsPerSocket = 1;
      const client = scene.connect(server);
      await client.send(get());
      await client.until('ok');
      await scene.seen('ended');
      scene.log('says close', /Connection: close/.test(client.received));
    },
    expected: ['ended true', 'says close true'],
  },
  {
    name: 'bytes behind a request with Connection: close cost it nothing',
    stock: 'takes them for an error, and drops the response that is due.',
    barewire: 'lets them be.',
    reason:
      'RFC 9112 section 9.6: what follows close is not to be processed; the request before it was carried out.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        res.end(`answer ${req.url}`);
      });
      const client = scene.connect(server);
      await client.send(get('/1') + lastGet('/2') + get('/3'));
      await client.closed();
      for (const [answer] of client.received.matchAll(/answer \/\d/g)) scene.log(answer);
    },
    expected: ['request /1', 'request /2', 'answer /1', 'answer /2'],
  },
  {
    name: 'a request with Connection: close closes whatever Connection the handler sends',
    stock: 'keeps the connection open, and answers 400 to what follows.',
    barewire: 'closes after the response.',
    reason: 'RFC 9112 section 9.6: a server that receives close MUST close after the final response.',
    scenario: async (scene) => {
      const server = await scene.serve((_req, res) => {
        res.on('finish', () => scene.log('finish'));
        res.setHeader('Connection', 'keep-alive').end('ok');
      });
      const client = scene.connect(server);
      await client.send(lastGet());
      await scene.seen('finish');
      await client.send(get()).catch(() => {});
      await client.closed();
      for (const [, status] of client.received.matchAll(/HTTP\/1\.1 (\d+)/g)) scene.log(status);
    },
    expected: ['finish', '200'],
  },
  {
    name: 'a connection is not idle while its response is still being sent',
    stock: 'closes it with close() and closeIdleConnections(): the response is cut short.',
    barewire: 'leaves it alone until the client has the response.',
    reason:
      'What was carried out is to be answered (RFC 9110 section 3.4); closeAllConnections() waits for nobody.',
    scenario: async (scene) => {
      const size = 2 ** 25;
      const server = await scene.serve((_req, res) => {
        res.end(Buffer.alloc(size));
        scene.log('ended');
      });
      const client = scene.connect(server);
      client.socket.pause();
      await client.send(get());
      await scene.seen('ended');
      await scene.turns();
      server.close();
      client.socket.resume();
      const isWhole = await client.until(size).then(
        () => true,
        () => false,
      );
      scene.log('whole', isWhole);
    },
    expected: ['ended', 'whole true'],
  },
  {
    name: 'an upgrade waits for the responses before it',
    stock:
      'hands the socket over at once: what its new owner writes comes before, or within, those responses.',
    barewire: 'emits upgrade when they have been sent.',
    reason:
      'Responses answer requests in their order (RFC 9112 section 9.3.2), and the last one before the switch is the 101.',
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        setImmediate(() => {
          scene.log('answered');
          res.end('first');
        });
      });
      server.on('upgrade', (req, socket) => {
        scene.log(`upgrade ${req.url}`);
        socket.end();
      });
      const client = scene.connect(server);
      await client.send(get('/1') + get('/2', 'Connection: upgrade', 'Upgrade: x'));
      await client.closed();
    },
    expected: ['request /1', 'answered', 'upgrade /2'],
  },
  {
    name: 'the AsyncLocalStorage of a request is not lost in its body events',
    stock: 'emits later data, end and close in the context of the socket.',
    barewire: 'emits them in the context of the handler.',
    reason: 'What belongs to a request runs in its context; stock leaves it to each framework to repair.',
    scenario: async (scene) => {
      const storage = new AsyncLocalStorage<string>();
      const server = await scene.serve((req, res) => {
        storage.run('store', () => {
          req.on('data', (data) => scene.log('data', data, storage.getStore()));
          req.on('end', () => {
            scene.log('end', storage.getStore());
            res.end('ok');
          });
          req.on('close', () => scene.log('close', storage.getStore()));
        });
      });
      const client = scene.connect(server);
      await client.send(chunkedPost('Connection: close') + chunk('one'));
      await scene.seen('data');
      await client.send(chunk('two'));
      await scene.seen('data', 2);
      await client.send(lastChunk);
      await client.closed();
      await scene.seen('close');
    },
    expected: ["data 'one' 'store'", "data 'two' 'store'", "end 'store'", "close 'store'"],
  },
  {
    name: 'a clientError of a time-out has a reason',
    stock: 'has none.',
    barewire: 'says it in words.',
    reason: 'Every error a peer is to blame for has its reason in words.',
    scenario: async (scene) => {
      const server = await scene.serve(() => {}, {
        ...{ headersTimeout: 10, requestTimeout: 10, connectionsCheckingInterval: 5 },
      });
      server.on('clientError', (error: Error, socket: Duplex) => {
        scene.log('reason', Reflect.get(error, 'reason'));
        socket.destroy();
      });
      await scene.connect(server).closed();
    },
    expected: ["reason 'Request timeout'"],
  },
  {
    name: 'a pipelined response has its turn when the one before it ended',
    stock: 'gives it the socket when the one before it was flushed.',
    barewire: 'gives it the socket when the one before it ended.',
    reason:
      "Responses that are complete leave in one write. 'finish' still comes in the order of the requests, when the bytes have left.",
    scenario: async (scene) => {
      const responses = new Map<string, ServerResponse>();
      const server = await scene.serve((req, res) => {
        scene.log('request', req.url);
        scene.watch(`res ${req.url}`, res, 'socket', 'prefinish', 'finish', 'close');
        responses.set(String(req.url), res);
        if (req.url !== '/1') res.end(`answer ${req.url}`);
      });
      const client = scene.connect(server);
      await client.send(get('/1') + get('/2') + lastGet('/3'));
      await scene.seen("request '/3'");
      scene.log('sockets', ...[...responses.values()].map((res) => res.socket !== null));
      scene.log('received', client.received.length);
      responses.get('/1')?.end('answer /1');
      await client.closed();
      scene.record(client);
      await scene.seen('res /3 close');
    },
    expected: [
      "request '/1'",
      "request '/2'",
      "request '/3'",
      'sockets true false false',
      'received 0',
      'res /1 prefinish',
      'res /2 socket <emitter>',
      'res /2 prefinish',
      'res /3 socket <emitter>',
      'res /3 prefinish',
      'res /1 finish',
      'res /2 finish',
      'res /3 finish',
      'res /1 close',
      'res /2 close',
      'res /3 close',
      '--- wire',
      '< HTTP/1.1 200 OK',
      '< Date: <date>',
      '< Connection: keep-alive',
      '< Keep-Alive: timeout=5',
      '< Content-Length: 9',
      '< ',
      '< answer /1HTTP/1.1 200 OK',
      '< Date: <date>',
      '< Connection: keep-alive',
      '< Keep-Alive: timeout=5',
      '< Content-Length: 9',
      '< ',
      '< answer /2HTTP/1.1 200 OK',
      '< Date: <date>',
      '< Connection: close',
      '< Content-Length: 9',
      '< ',
      '< answer /3 (no CRLF)',
    ],
  },
  {
    name: 'two pipelined exchanges finish one after the other',
    stock: 'gives the second the socket when the first was flushed.',
    barewire: 'gives it the socket when the first ended.',
    reason:
      "Responses that are complete leave in one write. 'finish' still comes in the order of the requests, when the bytes have left.",
    scenario: async (scene) => {
      const server = await scene.serve((req, res) => {
        scene.log(`request ${req.url}`);
        scene.watch(`req ${req.url}`, req, 'end', 'close');
        scene.watch(`res ${req.url}`, res, 'socket', 'finish', 'close');
        res.end('ok');
      });
      await scene.exchange(server, get('/1') + lastGet('/2'));
      await scene.seen('res /2 close');
      await scene.turns();
    },
    expected: [
      'request /1',
      'request /2',
      'res /1 finish',
      'res /2 finish',
      'res /1 close',
      'res /2 close',
      'req /1 end',
      'req /2 end',
      'req /1 close',
      'req /2 close',
      '--- wire',
      '< HTTP/1.1 200 OK',
      '< Date: <date>',
      '< Connection: keep-alive',
      '< Keep-Alive: timeout=5',
      '< Content-Length: 2',
      '< ',
      '< okHTTP/1.1 200 OK',
      '< Date: <date>',
      '< Connection: close',
      '< Content-Length: 2',
      '< ',
      '< ok (no CRLF)',
    ],
  },
  {
    name: 'https answers for a handler whose promise is rejected',
    stock: "emits 'error' on the server, and the client gets nothing.",
    barewire: 'answers 500, as http does.',
    reason:
      "One server does what the other does; an 'error' that nobody listens to ends the process, at a client's request.",
    scenario: async (scene) => {
      EventEmitter.captureRejections = true;
      try {
        const server = await scene.serveTls(async () => {
          throw new Error('handler broke');
        });
        server.on('error', (error) => {
          scene.log('server error', error);
          server.closeAllConnections();
        });
        const client = scene.connect(server, { tls: {} });
        await client.send(lastGet());
        await client.closed();
        scene.log('status', /^HTTP\/1\.1 (\d+)/.exec(client.received)?.[1]);
      } finally {
        EventEmitter.captureRejections = false;
      }
    },
    expected: ["status '500'"],
  },
  {
    name: 'CONNECT over TLS names its target in Host, and the proxy to TLS',
    stock:
      'names the proxy in both up to Node 24; from Node 26 on the target in both, which no certificate of the proxy is for.',
    barewire: 'names the target in Host and verifies the certificate of the proxy.',
    reason:
      'Host is the authority of the target (RFC 9110 section 7.2); the TLS connection is to the proxy, and to nobody else.',
    scenario: async (scene) => {
      const proxy = await scene.listen(createSecureServer(first));
      proxy.on('connect', (req, socket) => {
        scene.log('Host', req.headers.host, 'servername', Reflect.get(socket, 'servername'));
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      });
      const { port } = proxy.address() as AddressInfo;
      const request = scene.https.request({
        ...{
          host: 'localhost',
          port,
          family: 4,
          ca: authority,
          agent: false,
          method: 'CONNECT',
          path: 'a.test:1',
        },
      });
      request.on('error', (error: NodeJS.ErrnoException) => scene.log('error', error.code));
      request.on('connect', (_response, socket) => socket.destroy());
      request.end();
      await new Promise<void>((resolve) => request.on('close', resolve));
    },
    expected: ["Host 'a.test:1' 'servername' 'localhost'"],
  },
  {
    name: 'a response to HEAD without framing fields leaves its connection in the pool',
    stock: 'takes it for one that ends with the connection, and does not use that again.',
    barewire: 'uses it again.',
    reason: 'a response to HEAD has no content, whatever its fields say (RFC 9112 section 6.3).',
    scenario: async (scene) => {
      let connections = 0;
      const origin = createServer((socket) => {
        connections++;
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
        socket.on('error', () => {});
      });
      await scene.listen(origin);
      const agent = new scene.http.Agent({ keepAlive: true });
      try {
        for (let i = 0; i < 2; i++) {
          const { port } = origin.address() as AddressInfo;
          const request = scene.http.request({ port, host: '127.0.0.1', method: 'HEAD', agent }).end();
          request.on('response', (response) => response.resume());
          await new Promise<void>((resolve) => request.on('close', resolve));
        }
        scene.log('connections', connections);
      } finally {
        agent.destroy();
      }
    },
    expected: ['connections 1'],
  },
];
