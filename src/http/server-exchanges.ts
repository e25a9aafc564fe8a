/**
 * The exchanges of a server's connection: responses in the order of their requests, what follows an exchange, and the
 * time between exchanges.
 *
 * A response is in one of three places: `turn` (it may write to the socket), `waiting` (a pipelined request's, it
 * writes to its own list), `flushing` (ended, its last bytes on their way to the system).
 */
import { connectionReset } from '../errors.js';
import { MAX_PIPELINED_REQUESTS } from '../wire/limits.js';
import { Connection, type ConnectionSocket } from './connection.js';
import type { Timed } from './deadlines.js';
import { debug, isDebugging, responseFinish } from './diagnostics.js';
import { hasFlowed, isFlowing } from './flowing.js';
import { markSpent } from './incoming-ends.js';
import { abortSignal, type Incoming, newScope } from './incoming-message.js';
import {
  emitClose,
  emitHeard,
  failEnd,
  isUnheard,
  type MessageOutlet,
  type Outgoing,
  throwLater,
} from './outgoing.js';
import { process } from './process.js';
import type { HttpServer } from './server.js';
import type { Response } from './server-response.js';
import { type Settling, settle, settleSoon } from './settling.js';
import { kConnection, kErrored, kReadableState, kScope, kServer, kUniqueHeaders } from './symbols.js';

export abstract class ServerExchanges extends Connection implements Timed, MessageOutlet, Settling {
  protected readonly server: HttpServer;

  /** The response that may write. */
  protected turn: Response | null = null;
  protected readonly waiting: Response[] = [];
  protected readonly flushing: Response[] = [];
  /** Bytes that responses wait with for their turn. */
  private queuedBytes = 0;
  /** The response that was told to be the last one. */
  private announced: Response | null = null;
  /** Nothing behind the request being received is one. */
  protected isLastRequest = false;
  /** What went wrong with the input, to be reported when the responses before it have left. */
  protected pendingError: Error | null = null;
  /** The system has all of the only response in `flushing`, and what follows is still to be done. */
  private isDue = false;
  nextDue: Settling | null | undefined = undefined;
  /** Is a request being destroyed that shall not take the connection with it? */
  outlivesMessage = false;
  /** The idle time-out is the socket's own timer, because the socket had one. */
  private usesSocketTimer = false;

  idleDeadline = 0;
  idleTime = 0;
  previousIdle: Timed | null = null;
  nextIdle: Timed | null = null;

  private readonly responseOptions: { highWaterMark: number; rejectNonStandardBodyWrites: boolean };
  readonly onFlushed: (error?: Error | null) => void;
  private readonly onPendingData: (delta: number) => void;

  constructor(server: HttpServer, socket: ConnectionSocket) {
    super(socket);
    this.server = server;
    this.responseOptions = {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: false,
    };
    // Constants first: assigned as literals they would outlive the connection (CONTRIBUTING.md, "Code").
    const onFlushed = (error?: Error | null): void => {
      // The one before it, in order.
      this.settle();
      this.responseFlushed(error);
    };
    const onPendingData = (delta: number): void => {
      this.queuedBytes += delta;
    };
    this.onFlushed = onFlushed;
    this.onPendingData = onPendingData;
    this.outbox.leaveOut(onFlushed);
  }

  /** No response is owed. */
  protected abstract afterExchanges(): void;
  /** Reports the error if no response is owed that was before it. */
  protected abstract reportIfDue(error: Error): void;
  /** Ends the connection after a last response. */
  protected abstract end(): void;

  /** Closes the connection if no request is being received, and no response owed. */
  closeIfIdle(): void {
    if (!this.parser.isIdle) return;
    this.settle();
    const isOwed = this.turn !== null || this.waiting.length > 0 || this.flushing.length > 0;
    if (!isOwed) this.socket.destroy();
  }

  /**
   * The last response that is owed will tell the client that the connection ends with it, if it still can. To be called
   * for each request from then on: what was to be the last is not when another one has come behind it.
   */
  announceClose(): void {
    const last = this.waiting.at(-1) ?? this.turn;
    const { announced } = this;
    if (last === announced) return;
    if (announced !== null && !announced._header) announced.shouldKeepAlive = true;
    this.announced = null;
    if (last === null || last._header || !last.shouldKeepAlive) return;
    last.shouldKeepAlive = false;
    this.announced = last;
  }

  protected makeResponse(request: Incoming, keepAlive: boolean): Response {
    const { server } = this;
    const { responseOptions } = this;
    responseOptions.rejectNonStandardBodyWrites = server.rejectNonStandardBodyWrites;
    const response = new server[kServer].ServerResponse(request, responseOptions);
    response[kConnection] = this;
    response._keepAliveTimeout = server.keepAliveTimeout;
    response._maxRequestsPerSocket = server.maxRequestsPerSocket as number;
    response._onPendingData = this.onPendingData;
    response.shouldKeepAlive = keepAlive;
    response[kUniqueHeaders] = server[kServer].uniqueHeaders;
    if (this.turn === null) this.giveTurn(response);
    else this.waiting.push(response);
    // All before it have left, most often.
    if ((this.waiting.length > 0 || this.flushing.length > 0) && this.isBlocked()) this.holdBack();
    return response;
  }

  // Turns.

  private giveTurn(response: Response): void {
    this.turn = response;
    // The one before may still be flushing.
    this.socket._httpMessage = null;
    response.assignSocket(this.socket);
  }

  /** The response ended, its last bytes are with the socket: the next may write. */
  messageEnded(message: Outgoing): void {
    const response = message as Response;
    this.flushing.push(response);
    this.turn = null;
    // What is corked is flushed by somebody else; listeners, those that are still to come too, are to hear of it in the
    // context of this call.
    if (this.socket.writableCorked > 0) {
      this.uncorkForeign();
      response[kScope] = newScope();
    }
    if (this.outbox.isEndTaken()) this.endTaken(response);
    if (response._last) {
      // What comes behind a close is not a request, but the caller may want to know that it was dropped.
      if (!response.maxRequestsOnConnectionReached) {
        // Whoever reads the request's own content reads on.
        if (this.incoming === response.req) this.isLastRequest = true;
        else this.reads = false;
        return;
      }
    }
    if (this.waiting.length === 0) return;
    try {
      this.giveTurn(this.waiting.shift() as Response);
    } catch (error) {
      // Its listeners threw it, and this is another's call of end().
      throwLater(error);
    }
  }

  /** The system has the response, and nobody was called back. */
  private endTaken(response: Response): void {
    if (this.isDue || this.flushing.length > 1 || this.isHeard(response)) {
      process.nextTick(this.onFlushed);
    } else {
      this.isDue = true;
      settleSoon(this);
    }
  }

  /** Will anybody hear of what follows the response, or the connection end with it? */
  private isHeard(response: Response): boolean {
    const request = response.req;
    return (
      response._last ||
      this.isLastRequest ||
      !isUnheard(response) ||
      !isLeftAlone(request) ||
      responseFinish.hasSubscribers
    );
  }

  /** Somebody comes to listen who would hear in this turn of a response that the system has. */
  lateListener(): void {
    if (this.isDue) process.nextTick(settle, this);
  }

  /**
   * node:http would have closed it in the ticks behind the call of `end`; here the connection is left alone until the
   * next read. Where `end` was not called from the read at hand, those ticks may have been or not.
   */
  isClosing(message: Outgoing): boolean {
    return this.isDue && !this.isFeeding && this.flushing[0] === message && !message.listenerCount('error');
  }

  /** What follows the response that the system has. */
  settle(): void {
    if (!this.isDue) return;
    this.isDue = false;
    const request = this.flushing[0]?.req;
    if (request === undefined) return;
    // What has come up since then is to be heard of in its context.
    if (isLeftAlone(request) && this.pendingError === null) this.responseFlushed(null);
    else request[kScope]?.runInAsyncScope(this.responseFlushed, this, null);
  }

  /** The system took the last bytes of the oldest ended response. */
  private responseFlushed(error: Error | null | undefined): void {
    if (error) {
      // The socket is about to close, and what was flushing closes with it.
      failEnd(this.flushing[0], error);
      return;
    }
    const { flushing } = this;
    // Most often there is one, and taking the last is what costs least.
    const response = flushing.length > 1 ? flushing.shift() : flushing.pop();
    if (response === undefined) return;
    const { socket, server } = this;
    const request = response.req;
    if (isDebugging) debug('server: %d to %s %s', response.statusCode, request.method, request.url);
    if (responseFinish.hasSubscribers) responseFinish.publish({ request, response, socket, server });
    this.releaseRequest(request);
    response.detachSocket(socket);
    const isOwed = this.turn !== null || this.waiting.length > 0;
    // Requests beyond maxRequestsPerSocket are still told that they were dropped.
    if (response._last && !(isOwed && response.maxRequestsOnConnectionReached)) this.end();
    else if (this.pendingError !== null) this.reportIfDue(this.pendingError);
    else if (!isOwed && this.isLastRequest) {
      if (this.flushing.length === 0) this.end();
    } else if (!isOwed) this.afterExchanges();
    else if (this.holdsInput) this.resumeMessages();
    const scope = response[kScope];
    if (scope === undefined || isUnheard(response)) tellFlushed(response);
    else scope.runInAsyncScope(tellFlushed, null, response);
  }

  /** What nobody read of the request is thrown away, so that the next one can be read. */
  private releaseRequest(request: Incoming): void {
    if (request._consuming || request._dumped || isFlowing(request)) return;
    const stream = request[kReadableState];
    // Who has begun to read gets it in the next tick.
    if (stream !== null && (stream.resumeScheduled || request.readableDidRead)) return;
    if (request.complete && request._eventsCount === 0 && (stream === null || stream.length === 0))
      markSpent(request);
    else request._dump();
  }

  protected isBlocked(): boolean {
    return (
      this.waiting.length >= MAX_PIPELINED_REQUESTS ||
      this.queuedBytes > this.socket.writableHighWaterMark ||
      this.socket.writableNeedDrain
    );
  }

  // Idle.

  protected becomeIdle(): void {
    const { server, socket } = this;
    if (socket.destroyed || this.idleDeadline !== 0) return;
    const timeout = server.keepAliveTimeout;
    if (!timeout || typeof socket.setTimeout !== 'function') return;
    const milliseconds = timeout + server.keepAliveTimeoutBuffer;
    if (socket.timeout) {
      // The socket has a timer, the server's or the caller's: it is for requests, and gives way.
      this.usesSocketTimer = true;
      socket.setTimeout(milliseconds);
      this.idleDeadline = 1;
    } else {
      server[kServer].idleConnections.add(this, milliseconds);
    }
  }

  protected leaveIdle(): void {
    this.idleDeadline = 0;
    if (this.usesSocketTimer) {
      this.usesSocketTimer = false;
      this.socket.setTimeout(this.server.timeout);
    } else {
      this.server[kServer].idleConnections.remove(this);
    }
  }

  /** A time-out of the socket has come, the server's or one of the caller's: no other is waited for. */
  protected endIdle(): void {
    if (this.idleDeadline !== 0 && !this.usesSocketTimer) this.server[kServer].idleConnections.remove(this);
    this.idleDeadline = 0;
  }

  onIdleTimeout(): void {
    this.idleDeadline = 0;
    // As if the socket's own timer had gone off: who listens for it on the socket shall hear it.
    this.socket.emit('timeout');
  }

  // Exchanges that will not be complete.

  /** Drops the response to the request being received. */
  protected dropLast(): void {
    const response = this.waiting[this.waiting.length - 1];
    if (response.req !== this.incoming) return;
    this.waiting.pop();
    this.abortRequest(this.incoming);
    response.destroyed = true;
    process.nextTick(emitClose, response);
  }

  /** The exchanges that are not complete will never be. */
  protected abortExchanges(): void {
    if (this.isDue) {
      // What the system has was sent, whatever became of the connection since.
      this.isDue = false;
      this.flushing[0]?.detachSocket(this.socket);
    }
    if (this.turn === null && this.flushing.length === 0 && this.waiting.length === 0) return;
    const responses = this.flushing.splice(0);
    if (this.turn !== null) responses.push(this.turn);
    for (const response of this.waiting.splice(0)) {
      response[kErrored] ??= connectionReset('aborted');
      responses.push(response);
    }
    this.turn = null;
    for (const response of responses) {
      const request = response.req;
      if (!request.destroyed && !(request.complete && request.readableEnded)) {
        this.abortRequest(request);
      }
      try {
        emitClose(response);
      } catch (error) {
        throwLater(error);
      }
      abortSignal(request);
    }
  }

  /** The request being received, which was answered before its end, will never be complete: for who still reads it. */
  protected abortIncoming(): void {
    const { incoming } = this;
    if (incoming === null || incoming.destroyed) return;
    if (incoming._eventsCount > 0 || incoming[kReadableState] !== null) this.abortRequest(incoming);
  }

  /** Destroys a request, but not the connection: there are replies to be sent. */
  protected abortRequest(request: Incoming): void {
    this.outlivesMessage = true;
    request.destroy(connectionReset('aborted'));
    this.outlivesMessage = false;
  }
}

/** Does nobody hear of it when what is left of the request is thrown away? */
function isLeftAlone(request: Incoming): boolean {
  return (
    request._consuming ||
    request._dumped ||
    (request._eventsCount === 0 && request[kReadableState] === null) ||
    hasFlowed(request)
  );
}

/** Tells the response's listeners that all of it was sent, and that the exchange is over. */
function tellFlushed(response: Response): void {
  try {
    emitHeard(response, 'finish');
  } catch (error) {
    // The stream calls for the next response behind this call.
    throwLater(error);
  }
  // Nobody to hear of it needs no turn of its own.
  if (response._eventsCount === 0) emitClose(response);
  else process.nextTick(emitClose, response);
}
