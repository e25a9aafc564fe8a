/** What the head of a request says of its body, as far as readers need it. Where the body ends is decided elsewhere. */
import type { Readable } from 'node:stream';
import { type RequestError, unsupportedCoding } from '../errors.js';
import { type Headers, headerOf, lowerCaseName } from '../http/incoming-headers.js';
import { kHeaders } from '../http/symbols.js';
import { listMembers } from '../wire/fields.js';
import { parseContentLength } from '../wire/framing.js';
import { CONTENT_CODINGS } from './content-coding.js';
import { MAX_CONTENT_CODINGS } from './limits.js';
import { type MediaType, parseMediaType } from './media-type.js';

/**
 * Set on a request whose client waits for 100 (Continue): sends it. Called once, before the first byte is read, and
 * removed.
 */
export const kContinue = Symbol('barewire.continue');

/** Lets the client go on that waits for it. */
export function sendContinue(req: BodyMessage): void {
  const send = req[kContinue];
  if (send === undefined) return;
  req[kContinue] = undefined;
  send.call(req);
}

/** A request whose body can be read: of barewire/http, node:http or http2's compatibility API. */
export interface BodyMessage extends Readable {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly httpVersionMajor?: number;
  readonly complete?: boolean;
  [kContinue]?: (() => void) | undefined;
}

/** The fields that say something of the body. */
export class BodyHead {
  readonly codings: string | undefined;
  /** The length that is announced: 0 for no body, -1 where it shows only at the end. */
  readonly length: number;
  private readonly type: string | undefined;
  private parsedType: MediaType | null | undefined = undefined;

  constructor(type: string | undefined, codings: string | undefined, length: number) {
    this.type = type;
    this.codings = codings;
    this.length = length;
  }

  /** Null where none is given, or none that can be read. */
  get mediaType(): MediaType | null {
    if (this.parsedType === undefined) this.parsedType = parseMediaType(this.type);
    return this.parsedType;
  }
}

/** A request of our own servers, until somebody asks for the object of its headers. */
interface WithLines {
  readonly rawHeaders: readonly string[];
  readonly [kHeaders]?: Headers | null;
}

/** A field name in the spelling of most clients, or in any other. */
function isNamed(name: string, usual: string, lowerCase: string): boolean {
  return name === usual || lowerCaseName(name) === lowerCase;
}

/** What the head says of the body: found in one pass over its lines, where the object of all headers is not made yet. */
export function bodyHeadOf(req: BodyMessage): BodyHead {
  const message = req as BodyMessage & WithLines;
  if (message[kHeaders] !== null) return bodyHeadByName(req);
  const lines = message.rawHeaders;
  let type: string | undefined;
  let codings: string | undefined;
  let length: string | undefined;
  let transferCodings: string | undefined;
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i];
    let present: string | undefined;
    switch (name.length) {
      case 12:
        if (!isNamed(name, 'Content-Type', 'content-type')) continue;
        present = type;
        type = lines[i + 1];
        break;
      case 14:
        if (!isNamed(name, 'Content-Length', 'content-length')) continue;
        present = length;
        length = lines[i + 1];
        break;
      case 16:
        if (!isNamed(name, 'Content-Encoding', 'content-encoding')) continue;
        present = codings;
        codings = lines[i + 1];
        break;
      case 17:
        if (!isNamed(name, 'Transfer-Encoding', 'transfer-encoding')) continue;
        present = transferCodings;
        transferCodings = lines[i + 1];
        break;
    }
    // The rules for several are those of the object.
    if (present !== undefined) return bodyHeadByName(req);
  }
  return new BodyHead(type, codings, lengthOf(req, transferCodings, length));
}

function bodyHeadByName(req: BodyMessage): BodyHead {
  return new BodyHead(
    fieldOfBody(req, 'content-type') as string | undefined,
    fieldOfBody(req, 'content-encoding') as string | undefined,
    announcedLength(req),
  );
}

/** A field that says something of the body. */
function fieldOfBody(req: BodyMessage, name: string): string | string[] | undefined {
  return headerOf(req as BodyMessage & { rawHeaders: string[]; headers: Headers }, name);
}

/** The type that the body is of; null where none is given, or none that can be read. */
export function mediaTypeOf(req: BodyMessage): MediaType | null {
  return parseMediaType(fieldOfBody(req, 'content-type') as string | undefined);
}

/** The length that is announced: 0 for no body, -1 where it shows only at the end. */
export function announcedLength(req: BodyMessage): number {
  return lengthOf(req, fieldOfBody(req, 'transfer-encoding'), fieldOfBody(req, 'content-length'));
}

function lengthOf(
  req: BodyMessage,
  transferCodings: string | string[] | undefined,
  length: string | string[] | undefined,
): number {
  if (transferCodings !== undefined) return -1;
  if (length !== undefined) return parseContentLength(length as string);
  return isStreamOpen(req) ? -1 : 0;
}

/** Is a body announced, be it an empty one? */
export function announcesBody(req: BodyMessage): boolean {
  return (
    fieldOfBody(req, 'content-length') !== undefined ||
    fieldOfBody(req, 'transfer-encoding') !== undefined ||
    isStreamOpen(req)
  );
}

/** HTTP/2 needs no field to have a body: the head says whether it is all (RFC 9113 section 8.1). */
function isStreamOpen(req: BodyMessage): boolean {
  if (req.httpVersionMajor === undefined || req.httpVersionMajor < 2) return false;
  const { stream } = req as { stream?: { endAfterHeaders?: boolean } };
  return stream !== undefined && stream.endAfterHeaders !== true;
}

const NONE: readonly string[] = [];
const ACCEPTED = CONTENT_CODINGS.join(', ');

/** The content codings of the body, in the order they were applied. Throws 415 for what is not read here. */
export function contentCodings({ codings: value }: BodyHead): readonly string[] {
  if (value === undefined) return NONE;
  const codings = listMembers(value.toLowerCase()).filter((coding) => coding !== 'identity');
  if (codings.length > MAX_CONTENT_CODINGS) throw refuseCoding(`at most ${MAX_CONTENT_CODINGS} codings`);
  for (const coding of codings) {
    const name = coding === 'x-gzip' ? 'gzip' : coding;
    if (!CONTENT_CODINGS.includes(name)) throw refuseCoding(`one of: ${ACCEPTED}`);
  }
  return codings;
}

function refuseCoding(reason: string): RequestError {
  const error = unsupportedCoding(reason);
  // "SHOULD include an Accept-Encoding header field" (RFC 9110 section 12.5.3).
  error.headers = { 'Accept-Encoding': ACCEPTED };
  return error;
}

/** Refuses any coding: for readers that were told not to inflate. */
export function refuseCodings(head: BodyHead): void {
  if (contentCodings(head).length === 0) return;
  const error = unsupportedCoding('left out');
  error.headers = { 'Accept-Encoding': 'identity' };
  throw error;
}
