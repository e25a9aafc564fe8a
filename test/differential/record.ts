// Adds to recorded.json what stock does on the running Node, in the scenarios that ask for a record: see
// differ.ts. To record anew, delete the file, and after `npm run build:dev` run with each release, 26 included:
// node build/test/differential/record.js [name-part ...]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Recording, recordedFile } from './differ.js';
import { nodeMajor, recordedMajor } from './subjects.js';

const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'barewire-'));
const output = join(directory, 'logs');
const tests = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => join(import.meta.dirname, file));
if (tests.length === 0) throw new Error(`no test file matches ${wanted.join(' ')}`);
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...tests], {
  env: { ...process.env, BAREWIRE_SUBJECT: 'node', BAREWIRE_RECORD: output },
  stdio: ['ignore', 'ignore', 'inherit'],
});
// Older stock fails in scenarios for what it lacks.
if (status !== 0 && nodeMajor === recordedMajor) throw new Error('a scenario failed on stock');

const records: Record<string, string[][]> = existsSync(recordedFile)
  ? JSON.parse(readFileSync(recordedFile, 'utf8'))
  : {};
const names = new Set<string>();
for (const line of readFileSync(output, 'utf8').trimEnd().split('\n')) {
  const [name, recording, log] = JSON.parse(line) as [string, Recording, string[]];
  if (names.has(name)) throw new Error(`two scenarios are named "${name}"`);
  names.add(name);
  if (recording === 'newest' && nodeMajor === recordedMajor) records[name] = [log];
  if (recording === 'either') {
    const known = records[name] ?? [];
    if (!known.some((other) => isDeepStrictEqual(other, log))) records[name] = [...known, log];
  }
}
const sorted = Object.fromEntries(Object.entries(records).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(recordedFile, `${JSON.stringify(sorted, null, 2)}\n`);
rmSync(directory, { recursive: true });
