/** Medians, spreads, ratios and differences over rounds. */
import type { Side } from './scenarios.js';

/** What one round of one subject came to. */
export interface Round {
  /** Requests (or connections opened) a second. */
  readonly rate: number;
  /** CPU of the subject's process, in microseconds a request (or connection). */
  readonly cpu: number;
  /** What of it was spent in the process itself; the rest, in the kernel, is much the same for everyone. */
  readonly user: number;
  /** Bytes of memory: of the whole process, or per connection where the scenario is about connections. */
  readonly rss: number;
  /** The JavaScript heap and the buffers it owns after a collection, in the same measure. */
  readonly heap: number;
}

export type FigureName = keyof Round;

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** All rounds of one scenario: each subject's in the order they were run. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  /** What the subjects are in it. */
  readonly side: Side;
  /** Do the figures count connections rather than requests? */
  readonly perConnection: boolean;
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1] };
}

/** A subject's figure over the rounds, or undefined if it took no part. */
export function figureOf(result: ScenarioResult, subject: string, figure: FigureName): Spread | undefined {
  const rounds = result.rounds.get(subject);
  return rounds && spread(rounds.map((round) => round[figure]));
}

/**
 * One subject's figure divided by another's, round by round: two neighbours in time share what else the machine
 * was doing, so their ratio is steadier than the ratio of two medians.
 */
export function ratioOf(
  result: ScenarioResult,
  dividend: string,
  divisor: string,
  figure: FigureName,
): Spread | undefined {
  return roundByRound(result, dividend, divisor, figure, (above, below) => above / below);
}

/** The same of what one subject's figure is above another's. */
export function differenceOf(
  result: ScenarioResult,
  minuend: string,
  subtrahend: string,
  figure: FigureName,
): Spread | undefined {
  return roundByRound(result, minuend, subtrahend, figure, (above, below) => above - below);
}

function roundByRound(
  { rounds }: ScenarioResult,
  first: string,
  second: string,
  figure: FigureName,
  compare: (first: number, second: number) => number,
): Spread | undefined {
  const ours = rounds.get(first);
  const theirs = rounds.get(second);
  if (ours === undefined || theirs === undefined) return undefined;
  return spread(ours.map((round, index) => compare(round[figure], theirs[index][figure])));
}
