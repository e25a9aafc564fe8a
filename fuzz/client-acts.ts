/**
 * Plays random programs of clients on node:http and on barewire/http, one after the other, and compares what happened:
 *
 *     npm run build:dev && node build/fuzz/client-acts.js [--seconds 60] [--seed 1] [--programs 1000] [--tls]
 *
 * A program is a few requests over one Agent, what is done to them in which moment, and what a raw server does meanwhile.
 * What happened are the events with what getters say in them, callbacks, errors, what the server received and what is
 * left in the Agent; lines of several requests may come in another order. A program that a subject does not play twice
 * alike is left out. One that the two play differently is made smaller and printed with its seed, and so is one that
 * leaves something behind in ours alone; the exit code is 1 then. `--play <program>` plays one that was printed.
 *
 * What is different on purpose is not made, or left out when it comes: fuzz/client-known.ts.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { candidate, reference, type Subject } from '../test/differential/subjects.js';
import { isKnown, withoutRepeats } from './client-known.js';
import { type ClientProgram, generateProgram } from './client-program.js';
import { Run, type Trace } from './client-run.js';
import { Site } from './client-site.js';
import { shrink } from './shrink.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    programs: { type: 'string', default: '1000000' },
    findings: { type: 'string', default: '20' },
    tries: { type: 'string', default: '200' },
    tls: { type: 'boolean', default: false },
    play: { type: 'string' },
  },
});

/** Members without which a program is none, or none that node:http and we are to play alike. */
const NEEDED = new Set([
  ...['seed', 'id', 'start', 'method', 'by', 'watch', 'getters', 'acts', 'answer', 'on', 'steps', 'agent'],
  ...[
    'requests',
    'transport',
    'at',
    'do',
    'name',
    'chunk',
    'encoding',
    'headers',
    'Host',
    'Transfer-Encoding',
  ],
]);

interface Finding {
  /** The first lines that differ, without what is each program's own. */
  kind: string;
  stock: Trace;
  ours: Trace;
}

const site = new Site();
await site.open();

async function play(program: ClientProgram, subject: Subject): Promise<Trace> {
  const { lines, broken } = await new Run(subject, program, site).play();
  return { lines: withoutRepeats(lines), broken };
}

/** Where the two differ, if each is like itself. */
async function compare(program: ClientProgram): Promise<Finding | null | 'unstable'> {
  const stock = await play(program, reference);
  const ours = await play(program, candidate);
  const kind = difference(stock, ours);
  if (kind === null || isKnown(kind)) return null;
  const stockAgain = await play(program, reference);
  if (!isDeepStrictEqual(stock.lines, stockAgain.lines)) return 'unstable';
  const oursAgain = await play(program, candidate);
  if (!isDeepStrictEqual(ours.lines, oursAgain.lines)) return 'unstable';
  return { kind, stock, ours };
}

function difference(stock: Trace, ours: Trace): string | null {
  if (ours.broken.length > stock.broken.length) return `broken: ${masked(ours.broken[0])}`;
  if (isDeepStrictEqual(byRequest(stock.lines), byRequest(ours.lines))) return null;
  if (isSameButForTicks(stock.lines, ours.lines)) return null;
  const at = stock.lines.findIndex((line, i) => line !== ours.lines[i]);
  const i = at === -1 ? stock.lines.length : at;
  return kindOf(stock.lines[i] ?? 'nothing', ours.lines[i] ?? 'nothing');
}

/** Do the same events come in the same order, but a tick earlier or later than what the program itself does in ticks? */
function isSameButForTicks(stock: readonly string[], ours: readonly string[]): boolean {
  const events = (lines: readonly string[]) =>
    byRequest(lines.filter((line) => /^\d (?:req|res) /.test(line)));
  return (
    isDeepStrictEqual(events(stock), events(ours)) && isDeepStrictEqual(stock.toSorted(), ours.toSorted())
  );
}

/** The lines of each request by itself, and what belongs to none. */
function byRequest(lines: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const name = /^\s*(\d)\s/.exec(line)?.[1] ?? 'all';
    groups.set(name, [...(groups.get(name) ?? []), line]);
  }
  return groups;
}

function kindOf(stock: string, ours: string): string {
  if (!stock.startsWith('  ') || !ours.startsWith('  ')) return `${masked(stock)} | ${masked(ours)}`;
  const [theirs, own] = [stock.split(' '), ours.split(' ')];
  const differing = [
    ...theirs.filter((word) => !own.includes(word)),
    ...own.filter((word) => !theirs.includes(word)),
  ];
  const [first] = differing.map((word) => word.split('=')[0]).sort();
  return `getters ${first}`;
}

function masked(line: string): string {
  if (line.startsWith('  ')) return 'getters';
  return line
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\d+/g, 'N')
    .slice(0, 90);
}

/** What both have in common is printed once. */
function print({ stock, ours }: Finding): void {
  const theirs = stock.lines;
  const own = ours.lines;
  const shorter = Math.min(theirs.length, own.length);
  let from = 0;
  while (from < shorter && theirs[from] === own[from]) from++;
  let behind = 0;
  while (behind < shorter - from && theirs.at(-1 - behind) === own.at(-1 - behind)) behind++;
  for (const line of theirs.slice(0, from)) console.log(`    ${line}`);
  for (const line of theirs.slice(from, theirs.length - behind)) console.log(`  - ${line}`);
  for (const line of own.slice(from, own.length - behind)) console.log(`  + ${line}`);
  for (const line of theirs.slice(theirs.length - behind)) console.log(`    ${line}`);
  for (const line of ours.broken) console.log(`  ! ${line}`);
}

async function playOne(program: ClientProgram): Promise<void> {
  const found = await compare(program);
  if (found !== null && found !== 'unstable') {
    print(found);
    return;
  }
  console.log(found ?? 'alike');
  const { lines } = await play(program, candidate);
  for (const line of lines) console.log(`    ${line}`);
}

async function fuzz(): Promise<number> {
  const deadline = performance.now() + Number(options.seconds) * 1000;
  const kinds = new Map<string, number>();
  let count = 0;
  let unstable = 0;
  for (let seed = Number(options.seed); count < Number(options.programs); seed++, count++) {
    if (performance.now() > deadline || kinds.size >= Number(options.findings)) break;
    const program = generateProgram(seed, options.tls);
    const found = await compare(program);
    if (found === 'unstable') unstable++;
    if (found === null || found === 'unstable') continue;
    kinds.set(found.kind, (kinds.get(found.kind) ?? 0) + 1);
    if ((kinds.get(found.kind) as number) > 1) continue;
    const isAlike = async (smaller: ClientProgram) => {
      // It may be none any more.
      const result = await compare(smaller).catch(() => null);
      return result !== null && result !== 'unstable' && result.kind === found.kind;
    };
    const smallest = await shrink(program, NEEDED, isAlike, Number(options.tries));
    const last = await compare(smallest);
    console.log(`\nseed ${seed}: ${found.kind}\n${JSON.stringify(smallest)}`);
    print(last === null || last === 'unstable' ? found : last);
  }
  for (const [kind, times] of kinds) console.log(`${times} x ${kind}`);
  console.log(
    `${count} programs from seed ${options.seed}, Node ${process.version}: ${unstable} not alike by themselves, ` +
      `${kinds.size} kinds of findings`,
  );
  return kinds.size;
}

if (options.play !== undefined) await playOne(JSON.parse(options.play) as ClientProgram);
else if ((await fuzz()) > 0) process.exitCode = 1;
site.close();
// Whatever programs left behind keeps nobody.
process.exit();
