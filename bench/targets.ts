import { differenceOf, type FigureName, ratioOf, type ScenarioResult, type Spread } from './figures.js';
import { SCENARIOS, sideOf } from './scenarios.js';

/** A bound on the ratio of two subjects' figures in one scenario, or on their difference. */
export type Target = Bound & (Ratio | Difference);

interface Ratio {
  /** The ratio is `dividend` ÷ `divisor`. */
  readonly dividend: string;
  readonly divisor: string;
}

interface Difference {
  /** The difference is `minuend` − `subtrahend`, in the figure's own unit. */
  readonly minuend: string;
  readonly subtrahend: string;
}

interface Bound {
  readonly scenario: string;
  readonly figure: FigureName;
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

/** What the frameworks must cost at least, as a multiple of ours. */
const FRAMEWORK_GAINS = { fastify: 2.2, express: 4, hono: 1.8 };

/** Microseconds that the framework may take beyond a handler written by hand. */
const FRAMEWORK_COST = 3;

const CLIENTS = SCENARIOS.filter((scenario) => sideOf(scenario) === 'client');
const FRAMEWORKS = SCENARIOS.filter((scenario) => sideOf(scenario) === 'framework');
const SERVERS = SCENARIOS.filter((scenario) => sideOf(scenario) === 'server');
/** Under a framework, a process with barewire has both modules: its memory is shown, and no target. */
const BARE_SERVERS = SERVERS.filter(({ framework }) => framework === undefined);

const NODE_TO_BAREWIRE = { dividend: 'node:http', divisor: 'barewire/http' } as const;

export const TARGETS: readonly Target[] = [
  ...[...SERVERS, ...CLIENTS].map(
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
  ...FRAMEWORKS.flatMap(({ name }): Target[] => [
    {
      scenario: name,
      figure: 'cpu',
      minuend: 'barewire',
      subtrahend: 'barewire/http',
      atMost: FRAMEWORK_COST,
    },
    ...Object.entries(FRAMEWORK_GAINS).map(
      ([dividend, atLeast]): Target => ({
        scenario: name,
        figure: 'cpu',
        dividend,
        divisor: 'barewire',
        atLeast,
      }),
    ),
  ]),
  ...BARE_SERVERS.map(({ name, load }): Target => {
    const atLeast = load === 'idle' ? 1 : 1 - PROCESS_MEMORY_ALLOWANCE;
    return { scenario: name, figure: 'rss', ...NODE_TO_BAREWIRE, atLeast };
  }),
  { scenario: 'idle', figure: 'heap', ...NODE_TO_BAREWIRE, atLeast: 1 },
];

export interface Verdict {
  readonly target: Target;
  /** The ratio, or the difference. */
  readonly came: Spread;
  readonly reached: boolean;
  /** What the ratio would come to if ours cost no more than the floor: no server or client on a socket gets beyond. */
  readonly floor?: Spread;
}

/** Every target whose scenario and subjects were part of the run, with what it came to. */
export function judge(results: readonly ScenarioResult[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const target of TARGETS) {
    const result = results.find(({ name }) => name === target.scenario);
    const came = result && compared(result, target);
    if (result === undefined || came === undefined) continue;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
    const reached = came.median >= atLeast && came.median <= atMost;
    verdicts.push({ target, came, reached, floor: ofFloor(result, target) });
  }
  return verdicts;
}

/** Where the cost of others is held against ours. */
function ofFloor(result: ScenarioResult, target: Target): Spread | undefined {
  const isGain = 'dividend' in target && target.figure === 'cpu' && target.atLeast !== undefined;
  return isGain ? ratioOf(result, target.dividend, 'floor', target.figure) : undefined;
}

function compared(result: ScenarioResult, target: Target): Spread | undefined {
  return 'dividend' in target
    ? ratioOf(result, target.dividend, target.divisor, target.figure)
    : differenceOf(result, target.minuend, target.subtrahend, target.figure);
}
