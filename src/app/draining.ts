/** The end of an application's servers, without a request lost that could be answered. */
import type * as nodeHttp from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { invalidArgValue } from '../errors.js';
import { currentTime } from '../http/clock.js';
import { announceClose } from '../http/server-members.js';
import { CLOSE_DEADLINE } from './limits.js';

/** How to end. */
export interface CloseOptions {
  /**
   * Milliseconds between the moment in which readiness turns 503 and the one in which no connection is accepted any
   * more: the time that those in front need to see it. Default 0.
   */
  delay?: number;
  /**
   * Milliseconds that connections have from then on on which no request is made. Default: the server's
   * `keepAliveTimeout` and its buffer, 6000, after which they end anyway.
   */
  idle?: number;
  /** Milliseconds that requests in flight have, and tunnels; then they are cut. Default 10 000. */
  deadline?: number;
}

/** The longest that a timer of Node can be. */
const LONGEST = 2 ** 31 - 1;

function checkOptions(options: CloseOptions): void {
  for (const name of ['delay', 'idle', 'deadline'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0)) {
      throw invalidArgValue(`options.${name}`, value, 'must be a number of milliseconds');
    }
  }
}

/** A timer that is set to the earliest time it is given. */
class Alarm {
  private readonly ring: () => void;
  private timer: NodeJS.Timeout | undefined;
  private at = Number.POSITIVE_INFINITY;

  constructor(ring: () => void) {
    this.ring = ring;
  }

  set(milliseconds: number): void {
    const at = currentTime() + milliseconds;
    if (at >= this.at) return;
    this.at = at;
    clearTimeout(this.timer);
    if (milliseconds === 0) this.ring();
    else this.timer = setTimeout(this.ring, Math.min(milliseconds, LONGEST));
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** Servers, with all their sockets: tunnels and upgraded ones are among them, which no server lists. */
export type ServersWithSockets = ReadonlyMap<nodeHttp.Server, ReadonlySet<Socket>>;

/**
 * One end of one application:
 *
 *   close() --delay--> no more accepted --idle--> idle ones closed --until deadline--> cut
 *
 * From the first moment on every response says `Connection: close`. Idle connections are not cut at once, as
 * `server.close()` does: a request may be on its way on them (nodejs/node#60617).
 */
export class Draining {
  /** Fulfilled when all connections have ended. */
  readonly done: Promise<void>;
  private readonly servers: ServersWithSockets;
  private readonly delayEnd: Promise<void>;
  private readonly delay: Alarm;
  private readonly cut: Alarm;
  private isCut = false;

  /**
   * @param starting Servers that are about to listen: they end, too.
   * @throws ERR_INVALID_ARG_VALUE
   */
  constructor(servers: ServersWithSockets, starting: ReadonlySet<Promise<unknown>>, options: CloseOptions) {
    checkOptions(options);
    this.servers = servers;
    let endDelay = () => {};
    this.delayEnd = new Promise((resolve) => {
      endDelay = resolve;
    });
    this.delay = new Alarm(endDelay);
    this.cut = new Alarm(() => {
      this.isCut = true;
      this.delay.set(0);
      this.destroySockets();
    });
    this.done = this.run(starting, options);
  }

  /** What is asked for again may only be sooner. @throws ERR_INVALID_ARG_VALUE */
  hasten(options: CloseOptions): void {
    checkOptions(options);
    const { delay, deadline } = options;
    if (delay !== undefined) this.delay.set(delay);
    if (deadline !== undefined) this.cut.set(deadline + (delay ?? 0));
  }

  private async run(
    starting: ReadonlySet<Promise<unknown>>,
    { delay = 0, idle, deadline = CLOSE_DEADLINE }: CloseOptions,
  ): Promise<void> {
    for (const server of this.servers.keys()) announceClose(server);
    // Where nothing listens nobody has to see anything.
    this.delay.set(this.servers.size + starting.size > 0 ? delay : 0);
    await this.delayEnd;
    await Promise.allSettled(starting);
    await acceptWaiting([...this.servers.keys()]);
    this.cut.set(deadline);
    const stopped = Array.from(this.servers.keys(), (server) => stop(server, idle));
    // What was accepted while the others were cut.
    if (this.isCut) this.destroySockets();
    await Promise.all(stopped);
    this.cut.stop();
    this.delay.stop();
  }

  private destroySockets(): void {
    for (const sockets of this.servers.values()) for (const socket of sockets) socket.destroy();
  }
}

/**
 * Connections that the system has made already, and that nobody has accepted yet, would be reset. They are accepted
 * first: some Nodes take one of them a turn. As many as there are by default, and not for as long as new ones come.
 */
async function acceptWaiting(servers: readonly nodeHttp.Server[]): Promise<void> {
  let accepted = 0;
  const count = () => {
    accepted++;
  };
  for (const server of servers) server.on('connection', count);
  for (let turns = 0, before = -1; turns < MAX_WAITING && accepted > before; turns++) {
    before = accepted;
    // Two, to come by where sockets are looked at from wherever in the event loop this is.
    await turn();
    await turn();
  }
  for (const server of servers) server.off('connection', count);
}

/** Node's default `backlog`. */
const MAX_WAITING = 511;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Accepts no more. Fulfilled when all connections have ended. */
function stop(server: nodeHttp.Server, idle = idleTimeOf(server)): Promise<void> {
  return new Promise((resolve) => {
    const closeIdle = () => server.closeIdleConnections();
    const first = setTimeout(closeIdle, Math.min(idle, LONGEST));
    // Some become idle later: a response whose head had left could not say that it is the last.
    const later = idle < idleTimeOf(server) ? setInterval(closeIdle, Math.max(idle, SWEEP)) : undefined;
    // Not the server's own close(), which closes idle connections at once.
    NetServer.prototype.close.call(server as unknown as NetServer, () => {
      clearTimeout(first);
      clearInterval(later);
      resolve();
    });
    announceClose(server);
  });
}

/** Milliseconds between looks for connections that became idle, at least. */
const SWEEP = 100;

/** By then those that had a request before have ended by themselves, and only those that never had one are left. */
function idleTimeOf({ keepAliveTimeout, keepAliveTimeoutBuffer = 0 }: Idling): number {
  return keepAliveTimeout > 0 ? keepAliveTimeout + keepAliveTimeoutBuffer : LONGEST;
}

interface Idling {
  keepAliveTimeout: number;
  /** Not yet among the types of Node's servers. */
  keepAliveTimeoutBuffer?: number;
}
