import { type FigureName, ratioOf, type ScenarioResult, type Spread } from './figures.js';
import { SCENARIOS } from './scenarios.js';

/** A bound on the ratio of two subjects' figures in one scenario. */
export interface Target {
  readonly scenario: string;
  readonly figure: FigureName;
  /** The ratio is `dividend` ÷ `divisor`. */
  readonly dividend: string;
  readonly divisor: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Where we would like it to be, beyond what it must reach. */
  readonly aim?: number;
}

/** How many times the CPU of `barewire/http` a request must cost on `node:http`. */
const CPU_GAINS: Record<string, { atLeast: number; aim?: number }> = {
  hello: { atLeast: 2.2, aim: 2.5 },
  'browser-headers': { atLeast: 2.2, aim: 2.5 },
  echo: { atLeast: 1.8 },
  writes: { atLeast: 1.5 },
  pipelined: { atLeast: 3 },
};

/** The same, of the client's own process. */
const CLIENT_GAINS: Record<string, { atLeast: number }> = { client: { atLeast: 2.2 } };

/** Everywhere else: not slower. */
const NO_LOSS = { atLeast: 1 };

/**
 * The memory of a whole process wavers by a few percent from run to run. Memory per connection does not, and has
 * no such allowance.
 */
const PROCESS_MEMORY_ALLOWANCE = 0.05;

const CLIENTS = SCENARIOS.filter(({ load }) => load === 'client');
/** Under a framework, a process with barewire has both modules: its memory is shown, and no target. */
const SERVERS = SCENARIOS.filter(({ load, framework }) => load !== 'client' && framework === undefined);

const NODE_TO_BAREWIRE = { dividend: 'node:http', divisor: 'barewire/http' } as const;

export const TARGETS: readonly Target[] = [
  ...SCENARIOS.map(
    ({ name }): Target => ({
      scenario: name,
      figure: 'cpu',
      ...NODE_TO_BAREWIRE,
      ...(CPU_GAINS[name] ?? CLIENT_GAINS[name] ?? NO_LOSS),
    }),
  ),
  ...CLIENTS.map(
    ({ name }): Target => ({
      scenario: name,
      figure: 'cpu',
      dividend: 'barewire/http',
      divisor: 'undici',
      atMost: 1,
    }),
  ),
  { scenario: 'hello', figure: 'cpu', dividend: 'barewire/http', divisor: 'floor', atMost: 1.5, aim: 1.25 },
  ...SERVERS.map(({ name, load }): Target => {
    const atLeast = load === 'idle' ? 1 : 1 - PROCESS_MEMORY_ALLOWANCE;
    return { scenario: name, figure: 'rss', ...NODE_TO_BAREWIRE, atLeast };
  }),
  { scenario: 'idle', figure: 'heap', ...NODE_TO_BAREWIRE, atLeast: 1 },
];

export interface Verdict {
  readonly target: Target;
  readonly ratio: Spread;
  readonly reached: boolean;
}

/** Every target whose scenario and subjects were part of the run, with what it came to. */
export function judge(results: readonly ScenarioResult[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const target of TARGETS) {
    const result = results.find(({ name }) => name === target.scenario);
    const ratio = result && ratioOf(result, target.dividend, target.divisor, target.figure);
    if (ratio === undefined) continue;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
    verdicts.push({ target, ratio, reached: ratio.median >= atLeast && ratio.median <= atMost });
  }
  return verdicts;
}
