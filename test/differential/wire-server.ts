import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { bounded } from './bounded.js';
import { WireConnection } from './wire-connection.js';

/** What a request is answered with: text to send, or what to do with the connection it came on. */
export type Reply = string | ((connection: WireConnection, request: string) => unknown);

const lengthField = /^content-length: *(\d+)/im;
const chunkedField = /^transfer-encoding: *chunked/im;

/** How long the first request in `text` is, or 0 while it is not there as a whole. */
function requestLength(text: string): number {
  const end = text.indexOf('\r\n\r\n') + 4;
  if (end === 3) return 0;
  const head = text.slice(0, end);
  if (chunkedField.test(head)) {
    const last = /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(end));
    return last === null ? 0 : end + last.index + last[0].length;
  }
  const length = Number(lengthField.exec(head)?.[1] ?? 0);
  return text.length < end + length ? 0 : end + length;
}

/**
 * A server that knows no more of HTTP than where a request ends. It gives the n-th request that arrives as a whole,
 * on whatever connection, the n-th of its replies, and all that come later the last one.
 */
export class WireServer {
  readonly server: Server;
  /** Every connection so far, in the order of their arrival. */
  readonly connections: WireConnection[] = [];
  /** How many whole requests have arrived. */
  requests = 0;
  readonly #replies: readonly Reply[];
  readonly #waiting = new Set<() => void>();

  constructor(replies: readonly Reply[]) {
    this.#replies = replies;
    this.server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async listen(...address: [path: string] | [port: number, host: string]): Promise<void> {
    this.server.listen(...(address as [number, string]));
    await bounded('the wire server listens', once(this.server, 'listening'));
  }

  /** Resolves with the connection at `index` as soon as there is one. */
  async connection(index = 0): Promise<WireConnection> {
    await this.#when(`connection ${index}`, () => this.connections.length > index);
    return this.connections[index];
  }

  /** Resolves when `count` whole requests have arrived. */
  async received(count: number): Promise<void> {
    await this.#when(`${count} requests`, () => this.requests >= count);
  }

  /** All bytes that arrived, connection by connection. */
  get text(): string {
    return this.connections.map(({ received }) => received).join('');
  }

  /** Destroys what is open and stops listening. */
  async close(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(socket: Socket): void {
    const connection = new WireConnection(socket);
    let read = 0;
    socket.on('data', () => {
      for (;;) {
        const length = requestLength(connection.received.slice(read));
        if (length === 0) break;
        const request = connection.received.slice(read, read + length);
        read += length;
        this.#answer(connection, request);
      }
    });
    this.connections.push(connection);
    for (const check of this.#waiting) check();
  }

  #answer(connection: WireConnection, request: string): void {
    this.requests++;
    const reply = this.#replies[Math.min(this.requests, this.#replies.length) - 1];
    if (typeof reply === 'string') connection.socket.write(reply, 'latin1');
    else reply?.(connection, request);
    for (const check of this.#waiting) check();
  }

  async #when(what: string, holds: () => boolean): Promise<void> {
    let check = () => {};
    const met = new Promise<void>((resolve) => {
      check = () => {
        if (holds()) resolve();
      };
      this.#waiting.add(check);
      check();
    });
    try {
      await bounded(what, met, () => `; received ${JSON.stringify(this.text)}`);
    } finally {
      this.#waiting.delete(check);
    }
  }
}
