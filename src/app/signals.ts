/** The process's signals, as an application's end. */
import { constants } from 'node:os';
import { process } from '../http/process.js';
import type { Application } from './application.js';
import type { CloseOptions } from './draining.js';

export interface SignalOptions extends CloseOptions {
  /** Default SIGTERM, which supervisors send, and SIGINT, which Ctrl-C is. */
  signals?: readonly NodeJS.Signals[];
  /**
   * What is to be done when all requests have been answered: connections to databases to be ended. A second signal
   * does not wait for it either.
   */
  onClosed?: () => unknown;
}

/** What a shell adds to the number of a signal in the exit code of a process that it ended. */
const BY_SIGNAL = 128;

/**
 * Closes the application at the first of these signals; the process ends by itself when nothing is left to do. At a
 * second signal it exits at once, with 128 and the signal's number, whoever else listens for signals.
 * @returns Takes the listeners off again.
 */
export function closeOnSignal(app: Application, options: SignalOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], onClosed, ...closeOptions } = options;
  let isClosing = false;
  const forget = () => {
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (isClosing) process.exit(BY_SIGNAL + constants.signals[signal]);
    isClosing = true;
    void end();
  };
  /** What fails here ends the process as any rejection that nobody takes: something is not as it should be. */
  const end = async () => {
    await app.close(closeOptions);
    await onClosed?.();
    forget();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return forget;
}
