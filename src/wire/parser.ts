/**
 * The message parser: bytes in, facts out. No sockets, no streams, no timers.
 *
 * It is incremental: a message may come whole, a byte at a time, or anything between. A head that comes whole in
 * one chunk is read in one pass without copies; only the incomplete last line of a chunk is kept for the next.
 * It fails at the first byte that cannot be right.
 */
import {
  expectedCR,
  expectedLF,
  headerOverflow,
  invalidEndOfInput,
  invalidHeaderToken,
  type PeerError,
  strictViolation,
  unexpectedSpace,
} from '../errors.js';
import { ChunkedDecoder, type ContentSink } from './chunked.js';
import { type FieldName, FieldSection, findName, HOST, ORDINARY } from './fields.js';
import {
  CHUNKED,
  CLOSE_DELIMITED,
  type Framing,
  framingFoldError,
  framingTrailerError,
  isFramingField,
  requestFraming,
  responseFraming,
  TUNNEL as TUNNEL_FRAMING,
} from './framing.js';
import {
  COLON,
  CR,
  FIELD_VALUE_BYTE,
  HTAB,
  INSECURE_FIELD_VALUE_BYTE,
  isHost,
  LF,
  RELAXED_FIELD_VALUE_BYTE,
  SP,
  TOKEN_BYTE,
} from './grammar.js';
import { MAX_HEADER_SIZE, MAX_HEADERS_COUNT } from './limits.js';
import { StartLine } from './start-line.js';
import {
  CHUNKED_BODY,
  CLOSE_BODY,
  FAILED,
  FIELD_LF,
  FIELD_NAME,
  FIELD_OWS,
  FIELD_START,
  FIELD_VALUE,
  LENGTH_BODY,
  LINE_LF,
  METHOD,
  SECTION_LF,
  START,
  STATUS_VERSION,
  TUNNEL,
} from './states.js';

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
  /** Bytes of a header section with its start-line, and of a trailer section. Default MAX_HEADER_SIZE. */
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

/**
 * Where the lines of the section being read begin and end in the bytes, four numbers and a name a line. Shared by
 * all parsers: it is filled and emptied within one call of `execute`.
 */
let marks = new Int32Array(4 * 128);
const markedNames: FieldName[] = [];

/** Room for the shortest incomplete line that grows. */
const MIN_PARTIAL_SIZE = 256;

export class MessageParser {
  readonly role: Role;
  private readonly sink: MessageSink;
  readonly maxHeaderSize: number;
  /** May be set between messages. */
  maxHeadersCount: number;
  readonly leniency: Leniency;
  private readonly valueBytes: Uint8Array;

  /** The start-line of the message being read. */
  readonly startLine: StartLine;
  /** Its header section; later its trailer section. */
  readonly fields = new FieldSection();
  /** Its framing, once the header section is complete. */
  framing: Framing = 0;
  /** For responses: the method of the request this answers. To be set before the head is read. */
  requestMethod = 'GET';
  /** Why the parser failed. */
  error: PeerError | null = null;

  private state = START;
  private inTrailers = false;
  private folding = false;
  /** The framing field that was met in the trailer section, or ORDINARY. */
  private framingTrailer = ORDINARY;
  /** Bytes of the section read in earlier calls. */
  private sectionBytes = 0;
  private lineCount = 0;
  /** The incomplete line of earlier calls, in a buffer with room to grow, and where in it name and value stand. */
  private partial: Buffer | null = null;
  private partialLength = 0;
  private nameEnd = 0;
  private valueStart = 0;
  /** Content bytes still to come of a message with a length. */
  private remaining = 0;
  private decoder: ChunkedDecoder | null = null;
  private lastHost = '';

  constructor(role: Role, sink: MessageSink, options: ParserOptions = {}) {
    this.role = role;
    this.sink = sink;
    this.maxHeaderSize = options.maxHeaderSize ?? MAX_HEADER_SIZE;
    this.maxHeadersCount = options.maxHeadersCount ?? MAX_HEADERS_COUNT;
    this.leniency = options.leniency ?? STRICT;
    this.startLine = new StartLine(this.leniency === INSECURE);
    this.valueBytes =
      this.leniency === STRICT
        ? FIELD_VALUE_BYTE
        : this.leniency === RELAXED
          ? RELAXED_FIELD_VALUE_BYTE
          : INSECURE_FIELD_VALUE_BYTE;
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

  /**
   * Reads from `chunk` until a message is complete, the bytes are used up, or something is wrong (`error`).
   * Returns where it stopped: what is behind belongs to the next message, or to an upgrade.
   */
  execute(chunk: Buffer, from: number, to: number): number {
    let at = from;
    if (this.state < LENGTH_BODY) {
      at = this.partial === null ? this.readSection(chunk, from, to, 0) : this.resumeSection(chunk, from, to);
      if (this.state < LENGTH_BODY || this.state === FAILED || this.state === TUNNEL) return at;
    }
    return this.readBody(chunk, at, to);
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
      if (at === to) return at;
      const end = Math.min(to, at + this.remaining);
      const content = at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end);
      this.remaining -= end - at;
      this.sink.onBody(content);
      if (this.remaining === 0 && this.state === LENGTH_BODY) this.complete();
      return end;
    }
    if (this.state === CLOSE_BODY) {
      if (at < to) this.sink.onBody(at === 0 && to === chunk.length ? chunk : chunk.subarray(at, to));
      return to;
    }
    if (this.state === CHUNKED_BODY) {
      const decoder = this.decoder as ChunkedDecoder;
      at = decoder.decode(chunk, at, to, this.sink);
      if (decoder.error !== null) return this.fail(decoder.error, at);
      if (!decoder.isDone) return at;
      this.inTrailers = true;
      this.beginSection();
      this.state = FIELD_START;
      return this.readSection(chunk, at, to, 0);
    }
    return at;
  }

  private beginSection(): void {
    this.fields.reset();
    this.lineCount = 0;
    this.sectionBytes = 0;
  }

  /**
   * The next bytes behind an incomplete line: both in one buffer, no more of the chunk than a section may have.
   * The buffer doubles as it fills: a line that comes a byte at a time costs no more than its length.
   */
  private resumeSection(chunk: Buffer, from: number, to: number): number {
    const known = this.partialLength;
    const wanted = Math.min(to, from + this.maxHeaderSize - this.sectionBytes + 1);
    const length = known + wanted - from;
    let joined = this.partial as Buffer;
    this.partial = null;
    if (joined.length < length) joined = enlarged(joined, 0, known, Math.max(length, 2 * known));
    chunk.copy(joined, known, from, wanted);
    // What is wrong may stand in the bytes of an earlier call: a start-line is judged at its end.
    return from + Math.max(0, this.readSection(joined, 0, length, known) - known);
  }

  /**
   * Reads start-line and field lines. `known` bytes at `from` were counted by an earlier call. One pass: every
   * state's loop runs over its bytes, and the strings are cut when the section is complete or the bytes end.
   */
  private readSection(bytes: Buffer, from: number, to: number, known: number): number {
    const allowed = from + known + this.maxHeaderSize - this.sectionBytes;
    const stop = Math.min(to, allowed);
    const { valueBytes, startLine } = this;
    const insecure = this.leniency === INSECURE;
    let { state } = this;
    let at = from + known;
    let lineStart = from;
    let nameEnd = from + this.nameEnd;
    let valueStart = from + this.valueStart;
    let marked = 0;
    // Where the first line that is marked but not yet cut into strings begins.
    let textStart = from;

    while (at < stop) {
      switch (state) {
        case START: {
          const byte = bytes[at];
          if (byte === CR && at === lineStart) {
            // "SHOULD ignore at least one empty line" before a request-line (RFC 9112 section 2.2).
            if (at + 1 === stop) {
              at = stop;
              break;
            }
            if (bytes[at + 1] !== LF) return this.fail(expectedLF(), at + 1);
            at += 2;
            lineStart = at;
            break;
          }
          if (byte === LF) {
            // The LF of a line end that came in two chunks; bare LF is nobody's line end.
            if (!(at > lineStart && bytes[at - 1] === CR) && !insecure) return this.fail(expectedCR(), at);
            at++;
            lineStart = at;
            break;
          }
          if (at > lineStart) return this.fail(expectedLF(), at);
          state = this.role === REQUEST ? METHOD : STATUS_VERSION;
          startLine.begin(lineStart);
          break;
        }
        case FIELD_START: {
          const byte = bytes[at];
          if (TOKEN_BYTE[byte] === 1) {
            lineStart = at;
            if (this.maxHeadersCount > 0 && this.lineCount >= this.maxHeadersCount) {
              return this.fail(headerOverflow('Too many header fields'), at);
            }
            this.lineCount++;
            state = FIELD_NAME;
          } else if (byte === CR) {
            state = SECTION_LF;
            at++;
          } else if (byte === LF && insecure) {
            state = SECTION_LF;
          } else if (byte === SP || byte === HTAB) {
            // obs-fold: "either reject the message [...] or replace each" (RFC 9112 section 5.2); a user agent
            // MUST replace it.
            if (this.lineCount === 0) {
              if (this.inTrailers || byte === HTAB) return this.fail(invalidHeaderToken(), at);
              // `insecureHTTPParser` forgives one space, which `lineStart` stays behind at.
              if (!insecure || at > lineStart) return this.fail(unexpectedSpace(), at);
              at++;
            } else if (insecure || this.role !== REQUEST) {
              this.cutLines(bytes, textStart, at, marked);
              marked = 0;
              textStart = at;
              const folded = this.fields.lastNumber();
              // Forgiven or not: recipients do not agree on the framing that such a field gives a request.
              if (this.role === REQUEST && isFramingField(folded))
                return this.fail(framingFoldError(folded), at);
              this.folding = true;
              nameEnd = at;
              state = FIELD_OWS;
            } else {
              return this.fail(invalidHeaderToken('Unexpected whitespace after header value'), at);
            }
          } else if (byte === LF) {
            return this.fail(invalidHeaderToken('Invalid header field char'), at);
          } else {
            return this.fail(invalidHeaderToken(), at);
          }
          break;
        }
        case FIELD_NAME:
          while (at < stop && TOKEN_BYTE[bytes[at]] === 1) at++;
          if (at === stop) break;
          if (bytes[at] !== COLON) return this.fail(invalidHeaderToken(), at);
          nameEnd = at;
          at++;
          state = FIELD_OWS;
          break;
        case FIELD_OWS:
          while (at < stop && (bytes[at] === SP || bytes[at] === HTAB)) at++;
          valueStart = at;
          if (at < stop) state = FIELD_VALUE;
          break;
        case FIELD_VALUE: {
          while (at < stop && valueBytes[bytes[at]] === 1) at++;
          if (at === stop) break;
          const byte = bytes[at];
          if (byte !== CR && !(byte === LF && insecure)) {
            const error =
              byte === LF
                ? expectedCR('Missing expected CR after header value')
                : invalidHeaderToken('Invalid header value char');
            return this.fail(error, at);
          }
          let valueEnd = at;
          while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB))
            valueEnd--;
          if (this.folding) {
            this.folding = false;
            this.fields.fold(bytes.toString('latin1', valueStart, valueEnd));
            textStart = at;
          } else {
            if (4 * marked === marks.length) growMarks();
            const slot = 4 * marked;
            marks[slot] = lineStart;
            marks[slot + 1] = nameEnd;
            marks[slot + 2] = valueStart;
            marks[slot + 3] = valueEnd;
            markedNames[marked] = findName(bytes, lineStart, nameEnd);
            marked++;
          }
          state = FIELD_LF;
          if (byte === CR) at++;
          lineStart = at;
          break;
        }
        case FIELD_LF:
          if (bytes[at] !== LF) {
            return this.fail(expectedLF('Missing expected LF after header value'), at);
          }
          at++;
          lineStart = at;
          state = FIELD_START;
          break;
        case LINE_LF:
          if (bytes[at] === LF) at++;
          else if (!insecure) {
            const wanted = this.role === REQUEST ? 'Expected CRLF after version' : 'Expected LF after CR';
            return this.fail(strictViolation(wanted), at);
          }
          lineStart = at;
          textStart = at;
          state = FIELD_START;
          break;
        case SECTION_LF: {
          if (bytes[at] === LF) at++;
          else if (!insecure) return this.fail(strictViolation('Expected LF after headers'), at);
          this.nameEnd = 0;
          this.valueStart = 0;
          this.cutLines(bytes, textStart, at, marked);
          return this.completeSection(at);
        }
        default: {
          // The start-line's own states.
          const next = startLine.read(state, bytes, at, stop);
          at = startLine.at;
          if (startLine.error !== null) return this.fail(startLine.error, at);
          state = next;
        }
      }
    }

    if (stop < to) {
      // A start-line beyond the limit is a target beyond it (RFC 9110 section 15.5.15).
      return this.fail(
        state < FIELD_START ? headerOverflow('Start line overflow', 414) : headerOverflow(),
        at,
      );
    }
    // The chunk ends within the section: what is complete becomes strings, the rest waits for the next chunk.
    this.state = state;
    this.sectionBytes += at - from - known;
    this.cutLines(bytes, textStart, at, marked);
    if (at > lineStart) {
      // Still the line of an earlier call: its buffer is ours already.
      this.partial = known > 0 && lineStart === from ? bytes : enlarged(bytes, lineStart, at, 0);
      this.partialLength = at - lineStart;
      this.nameEnd = nameEnd - lineStart;
      this.valueStart = valueStart - lineStart;
      if (state < FIELD_START) startLine.rebase(lineStart);
    } else {
      this.nameEnd = 0;
      this.valueStart = 0;
    }
    return at;
  }

  /** Cuts the marked lines into strings: one read of the bytes, then slices of it. */
  private cutLines(bytes: Buffer, from: number, to: number, marked: number): void {
    if (marked === 0) return;
    const text = bytes.toString('latin1', from, to);
    const { fields } = this;
    for (let line = 0; line < marked; line++) {
      const slot = 4 * line;
      const mark = markedNames[line];
      fields.add(
        mark.text ?? text.slice(marks[slot] - from, marks[slot + 1] - from),
        text.slice(marks[slot + 2] - from, marks[slot + 3] - from),
        mark.number,
      );
      if (this.inTrailers && isFramingField(mark.number)) this.framingTrailer = mark.number;
    }
  }

  private completeSection(at: number): number {
    if (this.inTrailers) {
      if (this.framingTrailer !== ORDINARY && this.leniency !== INSECURE) {
        return this.fail(framingTrailerError(this.framingTrailer), at);
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
    if (!insecure) this.checkHost();
    return requestFraming(fields, insecure);
  }

  /** "MUST respond with a 400" to more than one Host, or an invalid one (RFC 9112 section 3.2). */
  private checkHost(): void {
    const { fields } = this;
    if (!fields.has(HOST)) return;
    if (fields.isRepeated(HOST)) throw invalidHeaderToken('Duplicate Host');
    const host = fields.first(HOST);
    // A client names the same host again and again.
    if (host === this.lastHost) return;
    if (!isHost(host)) throw invalidHeaderToken('Invalid Host');
    // A copy: a slice would keep the text of the whole section for as long as the connection lives.
    this.lastHost = Buffer.from(host, 'latin1').toString('latin1');
  }

  /** Ready for the next message, holding nothing of this one while the connection idles; tells the sink. */
  private complete(): void {
    this.state = START;
    this.inTrailers = false;
    this.framingTrailer = ORDINARY;
    this.startLine.target = '';
    this.beginSection();
    this.sink.onComplete();
  }

  private fail(error: PeerError, at: number): number {
    this.error = error;
    this.state = FAILED;
    return at;
  }
}

/** A copy with room. Not of the pool: a few bytes of a slow peer would keep all of a slab in memory. */
function enlarged(bytes: Buffer, from: number, to: number, size: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(Math.max(size, to - from, MIN_PARTIAL_SIZE));
  bytes.copy(copy, 0, from, to);
  return copy;
}

function growMarks(): void {
  const grown = new Int32Array(marks.length * 2);
  grown.set(marks);
  marks = grown;
}
