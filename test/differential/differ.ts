import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { bounded } from './bounded.js';
import { ClientScene } from './client-scene.js';

import { candidate, nodeMajor, recordedMajor, reference, type Subject } from './subjects.js';

export type Scenario = (scene: ClientScene) => void | Promise<void>;

/**
 * What stock did: for a `newest` scenario the log of Node 26, for an `either` scenario those of all releases.
 * `record.ts` writes the file.
 */
export const recordedFile = new URL('../../../test/differential/recorded.json', import.meta.url);

const recorded: Record<string, string[][]> = existsSync(recordedFile)
  ? JSON.parse(readFileSync(recordedFile, 'utf8'))
  : {};

async function run(scenario: Scenario, subject: Subject): Promise<string[]> {
  const scene = new ClientScene(subject);
  let log: string[] = [];
  try {
    await bounded('the end of the scenario', Promise.resolve(scenario(scene)));
  } finally {
    log = await scene.finish();
  }
  assert.notDeepEqual(log, [], 'the scenario recorded nothing');
  return log;
}

/** Which logs of stock are recorded. */
export type Recording = 'none' | 'newest' | 'either';

/** With BAREWIRE_RECORD set to a file, what stock does is appended there, a JSON array a line. */
function keep(name: string, recording: Recording, log: string[]): boolean {
  const file = process.env.BAREWIRE_RECORD;
  if (file === undefined) return false;
  appendFileSync(file, `${JSON.stringify([name, recording, log])}\n`);
  return true;
}

function recordsOf(name: string): string[][] {
  const logs = recorded[name];
  assert.ok(logs, `no record of "${name}": run record.js on Node ${recordedMajor}`);
  return logs;
}

/** Both subjects must give the same log on every Node. */
export function differ(name: string, scenario: Scenario): void {
  test(name, async () => {
    const expected = await run(scenario, reference);
    if (keep(name, 'none', expected)) return;
    assert.deepEqual(await run(scenario, candidate), expected);
  });
}

/**
 * For what older stock lacks or does otherwise: the candidate must do on every Node what stock Node 26 does,
 * as recorded; the running stock is held to the record only from Node 26 on.
 */
export function differNewest(name: string, scenario: Scenario): void {
  test(name, async () => {
    if (process.env.BAREWIRE_RECORD !== undefined) {
      keep(name, 'newest', await run(scenario, reference));
      return;
    }
    const [expected] = recordsOf(name);
    if (nodeMajor >= recordedMajor) {
      assert.deepEqual(await run(scenario, reference), expected, 'stock against the record');
    }
    if (nodeMajor >= recordedMajor || candidate !== reference) {
      assert.deepEqual(await run(scenario, candidate), expected);
    }
  });
}

/**
 * For what differs between releases of stock without any being wrong, the order of two `close` events for
 * instance: the candidate must do what the running stock or any recorded release does.
 */
export function differEither(name: string, scenario: Scenario): void {
  test(name, async () => {
    const expected = await run(scenario, reference);
    if (keep(name, 'either', expected)) return;
    const log = await run(scenario, candidate);
    const known = recordsOf(name).some((record) => isDeepStrictEqual(record, log));
    if (!known) assert.deepEqual(log, expected);
  });
}

/** Where barewire differs on purpose: it must give `expected`, and stock must not. */
export function differOnPurpose(name: string, scenario: Scenario, expected: readonly string[]): void {
  test(name, async () => {
    const stockLog = await run(scenario, reference);
    if (keep(name, 'none', stockLog)) return;
    assert.notDeepEqual(stockLog, expected, 'stock does the same by now: drop the deviation');
    if (candidate !== reference) assert.deepEqual(await run(scenario, candidate), expected);
  });
}
