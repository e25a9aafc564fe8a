/**
 * What a connection writes within one turn of the event loop, on its way to the socket.
 *
 * A response that is written in pieces would cost the system a call, and the stream a queue entry, for each. Text is
 * gathered here and leaves as one write: at the end of the turn, with the end of the message, or when it has grown to
 * the socket's high-water mark. Content in buffers is corked.
 */
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { type Callback, type Chunk, callAll, nop } from './outgoing.js';

/** A socket whose own writing methods look into the outbox first. */
interface GuardedSocket extends Socket {
  [kOutbox]?: Outbox;
}

/**
 * Text up to this size is joined with what goes before and behind it: the socket writes up to 16 KiB of text from its
 * own stack. Longer text would be copied once more to be joined.
 */
export const TEXT_JOIN_LIMIT = 15 * 1024;

const { write } = Writable.prototype;

const kOutbox = Symbol('barewire.outbox');

export class Outbox {
  private readonly socket: GuardedSocket;
  private text = '';
  private callbacks: Callback[] | null = null;
  private isGathering = false;
  /** Who is told that the end of a message was written, where that takes no callback of the socket. */
  private endCallback: Callback | null = null;
  private hasUntoldEnd = false;
  /** The socket's `write`, as long as nobody but us has put another in its place. */
  private plainWrite: unknown = write;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /**
   * A write with a callback is called back in a tick of its own, which costs more than the write did in the stream. The
   * system takes most writes at once, and then the stream holds nothing: where this is the callback of a write, it is
   * left out, and who writes asks `isEndTaken` behind it. Only for sockets of the system, since others, TLS among them,
   * may pass on later what they took.
   */
  leaveOut(endCallback: Callback): void {
    const { socket } = this;
    if (socket instanceof Socket && !(socket as { encrypted?: boolean }).encrypted) {
      this.endCallback = endCallback;
    }
  }

  /** Did the system take what was to be called back, and nobody was? To be asked behind the end of each message. */
  isEndTaken(): boolean {
    const { hasUntoldEnd } = this;
    this.hasUntoldEnd = false;
    return hasUntoldEnd;
  }

  /** Characters, each one byte, that wait here. */
  get length(): number {
    return this.text.length;
  }

  /** What is written until the end of this turn of the event loop leaves together. */
  gatherUntilTick(): void {
    if (this.isGathering || this.socket.writableCorked > 0) return;
    this.isGathering = true;
    this.guard();
    this.socket.cork();
    process.nextTick(flushOutbox, this);
  }

  /** Writes, now or with what is gathered. Returns false where the caller should wait for 'drain'. */
  write(
    data: Chunk,
    encoding: BufferEncoding | null | undefined,
    callback: Callback | null | undefined,
  ): boolean {
    const { socket } = this;
    if (this.isGathering && encoding === 'latin1' && data.length <= TEXT_JOIN_LIMIT) {
      this.text += data;
      if (callback && callback !== nop) (this.callbacks ??= []).push(callback);
      return this.text.length + socket.writableLength < socket.writableHighWaterMark || this.flushText();
    }
    this.flushText();
    const isEnd = callback === this.endCallback && callback !== null;
    const isSentAtOnce = socket.writableCorked === 0 && !socket.connecting;
    if (isEnd && isSentAtOnce && socket.write === this.plainWrite) {
      return this.writeEnd(data, encoding, callback);
    }
    return socket.write(data as string, encoding as BufferEncoding, callback as Callback);
  }

  private writeEnd(data: Chunk, encoding: BufferEncoding | null | undefined, callback: Callback): boolean {
    const { socket } = this;
    const accepted = socket.write(data as string, encoding as BufferEncoding);
    // The peer reads slowly.
    if (socket.writableLength > 0) socket.write('', 'latin1', callback);
    // Where it failed, the connection is about to close.
    else this.hasUntoldEnd = !socket.errored;
    return accepted;
  }

  /** Everything leaves now. */
  flush(): void {
    if (!this.isGathering) return;
    this.isGathering = false;
    this.flushText();
    this.socket.uncork();
  }

  private flushText(): boolean {
    const { text, callbacks } = this;
    if (text === '' && callbacks === null) return true;
    this.text = '';
    if (callbacks === null) return this.socket.write(text, 'latin1');
    this.callbacks = null;
    if (callbacks.length === 1) return this.socket.write(text, 'latin1', callbacks[0]);
    return this.socket.write(text, 'latin1', (error) => callAll(callbacks, error));
  }

  /**
   * The caller has the socket too, and may write to it or end it in the same turn: what waits here goes first. Only
   * sockets that ever gathered anything pay for it.
   */
  private guard(): void {
    const { socket } = this;
    if (socket[kOutbox] === this) return;
    socket[kOutbox] = this;
    const isPlain = socket.write === this.plainWrite;
    for (const name of ['write', 'end', 'destroySoon'] as const) {
      const method = socket[name] as ((...args: unknown[]) => unknown) | undefined;
      if (typeof method !== 'function') continue;
      Object.defineProperty(socket, name, {
        value(this: GuardedSocket, ...args: unknown[]) {
          this[kOutbox]?.flushText();
          return method.apply(this, args);
        },
        writable: true,
        configurable: true,
      });
    }
    if (isPlain) this.plainWrite = socket.write;
  }

  /** The socket is another protocol's from here on. */
  release(): void {
    this.flush();
    if (this.socket[kOutbox] !== this) return;
    this.socket[kOutbox] = undefined;
  }
}

function flushOutbox(outbox: Outbox): void {
  outbox.flush();
}
