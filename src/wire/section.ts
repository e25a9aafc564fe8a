/**
 * Reads a section: a header section with its start-line, or a trailer section, and the empty line that ends it.
 *
 * One that comes whole in one chunk is read in one pass without copies; only the incomplete last line of a chunk
 * is kept for the next.
 */
import {
  expectedCR,
  expectedLF,
  headerOverflow,
  invalidHeaderToken,
  type PeerError,
  strictViolation,
  unexpectedSpace,
} from '../errors.js';
import { BEFORE_FIRST, type FieldName, FieldSection, findName, isNext, ORDINARY } from './fields.js';
import { framingFoldError, isFramingField } from './framing.js';
import { COLON, CR, HTAB, LF, SP, TOKEN_BYTE } from './grammar.js';
import { KnownHead } from './known-head.js';
import { maxSectionBytes } from './limits.js';
import { PartialLine } from './partial-line.js';
import { StartLine } from './start-line.js';
import {
  FIELD_LF,
  FIELD_NAME,
  FIELD_OWS,
  FIELD_START,
  FIELD_VALUE,
  LINE_LF,
  METHOD,
  SECTION_LF,
  START,
  STATUS_VERSION,
  TARGET,
} from './states.js';
import { latin1 } from './text.js';
import { skipPrintable } from './words.js';

/** What `read` returns behind a section's last byte. It is no state: which one follows, the framing decides. */
export const SECTION_COMPLETE = -1;

/**
 * Where the lines of the section being read begin and end in the bytes, four numbers and a name a line. Shared by
 * all readers: it is filled and emptied within one call of `read`.
 */
let marks = new Int32Array(4 * 128);
const markedNames: FieldName[] = [];

/**
 * Applications keep targets and values, as keys of what they cache, and what is cut from a text keeps all of it: no more
 * than so many characters with each, or those of its own line.
 */
const MAX_KEPT_TEXT = 1024;

export interface SectionRules {
  /** Do the messages begin with a request-line, or with a status-line? */
  isRequest: boolean;
  /** Is all that `insecureHTTPParser` forgives forgiven? */
  insecure: boolean;
  /** The table of the bytes that a field value may hold. */
  valueBytes: Uint8Array;
  /** What a section counts less than: request-target or reason phrase, field names and field values. */
  maxSize: number;
  /** 0: as many field lines as fit the size. */
  maxLines: number;
}

export class SectionReader {
  /** The start-line of the message being read. */
  readonly startLine: StartLine;
  /** The field lines that are complete. */
  readonly fields = new FieldSection();
  /** The framing field that was met in the trailer section, or ORDINARY. */
  framingTrailer = ORDINARY;
  /** May be set between messages. */
  maxLines: number;
  /** Why reading failed. */
  error: PeerError | null = null;
  /** Where reading stopped. */
  at = 0;

  private readonly isRequest: boolean;
  private readonly insecure: boolean;
  private readonly valueBytes: Uint8Array;
  private readonly maxSize: number;
  private readonly maxBytes: number;
  private inTrailers = false;
  private folding = false;
  /** Bytes of the section read in earlier calls. */
  private sectionBytes = 0;
  /** Those of its complete lines that count. */
  private counted = 0;
  /** How many more may count, the incomplete line's taken off. */
  private room: number;
  private lineCount = 0;
  /** The incomplete line of earlier calls. */
  private readonly partial = new PartialLine();
  /** The head that came before; null until the connection has had two. */
  private known: KnownHead | null = null;
  /** Was a head read? Many connections have one only: it is not kept. */
  private hasRead = false;
  /** Is the header section one that came before? */
  isRepeated = false;

  constructor(rules: SectionRules) {
    this.isRequest = rules.isRequest;
    this.insecure = rules.insecure;
    this.valueBytes = rules.valueBytes;
    this.maxSize = rules.maxSize;
    this.maxBytes = maxSectionBytes(rules.maxSize);
    this.room = rules.maxSize;
    this.maxLines = rules.maxLines;
    this.startLine = new StartLine(rules.insecure);
  }

  /** Ready for the next section, holding nothing of this one. */
  begin(inTrailers: boolean): void {
    this.inTrailers = inTrailers;
    this.framingTrailer = ORDINARY;
    this.fields.reset();
    this.lineCount = 0;
    this.sectionBytes = 0;
    this.counted = 0;
    this.room = this.maxSize;
    this.isRepeated = false;
  }

  /**
   * Reads on from `from` in `state`. Returns the next state, or SECTION_COMPLETE; `at` tells where, `error` whether
   * it went wrong.
   */
  read(state: number, chunk: Buffer, from: number, to: number): number {
    if (!this.partial.isEmpty) return this.resume(state, chunk, from, to);
    if (state === START && this.known !== null) {
      const end = this.known.restore(chunk, from, to, this.startLine, this.fields, this.maxLines);
      if (end !== -1) return this.repeat(end);
    }
    return this.readLines(state, chunk, from, to, 0);
  }

  /** The rest of an incomplete line. The lines behind it stay where they are. */
  private resume(state: number, chunk: Buffer, from: number, to: number): number {
    const known = this.partial.length;
    const joined = this.partial.join(chunk, from, to);
    const { length } = this.partial;
    // What is wrong may stand in the bytes of an earlier call: a start-line is judged at its end.
    const next = this.readLines(state, joined, 0, length, known);
    this.at = from + Math.max(0, this.at - known);
    if (this.error !== null || next === SECTION_COMPLETE || this.at === to) return next;
    return this.read(next, chunk, this.at, to);
  }

  /**
   * Reads start-line and field lines. `known` bytes at `from` were counted by an earlier call. One pass: every
   * state's loop runs over its bytes, and the strings are cut when the section is complete or the bytes end.
   */
  private readLines(initialState: number, bytes: Buffer, from: number, to: number, known: number): number {
    const { valueBytes, startLine, insecure } = this;
    let state = initialState;
    let at = from + known;
    const end = Math.min(to, at + this.maxBytes - this.sectionBytes);
    // Up to here the section is within its size, whichever of the bytes count.
    let stop = Math.min(end, at + this.room);
    let { counted } = this;
    let lineStart = from;
    let nameEnd = from + this.partial.nameEnd;
    let valueStart = from + this.partial.valueStart;
    let marked = 0;
    // Where the first line that is marked but not yet cut into strings begins.
    let textStart = from;
    // Where the header section begins, if its head began in these bytes.
    let sectionAt = -1;
    // The name of the line being read, and the one that was known last.
    let name: FieldName | null = null;
    let before: FieldName | null = this.lineCount === 0 ? BEFORE_FIRST : null;

    for (;;) {
      if (at === stop) {
        this.room = this.maxSize - counted - this.countedOfLine(state, lineStart, nameEnd, valueStart, at);
        if (this.room <= 0) return this.fail(overflowIn(state), at);
        if (at === end) break;
        stop = Math.min(end, at + this.room);
      }
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
          state = this.isRequest ? METHOD : STATUS_VERSION;
          startLine.begin(lineStart);
          break;
        }
        case FIELD_START: {
          const byte = bytes[at];
          if (TOKEN_BYTE[byte] === 1) {
            lineStart = at;
            if (this.maxLines > 0 && this.lineCount >= this.maxLines) {
              return this.fail(headerOverflow('Too many header fields'), at);
            }
            this.lineCount++;
            const likely: FieldName | null = before === null ? null : before.follower;
            if (likely !== null && isNext(likely, bytes, at, stop)) {
              name = likely;
              nameEnd = at + likely.length;
              at = nameEnd + 1;
              valueStart = at;
              state = FIELD_OWS;
            } else {
              name = null;
              state = FIELD_NAME;
            }
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
            } else if (insecure || !this.isRequest) {
              this.cutLines(bytes, textStart, at, marked);
              marked = 0;
              textStart = at;
              const folded = this.fields.lastNumber();
              // Forgiven or not: recipients do not agree on the framing that such a field gives a request.
              if (this.isRequest && isFramingField(folded)) return this.fail(framingFoldError(folded), at);
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
        // biome-ignore lint/suspicious/noFallthroughSwitchClause: mostly the line goes on, and no look at the state is due
        case FIELD_NAME:
          while (at < stop && TOKEN_BYTE[bytes[at]] === 1) at++;
          if (at === stop) break;
          if (bytes[at] !== COLON) return this.fail(invalidHeaderToken(), at);
          nameEnd = at;
          at++;
          state = FIELD_OWS;
        // biome-ignore lint/suspicious/noFallthroughSwitchClause: mostly the line goes on, and no look at the state is due
        case FIELD_OWS:
          while (at < stop && (bytes[at] === SP || bytes[at] === HTAB)) at++;
          valueStart = at;
          if (at === stop) break;
          state = FIELD_VALUE;
        // biome-ignore lint/suspicious/noFallthroughSwitchClause: mostly the line goes on, and no look at the state is due
        case FIELD_VALUE: {
          at = skipPrintable(bytes, at, stop);
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
          counted += nameEnd - lineStart + at - valueStart;
          let valueEnd = at;
          while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB))
            valueEnd--;
          if (this.folding) {
            this.folding = false;
            counted += valueStart - nameEnd;
            this.fields.fold(latin1(bytes, valueStart, valueEnd));
            textStart = at;
          } else {
            if (4 * marked === marks.length) growMarks();
            const slot = 4 * marked;
            marks[slot] = lineStart;
            marks[slot + 1] = nameEnd;
            marks[slot + 2] = valueStart;
            marks[slot + 3] = valueEnd;
            if (name === null) name = findName(bytes, lineStart, nameEnd);
            markedNames[marked] = name;
            marked++;
            if (name.text !== null) {
              if (before !== null) before.follower = name;
              before = name;
            }
          }
          state = FIELD_LF;
          if (byte === CR) at++;
          lineStart = at;
          if (at === stop) break;
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
            const wanted = this.isRequest ? 'Expected CRLF after version' : 'Expected LF after CR';
            return this.fail(strictViolation(wanted), at);
          }
          lineStart = at;
          textStart = startLine.isTextDue ? startLine.textStart : at;
          state = FIELD_START;
          if (initialState === START && known === 0) {
            sectionAt = at;
            const sectionEnd = this.known?.restoreSection(bytes, at, stop, this.fields, this.maxLines) ?? -1;
            if (sectionEnd !== -1) {
              if (startLine.isTextDue) startLine.cutText(bytes);
              return this.repeat(sectionEnd);
            }
          }
          break;
        case SECTION_LF: {
          if (bytes[at] === LF) at++;
          else if (!insecure) return this.fail(strictViolation('Expected LF after headers'), at);
          this.partial.clear();
          this.cutLines(bytes, textStart, at, marked);
          this.at = at;
          if (sectionAt !== -1) this.keepHead(bytes, sectionAt, at);
          return SECTION_COMPLETE;
        }
        default: {
          // The start-line's own states.
          const next = startLine.read(state, bytes, at, stop);
          at = startLine.at;
          if (startLine.error !== null) return this.fail(startLine.error, at);
          state = next;
          if (next === LINE_LF) counted += startLine.counted;
        }
      }
    }

    if (end < to) return this.fail(overflowIn(state), at);
    // The chunk ends within the section: what is complete becomes strings, the rest waits for the next chunk.
    this.sectionBytes += at - from - known;
    this.counted = counted;
    this.cutLines(bytes, textStart, at, marked);
    const { partial } = this;
    if (at > lineStart) {
      partial.nameEnd = nameEnd - lineStart;
      partial.valueStart = valueStart - lineStart;
      const spaces = hasName(state) && !this.folding ? valueStart - nameEnd - 1 : 0;
      partial.keep(bytes, lineStart, at, spaces, known > 0 && lineStart === from);
      if (state < FIELD_START) startLine.rebase(lineStart);
    } else {
      partial.clear();
    }
    this.at = at;
    return state;
  }

  /** A head that came in one piece, to be known when it comes again. */
  private keepHead(bytes: Buffer, sectionAt: number, to: number): void {
    if (this.hasRead) {
      this.known ??= new KnownHead();
      this.known.keep(bytes, this.startLine.start, sectionAt, to, this.startLine, this.fields);
    }
    this.hasRead = true;
  }

  /** The header section is that of before, and ends at `at`. */
  private repeat(at: number): number {
    this.isRepeated = true;
    this.at = at;
    return SECTION_COMPLETE;
  }

  /** The bytes that count of the line that is read up to `at`. */
  private countedOfLine(
    state: number,
    lineStart: number,
    nameEnd: number,
    valueStart: number,
    at: number,
  ): number {
    if (state === FIELD_NAME) return at - lineStart;
    if (state < FIELD_START) return this.startLine.countedUpTo(state, at);
    if (!hasName(state)) return 0;
    // The white space that makes a line the continuation of another counts, as node:http has it.
    return nameEnd - lineStart + at - (this.folding ? nameEnd : valueStart);
  }

  /** Cuts the start-line's text and the marked lines into strings: one read of the bytes, then slices of it. */
  private cutLines(bytes: Buffer, from: number, to: number, marked: number): void {
    const { startLine } = this;
    if (marked === 0 || to - from > MAX_KEPT_TEXT) {
      if (startLine.isTextDue) startLine.cutText(bytes);
      if (marked > 0) this.cutPieces(bytes, marked);
      return;
    }
    const text = latin1(bytes, from, to);
    if (startLine.isTextDue) startLine.sliceText(text, from);
    this.sliceLines(text, from, 0, marked);
  }

  /** Cuts many lines, or long ones: each long one by itself, the others together as far as they are short. */
  private cutPieces(bytes: Buffer, marked: number): void {
    for (let first = 0; first < marked; ) {
      const from = marks[4 * first];
      let last = first;
      while (last + 1 < marked && marks[4 * last + 7] - from <= MAX_KEPT_TEXT) last++;
      this.sliceLines(latin1(bytes, from, marks[4 * last + 3]), from, first, last + 1);
      first = last + 1;
    }
  }

  /** Slices the marked lines from `first` up to `end` out of their text, which begins at `from` in the bytes. */
  private sliceLines(text: string, from: number, first: number, end: number): void {
    const { fields } = this;
    for (let line = first; line < end; line++) {
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

  private fail(error: PeerError, at: number): number {
    this.error = error;
    this.at = at;
    return START;
  }
}

/** Is a field line's name read, and the line not? */
function hasName(state: number): boolean {
  return state === FIELD_OWS || state === FIELD_VALUE;
}

/** A request-target beyond the limit has a status of its own (RFC 9110 section 15.5.15). */
function overflowIn(state: number): PeerError {
  return state === TARGET ? headerOverflow(undefined, 414) : headerOverflow();
}

function growMarks(): void {
  const grown = new Int32Array(marks.length * 2);
  grown.set(marks);
  marks = grown;
}
