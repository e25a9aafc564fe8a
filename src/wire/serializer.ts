/** Facts to text: start-lines and field lines, ready for the wire in Latin-1. */
import { STATUS_CODES } from './tables.js';

const statusLines = new Map<number, string>();

/** `HTTP/1.1 200 OK` with its line end. The version is always ours (RFC 9110 section 2.5). */
export function statusLine(statusCode: number, statusMessage: string): string {
  if (statusMessage !== STATUS_CODES[statusCode]) return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
  let line = statusLines.get(statusCode);
  if (line === undefined) {
    line = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
    statusLines.set(statusCode, line);
  }
  return line;
}

/** `GET /path HTTP/1.1` with its line end. */
export function requestLine(method: string, target: string): string {
  return `${method} ${target} HTTP/1.1\r\n`;
}

/** `name: value` with its line end. Name and value are checked by then. */
export function fieldLine(name: string, value: string | number): string {
  return `${name}: ${value}\r\n`;
}

/** The empty line that ends a section. */
export const SECTION_END = '\r\n';
