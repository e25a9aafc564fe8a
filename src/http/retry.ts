/**
 * The race of a pooled connection: the server closes it in the moment in which a request takes it. The request was
 * not to blame, and on a fresh connection it would succeed (RFC 9112 section 9.3.1).
 *
 * An Agent with `retryStaleSockets` sends such a request once more, where that can do no harm: its method is
 * idempotent (RFC 9110 section 9.2.2), nothing of an answer came, and all of it is still at hand.
 */
import { isIdempotent } from '../wire/tables.js';
import type { Agent } from './agent.js';
import type { Request } from './client-request.js';
import type { PendingWrite } from './outgoing.js';
import type { RequestOptions } from './request-options.js';
import { kConnection, kRetry } from './symbols.js';

/** What a second attempt needs. */
export interface Retry {
  readonly agent: Agent;
  readonly options: RequestOptions;
  output: readonly PendingWrite[];
  /** It was sent again: the next failure is final. */
  readonly isSpent: boolean;
  /** 'finish' was emitted in the first attempt. */
  hasFinished: boolean;
}

/** The request got a used socket: it may be sent again if that turns out to be stale. */
export function allowRetry(request: Request, agent: Agent, options: RequestOptions): void {
  if (!isIdempotent(request.method)) return;
  request[kRetry] = { agent, options, output: [], isSpent: false, hasFinished: false };
}

/** The request is about to be written: keeps it, if all of it is there to be kept. */
export function keepForRetry(request: Request): void {
  const kept = request[kRetry];
  if (kept === null || kept.isSpent) return;
  if (!request.finished) request[kRetry] = null;
  else kept.output = request.outputData;
}

/** Sends the request again, on a connection that nobody has used. */
export function retry(request: Request): void {
  const { agent, options, output, hasFinished } = request[kRetry] as Retry;
  const last = output.length - 1;
  request[kConnection] = null;
  request.socket = null;
  request.reusedSocket = false;
  // Callbacks of single writes were called the first time; the last one tells that the request is complete.
  request.outputData = output.map((write, i) => (i === last ? write : { ...write, callback: null }));
  request.outputSize = output.reduce((size, { data }) => size + data.length, 0);
  request[kRetry] = { agent, options, output: [], isSpent: true, hasFinished };
  agent.addFreshRequest(request, options);
}
