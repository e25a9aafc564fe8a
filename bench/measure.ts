import { checkAnswer } from './check.js';
import { checkClient } from './check-client.js';
import { ClientProcess } from './client-process.js';
import type { Round, ScenarioResult } from './figures.js';
import { applyLoad, LoadProcess } from './load/load.js';
import { type Load, type Scenario, sideOf } from './scenarios.js';
import { ServerProcess } from './server-process.js';
import { type SubjectEntry, subjectNamed, takingPart } from './subjects.js';

/** Long enough for V8 to have compiled, and recompiled, what the scenario runs. */
const WARM_UP_SECONDS = 2;

/**
 * Connections opened and closed again before idle ones are counted, so that the code is loaded and run. No more
 * than that: the memory they leave free would be taken by the next ones, and not be counted.
 */
const WARM_UP_CONNECTIONS = 100;

export interface MeasureOptions {
  readonly subjects: readonly SubjectEntry[];
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly profileFolder?: string;
  /** Told what is going on, one short line each. */
  readonly onProgress: (line: string) => void;
}

/** Measures all subjects in one scenario: in turn, a round of each, and again. */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<ScenarioResult> {
  const { name, title, load } = scenario;
  const subjects = takingPart(options.subjects, scenario);
  const rounds = await roundsOf(load)(scenario, { ...options, subjects });
  return { name, title, side: sideOf(scenario), perConnection: load === 'idle', rounds };
}

function roundsOf(load: Load): typeof loadRounds {
  if (load === 'idle') return idleRounds;
  return load === 'client' ? clientRounds : loadRounds;
}

async function loadRounds(scenario: Scenario, options: MeasureOptions): Promise<Map<string, Round[]>> {
  const { subjects, seconds, profileFolder, onProgress } = options;
  const connections = scenario.connections ?? options.connections;
  const servers: ServerProcess[] = [];
  try {
    for (const subject of subjects) servers.push(await ServerProcess.start(subject, scenario, profileFolder));
    for (const server of servers) await checkAnswer(scenario, server);
    for (const server of servers) {
      onProgress(`${scenario.name}: warming up ${server.subject.name}`);
      await applyLoad(scenario, server.port, connections, WARM_UP_SECONDS);
    }
    const rounds = await inTurn(servers, options, async (server, round) => {
      onProgress(`${scenario.name}: round ${round} of ${options.rounds}, ${server.subject.name}`);
      const before = await server.usage();
      const work = await applyLoad(scenario, server.port, connections, seconds);
      const after = await server.usage();
      return {
        rate: work.requests / work.seconds,
        ...cpuBetween(before.cpu, after.cpu, work.requests),
        rss: after.rss,
      };
    });
    return await withHeap(rounds, servers, async (server) => (await server.sample()).heap);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** All clients by turns against one server that costs as little as can be. */
async function clientRounds(scenario: Scenario, options: MeasureOptions): Promise<Map<string, Round[]>> {
  const { subjects, seconds, profileFolder, onProgress } = options;
  const connections = scenario.connections ?? options.connections;
  if (subjects.length === 0) return new Map();
  const clients: ClientProcess[] = [];
  const server = await ServerProcess.start(subjectNamed('floor'), scenario);
  try {
    for (const subject of subjects) clients.push(new ClientProcess(subject, scenario, profileFolder));
    for (const client of clients) await checkClient(scenario, client);
    for (const client of clients) {
      onProgress(`${scenario.name}: warming up ${client.subject.name}`);
      await client.run(server.port, connections, WARM_UP_SECONDS);
    }
    const rounds = await inTurn(clients, options, async (client, round) => {
      onProgress(`${scenario.name}: round ${round} of ${options.rounds}, ${client.subject.name}`);
      const { requests, seconds: took, cpu, rss } = await client.run(server.port, connections, seconds);
      const user = cpu.user / requests;
      return { rate: requests / took, cpu: user + cpu.system / requests, user, rss };
    });
    return await withHeap(rounds, clients, async (client) => (await client.memory()).heap);
  } finally {
    await Promise.all([server, ...clients].map((process) => process.stop()));
  }
}

/**
 * Runs the rounds of every subject interleaved, so that whatever else changes on the machine in the meantime
 * changes for all. Each round begins with another subject: nobody is always the one after the floor.
 */
async function inTurn<Candidate extends { subject: SubjectEntry }, Outcome>(
  candidates: readonly Candidate[],
  options: MeasureOptions,
  run: (candidate: Candidate, round: number) => Promise<Outcome>,
): Promise<Map<string, Outcome[]>> {
  const rounds = new Map<string, Outcome[]>(options.subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const candidate = candidates[(round + turn) % candidates.length];
      rounds.get(candidate.subject.name)?.push(await run(candidate, round + 1));
    }
  }
  return rounds;
}

/**
 * Adds the heap after a collection, once all rounds are over: a collection while nobody asks takes the compiled code
 * with it, and the next round would measure how it is compiled again.
 */
async function withHeap<Candidate extends { subject: SubjectEntry }>(
  rounds: ReadonlyMap<string, Omit<Round, 'heap'>[]>,
  candidates: readonly Candidate[],
  heapOf: (candidate: Candidate) => Promise<number>,
): Promise<Map<string, Round[]>> {
  const complete = new Map<string, Round[]>();
  for (const candidate of candidates) {
    const { name } = candidate.subject;
    const heap = await heapOf(candidate);
    complete.set(
      name,
      (rounds.get(name) ?? []).map((round) => ({ ...round, heap })),
    );
  }
  return complete;
}

function idleRounds(scenario: Scenario, options: MeasureOptions): Promise<Map<string, Round[]>> {
  const candidates = options.subjects.map((subject) => ({ subject }));
  return inTurn(candidates, options, ({ subject }, round) => {
    options.onProgress(`${scenario.name}: round ${round} of ${options.rounds}, ${subject.name}`);
    return idleRound(subject, scenario, options);
  });
}

/** A fresh server each time: memory that once was in use stays with a process, and would hide the next growth. */
async function idleRound(subject: SubjectEntry, scenario: Scenario, options: MeasureOptions): Promise<Round> {
  const connections = scenario.connections ?? options.connections;
  const server = await ServerProcess.start(subject, scenario, options.profileFolder);
  const load = new LoadProcess();
  try {
    await checkAnswer(scenario, server);
    await load.open(scenario, server.port, Math.min(WARM_UP_CONNECTIONS, connections));
    await load.close(scenario, server.port);
    const before = await server.sample();
    const work = await load.open(scenario, server.port, connections);
    const after = await server.sample(connections);
    return {
      rate: connections / work.seconds,
      ...cpuBetween(before.cpuAtStart, after.cpuAtEnd, connections),
      rss: (after.rss - before.rss) / connections,
      heap: (after.heap - before.heap) / connections,
    };
  } finally {
    await load.stop();
    await server.stop();
  }
}

function cpuBetween(
  before: NodeJS.CpuUsage,
  after: NodeJS.CpuUsage,
  count: number,
): { cpu: number; user: number } {
  const user = after.user - before.user;
  const system = after.system - before.system;
  return { cpu: (user + system) / count, user: user / count };
}
