/** The chunked transfer coding (RFC 9112 section 7.1), both ways. */
import {
  chunkExtensionsOverflow,
  expectedCR,
  invalidChunkSize,
  type PeerError,
  strictViolation,
} from '../errors.js';
import {
  BACKSLASH,
  CR,
  DQUOTE,
  EQUALS,
  FIELD_VALUE_BYTE,
  HEX_VALUE,
  HTAB,
  LF,
  SEMICOLON,
  SP,
  TOKEN_BYTE,
} from './grammar.js';
import { MAX_CHUNK_EXTENSIONS_SIZE } from './limits.js';
import {
  CHUNK_DATA,
  CHUNK_DATA_CR,
  CHUNK_DATA_LF,
  CHUNK_EXT_NAME,
  CHUNK_EXT_NAME_FIRST,
  CHUNK_EXT_QUOTED,
  CHUNK_EXT_QUOTED_END,
  CHUNK_EXT_QUOTED_PAIR,
  CHUNK_EXT_VALUE,
  CHUNK_EXT_VALUE_FIRST,
  CHUNK_LAST,
  CHUNK_SIZE,
  CHUNK_SIZE_FIRST,
  CHUNK_SIZE_LF,
  CHUNK_SIZE_OWS,
} from './states.js';

/** The largest size that another hexadecimal digit cannot carry beyond the safe integers: theirs is 2^53 - 1. */
const MAX_SIZE_BEFORE_DIGIT = Math.floor(Number.MAX_SAFE_INTEGER / 16);

/** Who takes content as it is decoded. */
export interface ContentSink {
  /** A piece of the content: so much of the bytes that were given, never none. */
  onBody(bytes: Buffer, from: number, to: number): void;
}

/**
 * Takes the chunked coding off. Bytes in, slices of content out, up to the last chunk's line; the trailer section
 * behind it is the message parser's. No quoted string, sign, space or overflow is let through: whatever another
 * recipient could read as another size (CVE-2022-32214 and its kin).
 */
export class ChunkedDecoder {
  private readonly insecure: boolean;
  private state = CHUNK_SIZE_FIRST;
  private size = 0;
  /** Bytes of this chunk's extensions, and of zeros before its size. */
  private extensionBytes = 0;
  /** Why decoding stopped, if it did. */
  error: PeerError | null = null;

  constructor(insecure: boolean) {
    this.insecure = insecure;
  }

  /** Ready for another message. */
  reset(): void {
    this.state = CHUNK_SIZE_FIRST;
    this.size = 0;
    this.extensionBytes = 0;
    this.error = null;
  }

  /** Was the last chunk's line read? */
  get isDone(): boolean {
    return this.state === CHUNK_LAST;
  }

  /**
   * Decodes `bytes` from `from` to `to`, and gives every piece of content to the sink. Returns where it
   * stopped: at `to`, behind the last chunk's line, or at the byte that is wrong, with `error` set.
   */
  decode(bytes: Buffer, from: number, to: number, sink: ContentSink): number {
    let at = from;
    while (at < to) {
      const byte = bytes[at];
      switch (this.state) {
        case CHUNK_SIZE_FIRST: {
          const digit = HEX_VALUE[byte];
          if (digit > 15) return this.fail(invalidChunkSize(), at);
          this.size = digit;
          this.state = CHUNK_SIZE;
          at++;
          break;
        }
        case CHUNK_SIZE: {
          const digit = HEX_VALUE[byte];
          if (digit <= 15) {
            if (this.size > MAX_SIZE_BEFORE_DIGIT)
              return this.fail(invalidChunkSize('Chunk size overflow'), at);
            if (this.size === 0 && !this.countExtensionByte()) return this.overflow(at);
            this.size = this.size * 16 + digit;
            at++;
            break;
          }
          if (!this.sizeEnd(byte)) {
            const error =
              byte === LF ? expectedCR('Missing expected CR after chunk size') : invalidChunkSize();
            return this.fail(error, at);
          }
          at++;
          if (this.isDone) return at;
          break;
        }
        case CHUNK_SIZE_OWS:
          if (!this.countExtensionByte()) return this.overflow(at);
          if (!this.sizeEnd(byte)) return this.fail(invalidChunkSize(), at);
          at++;
          if (this.isDone) return at;
          break;
        case CHUNK_EXT_NAME_FIRST:
        case CHUNK_EXT_NAME:
        case CHUNK_EXT_VALUE_FIRST:
        case CHUNK_EXT_VALUE:
        case CHUNK_EXT_QUOTED:
        case CHUNK_EXT_QUOTED_PAIR:
        case CHUNK_EXT_QUOTED_END:
          if (!this.countExtensionByte()) return this.overflow(at);
          if (!this.extensionByte(byte)) return this.fail(this.extensionError(byte), at);
          at++;
          if (this.isDone) return at;
          break;
        case CHUNK_SIZE_LF:
          if (byte === LF) at++;
          else if (!this.insecure) return this.fail(strictViolation('Expected LF after chunk size'), at);
          this.endSizeLine();
          if (this.isDone) return at;
          break;
        case CHUNK_DATA: {
          const end = Math.min(to, at + this.size);
          this.size -= end - at;
          if (this.size === 0) this.state = CHUNK_DATA_CR;
          const start = at;
          at = end;
          sink.onBody(bytes, start, end);
          break;
        }
        case CHUNK_DATA_CR:
          this.state = CHUNK_DATA_LF;
          if (byte === CR) at++;
          else if (!this.insecure) {
            const error =
              byte === LF
                ? expectedCR('Missing expected CR after chunk data')
                : strictViolation('Expected LF after chunk data');
            return this.fail(error, at);
          }
          break;
        case CHUNK_DATA_LF:
          this.state = CHUNK_SIZE_FIRST;
          this.extensionBytes = 0;
          if (byte === LF) at++;
          else if (!this.insecure) return this.fail(strictViolation('Expected LF after chunk data'), at);
          break;
        default:
          return at;
      }
    }
    return at;
  }

  /** The byte behind a size, where it may stand there. */
  private sizeEnd(byte: number): boolean {
    if (byte === CR) this.state = CHUNK_SIZE_LF;
    else if (byte === SEMICOLON) this.state = CHUNK_EXT_NAME_FIRST;
    else if (!this.insecure) return false;
    else if (byte === LF) this.endSizeLine();
    else if (byte === SP || byte === HTAB) this.state = CHUNK_SIZE_OWS;
    else return false;
    return true;
  }

  private endSizeLine(): void {
    this.state = this.size === 0 ? CHUNK_LAST : CHUNK_DATA;
  }

  private countExtensionByte(): boolean {
    return ++this.extensionBytes <= MAX_CHUNK_EXTENSIONS_SIZE;
  }

  /** `*( ";" chunk-ext-name [ "=" ( token / quoted-string ) ] )` (section 7.1.1), one byte of it. */
  private extensionByte(byte: number): boolean {
    switch (this.state) {
      case CHUNK_EXT_NAME_FIRST:
      case CHUNK_EXT_VALUE_FIRST:
        if (TOKEN_BYTE[byte] === 1) {
          this.state = this.state === CHUNK_EXT_NAME_FIRST ? CHUNK_EXT_NAME : CHUNK_EXT_VALUE;
          return true;
        }
        if (byte !== DQUOTE || this.state === CHUNK_EXT_NAME_FIRST) return false;
        this.state = CHUNK_EXT_QUOTED;
        return true;
      case CHUNK_EXT_QUOTED:
        if (byte === DQUOTE) this.state = CHUNK_EXT_QUOTED_END;
        else if (byte === BACKSLASH) this.state = CHUNK_EXT_QUOTED_PAIR;
        else return FIELD_VALUE_BYTE[byte] === 1;
        return true;
      case CHUNK_EXT_QUOTED_PAIR:
        this.state = CHUNK_EXT_QUOTED;
        return FIELD_VALUE_BYTE[byte] === 1;
      default:
        if (byte === CR) this.state = CHUNK_SIZE_LF;
        else if (byte === LF && this.insecure) this.endSizeLine();
        else if (byte === SEMICOLON) this.state = CHUNK_EXT_NAME_FIRST;
        else if (byte === EQUALS && this.state === CHUNK_EXT_NAME) this.state = CHUNK_EXT_VALUE_FIRST;
        else return TOKEN_BYTE[byte] === 1 && this.state !== CHUNK_EXT_QUOTED_END;
        return true;
    }
  }

  private extensionError(byte: number): PeerError {
    if (byte === LF) return expectedCR('Missing expected CR after chunk extension');
    const part = this.state === CHUNK_EXT_NAME ? ' name' : '';
    return strictViolation(`Invalid character in chunk extensions${part}`);
  }

  private overflow(at: number): number {
    return this.fail(chunkExtensionsOverflow(), at);
  }

  private fail(error: PeerError, at: number): number {
    this.error = error;
    return at;
  }
}

/** The lines before the data of small chunks, made when they are first needed. */
const chunkHeads: string[] = new Array(4096).fill('');

/** The line before a chunk's data. */
export function chunkHead(length: number): string {
  if (length >= chunkHeads.length) return `${length.toString(16)}\r\n`;
  if (chunkHeads[length] === '') chunkHeads[length] = `${length.toString(16)}\r\n`;
  return chunkHeads[length];
}

/** What ends a chunk's data. */
export const CHUNK_END = '\r\n';

/** The last chunk without trailer section: content of unknown length ends here. */
export const LAST_CHUNK = '0\r\n\r\n';

/** What ends a chunk's data, and the last chunk without trailer section. */
const END_AND_LAST_CHUNK = CHUNK_END + LAST_CHUNK;

/** What ends a chunk's data, and the last chunk behind it. */
export function endAndLastChunk(trailerLines: string): string {
  return trailerLines === '' ? END_AND_LAST_CHUNK : CHUNK_END + lastChunk(trailerLines);
}

/** The last chunk with a trailer section of ready field lines, each with its line end. */
export function lastChunk(trailerLines: string): string {
  return trailerLines === '' ? LAST_CHUNK : `0\r\n${trailerLines}\r\n`;
}
