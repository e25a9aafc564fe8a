/**
 * One exchange after another on a client's connection: how each ends. When the request is flushed and its response is
 * read, the socket goes back to whoever keeps it; when the socket fails before, the request is told, or sent again.
 */
import { connectionReset } from '../errors.js';
import { tellFree } from './agent-sockets.js';
import type { Request } from './client-request.js';
import { Connection, type ConnectionSocket } from './connection.js';
import { clientRequestError, debug } from './diagnostics.js';
import type { Incoming } from './incoming-message.js';
import { emitDrain, failEnd, type MessageOutlet } from './outgoing.js';
import { process } from './process.js';
import { emitClose, emitFinish, isFinishUnheard } from './request-events.js';
import { retry } from './retry.js';
import { type Settling, settle, settleSoon } from './settling.js';
import { kBytesWritten, kRetry } from './symbols.js';

/** A response with the request that it answers. */
export interface IncomingResponse extends Incoming {
  req: Request;
}

export abstract class ClientExchange extends Connection implements MessageOutlet, Settling {
  /** The request whose exchange this is; null between exchanges. */
  protected request: Request | null = null;
  /** The request with which the socket closed: what it wrote last may still be called back. */
  private failed: Request | null = null;
  /** Was the request told already that it failed? */
  private hasFailed = false;
  /** The last byte of the request was handed to the system. */
  private isRequestFlushed = false;
  private isResponseRead = false;
  /** Did anything of a response come in during this exchange? */
  protected hasInput = false;
  /** Time-outs of the socket reach the response. */
  private isTimeoutHeard = false;
  /** The system has all of the request, and that is still to be told. */
  private isDue = false;
  nextDue: Settling | null | undefined = undefined;
  readonly onFlushed: (error?: Error | null) => void;

  constructor(socket: ConnectionSocket) {
    super(socket);
    // A constant first: assigned as a literal it would outlive the connection (CONTRIBUTING.md, "Code").
    const onFlushed = (error?: Error | null): void => {
      if (error) failEnd(this.request ?? this.failed, error);
      else this.requestFlushed();
    };
    this.onFlushed = onFlushed;
    this.outbox.leaveOut(onFlushed);
  }

  protected beginExchange(request: Request): void {
    this.request = request;
    this.hasFailed = false;
    this.isRequestFlushed = false;
    this.isResponseRead = false;
    this.hasInput = false;
  }

  // The end of an exchange: the request is flushed, and the response is read.

  messageEnded(): void {
    const { request } = this;
    // The rest of the content would be taken from the next request, or what is beyond it for one (RFC 9112 section 6.3).
    if (request !== null && !hasSaidLength(request)) request.shouldKeepAlive = false;
    if (!this.outbox.isEndTaken() || request === null) return;
    if (this.isResponseRead || !isFinishUnheard(request)) {
      process.nextTick(this.onFlushed);
    } else {
      this.isDue = true;
      settleSoon(this);
    }
  }

  /** Somebody comes to listen who would hear in this turn of a request that the system has. */
  lateListener(event: string | symbol): void {
    if (this.isDue && event === 'finish') process.nextTick(settle, this);
  }

  isClosing(): boolean {
    return false;
  }

  /** The system has the request. */
  settle(): void {
    if (!this.isDue) return;
    this.isDue = false;
    this.requestFlushed();
  }

  private requestFlushed(): void {
    const { request } = this;
    if (request === null || this.hasFailed) return;
    this.isRequestFlushed = true;
    const again = request[kRetry];
    if (again === null || !again.hasFinished) emitFinish(request);
    if (again !== null) again.hasFinished = true;
    if (this.isResponseRead && this.request === request && request.shouldKeepAlive) this.release(request);
  }

  /** The response's stream has ended. */
  responseEnded(request: Request, response: Incoming): void {
    if (this.request !== request) return;
    const { socket } = this;
    request._ended = true;
    this.isResponseRead = true;
    if (request.timeoutCb !== null) socket.removeListener('timeout', request.timeoutCb);
    if (this.isTimeoutHeard) {
      this.isTimeoutHeard = false;
      socket.removeListener('timeout', onResponseTimeout);
    }
    if (!request.shouldKeepAlive) {
      if (socket.writable) this.destroySoon();
    } else if (this.isRequestFlushed && !response.aborted) {
      this.release(request);
    }
  }

  /** The socket may carry another request: tells whoever keeps it, when listeners of this turn have run. */
  private release(request: Request): void {
    const { socket } = this;
    this.request = null;
    if (request.timeoutCb !== null) {
      request.timeoutCb = null;
      socket.setTimeout(0);
    }
    this.resumeBody();
    request.destroyed = true;
    // Whoever destroys the response from here on must not destroy what is another's.
    if (request.res) (request.res as { socket: unknown }).socket = null;
    process.nextTick(freeSocket, request, socket);
  }

  /** Tells the request, once, why it fails. */
  protected fail(error: Error): void {
    const { request } = this;
    if (request === null || this.hasFailed) return;
    this.hasFailed = true;
    emitError(request, error);
  }

  // Events of the socket.

  onSocketError(error: Error): void {
    const { socket, request } = this;
    this.reads = false;
    if (request === null) {
      socket.destroy();
      socket.emit('agentRemove');
      return;
    }
    if (!this.mayRetry(request)) this.fail(error);
    socket.destroy();
  }

  onSocketEnd(): void {
    const { socket, request } = this;
    if (request === null) {
      socket.destroy();
      return;
    }
    if (!this.reads) {
      // It was answered. The rest of the request may still be wanted.
      socket.end();
      return;
    }
    this.parser.finish();
    this.reads = false;
    // TLS has more to say of an end before its handshake, and is about to.
    if (socket.errored) return;
    if (!request.res && !this.mayRetry(request)) this.fail(connectionReset('socket hang up'));
    // Not ended: a server that reads no more would hold the request for as long as it likes.
    socket.destroy();
  }

  onSocketClose(): void {
    const { request } = this;
    this.reads = false;
    if (request === null) return;
    this.request = null;
    if (!this.hasFailed && this.mayRetry(request)) {
      retry(request);
      return;
    }
    this.failed = request;
    request.destroyed = true;
    const { res } = request;
    if (res) {
      if (!res.complete) res.destroy(connectionReset('aborted'));
      closeRequest(request);
      return;
    }
    if (!this.hasFailed) {
      this.hasFailed = true;
      emitError(request, connectionReset('socket hang up'));
    }
    request.outputData.length = 0;
    closeRequest(request);
  }

  /** May the request be sent again, on another connection? Not if anything of an answer came in. */
  private mayRetry(request: Request): boolean {
    const again = request[kRetry];
    return again !== null && !again.isSpent && !this.hasInput && !request.destroyed;
  }

  onSocketDrain(): void {
    if (this.request !== null) emitDrain(this.request);
  }

  /** From now on a time-out of the socket is one of the response. */
  hearTimeout(): void {
    if (this.isTimeoutHeard || this.request === null) return;
    this.isTimeoutHeard = true;
    this.socket.on('timeout', onResponseTimeout);
  }
}

/** Was as much content written as Content-Length announced? */
function hasSaidLength(request: Request): boolean {
  return (
    request._contentLength === null ||
    request.chunkedEncoding ||
    request._removedContLen ||
    request[kBytesWritten] === request._contentLength
  );
}

function onResponseTimeout(this: ConnectionSocket): void {
  (this._httpMessage as Request | null)?.res?.emit('timeout');
}

/** Tells the request, and instrumentations, what went wrong. */
export function emitError(request: Request, error: Error): void {
  if (clientRequestError.hasSubscribers) clientRequestError.publish({ request, error });
  debug('client: %s %s failed: %s', request.method, request.path, error.message);
  request.emit('error', error);
}

/** Nothing comes of the request any more. */
export function closeRequest(request: Request): void {
  request._closed = true;
  emitClose(request);
}

function freeSocket(request: Request, socket: ConnectionSocket): void {
  closeRequest(request);
  tellFree(socket);
}
