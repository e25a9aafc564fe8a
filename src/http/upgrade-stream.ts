/**
 * What is handed over with an upgrade whose request has content still to come: the other protocol's bytes, which begin
 * behind that content. Until then the connection reads the socket; what is written goes out at once.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class UpgradeStream extends Duplex {
  private readonly source: Socket;
  /** Was the request's content received? */
  private isRead = false;

  constructor(source: Socket) {
    super({ readableHighWaterMark: source.readableHighWaterMark, allowHalfOpen: true });
    this.source = source;
    source.on('error', (error) => this.destroy(error));
    source.on('close', () => this.destroy());
  }

  /** The content was received: what comes now is the other protocol's. */
  begin(head: Buffer): void {
    const { source } = this;
    this.isRead = true;
    source.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) source.pause();
    });
    source.on('end', () => this.finishReading());
    if (head.length === 0 || this.push(head)) source.resume();
    else source.pause();
    if (source.readableEnded) this.finishReading();
  }

  /** Nothing more comes in. */
  finishReading(): void {
    this.push(null);
  }

  override _read(): void {
    if (this.isRead) this.source.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.source.write(chunk, encoding, callback);
  }

  override _final(callback: () => void): void {
    this.source.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.source.destroy();
    callback(error);
  }
}
