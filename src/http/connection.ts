/**
 * One connection: a socket, the parser of what comes in, and the turns of what goes out. Both roles extend it.
 *
 * Listeners are functions of this module, one set for all sockets; what is a connection's own is a field. Nothing
 * here is made anew for a request.
 */
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { HEADER_OVERFLOW, type PeerError, socketEncoding } from '../errors.js';
import type { MessageParser, MessageSink } from '../wire/parser.js';
import type { Emitter } from './emitter.js';
import { keepBytes, keepsContent, keepText } from './flowing.js';
import type { BodySource, Incoming } from './incoming-message.js';
import { Outbox } from './outbox.js';
import { throwLater } from './outgoing.js';
import { process } from './process.js';
import {
  copyOf,
  hasNestedReads,
  type Reader,
  readAsStream,
  readShared,
  sharedReads,
  stopReading,
} from './shared-read.js';
import { kConnection } from './symbols.js';

/** A socket, or any Duplex a user takes for one, with what is kept for ourselves. */
export interface ConnectionSocket extends Socket {
  [kConnection]?: Connection;
  _httpMessage?: unknown;
  _readableState?: { readingMore: boolean };
  _events?: Record<string, unknown>;
  parser?: unknown;
}

export abstract class Connection implements MessageSink, BodySource, Reader {
  readonly socket: ConnectionSocket;
  readonly outbox: Outbox;
  protected abstract readonly parser: MessageParser;

  /** The message whose content is being received. */
  protected incoming: Incoming | null = null;
  /** Input that was received but must wait: messages behind one that blocks, or an upgrade's first bytes. */
  private heldInput: Buffer | null = null;
  /** What is still to come must wait, too. */
  private isHeldBack = false;
  /** False once nothing that comes in is a message any more: after a close, a failure, an upgrade. */
  protected reads = true;
  /** Listeners for the socket's 'data' that are ours: one or none. */
  private dataListeners = 1;
  /** The content's reader is full. */
  private isBodyBlocked = false;
  /** An exception of the caller's listeners, kept until the parser has come to rest. */
  private thrown: { error: unknown } | null = null;
  private isCorkedForInput = false;
  protected isFeeding = false;
  /** The bytes at hand, where they belong to the next read: what is kept of them is copied. */
  private lent: Buffer | null = null;
  /** The read by which they came. */
  private lentRead = 0;
  readsOwn = false;
  /** The last chunk had more than one message. */
  private isPipelined = false;

  constructor(socket: ConnectionSocket) {
    this.socket = socket;
    this.outbox = new Outbox(socket);
  }

  /** Takes over the socket's events. */
  protected attach(): void {
    const { socket } = this;
    socket[kConnection] = this;
    socket.parser = this.parser;
    // Text would not be octets any more.
    socket.setEncoding = refuseEncoding;
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.on('end', onEnd);
    socket.on('drain', onDrain);
    socket.on('data', onData);
    // Whoever paused it to hand it over wants it read now.
    if (socket.readableFlowing === false) socket.resume();
    readShared(socket);
    this.setReadingAhead(false);
  }

  /** Gives the socket's events back: it is another protocol's now. */
  protected detach(): void {
    const { socket } = this;
    socket.removeListener('error', onError);
    socket.removeListener('close', onClose);
    socket.removeListener('end', onEnd);
    socket.removeListener('drain', onDrain);
    socket.removeListener('data', onData);
    this.outbox.release();
    stopReading(this);
    readAsStream(socket);
    this.setReadingAhead(true);
    socket[kConnection] = undefined;
    socket.parser = null;
    delete (socket as { setEncoding?: unknown }).setEncoding;
    this.reads = false;
  }

  /**
   * The socket is closed, and has no more need of all this. Node's own streams are held until the next full collection
   * from Node 24 on, and what they hold is with them.
   */
  protected forgetSocket(): void {
    const { socket } = this;
    // Somebody said so by hand: the socket is still to be read to its end.
    if (!socket.destroyed) return;
    socket[kConnection] = undefined;
    socket.parser = null;
  }

  /** Listens to the socket's 'data' again. */
  protected hearData(): void {
    this.dataListeners = 1;
    // The socket flows already: what its own `on` would see to. Most often nobody else listens, and there is a place for
    // the listener.
    const emitter = this.socket as unknown as Emitter;
    const listeners = emitter._events;
    if (listeners !== undefined && listeners.data === undefined && listeners.newListener === undefined) {
      listeners.data = onData;
      emitter._eventsCount++;
    } else {
      addListener.call(this.socket, 'data', onData);
    }
  }

  protected ignoreData(): void {
    this.dataListeners = 0;
    const emitter = this.socket as unknown as Emitter;
    const listeners = emitter._events;
    if (listeners?.data === onData && listeners.removeListener === undefined) {
      listeners.data = undefined;
      emitter._eventsCount--;
    } else {
      removeListener.call(this.socket, 'data', onData);
    }
  }

  /** Hears no more of the socket's input: it is about to be destroyed. */
  protected deafen(): void {
    this.socket.removeListener('data', onData);
    this.socket.removeListener('end', onEnd);
  }

  /**
   * A socket of the system pushes what comes: the stream's own look for more, a scheduled call after every chunk,
   * would find nothing to do. Other Duplexes have to be asked.
   */
  private setReadingAhead(readsAhead: boolean): void {
    const { socket } = this;
    if (socket instanceof Socket && socket._readableState) socket._readableState.readingMore = !readsAhead;
  }

  // Events of the socket, for the roles.
  abstract onSocketError(error: Error): void;
  abstract onSocketClose(): void;
  abstract onSocketEnd(): void;
  abstract onSocketDrain(): void;

  // What the parser finds.
  abstract onHead(parser: MessageParser): boolean;
  abstract onTrailers(lines: string[]): void;
  abstract onComplete(): void;
  /** The parser failed at this byte of the input. */
  protected abstract onParseError(error: PeerError): void;
  /** Bytes that come in after messages have ended, in the read that ended them or in a later one. */
  protected abstract onUnreadable(chunk: Buffer, isLate: boolean): void;
  /** The messages end here: `head` are the first bytes of what follows. */
  protected abstract onTunnel(head: Buffer): void;
  /** Must what is behind this message wait? */
  protected abstract isBlocked(): boolean;

  onBody(bytes: Buffer, from: number, to: number): void {
    const { incoming } = this;
    if (incoming === null || incoming._dumped || incoming.destroyed) return;
    if (keepsContent(incoming)) {
      if (!keepText(incoming, bytes, from, to)) keepBytes(incoming, this.kept(bytes, from, to));
    } else if (!incoming.push(this.kept(bytes, from, to))) {
      this.blockBody();
    }
  }

  /** Does somebody else listen to what comes in on the socket? */
  get isOverheard(): boolean {
    const { socket } = this;
    // A stream that flows has no listener for 'readable', and one listener for an event is kept as it is.
    const only = this.dataListeners === 1 ? onData : undefined;
    if (socket.readableFlowing === true && socket._events?.data === only) return false;
    // Paused while it connected, it was read all the same: what came is the stream's until it is resumed.
    if (socket.readableFlowing === false) return true;
    return socket.listenerCount('data') > this.dataListeners || socket.listenerCount('readable') > 0;
  }

  get expectsContent(): boolean {
    const { incoming } = this;
    return incoming !== null && !incoming._dumped && !this.parser.isBeforeBody;
  }

  /** Bytes from the socket, the first `length` of a buffer that belongs to the next read. */
  feedLent(buffer: Buffer, length: number): void {
    const { parser } = this;
    // Listeners are called between one chunk of content and the next.
    const isInPieces = !parser.isBeforeBody && !parser.isContent(length);
    if (isInPieces || hasNestedReads) {
      this.feed(copyOf(buffer, 0, length), length);
      return;
    }
    this.lent = buffer;
    this.lentRead = sharedReads;
    try {
      this.feed(buffer, length);
    } finally {
      this.lent = null;
    }
  }

  /** Bytes from the socket: the first `length` of the chunk. */
  feed(chunk: Buffer, length: number): void {
    if (!this.reads) {
      this.onUnreadable(this.kept(chunk, 0, length), true);
      return;
    }
    if (this.heldInput !== null) {
      // The socket was paused too late for this chunk.
      this.heldInput = Buffer.concat([this.heldInput, chunk.subarray(0, length)]);
      return;
    }
    if (this.isFeeding) {
      // A listener runs the event loop: this is behind what is being read.
      this.heldInput = this.kept(chunk, 0, length);
      // It was read to where that is.
      if (this.readsOwn) this.socket.destroy();
      return;
    }
    this.parse(chunk, length);
    if (this.heldInput !== null) this.resumeMessages();
  }

  /** A part of the bytes at hand, to be kept beyond this read. */
  protected kept(bytes: Buffer, from: number, to: number): Buffer {
    if (bytes === this.lent) return copyOf(bytes, from, to);
    return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
  }

  private parse(chunk: Buffer, end: number): void {
    const { parser } = this;
    let at = 0;
    this.isFeeding = true;
    // Who pipelined will do so again: the responses to one chunk of requests leave together.
    if (this.isPipelined) this.corkInput();
    this.isPipelined = false;
    try {
      do {
        at = this.execute(chunk, at, end);
        if (at < end && chunk === this.lent && this.lentRead !== sharedReads) {
          // What is still to be read is another's by now.
          this.reads = false;
          this.socket.destroy();
          break;
        }
        if (at < end && parser.isBehindHead) continue;
        if (parser.error !== null) {
          this.reads = false;
          parser.error.bytesParsed = parser.error.code === HEADER_OVERFLOW ? lineEnd(chunk, at, end) : at;
          parser.error.rawPacket = this.kept(chunk, 0, end);
          this.onParseError(parser.error);
          break;
        }
        if (this.thrown !== null) {
          const { error } = this.thrown;
          this.thrown = null;
          if (at < end && this.reads) this.hold(chunk, at, end);
          process.nextTick(resumeMessages, this);
          throw error;
        }
        if (parser.isTunnel) {
          this.reads = false;
          this.onTunnel(at < end ? this.kept(chunk, at, end) : EMPTY);
          break;
        }
        if (!this.reads) {
          if (at < end) this.onUnreadable(this.kept(chunk, at, end), false);
          break;
        }
        if (at < end) {
          if (this.isBlocked()) {
            this.hold(chunk, at, end);
            break;
          }
          this.isPipelined = true;
          this.corkInput();
        }
      } while (at < end);
    } finally {
      this.rest();
    }
  }

  /** What a listener throws is kept; what comes out here was thrown by a message's class, and there is no message. */
  private execute(chunk: Buffer, from: number, end: number): number {
    try {
      return this.parser.execute(chunk, from, end);
    } catch (error) {
      // What comes behind it would be answered in its place.
      this.reads = false;
      this.socket.destroy();
      throw error;
    }
  }

  private rest(): void {
    this.isFeeding = false;
    if (this.heldInput !== null && !this.isBlocked()) process.nextTick(resumeMessages, this);
    if (!this.isCorkedForInput) return;
    this.isCorkedForInput = false;
    this.socket.uncork();
  }

  /** The responses to the input at hand leave together. */
  private corkInput(): void {
    if (this.isCorkedForInput) return;
    this.isCorkedForInput = true;
    this.socket.cork();
  }

  /** A response that ended is not to wait for somebody who corked the socket, and may never uncork it. */
  protected uncorkForeign(): void {
    const { socket } = this;
    const ours = this.isCorkedForInput ? 1 : 0;
    while (socket.writableCorked > ours) socket.uncork();
  }

  /** Runs a listener of the caller's from within the parser: what it throws is thrown when the parser is at rest. */
  protected keepThrown(error: unknown): void {
    if (this.thrown === null) this.thrown = { error };
    else throwLater(error);
  }

  private hold(chunk: Buffer, from: number, end: number): void {
    const held = this.kept(chunk, from, end);
    this.heldInput = this.heldInput === null ? held : Buffer.concat([held, this.heldInput]);
    this.socket.pause();
  }

  /** Something that blocked is gone: reads what was held, then from the socket. */
  resumeMessages(): void {
    if (this.isFeeding || this.isBlocked()) return;
    this.isHeldBack = false;
    const held = this.heldInput;
    if (held !== null) {
      this.heldInput = null;
      if (this.reads) this.parse(held, held.length);
      else this.onUnreadable(held, true);
      if (this.holdsInput) return;
    }
    if (!this.isBodyBlocked) this.socket.resume();
  }

  /** Nothing more is read until `resumeMessages` finds that nothing blocks. */
  protected holdBack(): void {
    this.isHeldBack = true;
    this.socket.pause();
  }

  /** The content's reader is full. */
  protected blockBody(): void {
    this.isBodyBlocked = true;
    this.socket.pause();
  }

  /** Ends the socket, and destroys it when all is written, as far as it has a way to do that. */
  protected destroySoon(): void {
    const { socket } = this;
    if (typeof socket.destroySoon === 'function') socket.destroySoon();
    else socket.end();
  }

  /** Nothing of the input is of use any more, but for its end. */
  protected discardInput(): void {
    this.heldInput = null;
    this.isHeldBack = false;
    this.isBodyBlocked = false;
    this.socket.resume();
  }

  /** Does input wait? */
  protected get holdsInput(): boolean {
    return this.heldInput !== null || this.isHeldBack;
  }

  /** The content's reader has room; or the content is complete, and holds up nothing that is behind it. */
  resumeBody(): void {
    if (!this.isBodyBlocked) return;
    this.isBodyBlocked = false;
    if (this.holdsInput) return;
    // Content waits for its reader alone: what blocks are messages behind it.
    if (this.incoming === null && this.isBlocked()) this.holdBack();
    else this.socket.resume();
  }
}

const EMPTY = Buffer.alloc(0);
const { addListener, removeListener } = EventEmitter.prototype;

/** Where the line ends that is too long: node:http notices it there. */
function lineEnd(chunk: Buffer, from: number, to: number): number {
  const end = chunk.subarray(0, to).indexOf('\r', from);
  return end === -1 ? to : end + 1;
}

function resumeMessages(connection: Connection): void {
  connection.resumeMessages();
}

function refuseEncoding(): never {
  throw socketEncoding();
}

function onData(this: ConnectionSocket, chunk: Buffer): void {
  this[kConnection]?.feed(chunk, chunk.length);
}

function onError(this: ConnectionSocket, error: Error): void {
  this[kConnection]?.onSocketError(error);
}

function onClose(this: ConnectionSocket): void {
  const connection = this[kConnection];
  // Requests have one too, and libraries have called the listeners of a socket with one of those.
  if (connection?.socket !== this) return;
  stopReading(connection);
  connection.onSocketClose();
}

function onEnd(this: ConnectionSocket): void {
  this[kConnection]?.onSocketEnd();
}

function onDrain(this: ConnectionSocket): void {
  this[kConnection]?.onSocketDrain();
}
