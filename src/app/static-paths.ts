/**
 * Routes without parameters, by their path.
 *
 * A Map would do, but for the hash that the engine makes of every character of a path that it has not seen: a third of
 * what it takes to match a path with parameters, which then is not even in it. Here the length and three characters
 * choose the few paths that it may be, and comparing two strings costs next to nothing. Where these choose too many, as
 * of thousands of paths that differ in a number, it is a Map after all.
 */
export class StaticPaths<V> {
  readonly #all = new Map<string, V>();
  #longest = 0;
  /** Null where too many paths are alike. */
  #buckets: (Entry<V>[] | null)[] | null = [null];

  /** Adds a value for a path. The first value of a path stays. */
  add(path: string, value: V): void {
    if (this.#all.has(path)) return;
    this.#all.set(path, value);
    this.#longest = Math.max(this.#longest, path.length);
    if (this.#buckets === null) return;
    if (this.#all.size * 4 > this.#buckets.length) {
      this.#buckets = new Array<Entry<V>[] | null>(this.#buckets.length * 2).fill(null);
      for (const [known, its] of this.#all) this.#put(known, its);
    } else {
      this.#put(path, value);
    }
  }

  get(path: string): V | null {
    if (path.length > this.#longest) return null;
    const buckets = this.#buckets;
    if (buckets === null) return this.#all.get(path) ?? null;
    const bucket = buckets[bucketOf(path, buckets.length)];
    if (bucket === null) return null;
    for (let i = 0; i < bucket.length; i++) if (bucket[i].path === path) return bucket[i].value;
    return null;
  }

  #put(path: string, value: V): void {
    if (this.#buckets === null) return;
    const bucket = (this.#buckets[bucketOf(path, this.#buckets.length)] ??= []);
    bucket.push({ path, value });
    if (bucket.length > MAX_ALIKE) this.#buckets = null;
  }
}

/** Paths that are compared one after the other. */
const MAX_ALIKE = 16;

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
