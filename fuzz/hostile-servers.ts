/** Servers that answer anything at any moment, to clients whose listeners throw. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import * as http from 'barewire/http';
import { Choices } from '../test/wire/generate.js';
import { atATime, eventually, mishap, turns } from './mishap.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LONG = `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome`;

/** What is written to the answer of a request, and how the connection goes on, by the path that asks for it. */
const ANSWERS: Record<string, (socket: Socket) => unknown> = {
  ok: (socket) => socket.write(OK),
  close: (socket) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`),
  large: (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(500_000)}`),
  chunked: (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: v\r\n\r\n'),
  delimited: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'),
  empty: (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
  reset: (socket) => socket.resetAndDestroy(),
  end: (socket) => socket.end(),
  silence: () => {},
  cutHead: (socket) => socket.end('HTTP/1.1 200 O'),
  resetHead: (socket) => socket.write('HTTP/1.1 200 O', () => socket.resetAndDestroy()),
  cutContent: (socket) => socket.end(LONG),
  resetContent: (socket) => socket.write(LONG, () => socket.resetAndDestroy()),
  stalledContent: (socket) => socket.write(LONG),
  garbage: (socket) => socket.write('garbage\r\n\r\n'),
  badChunk: (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n'),
  both: (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nok'),
  twoResponses: (socket) => socket.write(OK + OK),
  secondLater: (socket) => socket.write(OK, () => setImmediate(() => socket.write(OK))),
  resetLater: (socket) => socket.write(OK, () => setImmediate(() => socket.resetAndDestroy())),
  endLater: (socket) => socket.write(OK, () => setImmediate(() => socket.end())),
  interim: (socket) => socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${OK}`),
  interimEnd: (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'),
  switching: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nhello'),
  hugeHead: (socket) => socket.write(`HTTP/1.1 200 OK\r\nX-Huge: ${'h'.repeat(20_000)}\r\n\r\n`),
  hint: (socket) => socket.write(`HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok`),
};

/** What an application does with its request, and when it throws. */
const BEHAVIOURS: Record<string, (req: http.ClientRequest) => unknown> = {
  reads: (req) => req.on('response', (res) => res.on('error', () => {}).resume()),
  ignores: () => {},
  leaves: (req) => req.on('response', () => {}),
  pauses: (req) => req.on('response', (res) => res.on('error', () => {}).once('data', () => res.pause())),
  destroysAtOnce: (req) => req.destroy(),
  destroysSoon: (req) => setImmediate(() => req.destroy()),
  aborts: (req) => req.abort(),
  destroysAtSocket: (req) => req.on('socket', () => req.destroy(new Error('destroyed'))),
  destroysAtFinish: (req) => req.on('finish', () => req.destroy()),
  destroysAtResponse: (req) => req.on('response', () => req.destroy()),
  destroysResponse: (req) => req.on('response', (res) => res.on('error', () => {}).destroy()),
  destroysAtData: (req) =>
    req.on('response', (res) => res.on('error', () => {}).on('data', () => res.destroy())),
  iterates: (req) =>
    req.on('response', async (res) => {
      for await (const _ of res) break;
    }),
  timesOut: (req) => req.setTimeout(5, () => req.destroy()),
  throwsAtSocket: (req) => req.on('socket', mishap),
  throwsAtFinish: (req) => req.on('finish', mishap),
  throwsAtResponse: (req) => req.on('response', mishap),
  throwsAtInterim: (req) => req.on('information', mishap).on('continue', mishap),
  throwsAtData: (req) => req.on('response', (res) => res.on('error', () => {}).on('data', mishap)),
  throwsAtEnd: (req) =>
    req.on('response', (res) =>
      res
        .on('error', () => {})
        .on('end', mishap)
        .resume(),
    ),
  throwsAtAborted: (req) =>
    req.on('response', (res) =>
      res
        .on('error', () => {})
        .on('aborted', mishap)
        .resume(),
    ),
  throwsAtResponseError: (req) => req.on('response', (res) => res.on('error', mishap).resume()),
  throwsAtResponseClose: (req) =>
    req.on('response', (res) =>
      res
        .on('error', () => {})
        .on('close', mishap)
        .resume(),
    ),
  throwsAtError: (req) => req.on('error', mishap),
  throwsAtTimeout: (req) => req.setTimeout(5, mishap),
  upgrades: (req) => req.on('upgrade', (_res, socket) => socket.on('error', () => {}).destroy()),
  throwsAtUpgrade: (req) =>
    req.on('upgrade', (_res, socket) => {
      socket.on('error', () => {}).destroy();
      mishap();
    }),
};

function hostileServer(choices: Choices, sockets: Set<Socket>) {
  return createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (choices.rarely(20)) {
      choices.oneOf([
        () => socket.resetAndDestroy(),
        () => socket.end(),
        () => socket.write('too early'),
        () => socket.write(OK),
      ])();
    }
    socket.on('data', (chunk: Buffer) => {
      const path = /^[A-Z]+ \/(\w+) HTTP/.exec(chunk.toString('latin1'))?.[1];
      if (path !== undefined && socket.writable) ANSWERS[path]?.(socket);
    });
  });
}

/** Sends one request and waits for its end. Returns what was wrong with it. */
async function request(
  port: number,
  agents: readonly (http.Agent | false)[],
  choices: Choices,
): Promise<string | null> {
  const answer = choices.oneOf(Object.keys(ANSWERS));
  const behaviour = choices.oneOf(Object.keys(BEHAVIOURS));
  const controller = new AbortController();
  const req = http.request({
    port,
    host: '127.0.0.1',
    path: `/${answer}`,
    method: choices.oneOf(['GET', 'GET', 'POST', 'HEAD', 'PUT']),
    agent: choices.oneOf(agents),
    headers: choices.rarely(6) ? { Connection: 'upgrade', Upgrade: 'echo' } : {},
    ...(choices.rarely(5) ? { signal: controller.signal } : {}),
    ...(choices.rarely(5) ? { timeout: 20 } : {}),
  });
  let closes = 0;
  req.on('error', () => {});
  BEHAVIOURS[behaviour](req);
  req.on('close', () => closes++);
  switch (choices.below(4)) {
    case 0:
      req.end();
      break;
    case 1:
      req.end('content');
      break;
    case 2:
      if (req.method === 'POST' || req.method === 'PUT') req.write('x'.repeat(choices.oneOf([10, 300_000])));
      await turns(choices.below(4));
      req.end();
      break;
    default:
      // Never ended: whoever loses interest destroys it.
      if (req.method === 'POST') req.write('some');
  }
  await eventually(choices.oneOf([5, 20, 60]), () => closes > 0);
  if (choices.rarely(2)) controller.abort();
  req.destroy();
  const isClosed = await eventually(1000, () => closes > 0);
  await turns(2);
  if (isClosed && closes === 1) return null;
  // What throws at 'error' ends the call that would have emitted 'close', as in node:http.
  if (behaviour === 'throwsAtError' && closes === 0) return null;
  return `${req.method} /${answer}, ${behaviour}: 'close' came ${closes} times`;
}

function agentsOf(choices: Choices): http.Agent[] {
  return [
    new http.Agent({ keepAlive: true, maxSockets: 4 }),
    new http.Agent({ keepAlive: true, maxTotalSockets: 3, scheduling: 'fifo', timeout: 30 }),
    new http.Agent({ keepAlive: true, maxFreeSockets: 1, retryStaleSockets: true }),
    new http.Agent({ maxSockets: 1 + choices.below(3) }),
    new http.Agent(),
  ];
}

/** What an agent has not forgotten. */
function leftIn(agent: http.Agent): string | null {
  const { sockets, freeSockets, requests } = agent;
  const count = Reflect.get(agent, 'totalSocketCount') as number;
  const names = [sockets, freeSockets, requests].flatMap((pool) => Object.keys(pool));
  return names.length === 0 && count === 0 ? null : JSON.stringify({ names, count });
}

/** Has so many requests go to hostile servers. Returns what was found. */
export async function attackClients(seed: number, rounds: number): Promise<string[]> {
  const findings: string[] = [];
  const perServer = 100;
  for (let begun = 0; begun < rounds; begun += perServer) {
    const choices = new Choices(seed + begun);
    const sockets = new Set<Socket>();
    const server = hostileServer(choices, sockets);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const agents = agentsOf(choices);
    await atATime(16, Math.min(perServer, rounds - begun), async (n) => {
      const finding = await request(port, [...agents, false], new Choices(seed + begun + n));
      if (finding !== null) findings.push(`seed ${seed + begun + n}: ${finding}`);
    });
    // Every request is over: what an agent still has in use is lost to it.
    for (const [i, agent] of agents.entries()) {
      if (!(await eventually(2000, () => Object.keys(agent.sockets).length === 0))) {
        findings.push(`seed ${seed + begun}: agent ${i} has sockets in use: ${leftIn(agent)}`);
      }
      agent.destroy();
      if (!(await eventually(2000, () => leftIn(agent) === null))) {
        findings.push(`seed ${seed + begun}: agent ${i} has kept ${leftIn(agent)}`);
      }
    }
    if (!(await eventually(2000, () => sockets.size === 0))) {
      findings.push(`seed ${seed + begun}: ${sockets.size} connections are left`);
      for (const socket of sockets) socket.destroy();
    }
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
  return findings;
}
