/** The sockets of an agent: the events by which it keeps account of them, and what is known of each. */
import type { Agent, SocketOptions } from './agent.js';
import { poolName } from './agent-options.js';
import type { Request } from './client-request.js';
import type { ConnectionSocket } from './connection.js';
import { callsListeners, type Emitter, plainEmit } from './emitter.js';
import { lowerCaseName } from './incoming-headers.js';
import { kAgent } from './symbols.js';

/** A socket of an agent's. */
export interface AgentSocket extends ConnectionSocket {
  [kAgent]?: { agent: Agent; options: SocketOptions };
}

const kKeylog = Symbol('barewire.keylog');

interface KeylogAgent extends Agent {
  [kKeylog]?: (line: Buffer) => void;
}

/** Sockets write key logs where somebody reads them, and only there. */
export function hearKeylog(this: KeylogAgent, event: string | symbol): void {
  if (event !== 'keylog' || this[kKeylog] !== undefined) return;
  const agent = this;
  function onKeylog(this: unknown, line: Buffer): void {
    agent.emit('keylog', line, this);
  }
  this[kKeylog] = onKeylog;
  for (const pool of [this.sockets, this.freeSockets]) {
    for (const name of Object.keys(pool)) {
      for (const socket of pool[name] as AgentSocket[]) socket.on('keylog', this[kKeylog] as never);
    }
  }
}

/** The last Keep-Alive field, and its seconds: a server sends the same again and again. */
let lastHintField = '';
let lastHint: number | undefined;

/** The seconds a server says it keeps an idle connection, in the last response on this socket. */
export function keepAliveHint(socket: AgentSocket): number | undefined {
  const lines = (socket._httpMessage as Request | undefined)?.res?.rawHeaders;
  if (lines === undefined) return undefined;
  // Without making an object of all headers for the sake of one.
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i];
    if (name.length !== KEEP_ALIVE_NAME.length || lowerCaseName(name) !== KEEP_ALIVE_NAME) continue;
    const field = lines[i + 1];
    if (field !== lastHintField) {
      const seconds = /^timeout=(\d+)/.exec(field)?.[1];
      lastHintField = field;
      lastHint = seconds === undefined ? undefined : Number(seconds);
    }
    return lastHint;
  }
  return undefined;
}

const KEEP_ALIVE_NAME = 'keep-alive';

/** Makes a socket the agent's. One set of listeners serves all of them. */
export function adopt(agent: KeylogAgent, socket: AgentSocket, options: SocketOptions): void {
  socket[kAgent] = { agent, options };
  socket.on('free', onSocketFree);
  socket.on('close', onSocketClose);
  socket.on('timeout', onSocketTimeout);
  socket.on('agentRemove', onAgentRemove);
  if (agent[kKeylog] !== undefined) socket.on('keylog', agent[kKeylog]);
}

/** Emits 'free' of the socket. Where that is to tell its agent, and there to call the one listener, it is called. */
export function tellFree(socket: AgentSocket): void {
  const emitter = socket as unknown as Emitter;
  if (emitter._events?.free === onSocketFree && emitter.emit === plainEmit) onSocketFree.call(socket);
  else socket.emit('free');
}

function onSocketFree(this: AgentSocket): void {
  const owner = this[kAgent];
  if (owner === undefined) return;
  const { agent, options } = owner;
  const emitter = agent as unknown as Emitter;
  const listener = callsListeners(emitter) ? emitter._events?.free : undefined;
  if (typeof listener === 'function') listener.call(agent, this, options);
  else agent.emit('free', this, options);
}

function onSocketClose(this: AgentSocket): void {
  const owner = this[kAgent];
  if (owner === undefined) return;
  owner.agent.totalSocketCount--;
  owner.agent.removeSocket(this, owner.options);
}

/** A free socket has waited long enough. One in use is its request's. */
function onSocketTimeout(this: AgentSocket): void {
  const owner = this[kAgent];
  if (owner === undefined) return;
  const free = owner.agent.freeSockets[poolName(owner.agent, owner.options)];
  if (free?.includes(this)) this.destroy();
}

/** The socket is somebody else's now. */
function onAgentRemove(this: AgentSocket): void {
  const owner = this[kAgent];
  if (owner === undefined) return;
  owner.agent.totalSocketCount--;
  owner.agent.removeSocket(this, owner.options);
  this[kAgent] = undefined;
  this.removeListener('free', onSocketFree);
  this.removeListener('close', onSocketClose);
  this.removeListener('timeout', onSocketTimeout);
  this.removeListener('agentRemove', onAgentRemove);
}
