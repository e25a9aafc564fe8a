/** Checks of options that servers and requests have in common, with node:http's errors. */
import { invalidArgType, invalidArgValue, outOfRange } from '../errors.js';
import { INSECURE, type Leniency, RELAXED, STRICT } from '../wire/parser.js';
import { insecureByDefault } from './command-line.js';

export type Given = Record<string, unknown>;

/** A whole number that is not negative. @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function integer(given: Given, name: string, fallback: number): number {
  const value = given[name];
  return value === undefined ? fallback : checkedInteger(name, value, 0);
}

/** A whole number, no less than that. @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function checkedInteger(name: string, value: unknown, least: number): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > Number.MAX_SAFE_INTEGER) {
    throw outOfRange(name, `>= ${least} && <= ${Number.MAX_SAFE_INTEGER}`, value);
  }
  return value;
}

/** @throws ERR_INVALID_ARG_TYPE */
export function typed<T>(given: Given, name: string, type: 'boolean' | 'function', fallback: T): T {
  const value = given[name];
  if (value === undefined) return fallback;
  if (typeof value !== type) throw invalidArgType(`options.${name}`, `of type ${type}`, value);
  return value as T;
}

/**
 * How much a parser forgives: `httpValidation`, or else `insecureHTTPParser`, or else what Node was started with.
 * @throws ERR_INVALID_ARG_VALUE
 */
export function leniencyOf(given: Given, insecureHTTPParser: boolean | undefined): Leniency {
  const { httpValidation } = given;
  if (httpValidation !== undefined) {
    if (!['strict', 'relaxed', 'insecure'].includes(httpValidation as string)) {
      const allowed = "must be one of: 'strict', 'relaxed', 'insecure'";
      throw invalidArgValue('options.httpValidation', httpValidation, allowed);
    }
    if (insecureHTTPParser !== undefined) {
      const reason = 'cannot be used together with options.insecureHTTPParser';
      throw invalidArgValue('options.httpValidation', httpValidation, reason);
    }
    return httpValidation === 'strict' ? STRICT : httpValidation === 'relaxed' ? RELAXED : INSECURE;
  }
  return (insecureHTTPParser ?? insecureByDefault()) ? INSECURE : STRICT;
}

/** Names whose several values are one line. */
export function uniqueHeadersOf(names: unknown): ReadonlySet<string> | null {
  if (!Array.isArray(names)) return null;
  return new Set(names.map((name: string) => name.toLowerCase()));
}
