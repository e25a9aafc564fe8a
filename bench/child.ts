import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * A Node process that answers questions over IPC, one after the other. The server and our own load each run in
 * one, so that the accounting of the server's process covers the server alone.
 */
export class Child {
  readonly #name: string;
  readonly #process: ChildProcess;

  constructor(name: string, module: URL, nodeOptions: string[] = []) {
    this.#name = name;
    // What a child prints is for the reader of the run, not part of its result: it goes to stderr.
    this.#process = fork(module, { execArgv: nodeOptions, stdio: ['ignore', 2, 2, 'ipc'] });
  }

  /** Sends a question and waits for its answer; rejects if the process fails instead. */
  async ask<Answer>(question: object): Promise<Answer> {
    const settled = new AbortController();
    try {
      const answer = once(this.#process, 'message', settled);
      const exit = once(this.#process, 'exit', settled).then(([code, signal]) => {
        throw new Error(`${this.#name} ended (${signal ?? `exit code ${code}`})`);
      });
      const failedSend = new Promise<never>((_, reject) => {
        this.#process.send(question, (error) => error && reject(error));
      });
      const [reply] = (await Promise.race([answer, exit, failedSend])) as [Reply<Answer>];
      if ('failure' in reply) throw new Error(`${this.#name}: ${reply.failure}`);
      return reply.answer;
    } finally {
      settled.abort();
    }
  }

  /** Lets the process end by itself, so that a profile is written, and waits for that. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await exit;
  }
}

/** What a child sends back. */
export type Reply<Answer> = { readonly answer: Answer } | { readonly failure: string };

/** The child's side: answers every question with what `answer` returns, until the parent goes away. */
export function answerQuestions<Question>(answer: (question: Question) => Promise<object>): void {
  process.on('message', (question: Question) => {
    answer(question).then(
      (result) => process.send?.({ answer: result }),
      (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
