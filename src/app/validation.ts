/**
 * Validation by Standard Schema (https://standardschema.dev): whatever library has it. What a schema makes of the
 * request's part takes its place, typed; what it refuses is answered with 400 and its issues.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { validationFailed } from '../errors.js';
import { FORM_TYPES, readForm, readJson } from './body.js';
import type { Handler } from './chain.js';
import { parseMediaType } from './media-type.js';
import type { AppRequest, Params, Query } from './types.js';

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

export function isRouteSchemas(value: unknown): value is RouteSchemas {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A step that reads and checks what the schemas are for, and hands on when all is right. */
export function validating(schemas: RouteSchemas): Handler {
  const parts = PARTS.filter((part) => schemas[part] !== undefined);
  return async function validate(req, _res, next) {
    for (const part of parts) await validatePart(req, part, schemas[part] as StandardSchemaV1);
    return next();
  };
}

async function validatePart(req: AppRequest, part: Part, schema: StandardSchemaV1): Promise<void> {
  const input = part === 'body' ? await readBody(req) : req[part];
  let result = schema['~standard'].validate(input);
  if (result instanceof Promise) result = await result;
  if (result.issues !== undefined) throw refusalOf(part, result.issues);
  if (part === 'body') req.body = result.value;
  else if (part === 'query') req.query = result.value as Query;
  else if (part === 'params') req.params = result.value as Params;
}

/** The content as a value. A middleware may have read it before. */
async function readBody(req: AppRequest): Promise<unknown> {
  if (req.body !== undefined) return req.body;
  const type = parseMediaType(req.headers['content-type']);
  return FORM_TYPES.matches(type) ? readForm(req) : readJson(req);
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
