/** The server's side of a connection, as its input drives it: a request and a response for every message, the end. */
import type { AsyncResource } from 'node:async_hooks';
import { Socket } from 'node:net';
import { CONNECTION, EXPECT, HOST, UPGRADE } from '../wire/fields.js';
import { CHUNKED, CLOSE_DELIMITED, hasFramingField } from '../wire/framing.js';
import { INSECURE, MessageParser, REQUEST } from '../wire/parser.js';
import { isPersistent, messageConnectionOptions, OPTION_UPGRADE } from '../wire/persistence.js';
import { currentTime } from './clock.js';
import { maxHeaderSize } from './command-line.js';
import type { ConnectionSocket } from './connection.js';
import type { Linked } from './connection-list.js';
import { type ContentSink, releaseContent } from './content-sink.js';
import { debug, isDebugging, requestStart } from './diagnostics.js';
import { callListener } from './dispatch.js';
import { keepsContent } from './flowing.js';
import { completeMessage, markSpent, onlyKeeps } from './incoming-ends.js';
import { newScope } from './incoming-message.js';
import { emitDrain } from './outgoing.js';
import { lookForObservers } from './performance-entries.js';
import type { HttpServer } from './server.js';
import { ServerFaults } from './server-faults.js';
import { stopReading } from './shared-read.js';
import { kConnection, kScope, kServer, kSink, kTrailers, kTrailersDistinct } from './symbols.js';

export class ServerConnection extends ServerFaults implements Linked<ServerConnection> {
  previousConnection: ServerConnection | null = null;
  nextConnection: ServerConnection | null = null;

  protected readonly parser: MessageParser;
  /** Requests so far, where `maxRequestsPerSocket` counts them. */
  requestCount = 0;
  /** currentTime() of the first byte of the message being received; 0 between messages. */
  messageStartedAt: number;

  /** The next request's, of the context in which the connection was made: none sees what another entered. */
  protected scope = newScope();
  /** The socket was sent to another process. */
  private isElsewhere = false;
  /** The one in which the input at hand is read. */
  private entered: AsyncResource | null = null;

  constructor(server: HttpServer, socket: ConnectionSocket) {
    super(server, socket);
    this.parser = new MessageParser(REQUEST, this, {
      maxHeaderSize: (server as { maxHeaderSize?: number }).maxHeaderSize || maxHeaderSize,
      maxHeadersCount: server.maxHeadersCount ?? undefined,
      leniency: server[kServer].leniency,
    });
    lookForObservers();
    // Who connects and says nothing is to be timed out as well.
    this.messageStartedAt = currentTime();
    // The first: listeners of the caller's that the others call may throw.
    socket.on('close', onGone);
    this.attach();
    socket.on('timeout', onTimeout);
    if (socket.setTimeout === Socket.prototype.setTimeout) socket.setTimeout = setTimeoutOrLeave;
  }

  /** Was the header section of the message being received read? */
  get isHeadComplete(): boolean {
    return !this.parser.isBeforeBody;
  }

  override feed(chunk: Buffer, length: number): void {
    const { scope } = this;
    this.entered = scope;
    scope.runInAsyncScope(super.feed, this, chunk, length);
    this.startClock();
  }

  /** What was held back is read as it would have been: not in the context of the response it waited for. */
  override resumeMessages(): void {
    const { scope } = this;
    this.entered = scope;
    scope.runInAsyncScope(super.resumeMessages, this);
    this.startClock();
  }

  private startClock(): void {
    if (this.isUpgradePending) this.beginUpgrade();
    // The clock runs for a message that is incomplete; most come whole and never see it.
    if (!this.parser.isIdle && this.messageStartedAt === 0) {
      this.messageStartedAt = currentTime();
      // Who sends is not idle any more: from here on the headers time-out counts.
      if (this.idleDeadline !== 0) this.leaveIdle();
    }
  }

  // What the parser finds.

  onHead(parser: MessageParser): boolean {
    const { scope } = this;
    // The first request of the input is in its scope already.
    if (scope === this.entered) return this.receive(parser, scope);
    return scope.runInAsyncScope(this.receive, this, parser, scope);
  }

  /** A request, in its scope, which nobody has entered anything in. */
  private receive(parser: MessageParser, scope: AsyncResource): boolean {
    this.scope = newScope();
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
    request[kSink] = null;
    this.incoming = request;
    if (isDebugging) debug('server: %s %s', request.method, request.url);

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
      markSpent(request);
    }

    const response = this.makeResponse(request, keepAlive);
    request[kScope] = scope;
    if (requestStart.hasSubscribers) {
      requestStart.publish({ request, response, socket, server });
    }
    try {
      callListener(server, this, request, response, fields.has(HOST), fields.has(EXPECT));
    } catch (error) {
      this.keepThrown(error);
    }
    return false;
  }

  override onBody(bytes: Buffer, from: number, to: number): void {
    const { incoming } = this;
    const sink = incoming?.[kSink];
    if (sink) {
      if (!sink.takeLent(bytes, from, to)) sink.take(this.kept(bytes, from, to));
      return;
    }
    const scope = incoming?.[kScope];
    // Listeners of 'data' may be called at once: in the scope of their request.
    if (scope && (keepsContent(incoming) || onlyKeeps(incoming))) super.onBody(bytes, from, to);
    else if (scope) this.runInScope(scope, bytes, from, to);
    else if (this.isUpgradePending) this.holdUpgradeContent(this.kept(bytes, from, to));
  }

  private runInScope(scope: AsyncResource, bytes: Buffer, from: number, to: number): void {
    try {
      scope.runInAsyncScope(super.onBody, this, bytes, from, to);
    } catch (error) {
      this.keepThrown(error);
    }
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
    if (this.isUpgradePending || this.upgraded !== null) {
      this.parser.endMessages();
      return;
    }
    this.incoming = null;
    // "MUST NOT process any further requests" behind a close (RFC 9112 section 9.6).
    if (this.isLastRequest) this.reads = false;
    const sink = incoming[kSink];
    if (sink) releaseContent(incoming);
    if (incoming._consuming) incoming[kScope]?.runInAsyncScope(completeMessage, null, incoming);
    else completeMessage(incoming);
    this.resumeBody();
    if (sink) this.finishSink(sink);
  }

  private finishSink(sink: ContentSink): void {
    try {
      sink.finish();
    } catch (error) {
      this.keepThrown(error);
    }
  }

  /** No response is owed. */
  protected afterExchanges(): void {
    if (this.isElsewhere) return;
    if (this.pendingUpgrade !== null) {
      const { request, head } = this.pendingUpgrade;
      this.pendingUpgrade = null;
      // Not in the context of the response that it waited for.
      this.scope.runInAsyncScope(this.upgrade, this, request, head);
      return;
    }
    if (this.holdsInput) this.resumeMessages();
    if (this.messageStartedAt === 0 && this.turn === null && !this.holdsInput) this.becomeIdle();
  }

  /**
   * The socket is another process's: what is owed is owed by that one. Whoever writes to a response, destroys it, or
   * closes the server here, does nothing to the connection.
   */
  leaveSocket(): void {
    const { socket, turn } = this;
    this.isElsewhere = true;
    this.reads = false;
    this.incoming = null;
    this.turn = null;
    for (const response of this.waiting.splice(0)) response[kConnection] = null;
    if (turn !== null) {
      turn.detachSocket(socket);
      turn[kConnection] = null;
    }
    socket.parser = null;
    stopReading(this);
    this.leaveServer();
  }

  protected override end(): void {
    if (!this.isElsewhere) super.end();
  }

  protected handOver(): void {
    const { socket } = this;
    this.detach();
    Reflect.deleteProperty(socket, 'setTimeout');
    socket.removeListener('timeout', onTimeout);
    socket.removeListener('close', onGone);
    this.leaveServer();
  }

  // Events of the socket.

  onSocketEnd(): void {
    const { socket, server, upgraded } = this;
    if (this.isLingering) return;
    if (upgraded !== null) {
      this.cutUpgrade();
      upgraded.finishReading();
      return;
    }
    const error = this.reads ? this.parser.finish() : null;
    this.reads = false;
    if (error !== null) {
      this.fail(error);
      if (this.pendingError === null) return;
      // The end of a connection is its end, whatever was still to come.
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

  /** The server has a connection less. */
  leaveServer(): void {
    if (isDebugging) debug('server: a connection closed');
    this.server[kServer].connections.delete(this);
    if (this.idleDeadline !== 0) this.leaveIdle();
  }

  onSocketClose(): void {
    this.reads = false;
    if (this.upgraded !== null) this.cutUpgrade();
    const { pendingError } = this;
    this.pendingError = null;
    try {
      if (pendingError !== null) this.server.emit('clientError', pendingError, this.socket);
    } finally {
      this.abortExchanges();
      this.abortIncoming();
      this.dropUpgrade();
      this.forgetSocket();
    }
  }

  onSocketDrain(): void {
    const { turn } = this;
    try {
      if (turn !== null) emitDrain(turn);
    } finally {
      if (this.holdsInput) this.resumeMessages();
    }
  }

  onSocketTimeout(): void {
    const { server, socket } = this;
    debug('server: a connection was idle for too long');
    this.endIdle();
    const request = this.incoming;
    const requestHeard = request !== null && !request.complete && request.emit('timeout', socket);
    const responseHeard = this.turn?.emit('timeout', socket);
    const serverHeard = server.emit('timeout', socket);
    if (!requestHeard && !responseHeard && !serverHeard) socket.destroy();
  }
}

function onTimeout(this: ConnectionSocket): void {
  (this[kConnection] as ServerConnection | undefined)?.onSocketTimeout();
}

/**
 * A socket that is sent to another process has its time-out taken off when its handle is gone, and nothing else says
 * so: node:http is told by its native parser.
 */
function setTimeoutOrLeave(this: ConnectionSocket, milliseconds: number, callback?: () => void) {
  if (milliseconds === 0 && (this as { _handle?: unknown })._handle === null && !this.destroyed) {
    (this[kConnection] as ServerConnection | undefined)?.leaveSocket();
  }
  return Socket.prototype.setTimeout.call(this, milliseconds, callback);
}

/** Of its own, so that 'close' has more than one listener, as on a stock socket: some go through them as a list. */
function onGone(this: ConnectionSocket): void {
  const connection = this[kConnection] as ServerConnection | undefined;
  if (connection?.socket === this) connection.leaveServer();
}
