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
  return destroyed === true || stream?.destroyed === true;
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
