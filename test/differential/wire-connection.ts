import type { Socket } from 'node:net';
import { bounded } from './bounded.js';

/** How the connection ended, seen from this end. */
export type Ending = 'end' | 'close' | `error ${string}`;

/**
 * One end of a connection that knows nothing of HTTP: it sends the segments it is given, when it is told to, and
 * keeps every byte it receives.
 */
export class WireConnection {
  readonly socket: Socket;
  /** The TCP socket; `socket` itself where there is no TLS. */
  readonly #raw: Socket;
  /** Every byte received so far, as latin1. */
  received = '';
  /** Resolves when the socket is closed for good. */
  readonly ending: Promise<Ending>;
  #ending: Ending = 'close';
  #progress = new Set<() => void>();
  #closed = false;

  constructor(socket: Socket, raw: Socket = socket) {
    this.socket = socket;
    this.#raw = raw;
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.#advance();
    });
    this.socket.on('end', () => {
      this.#ending = 'end';
      this.#advance();
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#ending = `error ${error.code}`;
    });
    this.ending = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#closed = true;
        this.#advance();
        resolve(this.#ending);
      });
    });
  }

  /** Sends one segment and resolves when the kernel has taken it. */
  async send(segment: string | Uint8Array): Promise<void> {
    const bytes = typeof segment === 'string' ? Buffer.from(segment, 'latin1') : segment;
    await bounded(
      'the segment is written',
      new Promise<void>((resolve, reject) => {
        this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    );
  }

  /** Resolves when `wanted` has been received: so many bytes, a text `times` times, or a pattern. */
  async until(wanted: string | number | RegExp, times = 1): Promise<void> {
    const arrived = () => {
      if (typeof wanted === 'number') return this.received.length >= wanted;
      if (typeof wanted === 'string') return this.received.split(wanted).length > times;
      return wanted.test(this.received);
    };
    await this.#when(`${wanted} is received`, arrived);
  }

  /** Resolves at the FIN of the other end. */
  async ended(): Promise<void> {
    await this.#when('the end is seen', () => this.#ending !== 'close');
  }

  /** Half-closes: FIN after what was sent. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Closes with RST. */
  reset(): void {
    this.#raw.resetAndDestroy();
  }

  /** Sends bytes beside TLS, where the other end expects its records. */
  sendRaw(bytes: string): void {
    this.#raw.write(bytes, 'latin1');
  }

  /** Resolves when the connection is closed, with how it ended. */
  async closed(): Promise<Ending> {
    return bounded(`the connection closes (received ${JSON.stringify(this.received)})`, this.ending);
  }

  #advance(): void {
    for (const check of this.#progress) check();
  }

  async #when(what: string, holds: () => boolean): Promise<void> {
    let check = () => {};
    const met = new Promise<void>((resolve, reject) => {
      check = () => {
        if (holds()) resolve();
        else if (this.#closed) {
          reject(new Error(`closed before ${what}; received ${JSON.stringify(this.received)}`));
        }
      };
      this.#progress.add(check);
      check();
    });
    try {
      await bounded(what, met, () => `; received ${JSON.stringify(this.received)}`);
    } finally {
      this.#progress.delete(check);
    }
  }
}
