/**
 * Feeds one input to a MessageParser in every way that a socket may: whole, a byte at a time, split at every
 * point, out of the middle of a larger buffer, and with bytes of a following message behind it. All must tell
 * the same facts; the facts of the whole input are returned.
 */
import assert from 'node:assert/strict';
import type { PeerError } from '#src/errors.js';
import {
  type Leniency,
  MessageParser,
  type MessageSink,
  REQUEST,
  RESPONSE,
  type Role,
} from '#src/wire/parser.js';
import { TUNNEL } from '#src/wire/states.js';

/** What the sink was told of one message. */
export interface MessageFacts {
  method: string;
  target: string;
  versionMinor: number;
  statusCode: number;
  statusMessage: string;
  fields: string[];
  framing: number;
  content: string;
  trailers: string[];
  isComplete: boolean;
}

export interface Facts {
  messages: MessageFacts[];
  error: { code: string; statusCode: number; reason: string } | null;
  /** What `finish()` said, where `FeedOptions.end` asks for it. */
  endError: string | null;
  /** Was the parser between two messages behind the last byte? */
  isIdle: boolean;
  /** What stands behind an upgrade or a tunnel's head. */
  rest: string;
}

export interface FeedOptions {
  role?: Role;
  leniency?: Leniency;
  maxHeaderSize?: number;
  maxHeadersCount?: number;
  /** For responses: the method of the request. */
  requestMethod?: string;
  /** Does the sink take what follows the first head for another protocol? */
  upgrade?: boolean;
  /** Does the input end behind the bytes? */
  end?: boolean;
}

/** Beyond this length not every split is tried, but those near the ends and samples between. */
const EVERY_SPLIT_UP_TO = 1200;
const FOLLOWING = {
  [REQUEST]: 'GET /following HTTP/1.1\r\nHost: following\r\n\r\n',
  [RESPONSE]: 'HTTP/1.1 103 Following\r\n\r\n',
};

/** The parser's private state, which only tests look at. */
export function stateOf(parser: MessageParser): number {
  return (parser as unknown as { state: number }).state;
}

/** Feeds the pieces to a new parser, one `execute` after the other as a connection does. */
export function feedPieces(pieces: Iterable<Buffer>, options: FeedOptions = {}, padding = 0): Facts {
  const recorder = new Recorder(options);
  const parser = recorder.parser;
  let rest = '';
  for (const piece of pieces) {
    // Bytes on both sides that are not the parser's: whoever reads them tells other facts.
    const chunk = Buffer.alloc(piece.length + 2 * padding, '\n');
    piece.copy(chunk, padding);
    const to = padding + piece.length;
    let at = padding;
    while (at < to && parser.error === null && stateOf(parser) !== TUNNEL) {
      const { told } = recorder;
      const next = parser.execute(chunk, at, to);
      assert.ok(next >= at && next <= to, `execute went from ${at} to ${next} of ${to}`);
      assert.ok(next > at || parser.error !== null || recorder.told > told, 'execute did nothing');
      at = next;
    }
    if (parser.error === null) rest += chunk.toString('latin1', at, to);
    // The socket's memory is its own again: whatever was kept must have been copied.
    chunk.fill('X');
  }
  const { isIdle } = parser;
  const endError = options.end ? parser.finish() : null;
  return {
    messages: recorder.messages,
    error: parser.error && errorFacts(parser.error),
    endError: endError?.code ?? null,
    isIdle,
    rest,
  };
}

function errorFacts(error: PeerError): Facts['error'] {
  const { code, statusCode, reason } = error;
  return { code, statusCode, reason };
}

class Recorder implements MessageSink {
  readonly parser: MessageParser;
  readonly messages: MessageFacts[] = [];
  private readonly upgrade: boolean;
  /** How often the sink was told something. */
  told = 0;

  constructor(options: FeedOptions) {
    this.parser = new MessageParser(options.role ?? REQUEST, this, options);
    this.upgrade = options.upgrade ?? false;
    if (options.requestMethod !== undefined) this.parser.requestMethod = options.requestMethod;
  }

  onHead(parser: MessageParser): boolean {
    const { startLine } = parser;
    const isRequest = parser.role === REQUEST;
    assert.ok(this.messages.at(-1)?.isComplete ?? true, 'a head within a message');
    this.messages.push({
      method: isRequest ? startLine.method : '',
      target: isRequest ? startLine.target : '',
      versionMinor: startLine.versionMinor,
      statusCode: isRequest ? 0 : startLine.statusCode,
      statusMessage: isRequest ? '' : startLine.statusMessage,
      fields: [...parser.fields.lines],
      framing: parser.framing,
      content: '',
      trailers: [],
      isComplete: false,
    });
    this.told++;
    return this.upgrade;
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    assert.ok(to > from, 'an empty piece of content');
    this.current().content += bytes.toString('latin1', from, to);
  }

  onTrailers(lines: string[]): void {
    const message = this.current();
    assert.deepEqual(message.trailers, [], 'trailers told twice');
    message.trailers = [...lines];
  }

  onComplete(): void {
    this.current().isComplete = true;
    this.told++;
  }

  private current(): MessageFacts {
    const message = this.messages.at(-1);
    assert.ok(message && !message.isComplete, 'a fact that belongs to no message');
    return message;
  }
}

function* bytesOf(input: Buffer): Iterable<Buffer> {
  for (let i = 0; i < input.length; i++) yield input.subarray(i, i + 1);
}

function splitPoints(length: number): number[] {
  const points: number[] = [];
  const step = length <= EVERY_SPLIT_UP_TO ? 1 : Math.ceil(length / 50);
  for (let i = 1; i < length; i += i < 100 || i > length - 100 ? 1 : Math.min(step, length - 100 - i + 1)) {
    points.push(i);
  }
  return points;
}

/** Latin-1 text, as the wire is written in the tests, to bytes. */
export function bytes(input: string | Buffer): Buffer {
  return typeof input === 'string' ? Buffer.from(input, 'latin1') : input;
}

/**
 * The same facts, but for one: a method that nobody knows is refused at its first wrong byte, and with it come the
 * bytes that tell a request (501) from something else (400), or they don't.
 */
function assertSame(actual: Facts, expected: Facts, how: string): void {
  if (actual.error?.code === 'HPE_INVALID_METHOD' && expected.error?.code === 'HPE_INVALID_METHOD') {
    assert.ok([400, 501, 505].includes(actual.error.statusCode));
    actual.error.statusCode = expected.error.statusCode;
  }
  assert.deepEqual(actual, expected, how);
}

/** The facts of the input, which are the same however it comes. */
export function feed(input: string | Buffer, options: FeedOptions = {}): Facts {
  const whole = bytes(input);
  const facts = feedPieces([whole], options);
  assertSame(feedPieces([whole], options, 3), facts, 'within a larger buffer');
  assertSame(feedPieces(bytesOf(whole), options), facts, 'a byte at a time');
  assertSame(feedPieces(bytesOf(whole), options, 1), facts, 'a byte at a time, within larger buffers');
  for (const at of splitPoints(whole.length)) {
    const pieces = [whole.subarray(0, at), whole.subarray(at)];
    assertSame(feedPieces(pieces, options), facts, `split at ${at}`);
  }
  feedFollowed(whole, options, facts);
  feedAgain(whole, options, facts);
  return facts;
}

/** Bytes behind a message or behind what is wrong change nothing of what was told before. */
function feedFollowed(whole: Buffer, options: FeedOptions, facts: Facts): void {
  const following = FOLLOWING[options.role ?? REQUEST];
  const followed = [
    feedPieces([Buffer.concat([whole, Buffer.from(following)])], options),
    feedPieces([whole, Buffer.from(following)], options),
  ];
  for (const other of followed) {
    if (facts.error !== null) assertSame(other, facts, 'bytes behind an error');
    else if (facts.rest !== '' || options.upgrade) {
      assert.equal(other.rest, facts.rest + following, 'bytes behind an upgrade');
    } else if (facts.isIdle && !whole.subarray(-1).equals(Buffer.from('\r'))) {
      assert.equal(other.error, null, 'the following message');
      assert.deepEqual(other.messages.slice(0, -1), facts.messages, 'before the following message');
      const last = other.messages.at(-1);
      assert.match(`${last?.target}${last?.statusMessage}`, /^.?following$/i);
      assert.ok(last?.isComplete);
    }
  }
}

/** Heads that came before on the connection are read as they were; and one behind them as if there had been none. */
function feedAgain(whole: Buffer, options: FeedOptions, facts: Facts): void {
  const isWrong = facts.error !== null;
  if (facts.rest !== '' || options.upgrade || (!isWrong && !facts.isIdle)) return;
  // Half a line end has nothing behind it but the other half.
  if (whole.at(-1) === 0x0d) return;
  const before = isWrong ? bytes(FOLLOWING[options.role ?? REQUEST]) : whole;
  const known = feedPieces([before], options);
  // A limit of the test's may be too low for it.
  if (known.error !== null) return;
  const pieces = [before, before, before, whole];
  const messages = [...known.messages, ...known.messages, ...known.messages, ...facts.messages];
  assertSame(feedPieces(pieces, options), { ...facts, messages }, 'behind known heads');
  assertSame(
    feedPieces([Buffer.concat(pieces)], options),
    { ...facts, messages },
    'behind them in one chunk',
  );
}

/** The one message that the input is. */
export function accept(input: string | Buffer, options: FeedOptions = {}): MessageFacts {
  const facts = feed(input, options);
  assert.equal(facts.error, null);
  assert.equal(facts.endError, null);
  assert.equal(facts.messages.length, 1);
  assert.ok(facts.messages[0].isComplete, 'the message is complete');
  return facts.messages[0];
}

/** The input is refused before its head was told to anyone. Returns the reason. */
export function refuse(
  input: string | Buffer,
  code: string,
  statusCode = 400,
  options: FeedOptions = {},
): string {
  const facts = feed(input, options);
  assert.ok(facts.error, `accepted: ${JSON.stringify(facts.messages)}`);
  assert.deepEqual([facts.error.code, facts.error.statusCode], [code, statusCode]);
  assert.equal(facts.messages.length, 0, 'nothing of the message was told');
  return facts.error.reason;
}

/** The input is refused within the content or trailer section of its message. Returns what was told of it. */
export function refuseBody(
  input: string | Buffer,
  code: string,
  statusCode = 400,
  options: FeedOptions = {},
): MessageFacts {
  const facts = feed(input, options);
  assert.ok(facts.error, `accepted: ${JSON.stringify(facts.messages)}`);
  assert.deepEqual([facts.error.code, facts.error.statusCode], [code, statusCode]);
  assert.equal(facts.messages.length, 1);
  assert.equal(facts.messages[0].isComplete, false);
  return facts.messages[0];
}
