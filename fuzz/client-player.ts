/** A request of a program, as it is played. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestPlan } from './client-program.js';

/** A request and what is known of it. */
export interface Player {
  readonly plan: RequestPlan;
  readonly name: string;
  readonly controller: AbortController;
  /** How often each moment has come. */
  readonly counts: Map<string, number>;
  readonly told: Map<string, string>;
  readonly sockets: Set<unknown>;
  readonly responses: Set<unknown>;
  req: ClientRequest | null;
  res: IncomingMessage | null;
  socket: Socket | null;
  hasClosed: boolean;
}

/** One that has not been made. */
export function playerOf(plan: RequestPlan): Player {
  return {
    plan,
    name: String(plan.id),
    controller: new AbortController(),
    counts: new Map(),
    told: new Map(),
    sockets: new Set(),
    responses: new Set(),
    req: null,
    res: null,
    socket: null,
    hasClosed: false,
  };
}
