/**
 * Content that comes bit by bit, into a response: as fast as its reader takes it and no faster, to its end or not at
 * all, and no further than there is a client.
 */
import { Readable } from 'node:stream';
import { contentCutShort, invalidArgType } from '../errors.js';
import { byteLengthOf, dropContentFields } from './content-fields.js';
import { cutShort, isGone, onceGone, type ResponseLike } from './exchange.js';

/** Where content comes from. */
export interface Source {
  /** The next piece; done after the last. */
  next(): Promise<IteratorResult<unknown>>;
  /** No more is wanted. May be called at any time, and more than once. */
  stop(): void;
}

function nop(): void {}

/** Anything with Node's `pipe`. */
export interface Pipeable {
  pipe: unknown;
  on(event: string, listener: () => void): unknown;
}

/** The source that a Node stream is. One without async iteration is a stream of Node's first kind. */
export function sourceOfStream(stream: Pipeable): Source {
  const readable = stream instanceof Readable || Symbol.asyncIterator in stream ? stream : wrapped(stream);
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    next() {
      iterator ??= (readable as Readable)[Symbol.asyncIterator]();
      return iterator.next();
    },
    stop() {
      // What a stream says after this is of no use to anybody, and would end the process where nobody hears it.
      readable.on('error', nop);
      (readable as Readable).destroy();
    },
  };
}

function wrapped(stream: Pipeable): Readable {
  return new Readable().wrap(stream as unknown as NodeJS.ReadableStream);
}

/** The source that a web stream is. @throws TypeError where somebody else reads it */
export function sourceOfWebStream(stream: ReadableStream): Source {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    stop() {
      reader.cancel().catch(nop);
    },
  };
}

/**
 * Tells an iterator that no more is wanted. What it says to that is for nobody: it may be asked while a connection
 * closes, with no caller of its own that could be told.
 */
export function stopIterator(iterator: AsyncIterator<unknown> | Iterator<unknown>): void {
  try {
    // Not waited for: a generator that waits hears of this when its wait is over, which may be never.
    Promise.resolve(iterator.return?.()).catch(nop);
  } catch {
    // As if it had rejected.
  }
}

/** The source that an async iterable is. As for `for await`, what its iterator returns need not be promises. */
export function sourceOfIterable(iterable: AsyncIterable<unknown>): Source {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: () => Promise.resolve(iterator.next()),
    stop() {
      stopIterator(iterator);
    },
  };
}

function writable(chunk: unknown): string | Uint8Array {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return chunk;
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw invalidArgType(
    'chunk',
    'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer',
    chunk,
  );
}

const GONE: IteratorResult<unknown> = { done: true, value: undefined };

/**
 * Writes all of a source and ends the response. Fulfilled when all is written, or when the client has gone: then the
 * source is stopped. Rejected with the source's error; if the head is out by then, the response was cut short, so
 * that nobody takes it for complete.
 * @param declared The length that the head tells; the content is held to it.
 */
export async function pour(res: ResponseLike, source: Source, declared?: number): Promise<void> {
  let hasGone = isGone(res);
  let wake: (result: IteratorResult<unknown>) => void = nop;
  const onClose = () => {
    hasGone = true;
    source.stop();
    wake(GONE);
  };
  const onDrain = () => wake(GONE);
  // One promise per wait, which either outcome settles. A race with one promise for all waits would gather a reaction
  // with every chunk.
  const nextOrGone = () =>
    new Promise<IteratorResult<unknown>>((resolve, reject) => {
      wake = (result) => {
        if (hasGone) resolve(result);
      };
      source.next().then(resolve, reject);
    });
  const drained = () =>
    new Promise<IteratorResult<unknown>>((resolve) => {
      wake = resolve;
    });
  if (hasGone) {
    source.stop();
    return;
  }
  const stopListening = onceGone(res, onClose);
  res.on('drain', onDrain);
  let sent = 0;
  try {
    while (!hasGone) {
      const { done, value } = await nextOrGone();
      if (hasGone) return;
      if (done) break;
      const chunk = writable(value);
      if (chunk.length === 0) continue;
      if (declared !== undefined) {
        sent += byteLengthOf(chunk);
        if (sent > declared) throw contentCutShort(sent, declared);
      }
      if (!res.write(chunk) && !hasGone) await drained();
    }
    if (declared !== undefined && sent < declared) throw contentCutShort(sent, declared);
    if (!hasGone) res.end();
  } catch (error) {
    // A source that was stopped may say so.
    if (hasGone) return;
    source.stop();
    if (res.headersSent) cutShort(res, declared !== undefined);
    else dropContentFields(res);
    throw error;
  } finally {
    stopListening();
    res.off('drain', onDrain);
  }
}
