import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exchangesOf, type Scenario } from '../scenarios.js';
import type { Work } from './load.js';

// The script is not compiled: it stays where it is, seen from build/bench/load.
const SCRIPT = fileURLToPath(new URL('../../../bench/wrk/send-raw.lua', import.meta.url));

interface WrkResult {
  readonly requests: number;
  readonly microseconds: number;
  readonly connect: number;
  readonly read: number;
  readonly write: number;
  readonly timeout: number;
  readonly status: number;
}

/** The version of `wrk` on this machine, or undefined where it is not installed. */
export function wrkVersion(): string | undefined {
  const { error, stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  return error === undefined ? (/^wrk \S+/.exec(stdout)?.[0] ?? 'wrk') : undefined;
}

export const HOW_TO_GET_WRK = `The load comes from wrk, which is not installed here:
  Debian, Ubuntu   apt-get install wrk
  macOS            brew install wrk
  from source      https://github.com/wg/wrk`;

/** Runs `wrk` with one thread against a server; any error it saw fails the measurement. */
export async function runWrk(
  scenario: Scenario,
  port: number,
  connections: number,
  seconds: number,
): Promise<Work> {
  const folder = await mkdtemp(join(tmpdir(), 'barewire-bench-'));
  try {
    const files: string[] = [];
    for (const { request } of exchangesOf(scenario)) {
      const file = join(folder, `request-${files.length}`);
      await writeFile(file, Buffer.concat(Array<Buffer>(scenario.pipelined).fill(request)));
      files.push(file);
    }
    const options = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s'];
    const url = `${scenario.secure ? 'https' : 'http'}://127.0.0.1:${port}/`;
    const { requests, microseconds, ...errors } = await result([
      ...options,
      '-s',
      SCRIPT,
      url,
      '--',
      ...files,
    ]);
    for (const [kind, count] of Object.entries(errors)) {
      if (count > 0) throw new Error(`wrk counted ${count} errors of the kind "${kind}"`);
    }
    if (requests === 0) throw new Error('wrk got no response');
    return { requests, seconds: microseconds / 1e6 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function result(args: string[]): Promise<WrkResult> {
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  wrk.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(wrk, 'close')) as [number | null];
  const line = /^result (.*)$/m.exec(output)?.[1];
  if (code !== 0 || line === undefined) throw new Error(`wrk failed (exit code ${code}):\n${output}`);
  return JSON.parse(line) as WrkResult;
}
