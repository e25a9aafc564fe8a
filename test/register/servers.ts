/** An application served with and without barewire, and asked the same. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { isAbsolute } from 'node:path';
import { after, before, test } from 'node:test';
import { type Answer, type Ask, exchange } from './exchanges.js';
import { type Started, startBoth, WAYS, type Way } from './processes.js';

/** What a step does with the application: it is done on both, and what it gives must be the same. */
export type Step = (port: number, agent: http.Agent) => Promise<unknown>;

export interface Application {
  /** One request, and its answers the same, with this status. */
  answers(name: string, status: number, ask: Ask, look?: (answer: Answer) => void): void;
  /** Whatever else: both give the same; `look` says that it is what it should be. */
  same(name: string, step: Step, look?: (seen: never) => void): void;
  /** Where each is. */
  port(way: Way): number;
}

/**
 * Starts an application of apps/, or of another folder, both ways before the tests of the file, and stops it after them.
 * The steps are taken in their order: an application remembers what it was asked.
 */
export function serve(file: string): Application {
  let started: Record<Way, Started>;
  const ports = {} as Record<Way, number>;
  const agents = {} as Record<Way, http.Agent>;

  before(async () => {
    started = await startBoth(isAbsolute(file) ? file : `apps/${file}`);
    for (const way of WAYS) {
      ports[way] = await started[way].receive('port');
      agents[way] = new http.Agent({ keepAlive: true });
    }
  });
  after(async () => {
    for (const way of WAYS) agents[way]?.destroy();
    // A server that does not end by itself has kept something that the other has not.
    await Promise.all(WAYS.map((way) => started?.[way].stop()));
    assert.equal(started.registered.complaints(), started.plain.complaints());
  });

  const same = (name: string, step: Step, look?: (seen: never) => void) => {
    test(name, { timeout: 30_000 }, async () => {
      const [plain, registered] = await Promise.all(WAYS.map((way) => step(ports[way], agents[way])));
      look?.(plain as never);
      assert.deepEqual(registered, plain);
    });
  };
  return {
    same,
    answers: (name, status, ask, look) => {
      same(
        name,
        (port, agent) => exchange(port, agent, ask),
        (answer: Answer) => {
          assert.equal(answer.status, status, answer.content);
          look?.(answer);
        },
      );
    },
    port: (way) => ports[way],
  };
}
