/**
 * multipart/form-data (RFC 7578), part by part as it comes. What is a boundary and where a part ends is found by the
 * Dicer of @fastify/busboy; what a part is, and how much of it is taken, is decided here.
 */
import { Buffer } from 'node:buffer';
import { Dicer } from '@fastify/busboy';
import {
  bodyAborted,
  bodyTooLarge,
  malformedMultipart,
  multipartLimit,
  unsupportedCharset,
  unsupportedMediaType,
} from '../errors.js';
import { type BodyHead, type BodyMessage, bodyHeadOf, refuseCodings } from './body-head.js';
import { decodeOf } from './charset.js';
import {
  MAX_BODY_SIZE,
  MAX_BOUNDARY_LENGTH,
  MAX_FIELD_SIZE,
  MAX_FIELDS,
  MAX_FIELDS_SIZE,
  MAX_FILE_SIZE,
  MAX_FILES,
  MAX_MULTIPART_SIZE,
  MAX_PART_HEADERS,
  MAX_PART_HEADERS_SIZE,
  MAX_PARTS,
} from './limits.js';
import { FileStream } from './multipart-file-stream.js';
import {
  countHeaders,
  isHeaderTooLarge,
  type PartHead,
  type PartHeader,
  readPartHead,
} from './multipart-part-head.js';
import { abortOf, checkedLimit, claimBody, closeAfterRefusal, isRefusal } from './reading.js';

/** What is taken of a multipart body; beyond any of these it is refused with 413. */
export interface MultipartLimits {
  /** Bytes of the whole body. Default 32 MiB. */
  total: number;
  /** Fields and files together. Default 1000. */
  parts: number;
  /** Default 1000. */
  fields: number;
  /** Default 20. */
  files: number;
  /** Bytes of the value of one field. Default 1 MiB. */
  fieldSize: number;
  /** Bytes of the values of all fields. Default 1 MiB. */
  fieldsSize: number;
  /** Bytes of one file. Default 10 MiB. */
  fileSize: number;
  /** Field lines of the header section of one part. Default 32. */
  headerPairs: number;
}

export interface MultipartOptions {
  limits?: Partial<MultipartLimits>;
}

export interface FieldPart {
  kind: 'field';
  name: string;
  value: string;
}

export interface FilePart {
  kind: 'file';
  /** The name of the form's field. */
  name: string;
  /** What the client calls the file: to show, never to open. Empty where it calls it nothing. */
  filename: string;
  /** What the client takes it for. */
  type: string;
  /** The content. Fails where it is cut off or beyond a limit; what is not read of it is skipped. */
  stream: FileStream;
}

export type Part = FieldPart | FilePart;

const DEFAULTS: MultipartLimits = {
  total: MAX_MULTIPART_SIZE,
  parts: MAX_PARTS,
  fields: MAX_FIELDS,
  files: MAX_FILES,
  fieldSize: MAX_FIELD_SIZE,
  fieldsSize: MAX_FIELDS_SIZE,
  fileSize: MAX_FILE_SIZE,
  headerPairs: MAX_PART_HEADERS,
};

/** `bchars` (RFC 2046 section 5.1.1). */
const BOUNDARY = /^[\w'()+,\-./:=? ]*[\w'()+,\-./:=?]$/;

/**
 * The parts of the body in their order. Asking for the next one skips what was not read of a file; ending early
 * drops the rest of the body.
 */
export async function* multipart(
  req: BodyMessage,
  options: MultipartOptions = {},
): AsyncGenerator<Part, void, undefined> {
  const reader = open(req, options);
  try {
    for (let part = await reader.next(); part !== null; part = await reader.next()) yield part;
  } finally {
    reader.stop();
  }
}

function open(req: BodyMessage, options: MultipartOptions): MultipartReader {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof MultipartLimits)[]) {
    limits[name] = checkedLimit(options.limits?.[name], `options.limits.${name}`, DEFAULTS[name]);
  }
  const head = bodyHeadOf(req);
  const { length } = head;
  let boundary: string;
  try {
    boundary = boundaryOf(head);
    refuseCodings(head);
    if (length === 0) throw malformedMultipart('it is empty');
    if (length > limits.total) throw bodyTooLarge(limits.total);
  } catch (error) {
    if (isRefusal(error)) closeAfterRefusal(req, error, length >= 0 && length <= MAX_BODY_SIZE);
    throw error;
  }
  claimBody(req, length);
  return new MultipartReader(req, limits, boundary, length);
}

function boundaryOf({ mediaType: type }: BodyHead): string {
  const accept = 'multipart/form-data';
  if (type === null || type.essence !== accept) {
    throw Object.assign(unsupportedMediaType(accept), { headers: { Accept: accept } });
  }
  const boundary = type.parameters.get('boundary') ?? '';
  if (boundary.length > MAX_BOUNDARY_LENGTH || !BOUNDARY.test(boundary)) {
    throw malformedMultipart('Content-Type has no valid boundary');
  }
  return boundary;
}

/** A part whose turn will come; null while the value of a field is incomplete. */
interface Entry {
  part: Part | null;
}

class MultipartReader {
  private readonly req: BodyMessage;
  private readonly limits: MultipartLimits;
  /** May the rest of the body be read and dropped, because it cannot be long? */
  private readonly isShort: boolean;
  private readonly dicer: Dicer;
  private readonly queue: Entry[] = [];
  private current: FileStream | null = null;
  /** Files that have more than was asked of them. */
  private readonly full = new Set<FileStream>();
  private readonly open = new Set<FileStream>();
  private error: Error | null = null;
  private isFinished = false;
  private isStopped = false;
  /** The part before had its header section, or there was none. */
  private hasHead = true;
  private wake: (() => void) | null = null;
  private size = 0;
  private parts = 0;
  private fields = 0;
  private files = 0;
  private fieldsSize = 0;

  constructor(req: BodyMessage, limits: MultipartLimits, boundary: string, length: number) {
    this.req = req;
    this.limits = limits;
    this.isShort = length >= 0 && length <= MAX_BODY_SIZE;
    this.dicer = new Dicer({
      boundary,
      // Cut off by Dicer without a word: so that we notice, there is room for what is refused.
      maxHeaderPairs: limits.headerPairs + 1,
      maxHeaderSize: 2 * MAX_PART_HEADERS_SIZE,
      // The request is paused where a file has enough; Dicer never waits.
      partHwm: Number.MAX_SAFE_INTEGER,
    } as Dicer.Config);
    this.dicer.on('part', (part) => this.onPart(part));
    this.dicer.on('finish', () => this.onFinish());
    this.dicer.on('error', () => this.fail(malformedMultipart('it ends before its last boundary')));
    req.on('data', this.onData);
    req.on('end', this.onEnd);
    req.on('error', this.onRequestError);
    req.on('close', this.onClose);
    if (req.readableFlowing === false) req.resume();
  }

  /** The next part; null after the last one. */
  async next(): Promise<Part | null> {
    const { current } = this;
    if (current !== null) {
      this.current = null;
      await current.untilRead();
    }
    for (;;) {
      if (this.error !== null) throw this.error;
      const part = this.queue[0]?.part;
      if (part) {
        this.queue.shift();
        if (part.kind === 'file') this.current = part.stream;
        return part;
      }
      if (this.isFinished && this.queue.length === 0) return null;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** No more parts are wanted: what follows is dropped, up to the limit of the whole. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    for (const file of this.open) file.destroy();
    if (this.error === null) this.req.resume();
  }

  // Events of the request.

  private readonly onData = (chunk: Buffer): void => {
    this.size += chunk.length;
    if (this.size > this.limits.total) this.fail(bodyTooLarge(this.limits.total));
    // What stands behind the last boundary is no part (RFC 2046 section 5.1.1).
    else if (this.error === null && !this.isFinished && !this.isStopped) this.dicer.write(chunk);
  };

  private readonly onEnd = (): void => {
    if (this.error === null && !this.isFinished && !this.isStopped) this.dicer.end();
  };

  private readonly onRequestError = (error: Error): void => this.fail(abortOf(error));

  private readonly onClose = (): void => {
    if (!this.req.readableEnded) this.fail(bodyAborted());
  };

  // Parts.

  private onPart(part: Dicer.PartStream): void {
    // Dicer goes on to the end of its chunk.
    part.on('error', ignore);
    if (this.isOver || !this.checkHead()) return;
    this.hasHead = false;
    if (++this.parts > this.limits.parts) this.fail(this.beyond('parts'));
    part.on('header', (header: object) => {
      this.hasHead = true;
      if (!this.isOver) this.attempt(() => this.onHeader(part, header as PartHeader));
    });
  }

  private onHeader(part: Dicer.PartStream, header: PartHeader): void {
    if (countHeaders(header) > this.limits.headerPairs) throw this.beyond('headerPairs');
    if (isHeaderTooLarge(header)) throw multipartLimit('the headers of a part', MAX_PART_HEADERS_SIZE);
    const head = readPartHead(header);
    if (head.filename === undefined) this.addField(part, head);
    else this.addFile(part, head, head.filename);
  }

  private addField(part: Dicer.PartStream, { name, charset }: PartHead): void {
    const decode = decodeOf(charset);
    if (decode === undefined) throw unsupportedCharset('one that is known, such as utf-8');
    if (++this.fields > this.limits.fields) throw this.beyond('fields');
    const entry: Entry = { part: null };
    this.queue.push(entry);
    const chunks: Buffer[] = [];
    let size = 0;
    part.on('data', (chunk: Buffer) => {
      size += chunk.length;
      this.fieldsSize += chunk.length;
      if (this.isOver) return;
      if (size > this.limits.fieldSize) this.fail(this.beyond('fieldSize'));
      else if (this.fieldsSize > this.limits.fieldsSize) this.fail(this.beyond('fieldsSize'));
      else chunks.push(chunk);
    });
    part.on('end', () => {
      if (this.isOver) return;
      this.attempt(() => {
        entry.part = { kind: 'field', name, value: decode(Buffer.concat(chunks)) };
        this.notify();
      });
    });
  }

  private addFile(part: Dicer.PartStream, { name, type }: PartHead, filename: string): void {
    if (++this.files > this.limits.files) throw this.beyond('files');
    const stream = new FileStream(() => {
      if (this.full.delete(stream) && this.full.size === 0) this.req.resume();
    });
    this.open.add(stream);
    stream.once('close', () => this.open.delete(stream));
    let size = 0;
    part.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (this.isOver) return;
      if (size > this.limits.fileSize) this.fail(this.beyond('fileSize'));
      else if (!stream.destroyed && !stream.push(chunk)) {
        this.full.add(stream);
        this.req.pause();
      }
    });
    part.on('end', () => {
      if (!this.isOver && !stream.destroyed) stream.push(null);
    });
    this.queue.push({ part: { kind: 'file', name, filename, type, stream } });
    this.notify();
  }

  private onFinish(): void {
    if (this.isOver || !this.checkHead()) return;
    this.isFinished = true;
    this.notify();
  }

  /** A part that had no header section by its end is none. */
  private checkHead(): boolean {
    if (!this.hasHead) this.fail(malformedMultipart('a part has no header section'));
    return this.hasHead;
  }

  // The end.

  private get isOver(): boolean {
    return this.error !== null || this.isStopped;
  }

  private notify(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  private attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private beyond(name: keyof MultipartLimits): Error {
    return multipartLimit(name, this.limits[name]);
  }

  private fail(error: Error): void {
    if (this.error !== null || (this.isFinished && this.queue.length === 0 && this.open.size === 0)) {
      // All parts were had: what goes wrong behind them is nobody's concern, but is not read without end.
      if (this.size > this.limits.total) this.req.pause();
      return;
    }
    this.error = error;
    const { req } = this;
    if (isRefusal(error)) closeAfterRefusal(req, error, this.isShort);
    for (const file of this.open) file.destroy(error);
    this.full.clear();
    if (this.isShort) req.resume();
    else req.pause();
    this.notify();
  }
}

function ignore(): void {}
