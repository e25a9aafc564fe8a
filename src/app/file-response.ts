/**
 * An open file, into a response: fields, conditions, ranges, content.
 *
 * Whatever is told of a file is told of what is open, not of a name that may be another file the next moment, and the
 * content is held to the length that was told.
 */
import { Buffer } from 'node:buffer';
import { constants, type Stats } from 'node:fs';
import {
  fileChanged,
  fileForbidden,
  fileNotFound,
  preconditionFailed,
  rangeNotSatisfiable,
} from '../errors.js';
import { dropContentFields, setLength } from './content-fields.js';
import { contentTypeOfFile, setDefaultType } from './content-type.js';
import { fieldOf, isHead, type RequestLike, type ResponseLike } from './exchange.js';
import { type FileDescriptor, openDescriptor } from './file-descriptor.js';
import { FILE_PIECE, MAX_MAX_AGE } from './limits.js';
import { pour, type Source } from './pour.js';
import { evaluate, isRangeWanted, type Validators } from './preconditions.js';
import { partOf } from './ranges.js';
import { sendNothing } from './respond.js';

/** How a file is sent; the names are those of `send` and `serve-static`. */
export interface FileOptions {
  /** Tell that parts may be asked for, and heed Range. Default true. */
  acceptRanges?: boolean;
  /** Set Cache-Control, where it is not set yet. Default true. */
  cacheControl?: boolean;
  /** Set an entity-tag, where none is set yet. Default true. */
  etag?: boolean;
  /** Say that the file never changes under its name. Default false. */
  immutable?: boolean;
  /** Set Last-Modified, where it is not set yet. Default true. */
  lastModified?: boolean;
  /** How long it may be kept without asking: milliseconds, or '30s', '10m', '6h', '7d', '1y'. Default 0. */
  maxAge?: number | string;
  /** Fields for the response, set before all others. */
  headers?: Readonly<Record<string, string | number | readonly string[]>>;
  /** Called before the head is made, to set fields of one's own. */
  setHeaders?(res: ResponseLike, path: string, stats: Stats): void;
}

/** A file that is open. */
export interface OpenFile {
  descriptor: FileDescriptor;
  stats: Stats;
  path: string;
  /** Its content coding, where it is a precompressed variant. */
  coding?: string;
}

/** Without waiting for a writer, where the name is that of a pipe. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** That the name leads nowhere. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO']);

/**
 * Opens a regular file or a directory.
 * @throws ERR_FILE_NOT_FOUND (404) for what is neither, ERR_FILE_FORBIDDEN (403), the error of the system
 */
export async function openFile(path: string): Promise<OpenFile> {
  let descriptor: FileDescriptor;
  try {
    descriptor = await openDescriptor(path, READ);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ABSENT.has(code)) throw fileNotFound();
    if (code === 'EACCES' || code === 'EPERM') throw fileForbidden();
    throw error;
  }
  try {
    const stats = await descriptor.stat();
    if (stats.isFile() || stats.isDirectory()) return { descriptor, stats, path };
    throw fileNotFound();
  } catch (error) {
    descriptor.close();
    throw error;
  }
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_557_600 };

/** Seconds of a maxAge; NaN where it cannot be read. */
export function secondsOfAge(maxAge: number | string): number {
  const match = typeof maxAge === 'string' ? /^(\d+(?:\.\d+)?) ?([smhdwy])?$/.exec(maxAge) : undefined;
  let seconds: number;
  if (match === undefined) seconds = Number(maxAge) / 1000;
  else if (match === null) return Number.NaN;
  else seconds = match[2] === undefined ? Number(match[1]) / 1000 : Number(match[1]) * UNITS[match[2]];
  return Math.floor(Math.min(Math.max(seconds, 0), MAX_MAX_AGE));
}

function fileEtag({ stats, coding }: OpenFile): string {
  const tag = `${stats.size.toString(16)}-${Math.floor(stats.mtimeMs).toString(16)}`;
  // Weak: two changes may fall into one tick of a file system's clock.
  return `W/"${tag}${coding === undefined ? '' : `-${coding}`}"`;
}

function setFields(res: ResponseLike, file: OpenFile, name: string, options: FileOptions): Validators {
  const { headers, immutable, maxAge = 0 } = options;
  if (headers) for (const field of Object.keys(headers)) res.setHeader(field, headers[field]);
  options.setHeaders?.(res, file.path, file.stats);
  if (options.acceptRanges !== false) res.setHeader('Accept-Ranges', 'bytes');
  if (options.cacheControl !== false && !res.hasHeader('Cache-Control')) {
    const age = `public, max-age=${secondsOfAge(maxAge)}`;
    res.setHeader('Cache-Control', immutable ? `${age}, immutable` : age);
  }
  if (options.lastModified !== false && !res.hasHeader('Last-Modified')) {
    res.setHeader('Last-Modified', file.stats.mtime.toUTCString());
  }
  if (options.etag !== false && !res.hasHeader('ETag')) res.setHeader('ETag', fileEtag(file));
  if (file.coding !== undefined) res.setHeader('Content-Encoding', file.coding);
  setDefaultType(res, contentTypeOfFile(name));
  const [etag, lastModified] = [res.getHeader('ETag'), res.getHeader('Last-Modified')];
  return {
    etag: etag === undefined ? undefined : String(etag),
    lastModified: lastModified === undefined ? undefined : new Date(String(lastModified)),
  };
}

const FIELDS = ['Accept-Ranges', 'Cache-Control', 'Content-Disposition', 'ETag', 'Last-Modified'];

/** Removes what was set for a file, in whose place there is an error: it must not be cached for a year. */
function unsetFields(res: ResponseLike, before: ReadonlySet<string>): void {
  for (const name of FIELDS) if (!before.has(name) && res.hasHeader(name)) res.removeHeader(name);
  dropContentFields(res);
}

/** Reads a part of a file, piece by piece. */
function sourceOfFile(descriptor: FileDescriptor, start: number, length: number): Source {
  let position = start;
  const end = start + length;
  return {
    async next() {
      if (position >= end) return { done: true, value: undefined };
      // A new buffer each time: the last one may not have left yet.
      const buffer = Buffer.allocUnsafeSlow(Math.min(FILE_PIECE, end - position));
      const count = await descriptor.read(buffer, 0, position);
      position += count;
      // The file has become shorter: `pour` compares what was sent with what was told.
      if (count === 0) return { done: true, value: undefined };
      return { done: false, value: buffer.subarray(0, count) };
    },
    stop() {},
  };
}

async function readWhole(file: OpenFile, start: number, length: number): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.descriptor.read(content, filled, start + filled);
    if (count === 0) throw fileChanged(file.path);
    filled += count;
  }
  return content;
}

/**
 * Answers with a file, or with 304, 206; and closes it.
 * @param name What the type is told by, where it is not the path: that of a precompressed variant's original.
 * @throws ERR_PRECONDITION_FAILED (412), ERR_RANGE_NOT_SATISFIABLE (416), and what reading throws. If the head was out
 *   by then, the response was cut short.
 */
export async function respondWithFile(
  req: RequestLike,
  res: ResponseLike,
  file: OpenFile,
  name: string,
  options: FileOptions,
): Promise<void> {
  const before = new Set(FIELDS.filter((field) => res.hasHeader(field)));
  try {
    await answer(req, res, file, name, options);
  } catch (error) {
    if (!res.headersSent) unsetFields(res, before);
    throw error;
  } finally {
    file.descriptor.close();
  }
}

async function answer(
  req: RequestLike,
  res: ResponseLike,
  file: OpenFile,
  name: string,
  options: FileOptions,
): Promise<void> {
  const { size } = file.stats;
  const validators = setFields(res, file, name, options);
  if (res.statusCode === 200) {
    const verdict = evaluate(req, validators);
    if (verdict === 412) throw preconditionFailed();
    if (verdict === 304) {
      res.statusCode = 304;
      sendNothing(res);
      return;
    }
  }
  // Range is for GET alone (RFC 9110 section 14.2), and a status of the application's own is not to be changed.
  const range =
    req.method === 'GET' && res.statusCode === 200 && options.acceptRanges !== false
      ? fieldOf(req, 'range')
      : undefined;
  const part = range !== undefined && isRangeWanted(req, validators) ? partOf(range, size) : undefined;
  if (part === null) {
    throw Object.assign(rangeNotSatisfiable(String(range).slice(0, 100), size), {
      headers: { 'Content-Range': `bytes */${size}` },
    });
  }
  const { start, length } = part ?? { start: 0, length: size };
  // Read before anything is told of it, as far as it goes in one piece.
  const content = length <= FILE_PIECE && !isHead(req) ? await readWhole(file, start, length) : undefined;
  if (part !== undefined) {
    res.statusCode = 206;
    res.setHeader('Content-Range', `bytes ${start}-${start + length - 1}/${size}`);
  }
  setLength(res, length);
  if (isHead(req)) res.end();
  else if (content !== undefined) res.end(content);
  else await pour(res, sourceOfFile(file.descriptor, start, length), length);
}
