/**
 * Errors with a status, and what a client is told of them: problem details (RFC 9457).
 *
 * Any error may be thrown. `status` (or `statusCode`) from 400 to 599 is the answer's; an error without is a 500. A
 * message is shown where the error says that it may be (`expose`), which is by default below 500: what a server's own
 * failures say is for its log.
 */
import { STATUS_CODES } from '../wire/tables.js';

/** What may be said of an HttpError beside its status and message. */
export interface HttpErrorOptions {
  /** What went wrong underneath. */
  cause?: unknown;
  /** A code for programs, as Node's errors have. */
  code?: string;
  /** Fields of the answer. */
  headers?: Record<string, string>;
  /** Show the message to the client. Default: below 500. */
  expose?: boolean;
  /** A URI for the kind of problem (RFC 9457 section 3.1.1). Default 'about:blank', and left out. */
  type?: string;
  /** A short text for the kind of problem (section 3.1.3). Default: the reason phrase of the status. */
  title?: string;
  /** More members of the problem details (section 3.2). */
  members?: Record<string, unknown>;
}

/** An error whose answer is known. */
export class HttpError extends Error {
  readonly status: number;
  /** The same under node:http's name. */
  readonly statusCode: number;
  readonly expose: boolean;
  readonly code: string | undefined;
  readonly headers: Record<string, string> | undefined;
  readonly type: string | undefined;
  readonly title: string | undefined;
  readonly members: Record<string, unknown> | undefined;

  /**
   * @param status 400 to 599; anything else is a mistake, and 500.
   * @param message Default: the reason phrase of the status.
   */
  constructor(status: number, message?: string, options: HttpErrorOptions = {}) {
    const known = isErrorStatus(status) ? status : 500;
    super(message ?? STATUS_CODES[known] ?? `Status ${known}`, { cause: options.cause });
    this.status = known;
    this.statusCode = known;
    this.expose = options.expose ?? known < 500;
    this.code = options.code;
    this.headers = options.headers;
    this.type = options.type;
    this.title = options.title;
    this.members = options.members;
  }
}

Object.defineProperty(HttpError.prototype, 'name', {
  value: 'HttpError',
  configurable: true,
  writable: true,
});

function isErrorStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
}

/** What an error says of itself. Anything can be thrown, such as what throws when it is read: that says nothing. */
function wordsOf(error: unknown): Partial<Record<keyof HttpError, unknown>> {
  if (typeof error !== 'object' || error === null) return {};
  try {
    const { status, statusCode, type, title, code, members, expose, headers, message, stack } =
      error as HttpError;
    return { status, statusCode, type, title, code, members, expose, headers, message, stack };
  } catch {
    return {};
  }
}

function ownStatus(words: ReturnType<typeof wordsOf>): number | undefined {
  if (isErrorStatus(words.status)) return words.status;
  return isErrorStatus(words.statusCode) ? words.statusCode : undefined;
}

/** The status an error is answered with: its own, or 500. */
export function statusOf(error: unknown): number {
  return ownStatus(wordsOf(error)) ?? 500;
}

/** The header fields an error is answered with; of one with a status. */
export function fieldsOf(error: unknown): [name: string, value: string | string[]][] {
  const words = wordsOf(error);
  const { headers } = words;
  if (ownStatus(words) === undefined || typeof headers !== 'object' || headers === null) return [];
  try {
    return Object.entries(headers);
  } catch {
    return [];
  }
}

/** Problem details: the members of RFC 9457, and the error's own. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code?: string;
  [member: string]: unknown;
}

/** Other libraries' errors have a `type` too, which is a word and no URI: 'entity.too.large'. */
function isUri(type: unknown): type is string {
  return typeof type === 'string' && /^(?:[a-z][a-z\d+.-]*:|\/|#)/i.test(type);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/**
 * What a client is told of an error.
 * @param isDevelopment Tell the message and the stack of what went wrong on the server, too.
 */
export function problemOf(error: unknown, isDevelopment: boolean): Problem {
  const words = wordsOf(error);
  const { type, title, code, members, expose, message, stack } = words;
  const status = ownStatus(words) ?? 500;
  const isShown = isDevelopment || (typeof expose === 'boolean' ? expose : status < 500);
  const problem: Problem = { title: isText(title) ? title : (STATUS_CODES[status] ?? 'Error'), status };
  if (isUri(type)) problem.type = type;
  if (isShown && isText(message) && message !== problem.title) problem.detail = message;
  if (isShown && isText(code)) problem.code = code;
  if (isShown && typeof members === 'object' && members !== null) addMembers(problem, members);
  if (isDevelopment && status >= 500 && isText(stack)) problem.stack = stack;
  return problem;
}

/** A member may not stand for one of the problem's own. */
function addMembers(problem: Problem, members: object): void {
  try {
    for (const [name, value] of Object.entries(members)) {
      if (!(name in problem) && !RESERVED.has(name)) problem[name] = value;
    }
  } catch {
    // What cannot be read is not told.
  }
}

const RESERVED: ReadonlySet<string> = new Set(['type', 'title', 'status', 'detail', 'code', 'stack']);
