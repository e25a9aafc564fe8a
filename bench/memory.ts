import { setImmediate } from 'node:timers/promises';

/** Bytes of memory of this process. */
export interface Memory {
  readonly rss: number;
  /** The JavaScript heap and the buffers it owns, after a collection. */
  readonly heap: number;
}

/** What this process holds once what it does not need is gone; needs `--expose-gc`. */
export async function settledMemory(): Promise<Memory> {
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    // Gives finalizers and weak references their turn before the second collection.
    await setImmediate();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
