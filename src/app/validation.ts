/**
 * Validation by Standard Schema (https://standardschema.dev): whatever library has it. What a schema makes of the
 * request's part takes its place, typed; what it refuses is answered with 400 and its issues.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { invalidArgValue, validationFailed } from '../errors.js';
import { readValue, readValueFor } from './body.js';
import { type Handler, isThenable, type Next } from './chain.js';
import { Eventual } from './eventual.js';
import { mayReachNext } from './reaches-next.js';
import type { AppRequest, AppResponse, Params, Query } from './types.js';

/** Schemas of a route: each for one part of its requests. */
export interface RouteSchemas<
  Body extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
  QueryType extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
  ParamsType extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
  Headers extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
> {
  /** Of the content: JSON, or a form where Content-Type says so. Read under the limit of `req.json()`. */
  body?: Body;
  query?: QueryType;
  params?: ParamsType;
  /** Of the headers, under names in lower case. They are checked; `req.headers` stays as it is. */
  headers?: Headers;
}

/** What a schema makes of its input, or what there is without one. */
export type OutputOf<Schema, Otherwise> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : Otherwise;

/** An issue as a client is told of it. */
export interface ValidationIssue {
  /** The part of the request. */
  in: Part;
  /** The keys that lead to what is wrong. */
  path: (string | number)[];
  message: string;
}

type Part = 'params' | 'query' | 'headers' | 'body';

/** In the order in which they are checked: the content is read last, when the rest is right. */
const PARTS: readonly Part[] = ['params', 'query', 'headers', 'body'];

function isRouteSchemas(value: unknown): value is RouteSchemas {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The handlers, each behind the check of the schemas that stand before it.
 * @throws ERR_INVALID_ARG_VALUE for what are no schemas
 */
export function withSchemas(given: readonly unknown[]): unknown[] {
  const handlers = given.flat(Number.POSITIVE_INFINITY) as unknown[];
  for (let i = handlers.length - 1; i >= 0; i--) {
    const one = handlers[i];
    if (!isRouteSchemas(one)) continue;
    const behind = handlers[i + 1];
    const isHandler = typeof behind === 'function' && behind.length < 4;
    handlers.splice(i, isHandler ? 2 : 1, validating(one, isHandler ? (behind as Handler) : handOn));
  }
  return handlers;
}

const handOn: Handler = (_req, _res, next) => next();

interface Check {
  readonly part: Part;
  /** Asked for once: some libraries make it anew whenever it is looked at. */
  readonly standard: StandardSchemaV1.Props;
}

/**
 * A handler that reads and checks what the schemas are for, and calls another when all is right. It waits for nothing
 * but content and schemas that are asynchronous.
 */
function validating(schemas: RouteSchemas, handler: Handler): Handler {
  const unknown = Object.keys(schemas).find((key) => !PARTS.includes(key as Part));
  // A word that is misspelled would let everything pass.
  if (unknown !== undefined) {
    throw invalidArgValue('schemas', schemas, `must be for ${PARTS.join(', ')}, and not for "${unknown}"`);
  }
  const checks = PARTS.filter((part) => schemas[part] !== undefined).map((part) => checkOf(schemas, part));
  const validation: Validation = { checks, handler };
  const validate: Handler = (req, res, next) => checkFrom(validation, 0, req, res, next);
  // By its number of parameters a handler says how it is called: with `next`, or straight.
  return Object.defineProperty(validate, 'length', { value: mayReachNext(handler) ? 3 : 2 });
}

function checkOf(schemas: RouteSchemas, part: Part): Check {
  const schema = schemas[part] as StandardSchemaV1;
  const standard = schema?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    throw invalidArgValue(`schemas.${part}`, schema, 'must be a Standard Schema');
  }
  return { part, standard };
}

/** The checks of a route, and the handler behind them. */
interface Validation {
  readonly checks: readonly Check[];
  readonly handler: Handler;
}

/** Checks what is left, and calls the handler. */
function checkFrom(
  validation: Validation,
  index: number,
  req: AppRequest,
  res: AppResponse,
  next: Next,
): unknown {
  const { checks, handler } = validation;
  for (let i = index; i < checks.length; i++) {
    const one = checks[i];
    if (one.part === 'body' && req.body === undefined) {
      const eventual = new Eventual((read) => checkOn(validation, i, read, req, res, next));
      if (readValueFor(eventual, req)) return eventual;
      return readValue(req).then((read) => checkOn(validation, i, read, req, res, next));
    }
    const input = req[one.part];
    if (input instanceof Promise) {
      return input.then((read: unknown) => checkOn(validation, i, read, req, res, next));
    }
    const checked = check(req, one, input);
    if (checked !== undefined) return checked.then(() => checkFrom(validation, i + 1, req, res, next));
  }
  return handler(req, res, next);
}

/** The same from a part on that was waited for. */
function checkOn(
  validation: Validation,
  index: number,
  input: unknown,
  req: AppRequest,
  res: AppResponse,
  next: Next,
): unknown {
  const checked = check(req, validation.checks[index], input);
  if (checked === undefined) return checkFrom(validation, index + 1, req, res, next);
  return checked.then(() => checkFrom(validation, index + 1, req, res, next));
}

/** Checks one part. Returns a promise where the schema does. */
function check(req: AppRequest, { part, standard }: Check, input: unknown): Promise<void> | undefined {
  const result = standard.validate(input);
  // Any promise: taken for a result, one of another kind would let everything pass.
  if (isThenable(result)) return Promise.resolve(result).then((settled) => accept(req, part, settled));
  accept(req, part, result);
  return undefined;
}

function accept(req: AppRequest, part: Part, result: StandardSchemaV1.Result<unknown>): void {
  if (result.issues !== undefined) throw refusalOf(part, result.issues);
  if (part === 'body') req.body = result.value;
  else if (part === 'query') req.query = result.value as Query;
  else if (part === 'params') req.params = result.value as Params;
}

function refusalOf(part: Part, issues: readonly StandardSchemaV1.Issue[]): Error {
  const errors: ValidationIssue[] = issues.map(({ message, path = [] }) => ({
    in: part,
    path: path.map((segment) => keyOf(typeof segment === 'object' ? segment.key : segment)),
    message,
  }));
  return Object.assign(validationFailed(part), { members: { errors } });
}

function keyOf(key: PropertyKey): string | number {
  return typeof key === 'number' ? key : String(key);
}
