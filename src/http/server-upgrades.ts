/**
 * Upgrades and CONNECT on a server's connection: what follows is another protocol's. They wait for the responses
 * before them, and for the request's content, unless that can be read while the other protocol begins.
 */
import { Buffer } from 'node:buffer';
import { contentTooLarge } from '../errors.js';
import { debug } from './diagnostics.js';
import { completeMessage } from './incoming-ends.js';
import { type Incoming, newScope } from './incoming-message.js';
import { ServerExchanges } from './server-exchanges.js';
import { kScope } from './symbols.js';
import { UpgradeStream } from './upgrade-stream.js';

export abstract class ServerUpgrades extends ServerExchanges {
  /** An upgrade whose turn comes when the responses before it have left. */
  protected pendingUpgrade: { request: Incoming; head: Buffer } | null = null;
  /** The request being received asks for an upgrade, and has content before. */
  protected isUpgradePending = false;
  /** The other protocol, which has begun while the request's content is still coming. */
  protected upgraded: UpgradeStream | null = null;

  /** Reports the error when the responses before it have left. */
  protected abstract fail(error: Error): void;
  /** The connection is another protocol's: the server forgets it. */
  protected abstract handOver(): void;

  protected wantsUpgrade(request: Incoming): boolean {
    try {
      return Boolean(this.server.shouldUpgradeCallback(request));
    } catch (error) {
      this.keepThrown(error);
      return false;
    }
  }

  /** Content before an upgrade, which nobody reads yet. */
  protected holdUpgradeContent(content: Buffer): void {
    if ((this.incoming as Incoming).push(content)) return;
    if (!this.isOwed) {
      this.blockBody();
      return;
    }
    // Behind responses that are owed, it has to fit the request's buffer.
    this.isUpgradePending = false;
    this.reads = false;
    this.fail(contentTooLarge());
  }

  private get isOwed(): boolean {
    return this.turn !== null || this.flushing.length > 0;
  }

  /** The input at hand was read, and the content before an upgrade is not complete: it need not wait for it. */
  protected beginUpgrade(): void {
    const request = this.incoming;
    if (request === null || this.isOwed || !this.reads) return;
    this.isUpgradePending = false;
    if (this.lacksListener('upgrade')) return;
    debug('server: %s %s, an upgrade before its content', request.method, request.url);
    this.upgraded = new UpgradeStream(this.socket);
    request[kScope] = newScope();
    request[kScope].runInAsyncScope(() => {
      this.server.emit('upgrade', request, this.upgraded, Buffer.alloc(0));
    });
    // Whoever does not begin to read the content at once leaves it: the other protocol comes behind it.
    request.resume();
  }

  /** The content of an upgrade that has begun will not be complete. */
  protected cutUpgrade(): void {
    const { incoming } = this;
    this.reads = false;
    if (incoming !== null && !incoming.complete) this.abortRequest(incoming);
  }

  protected onTunnel(head: Buffer): void {
    const request = this.incoming as Incoming;
    this.incoming = null;
    if (this.upgraded !== null) {
      this.handOver();
      request[kScope]?.runInAsyncScope(completeMessage, null, request);
      this.upgraded.begin(head);
    } else if (this.turn !== null) {
      // The responses before it first.
      this.pendingUpgrade = { request, head };
      this.limitHead(head);
    } else {
      this.upgrade(request, head);
    }
  }

  /** Nobody here speaks what was asked for? */
  private lacksListener(event: string): boolean {
    if (this.server.listenerCount(event) > 0) return false;
    debug('server: no listener for %s', event);
    this.socket.destroy();
    return true;
  }

  protected upgrade(request: Incoming, head: Buffer): void {
    const { server, socket } = this;
    const event = request.method === 'CONNECT' ? 'connect' : 'upgrade';
    if (this.lacksListener(event)) return;
    debug('server: %s %s, an upgrade', request.method, request.url);
    this.handOver();
    completeMessage(request);
    // Not flowing, not paused: as the listener would find a socket of its own.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    newScope().runInAsyncScope(() => {
      server.emit(event, request, socket, head);
    });
  }

  /**
   * The other protocol's first bytes, while its upgrade waits. They are read on, for else the end of the connection
   * would not be seen; a client that does not wait for the answer may send as many as the stream would hold.
   */
  protected holdHead(upgrade: { head: Buffer }, chunk: Buffer): void {
    upgrade.head = Buffer.concat([upgrade.head, chunk]);
    this.limitHead(upgrade.head);
  }

  private limitHead(head: Buffer): void {
    if (head.length <= this.socket.readableHighWaterMark) return;
    this.dropUpgrade();
    this.fail(contentTooLarge());
  }

  protected dropUpgrade(): void {
    const request = this.pendingUpgrade?.request;
    this.pendingUpgrade = null;
    if (request !== undefined) this.abortRequest(request);
  }
}
