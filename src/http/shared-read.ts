/**
 * Reads sockets of the system into one buffer that all of them share.
 *
 * A stream makes a buffer of 64 KiB for every read, and shrinks it: of what a small request costs, that is a third.
 * `net.Socket` has a way around it, the option `onread` with a buffer of the caller's. A server's sockets are made by
 * `net.Server`, which does not take the option; so it is given to the socket afterwards, by the names under which a
 * socket keeps it. Where these are not to be found, and for Duplexes that are no sockets, the stream is read instead.
 *
 * node:http reads so too: its parser takes the bytes from the socket's handle.
 */
import { Socket } from 'node:net';
import type { ConnectionSocket } from './connection.js';

/** What a socket is read into: as much as the system is asked for at a time (libuv's own size). */
const SHARED_SIZE = 64 * 1024;

/** Bytes that were read: the first `length` of the buffer, which belongs to the next read when this returns. */
type OnRead = (this: ConnectionSocket, length: number, buffer: Buffer) => boolean;

interface OnreadNames {
  readonly buffer: symbol;
  readonly callback: symbol;
}

/** The names under which a socket keeps the option `onread`; null where this Node has others than we know how to find. */
function findNames(): OnreadNames | null {
  const buffer = Buffer.alloc(1);
  const callback = (): boolean => true;
  const socket = new Socket({ onread: { buffer, callback } }) as unknown as Record<symbol, unknown>;
  const symbols = Object.getOwnPropertySymbols(socket);
  const bufferName = symbols.find((symbol) => socket[symbol] === buffer);
  const callbackName = symbols.find((symbol) => socket[symbol] === callback);
  const isKnown = bufferName !== undefined && callbackName !== undefined;
  return isKnown ? { buffer: bufferName, callback: callbackName } : null;
}

interface Handle {
  useUserBuffer?: (buffer: Buffer) => void;
}

let names: OnreadNames | null | undefined;
let shared: Buffer | undefined;

/**
 * Has what comes in on the socket handed to `onRead`, rather than pushed into the stream; what others push or unshift
 * is the stream's as before. Returns whether it does: not for what is no socket of the system, or holds bytes already.
 */
export function readShared(socket: ConnectionSocket, onRead: OnRead): boolean {
  if (!(socket instanceof Socket)) return false;
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  if (typeof handle?.useUserBuffer !== 'function') return false;
  names ??= findNames();
  if (names === null) return false;
  shared ??= Buffer.allocUnsafeSlow(SHARED_SIZE);
  const options = socket as unknown as Record<symbol, unknown>;
  // A caller that made the socket with the option reads it itself.
  if (options[names.buffer] !== null) return false;
  options[names.buffer] = shared;
  options[names.callback] = onRead;
  handle.useUserBuffer(shared);
  return true;
}

/** The stream gets what comes in again, each time in a buffer of its own. */
export function readByStream(socket: ConnectionSocket): void {
  if (names) (socket as unknown as Record<symbol, unknown>)[names.callback] = pushCopy;
}

/** A read for the socket's stream. Returns whether it wants more. */
export function pushCopy(this: ConnectionSocket, length: number, buffer: Buffer): boolean {
  return this.push(Buffer.from(buffer.subarray(0, length)));
}
