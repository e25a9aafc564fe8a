/** `barewire/register` itself: whose exports everything is that can be reached, and when it stays out of the way. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { evaluate, root, start } from './processes.js';

const IMPORT = ['--import', 'barewire/register'];
const REQUIRE = ['--require', 'barewire/register'];
const MODULE = '--input-type=module';
const MODULES = ['http', 'https', '_http_agent', '_http_client', '_http_common', '_http_incoming'].concat(
  ...['_http_outgoing', '_http_server'],
);

async function logged(code: string, flags = IMPORT, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout, stderr, code: exitCode } = await evaluate(code, { flags, env });
  assert.equal(stderr, '');
  assert.equal(exitCode, 0);
  return stdout.trim();
}

/** Which exports of each module are barewire's, in a process with these flags. */
async function owned(flags: string[], env?: NodeJS.ProcessEnv): Promise<Record<string, string[]>> {
  const code = `
    const modules = Object.fromEntries(${JSON.stringify(MODULES)}.map((name) => [name, require(name)]));
    Promise.all([import('barewire/http'), import('barewire/https')]).then(([http, https]) => {
      const owned = {};
      for (const [name, exports] of Object.entries(modules)) {
        const ours = name === 'https' ? https.default : http.default;
        owned[name] = Object.keys(exports).filter((key) => typeof exports[key] !== 'number' && exports[key] === ours[key]);
      }
      console.log(JSON.stringify(owned));
    });`;
  return JSON.parse(await logged(code, flags, env));
}

describe('what is barewire', () => {
  for (const flags of [IMPORT, REQUIRE]) {
    test(`all that barewire has, with ${flags.join(' ')}`, async () => {
      const { http, https, ...internals } = await owned(flags);
      const shared = /^(?:WebSocket|CloseEvent|MessageEvent)$/;
      assert.deepEqual(
        http.filter((name) => !shared.test(name)).sort(),
        await exportsOf(
          'barewire/http',
          /^(?:WebSocket|CloseEvent|MessageEvent|maxHeaderSize|_connectionListener)$/,
        ),
      );
      assert.deepEqual(https.sort(), await exportsOf('barewire/https'));
      assert.deepEqual(internals, {
        _http_agent: ['Agent', 'globalAgent'],
        _http_client: ['ClientRequest'],
        _http_common: [],
        _http_incoming: ['IncomingMessage'],
        _http_outgoing: ['validateHeaderName', 'validateHeaderValue', 'OutgoingMessage'],
        // The rest is for servers that are not ours: tls.test.ts has them serve.
        _http_server: ['STATUS_CODES', 'Server', 'ServerResponse'],
      });
    });
  }

  test('the same by every door', async () => {
    const code = `
      import * as namespace from 'node:http';
      import http, { createServer, request, Agent } from 'http';
      import https, { get } from 'node:https';
      import { createRequire } from 'node:module';
      import * as barewire from 'barewire/http';
      import * as barewireHttps from 'barewire/https';
      const require = createRequire(import.meta.url);
      const own = [barewire.createServer, barewire.request, barewire.Agent];
      for (const door of [
        [createServer, request, Agent],
        ...[namespace, http, namespace.default, require('http'), require('node:http'), process.getBuiltinModule('http'),
          process.mainModule?.require('http') ?? http, await import('node:http')].map((it) => [it.createServer, it.request, it.Agent]),
      ]) console.log(door.every((value, i) => value === own[i]));
      console.log(http === require('http'), get === barewireHttps.get, https === require('node:https'));`;
    assert.equal(await logged(code, [...IMPORT, MODULE]), `${'true\n'.repeat(9)}true true true`);
  });

  test('names that were imported before are the new ones; values that were kept are not', async () => {
    const code = `
      import http, { createServer } from 'node:http';
      const kept = createServer;
      await import('barewire/register');
      const { createServer: own } = await import('barewire/http');
      console.log(createServer === own, http.createServer === own, kept === own);`;
    assert.equal(await logged(code, [MODULE]), 'true true false');
  });

  test('exports keep the shape they have in the stock module', async () => {
    const code = `
      for (const name of ${JSON.stringify(MODULES)}) {
        const descriptors = Object.getOwnPropertyDescriptors(require(name));
        for (const [key, { get, set, writable, enumerable, configurable }] of Object.entries(descriptors)) {
          console.log(name, key, !!get, !!set, writable, enumerable, configurable);
        }
      }`;
    // The first have one value now, wherever they are set; the other is on every Node.
    const live = /^(?:(?:https|_http_agent) globalAgent|http setGlobalProxyFromEnv) .*\n/gm;
    const [stock, ours] = await Promise.all([logged(code, []), logged(code)]);
    // What newer releases have, and ours on every release, is added.
    const newer = /^http setGlobalProxyFromEnv .*\n/m;
    const added = newer.test(stock) ? '' : newer;
    assert.equal(ours.replaceAll(live, '').replace(added, ''), stock.replaceAll(live, ''));
  });

  test('a global agent that is set is used, wherever it is set', async () => {
    const code = `
      const http = require('http');
      const https = require('https');
      const used = [];
      for (const [name, exports] of Object.entries({ http, https, internal: require('_http_agent') })) {
        const { get } = name === 'https' ? https : http;
        const agent = new (name === 'https' ? https : http).Agent();
        agent.addRequest = (request) => { used.push(name); request.on('error', () => {}); request.destroy(); };
        exports.globalAgent = agent;
        get({ host: '127.0.0.1', port: 1 });
      }
      console.log(used.join(' '), http.globalAgent === require('_http_agent').globalAgent);
      import('barewire/http').then((own) => console.log(own.globalAgent === http.globalAgent));`;
    assert.equal(await logged(code), 'http https internal true\ntrue');
  });

  test('what is patched afterwards stays patched, also when register is loaded again', async () => {
    const again = `${pathToFileURL(join(root, 'dist', 'register.js'))}?again`;
    const code = `
      import http from 'node:http';
      import { syncBuiltinESMExports } from 'node:module';
      const patch = () => {};
      http.createServer = patch;
      syncBuiltinESMExports();
      await import('${again}');
      const { createServer } = await import('node:http');
      console.log(createServer === patch, process.getBuiltinModule('http').createServer === patch);`;
    assert.equal(await logged(code, [...IMPORT, MODULE]), 'true true');
  });
});

async function exportsOf(specifier: string, but?: RegExp): Promise<string[]> {
  const { default: exported } = (await import(specifier)) as { default: object };
  return Object.keys(exported)
    .filter((name) => !but?.test(name))
    .sort();
}

describe('what is not', () => {
  test('an application that asks for nothing hears nothing, and waits for nothing more', async () => {
    const code = `console.log(process.moduleLoadList.some((name) => /undici|http2/.test(name)));`;
    assert.equal(await logged(code, ['--pending-deprecation', ...IMPORT]), 'false');
    assert.equal(await logged('console.log(process.noDeprecation)'), 'undefined');
  });

  test("fetch and the platform's WebSocket are as they were", async () => {
    const code = `
      const http = require('http');
      const server = http.createServer((req, res) => res.end(req.url)).listen(0, '127.0.0.1', async () => {
        const response = await fetch('http://127.0.0.1:' + server.address().port + '/fetched');
        console.log(await response.text(), http.WebSocket === globalThis.WebSocket);
        server.close();
        server.closeAllConnections();
      });`;
    assert.equal(await logged(code), '/fetched true');
  });
});

describe('instrumentations', () => {
  test('that patch a module when it is asked for hear of none that only barewire asks for', async () => {
    const code = `
      require('node:perf_hooks');
      const http = require('node:http');
      const asked = [];
      const { getBuiltinModule } = process;
      process.getBuiltinModule = (id) => {
        asked.push(id);
        return getBuiltinModule(id);
      };
      const server = http.createServer((req, res) => res.end()).listen(0, '127.0.0.1', () => {
        http.get({ host: '127.0.0.1', port: server.address().port, agent: false }, (res) => {
          res.resume().on('end', () => {
            http.setGlobalProxyFromEnv({})();
            console.log('asked', ...asked.filter((id) => id.includes('http')));
            server.close();
          });
        });
      });`;
    assert.equal(await logged(code), 'asked');
  });
});

describe('perf_hooks', () => {
  /** Serves and asks once, with this module, and logs what observers are told. */
  const observing = (specifier: string) => `
    const { PerformanceObserver } = require('node:perf_hooks');
    import(${JSON.stringify(specifier)}).then(({ default: http }) => {
      const server = http.createServer((req, res) => res.end()).listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        const names = [];
        new PerformanceObserver((list) => {
          names.push(...list.getEntries().map(({ name, detail }) => name + ' ' + detail.req.url.replace(port, 'port')));
          if (names.length < 2) return;
          console.log(...names.sort());
          server.close();
        }).observe({ entryTypes: ['http'] });
        http.get({ host: '127.0.0.1', port, path: '/observed', agent: false }, (res) => res.resume());
      });
    });`;
  const names = 'HttpClient http://127.0.0.1:port/observed HttpRequest /observed';

  test('has the entries of servers and clients', async () => {
    assert.equal(await logged(observing('node:http')), names);
  });

  test('has them of another copy of barewire too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'barewire-'));
    try {
      await cp(join(root, 'dist'), directory, { recursive: true });
      await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
      assert.equal(await logged(observing(pathToFileURL(join(directory, 'http', 'index.js')).href)), names);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('BAREWIRE', () => {
  const isOurs = `import('barewire/http').then((own) => console.log(require('http').createServer === own.createServer))`;

  for (const [value, expected] of [
    ['', 'true'],
    ['on', 'true'],
    ['off', 'false'],
  ]) {
    test(`"${value}"`, async () => {
      assert.equal(await logged(isOurs, IMPORT, { BAREWIRE: value }), expected);
    });
  }

  test('off leaves every export as it was', async () => {
    assert.deepEqual(await owned(IMPORT, { BAREWIRE: 'off' }), await owned([]));
  });

  test('anything else is an error that says what may be', async () => {
    const { code, stderr } = await evaluate(isOurs, { env: { BAREWIRE: 'false' } });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /ERR_INVALID_ARG_VALUE.*The property 'process\.env\.BAREWIRE' must be one of: 'on', 'off'\. Received 'false'/,
    );
  });
});

describe('other threads and processes', () => {
  const tellsWhose = (tell: string) =>
    `import('barewire/http').then((own) => ${tell}(require('http').createServer === own.createServer))`;

  test('worker threads have it', async () => {
    const main = await start('registered', 'apps/worker.cjs');
    assert.deepEqual(await main.receive('log'), [true]);
    await main.exited;
    assert.equal(main.complaints(), '');
  });

  test('NODE_OPTIONS gives it to every process', async () => {
    const code = `
      const { spawnSync } = require('node:child_process');
      console.log(spawnSync(process.execPath, ['-e', ${JSON.stringify(tellsWhose('console.log'))}]).stdout.toString());`;
    assert.equal(await logged(code, [], { NODE_OPTIONS: IMPORT.join(' ') }), 'true');
    assert.equal(await logged(code), 'false');
  });

  test('workers of a cluster have it', async () => {
    const primary = await start('registered', 'apps/cluster.cjs');
    const log = await primary.receive('log');
    await primary.exited;
    assert.deepEqual(log, [{ isBarewire: true }, { status: 200, content: '/shared' }, { code: 0 }]);
    assert.equal(primary.complaints(), '');
  });
});
