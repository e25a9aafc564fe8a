import { Child } from '../child.js';
import type { Scenario } from '../scenarios.js';
import { runWrk } from './wrk.js';

/** What a load got done. */
export interface Work {
  readonly requests: number;
  readonly seconds: number;
}

export type LoadQuestion = {
  readonly scenario: string;
  readonly port: number;
  readonly connections: number;
} & ({ readonly ask: 'upload'; readonly seconds: number } | { readonly ask: 'open' | 'close' });

/** A process that makes load over `node:net`, where `wrk` cannot. */
export class LoadProcess {
  readonly #child = new Child('the load', new URL('./load-main.js', import.meta.url));

  upload(scenario: Scenario, port: number, connections: number, seconds: number): Promise<Work> {
    return this.#ask<Work>({ ask: 'upload', scenario: scenario.name, port, connections, seconds });
  }

  /** Opens connections that make one request each, and keeps them. */
  open(scenario: Scenario, port: number, connections: number): Promise<Work> {
    return this.#ask<Work>({ ask: 'open', scenario: scenario.name, port, connections });
  }

  /** Closes all that `open()` opened. */
  async close(scenario: Scenario, port: number): Promise<void> {
    await this.#ask({ ask: 'close', scenario: scenario.name, port, connections: 0 });
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  #ask<Answer>(question: LoadQuestion): Promise<Answer> {
    return this.#child.ask<Answer>(question);
  }
}

/** Puts the scenario's load on a server for that many seconds. */
export async function applyLoad(
  scenario: Scenario,
  port: number,
  connections: number,
  seconds: number,
): Promise<Work> {
  if (scenario.load === 'wrk') return runWrk(scenario, port, connections, seconds);
  const load = new LoadProcess();
  try {
    return await load.upload(scenario, port, connections, seconds);
  } finally {
    await load.stop();
  }
}
