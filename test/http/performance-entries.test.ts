/** What entries of perf_hooks cost who asks for none, and when an observer is noticed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PerformanceObserver } from 'node:perf_hooks';
import { after, before, describe, mock, test } from 'node:test';
import { promisify } from 'node:util';
import type { Agent } from 'barewire/http';

/**
 * An application that answers, and `ask`, which asks it on a connection of its own.
 */
const application = `
import { connect } from 'node:net';
import { createApp } from 'barewire';
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => logger };
const app = createApp({ logger });
app.get('/:name', ({ params }) => params.name);
const server = await app.listen({ port: 0, host: '127.0.0.1' });
const ask = (path) => new Promise((closed) => {
  const socket = connect(server.address().port, '127.0.0.1', () => {
    socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n');
  });
  socket.setEncoding('latin1').on('data', (text) => console.log(text.slice(0, 15)));
  socket.on('close', closed);
});
const loaded = () =>
  ['perf_hooks', '_http_server'].filter((name) => process.moduleLoadList.includes('NativeModule ' + name)).join();
`;

async function run(script: string): Promise<string[]> {
  const options = { cwd: new URL('../../..', import.meta.url) };
  const flags = ['--input-type=module', '--eval', application + script];
  const { stdout } = await promisify(execFile)(process.execPath, flags, options);
  return stdout.trim().split('\n');
}

describe('who has not loaded perf_hooks', () => {
  test('has neither that nor node:http by answering', async () => {
    const log = await run(`
      await ask('/a');
      console.log('loaded: ' + loaded());
      app.close();`);
    assert.deepEqual(log, ['HTTP/1.1 200 OK', 'loaded:']);
  });

  test('may do it later, and observe', async () => {
    const log = await run(`
      await ask('/a');
      const { PerformanceObserver } = await import('node:perf_hooks');
      new PerformanceObserver((list) => {
        for (const { name, detail } of list.getEntries()) console.log(name, detail.req.url);
        app.close();
      }).observe({ entryTypes: ['http'] });
      await ask('/b');`);
    assert.deepEqual(log.sort(), ['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HttpRequest /b']);
  });
});

describe('an observer', () => {
  let http: typeof import('barewire/http');

  // barewire/http takes the timers when it is loaded.
  before(async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    http = await import('barewire/http');
  });
  after(() => mock.timers.reset());

  /** Gives `act` a function that asks, on one connection for all or on one of its own, and what was observed. */
  async function observing(
    act: (
      ask: (path: string, agent?: Agent) => Promise<void>,
      seen: string[],
      observe: () => void,
    ) => unknown,
  ): Promise<void> {
    const server = http.createServer((_req, res) => res.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const kept = new http.Agent({ keepAlive: true });
    const seen: string[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { detail: { req: { url: string } } })[]) {
        seen.push(`${entry.name} ${new URL(entry.detail.req.url, 'http://a').pathname}`);
      }
    });
    const ask = async (path: string, agent = kept) => {
      const [res] = await once(http.get({ host: '127.0.0.1', port, path, agent }), 'response');
      await once(res.resume(), 'close');
      // Observers are told behind what is at hand.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    try {
      await act(ask, seen, () => observer.observe({ entryTypes: ['http'] }));
    } finally {
      observer.disconnect();
      kept.destroy();
      server.close();
    }
  }

  test('is noticed with the next connection', () =>
    observing(async (ask, seen, observe) => {
      const [one, other] = [new http.Agent(), new http.Agent()];
      await ask('/before', one);
      observe();
      await ask('/behind', other);
      assert.deepEqual(seen, ['HttpRequest /behind', 'HttpClient /behind']);
      one.destroy();
      other.destroy();
    }));

  test('is noticed on a connection that was there when a second has passed, and not before', () =>
    observing(async (ask, seen, observe) => {
      await ask('/before');
      mock.timers.tick(1000);
      await ask('/before');
      observe();
      mock.timers.tick(999);
      await ask('/unnoticed');
      assert.deepEqual(seen, []);
      mock.timers.tick(1);
      await ask('/noticed');
      assert.deepEqual(seen, ['HttpRequest /noticed', 'HttpClient /noticed']);
    }));
});
