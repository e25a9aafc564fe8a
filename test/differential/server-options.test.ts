import { getDefaultHighWaterMark } from 'node:stream';
import { differ, differNewest } from './differ.js';
import type { Scene } from './scene.js';

const members = [
  ...['timeout', 'keepAliveTimeout', 'headersTimeout', 'requestTimeout', 'maxHeadersCount'],
  ...['maxRequestsPerSocket', 'maxHeaderSize', 'insecureHTTPParser', 'requireHostHeader', 'listening'],
  ...['joinDuplicateHeaders', 'rejectNonStandardBodyWrites', 'maxConnections'],
  ...['connectionsCheckingInterval', 'httpAllowHalfOpen', 'noDelay', 'keepAlive', 'allowHalfOpen'],
] as never[];

differ('a new server has these defaults', ({ http, properties }) => {
  properties('server', http.createServer(), members);
});

differ('the default highWaterMark is that of streams', ({ http, log }) => {
  const server = http.createServer() as unknown as { highWaterMark: number };
  log('same', server.highWaterMark === getDefaultHighWaterMark(false));
});

differNewest('a new server has the newest defaults', ({ http, properties }) => {
  const names = ['keepAliveTimeoutBuffer', 'httpValidation', 'optimizeEmptyRequests'] as never[];
  properties('server', http.createServer(), names);
  properties('with 1', http.createServer({ keepAliveTimeoutBuffer: 1 }), ['keepAliveTimeoutBuffer']);
});

differ('options become members', ({ http, properties }) => {
  const server = http.createServer({
    ...{ requestTimeout: 7000, headersTimeout: 6000, keepAliveTimeout: 5, connectionsCheckingInterval: 4 },
    ...{ maxHeaderSize: 9000, insecureHTTPParser: true, requireHostHeader: false, highWaterMark: 10 },
    ...{ joinDuplicateHeaders: true, rejectNonStandardBodyWrites: true, noDelay: false, keepAlive: true },
    ...{ keepAliveInitialDelay: 20 },
  });
  const more = ['keepAliveInitialDelay', 'highWaterMark'] as never[];
  properties('server', server, [...members, ...more]);
});

differ('headersTimeout follows requestTimeout down', ({ http, log }) => {
  for (const requestTimeout of [0, 1, 59_999, 60_000, 60_001, 300_000, 1e9]) {
    const server = http.createServer({ requestTimeout });
    log(`requestTimeout ${requestTimeout}`, server.requestTimeout, server.headersTimeout);
  }
  for (const headersTimeout of [0, 1, 300_000]) {
    const server = http.createServer({ headersTimeout });
    log(`headersTimeout ${headersTimeout}`, server.requestTimeout, server.headersTimeout);
  }
});

differ('headersTimeout beyond requestTimeout is refused', ({ http, attempt }) => {
  const make = (headersTimeout: number, requestTimeout?: number) =>
    attempt(`${headersTimeout} ${requestTimeout}`, () => {
      return http.createServer({ headersTimeout, requestTimeout }).headersTimeout;
    });
  make(2, 1);
  make(1, 1);
  make(300_001);
  make(5, 0);
  make(1, 2);
});

/** Creates a server with each value of each option, and logs the error or the member. */
function tryEach({ http, attempt }: Scene, names: string[], values: unknown[]): void {
  for (const name of names) {
    for (const value of values) {
      attempt(`${name}: ${typeof value} ${String(value)}`, () =>
        Reflect.get(http.createServer({ [name]: value }), name),
      );
    }
  }
}

const numbers = [-1, 0, 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, '1', true, {}];
const nothing = [undefined, null];

differ('checks of requestTimeout and connectionsCheckingInterval', (scene) => {
  const large = [2 ** 53 - 1, 2 ** 53];
  tryEach(scene, ['requestTimeout', 'connectionsCheckingInterval'], [...numbers, ...large, undefined]);
});

differ('checks of headersTimeout and keepAliveTimeout', (scene) => {
  tryEach(scene, ['headersTimeout', 'keepAliveTimeout'], [...numbers, ...nothing]);
});

differNewest('checks of keepAliveTimeoutBuffer', (scene) => {
  tryEach(scene, ['keepAliveTimeoutBuffer'], [...numbers, ...nothing]);
});

differ('null is no requestTimeout', (scene) => {
  tryEach(scene, ['requestTimeout', 'connectionsCheckingInterval'], [null]);
});

differ('checks of maxHeaderSize', (scene) => {
  tryEach(scene, ['maxHeaderSize'], [...numbers, ...nothing]);
});

differ('checks of the boolean options', (scene) => {
  const names = ['insecureHTTPParser', 'requireHostHeader', 'joinDuplicateHeaders'];
  tryEach(scene, names, [true, false, undefined, null, 0, 'yes', {}]);
  tryEach(scene, ['rejectNonStandardBodyWrites'], [true, false, undefined, null, 0, 'yes', {}]);
});

differ('checks of highWaterMark, noDelay, keepAlive', (scene) => {
  tryEach(scene, ['highWaterMark'], [0, 1, 1.5, '1', null]);
  tryEach(scene, ['noDelay', 'keepAlive', 'keepAliveInitialDelay'], [true, false, 1, 'a', ...nothing]);
});

differNewest('checks of httpValidation', (scene) => {
  tryEach(scene, ['httpValidation'], ['strict', 'relaxed', 'insecure', 'other', 1, true, ...nothing]);
  for (const insecureHTTPParser of [true, false]) {
    scene.attempt(`with insecureHTTPParser ${insecureHTTPParser}`, () => {
      return typeof scene.http.createServer({ httpValidation: 'strict', insecureHTTPParser });
    });
  }
});

differNewest('checks of optimizeEmptyRequests and shouldUpgradeCallback', ({ http, attempt }) => {
  for (const value of [true, false, undefined, null, 0, 'yes', {}, () => true]) {
    attempt(`optimizeEmptyRequests ${String(value)}`, () => {
      return typeof http.createServer({ optimizeEmptyRequests: value as never });
    });
    attempt(`shouldUpgradeCallback ${String(value)}`, () => {
      return typeof http.createServer({ shouldUpgradeCallback: value as never });
    });
  }
});

differ('checks of uniqueHeaders', ({ http, attempt }) => {
  for (const value of [undefined, null, [], ['a'], ['a', 'B']]) {
    attempt(JSON.stringify(value) ?? 'undefined', () => {
      return typeof http.createServer({ uniqueHeaders: value as never });
    });
  }
});

differ('the classes given as options are not checked', ({ http, attempt }) => {
  attempt('null', () => typeof http.createServer({ IncomingMessage: null, ServerResponse: null } as never));
});

differ('server.setTimeout', ({ http, log, attempt }) => {
  const server = http.createServer();
  log('returns the server', server.setTimeout(50) === server, server.timeout);
  const listener = () => {};
  server.setTimeout(60, listener);
  log('listener', server.timeout, server.listeners('timeout')[0] === listener);
  server.setTimeout(0);
  log('off', server.timeout, server.listenerCount('timeout'));
  attempt('a callback of another type', () => server.setTimeout(10, 'no' as never) === server);
  attempt('a text', () => server.setTimeout('10' as never) === server);
  log('timeout', server.timeout);
});

differ('listen, address and close', async ({ http, log, watch, listen, seen }) => {
  const server = http.createServer();
  watch('server', server, 'listening', 'close');
  log('before', server.listening, server.address());
  await listen(server);
  const address = server.address() as { family: string; address: string };
  log('after', server.listening, address.family, address.address);
  log('close returns the server', server.close((error) => log('closed', error)) === server);
  log('closing', server.listening);
  await seen('closed');
  server.close((error) => log('again', error));
  await seen('again');
});

differ('listen twice', async ({ http, attempt, listen }) => {
  const server = await listen(http.createServer());
  attempt('again', () => typeof server.listen(0, '127.0.0.1'));
});

differ('a port in use is an error event', async ({ http, listen, log, seen, adopt }) => {
  const first = await listen(http.createServer());
  const second = adopt(http.createServer());
  second.on('error', (error: NodeJS.ErrnoException) => log('error', error.code));
  const { port } = first.address() as { port: number };
  second.listen(port, '127.0.0.1');
  await seen('error');
});

differ('a server without a handler has no request listener', ({ http, log }) => {
  log('without', http.createServer().listenerCount('request'));
  log('with', http.createServer(() => {}).listenerCount('request'));
});
