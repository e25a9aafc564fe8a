/**
 * The message parser: bytes in, facts out. No sockets, no streams, no timers.
 *
 * It is incremental: a message may come whole, a byte at a time, or anything between. It fails at the first byte
 * that cannot be right. section.ts reads the lines; here is what they are for: framing, content, completion.
 */
import { invalidEndOfInput, invalidHeaderToken, type PeerError } from '../errors.js';
import { ChunkedDecoder, type ContentSink } from './chunked.js';
import { type FieldSection, HOST, ORDINARY } from './fields.js';
import {
  CHUNKED,
  CLOSE_DELIMITED,
  type Framing,
  framingTrailerError,
  requestFraming,
  responseFraming,
  TUNNEL as TUNNEL_FRAMING,
} from './framing.js';
import { FIELD_VALUE_BYTE, INSECURE_FIELD_VALUE_BYTE, isHost, RELAXED_FIELD_VALUE_BYTE } from './grammar.js';
import { MAX_HEADER_SIZE, MAX_HEADERS_COUNT } from './limits.js';
import { SECTION_COMPLETE, SectionReader } from './section.js';
import type { StartLine } from './start-line.js';
import { CHUNKED_BODY, CLOSE_BODY, FAILED, FIELD_START, LENGTH_BODY, START, TUNNEL } from './states.js';
import { ownText } from './text.js';

/** A parser reads requests (a server's) or responses (a client's). */
export const REQUEST = 0;
export const RESPONSE = 1;
export type Role = typeof REQUEST | typeof RESPONSE;

/** How much is forgiven: nothing, control characters in values, or all that `insecureHTTPParser` forgives. */
export const STRICT = 0;
export const RELAXED = 1;
export const INSECURE = 2;
export type Leniency = typeof STRICT | typeof RELAXED | typeof INSECURE;

export interface ParserOptions {
  /** What a header section, and a trailer section, counts less than; see there. Default MAX_HEADER_SIZE. */
  maxHeaderSize?: number;
  /** Field lines of a section. Default MAX_HEADERS_COUNT; 0: as many as fit the size. */
  maxHeadersCount?: number;
  leniency?: Leniency;
}

/** Who takes what the parser finds. Every call comes from within `execute` or `finish`. */
export interface MessageSink extends ContentSink {
  /**
   * The header section is complete: start-line, fields and framing of the parser are this message's, until this
   * returns. Return true where what follows the head is not HTTP (an upgrade, a tunnel): the parser stops there.
   */
  onHead(parser: MessageParser): boolean;
  /** The trailer section's field lines, where there are any. */
  onTrailers(lines: string[]): void;
  /** The message ended. */
  onComplete(): void;
}

const VALUE_BYTES: Record<Leniency, Uint8Array> = {
  [STRICT]: FIELD_VALUE_BYTE,
  [RELAXED]: RELAXED_FIELD_VALUE_BYTE,
  [INSECURE]: INSECURE_FIELD_VALUE_BYTE,
};

/** The Host that was found to be one last, of whichever connection. */
let lastHost = '';

export class MessageParser {
  readonly role: Role;
  private readonly sink: MessageSink;
  readonly maxHeaderSize: number;
  readonly leniency: Leniency;
  private readonly section: SectionReader;

  /** The start-line of the message being read. */
  readonly startLine: StartLine;
  /** Its header section; later its trailer section. */
  readonly fields: FieldSection;
  /** Its framing, once the header section is complete. */
  framing: Framing = 0;
  /** For responses: the method of the request this answers. To be set before the head is read. */
  requestMethod = 'GET';
  /** Why the parser failed. */
  error: PeerError | null = null;

  private state = START;
  private inTrailers = false;
  /** Content bytes still to come of a message with a length. */
  private remaining = 0;
  private decoder: ChunkedDecoder | null = null;

  constructor(role: Role, sink: MessageSink, options: ParserOptions = {}) {
    this.role = role;
    this.sink = sink;
    this.leniency = options.leniency ?? STRICT;
    this.maxHeaderSize = options.maxHeaderSize ?? MAX_HEADER_SIZE;
    this.section = new SectionReader({
      isRequest: role === REQUEST,
      insecure: this.leniency === INSECURE,
      valueBytes: VALUE_BYTES[this.leniency],
      maxSize: this.maxHeaderSize,
      maxLines: options.maxHeadersCount ?? MAX_HEADERS_COUNT,
    });
    this.startLine = this.section.startLine;
    this.fields = this.section.fields;
  }

  get maxHeadersCount(): number {
    return this.section.maxLines;
  }

  /** May be set between messages. */
  set maxHeadersCount(count: number) {
    this.section.maxLines = count;
  }

  /** Between two messages? Empty lines before a start-line do not begin one. */
  get isIdle(): boolean {
    return this.state === START;
  }

  /** Called by the sink at the end of a message: what follows is another protocol's. */
  endMessages(): void {
    this.state = TUNNEL;
  }

  /** Did the messages end: is what follows another protocol's? */
  get isTunnel(): boolean {
    return this.state === TUNNEL;
  }

  /** Is the message's header section still to come or incomplete? */
  get isBeforeBody(): boolean {
    return this.state < LENGTH_BODY && !this.inTrailers;
  }

  /** Is a header section read, and its message not complete? */
  get isBehindHead(): boolean {
    return this.error === null && !this.isTunnel && !this.isIdle && !this.isBeforeBody;
  }

  /** Are the next bytes, so many, content in one piece, and nothing behind it? */
  isContent(length: number): boolean {
    return this.state === CLOSE_BODY || (this.state === LENGTH_BODY && this.remaining >= length);
  }

  /**
   * Reads from `chunk` until a header section or a message is complete, the bytes are used up, or something is wrong
   * (`error`). Returns where it stopped: what is behind belongs to the message, to the next, or to an upgrade.
   */
  execute(chunk: Buffer, from: number, to: number): number {
    return this.state < LENGTH_BODY ? this.readSection(chunk, from, to) : this.readBody(chunk, from, to);
  }

  /** The input ended. Completes a message that the end delimits; null, or the error where the end came too soon. */
  finish(): PeerError | null {
    if (this.state === CLOSE_BODY) {
      this.complete();
      return null;
    }
    if (this.isIdle || this.state === FAILED || this.state === TUNNEL) return null;
    return invalidEndOfInput();
  }

  private readBody(chunk: Buffer, from: number, to: number): number {
    let at = from;
    if (this.state === LENGTH_BODY) {
      const end = Math.min(to, at + this.remaining);
      this.remaining -= end - at;
      this.sink.onBody(chunk, at, end);
      if (this.remaining === 0 && this.state === LENGTH_BODY) this.complete();
      return end;
    }
    if (this.state === CLOSE_BODY) {
      this.sink.onBody(chunk, at, to);
      return to;
    }
    if (this.state === CHUNKED_BODY) {
      const decoder = this.decoder as ChunkedDecoder;
      at = decoder.decode(chunk, at, to, this.sink);
      if (decoder.error !== null) return this.fail(decoder.error, at);
      if (!decoder.isDone) return at;
      this.inTrailers = true;
      this.section.begin(true);
      this.state = FIELD_START;
      return this.readSection(chunk, at, to);
    }
    return at;
  }

  /** Header section or trailer section. */
  private readSection(chunk: Buffer, from: number, to: number): number {
    const { section } = this;
    const state = section.read(this.state, chunk, from, to);
    const { at } = section;
    if (section.error !== null) return this.fail(section.error, at);
    if (state === SECTION_COMPLETE) return this.completeSection(at);
    this.state = state;
    return at;
  }

  private completeSection(at: number): number {
    if (this.inTrailers) {
      const { framingTrailer } = this.section;
      if (framingTrailer !== ORDINARY && this.leniency !== INSECURE) {
        return this.fail(framingTrailerError(framingTrailer), at);
      }
      if (this.fields.lines.length > 0) this.sink.onTrailers(this.fields.lines);
      this.complete();
      return at;
    }
    try {
      this.framing = this.decideFraming();
    } catch (error) {
      return this.fail(error as PeerError, at);
    }
    // The state is set before the sink is called: what it does may end in here again.
    const { framing } = this;
    this.state =
      framing === CHUNKED
        ? CHUNKED_BODY
        : framing === CLOSE_DELIMITED
          ? CLOSE_BODY
          : framing === TUNNEL_FRAMING
            ? TUNNEL
            : LENGTH_BODY;
    this.remaining = framing;
    if (framing === CHUNKED) {
      if (this.decoder === null) this.decoder = new ChunkedDecoder(this.leniency === INSECURE);
      else this.decoder.reset();
    }
    if (this.sink.onHead(this)) {
      this.state = TUNNEL;
      return at;
    }
    if (this.state === LENGTH_BODY && this.remaining === 0) this.complete();
    return at;
  }

  private decideFraming(): Framing {
    const insecure = this.leniency === INSECURE;
    const { fields, startLine } = this;
    if (this.role !== REQUEST) {
      return responseFraming(fields, startLine.statusCode, this.requestMethod, insecure);
    }
    // A section that came before was let through.
    if (!insecure && !this.section.isRepeated) this.checkHost();
    return requestFraming(fields, insecure);
  }

  /** "MUST respond with a 400" to more than one Host, or an invalid one (RFC 9112 section 3.2). */
  private checkHost(): void {
    const { fields } = this;
    if (!fields.has(HOST)) return;
    if (fields.isRepeated(HOST)) throw invalidHeaderToken('Duplicate Host');
    const host = fields.first(HOST);
    // Clients name the same host again and again.
    if (host === lastHost) return;
    if (!isHost(host)) throw invalidHeaderToken('Invalid Host');
    lastHost = ownText(host);
  }

  /** Ready for the next message, holding nothing of this one but its head, if that is to be known; tells the sink. */
  private complete(): void {
    this.state = START;
    this.inTrailers = false;
    this.section.begin(false);
    this.startLine.target = '';
    this.sink.onComplete();
  }

  private fail(error: PeerError, at: number): number {
    this.error = error;
    this.state = FAILED;
    return at;
  }
}
