import { checkAnswer } from './check.js';
import { applyLoad } from './load/load.js';
import type { Options } from './options.js';
import { SCENARIOS, type Scenario, scenarioNamed, sideOf } from './scenarios.js';
import { ServerProcess } from './server-process.js';
import type { SubjectEntry } from './subjects.js';

const SOAK_REQUESTS = 2_000_000;

/**
 * How much the heap may have grown since the warm-up. What the engine itself keeps (compiled code, type feedback)
 * stays within it, and a leak does not hide in it: it is half a byte a request.
 */
const MARGIN = 1024 * 1024;

const MEBIBYTE = 1024 * 1024;

/** Scenarios the requests are taken from, by turns: all that `wrk` can drive on one server, which has no TLS. */
const SOAKED = SCENARIOS.filter(
  (scenario) =>
    scenario.load === 'wrk' && sideOf(scenario) === 'server' && !scenario.secure && !scenario.framework,
);

/** Sends the subject two million requests of all kinds; false if its heap is larger than after the warm-up. */
export async function soak(
  subject: SubjectEntry,
  options: Options,
  print: (line: string) => void,
): Promise<boolean> {
  const server = await ServerProcess.start(subject, scenarioNamed('hello'), options.profileFolder);
  try {
    for (const scenario of SOAKED) await checkAnswer(scenario, server);
    print(`${subject.name}: soak of ${SOAK_REQUESTS} requests after the warm-up`);
    for (const scenario of SOAKED) await slice(scenario, server, options);
    const first = (await server.sample()).heap;
    print(line('after the warm-up', 0, first, 0));
    let requests = 0;
    let last = first;
    // Ends on a whole turn of all kinds, so that the last sample follows the same kind as the first.
    while (requests < SOAK_REQUESTS) {
      for (const scenario of SOAKED) {
        requests += await slice(scenario, server, options);
        last = (await server.sample()).heap;
        print(line(scenario.name, requests, last, last - first));
      }
    }
    const kept = last - first <= MARGIN;
    const outcome = `${signed(last - first)} MiB after ${requests} requests, ${MARGIN / MEBIBYTE} MiB allowed`;
    print(`${subject.name}: the heap ${kept ? 'is where it was' : 'HAS GROWN'} (${outcome})`);
    return kept;
  } finally {
    await server.stop();
  }
}

async function slice(scenario: Scenario, server: ServerProcess, options: Options): Promise<number> {
  return (await applyLoad(scenario, server.port, options.connections, options.seconds)).requests;
}

function line(after: string, requests: number, heap: number, growth: number): string {
  const columns = [after.padEnd(24), `${String(requests).padStart(9)} requests`];
  return `  ${columns.join('')}   heap ${(heap / MEBIBYTE).toFixed(2)} MiB (${signed(growth)})`;
}

function signed(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / MEBIBYTE).toFixed(2)}`;
}
