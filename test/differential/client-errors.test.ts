import type { AgentOptions, RequestOptions } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differNewest } from './differ.js';

/** Logs what a request with `options` throws, or that it throws nothing. */
function asked({ http, attempt }: ClientScene, label: string, options: unknown): void {
  attempt(label, () => {
    const req = http.request({ host: '127.0.0.1', port: 1, ...(options as RequestOptions) });
    req.on('error', () => {}).destroy();
    return 'made';
  });
}

const anything: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['0', 0],
  ['1', 1],
  ['-1', -1],
  ['1.5', 1.5],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['2 ** 31', 2 ** 31],
  ['empty string', ''],
  ['string', 'a'],
  ['"1"', '1'],
  ['true', true],
  ['false', false],
  ['object', {}],
  ['array', []],
  ['function', () => {}],
  ['symbol', Symbol('s')],
  ['bigint', 1n],
];

const options = [
  ...['agent', 'auth', 'createConnection', 'defaultPort', 'family', 'hints', 'host', 'hostname', 'headers'],
  ...['insecureHTTPParser', 'joinDuplicateHeaders', 'localAddress', 'localPort', 'lookup', 'maxHeaderSize'],
  ...['method', 'path', 'protocol', 'setDefaultHeaders', 'setHost', 'signal', 'timeout', 'uniqueHeaders'],
  ...['highWaterMark'],
];

for (const name of options) {
  differ(`option ${name} of every type`, (scene) => {
    for (const [label, value] of anything) {
      // As a host these go to the resolver, which is not ours.
      if (name === 'agent' && label === 'object') continue;
      asked(scene, label, { createConnection: () => undefined, [name]: value });
    }
  });
}

differNewest('option httpValidation of every type', (scene) => {
  for (const [label, value] of anything) asked(scene, label, { httpValidation: value });
  asked(scene, 'with insecureHTTPParser', { httpValidation: 'strict', insecureHTTPParser: true });
  asked(scene, 'with insecureHTTPParser: false', { httpValidation: 'strict', insecureHTTPParser: false });
});

differ('option socketPath of every type', (scene) => {
  for (const [label, value] of anything) {
    if (label === 'string' || label === '"1"') continue;
    asked(scene, label, { socketPath: value });
  }
});

differ('methods that are no token', (scene) => {
  for (const method of ['G T', 'GET\r\n', 'GET\n', ' GET', 'GÉT', 'GET/', '(', '\0']) {
    asked(scene, JSON.stringify(method), { method });
  }
});

differ('paths with what a request-target has not', (scene) => {
  for (const path of [
    '/ ',
    ' /',
    '/a\tb',
    '/a\r\n',
    '/\n',
    '/\0',
    '/\x1f',
    '/\x80',
    '/ÿ',
    '/Ā',
    '/€',
    '/😀',
    '/\x7f',
  ]) {
    asked(scene, JSON.stringify(path), { path });
  }
});

differ('every character in a path', (scene) => {
  const refused = [];
  for (let code = 0; code < 0x300; code++) {
    try {
      const req = scene.http.request({ path: `/${String.fromCharCode(code)}`, host: '127.0.0.1', port: 1 });
      req.on('error', () => {}).destroy();
    } catch {
      refused.push(code);
    }
  }
  scene.log('refused', refused.join(' '));
});

differ('header names and values are checked', (scene) => {
  const names = ['', ' ', 'a b', 'a:', 'é', 'a\n', 'X-A\r\nX-B'];
  for (const name of names) {
    asked(scene, `name ${JSON.stringify(name)}`, { headers: { [name]: 'a' } });
    asked(scene, `name ${JSON.stringify(name)} in an array`, { headers: ['Host', 'a', name, 'a'] });
  }
  for (const value of [
    'a\r\nb',
    'a\nb',
    'a\0b',
    '\x7f',
    'é',
    '€',
    undefined,
    null,
    {},
    ['a', 'b\n'],
    Symbol('s'),
  ]) {
    const label = typeof value === 'string' ? JSON.stringify(value) : String(value as never);
    asked(scene, `value ${label}`, { headers: { 'X-A': value } });
    asked(scene, `value ${label} in an array`, { headers: ['Host', 'a', 'X-A', value] });
  }
  asked(scene, 'odd array', { headers: ['Host', 'a', 'X-A'] });
  asked(scene, 'Host value', { headers: { Host: 'a\r\nb' } });
  asked(scene, 'auth', { auth: 'a\r\n:b' });
});

differ('a host that is no host name', (scene) => {
  for (const host of ['a b', 'a\r\nX-A: b', 'a/b', 'a@b', 'é', '€', '\0', 'a:b:c']) {
    asked(scene, JSON.stringify(host), { host, createConnection: () => undefined });
  }
});

differ('an Upgrade, an Expect, a Trailer, and framing of another kind in headers', (scene) => {
  asked(scene, 'Trailer without chunked', { headers: { Trailer: 'X-A' } });
  asked(scene, 'Trailer with Content-Length', {
    method: 'POST',
    headers: { Trailer: 'X-A', 'Content-Length': 1 },
  });
  asked(scene, 'Expect and Trailer', { method: 'POST', headers: { Expect: '100-continue', Trailer: 'X-A' } });
  asked(scene, 'Trailer in an array', { headers: ['Host', 'a', 'Trailer', 'X-A'] });
});

differ('assigning path and other members', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin);
  req.path = '/assigned';
  req.method = 'PUT';
  req.host = 'other.test';
  req.end();
  await origin.received(1);
  scene.recordOrigin(origin);
});

differNewest('assigning a path that is none', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin);
  scene.attempt('path', () => {
    req.path = '/a b';
  });
  scene.log('path', req.path);
  for (const value of [undefined, null, 1, '']) {
    scene.attempt(String(value), () => {
      req.path = value as never;
    });
  }
  req.path = '/end';
  req.end();
  await origin.received(1);
  scene.recordOrigin(origin);
});

const agentOptions = [
  ...['keepAlive', 'keepAliveMsecs', 'maxSockets', 'maxTotalSockets', 'maxFreeSockets', 'scheduling'],
  ...['timeout', 'noDelay', 'path', 'host', 'port', 'defaultPort', 'protocol', 'localAddress', 'family'],
];

for (const name of agentOptions) {
  // What an Agent takes from these two is newer than Node 20.
  const compare = name === 'defaultPort' || name === 'protocol' ? differNewest : differ;
  compare(`Agent option ${name} of every type`, ({ http, attempt }) => {
    for (const [label, value] of anything) {
      attempt(label, () => {
        const agent = new http.Agent({ [name]: value } as AgentOptions) as unknown as Record<string, unknown>;
        const { options } = agent as { options: Record<string, unknown> };
        return [typeof agent[name] === 'function' ? 'function' : agent[name], Object.keys(options)];
      });
    }
  });
}

differNewest('Agent option agentKeepAliveTimeoutBuffer of every type', ({ http, attempt }) => {
  for (const [label, value] of anything) {
    attempt(label, () => {
      const agent = new http.Agent({ agentKeepAliveTimeoutBuffer: value } as AgentOptions);
      return (agent as unknown as Record<string, unknown>).agentKeepAliveTimeoutBuffer;
    });
  }
});

differ('Agent takes no options, undefined, null and others', ({ http, attempt }) => {
  const Agent = http.Agent as unknown as (options?: unknown) => object;
  const New = http.Agent as unknown as new (options?: unknown) => object;
  attempt('without new', () => Agent() instanceof http.Agent);
  attempt('without new, options', () => Agent({ maxSockets: 3 }) instanceof http.Agent);
  for (const [label, value] of anything) {
    attempt(label, () => {
      const { options } = new New(value) as { options: unknown };
      return options;
    });
  }
});
