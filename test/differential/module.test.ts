import { differ, differNewest } from './differ.js';

differ('METHODS and STATUS_CODES', ({ http, log }) => {
  log('METHODS', http.METHODS.join(' '));
  for (const [code, reason] of Object.entries(http.STATUS_CODES)) log(code, reason);
});

differ('maxHeaderSize', ({ http, log }) => log('maxHeaderSize', http.maxHeaderSize));

const names = [
  'Accept',
  'x-a',
  "!#$%&'*+-.^_`|~09az",
  '',
  ' ',
  'a b',
  'a:',
  'é',
  'a\n',
  '@',
  'a,b',
  '\0',
  '(',
];

differ('setMaxIdleHTTPParsers', ({ http, attempt }) => {
  for (const max of [1, 1000, Number.MAX_SAFE_INTEGER, 0, -1, 1.5, Number.NaN, '1', undefined, null]) {
    attempt(JSON.stringify(max) ?? 'undefined', () => http.setMaxIdleHTTPParsers(max as never));
  }
});

differ('validateHeaderName', ({ http, attempt }) => {
  for (const name of names) attempt(JSON.stringify(name), () => http.validateHeaderName(name));
  for (const name of [undefined, null, 1, {}, Symbol('s')]) {
    attempt(String(name), () => http.validateHeaderName(name as never));
  }
  attempt('with a label', () =>
    (http.validateHeaderName as (name: string, label: string) => void)('a b', 'Field name'),
  );
});

differ('validateHeaderValue', ({ http, attempt }) => {
  const values = [
    '',
    ' ',
    'text',
    'a\tb',
    '\x7f',
    '\x00',
    'a\rb',
    'a\nb',
    'é',
    'ÿ',
    'Ā',
    '😀',
    '\x1f',
    '\x80',
  ];
  for (const value of values)
    attempt(JSON.stringify(value), () => http.validateHeaderValue('x-field', value));
  for (const value of [undefined, null, 1, true, {}, ['a', 'b'], ['a\n'], Symbol('s')]) {
    attempt(String(value as string), () => http.validateHeaderValue('x-field', value as never));
  }
});

differ('createServer and Server are callable without new', ({ http, log }) => {
  const { Server } = http as unknown as { Server: () => InstanceType<typeof http.Server> };
  log('Server()', Server() instanceof http.Server);
  log('createServer()', http.createServer() instanceof http.Server);
  log('createServer(undefined)', http.createServer(undefined as never) instanceof http.Server);
  log('createServer(null)', http.createServer(null as never) instanceof http.Server);
  const listener = () => {};
  log('createServer(listener)', http.createServer(listener).listeners('request')[0] === listener);
  log('createServer({}, listener)', http.createServer({}, listener).listeners('request')[0] === listener);
  log('createServer({})', http.createServer({}).listenerCount('request'));
});

differ('createServer refuses what is no options object', ({ http, attempt }) => {
  for (const options of [1, 'a', true, Symbol('s')]) {
    attempt(String(options), () => typeof http.createServer(options as never));
  }
  attempt('listener of another type', () => typeof http.createServer({}, 'no' as never));
});

differ('the constructors are functions', ({ http, log }) => {
  for (const name of ['Server', 'IncomingMessage', 'OutgoingMessage', 'ServerResponse'] as const) {
    const made = http[name] as unknown as { name: string; length: number; prototype: object };
    log(name, typeof made, made.name, made.length);
    log(`${name}.prototype.constructor`, made.prototype.constructor === made);
  }
  log('ServerResponse inherits', http.ServerResponse.prototype instanceof http.OutgoingMessage);
});

differ('statics inherit along with prototypes', ({ http, log }) => {
  for (const name of ['Server', 'IncomingMessage', 'OutgoingMessage', 'ServerResponse'] as const) {
    log(name, (Object.getPrototypeOf(http[name]) as { name: string }).name);
    const parent = Object.getPrototypeOf(http[name].prototype) as object;
    log(`${name}.prototype`, parent.constructor.name);
  }
});

const serverMembers = ['close', 'closeAllConnections', 'closeIdleConnections', 'setTimeout', 'listen'];
const requestMembers = ['setTimeout', '_dump', 'destroy', 'setEncoding', '_addHeaderLine', '_addHeaderLines'];
const responseMembers = [
  ...[
    'addTrailers',
    'appendHeader',
    'assignSocket',
    'cork',
    'destroy',
    'detachSocket',
    'end',
    'flushHeaders',
  ],
  ...['getHeader', 'getHeaderNames', 'getHeaders', 'getRawHeaderNames', 'hasHeader', 'pipe', 'removeHeader'],
  ...['setHeader', 'setHeaders', 'setTimeout', 'uncork', 'write', 'writeContinue', 'writeEarlyHints'],
  ...['writeHead', 'writeProcessing', '_implicitHeader', '_send', '_writeRaw', '_storeHeader', '_finish'],
  ...['_renderHeaders', '_destroy', '_flush', '_flushOutput', '_onPendingData'],
];

differ('the methods are there', ({ http, log }) => {
  const check = (label: string, prototype: object, members: string[]) => {
    for (const member of members) log(`${label}.${member}`, typeof Reflect.get(prototype, member, prototype));
  };
  check('server', http.Server.prototype, serverMembers);
  check('request', http.IncomingMessage.prototype, requestMembers);
  check('response', http.ServerResponse.prototype, responseMembers);
});

differNewest('the newest methods are there', ({ http, log }) => {
  log('writeInformation', typeof http.ServerResponse.prototype.writeInformation);
  log('asyncDispose', typeof http.Server.prototype[Symbol.asyncDispose]);
});
