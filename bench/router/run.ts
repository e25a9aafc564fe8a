/**
 * `npm run bench -- --router`: matches a second of the router alone, beside others.
 *
 * Every path is a string made anew before it is matched, as it is in a server: of a string that was matched before,
 * an engine remembers the hash, which flatters whoever looks paths up in a table.
 */
import { CONTENDERS, type Contender } from './contenders.js';
import { MIXES, type Mix, type Request, ROUTES } from './table.js';

const BATCH = 4096;
/** Batches of a round: enough for the compiler to be done in the first one, and for a median to mean something. */
const BATCHES = 100;

export interface RouterFigure {
  readonly mix: string;
  /** Millions of matches a second: the median of each contender's rounds, each the median of its batches. */
  readonly rates: ReadonlyMap<string, number>;
}

/** Compares the routers, and says how many matches a second each makes. */
export function benchRouters(rounds: number, onProgress: (line: string) => void): RouterFigure[] {
  for (const contender of CONTENDERS) check(contender);
  for (const contender of CONTENDERS) for (const mix of MIXES) run(contender, mix);
  return MIXES.map((mix) => {
    const samples = new Map(CONTENDERS.map(({ name }): [string, number[]] => [name, []]));
    for (let round = 0; round < rounds; round++) {
      onProgress(`router: ${mix.name}, round ${round + 1} of ${rounds}`);
      for (let turn = 0; turn < CONTENDERS.length; turn++) {
        const contender = CONTENDERS[(turn + round) % CONTENDERS.length];
        samples.get(contender.name)?.push(run(contender, mix));
      }
    }
    return {
      mix: mix.name,
      rates: new Map(Array.from(samples, ([name, rates]) => [name, median(rates)])),
    };
  });
}

/** The figures as a table. */
export function routerText(figures: readonly RouterFigure[], asMarkdown: boolean): string {
  const head = ['', ...figures.map(({ mix }) => mix)];
  const rows = CONTENDERS.map(({ name }) => [
    name,
    ...figures.map(({ rates }) => (rates.get(name) ?? 0).toFixed(1)),
  ]);
  const title = `Router: ${ROUTES.length} routes, million matches a second`;
  if (asMarkdown) {
    const lines = [head, head.map((_, column) => (column === 0 ? '---' : '--:')), ...rows];
    return [title, '', ...lines.map((cells) => `| ${cells.join(' | ')} |`)].join('\n');
  }
  const width = Math.max(...CONTENDERS.map(({ name }) => name.length));
  const lines = [head, ...rows].map(([first, ...cells]) =>
    [first.padEnd(width), ...cells.map((cell) => cell.padStart(10))].join(''),
  );
  return [title, ...lines].join('\n');
}

/** Who finds something else than the others is not measured. */
function check({ name, read }: Contender): void {
  for (const { method, path, route } of MIXES.flatMap(({ requests }) => requests)) {
    const found = read(method, path);
    if ((found?.route ?? null) !== route) {
      throw new Error(`${name} finds ${found?.route} for ${method} ${path}, not ${route}`);
    }
    const { params } = found ?? {};
    const put = params && route?.replace(/:(\w+)|\*/g, (whole, param) => `${params[param ?? whole]}`);
    if (put !== undefined && put !== path)
      throw new Error(`${name} finds other parameters in ${path}: ${put}`);
  }
}

function run({ match }: Contender, { requests }: Mix): number {
  const encoded = requests.map(({ path }) => Buffer.from(path, 'latin1'));
  const batch: Request[] = new Array(BATCH);
  const rates: number[] = [];
  let found = 0;
  for (let i = 0; i < BATCHES; i++) {
    for (let j = 0; j < BATCH; j++) {
      const which = j % requests.length;
      batch[j] = { ...requests[which], path: encoded[which].toString('latin1') };
    }
    const start = process.hrtime.bigint();
    for (let j = 0; j < BATCH; j++) if (match(batch[j].method, batch[j].path)) found++;
    rates.push((BATCH / Number(process.hrtime.bigint() - start)) * 1e3);
  }
  // Nothing is found out by that, but the compiler cannot leave out what is counted.
  if (found > BATCH * BATCHES) throw new Error('more was found than looked for');
  return median(rates);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
