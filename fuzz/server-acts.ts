/**
 * Fuzzes servers with programs: what a client sends, and what is done to requests, responses and sockets at any moment.
 * Each is played to node:http and to barewire/http, where the same must happen, and the client receive the same:
 *
 *     npm run build:dev && node build/fuzz/server-acts.js [--programs 1000] [--seconds 600] [--seed 1]
 *
 * Programs that do not do the same twice are left out, and so is what differs on purpose, as server-differences.ts knows
 * it from docs/deviations.md. What is found is made shorter and printed with its seed; the exit code is 1 then. Not all of
 * it is a defect: a listener that hears of something a tick later does other things from there on.
 */
import { inspect, isDeepStrictEqual, parseArgs } from 'node:util';
import { candidate, type Http, reference } from '../test/differential/subjects.js';
import { type Difference, difference, faultOf } from './server-differences.js';
import { Play, type Trace } from './server-play.js';
import { makeProgram, type Program } from './server-program.js';
import { shorten } from './shorten-program.js';

const MOST_SHORTENINGS = 200;

const { values: options } = parseArgs({
  options: {
    programs: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
  },
});

interface Finding {
  readonly difference: Difference;
  readonly stock: Trace;
  readonly ours: Trace;
}

let playing: Play | null = null;

/** What nobody catches belongs to the program that is being played. */
function uncaught(error: unknown): void {
  if (playing === null) throw error;
  playing.log(`uncaught ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
}

process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);
// Many listeners on one message are no leak here.
process.removeAllListeners('warning');

async function play(http: Http, program: Program, readsAsStream = false): Promise<Trace> {
  playing = new Play(http, program, readsAsStream);
  const trace = await playing.run();
  playing = null;
  return trace;
}

/** A difference from node:http, whether ticks run between the parts of a message there or not. */
async function findingOf(program: Program): Promise<Finding | null> {
  const ours = await play(candidate.http, program);
  const fault = faultOf(ours);
  let finding: Finding | null = null;
  for (const readsAsStream of [true, false]) {
    const stock = await play(reference.http, program, readsAsStream);
    if (fault !== null && fault !== faultOf(stock)) {
      return { difference: { kind: `fault: ${fault}`, purpose: null, at: 0 }, stock, ours };
    }
    const first = difference(program, stock, ours);
    if (first === null) return null;
    if (finding === null || first.at > finding.difference.at) finding = { difference: first, stock, ours };
  }
  return finding;
}

function brief(text: string): string {
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 300)}... ${text.length} in all` : text);
}

async function report(seed: number, program: Program, kind: string): Promise<void> {
  const holds = async (shorter: Program) => (await findingOf(shorter))?.difference.kind === kind;
  const shortest = await shorten(program, holds, MOST_SHORTENINGS);
  const finding = await findingOf(shortest);
  const { steps, ...rest } = shortest;
  console.log(`\n=== ${kind}\nseed ${seed}`);
  for (const step of steps) console.log('send' in step ? `send ${brief(step.send)}` : step.do);
  console.log(inspect(rest, { depth: 20, breakLength: 140, compact: 4 }));
  if (finding === null) return;
  const { stock, ours } = finding;
  const first = stock.events.findIndex((line, at) => line !== ours.events[at]);
  const same = first === -1 ? stock.events.length : first;
  for (const line of stock.events.slice(0, same)) console.log(`    ${line}`);
  for (const line of stock.events.slice(same)) console.log(`  - ${line}`);
  for (const line of ours.events.slice(same)) console.log(`  + ${line}`);
  console.log(`  - received ${brief(stock.received)}, ${stock.ending}; ${stock.left.join(', ')}`);
  console.log(`  + received ${brief(ours.received)}, ${ours.ending}; ${ours.left.join(', ')}`);
}

const kinds = new Map<string, number[]>();
const purposes = new Map<string, number>();
let unstable = 0;
let count = 0;

async function judge(seed: number): Promise<void> {
  const program = makeProgram(seed);
  const finding = await findingOf(program);
  if (finding === null) return;
  const { kind, purpose } = finding.difference;
  if (purpose !== null) {
    purposes.set(purpose, (purposes.get(purpose) ?? 0) + 1);
    return;
  }
  if (!isDeepStrictEqual(finding, await findingOf(program))) {
    unstable++;
    return;
  }
  const seeds = kinds.get(kind);
  if (seeds !== undefined) {
    seeds.push(seed);
    return;
  }
  kinds.set(kind, [seed]);
  await report(seed, program, kind);
}

const deadline = Date.now() + Number(options.seconds) * 1000;
const from = Number(options.seed);
for (let seed = from; seed < from + Number(options.programs) && Date.now() < deadline; seed++) {
  count++;
  await judge(seed);
}
console.log('');
for (const [purpose, times] of purposes) console.log(`on purpose, ${times} times: ${purpose}`);
for (const [kind, seeds] of [...kinds].sort(([, one], [, other]) => other.length - one.length)) {
  console.log(`${seeds.length}\t${kind}\tseeds ${seeds.slice(0, 5).join(', ')}`);
}
console.log(
  `${count} programs from seed ${from}, Node ${process.version}: ${unstable} unstable, ${kinds.size} kinds of differences`,
);
process.exitCode = kinds.size === 0 ? 0 : 1;
