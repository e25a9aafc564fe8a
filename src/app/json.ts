/** JSON from a client: parsed, and refused where it would harm whoever works with it. */
import { forbiddenKey, jsonNotContainer, malformedJson, nestedTooDeep } from '../errors.js';
import { findJsonError } from './json-place.js';
import { MAX_JSON_DEPTH } from './limits.js';

export interface JsonParseOptions {
  /** Refuse what is no object or array. */
  strict?: boolean;
  /** As JSON.parse has it. */
  reviver?: (this: unknown, key: string, value: unknown) => unknown;
}

/** Parses the text. Throws 400 with line and column, for keys that reach a prototype, and for deep nesting. */
export function parseJson(text: string, options: JsonParseOptions): unknown {
  if (nestsTooDeep(text)) throw nestedTooDeep(MAX_JSON_DEPTH);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { reason, line, column } = findJsonError(text) ?? { reason: 'unknown', line: 1, column: 1 };
    throw Object.assign(malformedJson(reason, line, column), { members: { line, column } });
  }
  if (mayNamePrototype(text)) refusePrototypes(value);
  if (options.strict === true && (typeof value !== 'object' || value === null)) throw jsonNotContainer();
  // The second reading is for the few who ask: a reviver must not see what the checks above refuse.
  return options.reviver === undefined ? value : JSON.parse(text, options.reviver);
}

/**
 * Are there more than MAX_JSON_DEPTH arrays and objects within each other? Short texts cannot have so many, and
 * texts with few of either have not; only the rest is counted through.
 */
function nestsTooDeep(text: string): boolean {
  if (text.length <= MAX_JSON_DEPTH) return false;
  let starts = 0;
  for (const start of ['[', '{']) {
    for (
      let at = text.indexOf(start);
      at >= 0 && starts <= MAX_JSON_DEPTH;
      at = text.indexOf(start, at + 1)
    ) {
      starts++;
    }
  }
  return starts > MAX_JSON_DEPTH && depthExceeds(text, MAX_JSON_DEPTH);
}

function depthExceeds(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > limit) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x22: // A string: brackets in it are none.
        at = endOfString(text, at + 1);
    }
  }
  return false;
}

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x5c) at++;
  }
  return text.length;
}

/**
 * Can a key be `__proto__`, or `constructor` with `prototype` in it? Then `proto` stands there as it is, or an escape
 * that spells a letter. Most bodies have neither, and each search is a pass over all of it; one for a single
 * character takes next to no time.
 */
function mayNamePrototype(text: string): boolean {
  return text.includes('proto') || (text.includes('\\') && text.includes('\\u'));
}

/**
 * JSON.parse makes `__proto__` a property like any other, but whoever copies it with an assignment sets a prototype,
 * and who merges deeply through `constructor.prototype` changes that of all objects (CVE-2018-3728 and its many
 * kin). To strip the key would hand on a body that the client did not send.
 */
function refusePrototypes(root: unknown): void {
  const rest: unknown[] = [root];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === 'object') rest.push(item);
      continue;
    }
    if (Object.hasOwn(value, '__proto__')) throw forbiddenKey('__proto__');
    if (Object.hasOwn(value, 'constructor')) {
      const held = (value as { constructor: unknown }).constructor;
      if (typeof held === 'object' && held !== null && Object.hasOwn(held, 'prototype')) {
        throw forbiddenKey('constructor.prototype');
      }
    }
    for (const item of Object.values(value)) if (typeof item === 'object') rest.push(item);
  }
}
