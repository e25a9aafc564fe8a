/** Starts programs as a person does, with and without `--import barewire/register`. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('.', import.meta.resolve('barewire/package.json')));
/** Tells over the process's channel whose `http` it has. */
const witness = new URL('./witness.js', import.meta.url).href;

/** With the stock modules, or with barewire in their place. */
export type Way = 'plain' | 'registered';
export const WAYS: readonly Way[] = ['plain', 'registered'];

/** What a process says over its channel. */
export type Message = { isBarewire: boolean } | { port: number } | { log: unknown[] };

export interface Started {
  readonly way: Way;
  readonly child: ChildProcess;
  /** What it has written to stderr so far, process ids aside. */
  complaints(): string;
  /** The next message that has this; fails if the process ends before it comes. */
  receive<K extends string>(key: K): Promise<Extract<Message, Record<K, unknown>>[K]>;
  /** How the process ended. */
  exited: Promise<{ code: number | null; signal: string | null }>;
  /** Ends it as a process supervisor does. */
  stop(): Promise<void>;
}

/** Without what the test runner, or the shell it was started from, says of Node and of barewire. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const own = /^(?:NODE_TEST_CONTEXT|NODE_OPTIONS|NODE_V8_COVERAGE|BAREWIRE|(?:https?|no)_proxy)$/i;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))),
    NODE_ENV: 'production',
  };
}

/**
 * Starts a program of this folder, and makes sure of whose `http` it runs on.
 * @param file Its path below test/register, or an absolute one
 */
export async function start(way: Way, file: string, args: string[] = []): Promise<Started> {
  const register = way === 'registered' ? ['--import', 'barewire/register'] : [];
  const path = resolve(root, 'test', 'register', file);
  const child = spawn(process.execPath, [...register, '--import', witness, path, ...args], {
    cwd: root,
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  let hasEnded = false;
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const wake = () => {
    for (const look of waiting) look();
  };
  child.on('message', (message: Message) => {
    messages.push(message);
    wake();
  });
  exited.then(() => {
    hasEnded = true;
    wake();
  });

  const started: Started = {
    way,
    child,
    exited,
    complaints: () => complaints.replaceAll(/\(node:\d+\)/g, '(node)'),
    receive: (key) =>
      new Promise((received, reject) => {
        const look = () => {
          const at = messages.findIndex((message) => key in message);
          if (at < 0 && !hasEnded) return;
          waiting.delete(look);
          if (at < 0) reject(new Error(`${file} (${way}) ended without ${key}: ${complaints}`));
          else received((messages.splice(at, 1)[0] as Record<string, unknown>)[key] as never);
        };
        waiting.add(look);
        look();
      }),
    stop: async () => {
      if (hasEnded) return;
      child.kill('SIGTERM');
      const tooLate = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const { code, signal } = await exited;
      clearTimeout(tooLate);
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, `${file} (${way}): ${complaints}`);
    },
  };
  assert.equal(await started.receive('isBarewire'), way === 'registered', `whose http ${file} has`);
  return started;
}

/** Starts the program both ways. */
export async function startBoth(file: string): Promise<Record<Way, Started>> {
  const [plain, registered] = await Promise.all(WAYS.map((way) => start(way, file)));
  return { plain, registered };
}

/** Runs code and gives what it logs; fails if it fails. */
export async function evaluate(
  code: string,
  {
    flags = ['--import', 'barewire/register'],
    env = {},
    node = process.execPath,
    cwd = root,
  }: { flags?: string[]; env?: NodeJS.ProcessEnv; node?: string; cwd?: string } = {},
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(node, [...flags, '-e', code], {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [exitCode] = await once(child, 'close');
  return { stdout, stderr, code: exitCode };
}
