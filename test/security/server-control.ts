import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ServerOptions } from 'barewire/http';
import { bounded } from '../differential/bounded.js';
import type { Question, State, Timeouts } from './server-process.js';

/** A server in a process of its own, ended with its test. */
export class ServerProcess {
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(t: TestContext, options: ServerOptions = {}): Promise<ServerProcess> {
    const script = join(import.meta.dirname, 'server-process.js');
    const child = fork(script, [JSON.stringify(options)], { execArgv: ['--expose-gc'] });
    t.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    const [port] = await bounded('the server process listens', once(child, 'message'));
    return new ServerProcess(child, port as number);
  }

  /** How it is, behind a garbage collection. */
  state(): Promise<State> {
    return this.ask({ collects: true });
  }

  set(timeouts: Timeouts): Promise<State> {
    return this.ask({ collects: false, set: timeouts });
  }

  /** Resolves when what the server says of itself is so. */
  async until(what: string, holds: (state: State) => boolean): Promise<State> {
    let state = await this.ask({ collects: false });
    const met = async () => {
      while (!holds(state)) state = await this.ask({ collects: false });
    };
    await bounded(what, met(), () => `; ${JSON.stringify(state)}`);
    return this.state();
  }

  /**
   * Resolves when the server carries out no more of the requests it was sent: when as many honest exchanges went by
   * without one. The state by then.
   */
  async untilQuiet(): Promise<State> {
    let state = await this.ask({ collects: false });
    let quiet = 0;
    while (quiet < 20) {
      await this.exchange('GET /honest HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      const next = await this.ask({ collects: false });
      const isSame = Object.keys(next.handled).every(
        (path) => path === '/honest' || next.handled[path] === state.handled[path],
      );
      quiet = isSame ? quiet + 1 : 0;
      state = next;
    }
    return this.state();
  }

  /** A connection that was made. */
  async connect(): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  /** Sends a request and returns everything until the server closes. */
  async exchange(request: string): Promise<string> {
    const socket = await this.connect();
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.write(request, 'latin1');
    await bounded('an honest client is served', once(socket, 'close'), () => `; ${received}`);
    return received;
  }

  private async ask(question: Question): Promise<State> {
    const answer = once(this.child, 'message');
    this.child.send(question);
    const [state] = await bounded('the server process answers', answer);
    return state as State;
  }
}
