import type { Server } from 'node:net';
import type { Client, ClientTarget } from './client.js';
import { type Scenario, type Side, sideOf } from './scenarios.js';

/** One implementation under measurement. It runs in a process of its own; the load comes from another. */
export interface Subject {
  /** Makes a server for this scenario. One that is not listening yet is told to. */
  createServer?(scenario: Scenario): Server | Promise<Server>;
  /** Makes a client for this scenario. */
  createClient?(target: ClientTarget): Client;
}

export interface SubjectEntry {
  readonly name: string;
  /**
   * Must its header section equal that of `node:http`, field by field (Date aside)? Of a framework, which may
   * send more fields or none of these, only status, content type and content are compared.
   */
  readonly sameHeaderSection: boolean;
  /** Does it give the scenario's first answer to whatever it is asked? */
  readonly isConstant?: boolean;
  /** Do frameworks run on it, as they are? */
  readonly runsFrameworks?: boolean;
  /** What it can be: it takes part in the scenarios that measure these. */
  readonly sides: readonly Side[];
  /** Called in the subject's process only, so a subject that is not asked for need not be there. */
  load(): Promise<{ subject: Subject }>;
}

/** Everyone who takes part. To add a peer: one file in `subjects/` and one entry here. */
export const SUBJECTS: readonly SubjectEntry[] = [
  {
    name: 'floor',
    sides: ['server', 'client', 'framework'],
    sameHeaderSection: true,
    isConstant: true,
    load: () => import('./subjects/floor.js'),
  },
  {
    name: 'node:http',
    sides: ['server', 'client'],
    sameHeaderSection: true,
    runsFrameworks: true,
    load: () => import('./subjects/node-http.js'),
  },
  {
    name: 'barewire/http',
    sides: ['server', 'client', 'framework'],
    sameHeaderSection: true,
    runsFrameworks: true,
    load: () => import('./subjects/barewire-http.js'),
  },
  { name: 'undici', sides: ['client'], sameHeaderSection: false, load: () => import('./subjects/undici.js') },
  framework('barewire', () => import('./subjects/barewire.js')),
  framework('fastify', () => import('./subjects/fastify.js')),
  framework('express', () => import('./subjects/express.js')),
  framework('hono', () => import('./subjects/hono.js')),
];

function framework(name: string, load: SubjectEntry['load']): SubjectEntry {
  return { name, sides: ['framework'], sameHeaderSection: false, load };
}

/** Which of them take part in a scenario. */
export function takingPart(subjects: readonly SubjectEntry[], scenario: Scenario): SubjectEntry[] {
  const side = sideOf(scenario);
  return subjects.filter(
    ({ sides, runsFrameworks }) =>
      sides.includes(side) && (scenario.framework === undefined || runsFrameworks === true),
  );
}

/** The subject of that name; the options have been checked before. */
export function subjectNamed(name: string): SubjectEntry {
  const entry = SUBJECTS.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no subject is named ${name}`);
  return entry;
}
