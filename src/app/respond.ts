/**
 * One function from a value to a response.
 *
 * | Value | Content-Type where none is set | Content |
 * | --- | --- | --- |
 * | string | text/html; charset=utf-8 | as UTF-8 |
 * | Buffer, typed array, ArrayBuffer | application/octet-stream | as it is |
 * | Node stream, web stream, async iterable | application/octet-stream | as it comes |
 * | Blob | its own, or application/octet-stream | with its length |
 * | fetch Response | its own | status, fields and content are its own |
 * | any other object, number, boolean, null | application/json; charset=utf-8 | as JSON |
 * | Error | | thrown |
 * | undefined, the response itself | | nothing is sent |
 */
import { invalidArgType, invalidArgValue, preconditionFailed } from '../errors.js';
import { OutgoingMessage } from '../http/outgoing-message.js';
import { kStore } from '../http/symbols.js';
import {
  byteLengthOf,
  declaredLengthOf,
  dropContentFields,
  fieldsLeftOut,
  setLength,
} from './content-fields.js';
import { BYTES, HTML, JSON_TYPE, setDefaultType, setTextType } from './content-type.js';
import { isHead, type RequestLike, type ResponseLike } from './exchange.js';
import {
  type Pipeable,
  pour,
  type Source,
  sourceOfIterable,
  sourceOfStream,
  sourceOfWebStream,
} from './pour.js';
import { etagOf, evaluate, isSafe, validatorsOf } from './preconditions.js';

/** How content that is at hand as a whole gets an entity-tag: a weak one, a strong one, one of your own, none. */
export type EtagOption = 'weak' | 'strong' | false | ((content: string | Uint8Array) => string | undefined);

/** The option as it is given: true is 'weak', as in Express. @throws ERR_INVALID_ARG_VALUE */
export function etagOptionOf(given: EtagOption | true | undefined): EtagOption {
  if (given === true) return 'weak';
  if (given === undefined) return false;
  if (typeof given === 'function' || given === false || given === 'weak' || given === 'strong') return given;
  throw invalidArgValue('options.etag', given, "must be 'weak', 'strong', a boolean or a function");
}

export interface RespondOptions {
  /** Default false: a tag costs a hash of each response. Those that have one already keep it. */
  etag?: EtagOption;
}

const NO_OPTIONS: RespondOptions = {};

function nop(): void {}

/**
 * Answers with a value. What is at hand is sent at once, and undefined returned; for what comes bit by bit the promise
 * is of its last byte being written.
 * @returns undefined also where there is nothing to send, or something was sent already
 * @throws (or rejects with) what hinders it before the head is out: ERR_INVALID_ARG_TYPE for what cannot be sent,
 *   ERR_PRECONDITION_FAILED (412), the error of a source, the value where it is an Error
 */
export function respond(
  req: RequestLike,
  res: ResponseLike,
  value: unknown,
  options: RespondOptions = NO_OPTIONS,
): Promise<void> | undefined {
  if (value === undefined || value === res || res.headersSent) return undefined;
  switch (typeof value) {
    case 'string':
      sendText(req, res, value, options);
      return undefined;
    case 'number':
    case 'boolean':
      sendJson(req, res, value, options);
      return undefined;
    case 'object':
      return respondWithObject(req, res, value, options);
    default:
      throw invalidArgType('value', 'something that can be sent', value);
  }
}

function respondWithObject(
  req: RequestLike,
  res: ResponseLike,
  value: object | null,
  options: RespondOptions,
): Promise<void> | undefined {
  if (value === null) {
    sendJson(req, res, value, options);
    return undefined;
  }
  // Told by tag, not by class: those of other packages count as well, and fetch is not loaded to find out.
  switch ((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]) {
    case 'Response':
      return sendFetchResponse(req, res, value as Response);
    case 'Blob':
    case 'File':
      return sendBlob(req, res, value as Blob);
    case 'ReadableStream':
      return sendSource(req, res, sourceOfWebStream(value as ReadableStream));
  }
  if (typeof (value as { pipe?: unknown }).pipe === 'function') {
    const source = sourceOfStream(value as Pipeable);
    // An echo: to destroy the request would end the connection that its answer goes over.
    return sendSource(req, res, (value as unknown) === req ? { next: source.next, stop: nop } : source);
  }
  if (typeof (value as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function') {
    return sendSource(req, res, sourceOfIterable(value as AsyncIterable<unknown>));
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    sendBytes(req, res, value, options);
    return undefined;
  }
  // As JSON it would show whatever properties it has, and say 200.
  if (value instanceof Error) throw value;
  sendJson(req, res, value, options);
  return undefined;
}

/** Is no field set on it yet? Then none need be looked for. Of a response that is not barewire's, nobody knows. */
function hasNoFields(res: ResponseLike): boolean {
  return (res as { [kStore]?: unknown })[kStore] === null;
}

/** Sends a text; as HTML where no type is set. */
export function sendText(
  req: RequestLike,
  res: ResponseLike,
  text: string,
  options: RespondOptions = NO_OPTIONS,
): void {
  const isFresh = hasNoFields(res);
  if (isFresh) res.setHeader('Content-Type', HTML);
  else setTextType(res, HTML);
  sendWhole(req, res, text, options, isFresh);
}

/** Sends a value as JSON. @throws TypeError for what JSON cannot say: a BigInt, a cycle */
export function sendJson(
  req: RequestLike,
  res: ResponseLike,
  value: unknown,
  options: RespondOptions = NO_OPTIONS,
): void {
  // First, for what it throws: the answer to that has other fields.
  const text = JSON.stringify(value) ?? '';
  const isFresh = hasNoFields(res);
  if (isFresh) res.setHeader('Content-Type', JSON_TYPE);
  else setDefaultType(res, JSON_TYPE);
  sendWhole(req, res, text, options, isFresh);
}

/** Sends bytes. */
export function sendBytes(
  req: RequestLike,
  res: ResponseLike,
  bytes: ArrayBufferView | ArrayBuffer,
  options: RespondOptions = NO_OPTIONS,
): void {
  setDefaultType(res, BYTES);
  const content =
    bytes instanceof Uint8Array
      ? bytes
      : ArrayBuffer.isView(bytes)
        ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        : new Uint8Array(bytes);
  sendWhole(req, res, content, options);
}

/** 204, 304 and 205: the last may have content by its framing, and has none by its meaning (RFC 9110 15.3.6). */
function isWithoutContent(statusCode: number): boolean {
  return statusCode === 204 || statusCode === 304 || statusCode === 205;
}

/** Ends a response without content. */
export function sendNothing(res: ResponseLike): void {
  dropContentFields(res);
  if (res.statusCode === 205) setLength(res, 0);
  res.end();
}

/**
 * Evaluates the conditions of a GET or HEAD on the validators that the response has. Those of other methods stand
 * before what they do, and are for the handler (`evaluate`).
 * @returns true where the client has it already: the status is 304 then
 * @throws ERR_PRECONDITION_FAILED (412)
 */
function isNotModified(req: RequestLike, res: ResponseLike): boolean {
  const { statusCode } = res;
  if (statusCode < 200 || statusCode > 299 || !isSafe(req.method)) return false;
  const validators = validatorsOf(res);
  if (validators === undefined) return false;
  const verdict = evaluate(req, validators);
  if (verdict === 412) throw preconditionFailed();
  if (verdict === 304) res.statusCode = 304;
  return verdict === 304;
}

/**
 * Is the content of this response that of its resource, which a client may ask for again? Only then is a tag of it the
 * resource's (RFC 9110 section 8.8.3); what a POST or a 404 says is not.
 */
function hasTag({ method }: RequestLike, { statusCode }: ResponseLike): boolean {
  return (method === 'GET' || method === 'HEAD') && statusCode >= 200 && statusCode <= 299;
}

/**
 * Sends content that is at hand as a whole: head and content in one write.
 * @param isFresh Is nothing set on the response but its type?
 */
function sendWhole(
  req: RequestLike,
  res: ResponseLike,
  content: string | Uint8Array,
  { etag }: RespondOptions,
  isFresh = false,
): void {
  if (isWithoutContent(res.statusCode)) {
    sendNothing(res);
    return;
  }
  const isPlain = (res.end as unknown) === OutgoingMessage.prototype.end;
  if (isFresh && isPlain && !etag && !isHead(req)) {
    res.end(content);
    return;
  }
  if (etag && hasTag(req, res) && !res.hasHeader('etag')) {
    const tag = typeof etag === 'function' ? etag(content) : etagOf(content, etag === 'weak');
    if (tag) res.setHeader('ETag', tag);
  }
  if (isNotModified(req, res)) {
    sendNothing(res);
  } else if (isHead(req)) {
    setLength(res, byteLengthOf(content));
    res.end();
  } else {
    // A response with head and content in one hand tells the length itself. Over HTTP/2 it does not; one whose end()
    // somebody has replaced, as sessions and compression do, may have its head sent first; and a length that was set
    // before may be that of something else.
    if (!isPlain || req.httpVersionMajor > 1 || declaredLengthOf(res) !== undefined)
      setLength(res, byteLengthOf(content));
    res.end(content);
  }
}

/**
 * Sends content that comes bit by bit, as bytes where no type is set. Also stops the source where it is not wanted.
 * @throws as `respond`
 */
export function sendSource(req: RequestLike, res: ResponseLike, source: Source): Promise<void> | undefined {
  try {
    if (isWithoutContent(res.statusCode) || isNotModified(req, res)) {
      source.stop();
      sendNothing(res);
      return undefined;
    }
    setDefaultType(res, BYTES);
    if (isHead(req)) {
      source.stop();
      res.end();
      return undefined;
    }
  } catch (error) {
    source.stop();
    throw error;
  }
  return pour(res, source, declaredLengthOf(res));
}

function sendBlob(req: RequestLike, res: ResponseLike, blob: Blob): Promise<void> | undefined {
  if (blob.type !== '') setDefaultType(res, blob.type);
  setLength(res, blob.size);
  return sendSource(req, res, sourceOfWebStream(blob.stream() as ReadableStream));
}

/**
 * Sends a fetch Response: its status, its fields over those that are set, and its content. Cookies are added to those
 * that are set.
 */
function sendFetchResponse(
  req: RequestLike,
  res: ResponseLike,
  response: Response,
): Promise<void> | undefined {
  // The status of Response.error() is none.
  if (response.status < 200) throw invalidArgValue('value', response.status, 'is no status of a response');
  // Before anything is set, for what it throws where the content was read already.
  const source = response.body === null ? undefined : sourceOfWebStream(response.body as ReadableStream);
  res.statusCode = response.status;
  if (response.statusText !== '' && req.httpVersionMajor < 2) {
    (res as ResponseLike & { statusMessage: string }).statusMessage = response.statusText;
  }
  const leftOut = fieldsLeftOut(response, isHead(req));
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie' && !leftOut.has(name)) res.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) {
    const present = res.getHeader('set-cookie') ?? [];
    res.setHeader('Set-Cookie', [...(Array.isArray(present) ? present : [String(present)]), ...cookies]);
  }
  if (source !== undefined) return sendSource(req, res, source);
  res.end();
  return undefined;
}
