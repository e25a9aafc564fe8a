/**
 * The habit of `req.body`: middleware that reads a body before the handlers, as Express's does. A request whose type
 * is another, that has no body, or whose body was read, is passed on untouched.
 */
import { Buffer } from 'node:buffer';
import { bodyNotVerified, invalidArgValue } from '../errors.js';
import {
  type BodyMessage,
  FORM_TYPES,
  type FormOptions,
  type Hear,
  JSON_TYPES,
  type JsonOptions,
  mediaTypeOf,
  type ReadOptions,
  readBytes,
  readForm,
  readJson,
  readText,
  type TextOptions,
} from './body.js';
import { announcedLength, announcesBody } from './body-head.js';
import { compileTypes, type TypeMatcher, type TypePattern } from './media-type.js';
import { checkedLimit, isBodyUsed, isRefusal } from './reading.js';

/** A request with the place for its body. */
export interface BodyHolder extends BodyMessage {
  body?: unknown;
}

/** `next()` is called when the body is there, `next(error)` when it cannot be. */
export type BodyMiddleware = (req: BodyHolder, res: unknown, next: (error?: unknown) => unknown) => unknown;

export interface MiddlewareOptions {
  /** Which requests are for this middleware: media types, or a function that says so. */
  type?: TypePattern | ((req: BodyHolder) => unknown);
  /** Hears the bytes first, to check a signature. What it throws is answered with 403, or with its own status. */
  verify?: (req: BodyHolder, res: unknown, bytes: Buffer, charset: string) => void;
}

type Options<Read extends ReadOptions> = Omit<Read, 'type'> & MiddlewareOptions;

/** JSON into `req.body`. Default: of application/json and all +json, objects and arrays only; `{}` for an empty body. */
export function json(options: Options<JsonOptions> = {}): BodyMiddleware {
  const how = { ...options, strict: options.strict ?? true };
  return middleware(how, JSON_TYPES, readJson, () => ({}));
}

/** Text into `req.body`. Default: of text/plain. */
export function text(options: Options<TextOptions> = {}): BodyMiddleware {
  return middleware(options, compileTypes('text/plain'), readText, () => '');
}

/** A Buffer into `req.body`. Default: of application/octet-stream. */
export function raw(options: Options<ReadOptions> = {}): BodyMiddleware {
  return middleware(options, compileTypes('application/octet-stream'), readBytes, () => Buffer.alloc(0));
}

/** A form into `req.body`, on an object without a prototype. Names are flat, as Express has it with `extended: false`. */
export function urlencoded(options: Options<FormOptions> & { extended?: false } = {}): BodyMiddleware {
  const { extended } = options as { extended?: unknown };
  if (extended) {
    throw invalidArgValue(
      'options.extended',
      extended,
      'must be false: names are flat, send nested values as JSON',
    );
  }
  return middleware(options, FORM_TYPES, readForm, () => Object.create(null));
}

function middleware<How extends ReadOptions>(
  options: Omit<How, 'type'> & MiddlewareOptions,
  defaultTypes: TypeMatcher,
  read: (req: BodyMessage, how: How, hear?: Hear) => Promise<unknown>,
  empty: () => unknown,
): BodyMiddleware {
  checkedLimit(options.limit);
  const { type, verify } = options;
  const isFor =
    typeof type === 'function' ? type : typeTest(type === undefined ? defaultTypes : compileTypes(type));
  // Which requests are read is decided here.
  const how = { ...options, type: false } as unknown as How;
  return (req, res, next) => {
    if (!announcesBody(req) || !isFor(req) || isBodyUsed(req)) return next();
    if (announcedLength(req) === 0) {
      req.body = empty();
      return next();
    }
    const hear =
      verify === undefined
        ? undefined
        : (bytes: Buffer, charset: string) => {
            try {
              verify(req, res, bytes, charset);
            } catch (error) {
              throw isRefusal(error) ? error : Object.assign(bodyNotVerified(), { cause: error });
            }
          };
    // Two functions of one then(): what the handlers behind next() throw is not this middleware's.
    return read(req, how, hear).then((body) => {
      req.body = body;
      return next();
    }, next);
  };
}

function typeTest(types: TypeMatcher): (req: BodyHolder) => boolean {
  return (req) => types.matches(mediaTypeOf(req));
}
