import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bounded } from './bounded.js';
import type { ClientScene } from './client-scene.js';

/**
 * Runs `script` in a process of its own, in which `http` is the subject, and logs what it prints, and how it ends.
 * @param args Options of Node's, and then what the script has as `process.argv.slice(1)`.
 */
export async function runScript(scene: ClientScene, script: string, ...args: string[]): Promise<void> {
  const source = `import * as http from '${scene.specifier}';\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source, ...args], {
    cwd: new URL('../../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scene.atTheEnd(() => child.kill());
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const [code, signal] = await bounded('the child ends', once(child, 'close'));
  scene.log('output', output.trim());
  scene.log('error', /^.*Error.*: .*$/m.exec(errors)?.[0] ?? '');
  scene.log('exit', code, signal);
}
