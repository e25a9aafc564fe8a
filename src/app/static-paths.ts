/**
 * Routes without parameters, by their path.
 *
 * A Map would do, but for the hash that the engine makes of every character of a path that it has not seen: a third of
 * what it takes to match a path with parameters, which then is not even in it. Here the length and three characters
 * choose the few paths that it may be, and comparing two strings costs next to nothing.
 */
export class StaticPaths<V> {
  #buckets: (Entry<V>[] | null)[] = [null];
  #size = 0;
  #longest = 0;

  /** Adds a value for a path. The first value of a path stays. */
  add(path: string, value: V): void {
    if (this.get(path) !== null) return;
    this.#size++;
    this.#longest = Math.max(this.#longest, path.length);
    const entries = [...this.#buckets.flatMap((bucket) => bucket ?? []), { path, value }];
    const count = 2 ** Math.ceil(Math.log2(this.#size * 4));
    this.#buckets = new Array<Entry<V>[] | null>(count).fill(null);
    for (const entry of entries) (this.#buckets[bucketOf(entry.path, count)] ??= []).push(entry);
  }

  get(path: string): V | null {
    if (path.length > this.#longest) return null;
    const bucket = this.#buckets[bucketOf(path, this.#buckets.length)];
    if (bucket === null) return null;
    for (let i = 0; i < bucket.length; i++) if (bucket[i].path === path) return bucket[i].value;
    return null;
  }
}

interface Entry<V> {
  readonly path: string;
  readonly value: V;
}

/** @param count Of buckets: a power of 2. */
function bucketOf(path: string, count: number): number {
  const { length } = path;
  if (length === 0) return 0;
  const sample =
    path.charCodeAt(length - 1) + path.charCodeAt(length >> 1) * 7 + path.charCodeAt(length >> 2) * 31;
  return (length * 5 + sample) & (count - 1);
}
