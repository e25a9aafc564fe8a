/** Facts to text: start-lines and field lines, ready for the wire in Latin-1. */
import { flat, ownText } from './text.js';

/** Lines that were made, by their status code, each with its reason phrase. */
const statusLines: ({ readonly reason: string; readonly line: string } | undefined)[] = new Array(1000).fill(
  undefined,
);

/** Reason phrases longer than this are not kept. */
const MAX_KEPT_REASON = 64;

/**
 * `HTTP/1.1 200 OK` with its line end. The version is always ours (RFC 9110 section 2.5).
 * @param checkReason Called with a reason phrase that was not seen before, to throw where it cannot stand in a line.
 */
export function statusLine(
  statusCode: number,
  reason: string,
  checkReason?: (reason: string) => void,
): string {
  const known = statusLines[statusCode];
  if (known !== undefined && known.reason === reason) return known.line;
  checkReason?.(reason);
  const line = `HTTP/1.1 ${statusCode} ${reason}\r\n`;
  // What nobody checked is not kept: it would pass the check of who comes next.
  if (checkReason !== undefined && reason.length <= MAX_KEPT_REASON)
    statusLines[statusCode] = { reason: ownText(reason), line: flat(line) };
  return line;
}

/** The request-line asked for last, and its text once it was asked for again. */
let lastMethod = '';
let lastTarget = '';
let lastRequestLine = '';

/** Longer request-lines are not kept. */
const MAX_KEPT_LINE = 256;

/** `GET /path HTTP/1.1` with its line end. */
export function requestLine(method: string, target: string): string {
  const isAsBefore = target === lastTarget && method === lastMethod;
  if (isAsBefore && lastRequestLine !== '') return lastRequestLine;
  const line = `${method} ${target} HTTP/1.1\r\n`;
  lastRequestLine = isAsBefore ? flat(line) : '';
  if (line.length <= MAX_KEPT_LINE) {
    lastMethod = method;
    lastTarget = target;
  }
  return line;
}

/** `name: value` with its line end. Name and value are checked by then. */
export function fieldLine(name: string, value: string | number): string {
  return `${name}: ${value}\r\n`;
}

/** The empty line that ends a section. */
export const SECTION_END = '\r\n';
