import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE = 256 * 1024 * 1024;
let folder: string | undefined;

/** The file that the tour streams: sparse, made on first use, removed when the process ends. */
export function largeFile(): { path: string; size: number } {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'barewire-tour-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    writeFileSync(join(made, 'big.bin'), '');
    truncateSync(join(made, 'big.bin'), SIZE);
    folder = made;
  }
  return { path: join(folder, 'big.bin'), size: SIZE };
}
