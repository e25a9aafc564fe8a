// Runs Node's own public test suite for http against the build:
//   npm run node-suite -- <folder that holds test/parallel> [--node <binary>] [--only <part of a name>]
//                         [--jobs <n>] [--json <file>] [--stock] [--write-docs]
// The suite belongs to one Node version: --node names that binary. --stock runs it on the untouched node:http.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const FILE_LIMIT_MS = 30_000;
const MOST_AGAIN = 20;
const ERROR_REPLY = 'error reply';
const root = join(import.meta.dirname, '..');
const preload = join(import.meta.dirname, 'node-suite-preload.cjs');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: process.execPath },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '3' },
    json: { type: 'string' },
    stock: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
  },
});
if (positionals.length !== 1 || (options['write-docs'] && (options.stock || options.only !== ''))) {
  console.error(
    'usage: npm run node-suite -- <folder that holds test/parallel> [--node <binary>] [--only <part>]',
  );
  process.exit(2);
}

const folder = resolve(positionals[0]);
const suite = basename(folder) === 'test' ? folder : join(folder, 'test');
const lists = readList('out-of-scope.json');
const reasons = readList('reasons.json');
const scratch = mkdtempSync(join(tmpdir(), 'barewire-node-suite-'));

/** @param {string} name */
function readList(name) {
  return JSON.parse(readFileSync(join(root, 'test', 'node-suite', name), 'utf8'));
}

/**
 * The words of a `// Flags:` or `// Env:` comment line.
 * @param {string} source
 * @param {string} label
 */
function commentWords(source, label) {
  const line = source.split('\n').find((text) => text.startsWith(`// ${label}:`));
  return line === undefined
    ? []
    : line
        .slice(label.length + 4)
        .trim()
        .split(/\s+/);
}

/**
 * Runs one file of the suite in a process group of its own.
 * @param {string} file
 * @param {number} slot keeps the temporary folders and ports of parallel runs apart
 * @param {boolean} stockErrorReplies
 * @returns {Promise<{ file: string, outcome: string, output: string }>}
 */
function runFile(file, slot, stockErrorReplies) {
  const path = join(suite, 'parallel', file);
  const source = readFileSync(path, 'utf8');
  const env = {
    ...process.env,
    ...Object.fromEntries(commentWords(source, 'Env').map((pair) => pair.split('='))),
    NODE_TEST_DIR: scratch,
    TEST_THREAD_ID: String(slot),
    BAREWIRE_STOCK_ERROR_REPLIES: stockErrorReplies ? '1' : '0',
    NODE_COMMON_PORT: String(12_346 + slot * 100),
    // By the environment and not by a flag, so that the child processes of a test load it too.
    NODE_OPTIONS: options.stock ? '' : `--require "${preload}"`,
  };
  const child = spawn(options.node, [...commentWords(source, 'Flags'), path], {
    cwd: suite,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((done) => {
    let output = '';
    let timedOut = false;
    const keep = (/** @type {Buffer} */ chunk) => {
      if (output.length < 100_000) output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const killGroup = () => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // The group has ended by itself.
      }
    };
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, FILE_LIMIT_MS);
    child.on('error', (error) => {
      clearTimeout(limit);
      done({ file, outcome: error.message, output });
    });
    child.on('exit', killGroup);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      done({ file, outcome: outcomeOf(code, signal, timedOut, output), output });
    });
  });
}

/**
 * @param {number | null} code
 * @param {string | null} signal
 * @param {boolean} timedOut
 * @param {string} output
 */
function outcomeOf(code, signal, timedOut, output) {
  if (timedOut) return `no end within ${FILE_LIMIT_MS / 1000} s`;
  if (signal !== null) return signal;
  if (code !== 0) return `exit ${code}`;
  return /^1\.\.0 # Skipped/m.test(output) ? 'skipped' : 'passed';
}

/**
 * @param {string[]} files
 * @param {number} jobs
 * @param {boolean} stockErrorReplies
 */
async function runFiles(files, jobs, stockErrorReplies = false) {
  const queue = [...files];
  /** @type {{ file: string, outcome: string, output: string }[]} */
  const results = [];
  const worker = async (/** @type {number} */ slot) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, slot, stockErrorReplies);
      results.push(result);
      if (result.outcome !== 'passed') console.log(`${result.outcome}: ${file}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, (_, slot) => worker(slot + 1)));
  return results;
}

/** @param {{ file: string, outcome: string, output: string }[]} all */
function failing(all) {
  return all.filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
}

/** The line that says what went wrong, out of a test's output. */
function firstComplaint(/** @type {string} */ output) {
  const lines = output.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^(?:Uncaught )?\[?\w*Error\b.*:|^Mismatched/.test(line)) ??
    lines.findLast((line) => line !== '') ??
    ''
  );
}

/**
 * Writes the counts and the named failures between the markers of docs/compatibility.md.
 * @param {{ nodeVersion: string, passed: string[], skipped: string[], failed: { file: string, outcome: string }[] }} run
 */
function writeDocs(run) {
  const path = join(root, 'docs', 'compatibility.md');
  const text = readFileSync(path, 'utf8');
  const start = '<!-- node-suite -->';
  const end = '<!-- /node-suite -->';
  const cell = (/** @type {string} */ value) => value.replaceAll('|', '\\|');
  const row = (/** @type {[string, string]} */ [file, why]) => `| \`${file}\` | ${cell(why)} |`;
  const errorReplies = run.failed.filter(({ file }) => reasons[file]?.kind === ERROR_REPLY).length;
  const failures = run.failed.map(({ file, outcome }) => {
    const reason = reasons[file];
    return `| \`${file}\` | ${reason?.kind ?? 'open'} | ${cell(reason?.why ?? outcome)} |`;
  });
  const lines = [
    start,
    `Suite of Node ${run.nodeVersion}, files \`test/parallel/test-http-*\`.`,
    '',
    '| Files | Number | Pass |',
    '| --- | ---: | ---: |',
    `| in scope | ${run.passed.length + run.failed.length} | **${run.passed.length}** |`,
    `| of these, pass but for the bytes of the error reply | ${errorReplies} | |`,
    `| that skip themselves for want of a program | ${run.skipped.length} | |`,
    `| bound to Node's internals, not run | ${Object.keys(lists.internals).length} | |`,
    '',
    ...(failures.length === 0
      ? ['Every file in scope passes.']
      : [
          'Files in scope that do not pass:',
          '',
          '| File | Kind | Why |',
          '| --- | --- | --- |',
          ...failures,
        ]),
    '',
    "Files out of scope, bound to Node's internals:",
    '',
    '| File | What it is bound to |',
    '| --- | --- |',
    .../** @type {[string, string][]} */ (Object.entries(lists.internals)).map(row),
    end,
  ];
  const before = text.indexOf(start);
  const after = text.indexOf(end);
  if (before < 0 || after < before) throw new Error(`${path} has no ${start} ... ${end}`);
  writeFileSync(path, text.slice(0, before) + lines.join('\n') + text.slice(after + end.length));
}

mkdirSync(scratch, { recursive: true });
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

const files = readdirSync(join(suite, 'parallel'))
  .filter((file) => /^test-http-.*\.m?js$/.test(file))
  .filter((file) => file.includes(options.only) && !(file in lists.internals))
  .sort();
const results = await runFiles(files, Number(options.jobs));

// A file that fails for no known reason gets one more run alone: the machine's load is not what is tested. Where
// many fail it is not the load.
const again = failing(results).filter(({ file }) => options.stock || !(file in reasons));
if (again.length > 0 && again.length <= MOST_AGAIN) {
  console.log(`\nonce more, one at a time: ${again.length}`);
  for (const second of await runFiles(
    again.map((result) => result.file),
    1,
  )) {
    const first = results.findIndex((result) => result.file === second.file);
    results[first] = second;
  }
}

// A file whose reason is the error reply must pass with stock error replies, or there is something else.
const byErrorReply = failing(results).filter(({ file }) => reasons[file]?.kind === ERROR_REPLY);
if (byErrorReply.length > 0) {
  console.log(`\nwith stock error replies: ${byErrorReply.length}`);
  for (const second of await runFiles(
    byErrorReply.map(({ file }) => file),
    Number(options.jobs),
    true,
  )) {
    const { file, outcome, output } = second;
    if (outcome === 'passed') continue;
    const first = results.findIndex((result) => result.file === file);
    results[first] = { file, outcome: `${outcome}, with stock error replies too`, output };
    delete reasons[file];
  }
}

results.sort((a, b) => (a.file < b.file ? -1 : 1));

const passed = results.filter((result) => result.outcome === 'passed');
const skipped = results.filter((result) => result.outcome === 'skipped');
const failed = failing(results);

const nodeVersion = await new Promise((done) => {
  const child = spawn(options.node, ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', (chunk) => done(String(chunk).trim().slice(1)));
});
console.log(`\nNode ${nodeVersion}, ${options.stock ? 'node:http itself' : 'barewire'}`);
for (const { file, outcome, output } of failed) {
  const reason = reasons[file];
  console.log(`  ${file}: ${outcome}: ${reason ? `${reason.kind}: ${reason.why}` : firstComplaint(output)}`);
}
console.log(
  `${passed.length} of ${results.length} pass, ${failed.length} fail, ${skipped.length} skip themselves`,
);

if (options.json !== undefined) {
  const kept = results.map(({ file, outcome, output }) =>
    outcome === 'passed' ? { file, outcome } : { file, outcome, output: output.slice(-4000) },
  );
  writeFileSync(
    options.json,
    `${JSON.stringify({ nodeVersion, stock: options.stock, results: kept }, null, 2)}\n`,
  );
}
if (options['write-docs']) {
  writeDocs({
    nodeVersion,
    passed: passed.map((result) => result.file),
    skipped: skipped.map((result) => result.file),
    failed,
  });
}

if (!options.stock && options.only === '') {
  for (const file of Object.keys(reasons)) {
    if (results.find((result) => result.file === file)?.outcome === 'passed')
      console.log(`passes, so its reason can go: ${file}`);
  }
}
const unexplained = failed.filter((result) => options.stock || !(result.file in reasons));
process.exitCode = unexplained.length === 0 ? 0 : 1;
