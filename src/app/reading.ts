/**
 * Reads the body of a request into memory, under a limit. Most bodies come in one chunk, to a request that is no
 * stream yet: what they cost is a promise.
 */
import type { AsyncResource } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import type { Readable, Transform } from 'node:stream';
import {
  bodyAborted,
  bodyAlreadyRead,
  bodyTooLarge,
  invalidArgType,
  malformedCoding,
  outOfRange,
  type RequestError,
} from '../errors.js';
import { type ContentSink, isUntouched, takeContent } from '../http/content-sink.js';
import { type Incoming, newScope } from '../http/incoming-message.js';
import {
  type BodyHead,
  type BodyMessage,
  bodyHeadOf,
  contentCodings,
  kContinue,
  sendContinue,
} from './body-head.js';
import { createDecoder, leavesRest } from './content-coding.js';
import { MAX_BODY_SIZE } from './limits.js';

const kReading = Symbol('barewire.reading');

interface Source extends Readable {
  [kReading]?: Reading;
}

/** Hears the bytes before they are made anything of. */
export type Hear = (bytes: Buffer, charset: string) => void;

/** What any reader may be told. Functions among it are the caller's. */
export interface ReadingOptions {
  limit?: number;
  hear?: Hear;
  reviver?: unknown;
}

/** What is made of a body. */
export interface BodyMaker<How extends ReadingOptions> {
  /** Called before anything is read; throws where the head of the request is refused. */
  check(head: BodyHead, how: How): void;
  /** Makes something of the whole body. What it throws is what the promise is rejected with. */
  finish(bytes: Buffer, from: number, to: number, how: How): unknown;
  /** Are the bytes still looked at when `finish` has returned? Then they must not be those of the next read. */
  readonly keepsBytes: boolean;
}

const EMPTY = Buffer.alloc(0);

/** Who is told what was made of a body, once. */
export interface Reader {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

const NOBODY: Reader = { resolve() {}, reject() {} };

class Reading implements ContentSink {
  readonly req: BodyMessage;
  readonly limit: number;
  /** The announced length, -1 for an unknown one. */
  readonly length: number;
  readonly maker: BodyMaker<ReadingOptions>;
  readonly how: ReadingOptions;
  /** The content codings, in the order they were applied. */
  readonly codings: readonly string[];
  reader: Reader = NOBODY;
  /** The context of the caller, where functions of theirs are called and no stream's event has it. */
  scope: AsyncResource | null = null;
  /** Is the reader called in that, too? A promise has a context of its own. */
  isReaderScoped = false;
  isDone = false;
  size = 0;
  first: Buffer = EMPTY;
  rest: Buffer[] | null = null;
  decoders: Transform[] | null = null;
  /** What came of it, from its last byte until the request is complete. */
  outcome: unknown;
  hasFailed = false;

  constructor(
    req: BodyMessage,
    limit: number,
    length: number,
    maker: BodyMaker<ReadingOptions>,
    how: ReadingOptions,
    codings: readonly string[],
  ) {
    this.req = req;
    this.limit = limit;
    this.length = length;
    this.maker = maker;
    this.how = how;
    this.codings = codings;
  }

  // Of a body that is taken without a stream: its announced length is within the limit.

  takeLent(bytes: Buffer, from: number, to: number): boolean {
    // Most bodies come whole: what is made of them leaves nothing in the buffer.
    if (to - from < this.length || this.maker.keepsBytes || this.how.hear !== undefined) return false;
    make(this, bytes, from, to);
    return true;
  }

  take(chunk: Buffer): void {
    this.size += chunk.length;
    hold(this, chunk);
    if (this.size === this.length) makeOfHeld(this);
  }

  finish(): void {
    if (this.isReaderScoped && this.scope !== null) this.scope.runInAsyncScope(tell, null, this);
    else tell(this);
  }

  abort(cause: Error | null): void {
    const error = cause === null ? bodyAborted() : abortOf(cause);
    if (isRefusal(error)) closeAfterRefusal(this.req, error, true);
    giveUp(this);
    this.reader.reject(error);
  }
}

/** The limit of the options, or the default. A limit that cannot be compared with would be none. */
export function checkedLimit(limit: unknown, name = 'options.limit', otherwise = MAX_BODY_SIZE): number {
  if (limit === undefined) return otherwise;
  if (typeof limit !== 'number') throw invalidArgType(name, 'of type number', limit);
  if (Number.isNaN(limit) || limit < 0) throw outOfRange(name, '>= 0', limit);
  return limit;
}

/** Is the body being read, or was it? */
export function isBodyUsed(req: BodyMessage): boolean {
  return (
    (req as Source)[kReading] !== undefined ||
    req.readableDidRead ||
    req.readableFlowing === true ||
    req.listenerCount('readable') > 0
  );
}

/**
 * Marks the body as one that is read from now on. Throws the caller's error where that was done before.
 * @param length As announced. Where it is 0 the stream is not touched: nothing will come.
 */
export function claimBody(req: BodyMessage, length: number): void {
  if ((req as Source)[kReading] !== undefined) throw bodyAlreadyRead();
  if (length !== 0 && !isUntouched(req)) {
    if (isBodyUsed(req) || req.readableEncoding) throw bodyAlreadyRead();
    if (req.destroyed) throw bodyAborted();
  }
  (req as Source)[kReading] = CLAIMED;
  sendContinue(req);
}

/**
 * Adds `Connection: close` to a refusal where the rest of the body would have to be read for nothing, or where the
 * client waits for 100 (Continue) and may send its body or not (RFC 9110 section 10.1.1).
 */
export function closeAfterRefusal(req: BodyMessage, error: RequestError, isRestShort: boolean): void {
  if ((req.httpVersionMajor ?? 1) > 1 || req.complete === true) return;
  if (isRestShort && req[kContinue] === undefined) return;
  error.headers = { ...error.headers, Connection: 'close' };
}

/** Is the error one that a request is refused with? */
export function isRefusal(error: unknown): error is RequestError {
  return error instanceof Error && typeof (error as Partial<RequestError>).status === 'number';
}

/** Reads the whole body, and resolves with what is made of it. */
export function readWhole<How extends ReadingOptions>(
  req: BodyMessage,
  how: How,
  maker: BodyMaker<How>,
): Promise<unknown> {
  let reading: Reading;
  try {
    const head = bodyHeadOf(req);
    reading = open(req, head, how, maker);
    claimBody(req, head.length);
    if (head.length === 0) return Promise.resolve(maker.finish(EMPTY, 0, 0, how));
  } catch (error) {
    return Promise.reject(error);
  }
  return new Promise((resolve, reject) => {
    reading.reader = { resolve, reject };
    if (reading.codings.length === 0 && reading.length > 0 && isUntouched(req)) {
      if (callsOthers(how)) reading.scope = newScope();
      takeBody(reading);
    } else {
      start(reading);
    }
  });
}

/**
 * Reads the whole body for a reader who is told at once, when the request is complete and in the context of this call:
 * that costs less than a promise does.
 * @returns false where it has to be read as a stream, and nothing was done
 * @throws as `readWhole` rejects, before anything is read
 */
export function readWholeFor<How extends ReadingOptions>(
  reader: Reader,
  req: BodyMessage,
  head: BodyHead,
  how: How,
  maker: BodyMaker<How>,
): boolean {
  if (head.codings !== undefined || head.length <= 0 || !isUntouched(req)) return false;
  if ((req as Source)[kReading] !== undefined) return false;
  const reading = open(req, head, how, maker);
  sendContinue(req);
  reading.reader = reader;
  reading.scope = newScope();
  reading.isReaderScoped = true;
  takeBody(reading);
  return true;
}

/** Looks whether the head lets the body be read. */
function open<How extends ReadingOptions>(
  req: BodyMessage,
  head: BodyHead,
  how: How,
  maker: BodyMaker<How>,
): Reading {
  const { length } = head;
  const limit = checkedLimit(how.limit);
  let codings: readonly string[];
  try {
    if (length !== 0) maker.check(head, how);
    codings = contentCodings(head);
    if (length > limit) throw bodyTooLarge(limit);
  } catch (error) {
    if (isRefusal(error)) closeAfterRefusal(req, error, length >= 0 && length <= limit);
    throw error;
  }
  return new Reading(req, limit, length, maker as BodyMaker<ReadingOptions>, how, codings);
}

/** Are there functions of the caller's to be called? */
function callsOthers({ hear, reviver }: ReadingOptions): boolean {
  return hear !== undefined || reviver !== undefined;
}

/** Takes the body as it comes, without a stream. */
function takeBody(reading: Reading): void {
  const { req } = reading;
  (req as Source)[kReading] = reading;
  takeContent(req as unknown as Incoming, reading);
}

function start(reading: Reading): void {
  const source = reading.req as Source;
  source[kReading] = reading;
  source.on('error', onRequestError);
  source.on('close', onClose);
  if (reading.codings.length === 0) {
    source.on('data', onData);
    source.on('end', onEnd);
  } else {
    startDecoders(reading);
  }
  // A listener of 'data' does not resume what was paused by name, as some middleware does before it waits.
  if (source.readableFlowing === false) source.resume();
}

/** Each decoder reads from the one before it; the last coding applied is the first to go. */
function startDecoders(reading: Reading): void {
  const decoders: Transform[] = [];
  let from: Readable = reading.req;
  for (const coding of reading.codings.toReversed()) {
    const decoder = createDecoder(coding);
    decoders.push(decoder);
    decoder.on('error', (cause) => {
      fail(reading, Object.assign(malformedCoding(coding), { cause }));
    });
    let given = 0;
    from.on('data', (chunk: Buffer) => {
      // What is between two decoders is no smaller a bomb.
      if ((given += chunk.length) > reading.limit) fail(reading, bodyTooLarge(reading.limit));
    });
    // Not passed over: a second frame of zstd is a part of the body, and anything else no body in this coding.
    decoder.on('end', () => {
      if (leavesRest(coding) && decoder.bytesWritten < given) fail(reading, malformedCoding(coding));
    });
    from.pipe(decoder);
    from = decoder;
  }
  reading.decoders = decoders;
  (from as Source)[kReading] = reading;
  from.on('data', onData);
  from.on('end', onEnd);
}

/** Nothing is held of a body that has been read, or was given up. */
const CLAIMED = new Reading(
  undefined as unknown as BodyMessage,
  0,
  0,
  undefined as unknown as BodyMaker<ReadingOptions>,
  {},
  [],
);
CLAIMED.isDone = true;

function onData(this: Source, chunk: Buffer): void {
  const reading = this[kReading] as Reading;
  if (reading.isDone) return;
  if ((reading.size += chunk.length) > reading.limit) fail(reading, bodyTooLarge(reading.limit));
  else hold(reading, chunk);
}

/** Keeps a chunk, whose length is in the size already. */
function hold(reading: Reading, chunk: Buffer): void {
  if (reading.size === chunk.length) reading.first = chunk;
  else if (reading.rest === null) reading.rest = [reading.first, chunk];
  else reading.rest.push(chunk);
}

function onEnd(this: Source): void {
  const reading = this[kReading] as Reading;
  if (!reading.isDone) completeHeld(reading);
}

function completeHeld(reading: Reading): void {
  makeOfHeld(reading);
  tell(reading);
}

function makeOfHeld(reading: Reading): void {
  const { rest, size } = reading;
  make(reading, rest === null ? reading.first : Buffer.concat(rest, size), 0, size);
}

function make(reading: Reading, bytes: Buffer, from: number, to: number): void {
  const { maker, how, scope } = reading;
  reading.isDone = true;
  (reading.req as Source)[kReading] = CLAIMED;
  try {
    reading.outcome =
      scope === null || !callsOthers(how)
        ? maker.finish(bytes, from, to, how)
        : scope.runInAsyncScope(maker.finish, maker, bytes, from, to, how);
  } catch (error) {
    reading.hasFailed = true;
    reading.outcome = error;
  }
}

function tell({ reader, outcome, hasFailed }: Reading): void {
  if (hasFailed) reader.reject(outcome);
  else reader.resolve(outcome);
}

function onRequestError(this: Source, error: Error): void {
  const reading = this[kReading] as Reading;
  if (!reading.isDone) fail(reading, abortOf(error));
}

function onClose(this: Source): void {
  const reading = this[kReading] as Reading;
  // What a decoder still holds of a body that has come to its end is not lost with the connection.
  if (!reading.isDone && !this.readableEnded) fail(reading, bodyAborted());
}

/** What a reader is told when its request fails: who destroyed it with an error of their own means that one. */
export function abortOf(error: NodeJS.ErrnoException): Error {
  const abort = bodyAborted();
  return error.code === undefined || error.code === abort.code
    ? Object.assign(abort, { cause: error })
    : error;
}

function fail(reading: Reading, error: Error): void {
  if (reading.isDone) return;
  giveUp(reading);
  const { req, decoders, length, limit } = reading;
  req.off('data', onData);
  if (decoders !== null) {
    req.unpipe();
    for (const decoder of decoders) decoder.destroy();
  }
  const isRestShort = length >= 0 && length <= limit;
  if (isRefusal(error)) closeAfterRefusal(req, error, isRestShort);
  // The rest of a short body is read and dropped, so that the connection can go on; more than that is not read.
  if (isRestShort) req.resume();
  else req.pause();
  reading.reader.reject(error);
}

/** Lets go of what was read. */
function giveUp(reading: Reading): void {
  reading.isDone = true;
  reading.first = EMPTY;
  reading.rest = null;
  (reading.req as Source)[kReading] = CLAIMED;
}
