/** The server's process: one subject, one scenario, and the accounting of what it took. */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { answerQuestions } from './child.js';
import { settledMemory } from './memory.js';
import { BACKLOG, scenarioNamed } from './scenarios.js';
import type { Sample, ServerQuestion } from './server-process.js';
import { subjectNamed } from './subjects.js';

let server: Server;

answerQuestions(async (question: ServerQuestion) => {
  if (question.ask === 'usage') return { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };
  if (question.ask === 'sample') return sample(question.connections);
  const { subject } = await subjectNamed(question.subject).load();
  if (subject.createServer === undefined) throw new Error(`${question.subject} is no server`);
  server = await subject.createServer(scenarioNamed(question.scenario));
  if (!server.listening) {
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG });
    await once(server, 'listening');
  }
  return { port: (server.address() as AddressInfo).port };
});

async function sample(connections: number): Promise<Sample> {
  // First of all, so that neither the waiting nor the collection below counts as work for requests.
  const cpuAtEnd = process.cpuUsage();
  await untilConnected(connections);
  const memory = await settledMemory();
  return { cpuAtEnd, ...memory, cpuAtStart: process.cpuUsage() };
}

/** Connections that the load has just closed must not be in the memory figures. */
async function untilConnected(wanted: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const count = await new Promise<number>((resolve, reject) => {
      server.getConnections((error, connections) => (error ? reject(error) : resolve(connections)));
    });
    if (count === wanted) return;
    await setTimeout(10);
  }
  throw new Error(`the server did not come to have ${wanted} connections`);
}
