/** The clock of deadlines and durations. */

/**
 * Milliseconds, with fractions, of a clock that only goes forward, since some moment in the past.
 *
 * Not `performance.now()`: to touch `performance` loads perf_hooks, and as long as nobody has loaded that, nobody can
 * observe (see performance-entries.ts).
 */
export function currentTime(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
