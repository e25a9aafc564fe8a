import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const server = fileURLToPath(new URL('../../examples/tour/server.js', import.meta.url));

/** The tour as a process of its own, as `npm start` runs it. */
export interface TourProcess {
  child: ChildProcess;
  /** Resolves with the exit code, or with the signal that ended the process. */
  exited: Promise<number | string>;
  /** The next line it prints on standard output, undefined at the end. */
  nextLine(): Promise<string | undefined>;
  stderr(): string;
}

/** Starts the tour; the test's end ends it, however the test went. */
export function spawnTour(t: TestContext, env: NodeJS.ProcessEnv): TourProcess {
  const child = spawn(process.execPath, [server], {
    env: { ...process.env, HOST: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  t.after(async () => {
    // Not SIGKILL at first: the tour removes its large file when it ends.
    child.kill('SIGTERM');
    const again = setInterval(() => child.kill('SIGTERM'), 300);
    const last = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearInterval(again);
    clearTimeout(last);
  });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    exited,
    nextLine: async () => (await lines.next()).value,
    stderr: () => complaints,
  };
}

/** Starts the tour on a free port and waits until it listens. */
export async function startTour(t: TestContext): Promise<TourProcess & { url: string }> {
  const tour = spawnTour(t, { PORT: '0' });
  const line = await tour.nextLine();
  const url = line?.match(/^Listening on (http:\/\/127\.0\.0\.1:\d+\/)$/)?.[1];
  if (url === undefined) throw new Error(`the tour said ${line}: ${tour.stderr()}`);
  return { ...tour, url };
}
