import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, sep } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Block, readPromises } from './blocks.js';

const freePort = new URL('./free-port.js', import.meta.url).href;
/** The checkout. */
export const root = dirname(fileURLToPath(import.meta.resolve('barewire/package.json')));
const NOT_COPIED = new Set(['node_modules', 'dist', 'build', '.git']);

/** The environment of a person's shell: without what npm and the test runner set for their children. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const own =
    /^(?:npm_(?:lifecycle|package)_|npm_config_local_prefix$|npm_command$|INIT_CWD$|NODE_TEST_CONTEXT$)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  env.PATH = env.PATH?.split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
  return env;
}

/** Runs a snippet in the package and makes the requests that it says how it answers. */
export async function runSnippet(t: TestContext, block: Block): Promise<void> {
  const folder = mkdtempSync(join(root, 'build', 'snippet-'));
  const file = join(folder, 'snippet.mjs');
  writeFileSync(file, block.text);
  const child = spawn(process.execPath, ['--import', freePort, file], {
    cwd: root,
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const promises = readPromises(block.text);
  if (promises.length === 0) {
    const [code] = await exited;
    assert.equal(code, 0, complaints);
    return;
  }
  const [port] = await Promise.race([
    once(child, 'message'),
    exited.then(() => assert.fail(`ended before it listened: ${complaints}`)),
  ]);
  for (const { method, path, body, status, content } of promises) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body });
    assert.equal(response.status, status, `${method} ${path}`);
    const text = await response.text();
    if (content !== undefined) assert.equal(text, content, `${method} ${path}`);
  }
  assert.equal(complaints, '');
}

/** A copy of the checkout as someone has it who just got it: nothing installed, nothing built. */
export function freshCheckout(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-fresh-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  cpSync(root, folder, {
    recursive: true,
    filter: (source) => !NOT_COPIED.has(relative(root, source).split(sep)[0]),
  });
  return folder;
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? 0), signal);
  } catch {
    // It has ended.
  }
}

/** Runs one command line of a sh block. One that starts the tour is given a look at, then ended. */
export async function runCommand(t: TestContext, command: string, cwd: string): Promise<void> {
  // The whole suite would run this test again; one part of it shows that the command works.
  const line = command.replace(/\bnpm test$/, 'npm test -- architecture');
  const child = spawn('sh', ['-c', line], {
    cwd,
    detached: true,
    // What the checkout itself was installed from is at hand: no second download.
    env: { ...plainEnvironment(), PORT: '0', HOST: '', npm_config_prefer_offline: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    endGroup(child, 'SIGKILL');
    await exited;
  });
  let output = '';
  const listening = new Promise<string>((resolve) => {
    const collect = (chunk: Buffer) => {
      output += chunk;
      const url = output.match(/^Listening on (\S+)$/m)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
  });
  if (!/\bnpm start$/.test(line)) {
    const [code] = await exited;
    assert.equal(code, 0, output.slice(-4000));
    return;
  }
  const url = await Promise.race([listening, exited.then(() => assert.fail(output.slice(-4000)))]);
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>barewire/);
  endGroup(child, 'SIGINT');
  await once(child, 'close');
  assert.match(output, /^Ending after/m);
}
