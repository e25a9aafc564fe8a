/**
 * The server's side of a connection: a request and a response for every message, responses in the order of their
 * requests, Expect, upgrades, error replies, and what follows an exchange.
 *
 * A response is in one of three places: `turn` (it may write to the socket), `waiting` (a pipelined request's, it
 * writes to its own list), `flushing` (ended, its last bytes on their way to the system).
 */
import { AsyncResource } from 'node:async_hooks';
import { connectionReset, contentTooLarge, type PeerError, requestTimeout } from '../errors.js';
import { CONNECTION, EXPECT, HOST, UPGRADE } from '../wire/fields.js';
import { CHUNKED, CLOSE_DELIMITED, hasFramingField } from '../wire/framing.js';
import { MAX_PIPELINED_REQUESTS } from '../wire/limits.js';
import { INSECURE, MessageParser, REQUEST } from '../wire/parser.js';
import { isPersistent, messageConnectionOptions, OPTION_UPGRADE } from '../wire/persistence.js';
import { maxHeaderSize } from './command-line.js';
import { Connection, type ConnectionSocket } from './connection.js';
import type { Timed } from './deadlines.js';
import { debug, requestStart, responseFinish } from './diagnostics.js';
import { callListener } from './dispatch.js';
import { abortSignal, completeMessage, endUnseen, type Incoming, SCOPE_OPTIONS } from './incoming-message.js';
import { errorReply, lingeringClose } from './last-words.js';
import { emitClose, emitDrain, type MessageOutlet, type Outgoing } from './outgoing.js';
import type { HttpServer } from './server.js';
import type { Response } from './server-response.js';
import {
  kConnection,
  kReadableState,
  kScope,
  kServer,
  kTrailers,
  kTrailersDistinct,
  kUniqueHeaders,
} from './symbols.js';

export class ServerConnection extends Connection implements Timed, MessageOutlet {
  private readonly server: HttpServer;
  protected readonly parser: MessageParser;

  /** The response that may write. */
  private turn: Response | null = null;
  private readonly waiting: Response[] = [];
  private readonly flushing: Response[] = [];
  /** Bytes that responses wait with for their turn. */
  private queuedBytes = 0;
  /** Requests so far, where `maxRequestsPerSocket` counts them. */
  requestCount = 0;
  /** Nothing behind the request being received is one. */
  private isLastRequest = false;
  /** Why the input cannot be read any more. */
  private parseError: PeerError | null = null;
  /** An upgrade whose turn comes when the responses before it have left. */
  private pendingUpgrade: { request: Incoming; head: Buffer } | null = null;
  /** What went wrong with the input, to be reported when the responses before it have left. */
  private pendingError: Error | null = null;
  /** The request being received asks for an upgrade, and has content before. */
  private isUpgradePending = false;
  private isLingering = false;
  /** Is a request being destroyed that shall not take the connection with it? */
  outlivesMessage = false;
  /** The idle time-out is the socket's own timer, because the socket had one. */
  private usesSocketTimer = false;

  /** performance.now() of the first byte of the message being received; 0 between messages. */
  messageStartedAt: number;

  idleDeadline = 0;
  previousIdle: Timed | null = null;
  nextIdle: Timed | null = null;

  private readonly responseOptions: { highWaterMark: number; rejectNonStandardBodyWrites: boolean };
  /** The context in which the connection was made: requests begin in it, and none sees what another entered. */
  private readonly scope = new AsyncResource('HTTPINCOMINGMESSAGE', SCOPE_OPTIONS);
  readonly onFlushed: (error?: Error | null) => void;
  private readonly onPendingData: (delta: number) => void;

  constructor(server: HttpServer, socket: ConnectionSocket) {
    super(socket);
    this.server = server;
    this.parser = new MessageParser(REQUEST, this, {
      maxHeaderSize: (server as { maxHeaderSize?: number }).maxHeaderSize || maxHeaderSize,
      maxHeadersCount: server.maxHeadersCount ?? undefined,
      leniency: server[kServer].leniency,
    });
    // Who connects and says nothing is to be timed out as well.
    this.messageStartedAt = performance.now();
    this.responseOptions = {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: false,
    };
    this.onFlushed = (error) => this.responseFlushed(error);
    this.onPendingData = (delta) => {
      this.queuedBytes += delta;
    };
    this.attach();
  }

  /** Is a request being received, or a response owed? */
  get isIdle(): boolean {
    return (
      this.parser.isIdle && this.turn === null && this.waiting.length === 0 && this.flushing.length === 0
    );
  }

  /** Was the header section of the message being received read? */
  get isHeadComplete(): boolean {
    return !this.parser.isBeforeBody;
  }

  override feed(chunk: Buffer): void {
    this.scope.runInAsyncScope(super.feed, this, chunk);
    // The clock runs for a message that is incomplete; most come whole and never see it.
    if (!this.parser.isIdle && this.messageStartedAt === 0) {
      this.messageStartedAt = performance.now();
      // Who sends is not idle any more: from here on the headers time-out counts.
      if (this.idleDeadline !== 0) this.leaveIdle();
    }
  }

  // What the parser finds.

  onHead(parser: MessageParser): boolean {
    const { server, socket } = this;
    const { startLine, fields } = parser;
    if (this.idleDeadline !== 0) this.leaveIdle();
    const request = new server[kServer].IncomingMessage(socket);
    const { versionMajor, versionMinor } = startLine;
    request.httpVersionMajor = versionMajor;
    request.httpVersionMinor = versionMinor;
    request.httpVersion =
      versionMajor === 1 && versionMinor === 1 ? '1.1' : `${versionMajor}.${versionMinor}`;
    request.joinDuplicateHeaders = server.joinDuplicateHeaders;
    request.rawHeaders = fields.lines;
    request.method = startLine.method;
    request.url = startLine.target;
    request[kConnection] = this;
    this.incoming = request;

    const isConnect = startLine.method === 'CONNECT';
    const hasOptions = fields.has(CONNECTION);
    const options = messageConnectionOptions(fields);
    if (isConnect || (hasOptions && (options & OPTION_UPGRADE) !== 0 && fields.has(UPGRADE))) {
      request.upgrade = isConnect || this.wantsUpgrade(request);
      if (request.upgrade) {
        // CONNECT has no content (RFC 9110 section 9.3.6); an upgrade comes behind it.
        if (isConnect || parser.framing === 0) return true;
        this.isUpgradePending = true;
        return false;
      }
    } else {
      request.upgrade = false;
    }

    let keepAlive = isPersistent(startLine.versionMinor, options) && parser.framing !== CLOSE_DELIMITED;
    // An HTTP/1.0 sender cannot have meant chunked: whoever relayed it may read another end (RFC 9112 section 6.1).
    if (startLine.versionMinor === 0 && parser.framing === CHUNKED) keepAlive = false;
    this.isLastRequest = !keepAlive && server[kServer].leniency !== INSECURE;
    if (server[kServer].optimizeEmptyRequests && !hasFramingField(fields)) {
      endUnseen(request);
    }

    const response = this.makeResponse(request, keepAlive);
    const scope = new AsyncResource('HTTPINCOMINGMESSAGE', SCOPE_OPTIONS);
    request[kScope] = scope;
    if (requestStart.hasSubscribers) {
      requestStart.publish({ request, response, socket, server });
    }
    try {
      scope.runInAsyncScope(this.dispatch, this, request, response, parser);
    } catch (error) {
      this.keepThrown(error);
    }
    return false;
  }

  private wantsUpgrade(request: Incoming): boolean {
    try {
      return Boolean(this.server.shouldUpgradeCallback(request));
    } catch (error) {
      this.keepThrown(error);
      return false;
    }
  }

  private makeResponse(request: Incoming, keepAlive: boolean): Response {
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
    return response;
  }

  /** Calls the listener that is for this request. */
  private dispatch(request: Incoming, response: Response, parser: MessageParser): void {
    callListener(this.server, this, request, response, parser.fields.has(HOST), parser.fields.has(EXPECT));
  }

  override onBody(content: Buffer): void {
    const scope = this.incoming?.[kScope];
    // Listeners of 'data' may be called at once: in the scope of their request.
    if (scope) this.runInScope(scope, content);
    else if (this.isUpgradePending) this.holdUpgradeContent(content);
  }

  private runInScope(scope: AsyncResource, content: Buffer): void {
    try {
      scope.runInAsyncScope(super.onBody, this, content);
    } catch (error) {
      this.keepThrown(error);
    }
  }

  /** Content before an upgrade, which nobody reads yet: it has to fit the request's buffer. */
  private holdUpgradeContent(content: Buffer): void {
    if ((this.incoming as Incoming).push(content)) return;
    this.isUpgradePending = false;
    this.reads = false;
    this.fail(contentTooLarge());
  }

  onTrailers(lines: string[]): void {
    const { incoming } = this;
    if (incoming === null) return;
    incoming.rawTrailers = lines;
    incoming[kTrailers] = incoming[kTrailersDistinct] = null;
  }

  onComplete(): void {
    const { incoming } = this;
    this.messageStartedAt = 0;
    if (incoming === null) return;
    if (this.isUpgradePending) {
      this.parser.endMessages();
      return;
    }
    this.incoming = null;
    // "MUST NOT process any further requests" behind a close (RFC 9112 section 9.6).
    if (this.isLastRequest) this.reads = false;
    if (incoming._consuming) incoming[kScope]?.runInAsyncScope(completeMessage, null, incoming);
    else completeMessage(incoming);
  }

  protected isBlocked(): boolean {
    return (
      this.waiting.length >= MAX_PIPELINED_REQUESTS ||
      this.queuedBytes >= this.socket.writableHighWaterMark ||
      this.socket.writableNeedDrain
    );
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
    // What is corked is flushed by somebody else; the listeners are to hear of it in the context of this call.
    if (this.socket.writableCorked > 0 && response._eventsCount > 0) {
      response[kScope] = new AsyncResource('HTTPINCOMINGMESSAGE', SCOPE_OPTIONS);
    }
    this.outbox.flush();
    if (response._last) {
      // What comes behind a close is not a request, but the caller may want to know that it was dropped.
      if (!response.maxRequestsOnConnectionReached) {
        this.reads = false;
        return;
      }
    }
    const next = this.waiting.shift();
    if (next !== undefined) this.giveTurn(next);
  }

  /** The system took the last bytes of the oldest ended response. */
  private responseFlushed(error: Error | null | undefined): void {
    // The socket is about to close: what was flushing closes with it.
    if (error) return;
    const response = this.flushing.shift();
    if (response === undefined) return;
    const { socket, server } = this;
    const request = response.req;
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
    if (response[kScope]) response[kScope].runInAsyncScope(response.emit, response, 'finish');
    else response.emit('finish');
    // Nobody to hear of it needs no turn of its own.
    if (response._eventsCount === 0) emitClose(response);
    else process.nextTick(emitClose, response);
  }

  /** What nobody read of the request is thrown away, so that the next one can be read. */
  private releaseRequest(request: Incoming): void {
    if (request._consuming || request._dumped) return;
    const stream = request[kReadableState];
    if (stream !== null && request.readableDidRead) return;
    if (request.complete && request._eventsCount === 0 && (stream === null || stream.length === 0))
      endUnseen(request);
    else request._dump();
  }

  /** No response is owed. */
  private afterExchanges(): void {
    if (this.pendingUpgrade !== null) {
      const { request, head } = this.pendingUpgrade;
      this.pendingUpgrade = null;
      this.upgrade(request, head);
      return;
    }
    if (this.holdsInput) this.resumeMessages();
    if (this.messageStartedAt === 0 && this.turn === null && !this.holdsInput) this.becomeIdle();
  }

  // Idle.

  private becomeIdle(): void {
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

  private leaveIdle(): void {
    this.idleDeadline = 0;
    if (this.usesSocketTimer) {
      this.usesSocketTimer = false;
      this.socket.setTimeout(this.server.timeout);
    } else {
      this.server[kServer].idleConnections.remove(this);
    }
  }

  onIdleTimeout(): void {
    this.idleDeadline = 0;
    // As if the socket's own timer had gone off: who listens for it on the socket shall hear it.
    this.socket.emit('timeout');
  }

  // The end.

  /** Ends the connection after a last response; what the client still sends is read and thrown away. */
  private end(): void {
    const { socket } = this;
    this.reads = false;
    if (this.parser.isIdle || typeof socket.destroySoon !== 'function') {
      if (typeof socket.destroySoon === 'function') socket.destroySoon();
      else socket.end();
      return;
    }
    this.linger();
  }

  private linger(error?: Error): void {
    if (this.isLingering || this.socket.destroyed) return;
    this.isLingering = true;
    lingeringClose(this.socket, error);
  }

  protected onTunnel(head: Buffer): void {
    const request = this.incoming as Incoming;
    this.incoming = null;
    if (this.turn !== null) {
      // The responses before it first.
      this.pendingUpgrade = { request, head };
      this.socket.pause();
    } else {
      this.upgrade(request, head);
    }
  }

  private upgrade(request: Incoming, head: Buffer): void {
    const { server, socket } = this;
    const event = request.method === 'CONNECT' ? 'connect' : 'upgrade';
    if (server.listenerCount(event) === 0) {
      // Nobody here speaks what was asked for.
      debug('no listener for %s', event);
      socket.destroy();
      return;
    }
    this.detach();
    server[kServer].connections.delete(this);
    if (this.idleDeadline !== 0) this.leaveIdle();
    completeMessage(request);
    // Not flowing, not paused: as the listener would find a socket of its own.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    new AsyncResource('HTTPINCOMINGMESSAGE', SCOPE_OPTIONS).runInAsyncScope(() => {
      server.emit(event, request, socket, head);
    });
  }

  protected onParseError(error: PeerError): void {
    this.parseError = error;
    this.fail(error);
  }

  /** A caller that keeps a connection after 'clientError' is told again. */
  protected onUnreadable(chunk: Buffer): void {
    const error = this.parseError;
    if (error === null || this.pendingError !== null || this.isLingering) return;
    this.server.emit('clientError', Object.assign(error, { rawPacket: chunk, bytesParsed: 0 }), this.socket);
  }

  /** The request being received took too long. */
  onRequestTimeout(): void {
    // It was told already, or the message ended otherwise: a connection is looked at again and again.
    if (!this.reads) return;
    this.reads = false;
    this.fail(requestTimeout());
  }

  /** Reports the error when the responses before it have left: they are not to blame. */
  private fail(error: Error): void {
    const isOwed = this.turn !== null && (this.waiting.length > 0 || this.turn.req !== this.incoming);
    if (isOwed || this.flushing.length > 0) {
      this.pendingError = error;
      // The request whose content is wrong will not be answered: the ones before it will.
      if (this.incoming !== null && this.waiting.length > 0) this.dropLast();
      return;
    }
    this.reportError(error);
  }

  /** Are all responses gone that were owed before the error? */
  private reportIfDue(error: Error): void {
    if (this.flushing.length > 0 || this.waiting.length > 0) return;
    if (this.turn === null || this.turn.req === this.incoming) this.reportError(error);
  }

  private dropLast(): void {
    const response = this.waiting[this.waiting.length - 1];
    if (response.req !== this.incoming) return;
    this.waiting.pop();
    this.abortRequest(this.incoming);
    response.destroyed = true;
    process.nextTick(emitClose, response);
  }

  /** 'clientError', or else a reply that says what was wrong, if none has begun. */
  private reportError(error: Error): void {
    const { server, socket } = this;
    this.pendingError = null;
    this.reads = false;
    if (server.emit('clientError', error, socket)) return;
    const response = this.turn;
    if (!socket.writable || response?._headerSent) {
      socket.destroy(error);
      return;
    }
    const { statusCode } = error as Partial<PeerError>;
    if (statusCode === undefined) {
      socket.destroy(error);
      return;
    }
    socket.write(errorReply(statusCode), 'latin1');
    this.abortExchanges();
    // A client that ended its side has nothing more to send.
    if (socket.readableEnded) socket.destroySoon();
    else this.linger(error);
  }

  /** The exchanges that are not complete will never be. */
  private abortExchanges(): void {
    const responses = this.flushing.splice(0);
    if (this.turn !== null) responses.push(this.turn);
    responses.push(...this.waiting.splice(0));
    this.turn = null;
    for (const response of responses) {
      const request = response.req;
      if (!request.destroyed && !(request.complete && request.readableEnded)) {
        this.abortRequest(request);
      }
      emitClose(response);
      abortSignal(request);
    }
  }

  /** Destroys a request, but not the connection: there are replies to be sent. */
  private abortRequest(request: Incoming): void {
    this.outlivesMessage = true;
    request.destroy(connectionReset('aborted'));
    this.outlivesMessage = false;
  }

  // Events of the socket.

  onSocketError(error: Error): void {
    // What we destroyed it with was reported.
    if (this.isLingering) return;
    if (!this.server.emit('clientError', error, this.socket)) this.socket.destroy(error);
  }

  onSocketEnd(): void {
    const { socket, server } = this;
    if (this.isLingering) return;
    const error = this.reads ? this.parser.finish() : null;
    this.reads = false;
    if (error !== null) {
      this.fail(error);
      return;
    }
    if (!server.httpAllowHalfOpen) {
      if (typeof socket.end === 'function') socket.end();
    } else if (this.waiting.length > 0) {
      this.waiting[this.waiting.length - 1]._last = true;
    } else if (this.turn !== null) {
      this.turn._last = true;
    } else {
      socket.end();
    }
  }

  onSocketClose(): void {
    const { server } = this;
    server[kServer].connections.delete(this);
    if (this.idleDeadline !== 0) this.leaveIdle();
    this.reads = false;
    this.abortExchanges();
    this.pendingUpgrade?.request.destroy(connectionReset('aborted'));
    this.pendingUpgrade = null;
  }

  onSocketDrain(): void {
    const { turn } = this;
    if (turn !== null && !turn.finished) emitDrain(turn);
    if (this.holdsInput) this.resumeMessages();
  }

  onSocketTimeout(): void {
    const { server, socket } = this;
    this.idleDeadline = 0;
    const request = this.incoming;
    const requestHeard = request !== null && !request.complete && request.emit('timeout', socket);
    const responseHeard = this.turn?.emit('timeout', socket);
    const serverHeard = server.emit('timeout', socket);
    if (!requestHeard && !responseHeard && !serverHeard) socket.destroy();
  }
}
