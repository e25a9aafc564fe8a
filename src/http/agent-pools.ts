/** The pools of an agent: sockets, and the requests that wait for one, by the name of where they lead. */
import type { Agent } from './agent.js';
import type { AgentSocket } from './agent-sockets.js';

export type Pools<T> = Record<string, T[] | undefined>;

/** A socket that can carry a request: not one that the other side has ended in the meantime. */
export function takeFree(agent: Agent, name: string): AgentSocket | undefined {
  const free = agent.freeSockets[name];
  if (free === undefined) return undefined;
  let socket: AgentSocket | undefined;
  do {
    socket = agent.scheduling === 'fifo' ? free.shift() : free.pop();
  } while (socket !== undefined && (socket.destroyed || !socket.writable));
  if (free.length === 0) delete agent.freeSockets[name];
  return socket;
}

/** Of the names that requests wait under, one that has room for a socket. */
export function otherWaiting(agent: Agent): string | undefined {
  for (const name in agent.requests) {
    // These wait for a socket of their own.
    if (!agent.sockets[name]?.length) return name;
  }
  return undefined;
}

/** Takes one out of its pool, and the pool out of the pools where it was the last. */
export function forget<T>(pools: Pools<T>, name: string, member: T): void {
  const pool = pools[name];
  if (pool === undefined) return;
  const index = pool.indexOf(member);
  if (index !== -1) pool.splice(index, 1);
  if (pool.length === 0) delete pools[name];
}
