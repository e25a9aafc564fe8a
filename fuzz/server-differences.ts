/** What of two traces may differ: see docs/deviations.md. */
import { nodeMajor } from '../test/differential/subjects.js';
import { joinedChunks } from '../test/differential/wire-text.js';
import type { Trace } from './server-play.js';
import type { Program } from './server-program.js';

export interface Difference {
  /** The same for all differences of a kind. */
  readonly kind: string;
  /** Why it is on purpose; null where it is not known to be. */
  readonly purpose: string | null;
  /** How much is the same before it. */
  readonly at: number;
}

const errorReply =
  /HTTP\/1\.1 (4\d\d|5\d\d) ([^\r]*)\r\n(?:(?:Connection: close|Date: <date>|Content-Length: 0)\r\n){2,3}\r\n/g;

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

function normalReceived(received: string): string {
  return joinedChunks(received.replace(errorReply, 'HTTP/1.1 $1 $2\r\nConnection: close\r\n\r\n'));
}

function normalEvent(line: string): string {
  let normal = line;
  if (/ req /.test(line)) normal = normal.replace(/ readableEncoding=\w+ \d+ "\S+"/, '');
  // The stream of a request that nobody reads is ended without a word.
  if (/ req .*readableEnded/.test(line)) normal = normal.replace(/ readable(?:Flowing|DidRead)\b/g, '');
  if (/ res .*destroyed/.test(line)) normal = normal.replace(/ writableLength\b/g, '');
  // It is true once the system has all, and not only when listeners have been told.
  // On a socket that was destroyed before, nothing finishes; before Node 24 it does there.
  if (nodeMajor >= 24 || / socket=.*/.test(line)) normal = normal.replace(/ writableFinished\b/g, '');
  if (nodeMajor >= 24) normal = normal.replace(/^(called \S+ \d+ res\.end) null$/, '$1');
  return normal;
}

/** Did a response of node:http's wait for its turn when the connection closed? It never closes there. */
function leavesWaitingOpen({ events }: Trace): boolean {
  return events.some((line) => /res at the end/.test(line) && !/ closed| socket=/.test(line));
}

/** Has a request an end here, which has none in node:http? */
function leavesRequestOpen(stock: Trace, ours: Trace): boolean {
  return stock.events.some((line) => {
    const [end] = /^\d+ req at the end/.exec(line) ?? [];
    return (
      end !== undefined &&
      !/ destroyed/.test(line) &&
      ours.events.some((one) => one.startsWith(end) && / destroyed/.test(one))
    );
  });
}

/** The same events, but not in the same order, and the same in the end? */
function isSameButForOrder(stock: Trace, ours: Trace): boolean {
  const sorted = ({ events }: Trace) =>
    events
      .map((line) => normalEvent(line).replace(/(?<! at the end) \(.*\)$/, ''))
      .sort()
      .join();
  return sorted(stock) === sorted(ours) && normalReceived(stock.received) === normalReceived(ours.received);
}

/** Has the request that this line is about ended without a stream? */
function isSpent({ events }: Trace, line: string): boolean {
  const n = Number.parseInt(line, 10);
  const end = events.find((one) => one.startsWith(`${n} req at the end`)) ?? '';
  return / closed readableEnded\)/.test(end);
}

function purposeOf(program: Program, stock: Trace, ours: Trace, at: number): string | null {
  const one = stock.events[at] ?? '';
  const other = ours.events[at] ?? '';
  const ourWaitClosed = / res close|ERR_STREAM_PREMATURE_CLOSE| res at the end/.test(other);
  if (leavesWaitingOpen(stock) && ourWaitClosed) return 'a response that waits closes with its connection';
  if (leavesRequestOpen(stock, ours)) return 'a request that was answered before its end has one';
  if (nodeMajor < 24 && /PREMATURE_CLOSE/.test(other))
    return 'on a socket that was destroyed nothing finishes';
  if (nodeMajor < 24 && /ALREADY_FINISHED/.test(one))
    return 'on a socket that was destroyed nothing finishes';
  if (nodeMajor >= 24 && /ALREADY_FINISHED/.test(other)) return 'what the system has has finished';
  if (/Connection: close/.test(ours.received) && /^[1-9]\d* (?:request|checkContinue|req|res) /.test(one)) {
    return 'nothing behind Connection: close is carried out';
  }
  if (isSameButForOrder(stock, ours)) return 'the order of ticks';
  if (stock.events.slice(0, at + 1).some((line) => /^uncaught Error: thrown/.test(line)))
    return 'after an exception';
  if (program.steps.some((step) => 'send' in step && step.send.includes('nonsense'))) {
    return 'what cannot be read waits for the responses before it';
  }
  if (nodeMajor < 24 && /write(?:Continue|Processing|EarlyHints).*ERR_HTTP_HEADERS_SENT/.test(other)) {
    return 'no interim response behind the final one';
  }
  const isReset = program.steps.some((step) => 'do' in step && step.do === 'reset');
  if (nodeMajor < 24 && isReset && /ECONNRESET| socket=/.test(other) && !/ECONNRESET| socket=/.test(one)) {
    return 'what the system refused to send has not finished';
  }
  if (stock.received === `${ours.received}${BAD_REQUEST}`) return 'the end within a message waits as well';
  if (isSpent(ours, one) && !isSpent(stock, one) && / req (?:end|close|resume|readable)\b/.test(one)) {
    return 'the stream of a request that nobody reads is ended without a word';
  }
  const isLateError = /^uncaught Error: write after end/.test(one);
  if (nodeMajor >= 24 && (isLateError || /called \S+ \d+ res\.end(?: null)?$/.test(one))) {
    return "the callback of end() is one of the listeners for 'finish'";
  }
  if (/ req .*destroyed closed.*readableEnded/.test(other) && / req .*complete readable/.test(one)) {
    return 'the stream of a request that nobody reads is ended without a word';
  }
  return null;
}

/** A line without what is different in every program. */
function general(line: string): string {
  return line
    .replace(/#\d+/g, '#')
    .replace(/\(.*\)$/, '()')
    .replace(/(text|bytes) \d+ ".*"/g, '$1')
    .replace(/\d+/g, '0');
}

/** Which getters say something else, in lines that are the same otherwise. */
function otherGetters(stock: string, ours: string): string | null {
  const [, before, getters] = /^(.*) \((.*)\)$/.exec(stock) ?? [];
  const [, ourBefore, ourGetters] = /^(.*) \((.*)\)$/.exec(ours) ?? [];
  if (before === undefined || before !== ourBefore) return null;
  const one = getters.split(' ');
  const other = ourGetters.split(' ');
  const only = [
    ...one.filter((word) => !other.includes(word)).map((word) => `-${word}`),
    ...other.filter((word) => !one.includes(word)).map((word) => `+${word}`),
  ];
  return `${general(before)}: ${only.join(' ').replace(/=\d+/g, '')}`;
}

/** The first difference between what node:http did and what we did; null where there is none. */
export function difference(program: Program, stock: Trace, ours: Trace): Difference | null {
  const expected = stock.events.map(normalEvent);
  const actual = ours.events.map(normalEvent);
  const length = Math.max(expected.length, actual.length);
  for (let at = 0; at < length; at++) {
    const one = expected[at] ?? 'nothing';
    const other = actual[at] ?? 'nothing';
    if (one === other) continue;
    const kind = otherGetters(one, other) ?? `${general(one)} | ${general(other)}`;
    return { kind, purpose: purposeOf(program, stock, ours, at), at };
  }
  const purpose = purposeOf(program, stock, ours, length);
  if (normalReceived(stock.received) !== normalReceived(ours.received)) {
    return { kind: 'received', purpose, at: length };
  }
  if (stock.ending !== ours.ending) {
    return { kind: `ending ${stock.ending} | ${ours.ending}`, purpose, at: length };
  }
  const left = stock.left.join(', ');
  const ourLeft = ours.left.join(', ');
  if (left === ourLeft) return null;
  return { kind: `left ${general(left)} | ${general(ourLeft)}`, purpose, at: length };
}

const LIVE = /^(\d+ re[qs]) (?:data|end|readable|finish|prefinish|drain)\b/;

/** What no server may do, whatever node:http does; null where all is well. */
export function faultOf({ events, left }: Trace): string | null {
  const closed = new Set<string>();
  for (const line of events) {
    const [, message] = /^(\d+ re[qs]) close\b/.exec(line) ?? [];
    if (message !== undefined) closed.add(message);
    const [, living] = LIVE.exec(line) ?? [];
    if (living !== undefined && closed.has(living)) return `${general(line)} behind close`;
    if (/^uncaught (?!Error: (?:thrown|mine|write after end))/.test(line)) return general(line);
  }
  const [rest] = left.filter((line) => /in the list|does not close|was called [2-9]/.test(line));
  return rest === undefined ? null : general(rest);
}
