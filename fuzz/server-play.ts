/** Plays a program to a server of node:http or of barewire/http, and tells what happened. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { finished, pipeline, Readable, Writable } from 'node:stream';
import type { Http } from '../test/differential/subjects.js';
import { masked } from '../test/differential/wire-text.js';
import { Mishap } from './mishap.js';
import type { Act, Program, Target, Value } from './server-program.js';

export interface Trace {
  /** What happened at the server, in order. */
  readonly events: string[];
  /** What the client received. */
  readonly received: string;
  /** How the connection ended, as the client saw it. */
  readonly ending: string;
  /** What is left when all is over. */
  readonly left: string[];
}

type Listener = (...args: unknown[]) => void;

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  socket: Socket;
}

const MOST_ACTS = 300;

const GETTERS = {
  req: [
    'complete',
    'aborted',
    'destroyed',
    'closed',
    'readable',
    'readableEnded',
    'readableFlowing',
    'readableDidRead',
    'readableAborted',
    'readableLength',
    'readableEncoding',
    'errored',
  ],
  res: [
    'headersSent',
    'writable',
    'writableEnded',
    'writableFinished',
    'writableNeedDrain',
    'writableLength',
    'finished',
    'destroyed',
    'closed',
    'errored',
    'socket',
    'statusCode',
    'chunkedEncoding',
    'shouldKeepAlive',
  ],
} as const;

function shown(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as NodeJS.ErrnoException;
    return `${value.name}${code === undefined ? '' : ` [${code}]`}: ${masked(value.message)}`;
  }
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const kind = typeof value === 'string' ? 'text' : 'bytes';
    const text = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
    return `${kind} ${value.length} ${JSON.stringify(text.length > 12 ? `${text.slice(0, 12)}...` : text)}`;
  }
  if (typeof value === 'object' && value !== null) return `<${value.constructor?.name ?? 'object'}>`;
  return String(value);
}

/** A value as it is used. */
function made(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(made);
  if ('error' in value) return new Error(String(value.error));
  if ('content' in value) {
    const size = value.size as number;
    const text = 'xyz'.repeat(Math.ceil(size / 3)).slice(0, size);
    if (value.content === 'text') return text;
    return value.content === 'buffer' ? Buffer.from(text) : new Uint8Array(Buffer.from(text));
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, made(one)]));
}

export class Play {
  private readonly program: Program;
  private readonly server: Server;
  private readonly events: string[] = [];
  private readonly exchanges: Exchange[] = [];
  private readonly sockets: Socket[] = [];
  private readonly names = new Map<Act, string>();
  private readonly owed: { what: string; calls: number }[] = [];
  private readonly heard = new Map<string, [object, string, Listener][]>();
  private actsLeft = MOST_ACTS;
  private isOver = false;

  /**
   * @param readsAsStream The server is to read its sockets as streams: the parser of node:http has a socket to itself
   *   otherwise, and ticks run between the parts of a message that came in one read.
   */
  constructor(http: Http, program: Program, readsAsStream: boolean) {
    this.program = program;
    for (const handler of program.handlers) this.name(handler);
    this.server = http.createServer(made(program.server) as object);
    this.server.on('connection', (socket: Socket) => {
      this.sockets.push(socket);
      if (readsAsStream) {
        const nobody = () => {};
        socket.on('data', nobody).off('data', nobody);
      }
    });
    this.server.on('request', (req, res) => this.handle('request', req, res));
    for (const event of program.serverEvents) {
      if (event === 'checkContinue') this.server.on(event, (req, res) => this.handle(event, req, res));
      else {
        this.server.on(event, (first: unknown, second: unknown) => {
          this.log(`server ${event} ${shown(first)}`);
          if (event === 'clientError') (second as Socket).destroy();
        });
      }
    }
  }

  private name(acts: readonly Act[]): void {
    for (const act of acts) {
      this.names.set(act, `#${this.names.size}`);
      if ('acts' in act && act.acts) this.name(act.acts);
    }
  }

  log(line: string): void {
    if (!this.isOver) this.events.push(line);
  }

  private handle(event: string, req: IncomingMessage, res: ServerResponse): void {
    const n = this.exchanges.length;
    this.exchanges.push({ req, res, socket: req.socket });
    this.log(`${n} ${event} ${req.method} ${req.url}`);
    this.perform(this.program.handlers[n] ?? [], n);
  }

  private perform(acts: readonly Act[], n: number): void {
    for (const act of acts) this.act(act, n);
  }

  private target(target: Target, n: number): { emitter: object; label: string } | null {
    if (target === 'server') return { emitter: this.server, label: 'server' };
    const [where, kind] = target.includes(' ') ? target.split(' ') : ['', target];
    const of = where === 'next' ? n + 1 : where === 'previous' ? n - 1 : n;
    const exchange = this.exchanges[of];
    if (exchange === undefined) return null;
    return { emitter: exchange[kind as keyof Exchange], label: `${of} ${kind}` };
  }

  private getters(label: string, emitter: object): string {
    const kind = label.split(' ')[1] as keyof typeof GETTERS;
    const shownGetters: string[] = [];
    for (const name of GETTERS[kind] ?? []) {
      const value = Reflect.get(emitter, name);
      if (value === false || value === null || value === 0 || value === undefined) continue;
      // How much head and content come to is each one's own.
      const isSaid = value !== true && name !== 'writableLength';
      shownGetters.push(isSaid ? `${name}=${shown(value)}` : name);
    }
    return shownGetters.join(' ');
  }

  private logEvent(label: string, emitter: object, event: string, args: readonly unknown[]): void {
    const values = args.map((value) => ` ${shown(value)}`).join('');
    const looks = this.program.looks ? ` (${this.getters(label, emitter)})` : '';
    this.log(`${label} ${event}${values}${looks}`);
  }

  /** A callback of a call. */
  private callback(what: string, acts: readonly Act[], n: number): Listener {
    const call = { what, calls: 0 };
    this.owed.push(call);
    return (...args) => {
      call.calls++;
      this.log(`called ${what}${args.map((value) => ` ${shown(value)}`).join('')}`);
      this.perform(acts, n);
    };
  }

  private attempt(what: string, call: () => unknown): void {
    try {
      const result = call();
      const isPlain =
        result === null || !/object|function/.test(typeof result) || result instanceof Uint8Array;
      this.log(`> ${what}${isPlain && result !== undefined ? ` = ${shown(result)}` : ''}`);
    } catch (error) {
      // A listener within the call threw it.
      if (error instanceof Mishap) throw error;
      this.log(`> ${what} throws ${shown(error)}`);
    }
  }

  private act(act: Act, n: number): void {
    if (this.actsLeft-- <= 0 || this.isOver) return;
    const name = this.names.get(act) as string;
    if (act.do === 'throw') {
      this.log(`> throw ${name}`);
      throw new Mishap(`thrown at ${name}`);
    }
    if (act.do === 'later') {
      this.later(act.how, () => this.perform(act.acts, n));
      return;
    }
    const target = this.target('of' in act ? act.of : 'res', n);
    if (target === null) return;
    const { emitter, label } = target;
    const { req, res } = this.exchanges[n];
    switch (act.do) {
      case 'listen': {
        const listener: Listener = (...args) => {
          this.logEvent(label, emitter, act.event, args);
          this.perform(act.acts, n);
        };
        this.listenersOf(label, act.event).push([emitter, act.event, listener]);
        this.attempt(`${label}.${act.how}(${act.event}) ${name}`, () =>
          Reflect.get(emitter, act.how).call(emitter, act.event, listener),
        );
        break;
      }
      case 'unlisten':
        for (const [, event, listener] of this.listenersOf(label, act.event).splice(0)) {
          this.attempt(`${label}.off(${act.event})`, () =>
            Reflect.get(emitter, 'off').call(emitter, event, listener),
          );
        }
        break;
      case 'call': {
        const args = act.args.map(made);
        const method = Reflect.get(emitter, act.name);
        if (typeof method !== 'function') return;
        // An HTTP/1.0 client gets no interim response.
        if (/Continue|Processing|Hints/.test(act.name) && req.httpVersionMinor === 0) return;
        if (act.acts) args.push(this.callback(`${name} ${label}.${act.name}`, act.acts, n));
        this.attempt(`${label}.${act.name} ${name}`, () => method.apply(emitter, args));
        break;
      }
      case 'set':
        this.attempt(`${label}.${act.name}=`, () => Reflect.set(emitter, act.name, made(act.value)));
        break;
      case 'look':
        this.log(`${label} (${this.getters(label, emitter)})`);
        break;
      case 'pour':
        this.pour(act, res, n);
        break;
      case 'pipe': {
        const to = act.to === 'res' ? res : new Writable({ write: (_chunk, _encoding, done) => done() });
        if (act.how === 'pipe') this.attempt(`${label} req.pipe ${name}`, () => req.pipe(to));
        else {
          const done = this.callback(`${name} pipeline`, [], n);
          this.attempt(`pipeline ${name}`, () => pipeline(req, to, done));
        }
        break;
      }
      case 'finished': {
        const done = this.callback(`${name} ${label} finished`, act.acts, n);
        this.attempt(`finished ${name}`, () => finished(emitter as Readable, done));
        break;
      }
      case 'iterate':
        this.iterate(act, req, n);
        break;
    }
  }

  private listenersOf(label: string, event: string): [object, string, Listener][] {
    const key = `${label} ${event}`;
    let listeners = this.heard.get(key);
    if (listeners === undefined) this.heard.set(key, (listeners = []));
    return listeners;
  }

  private later(how: 'tick' | 'microtask' | 'immediate', call: () => void): void {
    if (how === 'tick') process.nextTick(call);
    else if (how === 'immediate') setImmediate(call);
    else queueMicrotask(call);
  }

  private pour(act: Act & { do: 'pour' }, res: ServerResponse, n: number): void {
    const name = this.names.get(act) as string;
    const source = Readable.from(act.pieces.map(made));
    source.on('error', () => {});
    if (act.how === 'pipe') {
      this.attempt(`pour ${name}`, () => source.pipe(res));
    } else {
      const done = this.callback(`${name} pour`, act.acts, n);
      this.attempt(`pour ${name}`, () => pipeline(source, res, done));
    }
  }

  private iterate(act: Act & { do: 'iterate' }, req: IncomingMessage, n: number): void {
    const name = this.names.get(act) as string;
    const iterate = async () => {
      let chunks = 0;
      try {
        for await (const chunk of req) {
          this.log(`${name} chunk ${shown(chunk)}`);
          if (++chunks > act.chunks) break;
        }
        this.log(`${name} iterated`);
      } catch (error) {
        this.log(`${name} iteration fails ${shown(error)}`);
      }
      this.perform(act.acts, n);
    };
    iterate().catch((error) => {
      if (error instanceof Mishap) this.log(`uncaught ${shown(error)}`);
      else throw error;
    });
  }

  /** Turns of the event loop until nothing happens any more. */
  private async quiet(client: Socket): Promise<void> {
    let before = '';
    for (let turn = 0, still = 0; turn < 500 && still < 4; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      const bytes = this.sockets.map(
        (socket) => `${socket.bytesRead} ${socket.bytesWritten} ${socket.destroyed}`,
      );
      const now = `${this.events.length} ${client.bytesRead} ${client.bytesWritten} ${client.closed} ${bytes}`;
      still = now === before ? still + 1 : 0;
      before = now;
    }
  }

  async run(): Promise<Trace> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    let received = '';
    let ending = 'open';
    client.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    client.on('end', () => {
      ending = 'ended';
    });
    // Of who sends to a connection that is closed.
    client.on('error', () => {});
    await once(client, 'connect');
    await this.quiet(client);
    await this.step(client);
    await this.quiet(client);
    client.resume();
    await this.quiet(client);
    this.log('--- the client ends');
    if (!client.destroyed && !client.writableEnded) client.end();
    await this.quiet(client);
    const left: string[] = [];
    for (const socket of this.sockets) if (!socket.destroyed) left.push('a connection is open');
    this.log('--- the client is gone');
    if (!client.destroyed) client.destroy();
    await this.quiet(client);
    for (const socket of this.sockets) {
      if (socket.destroyed) continue;
      left.push('a connection stays open');
      socket.destroy();
    }
    await this.quiet(client);
    for (const [n, { req, res }] of this.exchanges.entries()) {
      this.log(`${n} req at the end (${this.getters('0 req', req)})`);
      this.log(`${n} res at the end (${this.getters('0 res', res)})`);
    }
    await this.close(left);
    for (const { what, calls } of this.owed) if (calls !== 1) left.push(`${what} was called ${calls} times`);
    this.isOver = true;
    return { events: this.events, received: masked(received), ending, left };
  }

  private async step(client: Socket): Promise<void> {
    for (const step of this.program.steps) {
      if ('send' in step) {
        if (client.writable) client.write(step.send, 'latin1');
        continue;
      }
      switch (step.do) {
        case 'end':
          client.end();
          break;
        case 'reset':
          client.resetAndDestroy();
          break;
        case 'pause':
          client.pause();
          break;
        case 'resume':
          client.resume();
          break;
        case 'turn':
          await new Promise((resolve) => setImmediate(resolve));
          break;
        case 'wait':
          await this.quiet(client);
          await new Promise((resolve) => setTimeout(resolve, 60));
          await this.quiet(client);
          break;
        case 'quiet':
          await this.quiet(client);
          break;
      }
    }
  }

  private async close(left: string[]): Promise<void> {
    const { server } = this;
    const key = Object.getOwnPropertySymbols(server).find(
      ({ description }) => description === 'barewire.server',
    );
    if (key !== undefined) {
      const { connections, idleConnections } = Reflect.get(server, key);
      if (connections.size > 0) left.push('connections in the list of the server');
      if (idleConnections.first !== null) left.push('connections in the list of idle ones');
    }
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, 1000, 'late');
    });
    if ((await Promise.race([closed, late])) === 'late') left.push('the server does not close');
    clearTimeout(timer);
  }
}
