/** The client's process: one subject, one scenario, and the accounting of what it took. */
import { authority } from './certificates.js';
import { answerQuestions } from './child.js';
import type { Client } from './client.js';
import type { ClientQuestion, ClientWork } from './client-process.js';
import { type Memory, settledMemory } from './memory.js';
import { type Scenario, scenarioNamed } from './scenarios.js';
import { subjectNamed } from './subjects.js';

/** Kept from run to run, with its connections. */
let client: Client | undefined;

answerQuestions(async (question: ClientQuestion): Promise<ClientWork | Memory | Record<string, never>> => {
  if (question.ask === 'memory') return settledMemory();
  const scenario = scenarioNamed(question.scenario);
  if (question.ask === 'run') {
    client ??= await createClient(question, scenario, question.connections);
    return run(client, scenario, question.connections, question.seconds);
  }
  const single = await createClient(question, scenario, 1);
  try {
    await exchange(single, scenario);
  } finally {
    single.close();
  }
  return {};
});

async function createClient(
  { subject: name, port }: { subject: string; port: number },
  scenario: Scenario,
  connections: number,
): Promise<Client> {
  const { subject } = await subjectNamed(name).load();
  if (subject.createClient === undefined) throw new Error(`${name} is no client`);
  return subject.createClient({ scenario, port, connections, authority });
}

/** What is wrong with an answer, if anything. */
function complaint(
  { response }: Scenario,
  error: Error | null,
  status: number,
  content: string,
): Error | undefined {
  if (error !== null) return error;
  if (status !== response.status) return new Error(`status ${status} instead of ${response.status}`);
  if (content !== response.content.toString()) return new Error(`the content is ${content.slice(0, 60)}`);
  return undefined;
}

function exchange(from: Client, scenario: Scenario): Promise<void> {
  return new Promise((resolve, reject) => {
    from.request((...answer) => {
      const wrong = complaint(scenario, ...answer);
      if (wrong === undefined) resolve();
      else reject(wrong);
    });
  });
}

async function run(
  from: Client,
  scenario: Scenario,
  concurrency: number,
  seconds: number,
): Promise<ClientWork> {
  const { status: wantedStatus, content } = scenario.response;
  const wanted = content.toString();
  const before = process.cpuUsage();
  const start = performance.now();
  let requests = 0;
  await new Promise<void>((resolve, reject) => {
    let running = concurrency;
    // Asked for every answer, the clock would cost more than some of what is measured.
    let isOver = false;
    setTimeout(() => {
      isOver = true;
    }, seconds * 1000);
    // Callbacks, and none made anew: what the loop itself costs is counted for everyone.
    const answered = (error: Error | null, status: number, text: string): void => {
      if (error !== null || status !== wantedStatus || text !== wanted) {
        reject(complaint(scenario, error, status, text));
        return;
      }
      requests++;
      if (!isOver) from.request(answered);
      else if (--running === 0) resolve();
    };
    for (let count = 0; count < concurrency; count++) from.request(answered);
  });
  const elapsed = performance.now() - start;
  const cpu = process.cpuUsage(before);
  return { requests, seconds: elapsed / 1000, cpu, rss: process.memoryUsage.rss() };
}
