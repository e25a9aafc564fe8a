import { Child } from './child.js';
import type { Memory } from './memory.js';
import type { Scenario } from './scenarios.js';
import type { SubjectEntry } from './subjects.js';

export type ServerQuestion =
  | { readonly ask: 'listen'; readonly subject: string; readonly scenario: string }
  | { readonly ask: 'usage' }
  | { readonly ask: 'sample'; readonly connections: number };

/** What the server process has used up to now, and has in use: microseconds of CPU and bytes of memory. */
export interface Usage {
  readonly cpu: NodeJS.CpuUsage;
  readonly rss: number;
}

/** The server process's own accounting at one moment: microseconds of CPU and bytes of memory. */
export interface Sample extends Memory {
  /** CPU at the moment of asking: the end of the round before. */
  readonly cpuAtEnd: NodeJS.CpuUsage;
  /** CPU once this sample was taken: the start of the round after. */
  readonly cpuAtStart: NodeJS.CpuUsage;
}

/** What makes a process write a CPU profile into that folder at its end. */
export function profileOptions(subject: SubjectEntry, scenario: Scenario, folder?: string): string[] {
  if (folder === undefined) return [];
  const name = `${scenario.name}.${subject.name.replace(/\W/g, '-')}.cpuprofile`;
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`];
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly subject: SubjectEntry;
  readonly port: number;
  readonly #child: Child;

  private constructor(subject: SubjectEntry, port: number, child: Child) {
    this.subject = subject;
    this.port = port;
    this.#child = child;
  }

  /** Starts the subject's server for this scenario; with a folder, writes a CPU profile there at the end. */
  static async start(
    subject: SubjectEntry,
    scenario: Scenario,
    profileFolder?: string,
  ): Promise<ServerProcess> {
    const nodeOptions = ['--expose-gc', ...profileOptions(subject, scenario, profileFolder)];
    const module = new URL('./server-main.js', import.meta.url);
    const child = new Child(`the server of ${subject.name}`, module, nodeOptions);
    try {
      const question: ServerQuestion = { ask: 'listen', subject: subject.name, scenario: scenario.name };
      const { port } = await child.ask<{ port: number }>(question);
      return new ServerProcess(subject, port, child);
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  /** What it took so far. Nothing is collected or thrown away for it. */
  usage(): Promise<Usage> {
    return this.#child.ask<Usage>({ ask: 'usage' } satisfies ServerQuestion);
  }

  /** Takes a sample as soon as the server has that many connections. */
  sample(connections = 0): Promise<Sample> {
    const question: ServerQuestion = { ask: 'sample', connections };
    return this.#child.ask<Sample>(question);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}
