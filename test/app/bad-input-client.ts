/** A client for input that no client in earnest would send: it writes bytes, and reads whole responses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as nodeHttp from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Application } from 'barewire';
import { bounded } from '../differential/bounded.js';

export interface BadReply {
  status: number;
  /** Names in lower case. */
  fields: Map<string, string>;
  /** As Latin-1. */
  content: string;
}

/** The first whole response in what was received; undefined while there is none. */
function replyIn(received: string, hasEnded: boolean): { reply: BadReply; length: number } | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine, ...lines] = received.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  assert.ok(status >= 200, statusLine);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    assert.ok(colon > 0, `a field line was expected: ${JSON.stringify(line)}`);
    fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const start = end + 4;
  if (fields.get('transfer-encoding') === 'chunked') {
    const last = received.indexOf('\r\n0\r\n\r\n', end);
    if (last === -1) return undefined;
    return { reply: { status, fields, content: received.slice(start, last) }, length: last + 7 };
  }
  const length = Number(fields.get('content-length') ?? 0);
  if (received.length < start + length) {
    assert.ok(!hasEnded, 'the content is as long as Content-Length says');
    return undefined;
  }
  return {
    reply: { status, fields, content: received.slice(start, start + length) },
    length: start + length,
  };
}

/** One connection at a time: kept while the server keeps it. */
export class BadClient {
  private readonly port: number;
  private socket: Socket | null = null;

  constructor(port: number) {
    this.port = port;
  }

  /** Sends the bytes of one request, and gives its response. Rejects where there is none. */
  ask(bytes: Uint8Array): Promise<BadReply> {
    const shown = () => ` to ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`;
    return bounded('an answer', this.exchange(bytes, shown), shown);
  }

  private exchange(bytes: Uint8Array, shown: () => string): Promise<BadReply> {
    const socket = (this.socket ??= connect(this.port, '127.0.0.1'));
    return new Promise((resolve, reject) => {
      let received = '';
      const settle = (act: () => void) => {
        socket.removeAllListeners();
        socket.on('error', () => {});
        act();
      };
      const look = (hasEnded: boolean) => {
        let found: ReturnType<typeof replyIn>;
        try {
          found = replyIn(received, hasEnded);
        } catch (error) {
          settle(() => reject(error));
          return;
        }
        if (found === undefined) {
          if (hasEnded) settle(() => reject(new Error(`no answer${shown()}`)));
          return;
        }
        const { reply, length } = found;
        if (received.length > length) {
          settle(() => reject(new Error(`more than one answer${shown()}`)));
          return;
        }
        if (hasEnded || reply.fields.get('connection')?.toLowerCase() === 'close') this.destroy();
        settle(() => resolve(reply));
      };
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
        look(false);
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        this.socket = null;
        look(true);
      });
      socket.write(bytes);
    });
  }

  /** Sends the bytes on a connection of their own, and gives all that comes until it has ended. */
  static async all(port: number, bytes: Uint8Array): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
    socket.end(bytes);
    return bounded('the end of the connection', closed, () =>
      JSON.stringify(Buffer.from(bytes).toString('latin1')),
    );
  }

  destroy(): void {
    this.socket?.destroy();
    this.socket = null;
  }
}

/** An application under attack: what fails in it, and that nothing of it is left. */
export interface Attacked {
  readonly port: number;
  readonly client: BadClient;
  /** Gives the response to the request with this head (and content), which must be no failure of the server. */
  ask(head: string, content?: Uint8Array): Promise<BadReply>;
}

/** Serves an application; the function it gives ends that when every connection has. */
export type Serve = (app: Application) => Promise<[port: number, close: () => Promise<void>]>;

/** On its own server. The deadline is beyond the patience: connections have to end by themselves. */
const serveItself: Serve = async (app) => {
  const server = await app.listen(0, '127.0.0.1');
  return [(server.address() as AddressInfo).port, () => app.close({ deadline: 60_000 })];
};

/** By a server of node:http's, whose requests are lent the members. */
export const serveByNode: Serve = async (app) => {
  const server = nodeHttp.createServer(app.handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return [(server.address() as AddressInfo).port, close];
};

/** Serves the application, and checks at the end of the test that no connection, and no property, was left behind. */
export async function attack(t: TestContext, app: Application, serve = serveItself): Promise<Attacked> {
  const failures: unknown[] = [];
  app.onError((error) => {
    const { status = 500 } = error as { status?: number };
    if (status >= 500) failures.push(error);
  });
  const [port, close] = await serve(app);
  const client = new BadClient(port);
  t.after(async () => {
    client.destroy();
    await bounded('the end of all connections', close());
    assert.equal(Reflect.ownKeys(Object.prototype).length, PROTOTYPE_KEYS);
    assert.equal(Reflect.ownKeys(Array.prototype).length, ARRAY_KEYS);
  });
  return {
    port,
    client,
    async ask(head, content = new Uint8Array()) {
      const reply = await client.ask(Buffer.concat([Buffer.from(head, 'latin1'), content]));
      assert.deepEqual(failures.splice(0), [], head);
      assert.ok(reply.status < 500, `${reply.status} to ${JSON.stringify(head)}`);
      assert.equal(reply.fields.has('x-injected'), false, head);
      if (reply.status >= 400 && reply.content !== '' && !reply.fields.has('content-encoding'))
        assertReason(reply);
      return reply;
    },
  };
}

const PROTOTYPE_KEYS = Reflect.ownKeys(Object.prototype).length;
const ARRAY_KEYS = Reflect.ownKeys(Array.prototype).length;

/** A refusal says what it is. */
function assertReason({ status, fields, content }: BadReply): void {
  if (fields.get('content-type') === 'application/problem+json') {
    const problem = JSON.parse(Buffer.from(content, 'latin1').toString()) as {
      status: number;
      title: string;
    };
    assert.equal(problem.status, status);
    assert.ok(problem.title.length > 0);
  } else {
    assert.match(content, new RegExp(`^${status} \\S`));
  }
}
