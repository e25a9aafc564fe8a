/** Server-sent events (the HTML standard, section 9.2): a response that stays open and tells what happens. */
import { Buffer } from 'node:buffer';
import { invalidArgType, invalidArgValue, streamTooSlow } from '../errors.js';
import { fieldOf, isGone, isHead, onceGone, type RequestLike, type ResponseLike } from './exchange.js';
import { EVENT_BACKLOG, EVENT_HEARTBEAT } from './limits.js';
import { stopIterator } from './pour.js';

/** One event, as `EventSource` hears it. */
export interface ServerSentEvent {
  /** What it is dispatched as. Default: 'message'. One line. */
  event?: string;
  /** Text, of as many lines as it has; anything else is sent as JSON. Without it nothing is dispatched. */
  data?: unknown;
  /** What the client names in Last-Event-ID when it comes again. One line, without NUL. */
  id?: string;
  /** How long the client waits before it comes again, in milliseconds. */
  retry?: number;
}

export interface EventStreamOptions {
  /** Milliseconds between comments that keep the connection alive; 0 for none. Default 15 000. */
  heartbeat?: number;
  /** How long the client waits before it comes again, in milliseconds. Default: as it likes. */
  retry?: number;
  /** Bytes that may wait for a slow reader; more end its connection, and it comes again. Default 1 MiB. */
  backlog?: number;
}

/** A response of events. */
export interface EventStream {
  /** What the client heard last, when it comes again. */
  readonly lastEventId: string | undefined;
  /** Is there somebody to send to? */
  readonly isOpen: boolean;
  /** Fulfilled when the stream has ended, by whichever side. */
  readonly closed: Promise<void>;
  /** Aborted when the stream has ended: for what makes the events. Its reason tells of a reader that was too slow. */
  readonly signal: AbortSignal;
  /**
   * Sends an event.
   * @returns false where the reader is behind: `await stream.ready()` before there is more. Also when it is closed.
   * @throws ERR_INVALID_ARG_VALUE for an event or id of several lines, ERR_INVALID_ARG_TYPE
   */
  send(event: ServerSentEvent): boolean;
  /** Sends a comment, which no client shows. @returns as `send` */
  comment(text: string): boolean;
  /** Fulfilled when there is room for more, or when the stream is closed. */
  ready(): Promise<void>;
  /**
   * Sends all events of an iterable, as fast as they are read, then closes. What it holds that is no event is sent as
   * the data of one. A stream that closes ends the iteration.
   */
  sendAll(events: AsyncIterable<unknown> | Iterable<unknown>): Promise<void>;
  /** Ends the response. A client comes again after that; 204 (No Content) tells it not to. */
  close(): void;
}

const LINE_END = /\r\n|\r|\n/;

/** A field of one line: a line end in it would begin another field, or another event. */
function singleLine(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidArgType(`event.${name}`, 'of type string', value);
  if (/[\r\n\0]/.test(value)) throw invalidArgValue(`event.${name}`, value, 'must be one line without NUL');
  return `${name}: ${value}\n`;
}

function retryLine(retry: number): string {
  if (!Number.isSafeInteger(retry) || retry < 0) {
    throw invalidArgValue('event.retry', retry, 'must be a whole number of milliseconds');
  }
  return `retry: ${retry}\n`;
}

function linesOf(name: string, text: string): string {
  return text
    .split(LINE_END)
    .map((line) => `${name}: ${line}\n`)
    .join('');
}

/** An event as text. @throws ERR_INVALID_ARG_VALUE, ERR_INVALID_ARG_TYPE */
export function textOfEvent({ event, data, id, retry }: ServerSentEvent): string {
  let text = '';
  if (event !== undefined) text += singleLine('event', event);
  if (id !== undefined) text += singleLine('id', id);
  if (retry !== undefined) text += retryLine(retry);
  if (data !== undefined)
    text += linesOf('data', typeof data === 'string' ? data : (JSON.stringify(data) ?? ''));
  return `${text}\n`;
}

function isEvent(value: unknown): value is ServerSentEvent {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => /^(?:event|data|id|retry)$/.test(name));
}

function nop(): void {}

/**
 * Begins a response of server-sent events; the head leaves at once.
 * @throws ERR_INVALID_ARG_VALUE, ERR_HTTP_HEADERS_SENT
 */
export function sse(req: RequestLike, res: ResponseLike, options: EventStreamOptions = {}): EventStream {
  const { heartbeat = EVENT_HEARTBEAT, backlog = EVENT_BACKLOG, retry } = options;
  for (const [name, value] of Object.entries({ heartbeat, backlog })) {
    if (!(value >= 0)) throw invalidArgValue(name, value, 'must not be negative');
  }
  const first = retry === undefined ? '' : `${retryLine(retry)}\n`;
  res.setHeader('Content-Type', 'text/event-stream');
  // Events are of the moment; no-transform, since compression on the way would hold them back.
  res.setHeader('Cache-Control', 'no-cache, no-transform');
  // nginx holds back what it has not got a buffer full of.
  res.setHeader('X-Accel-Buffering', 'no');

  let isOpen = !isGone(res);
  let isBehind = false;
  let timer: NodeJS.Timeout | undefined;
  let tellClosed = nop;
  let giveUp = nop;
  let stopListening = nop;
  let waiting: (() => void)[] = [];
  const aborter = new AbortController();
  const closed = new Promise<void>((resolve) => {
    tellClosed = resolve;
  });

  function wake(): void {
    isBehind = false;
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  }

  function onClose(reason?: Error): void {
    isOpen = false;
    clearInterval(timer);
    stopListening();
    res.off('drain', wake);
    wake();
    giveUp();
    tellClosed();
    aborter.abort(reason);
  }

  function onCloseOfResponse(): void {
    onClose();
  }

  function write(text: string): boolean {
    if (!isOpen) return false;
    if (!res.write(text)) isBehind = true;
    // The middleware `compression` holds content back until it is told.
    (res as ResponseLike & { flush?(): void }).flush?.();
    if (isBehind && (res.writableLength ?? 0) > backlog) {
      res.destroy();
      onClose(streamTooSlow(backlog));
    }
    return isOpen && !isBehind;
  }

  function comment(text: string): boolean {
    return write(`${linesOf('', text)}\n`);
  }

  function close(): void {
    if (!isOpen) return;
    onClose();
    res.end();
  }

  function ready(): Promise<void> {
    if (!isOpen || !isBehind) return Promise.resolve();
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** Undefined where the stream closes first. Not a race with `closed`, which would gather a reaction per event. */
  function nextOrClosed(
    iterator: AsyncIterator<unknown> | Iterator<unknown>,
  ): Promise<IteratorResult<unknown> | undefined> {
    return new Promise((resolve, reject) => {
      giveUp = () => resolve(undefined);
      Promise.resolve(iterator.next()).then(resolve, reject);
    });
  }

  async function sendAll(events: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    const iterator =
      (events as AsyncIterable<unknown>)[Symbol.asyncIterator]?.() ??
      (events as Iterable<unknown>)[Symbol.iterator]();
    try {
      while (isOpen) {
        const result = await nextOrClosed(iterator);
        if (!isOpen || result?.done !== false) break;
        if (!write(textOfEvent(isEvent(result.value) ? result.value : { data: result.value }))) await ready();
      }
    } catch (error) {
      // Not ended as if this were all: who hears of the error may still want to say so, but cannot here any more.
      res.destroy();
      onClose();
      throw error;
    } finally {
      stopIterator(iterator);
      close();
    }
  }

  const stream: EventStream = {
    lastEventId: lastEventIdOf(req),
    get isOpen() {
      return isOpen;
    },
    closed,
    signal: aborter.signal,
    send: (event) => write(textOfEvent(event)),
    comment,
    ready,
    sendAll,
    close,
  };
  if (!isOpen) {
    onClose();
  } else if (isHead(req)) {
    res.end();
    onClose();
  } else {
    stopListening = onceGone(res, onCloseOfResponse);
    res.on('drain', wake);
    if (first === '') res.flushHeaders();
    else write(first);
    if (heartbeat > 0) timer = setInterval(comment, heartbeat, '');
  }
  return stream;
}

/** The field holds UTF-8, which has come as Latin-1. */
function lastEventIdOf(req: RequestLike): string | undefined {
  const field = fieldOf(req, 'last-event-id');
  return field === undefined ? undefined : Buffer.from(field, 'latin1').toString('utf8');
}
