/** The load's process: uploads and idle connections over `node:net`. */
import type { Socket } from 'node:net';
import { answerQuestions } from '../child.js';
import { scenarioNamed } from '../scenarios.js';
import { connect, exchange } from './exchange.js';
import type { LoadQuestion, Work } from './load.js';

/** How many connections are being opened at a time. */
const OPENED_AT_ONCE = 200;

let idle: Socket[] = [];

answerQuestions(async (question: LoadQuestion): Promise<Work | Record<string, never>> => {
  const { port, connections } = question;
  const bytes = scenarioNamed(question.scenario).request;
  if (question.ask === 'upload') return upload(port, bytes, connections, question.seconds);
  if (question.ask === 'open') return open(port, bytes, connections);
  for (const socket of idle) socket.destroy();
  idle = [];
  return {};
});

/** Uploads on every connection, one after the other, until the time is up; those under way are finished. */
async function upload(port: number, bytes: Buffer, connections: number, seconds: number): Promise<Work> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(port)));
  const start = performance.now();
  const deadline = start + seconds * 1000;
  let requests = 0;
  await Promise.all(
    sockets.map(async (socket) => {
      while (performance.now() < deadline) {
        await exchange(socket, bytes, 1);
        requests++;
      }
    }),
  );
  const elapsed = performance.now() - start;
  for (const socket of sockets) socket.destroy();
  return { requests, seconds: elapsed / 1000 };
}

/** Opens connections that each make one request and then stay. */
async function open(port: number, bytes: Buffer, connections: number): Promise<Work> {
  const start = performance.now();
  let wanted = connections;
  const opening = Array.from({ length: Math.min(OPENED_AT_ONCE, connections) }, async () => {
    while (wanted-- > 0) {
      const socket = await connect(port);
      idle.push(socket);
      await exchange(socket, bytes, 1);
    }
  });
  await Promise.all(opening);
  return { requests: connections, seconds: (performance.now() - start) / 1000 };
}
