/** The content of a file in a multipart body, as it comes. */
import { Readable } from 'node:stream';

export class FileStream extends Readable {
  private readonly more: () => void;

  /** @param more Called when the reader wants more, and when it wants no more: others may go on. */
  constructor(more: () => void) {
    super();
    this.more = more;
    // It is told by whoever reads the parts as well; a file that nobody reads must not end the process.
    this.on('error', ignore);
  }

  override _read(): void {
    this.more();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.more();
    callback(error);
  }

  /** Resolves when the file was read or given up. What nobody began to read is skipped. */
  async untilRead(): Promise<void> {
    if (this.destroyed || this.readableEnded) return;
    const isRead =
      this.readableDidRead || this.readableFlowing !== null || this.listenerCount('readable') > 0;
    if (!isRead) this.resume();
    await new Promise<void>((resolve) => {
      this.once('close', resolve);
    });
  }
}

function ignore(): void {}
