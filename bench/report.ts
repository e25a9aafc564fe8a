import { availableParallelism, cpus, release, type } from 'node:os';
import { type FigureName, figureOf, ratioOf, type ScenarioResult, type Spread } from './figures.js';
import { wrkVersion } from './load/wrk.js';
import type { Options } from './options.js';
import type { Side } from './scenarios.js';
import { judge, type Target, type Verdict } from './targets.js';

/** Whom the others are compared with, and what ours is: the first that took part. */
const OURS = [
  { name: 'barewire', floor: 'barewire/http' },
  { name: 'barewire/http', floor: 'floor' },
];

/** How a figure is written: its heading, its unit's divisor and its decimals. */
interface Notation {
  readonly heading: string;
  readonly unit: number;
  readonly decimals: number;
}

/** One line each on what was measured, with what and on what. */
export function conditions(options: Options): string[] {
  const { rounds, seconds, connections } = options;
  return [
    `Node ${process.version}, ${wrkVersion() ?? 'no wrk'} with 1 thread and ${connections} connections`,
    `${cpus()[0]?.model ?? process.arch}, ${availableParallelism()} cores, ${type()} ${release()}`,
    `rounds: ${rounds} of ${seconds} s for each subject, in turn; medians over them (least..most)`,
  ];
}

function notation(figure: FigureName, perConnection: boolean): Notation {
  const per = perConnection ? 'connection' : 'request';
  switch (figure) {
    case 'rate':
      return { heading: `${per}s/s`, unit: 1, decimals: 0 };
    case 'cpu':
      return { heading: `CPU µs/${per}`, unit: 1, decimals: 1 };
    case 'user':
      return { heading: 'of it user', unit: 1, decimals: 1 };
    default: {
      const name = figure === 'rss' ? 'RSS' : 'heap';
      return perConnection
        ? { heading: `${name} KiB/${per}`, unit: 1024, decimals: 2 }
        : { heading: `${name} MiB`, unit: 1024 * 1024, decimals: 1 };
    }
  }
}

const FIGURES: readonly FigureName[] = ['rate', 'cpu', 'user', 'rss', 'heap'];

function written(value: number, { unit, decimals }: Notation): string {
  return (value / unit).toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

function withSpread({ median, least, most }: Spread, how: Notation): string {
  return `${written(median, how)} (${written(least, how)}..${written(most, how)})`;
}

const RATIOS: readonly FigureName[] = ['cpu', 'user', 'rss', 'heap'];
const RATIO: Notation = { heading: 'ratio', unit: 1, decimals: 2 };

/** The pairs whose ratio says something: everyone to us, us to what we stand on, or everyone to the floor without us. */
function pairs(subjects: readonly string[]): [dividend: string, divisor: string][] {
  const ours = OURS.find(({ name }) => subjects.includes(name));
  const floor = ours?.floor ?? 'floor';
  const divisor = ours?.name ?? floor;
  if (!subjects.includes(divisor)) return [];
  const found: [string, string][] = subjects
    .filter((name) => name !== divisor && name !== floor && name !== 'floor')
    .map((name) => [name, divisor]);
  if (ours !== undefined && subjects.includes(floor)) found.push([divisor, floor]);
  return found;
}

/** One scenario as text for a terminal. */
export function scenarioText(result: ScenarioResult): string {
  const notations = FIGURES.map((figure) => notation(figure, result.perConnection));
  const rows = [['', ...notations.map(({ heading }) => heading)]];
  const subjects = [...result.rounds.keys()];
  for (const subject of subjects) {
    const cells = FIGURES.map((figure, index) => {
      const value = figureOf(result, subject, figure);
      return value === undefined ? '' : withSpread(value, notations[index]);
    });
    rows.push([subject, ...cells]);
  }
  const lines = [`\n${result.name}: ${result.title}`, ...aligned(rows)];
  for (const [dividend, divisor] of pairs(subjects)) {
    const cells = RATIOS.map((figure) => {
      const ratio = ratioOf(result, dividend, divisor, figure);
      return ratio === undefined ? '' : `${figureName(figure)} ${withSpread(ratio, RATIO)}`;
    });
    lines.push(`  ${dividend} ÷ ${divisor}: ${cells.join(', ')}`);
  }
  return lines.join('\n');
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
    return `  ${cells.join('   ')}`;
  });
}

/** Which targets were reached, as text for a terminal. */
export function targetsText(results: readonly ScenarioResult[]): string {
  const verdicts = judge(results);
  if (verdicts.length === 0) return '';
  const rows = verdicts.map((verdict) => [
    verdict.reached ? 'reached' : 'NOT REACHED',
    verdict.target.scenario,
    comparisonName(verdict.target),
    cameTo(verdict),
    bound(verdict.target),
    floorOf(verdict) && `the floor: ${floorOf(verdict)}`,
  ]);
  const reached = verdicts.filter((verdict) => verdict.reached).length;
  return [`\ntargets: ${reached} of ${verdicts.length} reached`, ...aligned(rows)].join('\n');
}

function figureName(figure: FigureName): string {
  if (figure === 'user') return 'user CPU';
  return figure === 'cpu' || figure === 'rss' ? figure.toUpperCase() : figure;
}

function comparisonName(target: Target): string {
  const subjects =
    'dividend' in target
      ? `${target.dividend} ÷ ${target.divisor}`
      : `${target.minuend} − ${target.subtrahend}`;
  return `${figureName(target.figure)}, ${subjects}`;
}

function cameTo({ target, came }: Verdict): string {
  return withSpread(came, 'dividend' in target ? RATIO : notation(target.figure, false));
}

function floorOf({ floor }: Verdict): string {
  return floor === undefined ? '' : withSpread(floor, RATIO);
}

function bound({ atLeast, atMost, aim }: Target): string {
  const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return aim === undefined ? limit : `${limit}, aim ${aim}`;
}

const SIDES: readonly Side[] = ['server', 'framework', 'client'];

/** The whole run as Markdown: speed, memory, targets. */
export function markdown(results: readonly ScenarioResult[], options: Options): string {
  const parts = [
    conditions(options)
      .map((line) => `- ${line}`)
      .join('\n'),
  ];
  const connected = results.filter((result) => result.perConnection);
  for (const side of SIDES) {
    const those = results.filter((result) => !result.perConnection && result.side === side);
    if (those.length === 0) continue;
    const of = capitalized(side);
    parts.push(`### ${of} CPU, µs a request\n\n${ratioTable(those, 'cpu')}`);
    parts.push(
      `### ${of}: of it in the process itself (user CPU), µs a request\n\n${ratioTable(those, 'user')}`,
    );
    parts.push(`### ${of}: requests a second\n\n${figureTable(those, 'rate')}`);
    parts.push(`### ${of}: RSS after a round, MiB\n\n${figureTable(those, 'rss')}`);
    parts.push(`### ${of}: heap after a collection, MiB\n\n${figureTable(those, 'heap')}`);
  }
  for (const result of connected)
    parts.push(`### ${capitalized(result.title)}\n\n${connectionTable(result)}`);
  const verdicts = judge(results);
  if (verdicts.length > 0) parts.push(`### Targets\n\n${targetTable(verdicts)}`);
  return parts.join('\n\n');
}

function ratioTable(results: readonly ScenarioResult[], figure: FigureName): string {
  const subjects = subjectsOf(results);
  const ratios = pairs(subjects);
  const headings = ['Scenario', ...subjects, ...ratios.map((pair) => pair.join(' ÷ '))];
  const rows = results.map((result) => [
    result.title,
    ...subjects.map((subject) => cell(result, subject, figure)),
    ...ratios.map(([dividend, divisor]) => {
      const ratio = ratioOf(result, dividend, divisor, figure);
      return ratio === undefined ? '' : withSpread(ratio, RATIO);
    }),
  ]);
  return table(headings, rows);
}

/** Everyone who took part in any of them. */
function subjectsOf(results: readonly ScenarioResult[]): string[] {
  return [...new Set(results.flatMap(({ rounds }) => [...rounds.keys()]))];
}

function figureTable(results: readonly ScenarioResult[], figure: FigureName): string {
  const subjects = subjectsOf(results);
  const rows = results.map((result) => [
    result.title,
    ...subjects.map((subject) => cell(result, subject, figure)),
  ]);
  return table(['Scenario', ...subjects], rows);
}

function connectionTable(result: ScenarioResult): string {
  const headings = FIGURES.map((figure) => notation(figure, true).heading);
  const rows = [...result.rounds.keys()].map((subject) => [
    subject,
    ...FIGURES.map((figure) => cell(result, subject, figure)),
  ]);
  return table(['', ...headings], rows);
}

function targetTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    verdict.target.scenario,
    comparisonName(verdict.target),
    cameTo(verdict),
    bound(verdict.target),
    verdict.reached ? 'reached' : '**not reached**',
    floorOf(verdict),
  ]);
  return table(['Scenario', 'Ratio or difference', 'Came to', 'Target', '', 'With the floor instead'], rows);
}

function cell(result: ScenarioResult, subject: string, figure: FigureName): string {
  const value = figureOf(result, subject, figure);
  return value === undefined ? '' : withSpread(value, notation(figure, result.perConnection));
}

function table(headings: readonly string[], rows: readonly string[][]): string {
  const alignment = headings.map((_, column) => (column === 0 ? '---' : '---:'));
  return [headings, alignment, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function capitalized(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
