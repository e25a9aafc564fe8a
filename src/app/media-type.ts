/** Media types (RFC 9110 section 8.3): reading a Content-Type, and matching it against what a reader takes. */
import mimeTypes from 'mime-types';
import { invalidArgValue } from '../errors.js';
import { isToken } from '../wire/grammar.js';

export interface MediaType {
  /** `type/subtype`, in lower case. */
  readonly essence: string;
  /** Names in lower case, values as sent, quotes resolved. */
  readonly parameters: ReadonlyMap<string, string>;
}

const ESSENCE = /^[ \t]*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)[ \t]*/;
// No two parts of these may take the same whitespace: a field of 16 KiB of it would be read for ever.
const PARAMETER = /;[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?/y;

let lastValue = 'application/json';
let lastType: MediaType | null = { essence: 'application/json', parameters: new Map() };

/**
 * Reads the value of a Content-Type; null where it is missing, malformed, or says a parameter twice (whoever is
 * behind us might take the other).
 */
export function parseMediaType(value: string | undefined): MediaType | null {
  // Clients of one server send one and the same, most of the time.
  if (value === lastValue) return lastType;
  if (value === undefined) return null;
  lastType = readMediaType(value);
  lastValue = value;
  return lastType;
}

function readMediaType(value: string): MediaType | null {
  const essence = ESSENCE.exec(value);
  if (essence === null) return null;
  const parameters = new Map<string, string>();
  let at = essence[0].length;
  while (at < value.length) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(value);
    if (found === null) return null;
    at = PARAMETER.lastIndex;
    if (found[1] === undefined) continue;
    const name = found[1].toLowerCase();
    if (parameters.has(name)) return null;
    parameters.set(name, found[2] ?? found[3].replace(/\\(.)/g, '$1'));
  }
  return { essence: essence[1].toLowerCase(), parameters };
}

/** What a reader takes: media types with wildcards, such as 'application/json', 'text/*', 'application/*+json'. */
export type TypePattern = string | readonly string[];

/** The short names that Express knows, for those who are used to them. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['json', 'application/json'],
  ['+json', '*/*+json'],
  ['+xml', '*/*+xml'],
  ['urlencoded', 'application/x-www-form-urlencoded'],
  ['multipart', 'multipart/*'],
  ['text', 'text/plain'],
  ['txt', 'text/plain'],
  ['html', 'text/html'],
  ['xml', 'application/xml'],
  ['bin', 'application/octet-stream'],
]);

/** A pattern ready to be matched. */
export interface TypeMatcher {
  matches(type: MediaType | null): boolean;
  /** What the pattern names, as a value for the Accept field of a 415. */
  readonly accept: string;
}

/** Compiles a pattern. Throws where it is none: it stands in the caller's code. */
export function compileTypes(pattern: TypePattern): TypeMatcher {
  const ranges = (typeof pattern === 'string' ? [pattern] : pattern).map(expand);
  const exact = new Set(ranges.filter((range) => !range.includes('*')));
  const wild = ranges.filter((range) => range.includes('*')).map(wildcard);
  const isAmong = (essence: string) => exact.has(essence) || wild.some((one) => one.test(essence));
  // Types that are read again are the same object: see parseMediaType.
  let asked: MediaType | null = null;
  let answer = false;
  return {
    matches: (type) => {
      if (type === asked) return answer;
      answer = type !== null && isAmong(type.essence);
      asked = type;
      return answer;
    },
    accept: ranges.join(', '),
  };
}

function expand(name: string): string {
  const range = (SHORT_NAMES.get(name) ?? String(name)).toLowerCase();
  const slash = range.indexOf('/');
  if (slash < 0 || !isToken(range.slice(0, slash)) || !isToken(range.slice(slash + 1))) {
    throw invalidArgValue(
      'options.type',
      name,
      "must be a media type such as 'application/json' or 'text/*'",
    );
  }
  return range;
}

/** A wildcard stands for one or more characters that are no slash. */
function wildcard(range: string): RegExp {
  const parts = range.split('*').map((part) => part.replace(/[.+^$|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}

/**
 * Which of these types a content's is: media types, also with `*`, extensions ('html'), 'urlencoded', 'multipart',
 * '+json' and the like.
 * @returns the first that it is, as it was given, or the type itself where that has a `*` or a suffix; false for none
 */
export function typeAmong(type: MediaType, names: readonly string[]): string | false {
  for (const name of names) {
    const range = rangeOf(name.toLowerCase());
    if (range === false || !isWithin(type.essence, range)) continue;
    return name.startsWith('+') || name.includes('*') ? type.essence : name;
  }
  return false;
}

function rangeOf(name: string): string | false {
  if (name.includes('/')) return name;
  if (name.startsWith('+')) return `*/*${name}`;
  return SHORT_NAMES.get(name) ?? mimeTypes.lookup(name);
}

/** Is the type one of these? A `*` stands for a whole part, or for what is before a suffix. */
function isWithin(essence: string, range: string): boolean {
  const [type, subtype] = essence.split('/');
  const [wantedType, wantedSubtype] = range.split('/');
  if (wantedType !== '*' && wantedType !== type) return false;
  if (wantedSubtype.startsWith('*+')) return subtype.endsWith(wantedSubtype.slice(1));
  return wantedSubtype === '*' || wantedSubtype === subtype;
}
