/**
 * The body of a request: as bytes, text, JSON or a form. Free functions on any request; `req.json()` and its kin call
 * them.
 *
 * Each reads the body once, up to a limit, and fails with an error that says its status: 413 beyond the limit, 415
 * for a Content-Type, charset or Content-Encoding that is not read, 400 for what is malformed, 400 with the code
 * ECONNRESET where the client went away.
 */
import { emptyBody, unsupportedCharset, unsupportedMediaType } from '../errors.js';
import { type BodyHead, type BodyMessage, bodyHeadOf, mediaTypeOf, refuseCodings } from './body-head.js';
import { type Decode, decodeOf, decodeUtf8 } from './charset.js';
import { type Form, parseForm } from './form.js';
import { type JsonParseOptions, parseJson } from './json.js';
import { MAX_FORM_PARAMETERS } from './limits.js';
import { compileTypes, type MediaType, type TypeMatcher, type TypePattern } from './media-type.js';
import {
  type BodyMaker,
  checkedLimit,
  type Hear,
  type Reader,
  type ReadingOptions,
  readWhole,
  readWholeFor,
} from './reading.js';

export { type BodyMessage, kContinue, mediaTypeOf } from './body-head.js';
export type { Form } from './form.js';
export type { TypePattern } from './media-type.js';
export type { Hear } from './reading.js';

export interface ReadOptions {
  /** Bytes, on the wire and inflated. Default 1 MiB. */
  limit?: number;
  /** Media types that are taken; others are refused with 415. `false` takes any, and none. */
  type?: TypePattern | false;
  /** Inflate what has a Content-Encoding. Default true; false refuses it with 415. */
  inflate?: boolean;
}

export interface TextOptions extends ReadOptions {
  /** The charset of a body that names none. Default 'utf-8'. */
  defaultCharset?: string;
}

export interface JsonOptions extends ReadOptions, JsonParseOptions {}

export interface FormOptions extends ReadOptions {
  /** Parameters that are taken; 413 beyond. Default 1000. */
  parameterLimit?: number;
}

/** What a reader is told by whoever called it, and what it found out from the head of the request. */
interface How extends ReadOptions, ReadingOptions {
  decode?: Decode;
  charset?: string;
}

export const JSON_TYPES = compileTypes(['application/json', 'application/*+json']);
export const FORM_TYPES = compileTypes('application/x-www-form-urlencoded');

const NO_OPTIONS = {};

/** The body as it is, of any type. */
export function readBytes(req: BodyMessage, options: ReadOptions = NO_OPTIONS, hear?: Hear): Promise<Buffer> {
  return readWhole(req, { ...options, hear }, AS_BYTES) as Promise<Buffer>;
}

/** The body as text in the charset of its Content-Type, of any type; UTF-8 where it names none. */
export function readText(req: BodyMessage, options: TextOptions = NO_OPTIONS, hear?: Hear): Promise<string> {
  return readWhole(req, { ...options, hear }, AS_TEXT) as Promise<string>;
}

/**
 * The body parsed as JSON. An empty one is 400. Keys that reach a prototype are refused, `__proto__` and
 * `constructor` with `prototype` in it.
 */
export function readJson(req: BodyMessage, options: JsonOptions = NO_OPTIONS, hear?: Hear): Promise<unknown> {
  return readWhole(
    req,
    {
      limit: options.limit,
      type: options.type,
      inflate: options.inflate,
      strict: options.strict,
      reviver: options.reviver,
      hear,
      decode: undefined,
      charset: undefined,
    },
    AS_JSON,
  );
}

/** The body parsed as a urlencoded form, whose names are flat: see Form. An empty one has no parameters. */
export function readForm(req: BodyMessage, options: FormOptions = NO_OPTIONS, hear?: Hear): Promise<Form> {
  return readWhole(req, { ...options, hear }, AS_FORM) as Promise<Form>;
}

/** How a body is read without options. */
function plainly(): How & JsonOptions {
  return {
    limit: undefined,
    type: undefined,
    inflate: undefined,
    strict: undefined,
    reviver: undefined,
    hear: undefined,
    decode: undefined,
    charset: undefined,
  };
}

/**
 * Reads the body as a form or else as JSON, by its type, for a reader who is told at once: see `readWholeFor`.
 * @returns false where it has to be read as a stream, and nothing was done
 * @throws as `readJson` rejects, before anything is read
 */
export function readValueFor(reader: Reader, req: BodyMessage): boolean {
  const head = bodyHeadOf(req);
  const maker = FORM_TYPES.matches(head.mediaType) ? AS_FORM : AS_JSON;
  return readWholeFor(reader, req, head, plainly(), maker);
}

/** The same as a promise, in whatever way it has to be read. */
export function readValue(req: BodyMessage): Promise<unknown> {
  return FORM_TYPES.matches(mediaTypeOf(req)) ? readForm(req) : readJson(req);
}

// Before anything is read.

function checkBytes(head: BodyHead, how: How): void {
  checkType(head, how, null);
  checkCoding(head, how);
}

function checkText(head: BodyHead, how: How & TextOptions): void {
  how.charset = checkType(head, how, null)?.parameters.get('charset') ?? how.defaultCharset;
  how.decode = decodeOf(how.charset);
  if (how.decode === undefined) throw unsupportedCharset('one that is known, such as utf-8');
  checkCoding(head, how);
}

function checkJson(head: BodyHead, how: How): void {
  const charset = checkType(head, how, JSON_TYPES)?.parameters.get('charset');
  if (charset !== undefined) {
    // Text among machines is UTF-8 (RFC 8259 section 8.1); other transformations of Unicode are decoded for those
    // who send them, as Express does.
    how.decode = /^utf-?(?:8|16(?:le|be)?)$/i.test(charset) ? decodeOf(charset) : undefined;
    if (how.decode === undefined) throw unsupportedCharset('utf-8');
    how.charset = charset;
  }
  checkCoding(head, how);
}

function checkForm(head: BodyHead, how: How): void {
  const charset = checkType(head, how, FORM_TYPES)?.parameters.get('charset');
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw unsupportedCharset('utf-8');
  checkCoding(head, how);
}

/** The type of the body. Throws 415 where it is not among those that are taken. */
function checkType(head: BodyHead, how: How, otherwise: TypeMatcher | null): MediaType | null {
  const type = head.mediaType;
  const taken = how.type === undefined ? otherwise : how.type === false ? null : compileTypes(how.type);
  if (taken === null || (type !== null && taken.matches(type))) return type;
  throw Object.assign(unsupportedMediaType(taken.accept), { headers: { Accept: taken.accept } });
}

function checkCoding(head: BodyHead, how: How): void {
  if (how.inflate === false) refuseCodings(head);
}

// When all of it is there.

function finishBytes(bytes: Buffer, _from: number, _to: number, how: How): Buffer {
  how.hear?.(bytes, 'utf-8');
  return bytes;
}

function finishText(bytes: Buffer, from: number, to: number, how: How): string {
  how.hear?.(bytes, how.charset ?? 'utf-8');
  return decoded(bytes, from, to, how);
}

function finishJson(bytes: Buffer, from: number, to: number, how: How & JsonOptions): unknown {
  if (from === to) throw emptyBody();
  how.hear?.(bytes, how.charset ?? 'utf-8');
  return parseJson(decoded(bytes, from, to, how), how);
}

function decoded(bytes: Buffer, from: number, to: number, { decode }: How): string {
  return decode === undefined ? decodeUtf8(bytes, from, to) : decode(bytes.subarray(from, to));
}

function finishForm(bytes: Buffer, from: number, to: number, how: How & FormOptions): Form {
  how.hear?.(bytes, 'utf-8');
  const limit = checkedLimit(how.parameterLimit, 'options.parameterLimit', MAX_FORM_PARAMETERS);
  return parseForm(decodeUtf8(bytes, from, to), limit);
}

const AS_BYTES: BodyMaker<How> = { check: checkBytes, finish: finishBytes, keepsBytes: true };
const AS_TEXT: BodyMaker<How & TextOptions> = { check: checkText, finish: finishText, keepsBytes: false };
const AS_JSON: BodyMaker<How & JsonOptions> = { check: checkJson, finish: finishJson, keepsBytes: false };
const AS_FORM: BodyMaker<How & FormOptions> = { check: checkForm, finish: finishForm, keepsBytes: false };
