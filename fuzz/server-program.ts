/** Programs for servers: what a client sends, and what is done to requests and responses at which moment. */
import { Choices } from '../test/wire/generate.js';

/** A value that can be written down: content and errors are made of their description when they are used. */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | { readonly content: 'text' | 'buffer' | 'array'; readonly size: number }
  | { readonly error: string }
  | readonly Value[]
  | { readonly [name: string]: Value };

/** Whom an act is for: of its own exchange, of the one before or behind it, or of the whole server. */
export type Target = `${'' | 'next ' | 'previous '}${'req' | 'res' | 'socket'}` | 'server';

export type Act =
  /** A listener, which logs, and then acts. */
  | { do: 'listen'; of: Target; event: string; how: 'on' | 'once'; acts: Act[] }
  | { do: 'unlisten'; of: Target; event: string }
  | { do: 'later'; how: 'tick' | 'microtask' | 'immediate'; acts: Act[] }
  /** A call; with `acts`, its last argument is a callback, which logs, and then acts. */
  | { do: 'call'; of: Target; name: string; args: Value[]; acts?: Act[] }
  | { do: 'set'; of: Target; name: string; value: Value }
  /** Logs what the getters say. */
  | { do: 'look'; of: Target }
  | { do: 'throw' }
  /** Readable.from(pieces), to the response. */
  | { do: 'pour'; how: 'pipe' | 'pipeline'; pieces: Value[]; acts: Act[] }
  /** The request's content to the response, or to a stream that takes all. */
  | { do: 'pipe'; to: 'res' | 'sink'; how: 'pipe' | 'pipeline' }
  | { do: 'finished'; of: Target; acts: Act[] }
  /** for await, with a break after so many chunks. */
  | { do: 'iterate'; chunks: number; acts: Act[] };

export type Step =
  | { send: string }
  | { do: 'end' | 'reset' | 'pause' | 'resume' | 'turn' | 'quiet' | 'wait' };

export interface Program {
  /** The getters are logged with each event. */
  looks: boolean;
  server: { [name: string]: Value };
  serverEvents: string[];
  steps: Step[];
  /** What the handler of each request does. */
  handlers: Act[][];
}

const SMALL: readonly Value[] = [
  '',
  'a',
  'hello',
  'é€',
  { content: 'buffer', size: 0 },
  { content: 'buffer', size: 5 },
  { content: 'array', size: 6 },
];
const LARGE: readonly Value[] = [
  { content: 'text', size: 20_000 },
  { content: 'buffer', size: 5000 },
  { content: 'buffer', size: 70_000 },
  { content: 'array', size: 20_000 },
];
const ENCODINGS = ['utf8', 'latin1', 'hex', 'base64', 'utf16le', 'ascii'];
/** Text in encodings: hex of odd length ends the process of node:http. */
const ENCODED: readonly Value[][] = [
  ['616263', 'hex'],
  ['YWJj', 'base64'],
  ['é', 'latin1'],
  ['é', 'utf16le'],
  ['é', 'utf8'],
  ['a', 'ascii'],
];
const FIELDS: readonly (readonly [string, Value])[] = [
  ['X-One', '1'],
  ['X-Two', ['a', 'b']],
  ['x-one', 'other'],
  ['Content-Length', 5],
  ['Content-Length', 0],
  ['Content-Length', 20_000],
  ['Connection', 'keep-alive'],
  ['Transfer-Encoding', 'chunked'],
  ['Trailer', 'X-T'],
  ['Content-Type', 'text/plain; é'],
  ['Set-Cookie', ['a=1', 'b=2']],
  ['Keep-Alive', 'timeout=9'],
  ['Date', 'then'],
  ['Bad Name', 'x'],
  ['X-Bad', 'a\nb'],
  ['X-Undefined', undefined],
];
const STATUSES = [200, 200, 200, 201, 204, 304, 404, 500, 205, 99, 199];

const REQUEST_EVENTS = [
  'data',
  'data',
  'end',
  'end',
  'readable',
  'close',
  'close',
  'error',
  'aborted',
  'timeout',
  'pause',
  'resume',
];
const RESPONSE_EVENTS = [
  'finish',
  'finish',
  'prefinish',
  'drain',
  'close',
  'close',
  'error',
  'timeout',
  'socket',
  'pipe',
  'unpipe',
];
const SOCKET_EVENTS = ['close', 'end', 'error', 'timeout', 'drain'];

/** How deep acts are nested, and how many stand side by side. */
const DEPTH = 4;

class Generator {
  private readonly choices: Choices;
  private readonly requests: number;
  /** Sharp acts end things: a program has few, or nothing else would be seen. */
  private readonly sharpness: number;
  private readonly throws: boolean;
  private readonly most: number;

  constructor(choices: Choices, requests: number) {
    this.choices = choices;
    this.requests = requests;
    this.sharpness = choices.oneOf([6, 30, 100]);
    this.throws = choices.rarely(12);
    this.most = choices.oneOf([1, 2, 3, 5]);
  }

  acts(depth: number, most: number): Act[] {
    if (depth >= DEPTH) return [];
    const count = this.choices.below(Math.min(most, this.most) + 1);
    return Array.from({ length: count }, () => this.act(depth + 1));
  }

  handler(): Act[] {
    const { choices } = this;
    const acts = this.acts(0, this.most);
    if (choices.rarely(2)) acts.unshift(this.listen(1));
    // Most handlers answer, at some time.
    switch (choices.below(5)) {
      case 0:
        acts.push(this.end(1));
        break;
      case 1:
        acts.push({ do: 'listen', of: 'req', event: 'end', how: 'on', acts: [this.end(2)] });
        if (choices.rarely(2)) acts.push({ do: 'call', of: 'req', name: 'resume', args: [] });
        else acts.push({ do: 'listen', of: 'req', event: 'data', how: 'on', acts: [] });
        break;
      case 2:
        acts.push({ do: 'later', how: this.how(), acts: [...this.acts(2, 2), this.end(2)] });
        break;
      case 3:
        acts.push(this.pour(1));
        break;
    }
    return acts;
  }

  private how(): 'tick' | 'microtask' | 'immediate' {
    return this.choices.oneOf(['tick', 'microtask', 'immediate']);
  }

  private content(): Value {
    return this.choices.rarely(4) ? this.choices.oneOf(LARGE) : this.choices.oneOf(SMALL);
  }

  /** What is given to `write` and `end`. */
  private written(): Value[] {
    return this.choices.rarely(5) ? [...this.choices.oneOf(ENCODED)] : [this.content()];
  }

  private callback(depth: number): { acts?: Act[] } {
    return this.choices.rarely(2) ? { acts: this.acts(depth, 2) } : {};
  }

  private end(depth: number): Act {
    const { choices } = this;
    const args: Value[] = [];
    if (choices.rarely(2)) args.push(...this.written());
    else if (choices.rarely(20)) args.push(null);
    return { do: 'call', of: 'res', name: 'end', args, ...this.callback(depth) };
  }

  private pour(depth: number): Act {
    const { choices } = this;
    const pieces = Array.from({ length: choices.below(4) }, () => this.content());
    return {
      do: 'pour',
      how: choices.oneOf(['pipe', 'pipeline']),
      pieces: pieces.filter((piece) => piece !== ''),
      acts: this.acts(depth, 1),
    };
  }

  private target(kind: 'req' | 'res' | 'socket'): Target {
    if (this.requests > 1 && this.choices.rarely(12))
      return `${this.choices.oneOf(['next ', 'previous '] as const)}${kind}`;
    return kind;
  }

  private listen(depth: number): Act {
    const { choices } = this;
    const kind = choices.oneOf(['req', 'req', 'req', 'res', 'res', 'res', 'socket'] as const);
    const events = { req: REQUEST_EVENTS, res: RESPONSE_EVENTS, socket: SOCKET_EVENTS }[kind];
    const event = choices.oneOf(events);
    return {
      do: 'listen',
      of: this.target(kind),
      event,
      how: choices.oneOf(['on', 'on', 'on', 'once']),
      acts: this.acts(depth, 3),
    };
  }

  act(depth: number): Act {
    const { choices } = this;
    if (choices.rarely(this.sharpness)) return this.sharp();
    switch (choices.below(10)) {
      case 0:
      case 1:
      case 2:
        return this.listen(depth);
      case 3:
        return { do: 'later', how: this.how(), acts: this.acts(depth, 3) };
      case 4:
      case 5:
        return this.write(depth);
      case 6:
        return this.head();
      case 7:
        return this.reading(depth);
      case 8:
        return this.rare(depth);
      default:
        return choices.rarely(2) ? { do: 'look', of: choices.oneOf(['req', 'res']) } : this.end(depth);
    }
  }

  private write(depth: number): Act {
    const { choices } = this;
    const of = this.target('res');
    switch (choices.below(8)) {
      case 0:
        return { do: 'call', of, name: 'cork', args: [] };
      case 1:
        return { do: 'call', of, name: 'uncork', args: [] };
      case 2:
        return { do: 'call', of, name: 'flushHeaders', args: [] };
      default: {
        return { do: 'call', of, name: 'write', args: this.written(), ...this.callback(depth) };
      }
    }
  }

  private headers(): Value {
    const { choices } = this;
    const fields = Array.from({ length: choices.below(3) }, () => choices.oneOf(FIELDS));
    switch (choices.below(3)) {
      case 0:
        return Object.fromEntries(fields);
      case 1:
        return fields;
      default:
        return fields.flat();
    }
  }

  private head(): Act {
    const { choices } = this;
    const of = this.target('res');
    const [name, value] = choices.oneOf(FIELDS);
    switch (choices.below(12)) {
      case 0:
      case 1:
      case 2:
        return { do: 'call', of, name: 'setHeader', args: [name, value] };
      case 3:
        return { do: 'call', of, name: 'appendHeader', args: [name, value] };
      case 4:
        return { do: 'call', of, name: 'removeHeader', args: [choices.rarely(3) ? 'date' : name] };
      case 5:
      case 6: {
        const args: Value[] = [choices.oneOf(STATUSES)];
        if (choices.rarely(3)) args.push(choices.oneOf(['Fine', '', 'Bad\r\n']));
        if (choices.rarely(2)) args.push(this.headers());
        return { do: 'call', of, name: 'writeHead', args };
      }
      case 7:
        return {
          do: 'call',
          of,
          name: 'addTrailers',
          args: [choices.rarely(3) ? [['X-T', 'v']] : { 'X-T': 'v' }],
        };
      case 8:
        return { do: 'set', of, name: 'statusCode', value: choices.oneOf(STATUSES) };
      case 9:
        return {
          do: 'set',
          of,
          name: choices.oneOf([
            'sendDate',
            'shouldKeepAlive',
            'strictContentLength',
            'useChunkedEncodingByDefault',
          ]),
          value: choices.rarely(2),
        };
      case 10:
        return {
          do: 'call',
          of,
          name: choices.oneOf(['writeContinue', 'writeProcessing']),
          args: [],
          ...this.callback(DEPTH),
        };
      default:
        return {
          do: 'call',
          of,
          name: 'writeEarlyHints',
          args: [{ link: '</a>; rel=preload', 'x-hint': 'h' }],
          ...this.callback(DEPTH),
        };
    }
  }

  private reading(depth: number): Act {
    const { choices } = this;
    const of = this.target('req');
    switch (choices.below(9)) {
      case 0:
        return { do: 'call', of, name: 'pause', args: [] };
      case 1:
        return { do: 'call', of, name: 'resume', args: [] };
      case 2:
        return { do: 'call', of, name: 'setEncoding', args: [choices.oneOf(ENCODINGS)] };
      case 3:
        return { do: 'call', of, name: 'read', args: [choices.oneOf([undefined, 0, 1, 5, 30_000])] };
      case 4:
        return { do: 'call', of, name: 'unshift', args: [{ content: 'buffer', size: 3 }] };
      case 5:
        return { do: 'pipe', to: choices.oneOf(['res', 'sink']), how: choices.oneOf(['pipe', 'pipeline']) };
      case 6:
        return { do: 'call', of, name: 'unpipe', args: [] };
      case 7:
        return { do: 'iterate', chunks: choices.oneOf([0, 1, 2, 100]), acts: this.acts(depth, 2) };
      default:
        return { do: 'unlisten', of, event: choices.oneOf(REQUEST_EVENTS) };
    }
  }

  private rare(depth: number): Act {
    const { choices } = this;
    switch (choices.below(6)) {
      case 0:
        return { do: 'finished', of: this.target(choices.oneOf(['req', 'res'])), acts: this.acts(depth, 1) };
      case 1:
        return this.pour(depth);
      case 2:
        return { do: 'unlisten', of: this.target('res'), event: choices.oneOf(RESPONSE_EVENTS) };
      case 3:
        return { do: 'call', of: 'server', name: choices.oneOf(['close', 'closeIdleConnections']), args: [] };
      case 4:
        return {
          do: 'call',
          of: 'socket',
          name: choices.oneOf(['cork', 'uncork']),
          args: [],
        };
      default:
        return {
          do: 'call',
          of: choices.oneOf(['req', 'res', 'socket']),
          name: 'setTimeout',
          args: [choices.oneOf([0, 20])],
          ...this.callback(depth),
        };
    }
  }

  private sharp(): Act {
    const { choices } = this;
    switch (choices.below(6)) {
      case 0:
        return this.throws ? { do: 'throw' } : { do: 'call', of: 'res', name: 'destroy', args: [] };
      case 1:
        return { do: 'call', of: 'server', name: 'closeAllConnections', args: [] };
      case 2:
        return { do: 'call', of: 'socket', name: 'end', args: [] };
      default: {
        const of = this.target(choices.oneOf(['req', 'req', 'res', 'res', 'socket']));
        return { do: 'call', of, name: 'destroy', args: choices.rarely(2) ? [{ error: 'mine' }] : [] };
      }
    }
  }
}

function requestText(choices: Choices, n: number, isLast: boolean): string {
  const isOld = choices.rarely(10);
  const fields = ['Host: a'];
  if (isLast && choices.rarely(4)) fields.push('Connection: close');
  else if (isOld && !isLast) fields.push('Connection: keep-alive');
  if (!isOld && choices.rarely(10)) fields.push('Expect: 100-continue');
  const lines = (method: string, ...more: string[]) =>
    `${[`${method} /${n} HTTP/1.${isOld ? 0 : 1}`, ...fields, ...more].join('\r\n')}\r\n\r\n`;
  const size = choices.oneOf([1, 5, 5, 300, 20_000, 70_000]);
  switch (choices.below(isOld ? 5 : 7)) {
    case 0:
      return lines('HEAD');
    case 1:
    case 2:
      return lines('GET');
    case 3:
    case 4:
      return lines('POST', `Content-Length: ${size}`) + 'c'.repeat(size);
    case 5:
      return `${lines('PUT', 'Transfer-Encoding: chunked')}5\r\nhello\r\n6\r\n world\r\n0\r\nX-T: v\r\n\r\n`;
    default:
      return `${lines('PUT', 'Transfer-Encoding: chunked')}${size.toString(16)}\r\n${'d'.repeat(size)}\r\n0\r\n\r\n`;
  }
}

function steps(choices: Choices, requests: number): Step[] {
  const steps: Step[] = [];
  const texts = Array.from({ length: requests }, (_, n) => requestText(choices, n + 1, n + 1 === requests));
  if (choices.rarely(60)) texts.push('nonsense\r\n\r\n');
  if (choices.rarely(5)) steps.push({ do: 'pause' });
  const isPipelined = requests > 1 && choices.rarely(6);
  const pieces = isPipelined ? [texts.join('')] : texts;
  for (const piece of pieces) {
    let rest = piece;
    if (choices.rarely(3)) {
      const head = rest.indexOf('\r\n\r\n') + 4;
      for (let count = choices.below(4); count > 0 && rest.length > 1; count--) {
        const at =
          choices.rarely(2) && head < rest.length && head > 4 ? head : 1 + choices.below(rest.length - 1);
        steps.push({ send: rest.slice(0, at) }, { do: choices.rarely(6) ? 'turn' : 'quiet' });
        rest = rest.slice(at);
      }
    }
    steps.push({ send: rest }, { do: choices.rarely(6) ? 'turn' : 'quiet' });
    if (choices.rarely(8)) steps.push({ do: 'resume' });
  }
  if (choices.rarely(10)) steps.push({ do: 'wait' });
  const at = choices.below(steps.length + 1);
  switch (choices.below(12)) {
    case 0:
      return [...steps.slice(0, at), { do: 'end' }];
    case 1:
      return [...steps.slice(0, at), { do: 'reset' }];
    case 2:
      return [...steps.slice(0, at), { do: 'turn' }, { do: 'reset' }];
    case 3:
      // The end of the message is missing.
      return [...steps.slice(0, at), { do: 'end' }, { do: 'quiet' }];
  }
  return steps;
}

export function makeProgram(seed: number): Program {
  const choices = new Choices(seed);
  const requests = choices.oneOf([1, 1, 1, 1, 1, 1, 2, 2, 3, 4]);
  const server: { [name: string]: Value } = {};
  if (choices.rarely(10)) server.highWaterMark = 1000;
  if (choices.rarely(20)) server.noDelay = false;
  const generator = new Generator(choices, requests);
  const serverEvents: string[] = [];
  for (const event of ['checkContinue', 'clientError', 'timeout', 'dropRequest']) {
    if (choices.rarely(4)) serverEvents.push(event);
  }
  return {
    looks: choices.rarely(3),
    server,
    serverEvents,
    steps: steps(choices, requests),
    handlers: Array.from({ length: requests }, () => generator.handler()),
  };
}
