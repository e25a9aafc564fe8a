import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { SUBJECTS, type SubjectEntry } from './subjects.js';

export interface Options {
  readonly help: boolean;
  readonly soak: boolean;
  readonly router: boolean;
  readonly scenarios: readonly Scenario[];
  readonly subjects: readonly SubjectEntry[];
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly markdown: boolean;
  readonly profileFolder?: string;
}

export const USAGE = `Usage: npm run bench -- [options]

  --only NAME,...       only these scenarios (all):
                        ${names(SCENARIOS).slice(0, 7).join(', ')},
                        ${names(SCENARIOS).slice(7, 11).join(', ')},
                        ${names(SCENARIOS).slice(11, 16).join(', ')},
                        ${names(SCENARIOS).slice(16).join(', ')}
  --subjects NAME,...   only these subjects (all; with --soak: barewire/http):
                        ${names(SUBJECTS).join(', ')}
  --rounds N            rounds of each subject in each scenario (5)
  --seconds N           seconds a round (3)
  --connections N       connections of wrk, and of a client under measurement (50)
  --markdown            print the result as Markdown tables
  --profile FOLDER      write a CPU profile of each server there
  --soak                instead: two million requests to each subject, and fail if its heap has grown
  --router              instead: matches a second of the framework's router alone, beside others
  --help                print this`;

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      subjects: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      markdown: { type: 'boolean', default: false },
      profile: { type: 'string' },
      soak: { type: 'boolean', default: false },
      router: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, rounds, soak, router, markdown, profile } = values;
  if (soak && (only !== undefined || rounds !== undefined || markdown)) {
    throw new Error('--soak goes with neither --only nor --rounds nor --markdown');
  }
  if (router && (soak || only !== undefined || values.subjects !== undefined || profile !== undefined)) {
    throw new Error('--router goes with --rounds and --markdown alone');
  }
  if (profile === '') throw new Error('--profile needs a folder');
  return {
    help: values.help,
    soak,
    router,
    markdown,
    scenarios: chosen('--only', only, SCENARIOS),
    subjects: chosen('--subjects', values.subjects ?? (soak ? 'barewire/http' : undefined), SUBJECTS),
    rounds: positiveInteger('--rounds', rounds ?? '5'),
    seconds: positiveInteger('--seconds', values.seconds ?? '3'),
    connections: positiveInteger('--connections', values.connections ?? '50'),
    profileFolder: profile && resolve(profile),
  };
}

/** The entries of these names in the order of the table, which is the order they are shown in. */
function chosen<Entry extends { name: string }>(
  option: string,
  list: string | undefined,
  entries: readonly Entry[],
): readonly Entry[] {
  if (list === undefined) return entries;
  const wanted = new Set(list.split(','));
  for (const name of wanted) {
    if (!names(entries).includes(name)) {
      throw new Error(`${option}: "${name}" is none of ${names(entries).join(', ')}`);
    }
  }
  return entries.filter(({ name }) => wanted.has(name));
}

function names(entries: readonly { name: string }[]): string[] {
  return entries.map(({ name }) => name);
}

function positiveInteger(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`${option}: "${text}" is no positive whole number`);
  return Number(text);
}
