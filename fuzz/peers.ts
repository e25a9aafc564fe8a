/**
 * Fuzzes servers and clients with peers that send, stop, half-close and reset at any moment, while the listeners of
 * the application throw:
 *
 *     npm run build:dev && node build/fuzz/peers.js [--rounds 1000] [--seed 1] [--side servers|clients]
 *
 * Nothing may throw but those listeners, every request of a client must close, once, and in the end no connection,
 * timer or place in an Agent may be left. What is found is printed with its seed; the exit code is 1 then.
 */
import { parseArgs } from 'node:util';
import { attackServers } from './hostile-clients.js';
import { attackClients } from './hostile-servers.js';
import { eventually, Mishap } from './mishap.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    side: { type: 'string' },
  },
});

const findings: string[] = [];
let mishaps = 0;

function judge(error: unknown): void {
  if (error instanceof Mishap) mishaps++;
  else findings.push(`thrown: ${error instanceof Error ? error.stack : String(error)}`);
}

process.on('uncaughtException', judge);
process.on('unhandledRejection', judge);
process.on('warning', (warning) => findings.push(`warning: ${warning.stack}`));

/** Sockets, servers and timers that keep the process. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Timeout|Immediate)/.test(name));
}

const seed = Number(options.seed);
const rounds = Number(options.rounds);
try {
  if (options.side !== 'clients') findings.push(...(await attackServers(seed, rounds)));
  if (options.side !== 'servers') findings.push(...(await attackClients(seed, rounds)));
} catch (error) {
  judge(error);
}
// The timer with which `eventually` waits is one.
if (!(await eventually(5000, () => resources().length === 0))) {
  findings.push(`left in the process: ${resources().join(', ')}`);
}
for (const finding of findings) console.error(finding);
console.log(`${rounds} rounds, seed ${seed}: ${mishaps} listeners threw, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
