/**
 * What an answer needs of a request and its response: members that node:http's, barewire's and http2's (compat) have
 * in common. Functions on these work on all of them.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** A request that is to be answered. */
export interface RequestLike {
  method?: string;
  url?: string;
  headers: IncomingHttpHeaders;
  httpVersionMajor: number;
}

/** The response to answer it with. */
export interface ResponseLike {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableLength?: number;
  setHeader(name: string, value: string | number | readonly string[]): unknown;
  getHeader(name: string): string | number | readonly string[] | undefined;
  hasHeader(name: string): boolean;
  removeHeader(name: string): void;
  write(chunk: string | Uint8Array): boolean;
  end(chunk?: string | Uint8Array): unknown;
  flushHeaders(): void;
  // biome-ignore lint/suspicious/noExplicitAny: a listener takes what its event brings
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: a listener takes what its event brings
  off(event: string, listener: (...args: any[]) => void): unknown;
  destroy(error?: Error): unknown;
}

/** What only some of the responses have. */
interface ResponseParts {
  destroyed?: boolean;
  chunkedEncoding?: boolean;
  socket?: { resetAndDestroy?(): void } | null;
  stream?: { destroyed: boolean; close(code: number): void };
  req?: { socket?: Connection | null };
}

/** What requests come by. */
interface Connection {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Ends a connection so that its end is seen to be none of the content's. */
function reset(socket: { resetAndDestroy?(): void }): void {
  try {
    socket.resetAndDestroy?.();
  } catch {
    // No TCP: a pipe, which cannot tell, or TLS, which tells by the alert that is missing.
  }
}

/** HTTP/2's code for an error of our own (RFC 9113 section 7). */
const INTERNAL_ERROR = 2;

/** Has the client gone, or was the response destroyed? */
export function isGone(res: ResponseLike): boolean {
  const { destroyed, stream } = res as ResponseLike & ResponseParts;
  return destroyed === true || stream?.destroyed === true || connectionAhead(res)?.destroyed === true;
}

/** The connection of a response that waits for its turn on it; undefined for one that has it, or is over HTTP/2. */
function connectionAhead(res: ResponseLike): Connection | undefined {
  const { socket, req } = res as ResponseLike & ResponseParts;
  return socket === null ? (req?.socket ?? undefined) : undefined;
}

/** Who is to hear that a connection has closed. One listener for all: those in line on one connection are many. */
const listeningTo = new WeakMap<Connection, Set<() => void>>();

function listenersOf(connection: Connection): Set<() => void> {
  let listeners = listeningTo.get(connection);
  if (listeners === undefined) {
    const added = new Set<() => void>();
    listeners = added;
    listeningTo.set(connection, added);
    connection.once('close', () => {
      for (const listener of added) listener();
    });
  }
  return listeners;
}

/**
 * Calls a listener when the response closes, perhaps more than once. One of node:http's that waits for its turn, behind
 * the answers to requests before it, never says that its connection has closed.
 * @returns what stops that
 */
export function onceGone(res: ResponseLike, listener: () => void): () => void {
  const connection = connectionAhead(res);
  const listeners = connection === undefined ? undefined : listenersOf(connection);
  res.on('close', listener);
  listeners?.add(listener);
  return () => {
    res.off('close', listener);
    listeners?.delete(listener);
  };
}

/**
 * Ends a response whose content cannot be completed, so that the client sees that it is not complete.
 * @param hasLength The head says how long the content is.
 */
export function cutShort(res: ResponseLike, hasLength: boolean): void {
  const { stream, socket, chunkedEncoding } = res as ResponseLike & ResponseParts;
  if (stream !== undefined) {
    // A stream that is destroyed without a code ends with NO_ERROR.
    stream.close(INTERNAL_ERROR);
  } else if (!hasLength && chunkedEncoding === false && socket) {
    // Close-delimited content ends where the connection does: only a reset tells that this is not its end.
    reset(socket);
  }
  res.destroy();
}

/** A field of the request, its lines joined; undefined where there is none. */
export function fieldOf(req: RequestLike, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Does the request ask for the head alone? */
export function isHead(req: RequestLike): boolean {
  return req.method === 'HEAD';
}
