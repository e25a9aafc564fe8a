import { Child } from './child.js';
import type { Memory } from './memory.js';
import type { Scenario } from './scenarios.js';
import { profileOptions } from './server-process.js';
import type { SubjectEntry } from './subjects.js';

export type ClientQuestion =
  | { readonly ask: 'memory' }
  | { readonly ask: 'one'; readonly subject: string; readonly scenario: string; readonly port: number }
  | {
      readonly ask: 'run';
      readonly subject: string;
      readonly scenario: string;
      readonly port: number;
      readonly connections: number;
      readonly seconds: number;
    };

/** What a round of requests came to, by the client process's own accounting. */
export interface ClientWork {
  readonly rss: number;
  readonly requests: number;
  readonly seconds: number;
  readonly cpu: NodeJS.CpuUsage;
}

/** A client in a process of its own. */
export class ClientProcess {
  readonly subject: SubjectEntry;
  readonly #scenario: Scenario;
  readonly #child: Child;

  constructor(subject: SubjectEntry, scenario: Scenario, profileFolder?: string) {
    this.subject = subject;
    this.#scenario = scenario;
    const nodeOptions = ['--expose-gc', ...profileOptions(subject, scenario, profileFolder)];
    const module = new URL('./client-main.js', import.meta.url);
    this.#child = new Child(`the client ${subject.name}`, module, nodeOptions);
  }

  /** Makes one request to that port; fails unless the answer is the scenario's. */
  async one(port: number): Promise<void> {
    await this.#ask({ ask: 'one', ...this.#names, port });
  }

  /** Makes requests for so long, one after the other on each connection. All runs must be to one port. */
  run(port: number, connections: number, seconds: number): Promise<ClientWork> {
    return this.#ask<ClientWork>({ ask: 'run', ...this.#names, port, connections, seconds });
  }

  /** What it holds after a collection. */
  memory(): Promise<Memory> {
    return this.#child.ask<Memory>({ ask: 'memory' } satisfies ClientQuestion);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  get #names(): { subject: string; scenario: string } {
    return { subject: this.subject.name, scenario: this.#scenario.name };
  }

  #ask<Answer>(question: ClientQuestion): Promise<Answer> {
    return this.#child.ask<Answer>(question);
  }
}
