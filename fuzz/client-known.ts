/** What differs between node:http and us, and is known: acts that are left out, and kinds of differences that are passed over. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { RequestPlan } from './client-program.js';

interface Known {
  /** How such a kind begins. */
  readonly kind: RegExp;
  /** The releases of Node that have it; all, where none is named. */
  readonly before?: number;
  readonly from?: number;
  readonly reason: string;
}

const KNOWN: readonly Known[] = [
  {
    kind: /req finish \||callback N of req\.\w+( null)? \| N callback N of req\.\w+ ERR_|\| N callback N of req\.\w+ ERR_SOCKET_CLOSED/,
    before: 24,
    reason: "'finish', and the callback of end(), say without an error that what was never sent has left",
  },
  {
    kind: /^getters res\.readableFlowing/,
    from: 24,
    reason: 'a response that nobody reads is dumped without being resumed',
  },
  {
    kind: /^getters (?:socket\.destroyed|socket\.closed)|\| N socket end$|^N socket end \|/,
    reason: "a socket that is ended while it is free is destroyed before others hear its 'end'",
  },
  {
    kind: /^nothing \| end$/,
    from: 26,
    reason: 'a request whose response is left with content in it does not close',
  },
  {
    kind: /\| N res resume$/,
    from: 26,
    reason: 'the same, where it has no content',
  },
  {
    kind: /^N req finish \| N socket connect$/,
    reason: "'finish' comes before the socket is connected where end() is called in 'socket'",
  },
];

const NODE_MAJOR = Number(process.versions.node.split('.')[0]);

/**
 * Without what node:http tells once too often: a second 'close' where a second response came behind an unread one, and a
 * second 'error' where a request has failed and its socket is then destroyed with one.
 */
export function withoutRepeats(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const event = /^\d req (?:close|error)\b/.exec(line)?.[0];
    if (event === undefined) return true;
    const isFirst = !seen.has(event);
    seen.add(event);
    return isFirst;
  });
}

/** Is that kind of difference left? */
export function isKnown(kind: string): boolean {
  return KNOWN.some(
    ({ kind: pattern, before = Number.POSITIVE_INFINITY, from = 0 }) =>
      NODE_MAJOR < before && NODE_MAJOR >= from && pattern.test(kind),
  );
}

/** A request, and its response where there is one. */
interface Actor {
  readonly plan: RequestPlan;
  readonly req: ClientRequest | null;
  readonly res: IncomingMessage | null;
}

/** Would that have another effect on node:http, as docs/deviations.md has it? Such acts are left out. */
export function isDeviation({ req, res, plan }: Actor, act: string): boolean {
  if (!/^(?:req\.destroy|req\.abort|signal\.abort)$/.test(act)) return false;
  // Whoever listens for 'readable' keeps a response that is complete from its end, and the request with it.
  if (res?.complete && res.listenerCount('readable') > 0) return true;
  // Content that ends with the connection is complete to node:http, whoever ends it.
  if (res?.complete === false && isDelimited(res)) return true;
  if (NODE_MAJOR >= 26) return false;
  // Too late: there is nothing left to cancel. Too early: the agent's socket is good for another.
  return Boolean(res?.complete) || (NODE_MAJOR < 24 && plan.by !== 'none' && !req?.socket);
}

function isDelimited({ headers }: IncomingMessage): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}
