/** The server of a program: raw sockets that know where a request begins, and do as they are told. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { joinedChunks } from '../test/differential/wire-text.js';
import { first } from '../test/fixtures/certificates.js';
import type { ClientProgram, Step } from './client-program.js';
import { brief } from './client-shown.js';
import { turns } from './mishap.js';

interface SiteConnection {
  readonly socket: Socket;
  received: string;
  /** Where the next request begins. */
  at: number;
  hasEnded: boolean;
  isClosed: boolean;
  /** What is being done, one step behind the other. */
  busy: Promise<void>;
}

/** Listens over TCP, over TLS and on a local socket, for one program after the other. */
export class Site {
  readonly path = join(tmpdir(), `client-acts-${process.pid}`);
  port = 0;
  tlsPort = 0;
  connections: SiteConnection[] = [];
  /** Steps that are still to be done. */
  pending = 0;
  private program: ClientProgram | null = null;
  private readonly servers: Server[] = [];

  async open(): Promise<void> {
    const accept = (socket: Socket) => this.accept(socket);
    const options = { noDelay: true, allowHalfOpen: true };
    const plain = createServer(options, accept).listen(0, '127.0.0.1');
    const local = createServer(options, accept).listen(this.path);
    const secure = createTlsServer({ ...options, ...first }, accept).listen(0, '127.0.0.1');
    this.servers.push(plain, local, secure);
    await Promise.all(this.servers.map((server) => once(server, 'listening')));
    this.port = (plain.address() as AddressInfo).port;
    this.tlsPort = (secure.address() as AddressInfo).port;
  }

  close(): void {
    for (const server of this.servers) server.close();
  }

  begin(program: ClientProgram): void {
    this.program = program;
    this.connections = [];
    this.pending = 0;
  }

  /** Ends all connections, and waits until they are gone. */
  async end(): Promise<void> {
    this.program = null;
    for (const { socket } of this.connections) socket.destroy();
    for (let turn = 0; this.connections.some(({ isClosed }) => !isClosed) && turn < 1000; turn++)
      await turns(1);
  }

  /** What came, connection by connection. */
  get report(): string[] {
    return this.connections.map(
      ({ received, hasEnded, isClosed }, i) =>
        `connection ${i}: ${brief(joinedChunks(received))} ${hasEnded || isClosed ? 'ended' : 'open'}`,
    );
  }

  private accept(socket: Socket): void {
    const { program } = this;
    const connection: SiteConnection = {
      ...{ socket, received: '', at: 0, hasEnded: false, isClosed: false },
      busy: Promise.resolve(),
    };
    socket.on('error', () => {});
    socket.on('close', () => {
      connection.isClosed = true;
    });
    if (program === null) {
      socket.destroy();
      return;
    }
    const index = this.connections.push(connection) - 1;
    socket.on('end', () => {
      connection.hasEnded = true;
    });
    socket.on('data', (chunk: Buffer) => {
      connection.received += chunk.toString('latin1');
      this.look(connection, program);
    });
    if (program.slow !== undefined) {
      socket.pause();
      this.pending++;
      void turns(program.slow).then(() => {
        this.pending--;
        socket.resume();
      });
    }
    this.schedule(connection, program.greetings?.[index] ?? []);
  }

  private look(connection: SiteConnection, program: ClientProgram): void {
    for (;;) {
      const text = connection.received.slice(connection.at);
      const length = lengthOf(text);
      const plan = program.requests.find(
        ({ id }) => length.target === `/${id}` || length.target === `a:${id}`,
      );
      const isDue = plan?.answer.on === 'head' ? length.head > 0 : length.whole > 0;
      if (length.head === 0 || !isDue) return;
      // What is behind a head that was answered is not looked at any more.
      connection.at =
        plan?.answer.on === 'head' && length.whole === 0
          ? Number.MAX_SAFE_INTEGER
          : connection.at + length.whole;
      this.schedule(connection, plan?.answer.steps ?? []);
    }
  }

  private schedule(connection: SiteConnection, steps: readonly Step[]): void {
    if (steps.length === 0) return;
    this.pending++;
    const before = connection.busy;
    const after = async () => {
      for (const step of steps) {
        if (step.wait) await turns(step.wait);
        take(connection.socket, step);
      }
      this.pending--;
    };
    // The first step is done at once, where nothing is before it.
    connection.busy = before.then(after);
  }
}

function take(socket: Socket, step: Step): void {
  if (step.write !== undefined && socket.writable) socket.write(step.write, 'latin1');
  if (step.end) socket.end();
  if (step.reset && !socket.destroyed) socket.resetAndDestroy();
}

interface Length {
  target: string;
  /** Octets of the head, or 0 while it is not there as a whole. */
  head: number;
  whole: number;
}

function lengthOf(text: string): Length {
  const head = text.indexOf('\r\n\r\n') + 4;
  if (head === 3) return { target: '', head: 0, whole: 0 };
  const fields = text.slice(0, head);
  const target = /^[A-Z]+ (\S+)/.exec(fields)?.[1] ?? '';
  if (/^transfer-encoding: *chunked/im.test(fields)) {
    const last = /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(head));
    return { target, head, whole: last === null ? 0 : head + last.index + last[0].length };
  }
  const length = head + Number(/^content-length: *(\d+)/im.exec(fields)?.[1] ?? 0);
  return { target, head, whole: text.length < length ? 0 : length };
}
