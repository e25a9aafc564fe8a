/** What goes wrong in the listeners of an application, and what must not go wrong because of it. */

/** Thrown by listeners on purpose: anything else that nobody catches is a finding. */
export class Mishap extends Error {}

export function mishap(): never {
  throw new Mishap('a listener threw');
}

/** Lets the event loop turn. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when it holds; false where it does not within so many milliseconds. */
export async function eventually(
  milliseconds: number,
  holds: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

/** Has `count` jobs done, so many at a time. */
export async function atATime(
  width: number,
  count: number,
  job: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
