/** The application's log: `req.log`, and one line for each request when its response has ended or was given up. */
import { invalidArgType } from '../errors.js';
import { currentTime } from '../http/clock.js';
import { process } from '../http/process.js';
import type { Refusal } from '../http/server-options.js';
import { kBytesWritten } from '../http/symbols.js';
import { declaredLengthOf } from './content-fields.js';
import { isHead, onceGone } from './exchange.js';
import { statusOf } from './http-error.js';
import { Redaction } from './redaction.js';
import { kLog, kRecord } from './symbols.js';
import type { AppRequest, AppResponse } from './types.js';

const { inspect, types } = process.getBuiltinModule('node:util');

/** Writes one line: fields, and a message for people. */
export interface LogWriter {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** What is asked of a logger. pino's is one, and so is anything with these members. */
export interface Logger {
  trace: LogWriter;
  debug: LogWriter;
  info: LogWriter;
  warn: LogWriter;
  error: LogWriter;
  fatal: LogWriter;
  /** A logger whose every line has these fields too. */
  child(fields: { [name: string]: unknown }): Logger;
}

/** What is written of requests. */
export interface LoggingOptions {
  /** The header fields of requests and responses, too; credentials are redacted. Default false. */
  headers?: boolean;
  /** Names of more header fields and parameters of URLs, in any case, whose values are redacted. */
  redact?: readonly string[];
  /** Names that are taken for those of credentials, and are none here: their values are shown. */
  reveal?: readonly string[];
  /** Requests that get no line, such as those of health checks; an error does. Default: none. */
  ignore?: (req: AppRequest) => boolean;
}

function nop(): void {}

/** `req.log` of an application without a logger. */
export const SILENT: Logger = {
  trace: nop,
  debug: nop,
  info: nop,
  warn: nop,
  error: nop,
  fatal: nop,
  child: () => SILENT,
};

const NONE = Symbol('barewire.none');

/** What is remembered of a request until its line is written. */
export interface RequestRecord {
  readonly start: number;
  /** What middleware makes of `req.method` and `req.url` is not what was asked for. */
  readonly method: string;
  readonly target: string;
  /** Of a connection that has ended nobody knows the address any more. */
  readonly ip: string | undefined;
  /** The last error that came out of a handler. */
  error: unknown;
  /** Did it come when the head was sent, too late to be answered? */
  isLate: boolean;
  isWritten: boolean;
}

const WRITERS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'child'] as const;

export class Logging {
  private readonly logger: Logger;
  private readonly redaction: Redaction;
  private readonly showsHeaders: boolean;
  private readonly ignore: ((req: AppRequest) => boolean) | undefined;
  /** One warning is enough: a log that fails does so for every request. */
  private hasWarned = false;

  /** @throws ERR_INVALID_ARG_TYPE for what is no logger */
  constructor(logger: Logger, { headers = false, redact, reveal, ignore }: LoggingOptions = {}) {
    for (const name of WRITERS) {
      if (typeof logger?.[name] !== 'function') {
        throw invalidArgType(`logger.${name}`, 'of type function', logger?.[name]);
      }
    }
    this.logger = logger;
    this.redaction = new Redaction(redact, reveal);
    this.showsHeaders = headers;
    this.ignore = ignore;
  }

  /** The logger of one request. */
  of(req: AppRequest): Logger {
    return this.logger.child({ requestId: req.id });
  }

  /** From here on the request is watched: its line is written when its response has ended, or was given up. */
  begin(req: AppRequest, res: AppResponse): void {
    const record: RequestRecord = {
      start: currentTime(),
      method: req.method,
      // Of a request that came through another framework's mount, that one knows the whole.
      target: req.originalUrl || req.url,
      ip: ipOf(req),
      error: NONE,
      isLate: false,
      isWritten: false,
    };
    req[kRecord] = record;
    const stopListening = onceGone(res, () => {
      stopListening();
      if (record.isWritten) return;
      record.isWritten = true;
      this.guarded(() => this.writeRequest(record, req, res));
    });
  }

  /** An error came out of a handler: it goes into the request's line, if that is still to come. */
  note(error: unknown, req: AppRequest, res: AppResponse): void {
    const record = req[kRecord];
    if (record?.error === error) return;
    if (record === null || record.isWritten) {
      if (!isFailure(error, res.headersSent)) return;
      // Whose client has gone fails for that: no failure of ours.
      const hasGone = record !== null && !isComplete(res);
      this.guarded(() => {
        if (hasGone) this.writeError('debug', error, req, 'error after the client had gone');
        else this.writeError('error', error, req, 'error while answering');
      });
      return;
    }
    const { error: former, isLate: wasLate } = record;
    record.error = error;
    record.isLate = res.headersSent;
    // An error handler failed: what it was called for is not to be lost.
    if (former !== NONE && isFailure(former, wasLate)) {
      this.guarded(() => this.writeError('error', former, req, 'error before another one'));
    }
  }

  /** A request that no application sees: the server could not read it, or would not take it. */
  refuse({ statusCode, code, reason, socket }: Refusal): void {
    this.guarded(() => {
      const fields = { req: { ip: socket.remoteAddress }, res: { statusCode }, code, reason };
      this.logger.warn(fields, 'request refused');
    });
  }

  private writeRequest(record: RequestRecord, req: AppRequest, res: AppResponse): void {
    const isWhole = isComplete(res);
    const { error, isLate } = record;
    const hasError = error !== NONE && isFailure(error, isLate);
    if (!hasError && this.ignore?.(req) === true) return;
    const hasFailed = isWhole ? res.statusCode >= 500 || isLate : hasError;
    const fields = {
      req: this.describe(req, record),
      res: this.describeAnswer(req, res),
      responseTime: Math.round((currentTime() - record.start) * 1000) / 1000,
    };
    if (!hasFailed) this.write('info', req, fields, isWhole ? 'request completed' : 'request aborted');
    else if (error === NONE) this.write('error', req, fields, 'request failed');
    else this.writeError('error', error, req, 'request failed', fields);
  }

  /** An error that the logger cannot write, since reading it throws, is at least mentioned. */
  private writeError(
    level: 'debug' | 'error',
    error: unknown,
    req: AppRequest,
    text: string,
    fields = {},
  ): void {
    try {
      this.write(level, req, { ...fields, err: asError(error) }, text);
    } catch {
      this.write(level, req, { ...fields, err: new Error('An error that cannot be read') }, text);
    }
  }

  /** By the request's own logger if there is one. To make one for a single line costs more than the line. */
  private write(level: 'debug' | 'info' | 'error', req: AppRequest, fields: object, text: string): void {
    const own = req[kLog];
    if (own !== null) own[level](fields, text);
    else this.logger[level]({ requestId: req.id, ...fields }, text);
  }

  private describe(req: AppRequest, { method, target, ip }: RequestRecord): object {
    const shown = { id: req.id, method, url: this.redaction.url(target), ip };
    return this.showsHeaders ? { ...shown, headers: this.redaction.headers(req.headers) } : shown;
  }

  private describeAnswer(req: AppRequest, res: AppResponse): object {
    const shown = { statusCode: res.statusCode, bytes: bytesOf(req, res) };
    return this.showsHeaders ? { ...shown, headers: this.redaction.headers(res.getHeaders()) } : shown;
  }

  /** A log that fails must not fail the request, let alone the process. */
  private guarded(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (this.hasWarned) return;
      this.hasWarned = true;
      process.emitWarning(`The application's log failed: ${asError(error).message}`, {
        code: 'BAREWIRE_LOG_FAILED',
      });
    }
  }
}

/** Undefined where the application's own `trustProxy` fails. */
function ipOf(req: AppRequest): string | undefined {
  try {
    return req.ip;
  } catch {
    return undefined;
  }
}

/** Is it the server's, or did it leave a response without its end? */
function isFailure(error: unknown, isLate: boolean): boolean {
  return isLate || statusOf(error) >= 500;
}

/** Did all of the response go out? http2's does not say. */
function isComplete(res: AppResponse): boolean {
  const { stream } = res as { stream?: { rstCode: number; aborted: boolean } };
  if (stream !== undefined) return res.writableEnded && !stream.aborted && stream.rstCode === 0;
  return res.writableEnded && res.writableFinished;
}

/** Bytes of content that were handed to the network, as far as that is known. */
function bytesOf(req: AppRequest, res: AppResponse): number | undefined {
  const written = (res as { [kBytesWritten]?: number })[kBytesWritten];
  if (written !== undefined) return written;
  if (isHead(req)) return 0;
  return isComplete(res) ? declaredLengthOf(res) : undefined;
}

/** What was thrown, as an error; anything can be. */
function asError(thrown: unknown): Error {
  // Neither calls what a Proxy has in its place.
  if (types.isNativeError(thrown)) return thrown;
  if (!types.isProxy(thrown) && thrown instanceof Error) return thrown;
  return new Error(
    `What was thrown is no error: ${inspect(thrown, { depth: 1, customInspect: false, getters: false })}`,
  );
}
