// Runs every compiled test with the Node that runs this script: `node --test` takes no globs on Node 20.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', 'build', 'test');
const wanted = process.argv.slice(2);
const files = readdirSync(root, { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()
  .map((file) => join(root, file));
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
// A test that hangs fails: the slowest file takes some 20 seconds on two cores.
const options = ['--test', '--test-timeout=300000'];
const { status, signal } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' });
process.exit(signal === null ? (status ?? 1) : 1);
