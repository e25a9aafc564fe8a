/**
 * The content of a message that is only listened to, handed on without a stream: 'data', 'end' and 'close', in the ticks
 * in which a Readable would emit them.
 *
 * Most content is small, and comes whole in the read that brings its head. Whoever listens does so before it has come,
 * and neither pauses nor pipes: to make a Readable, fill it, empty it and end it costs more than to parse the message.
 * Whoever asks for more, at whatever moment, has the stream made (incoming-message.ts), which begins in the state in
 * which it would be by then.
 */
import { Readable, Stream } from 'node:stream';
import { latin1, utf8 } from '../wire/text.js';
import { completeMessage, endUnread } from './incoming-ends.js';
import type { Incoming, ReadableFlags } from './incoming-message.js';
import { process } from './process.js';
import { defineMembers } from './prototype.js';
import { kConnection, kFlow, kReadableState, kSink } from './symbols.js';

/** Nobody reads yet. */
export const IDLE = 0;
/** Somebody reads: what comes is kept for the next tick. */
const SCHEDULED = 1;
/** That tick. */
const RESUMED = 2;
/** The content was handed out, and the end comes in the next tick. */
const READ = 3;
export const ENDED = 4;
export const DESTROYED = 5;
export const CLOSED = 6;
const CLOSE_EMITTED = 7;

type Text = 'utf8' | 'latin1';
type Content = Buffer | string;

/** How far a message has come that has no stream, and may do without. */
export interface Flow {
  phase: number;
  /** What content is handed out as, if not as bytes. */
  text: Text | null;
  /** What has come, and was not handed out. */
  content: Content[] | null;
  /** Was anything handed out? */
  hasEmitted: boolean;
  /** Is there a listener for 'data', as far as a stream would know? */
  isHeard: boolean;
  /** Was all received, and nothing of it content, before anybody read? */
  isEmpty: boolean;
}

const { push, read, destroy, on, removeListener, resume, setEncoding } = Readable.prototype as Incoming;
let ownDestroy: Incoming['_destroy'];

/** Whoever replaced a member of the stream that is called on the way is to see it called. */
function isPlain(message: Incoming): boolean {
  return (
    message.push === push &&
    message.read === read &&
    message.resume === members.resume &&
    message.destroy === destroy &&
    message._destroy === ownDestroy
  );
}

/** Can the message do without a stream so far? */
function isWithoutStream(message: Incoming): boolean {
  if (message[kReadableState] !== null) return false;
  const flow = message[kFlow];
  if (flow !== null && flow.phase !== IDLE) return true;
  return message[kConnection] !== null && !message._dumped && !message[kSink] && isPlain(message);
}

/** Does somebody read it, or has, who needs no stream? */
export function isFlowing(message: Incoming): boolean {
  const flow = message[kFlow];
  if (!flow || flow.phase === IDLE) return false;
  return flow.phase === SCHEDULED || !flow.isEmpty;
}

/** Has it come to its end without one? */
export function hasFlowed(message: Incoming): boolean {
  return (message[kFlow]?.phase ?? IDLE) >= ENDED;
}

function flowOf(message: Incoming): Flow {
  message[kFlow] ??= {
    phase: IDLE,
    text: null,
    content: null,
    hasEmitted: false,
    isHeard: false,
    isEmpty: false,
  };
  return message[kFlow];
}

function start(message: Incoming, flow: Flow): void {
  if (flow.phase !== IDLE) return;
  flow.phase = SCHEDULED;
  flow.isEmpty = message.complete;
  process.nextTick(handOut, message);
}

type Listener = (...values: unknown[]) => void;

/** `on`, but that only listeners of some events make a stream. */
function listen(this: Incoming, event: string | symbol, listener: Listener) {
  switch (event) {
    case 'data':
    case 'end':
    case 'close':
    case 'error':
    case 'aborted':
      if (!isWithoutStream(this) || Readable.prototype.on !== on) break;
      Stream.prototype.on.call(this, event, listener);
      if (event === 'data') {
        const flow = flowOf(this);
        flow.isHeard = true;
        start(this, flow);
      }
      return this;
  }
  return (Readable.prototype as Incoming).on.call(this, event, listener);
}

/** `removeListener`, which makes no stream where there is none. */
function unlisten(this: Incoming, event: string | symbol, listener: Listener) {
  const isOurs =
    this[kReadableState] === null &&
    event !== 'readable' &&
    Readable.prototype.removeListener === removeListener;
  if (!isOurs) return (Readable.prototype as Incoming).removeListener.call(this, event, listener);
  Stream.prototype.removeListener.call(this, event, listener);
  const flow = this[kFlow];
  if (flow !== null && event === 'data') flow.isHeard = this.listenerCount('data') > 0;
  return this;
}

const members: ThisType<Incoming> & Record<string, unknown> = {
  on: listen,
  addListener: listen,
  removeListener: unlisten,
  off: unlisten,

  resume() {
    if (!isWithoutStream(this) || Readable.prototype.resume !== resume) {
      return Readable.prototype.resume.call(this);
    }
    start(this, flowOf(this));
    return this;
  },

  setEncoding(encoding: BufferEncoding) {
    const text = textNamed(encoding);
    const isLate = (this[kFlow]?.phase ?? IDLE) > SCHEDULED || this[kFlow]?.content;
    const isStock = Readable.prototype.setEncoding === setEncoding;
    if (text === null || isLate || this.complete || !isWithoutStream(this) || !isStock) {
      return Readable.prototype.setEncoding.call(this, encoding);
    }
    flowOf(this).text = text;
    return this;
  },
};

/** Has messages of this prototype flow without a stream. Its other members are there by now. */
export function defineFlowing(prototype: Incoming): void {
  ownDestroy = prototype._destroy;
  defineMembers(prototype, members);
}

function textNamed(encoding: BufferEncoding): Text | null {
  if (encoding === 'utf8' || encoding === 'utf-8') return 'utf8';
  return encoding === 'latin1' ? 'latin1' : null;
}

/** Does the message keep what comes for its reader, whose tick is still to come? */
export function keepsContent(message: Incoming): boolean {
  return message[kFlow]?.phase === SCHEDULED && message.push === push;
}

/**
 * Keeps content as text, if that is what it will be.
 * @returns false where it is to be kept as bytes: it ends, as far as can be told, within a character
 */
export function keepText(message: Incoming, bytes: Buffer, from: number, to: number): boolean {
  const flow = message[kFlow] as Flow;
  // What a decoder has kept of the bytes before would be missing.
  if (flow.text === null || flow.content !== null) return false;
  if (flow.text === 'latin1') flow.content = [latin1(bytes, from, to)];
  else if (bytes[to - 1] < 0x80) flow.content = [utf8(bytes, from, to)];
  else return false;
  return true;
}

export function keepBytes(message: Incoming, chunk: Buffer): void {
  const flow = message[kFlow] as Flow;
  if (flow.content === null) flow.content = [chunk];
  else flow.content.push(chunk);
}

/** Is all of the content there, in one piece, as it is handed out? */
function isWhole(message: Incoming, { content, text }: Flow): boolean {
  if (!message.complete || !isPlain(message)) return false;
  return content === null || (content.length === 1 && (text === null || typeof content[0] === 'string'));
}

// The ticks. Where the message has become a stream, they do what its own would.

function handOut(message: Incoming): void {
  const flow = message[kFlow];
  if (flow === null || !isWhole(message, flow)) {
    resumeStream(message);
    return;
  }
  flow.phase = RESUMED;
  message.emit('resume');
  if (message[kFlow] !== null) {
    const { content } = flow;
    flow.content = null;
    flow.phase = READ;
    process.nextTick(end, message, flow);
    if (content === null) {
      // A stream would have asked for more before it found the end.
      if (!flow.isEmpty) message._consuming = true;
    } else {
      flow.hasEmitted = true;
      message.emit('data', content[0]);
    }
  }
  if (message[kFlow] === null) flowAsStream(message);
}

function resumeStream(message: Incoming): void {
  const state = message._readableState;
  if (!state.reading) message.read(0);
  state.resumeScheduled = false;
  message.emit('resume');
  flowAsStream(message);
}

function flowAsStream(message: Incoming): void {
  const state = message._readableState;
  while (state.flowing && message.read() !== null);
  if (state.flowing && !state.reading) message.read(0);
}

function end(message: Incoming, flow: Flow): void {
  if (message[kFlow] === null) {
    if (!flow.hasEmitted && !flow.isEmpty) tellReadable(message);
    endStream(message);
    return;
  }
  flow.phase = ENDED;
  message.emit('end');
  if (message[kFlow] === null || !isPlain(message)) {
    destroyStream(message);
    return;
  }
  flow.phase = DESTROYED;
  if (message.listenerCount('close') > 0) {
    process.nextTick(close, message);
  } else {
    flow.phase = CLOSED;
    process.nextTick(emitClose, message);
  }
}

/** A stream that looked for more and found its end says so, a tick before 'end' and with nothing between them. */
function tellReadable(message: Incoming): void {
  const state = message._readableState;
  if (!state.destroyed && !state.errored) {
    message.emit('readable');
    state.emittedReadable = false;
  }
  while (state.flowing && message.read() !== null);
}

function endStream(message: Incoming): void {
  const state = message._readableState;
  if (state.errored || state.closeEmitted || state.endEmitted || state.length > 0) return;
  state.endEmitted = true;
  message.emit('end');
  destroyStream(message);
}

function destroyStream(message: Incoming): void {
  if (message._readableState.autoDestroy) message.destroy();
}

function close(message: Incoming): void {
  if (message[kFlow] !== null) message[kFlow].phase = CLOSED;
  else message._readableState.closed = true;
  process.nextTick(emitClose, message);
}

function emitClose(message: Incoming): void {
  if (message[kFlow] !== null) message[kFlow].phase = CLOSE_EMITTED;
  else message._readableState.closeEmitted = true;
  message.emit('close');
}

/**
 * Brings a stream that was just made to where it would be if it had been one from the beginning.
 * @returns whether it flows
 */
export function takeOver(message: Incoming, flow: Flow, state: ReadableFlags): boolean {
  const { phase, text, isHeard } = flow;
  const { _events, _eventsCount } = message;
  message[kFlow] = null;
  // Whoever listens has heard of it, or will when it is time.
  message._events = undefined;
  message._eventsCount = 0;
  if (text !== null) setEncoding.call(message, text);
  if (phase !== IDLE) {
    // Ours, in place of the stream's own.
    state.resumeScheduled = true;
    if (flow.isEmpty && phase <= RESUMED) endUnread(message, state);
    if (isHeard) on.call(message, 'data', nobody);
    else resume.call(message);
    if (phase <= RESUMED) refill(message, flow);
    else markRead(state, flow);
    state.resumeScheduled = phase === SCHEDULED;
  }
  message._events = _events;
  message._eventsCount = _eventsCount;
  return phase !== IDLE;
}

function nobody(): void {}

function refill(message: Incoming, { content, text }: Flow): void {
  if (content !== null) {
    for (const piece of content)
      push.call(message, piece, typeof piece === 'string' ? (text as Text) : undefined);
  }
  if (message.complete) completeMessage(message);
}

function markRead(state: ReadableFlags, { phase, hasEmitted, isEmpty }: Flow): void {
  state.ended = true;
  // To look for more, it has read.
  if (!hasEmitted && !isEmpty) state.sync = false;
  state.dataEmitted = hasEmitted;
  state.endEmitted = phase >= ENDED;
  state.destroyed = phase >= DESTROYED;
  state.closed = phase >= CLOSED;
  state.closeEmitted = phase >= CLOSE_EMITTED;
}
