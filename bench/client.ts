/** A client under measurement, and what it is made with. */
import type { Scenario } from './scenarios.js';

/** Called with the whole answer, or with what went wrong. */
export type Answered = (error: Error | null, status: number, content: string) => void;

/** Makes the scenario's request, again and again, on connections that it keeps. */
export interface Client {
  request(done: Answered): void;
  /** Closes the connections. */
  close(): void;
}

export interface ClientTarget {
  readonly scenario: Scenario;
  readonly port: number;
  /** How many connections it may have. */
  readonly connections: number;
  /** Who signed the server's certificate, where the scenario is secure. */
  readonly authority: Buffer;
}

export interface ClientRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly content: Buffer | null;
}

/** What every client is asked to send: method, path, content, and the fields that nobody adds by itself. */
export function requestOf({ content }: Scenario): ClientRequest {
  if (content === undefined) return { method: 'GET', path: '/', headers: {}, content: null };
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(content.length) };
  return { method: 'POST', path: '/', headers, content };
}
