/** Peers that send, stop, half-close and reset at any moment, while listeners throw: fuzz/peers.ts, for a moment. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';

const fuzzer = join(import.meta.dirname, '..', '..', 'fuzz', 'peers.js');

for (const side of ['servers', 'clients']) {
  it(`leave nothing behind in ${side}, whatever they do and whatever throws`, async () => {
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
      const args = [fuzzer, '--side', side, '--rounds', '200', '--seed', '1'];
      execFile(process.execPath, args, { timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : error.code, output: stderr + stdout });
      });
    });
    assert.equal(code, 0, output);
    const thrown = Number(/(\d+) listeners threw, 0 findings/.exec(output)?.[1]);
    assert.ok(thrown > 20, output);
  });
}
