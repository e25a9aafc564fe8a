/** How a connection that cannot go on tells its client so: a whole response, and the time to read it. */
import { LINGER_TIMEOUT } from '../wire/limits.js';
import { SECTION_END, statusLine } from '../wire/serializer.js';
import { STATUS_CODES } from '../wire/tables.js';
import { clearTimeout, setTimeout } from './clock.js';
import type { ConnectionSocket } from './connection.js';
import { currentDateLine } from './date.js';

/** The reason phrases as they are: the application may change STATUS_CODES, and here nobody could be told. */
const REASONS: typeof STATUS_CODES = { ...STATUS_CODES };

/** A whole response for what cannot be handed to a listener. */
export function errorReply(statusCode: number): string {
  const line = statusLine(statusCode, REASONS[statusCode] as string);
  return `${line}${currentDateLine()}Connection: close\r\nContent-Length: 0\r\n${SECTION_END}`;
}

/**
 * Closing a socket with input unread resets the connection, and the client may lose the response that tells it why.
 * So it is half-closed, and read until the client is done or its time is up (RFC 9112 section 9.6).
 * @param error What the socket is destroyed with in the end.
 */
export function lingeringClose(socket: ConnectionSocket, error?: Error): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(destroySocket, LINGER_TIMEOUT, socket, error);
  timer.unref();
  socket.once('end', () => destroySocket(socket, error));
  socket.once('close', () => clearTimeout(timer));
}

function destroySocket(socket: ConnectionSocket, error: Error | undefined): void {
  socket.destroy(error);
}
