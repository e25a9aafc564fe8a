import { Duplex, type DuplexOptions } from 'node:stream';

/** Two ends of a connection in memory. */
export function duplexPair(options?: DuplexOptions): [Duplex, Duplex] {
  class End extends Duplex {
    other: End | undefined;
    release = () => {};
    override _read() {
      const { release } = this;
      this.release = () => {};
      release();
    }
    override _write(chunk: Buffer, _encoding: string, done: () => void) {
      if (this.other === undefined || chunk.length === 0) return done();
      this.other.release = done;
      this.other.push(chunk);
    }
    override _final(done: () => void) {
      this.other?.push(null);
      done();
    }
  }
  const one = new End(options);
  const two = new End(options);
  one.other = two;
  two.other = one;
  return [one, two];
}
