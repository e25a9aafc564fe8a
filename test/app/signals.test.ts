/** closeOnSignal, in processes of its own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import { closeOnSignal, createApp } from 'barewire';

/** Says its port, then what happens. A handler answers when a line comes in. */
const PROGRAM = `
import { once } from 'node:events';
import { closeOnSignal, createApp } from 'barewire';

const app = createApp();
app.get('/', async () => {
  console.log('called');
  await once(process.stdin, 'data');
  return 'answered';
});
const server = await app.listen(0, '127.0.0.1');
process.stdin.unref();
closeOnSignal(app, OPTIONS);
console.log(server.address().port);
app.handler;
process.on('exit', (code) => console.log('exit ' + code));
`;

interface Running {
  child: ChildProcess;
  port: number;
  /** The next line that it writes. */
  line(): Promise<string>;
  ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
}

async function run(t: TestContext, options: string): Promise<Running> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM.replace('OPTIONS', options)],
    { stdio: ['pipe', 'pipe', 'inherit'], cwd: import.meta.dirname },
  );
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'close') as Running['ended'];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  return { child, port: Number(await line()), line, ended };
}

describe('closeOnSignal', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`at ${signal} answers what is in flight, does what is left, and lets the process end`, async (t) => {
      const { child, port, line, ended } = await run(t, `{ onClosed: () => console.log('closed') }`);
      const answer = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      assert.equal(await line(), 'called');
      child.kill(signal);
      // Until it is refused: then the signal has come.
      while (
        await fetch(`http://127.0.0.1:${port}/nowhere`).then(
          () => true,
          () => false,
        )
      );
      child.stdin?.write('go on\n');
      assert.equal(await (await answer).text(), 'answered');
      assert.equal(await line(), 'closed');
      assert.equal(await line(), 'exit 0');
      assert.deepEqual(await ended, [0, null]);
    });
  }

  test('at a second signal ends the process at once', async (t) => {
    const { child, port, line, ended } = await run(t, '{ deadline: 1e9 }');
    const answer = fetch(`http://127.0.0.1:${port}/`);
    const failed = assert.rejects(answer);
    assert.equal(await line(), 'called');
    child.kill('SIGTERM');
    while (
      await fetch(`http://127.0.0.1:${port}/nowhere`).then(
        () => true,
        () => false,
      )
    );
    child.kill('SIGINT');
    assert.equal(await line(), 'exit 130');
    assert.deepEqual(await ended, [130, null]);
    await failed;
  });

  test('takes its options: signals, and the deadline', async (t) => {
    const { child, port, line, ended } = await run(t, `{ signals: ['SIGUSR2'], deadline: 10 }`);
    const failed = assert.rejects(fetch(`http://127.0.0.1:${port}/`));
    assert.equal(await line(), 'called');
    child.kill('SIGUSR2');
    assert.equal(await line(), 'exit 0');
    assert.deepEqual(await ended, [0, null]);
    await failed;
  });

  test('takes its listeners off again', () => {
    const before = process.listenerCount('SIGUSR2');
    const forget = closeOnSignal(createApp(), { signals: ['SIGUSR2'] });
    assert.equal(process.listenerCount('SIGUSR2'), before + 1);
    forget();
    assert.equal(process.listenerCount('SIGUSR2'), before);
  });
});
