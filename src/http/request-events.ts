/**
 * The events of a client's request. Most have no listener, and 'response' has one: to find that out, and to call it, needs
 * none of what `once` and `emit` do for all events of all emitters.
 */
import { EventEmitter } from 'node:events';
import type { IncomingResponse } from './client-exchange.js';
import type { Request } from './client-request.js';
import type { ConnectionSocket } from './connection.js';
import { callsListeners, type Emitter, plainEmit } from './emitter.js';
import { OutgoingMessage } from './outgoing-message.js';

type Listener = (...args: unknown[]) => unknown;

/** What `on` and `once` are where nobody has put others in their place. */
const { on } = OutgoingMessage.prototype;
const { once } = EventEmitter.prototype;

/** The listeners of a request, as an object that is no dictionary. */
interface RequestListeners extends Record<string, unknown> {
  response: unknown;
}

const RequestListeners = function RequestListeners(this: RequestListeners, response: Listener) {
  this.response = response;
} as unknown as new (
  response: Listener,
) => RequestListeners;
// Names of events find nothing but listeners.
RequestListeners.prototype = Object.create(null);

/** What `once('response', callback)` does, for a request that is being made. @throws ERR_INVALID_ARG_TYPE */
export function hearResponse(request: Request, callback: unknown): void {
  const emitter = request as unknown as Emitter;
  const isPlain = emitter._events === undefined && request.once === once && (request.on as unknown) === on;
  if (!isPlain || typeof callback !== 'function') {
    // Throws, where it is no function.
    request.once('response', callback as Listener);
    return;
  }
  const heard = (...args: unknown[]): unknown => {
    const { _events: listeners } = emitter;
    if (listeners?.response === heard && listeners.removeListener === undefined) {
      listeners.response = undefined;
      emitter._eventsCount--;
    } else {
      request.removeListener('response', heard);
    }
    return Reflect.apply(callback, request, args);
  };
  // As `listeners` and `removeListener` look for it.
  heard.listener = callback;
  emitter._events = new RequestListeners(heard);
  emitter._eventsCount = 1;
}

/** Returns false where nobody hears. */
export function emitResponse(request: Request, response: IncomingResponse): boolean {
  const emitter = request as unknown as Emitter;
  const listener = callsListeners(emitter) ? emitter._events?.response : undefined;
  if (typeof listener !== 'function') return request.emit('response', response);
  listener.call(request, response);
  return true;
}

export function emitSocket(request: Request, socket: ConnectionSocket): void {
  const emitter = request as unknown as Emitter;
  if (emitter._events?.socket !== undefined || emitter.emit !== plainEmit) request.emit('socket', socket);
}

/** Does nobody hear of the end of the request? */
export function isFinishUnheard(request: Request): boolean {
  const emitter = request as unknown as Emitter;
  return emitter._events?.finish === undefined && emitter.emit === plainEmit;
}

export function emitFinish(request: Request): void {
  if (!isFinishUnheard(request)) request.emit('finish');
}

export function emitClose(request: Request): void {
  const emitter = request as unknown as Emitter;
  if (emitter._events?.close !== undefined || emitter.emit !== plainEmit) request.emit('close');
}

/** The listeners of a response, which has ours before anybody else's; in the order in which a stream keeps them. */
interface ResponseListeners extends Record<string, unknown> {
  close: unknown;
  error: unknown;
  data: unknown;
  end: unknown;
  readable: unknown;
}

const ResponseListeners = function ResponseListeners(this: ResponseListeners, end: Listener) {
  this.close = undefined;
  this.error = undefined;
  this.data = undefined;
  this.end = end;
  this.readable = undefined;
} as unknown as new (
  end: Listener,
) => ResponseListeners;
ResponseListeners.prototype = Object.create(null);

/** What `on('end', listener)` does, for a response that nobody has seen. */
export function hearEnd(response: IncomingResponse, listener: (this: IncomingResponse) => void): void {
  const emitter = response as unknown as Emitter;
  if (emitter._events !== undefined) {
    response.on('end', listener);
    return;
  }
  emitter._events = new ResponseListeners(listener as Listener);
  emitter._eventsCount = 1;
}
