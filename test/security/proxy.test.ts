/** Proxies that are not to be trusted, and where we trust them less than node:http does. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import http from 'barewire/http';
import https from 'barewire/https';
import { type Act, answer, close, reply, tunnelTo, WireProxy } from '../differential/wire-proxy.js';
import { authority, first } from '../fixtures/certificates.js';

/** Listens for as long as the test runs. */
async function listen(t: TestContext, server: WireProxy['server']): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

async function open(t: TestContext, act: Act = answer, isTls = false): Promise<WireProxy> {
  const proxy = new WireProxy(act, isTls);
  await listen(t, proxy.server);
  return proxy;
}

/** A server of TLS that answers every request. */
function target(t: TestContext): Promise<number> {
  const server = https.createServer(first, (req, res) => res.end(req.url));
  server.on('tlsClientError', () => {});
  return listen(t, server);
}

/** Answers what is in absolute-form, and makes tunnels to `port`. */
function forwardTo(port: number): Act {
  return (proxy, socket, head) =>
    (head.startsWith('CONNECT ') ? tunnelTo(port) : answer)(proxy, socket, head);
}

type Failure = NodeJS.ErrnoException & { statusCode?: number };

/** What a request comes to: the content of its response, or its error. */
function outcome(module: typeof http | typeof https, options: RequestOptions): Promise<string | Failure> {
  return new Promise((resolve) => {
    const request = module.request(options, (response) => {
      let content = '';
      response.on('data', (chunk: Buffer) => {
        content += chunk.toString();
      });
      response.on('end', () => resolve(content));
    });
    request.on('error', resolve);
    request.end();
  });
}

function through(proxy: WireProxy, options: RequestOptions = {}): RequestOptions {
  const agent = new https.Agent({ ca: authority, proxyEnv: { HTTPS_PROXY: proxy.url('user:secret@') } });
  return { host: 'localhost', path: '/', agent, ...options };
}

function code(result: string | Failure): string | undefined {
  return typeof result === 'string' ? `answered ${result}` : result.code;
}

describe('the answer to CONNECT', () => {
  test('is read as strictly as any response', async (t) => {
    for (const bytes of [
      'HTTP/1.1 200 OK\n\n',
      'HTTP/2 200 OK\r\n\r\n',
      'http/1.1 200 OK\r\n\r\n',
      'HTTP/1.1 2000 OK\r\n\r\n',
      'HTTP/1.1 200 OK\r\nA b\r\n\r\n',
      'HTTP/1.1 200 OK\r\n: b\r\n\r\n',
      'HTTP/1.1 200 OK\r\nA: \0\r\n\r\n',
      'SSH-2.0-x\r\n',
    ]) {
      const proxy = await open(t, reply(bytes));
      const result = await outcome(https, through(proxy));
      assert.equal(code(result), 'ERR_PROXY_TUNNEL', JSON.stringify(bytes));
      assert.equal(proxy.rest, '', 'nothing was written behind it');
    }
  });

  test('may be any 2xx', async (t) => {
    const proxy = await open(t, tunnelTo(await target(t), 'HTTP/1.1 201 Created\r\n\r\n'));
    assert.equal(await outcome(https, through(proxy, { path: '/a' })), '/a');
  });

  test('may come behind interim responses, but not behind more than fit a head', async (t) => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    const proxy = await open(t, tunnelTo(await target(t), `${interim}${interim}HTTP/1.1 200 OK\r\n\r\n`));
    assert.equal(await outcome(https, through(proxy, { path: '/a' })), '/a');
    const endless: Act = (_proxy, socket) => {
      const more = () => {
        if (!socket.destroyed) socket.write(interim.repeat(40), () => setImmediate(more));
      };
      more();
    };
    const result = await outcome(https, through(await open(t, endless)));
    assert.match(String(result), /ERR_PROXY_TUNNEL.*headers exceeded 16384 bytes/);
  });

  test('ends the connection where it is a refusal, and no byte goes to the server', async (t) => {
    let ended = 0;
    const port = await target(t);
    const proxy = await open(t, (self, socket) => {
      socket.on('close', () => {
        ended++;
      });
      // A proxy that refuses, and has the tunnel open all the same.
      reply('HTTP/1.1 407 No\r\n\r\n')(self, socket, '');
      connect(port, '127.0.0.1')
        .pipe(socket)
        .on('error', () => {});
    });
    const result = await outcome(https, through(proxy));
    assert.equal((result as Failure).statusCode, 407);
    while (ended === 0) await new Promise(setImmediate);
    assert.equal(proxy.rest, '');
  });

  test('is not quoted with control characters', async (t) => {
    const result = await outcome(https, through(await open(t, close('\x1b[31mred\r\n\r\n'))));
    assert.match(String(result), /: \?\[31mred$/);
  });

  test('leaves what comes behind it to TLS', async (t) => {
    const proxy = await open(t, reply('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\nforged'));
    assert.match(code(await outcome(https, through(proxy))) ?? '', /SSL|TLS|EPROTO/);
  });
});

describe('a request-line for a proxy', () => {
  const HOSTS = [
    'a.test\r\nX: y',
    'a.test:443 HTTP/1.1',
    'a b',
    'a\tb',
    'a/b',
    'u@a',
    'a:99',
    'a?b',
    'a#b',
    'a\\b',
    '[a',
    'a%zz',
  ];

  test('has no host that is more than a host', async (t) => {
    const proxy = await open(t);
    for (const host of HOSTS) {
      for (const setHost of [true, false]) {
        const agent = new http.Agent({ proxyEnv: { HTTP_PROXY: proxy.url() } });
        assert.throws(() => http.request({ host, setHost, agent }), /ERR_INVALID_(ARG_VALUE|CHAR)/, host);
        // Where the Host field would not be refused before, the tunnel is.
        if (setHost && /[\r\n]/.test(host)) continue;
        assert.match(
          code(await outcome(https, through(proxy, { host, setHost }))) ?? '',
          /^ERR_INVALID_/,
          host,
        );
      }
    }
    assert.equal(proxy.connections, 0);
  });

  test('has no port that is none', async (t) => {
    const proxy = await open(t);
    for (const port of [-1, 70_000, 1.5, 'a', '443 HTTP/1.1']) {
      const result = await outcome(https, through(proxy, { port }));
      assert.equal(code(result), 'ERR_SOCKET_BAD_PORT', String(port));
    }
    assert.equal(proxy.connections, 0);
  });

  test('has names in ASCII', async (t) => {
    const proxy = await open(t, close('HTTP/1.1 502 No\r\n\r\n'));
    await outcome(https, through(proxy, { host: 'b\u00fccher.test' }));
    assert.match(proxy.takeHeads(), /^CONNECT xn--bcher-kva\.test:443 HTTP\/1\.1\r\n/);
  });
});

describe('the URL of a proxy', () => {
  test('is in no message with its password', () => {
    for (const url of ['http://user:secret@[', 'http://user:sec/ret@a b', 'http://user:secret@a\r\n']) {
      for (const act of [
        () => new http.Agent({ proxyEnv: { HTTP_PROXY: url } }),
        () => http.setGlobalProxyFromEnv({ HTTP_PROXY: url }),
      ]) {
        assert.throws(act, (error: Failure) => {
          assert.equal(error.code, 'ERR_PROXY_INVALID_CONFIG');
          assert.doesNotMatch(error.message, /user|ret/);
          return true;
        });
      }
    }
  });

  test('is a string, and so are the others', () => {
    for (const proxyEnv of [{ HTTP_PROXY: 1 }, { HTTP_PROXY: 'http://a', NO_PROXY: ['*'] }]) {
      assert.throws(() => new http.Agent({ proxyEnv: proxyEnv as never }), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => http.setGlobalProxyFromEnv(proxyEnv as never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

test('a request that is destroyed does not wait for its tunnel', async (t) => {
  for (const [act, expected] of [
    [(request: { destroy(error?: Error): unknown }) => request.destroy(), 'socket hang up'],
    [(request: { destroy(error?: Error): unknown }) => request.destroy(new Error('mine')), 'mine'],
  ] as const) {
    let closed = () => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const proxy = await open(t, (_proxy, socket) => {
      socket.on('data', () => {});
      socket.on('close', closed);
      asked();
    });
    const request = https.request(through(proxy));
    const failure = new Promise<Error>((resolve) => request.once('error', resolve));
    const end = new Promise((resolve) => request.once('close', resolve));
    request.end();
    await isAsked;
    act(request);
    assert.equal((await failure).message, expected);
    await Promise.all([end, isClosed]);
  }
});

test('a proxy that speaks TLS gets no credentials before its certificate is checked', async (t) => {
  let received = 0;
  const server = createTlsServer(first, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
  });
  server.on('tlsClientError', () => {});
  const port = await listen(t, server);
  const url = `https://user:secret@localhost:${port}`;
  // What an agent trusts is for the servers behind the proxy.
  const agent = new https.Agent({ ca: authority, proxyEnv: { HTTPS_PROXY: url } });
  const plain = new http.Agent({ proxyEnv: { HTTP_PROXY: url } });
  assert.equal(code(await outcome(https, { host: 'localhost', agent })), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  assert.equal(
    code(await outcome(http, { host: 'localhost', agent: plain })),
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  );
  assert.equal(received, 0);
});

const run = promisify(execFile);

/** What a module logs that another process runs. */
async function logged(code: string, env: NodeJS.ProcessEnv, flags: string[] = []): Promise<string> {
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', code], {
    env: { PATH: process.env.PATH, ...env },
    cwd: import.meta.dirname,
    timeout: 20_000,
  });
  return stdout.trim();
}

test('a proxy that speaks TLS, and that the system trusts, makes requests and tunnels', async (t) => {
  const proxy = await open(t, answer, true);
  const port = await target(t);
  proxy.act = forwardTo(port);
  const url = `https://user:secret@localhost:${proxy.port}`;
  const code = `
    import http from 'barewire/http';
    import https from 'barewire/https';
    const proxyEnv = { HTTP_PROXY: '${url}', HTTPS_PROXY: '${url}' };
    for (const [module, host] of [[http, 'a.test'], [https, 'localhost']]) {
      await new Promise((resolve) => {
        module.get({ host, path: '/a', agent: new module.Agent({ proxyEnv }) }, (response) => {
          response.setEncoding('latin1').on('data', (chunk) => console.log(chunk)).on('end', resolve);
        }).on('error', (error) => resolve(console.log(error)));
      });
    }`;
  const ca = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls', 'authority-cert.pem');
  assert.equal(await logged(code, { NODE_EXTRA_CA_CERTS: ca }), 'ok\n/a');
  const authorization = `proxy-authorization: Basic ${Buffer.from('user:secret').toString('base64')}\r\n`;
  assert.equal(
    proxy.takeHeads(),
    'GET http://a.test/a HTTP/1.1\r\nHost: a.test\r\n' +
      `${authorization}proxy-connection: close\r\nConnection: close\r\n\r\n` +
      `CONNECT localhost:443 HTTP/1.1\r\n${authorization}host: localhost:443\r\n\r\n`,
  );
});

describe('global agents', () => {
  const SHOW = `
    import http from 'barewire/http';
    const https = process.env.LATE ? undefined : (await import('barewire/https')).default;
    const has = (agent) => agent.options.proxyEnv !== undefined;
    const restore = process.env.SET ? http.setGlobalProxyFromEnv({ HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://b' }) : () => {};
    const tls = https ?? (await import('barewire/https')).default;
    console.log(has(http.globalAgent), has(tls.globalAgent), has(new http.Agent()));
    restore();
    console.log(has(http.globalAgent), has(tls.globalAgent));`;
  const ENV = { HTTP_PROXY: 'http://127.0.0.1:9' };
  const [none, all] = ['false false false\nfalse false', 'true true false\ntrue true'];

  test('have no proxies from the environment unless they are asked to', async () => {
    assert.equal(await logged(SHOW, ENV), none);
    for (const value of ['0', 'true', '']) {
      assert.equal(await logged(SHOW, { ...ENV, NODE_USE_ENV_PROXY: value }), none, value);
    }
  });

  test('have them with NODE_USE_ENV_PROXY=1', async () => {
    assert.equal(await logged(SHOW, { ...ENV, NODE_USE_ENV_PROXY: '1' }), all);
  });

  test('have them with --use-env-proxy, where Node knows it', async (t) => {
    if (!process.allowedNodeEnvironmentFlags.has('--use-env-proxy')) {
      t.skip('this Node does not');
      return;
    }
    assert.equal(await logged(SHOW, ENV, ['--use-env-proxy']), all);
    assert.equal(await logged(SHOW, { ...ENV, NODE_OPTIONS: '--use-env-proxy' }), all);
    assert.equal(await logged(SHOW, { ...ENV, NODE_USE_ENV_PROXY: '1' }, ['--no-use-env-proxy']), none);
  });

  test('are the same whether https is loaded before or after setGlobalProxyFromEnv', async () => {
    for (const LATE of ['', '1']) {
      assert.equal(await logged(SHOW, { SET: '1', LATE }), 'true true false\nfalse false', LATE);
    }
  });

  test('take the dispatcher of fetch with them, where Node has a way to it', async (t) => {
    const { setGlobalProxyFromEnv } = process.getBuiltinModule('node:http') as {
      setGlobalProxyFromEnv?: unknown;
    };
    if (setGlobalProxyFromEnv === undefined) {
      t.skip('this Node has none');
      return;
    }
    for (const module of [
      "import http from 'barewire/http';",
      "import 'barewire/register'; import http from 'node:http';",
    ]) {
      const server = http.createServer((req, res) => res.end(req.headers.host));
      const proxy = await open(t, forwardTo(await listen(t, server)));
      const code = `${module}
        const restore = http.setGlobalProxyFromEnv({ HTTP_PROXY: '${proxy.url()}' });
        await fetch('http://a.test/').then((response) => response.text());
        const own = http.globalAgent;
        http.get('http://b.test/', (response) => response.resume().on('end', async () => {
          restore();
          console.log(http.globalAgent !== own && http.globalAgent instanceof http.Agent);
          await fetch('http://127.0.0.1:${proxy.port}/').then((response) => response.text());
          process.exit();
        }));`;
      assert.equal(await logged(code, {}), 'true', module);
      // Through a tunnel or without, as the release has it.
      assert.deepEqual(
        proxy
          .takeHeads()
          .match(/^[A-Z]+ .*(?= HTTP\/1\.1)/gm)
          ?.map((line) => line.replace(/^CONNECT (.*):80$/, 'GET http://$1/')),
        ['GET http://a.test/', 'GET http://b.test/', 'GET /'],
      );
    }
  });
});
