/**
 * What a connection writes within one turn of the event loop, on its way to the socket.
 *
 * A response that is written in pieces would cost the system a call, and the stream a queue entry, for each. Small pieces
 * are gathered here and leave as one write: at the end of the turn, with the end of the message, or when there is no room
 * for more. Large ones are corked.
 *
 * They are put together on the stage where the socket is the system's, and has nothing else to write: then most often
 * the system takes all at once. Elsewhere, and while somebody else has the stage, text is joined as text.
 */
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { type Callback, type Chunk, callAll, nop } from './outgoing.js';
import { process } from './process.js';
import { STAGE_SIZE, stage } from './stage.js';

/** A socket whose own writing methods look into the outbox first. */
interface GuardedSocket extends Socket {
  [kOutbox]?: Outbox;
  _handle?: Handle | null;
}

/**
 * Text up to this size is joined with what goes before and behind it: the socket writes up to 16 KiB of text from its
 * own stack. Longer text would be copied once more to be joined.
 */
export const TEXT_JOIN_LIMIT = 15 * 1024;

/** Content in buffers is copied up to this size, where that costs less than a write of several pieces. */
export const JOIN_LIMIT = 4 * 1024;

const { write } = Writable.prototype;
const { _write } = Socket.prototype;

/** What a socket writes by. */
interface Handle {
  writeBuffer?: unknown;
}

/** The system's own `writeBuffer`: that of TCP and of pipes is one. */
let systemWrite: unknown;

/**
 * Does the handle give to the system what it is given? What others have in its place, libraries that mock the network
 * among them, may keep it.
 */
function isOfSystem(handle: Handle | null | undefined): boolean {
  const method = handle?.writeBuffer;
  if (method === undefined) return false;
  if (method === systemWrite) return true;
  // No function that is not of the system's reads so, bound ones included: they have no name there.
  const source = 'function writeBuffer() { [native code] }';
  if (typeof method !== 'function' || Function.prototype.toString.call(method) !== source) return false;
  systemWrite = method;
  return true;
}

const kOutbox = Symbol('barewire.outbox');

export class Outbox {
  private readonly socket: GuardedSocket;
  private text = '';
  private callbacks: Callback[] | null = null;
  private isGathering = false;
  /** Is it gathered on the stage? */
  private isStaging = false;
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

  /** Octets that wait here. */
  get length(): number {
    return this.isStaging ? stage.length : this.text.length;
  }

  /** Does the system get at once what is written to the socket now, and nobody else? */
  private isOpen(): boolean {
    const { socket } = this;
    return (
      this.endCallback !== null &&
      socket.write === this.plainWrite &&
      socket._write === _write &&
      isOfSystem(socket._handle) &&
      socket.writableLength === 0 &&
      socket.writableCorked === 0 &&
      !socket.connecting
    );
  }

  /** What is written until the end of this turn of the event loop leaves together. */
  gatherUntilTick(): void {
    if (this.isGathering || this.socket.writableCorked > 0) return;
    this.guard();
    this.isGathering = true;
    this.isStaging = !stage.isTaken && this.isOpen();
    if (this.isStaging) stage.take();
    this.socket.cork();
    process.nextTick(flushOutbox, this);
  }

  /** May so many octets be written by `writeJoined`? Where they are text, and nothing else is gathered, `write` is faster. */
  joins(length: number, isText: boolean): boolean {
    if (length > STAGE_SIZE) return false;
    return this.isGathering ? this.isStaging : !isText && !stage.isTaken && this.isOpen();
  }

  /** Writes content of `length` octets as `write` does, with lines of Latin-1 before and behind it. */
  writeJoined(
    head: string,
    line: string,
    content: Chunk,
    encoding: BufferEncoding | null | undefined,
    length: number,
    end: string,
    callback: Callback | null | undefined,
  ): boolean {
    const isText = typeof content === 'string' && encoding === 'latin1';
    // Throws for an encoding that there is not.
    const octets =
      typeof content === 'string' && !isText ? Buffer.from(content, encoding ?? 'utf8') : content;
    if (!this.isGathering) stage.take();
    else if (stage.length + head.length + line.length + length + end.length > STAGE_SIZE) this.flushStaged();
    if (head !== '') stage.putText(head);
    if (line !== '') stage.putText(line);
    if (isText) stage.putText(content);
    else stage.put(octets as Uint8Array);
    if (end !== '') stage.putText(end);
    if (!this.isGathering) return this.writeStaged(callback);
    if (callback && callback !== nop) (this.callbacks ??= []).push(callback);
    return this.hasRoom();
  }

  /** Writes, now or with what is gathered. Returns false where the caller should wait for 'drain'. */
  write(
    data: Chunk,
    encoding: BufferEncoding | null | undefined,
    callback: Callback | null | undefined,
  ): boolean {
    const isText = typeof data === 'string' && encoding === 'latin1';
    if (this.isStaging) {
      // No encoding makes more than three octets of a character.
      const bound = typeof data !== 'string' ? data.byteLength : isText ? data.length : data.length * 3;
      if (bound <= (isText ? TEXT_JOIN_LIMIT : JOIN_LIMIT)) {
        return this.writeJoined('', '', data, encoding, bound, '', callback);
      }
    } else if (this.isGathering && isText && data.length <= TEXT_JOIN_LIMIT) {
      this.text += data;
      if (callback && callback !== nop) (this.callbacks ??= []).push(callback);
      return this.hasRoom() || this.flushGathered();
    }
    this.flushGathered();
    return this.writeThrough(data, encoding, callback);
  }

  private writeThrough(
    data: Chunk,
    encoding: BufferEncoding | null | undefined,
    callback: Callback | null | undefined,
  ): boolean {
    if (callback && callback === this.endCallback && this.isOpen()) {
      return this.writeEnd(data, encoding, callback);
    }
    return this.socket.write(data as string, encoding as BufferEncoding, callback as Callback);
  }

  /** May the caller go on? What waits here counts as if the socket had it. */
  private hasRoom(): boolean {
    return this.length + this.socket.writableLength < this.socket.writableHighWaterMark;
  }

  private writeEnd(data: Chunk, encoding: BufferEncoding | null | undefined, callback: Callback): boolean {
    const { socket } = this;
    const accepted = socket.write(data as string, encoding as BufferEncoding);
    // The peer reads slowly.
    if (socket.writableLength > 0) socket.write('', 'latin1', callback);
    // As the stream has it: before the socket's 'error'.
    else if (socket.errored) process.nextTick(callback, socket.errored);
    else this.hasUntoldEnd = true;
    return accepted;
  }

  /** Everything leaves now. */
  flush(): void {
    if (!this.isGathering) return;
    this.isGathering = false;
    const { socket } = this;
    // Where nothing is before it, it need not go through the stream's list.
    const isFirst = socket.writableLength === 0;
    if (isFirst) socket.uncork();
    this.flushGathered();
    if (!isFirst) socket.uncork();
  }

  private flushGathered(): boolean {
    if (this.isStaging) return this.flushStaged();
    const { text, callbacks } = this;
    if (text === '' && callbacks === null) return true;
    this.text = '';
    this.callbacks = null;
    return this.socket.write(text, 'latin1', joinedCallback(callbacks) as Callback);
  }

  private flushStaged(): boolean {
    const { callbacks } = this;
    this.callbacks = null;
    this.isStaging = false;
    const accepted = this.writeStaged(joinedCallback(callbacks));
    if (this.isGathering) {
      this.isStaging = true;
      stage.take();
    }
    return accepted;
  }

  /** Writes what is on the stage, and leaves it. */
  private writeStaged(callback: Callback | null | undefined): boolean {
    const { socket } = this;
    const isOpen = this.isOpen();
    let octets = stage.leave();
    if (octets.length === 0) {
      stage.reuse();
      return callback ? socket.write('', 'latin1', callback) : true;
    }
    if (!isOpen && octets.length < STAGE_SIZE / 2) {
      // While it waits, it would keep the whole stage.
      octets = Buffer.from(octets);
      stage.reuse();
    }
    const accepted = this.writeThrough(octets, null, callback);
    if (isOpen && socket.writableLength === 0) stage.reuse();
    return accepted;
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
          this[kOutbox]?.flushGathered();
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

function joinedCallback(callbacks: Callback[] | null): Callback | null {
  if (callbacks === null) return null;
  return callbacks.length === 1 ? callbacks[0] : (error) => callAll(callbacks, error);
}

function flushOutbox(outbox: Outbox): void {
  outbox.flush();
}
