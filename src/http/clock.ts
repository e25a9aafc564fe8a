/**
 * The clock of deadlines and durations, and the timers: Node's own. They are taken once, since tests of applications
 * put others in their place that stand still, and node:http goes on then.
 */

const { hrtime } = process;

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = globalThis;

/**
 * Milliseconds, with fractions, of a clock that only goes forward, since some moment in the past.
 *
 * Not `performance.now()`: to touch `performance` loads perf_hooks, and as long as nobody has loaded that, nobody can
 * observe (see performance-entries.ts).
 */
export function currentTime(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
