/** What the head of a request says of its body, as far as readers need it. Where the body ends is decided elsewhere. */
import type { Readable } from 'node:stream';
import { type RequestError, unsupportedCoding } from '../errors.js';
import { type Headers, headerOf } from '../http/incoming-headers.js';
import { listMembers } from '../wire/fields.js';
import { parseContentLength } from '../wire/framing.js';
import { CONTENT_CODINGS } from './content-coding.js';
import { MAX_CONTENT_CODINGS } from './limits.js';

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

/** A field that says something of the body. */
export function fieldOfBody(req: BodyMessage, name: string): string | string[] | undefined {
  return headerOf(req as BodyMessage & { rawHeaders: string[]; headers: Headers }, name);
}

/** The length that is announced: 0 for no body, -1 where it shows only at the end. */
export function announcedLength(req: BodyMessage): number {
  if (fieldOfBody(req, 'transfer-encoding') !== undefined) return -1;
  const length = fieldOfBody(req, 'content-length');
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
export function contentCodings(req: BodyMessage): readonly string[] {
  const value = fieldOfBody(req, 'content-encoding');
  if (value === undefined) return NONE;
  const codings = listMembers((value as string).toLowerCase()).filter((coding) => coding !== 'identity');
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
export function refuseCodings(req: BodyMessage): void {
  if (contentCodings(req).length === 0) return;
  const error = unsupportedCoding('left out');
  error.headers = { 'Accept-Encoding': 'identity' };
  throw error;
}
