/**
 * Middleware that compresses what is worth it, in a coding the client takes (RFC 9110 section 8.4): br, zstd where
 * Node has it, gzip.
 *
 * It stands in front of `write` and `end` of the response it is given, so that all that answers with them is
 * compressed: the framework, other middleware, plain handlers.
 */
import * as zlib from 'node:zlib';
import { invalidArgValue } from '../errors.js';
import { byteLengthOf, declaredLengthOf, dropForCoding } from './content-fields.js';
import { cutShort, fieldOf, isHead, type RequestLike, type ResponseLike } from './exchange.js';
import type { Next } from './files.js';
import { COMPRESSION_THRESHOLD } from './limits.js';
import { rankEncodings } from './negotiation.js';
import { appendVary } from './vary.js';

/** As in node:zlib's types, from Node 22 on. */
type ZstdOptions = typeof zlib extends { createZstdCompress(options?: infer Options): unknown }
  ? NonNullable<Options>
  : object;

export interface CompressionOptions {
  /** Content of a known length below this many bytes is sent as it is. Default 1024. */
  threshold?: number;
  /** The codings to offer, the best first: of 'br', 'zstd', 'gzip'. Default all that Node has. */
  encodings?: readonly string[];
  /** Is this response to be compressed? Default: by its Content-Type. Called when the head is made. */
  filter?(req: RequestLike, res: ResponseLike): boolean;
  /** Options of node:zlib for each coding. Default: quality 4 for br, node:zlib's own for the others. */
  br?: zlib.BrotliOptions;
  gzip?: zlib.ZlibOptions;
  zstd?: ZstdOptions;
}

type Compressor = zlib.Gzip | zlib.BrotliCompress;
type Callback = (error?: Error | null) => void;

interface WholeResponse extends ResponseLike {
  writeHead(statusCode: number, ...rest: unknown[]): unknown;
  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean;
  end(...args: unknown[]): unknown;
  once(event: string, listener: () => void): unknown;
  emit(event: string): boolean;
  flush?(): void;
}

/** Brotli's own 11 is for files that are compressed once; 4 is what servers use, nginx's module among them near it. */
const BROTLI_QUALITY = 4;

const MAKERS: Readonly<Record<string, (options: CompressionOptions) => Compressor>> = {
  br: ({ br }) =>
    zlib.createBrotliCompress({
      ...br,
      params: { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, ...br?.params },
    }),
  ...(typeof zlib.createZstdCompress === 'function'
    ? { zstd: ({ zstd }: CompressionOptions) => zlib.createZstdCompress(zstd) as unknown as Compressor }
    : {}),
  gzip: ({ gzip }) => zlib.createGzip(gzip),
};

/** Types that compress: texts, and what is text underneath. Images, sound, video and archives are compressed already. */
const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:json|javascript|ecmascript|xml|x-javascript|x-ndjson|wasm|manifest\+json|x-www-form-urlencoded|rtf|vnd\.ms-fontobject)|font\/(?:ttf|otf)|image\/(?:bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)|[^;]+\+(?:json|xml|text)(?:$|[;\s]))/i;

/** Is content of this type worth compressing? */
export function isCompressible(type: string): boolean {
  return COMPRESSIBLE.test(type);
}

/** May the content be another than that which is sent as it is? */
function mayTransform(res: ResponseLike): boolean {
  const { statusCode } = res;
  if (statusCode < 200 || statusCode === 204 || statusCode === 205) return false;
  if (res.hasHeader('Content-Encoding')) return false;
  return !/\bno-transform\b/i.test(String(res.getHeader('Cache-Control') ?? ''));
}

/** A part of the content is a part of it as it is (RFC 9110 section 14.4). */
function isPart(res: ResponseLike): boolean {
  return res.statusCode === 206 || res.hasHeader('Content-Range');
}

/** Its bytes are others than those a strong tag is of (RFC 9110 section 8.8.1). */
function weakenTag(res: ResponseLike): void {
  const etag = res.getHeader('ETag');
  if (typeof etag === 'string' && !etag.startsWith('W/')) res.setHeader('ETag', `W/${etag}`);
}

function isOfCompressibleType(_: RequestLike, res: ResponseLike): boolean {
  const type = res.getHeader('Content-Type');
  return type !== undefined && isCompressible(String(type));
}

/**
 * Compresses responses.
 * @throws ERR_INVALID_ARG_VALUE
 */
export function compression(
  options: CompressionOptions = {},
): (req: RequestLike, res: ResponseLike, next: Next) => unknown {
  const { threshold = COMPRESSION_THRESHOLD, encodings, filter = isOfCompressibleType } = options;
  if (!(threshold >= 0)) throw invalidArgValue('threshold', threshold, 'must not be negative');
  for (const coding of encodings ?? []) {
    if (!['br', 'zstd', 'gzip'].includes(coding)) {
      throw invalidArgValue('encodings', encodings, 'must be of br, zstd, gzip');
    }
  }
  const codings = (encodings ?? Object.keys(MAKERS)).filter((coding) => Object.hasOwn(MAKERS, coding));

  /**
   * The coding for a response whose head is to be made. Vary is set where there might have been another: also for a part,
   * and for 304, which are to have the fields of a 200 (RFC 9110 sections 15.3.7 and 15.4.5).
   */
  function choose(req: RequestLike, res: ResponseLike, length: number | undefined): string | undefined {
    if (!mayTransform(res)) return undefined;
    if (res.statusCode === 304) {
      // What it would have been compressed by, its type, is gone.
      appendVary(res, 'Accept-Encoding');
      if (fieldOf(req, 'if-none-match')?.includes(`W/${res.getHeader('ETag')}`)) weakenTag(res);
      return undefined;
    }
    if (!filter(req, res)) return undefined;
    appendVary(res, 'Accept-Encoding');
    if (isPart(res) || (length !== undefined && length < threshold)) return undefined;
    if (req.headers['accept-encoding'] === undefined) return undefined;
    const [best] = rankEncodings(req, codings);
    return best === 'identity' ? undefined : best;
  }

  return function compress(req, response, next) {
    const res = response as WholeResponse;
    install(res, (length) => {
      // To HEAD nothing is written: what is known of the length was told.
      const known = length === 0 && isHead(req) ? undefined : length;
      const coding = choose(req, res, known ?? declaredLengthOf(res));
      if (coding === undefined) return undefined;
      res.setHeader('Content-Encoding', coding);
      dropForCoding(res);
      weakenTag(res);
      return isHead(req) ? undefined : MAKERS[coding](options);
    });
    return next();
  };
}

/** Headers of `writeHead`, in any of its forms, set as if by `setHeader`. */
function setHeadersOf(res: ResponseLike, headers: unknown): void {
  if (!headers || typeof headers !== 'object') return;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value as string);
    return;
  }
  const flat: unknown[] = Array.isArray(headers[0]) ? headers.flat() : headers;
  const lines = new Map<string, [name: string, values: string[]]>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = String(flat[i]);
    const line = lines.get(name.toLowerCase()) ?? [name, []];
    line[1].push(...[flat[i + 1]].flat().map(String));
    lines.set(name.toLowerCase(), line);
  }
  for (const [name, values] of lines.values()) res.setHeader(name, values.length === 1 ? values[0] : values);
}

/**
 * Puts a compressor, once there is a head to decide by, between the response and whoever writes to it.
 * @param decide Called once, before the head is made, with the length where all of the content is known.
 */
function install(res: WholeResponse, decide: (length: number | undefined) => Compressor | undefined): void {
  const { writeHead, write, end } = res;
  let isDecided = false;
  let isEnded = false;
  let isFlushDue = false;
  let compressor: Compressor | undefined;

  function start(length: number | undefined): void {
    if (isDecided) return;
    isDecided = true;
    compressor = decide(length);
    if (compressor === undefined) return;
    const stream = compressor;
    stream.on('data', (chunk: Buffer) => {
      if (!write.call(res, chunk)) stream.pause();
    });
    stream.on('end', () => end.call(res));
    stream.on('error', () => cutShort(res, false));
    stream.on('drain', () => res.emit('drain'));
    res.on('drain', () => stream.resume());
    res.on('close', () => stream.destroy());
  }

  /** What was written in one turn leaves together, and is not held back until there is more. */
  function flushLater(): void {
    if (isFlushDue) return;
    isFlushDue = true;
    setImmediate(() => {
      isFlushDue = false;
      if (!isEnded && !compressor?.destroyed) compressor?.flush();
    });
  }

  function writeHeadToCompress(statusCode: number, reason?: unknown, headers?: unknown) {
    if (isDecided || res.headersSent) return writeHead.call(res, statusCode, reason, headers);
    res.statusCode = statusCode;
    setHeadersOf(res, typeof reason === 'string' ? headers : (headers ?? reason));
    start(undefined);
    return typeof reason === 'string'
      ? writeHead.call(res, statusCode, reason)
      : writeHead.call(res, statusCode);
  }

  function writeToCompress(chunk: string | Uint8Array, ...rest: unknown[]) {
    if (!isDecided) {
      start(undefined);
      if (compressor !== undefined) writeHead.call(res, res.statusCode);
    }
    if (compressor === undefined || isEnded) return write.call(res, chunk, ...rest);
    const accepted = compressor.write(chunk, ...(rest as [BufferEncoding, Callback]));
    flushLater();
    return accepted;
  }

  function endToCompress(...args: unknown[]) {
    const callback = args.find((argument) => typeof argument === 'function') as (() => void) | undefined;
    const [chunk, encoding] = args.filter((argument) => typeof argument !== 'function') as [
      string | Uint8Array | null | undefined,
      BufferEncoding | undefined,
    ];
    if (!isDecided) {
      start(chunk ? byteLengthOf(chunk, encoding) : 0);
      if (compressor !== undefined) writeHead.call(res, res.statusCode);
    }
    if (compressor === undefined) return end.call(res, ...args);
    if (isEnded) return res;
    isEnded = true;
    if (callback) res.once('finish', callback);
    if (chunk) compressor.end(chunk, encoding as BufferEncoding);
    else compressor.end();
    return res;
  }

  // Not assigned as literals, which would outlive the response (CONTRIBUTING.md, "Code").
  const flush = (): void => compressor?.flush();
  res.writeHead = writeHeadToCompress;
  res.write = writeToCompress;
  res.end = endToCompress;
  res.flush = flush;
}
