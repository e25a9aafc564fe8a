/**
 * Reads sockets of the system into one buffer that all of them share.
 *
 * A stream makes a buffer of 64 KiB for every read, and shrinks it: of what a small request costs, that is a third.
 * `net.Socket` has a way around it, the option `onread` with a buffer of the caller's. A server's sockets are made by
 * `net.Server`, which does not take the option; so it is given to the socket afterwards, by the names under which a
 * socket keeps it. Where these are not to be found, and for Duplexes that are no sockets, the stream is read instead.
 *
 * node:http reads so too: its parser takes the bytes from the socket's handle, into a buffer of its own.
 *
 * Content has to be copied out of a shared buffer. Where much of it comes, the next read is into a buffer that is
 * handed on as it is.
 */
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { MAX_OWN_READS, READ_SIZE } from '../wire/limits.js';
import type { ConnectionSocket } from './connection.js';
import { throwLater } from './outgoing.js';
import { process } from './process.js';
import { settleDue } from './settling.js';
import { kConnection } from './symbols.js';

/** Who reads a socket so. */
export interface Reader {
  /** Does somebody else listen to what comes in on the socket? */
  readonly isOverheard: boolean;
  /** Will more content come than there was in this read? */
  readonly expectsContent: boolean;
  /** Is the next read into a buffer of this socket's own? */
  readsOwn: boolean;
  /** The first `length` bytes of the buffer, which belongs to the next read when this returns. */
  feedLent(buffer: Buffer, length: number): void;
  /** The first `length` bytes of the buffer, which nobody writes to any more. */
  feed(buffer: Buffer, length: number): void;
}

/** The names under which a socket keeps what it was told to read into, and who is told of it. */
interface OnreadNames {
  readonly buffer: symbol;
  readonly generator: symbol;
  readonly callback: symbol;
}

type Keeper = Record<symbol, unknown>;

/** What a socket keeps under which symbol: null where this Node has other ways than we know of. */
function findNames(): OnreadNames | null {
  const buffer = Buffer.alloc(1);
  const generator = (): Buffer => buffer;
  const callback = (): boolean => true;
  const fixed = new Socket({ onread: { buffer, callback } }) as unknown as Keeper;
  const generated = new Socket({ onread: { buffer: generator, callback } }) as unknown as Keeper;
  const find = (socket: Keeper, value: unknown) =>
    Object.getOwnPropertySymbols(socket).find((symbol) => socket[symbol] === value);
  const found = {
    buffer: find(fixed, buffer),
    generator: find(generated, generator),
    callback: find(fixed, callback),
  };
  return found.buffer && found.generator && found.callback ? (found as OnreadNames) : null;
}

interface Handle {
  useUserBuffer?: (buffer: Buffer) => void;
}

let names: OnreadNames | null | undefined;
let shared: Buffer | undefined;
/** Sockets whose next read is into a buffer of their own. */
let ownReads = 0;
/** A read has just been handled, and the socket is about to ask for the next one's buffer. */
let isAsked = false;
/** That buffer; undefined: the one that it has. */
let next: Buffer | undefined;
/** The socket that was given another buffer last. */
let switched: ConnectionSocket | null = null;
let isMonitoring = false;
/** Is what was read being handled? */
let isReading = false;
/** Reads into the shared buffer: whoever waits for a listener sees by it whether its bytes are still there. */
export let sharedReads = 0;
/**
 * Did a listener ever run the event loop, and with it reads of other sockets? Libraries that make what is asynchronous
 * look synchronous do that (deasync). The first such read may cost the connection whose bytes were in the buffer; from
 * then on, what is read is copied before listeners are called.
 */
export let hasNestedReads = false;

/** Where the socket reads to from now on: asked for after each read, and where a socket that connects gets a handle. */
function nextBuffer(): Buffer | undefined {
  if (!isAsked) return shared;
  isAsked = false;
  const given = next;
  next = undefined;
  return given;
}

/**
 * Has what comes in on the socket handed to its connection, rather than pushed into the stream. What others push or
 * unshift is the stream's as before. Does nothing for what is no socket of the system.
 */
export function readShared(socket: ConnectionSocket): void {
  // Who replaced its _read feeds it: the handle, as with libraries that mock the network, may be connected to nothing.
  if (!(socket instanceof Socket) || socket._read !== Socket.prototype._read) return;
  const handle = handleOf(socket);
  if (typeof handle?.useUserBuffer !== 'function') return;
  if (names === undefined) names = findNames();
  if (names === null) return;
  const keeper = socket as unknown as Keeper;
  // Who made the socket with the option reads it: another's, or ours of before.
  if (keeper[names.buffer] !== null && keeper[names.generator] !== nextBuffer) return;
  // It was handed over, and comes back.
  if (socket.pause === Duplex.prototype.pause) {
    for (const name of OF_STREAMS) Reflect.deleteProperty(socket, name);
  }
  shared ??= Buffer.allocUnsafeSlow(READ_SIZE);
  keeper[names.buffer] = shared;
  keeper[names.generator] = nextBuffer;
  keeper[names.callback] = onRead;
  handle.useUserBuffer(shared);
}

/** What a socket with a buffer of its caller's does otherwise than a stream: paused, it does not read on. */
const OF_STREAMS = ['pause', 'resume', 'read'] as const;

/**
 * The socket is another protocol's from now on, for which it has to be as any other: while it is paused, it reads until
 * the stream is full, and so sees its end. A pipe whose other end is gone leaves it like that.
 */
export function readAsStream(socket: ConnectionSocket): void {
  if (!names || (socket as unknown as Keeper)[names.generator] !== nextBuffer) return;
  for (const name of OF_STREAMS) {
    const value = Duplex.prototype[name];
    Object.defineProperty(socket, name, { value, writable: true, configurable: true });
  }
}

/** The reader's socket is closed, or another protocol's: it needs no buffer of its own. */
export function stopReading(reader: Reader): void {
  if (reader.readsOwn) ownReads--;
  reader.readsOwn = false;
}

/** A read, of so many bytes. Returns whether to read on: who wants no more pauses the socket. */
function onRead(this: ConnectionSocket, length: number, buffer: Buffer): boolean {
  if (buffer === shared) {
    sharedReads = (sharedReads + 1) | 0;
    if (isReading) hasNestedReads = true;
  }
  isReading = true;
  const read = sharedReads;
  settleDue();
  next = undefined;
  let goesOn = true;
  try {
    if (buffer === shared && read !== sharedReads) this.destroy();
    else goesOn = take(this, length, buffer);
  } catch (error) {
    // Thrown from here, it would keep the socket from asking for its next buffer.
    throwLater(error);
  }
  isReading = false;
  isAsked = true;
  switched = null;
  if (next !== undefined) {
    switched = this;
    if (!isMonitoring) process.on('uncaughtExceptionMonitor', tellAgain);
    isMonitoring = true;
  }
  return goesOn;
}

/**
 * An exception that nobody caught, in a tick or a microtask behind a read, keeps from the system what the socket
 * returned: its next buffer. Where the process lives on, one side would read to a buffer that somebody has by now, and
 * the other from one that nothing was read to.
 */
function tellAgain(): void {
  if (switched === null || !names) return;
  const buffer = (switched as unknown as Keeper)[names.buffer];
  if (buffer !== undefined) handleOf(switched)?.useUserBuffer?.(buffer as Buffer);
  switched = null;
}

function handleOf(socket: ConnectionSocket): Handle | null | undefined {
  return (socket as unknown as { _handle?: Handle | null })._handle;
}

function take(socket: ConnectionSocket, length: number, buffer: Buffer): boolean {
  const reader: Reader | undefined = socket[kConnection];
  if (reader === undefined || reader.isOverheard) {
    if (buffer !== shared) next = shared;
    if (reader !== undefined) stopReading(reader);
    return socket.push(copyOf(buffer, 0, length));
  }
  if (buffer === shared) {
    reader.feedLent(buffer, length);
    if (length === buffer.length && reader.expectsContent && ownReads < MAX_OWN_READS) {
      reader.readsOwn = true;
      ownReads++;
      next = Buffer.allocUnsafeSlow(READ_SIZE);
    }
    return true;
  }
  next = shared;
  if (length < READ_SIZE / 2) {
    // A small piece would keep the whole buffer.
    stopReading(reader);
    reader.feedLent(buffer, length);
    return true;
  }
  reader.feed(buffer, length);
  if (reader.readsOwn && reader.expectsContent) next = Buffer.allocUnsafeSlow(READ_SIZE);
  else stopReading(reader);
  return true;
}

/** A part of a buffer, in one that belongs to nobody else. */
export function copyOf(buffer: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  buffer.copy(copy, 0, from, to);
  return copy;
}
