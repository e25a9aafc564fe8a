/**
 * The body of a request: as bytes, text, JSON or a form. Free functions on any request; `req.json()` and its kin call
 * them.
 *
 * Each reads the body once, up to a limit, and fails with an error that says its status: 413 beyond the limit, 415
 * for a Content-Type, charset or Content-Encoding that is not read, 400 for what is malformed, 400 with the code
 * ECONNRESET where the client went away.
 */
import { emptyBody, unsupportedCharset, unsupportedMediaType } from '../errors.js';
import { type BodyMessage, fieldOfBody, refuseCodings } from './body-head.js';
import { type Decode, decodeOf, decodeUtf8 } from './charset.js';
import { type Form, parseForm } from './form.js';
import { type JsonParseOptions, parseJson } from './json.js';
import { MAX_FORM_PARAMETERS } from './limits.js';
import {
  compileTypes,
  type MediaType,
  parseMediaType,
  type TypeMatcher,
  type TypePattern,
} from './media-type.js';
import { type BodyReader, checkedLimit, type Hear, type ReadingOptions, readWhole } from './reading.js';

export { type BodyMessage, kContinue } from './body-head.js';
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

// Before anything is read.

function checkBytes(req: BodyMessage, how: How): void {
  checkType(req, how, null);
  checkCoding(req, how);
}

function checkText(req: BodyMessage, how: How & TextOptions): void {
  how.charset = checkType(req, how, null)?.parameters.get('charset') ?? how.defaultCharset;
  how.decode = decodeOf(how.charset);
  if (how.decode === undefined) throw unsupportedCharset('one that is known, such as utf-8');
  checkCoding(req, how);
}

function checkJson(req: BodyMessage, how: How): void {
  const charset = checkType(req, how, JSON_TYPES)?.parameters.get('charset');
  if (charset !== undefined) {
    // Text among machines is UTF-8 (RFC 8259 section 8.1); other transformations of Unicode are decoded for those
    // who send them, as Express does.
    how.decode = /^utf-?(?:8|16(?:le|be)?)$/i.test(charset) ? decodeOf(charset) : undefined;
    if (how.decode === undefined) throw unsupportedCharset('utf-8');
    how.charset = charset;
  }
  checkCoding(req, how);
}

function checkForm(req: BodyMessage, how: How): void {
  const charset = checkType(req, how, FORM_TYPES)?.parameters.get('charset');
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw unsupportedCharset('utf-8');
  checkCoding(req, how);
}

/** The type of the body. Throws 415 where it is not among those that are taken. */
function checkType(req: BodyMessage, how: How, otherwise: TypeMatcher | null): MediaType | null {
  const type = mediaTypeOf(req);
  const taken = how.type === undefined ? otherwise : how.type === false ? null : compileTypes(how.type);
  if (taken === null || (type !== null && taken.matches(type))) return type;
  throw Object.assign(unsupportedMediaType(taken.accept), { headers: { Accept: taken.accept } });
}

export function mediaTypeOf(req: BodyMessage): MediaType | null {
  return parseMediaType(fieldOfBody(req, 'content-type') as string | undefined);
}

function checkCoding(req: BodyMessage, how: How): void {
  if (how.inflate === false) refuseCodings(req);
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

const AS_BYTES: BodyReader<How> = { check: checkBytes, finish: finishBytes, keepsBytes: true };
const AS_TEXT: BodyReader<How & TextOptions> = { check: checkText, finish: finishText, keepsBytes: false };
const AS_JSON: BodyReader<How & JsonOptions> = { check: checkJson, finish: finishJson, keepsBytes: false };
const AS_FORM: BodyReader<How & FormOptions> = { check: checkForm, finish: finishForm, keepsBytes: false };
