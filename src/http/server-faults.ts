/**
 * What is wrong with a server's connection: whom it is told, and when; what the client is answered; how the connection
 * ends then. The responses that are owed come first: the requests before the fault are not to blame.
 */
import type { AsyncResource } from 'node:async_hooks';
import { type PeerError, requestTimeout } from '../errors.js';
import { debug } from './diagnostics.js';
import { errorReply, lingeringClose } from './last-words.js';
import { ServerUpgrades } from './server-upgrades.js';
import { kServer } from './symbols.js';

export abstract class ServerFaults extends ServerUpgrades {
  /** The context in which the connection was made. */
  protected abstract readonly scope: AsyncResource;
  /** Why the input cannot be read any more. */
  private parseError: PeerError | null = null;
  protected isLingering = false;
  /** Was 'clientError' emitted? What the socket is destroyed with from then on is nobody's news. */
  private isErrorTold = false;

  /** Ends the connection after a last response; what the client still sends is read and thrown away. */
  protected end(): void {
    const { socket } = this;
    const isOwed = this.turn !== null || this.waiting.length > 0;
    // Whoever reads the content of a request that was answered reads on.
    if (this.incoming === null || isOwed) this.reads = false;
    else this.isLastRequest = true;
    if (this.parser.isIdle || typeof socket.destroySoon !== 'function') this.destroySoon();
    else this.linger();
  }

  private linger(error?: Error): void {
    if (this.isLingering || this.socket.destroyed) return;
    this.isLingering = true;
    lingeringClose(this.socket, error);
  }

  protected onParseError(error: PeerError): void {
    this.parseError = error;
    this.fail(error);
  }

  /** A caller that keeps a connection after 'clientError' is told again. */
  protected onUnreadable(chunk: Buffer): void {
    if (this.pendingUpgrade !== null) {
      this.holdHead(this.pendingUpgrade, chunk);
      return;
    }
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
  protected fail(error: Error): void {
    if (this.isLingering) {
      // The last response was sent: nothing can be said any more.
      this.reads = false;
      this.abortIncoming();
      return;
    }
    if (this.upgraded !== null) {
      // The connection speaks another protocol already, in which nothing can be said of it.
      this.cutUpgrade();
      this.upgraded.destroy();
      return;
    }
    // Whoever is to answer, or to close, may wait for the end of the connection: it has to be seen.
    this.discardInput();
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
  protected reportIfDue(error: Error): void {
    if (this.flushing.length > 0 || this.waiting.length > 0) return;
    if (this.turn === null || this.turn.req === this.incoming) this.reportError(error);
  }

  /** In the context of the connection, not of the request before or of the response that was waited for. */
  private reportError(error: Error): void {
    this.scope.runInAsyncScope(this.answerError, this, error);
  }

  /** 'clientError', or else a reply that says what was wrong, if none has begun. */
  private answerError(error: Error): void {
    const { server, socket } = this;
    this.pendingError = null;
    this.reads = false;
    this.isErrorTold = true;
    debug('server: %s', error.message);
    try {
      if (server.emit('clientError', error, socket)) return;
    } catch (thrown) {
      // It was to end the socket.
      socket.destroy(error);
      throw thrown;
    }
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
    // A request whose content is wrong was seen already.
    if (this.incoming === null) {
      const { code, reason } = error as PeerError;
      server[kServer].onRefusal?.({ statusCode, code, reason, socket });
    }
    socket.write(errorReply(statusCode), 'latin1');
    this.abortExchanges();
    // A client that ended its side has nothing more to send.
    if (socket.readableEnded) this.destroySoon();
    else this.linger(error);
  }

  onSocketError(error: Error): void {
    // Whoever has the other protocol hears of it.
    if (this.upgraded !== null) return;
    if (this.isLingering || this.isErrorTold) return;
    this.isErrorTold = true;
    if (!this.server.emit('clientError', error, this.socket)) this.socket.destroy(error);
  }
}
