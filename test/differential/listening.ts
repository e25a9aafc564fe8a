/** Who listens to messages, and what comes between: for suites that compare what there is to see of it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { IncomingMessage, OutgoingMessage } from 'node:http';
import { finished, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { chunk, chunkedPost, head, lastChunk, ok, post } from './messages.js';

export type Log = (event: string, ...values: unknown[]) => void;

/** The context in which a line is logged. */
export const store = new AsyncLocalStorage<string>();

const ENDS = ['readable', 'readableEnded', 'destroyed', 'closed', 'aborted'] as const;
const FLAGS = [
  ...ENDS,
  ...['readableFlowing', 'readableLength', 'readableDidRead', 'readableAborted', 'readableEncoding'],
  ...['readableHighWaterMark', 'errored'],
] as const;

function tell(message: IncomingMessage, log: Log, names: readonly string[]): void {
  for (const name of names) log(name, (message as unknown as Record<string, unknown>)[name]);
}

/** Someone who reads a message by listening. */
export type Read = (message: IncomingMessage, log: Log) => void;

export const readers: Record<string, Read> = {
  'data, end'(message, log) {
    message.on('data', (data) => log('data', typeof data, data));
    message.on('end', () => log('end'));
  },
  'close, error, aborted, end, data'(message, log) {
    for (const event of ['close', 'error', 'aborted', 'end']) {
      message.on(event, (...values: unknown[]) => log(event, ...values));
    }
    message.on('data', (data) => log('data', typeof data, data));
  },
  'text, once'(message, log) {
    log('same', message.setEncoding('utf8') === message);
    message.once('data', (data) => log('data', typeof data, data));
    message.once('end', () => log('end'));
    message.once('close', () => log('close'));
  },
};

export const allReaders: Record<string, Read> = {
  ...readers,
  'end, resume'(message, log) {
    message.on('end', () => log('end'));
    log('same', message.resume() === message);
  },
  'data, end, resume'(message, log) {
    message.addListener('data', (data) => log('data', data));
    message.addListener('end', () => log('end'));
    message.resume();
  },
  'resume, data'(message, log) {
    message.resume();
    message.on('data', (data) => log('data', data));
    message.on('close', () => log('close'));
  },
  'data, text'(message, log) {
    message.on('data', (data) => log('data', typeof data, data));
    message.setEncoding('utf-8');
    message.on('end', () => log('end'));
  },
  latin1(message, log) {
    message.setEncoding('latin1');
    message.on('data', (data) => log('data', typeof data, data));
    message.on('end', () => log('end'));
  },
  'text, then latin1'(message, log) {
    message.setEncoding('utf8');
    message.setEncoding('latin1');
    message.on('data', (data) => log('data', typeof data, data));
    message.on('end', () => log('end'));
  },
  hex(message, log) {
    message.setEncoding('hex');
    message.on('data', (data) => log('data', typeof data, data));
    message.on('end', () => log('end'));
  },
  'close alone'(message, log) {
    message.on('close', () => log('close'));
  },
  'later, to its close'(message, log) {
    setImmediate(() => readers['close, error, aborted, end, data'](message, log));
  },
  'text, and no reader'(message, log) {
    message.setEncoding('utf8');
    message.on('end', () => log('end'));
  },
  'in a microtask'(message, log) {
    queueMicrotask(() => readers['data, end'](message, log));
  },
  'in a tick'(message, log) {
    process.nextTick(() => readers['data, end'](message, log));
  },
  'end, and data later'(message, log) {
    message.on('end', () => log('end'));
    setImmediate(() => message.on('data', (data) => log('data', data)));
  },
  'readable, data, end'(message, log) {
    message.on('readable', () => log('readable', message.read()));
    readers['data, end'](message, log);
  },
  'data, readable, end'(message, log) {
    message.on('data', (data) => log('data', data));
    message.on('readable', () => log('readable', message.read()));
    message.on('end', () => log('end'));
  },
  'resume, pause'(message, log) {
    message.on('resume', () => log('resume', message.readableFlowing));
    message.on('pause', () => log('pause'));
    readers['data, end'](message, log);
  },
  wrap(message, log) {
    const wrapping = new Readable({ highWaterMark: 2 }).wrap(message);
    wrapping.on('data', (data) => log('data', data));
    wrapping.on('end', () => log('end'));
  },
  'by once()'(message, log) {
    void once(message, 'data').then(([data]) => log('data', data));
    void once(message, 'end').then(() => {
      log('end', message.closed);
      message.on('close', () => log('close'));
    });
  },
};

export type Act = (message: IncomingMessage, log: Log) => unknown;

function attempt(log: Log, name: string, act: () => unknown): void {
  try {
    log(name, act());
  } catch (error) {
    log(`${name} throws`, error);
  }
}

/** Logs the calls of a method, and makes them. */
function spy(message: IncomingMessage, name: string, log: Log): void {
  const methods = message as unknown as Record<string, (...values: unknown[]) => unknown>;
  const method = methods[name];
  const spying = function (this: unknown, ...values: unknown[]) {
    log(`called ${name}`, ...values.filter((value) => typeof value !== 'function'));
    return method.apply(this, values);
  };
  methods[name] = spying;
}

export const acts: Record<string, Act> = {
  nothing() {},
  'ask for its end': (message, log) => tell(message, log, ENDS),
  'ask for its flags': (message, log) => tell(message, log, FLAGS),
  pause: (message) => message.pause(),
  'pause and resume': (message) => message.pause().resume(),
  'pause for a while'(message) {
    message.pause();
    setImmediate(() => message.resume());
  },
  resume: (message) => message.resume(),
  read: (message, log) => log('read', message.read()),
  'read a part': (message, log) => log('read', message.read(2)),
  'read nothing': (message, log) => log('read', message.read(0)),
  unshift: (message, log) => attempt(log, 'unshift', () => message.unshift('new')),
  push: (message, log) => attempt(log, 'push', () => message.push('more')),
  destroy: (message, log) => attempt(log, 'destroy', () => message.destroy()),
  'destroy with an error': (message) => message.destroy(new Error('no more')),
  'destroy its socket': (message) => message.socket?.destroy(),
  'hear readable': (message, log) => message.on('readable', () => log('readable', message.read())),
  'hear readable once': (message, log) => message.once('readable', () => log('readable')),
  'hear data too': (message, log) => message.on('data', (data) => log('more data', data)),
  'hear data once': (message, log) => message.once('data', (data) => log('once data', data)),
  'hear the end too': (message, log) => message.on('end', () => log('more end')),
  'hear close too': (message, log) => message.on('close', () => log('more close')),
  'hear data no more': (message) => message.removeAllListeners('data'),
  'hear data no more, one by one'(message) {
    for (const listener of message.listeners('data')) message.off('data', listener as () => void);
  },
  'hear the end no more': (message) => message.removeAllListeners('end'),
  'hear nothing': (message) => message.removeAllListeners(),
  'change listeners'(message, log) {
    for (const listener of message.listeners('data')) message.off('data', listener as () => void);
    message.on('data', (data) => log('other data', data));
  },
  'become text': (message, log) => attempt(log, 'text', () => message.setEncoding('utf8') === message),
  'become hex': (message, log) => attempt(log, 'hex', () => message.setEncoding('hex') === message),
  pipe(message, log) {
    const sink = new Writable({
      write(data, _encoding, done) {
        log('written', data);
        done();
      },
    });
    sink.on('finish', () => log('finish'));
    message.pipe(sink);
  },
  async iterate(message, log) {
    try {
      for await (const data of message) log('iterated', data);
      log('iterated to the end');
    } catch (error) {
      log('iterated to', error);
    }
  },
  'wait for its end': (message, log) => finished(message, (error) => log('finished', error)),
  'gather it': (message, log) =>
    text(message).then(
      (content) => log('gathered', content),
      (error: unknown) => log('gathered', error),
    ),
  wrap(message, log) {
    const wrapping = new Readable({ highWaterMark: 2 }).wrap(message);
    wrapping.on('data', (data) => log('wrapped', data));
    wrapping.on('end', () => log('wrapped end'));
  },
  'end the exchange'(message) {
    const socket = message.socket as unknown as { _httpMessage: OutgoingMessage | null } | null;
    socket?._httpMessage?.end();
  },
  dump: (message) => (message as unknown as { _dump(): void })._dump(),
  'see it destroyed': (message, log) => spy(message, 'destroy', log),
  'see it closed': (message, log) => spy(message, '_destroy', log),
  'take what is read'(message, log) {
    const { read } = message;
    message.read = (size) => {
      const data = read.call(message, size);
      if (data !== null) log('taken', data);
      return data;
    };
  },
  'take what is pushed'(message, log) {
    const { push } = message;
    message.push = (data, encoding) => {
      log('pushed', data);
      return push.call(message, data, encoding);
    };
  },
};

/** When, between the head and the end. `tell` calls back where the reader hears of an event. */
export type When = (
  act: () => void,
  read: () => void,
  tell: (event: string, act: () => void) => void,
) => void;

export const moments: Record<string, When> = {
  'before the reader'(act, read) {
    act();
    read();
  },
  'at once'(act, read) {
    read();
    act();
  },
  'when content is there'(act, read) {
    process.nextTick(act);
    read();
  },
  'with data'(act, read, tell) {
    tell('data', act);
    read();
  },
  'behind data'(act, read) {
    read();
    process.nextTick(act);
  },
  'with the end'(act, read, tell) {
    tell('end', act);
    read();
  },
  'behind the end'(act, read, tell) {
    tell('end', () => process.nextTick(act));
    read();
  },
  'two ticks behind the end'(act, read, tell) {
    tell('end', () => process.nextTick(() => process.nextTick(act)));
    read();
  },
  'with close'(act, read, tell) {
    tell('close', act);
    read();
  },
  later(act, read) {
    read();
    setImmediate(() => setImmediate(act));
  },
};

/** A message that is read, and what is done with it when. */
export interface Cell {
  readonly label: string;
  readonly content: string;
  readonly read: Read;
  readonly act: Act;
  readonly when: When;
}

/** Has a message read as the cell says. Resolves when nothing more comes of it. */
export async function watch(message: IncomingMessage, { read, act, when }: Cell, line: Log): Promise<void> {
  const tells = new Map<string, () => void>();
  const log: Log = (event, ...values) => {
    line(event, ...values);
    tells.get(event)?.();
  };
  when(
    () => void store.run('reader', () => act(message, log)),
    () => store.run('reader', () => read(message, log)),
    (event, then) => {
      tells.set(event, () => {
        tells.delete(event);
        then();
      });
    },
  );
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  log('finally');
  tell(message, log, FLAGS);
  log('paused', message.isPaused());
}

const CLOSE = 'Connection: close';

/** Messages with content of all kinds, in one read. */
export const contents = {
  request: {
    none: head('GET / HTTP/1.1', 'Host: a', CLOSE),
    'of no length': post('', CLOSE),
    some: post('content'),
    'beyond ASCII': post('\xe2\x82\xac \xff \xc3\xa9!', CLOSE),
    'a character too short': post('a\xe2\x82', CLOSE),
    'a character at its end': post('a\xe2\x82\xac', CLOSE),
    'much of it': post('x'.repeat(40_000), CLOSE),
    'a chunk': chunkedPost(CLOSE) + chunk('abc') + lastChunk,
    'two chunks': chunkedPost(CLOSE) + chunk('abc') + chunk('d\xe2') + lastChunk,
  },
  response: {
    none: head('HTTP/1.1 204 No Content'),
    'of no length': ok(''),
    some: ok('content'),
    'a character too short': ok('a\xe2\x82'),
    'two chunks':
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + chunk('abc') + chunk('def') + lastChunk,
    'and a close': ok('content', CLOSE),
  },
};

export type Side = keyof typeof contents;

/** Content of all kinds, read and nothing else. */
export function cellsOfReader(side: Side, read: Read): Cell[] {
  const when: When = (_act, begin) => begin();
  return Object.entries(contents[side]).map(([label, content]) => ({
    label,
    content,
    read,
    act: acts.nothing,
    when,
  }));
}

/** Some content that is read, and somebody who does this at any moment. */
export function cellsOfAct(side: Side, act: Act, of = readers, content = contents[side].some): Cell[] {
  return Object.entries(of).flatMap(([reader, read]) =>
    Object.entries(moments).map(([moment, when]) => {
      return { label: `${moment}, read by: ${reader}`, content, read, act, when };
    }),
  );
}
