/** What is registered, and said, by an application's owner: checked, with its place in their code. */
import { invalidArgType, outOfRange } from '../errors.js';
import type { ErrorHandler, Handler } from './chain.js';

/** Handlers, lists of them taken apart. @throws ERR_INVALID_ARG_TYPE for none, or for what is none */
export function checkedHandlers(handlers: readonly unknown[]): readonly (Handler | ErrorHandler)[] {
  const flat = handlers.flat(Number.POSITIVE_INFINITY);
  if (flat.length === 0) throw invalidArgType('handler', 'of type function', undefined);
  for (const handler of flat) {
    if (typeof handler !== 'function') throw invalidArgType('handler', 'of type function', handler);
  }
  return flat as (Handler | ErrorHandler)[];
}

/**
 * The folder of this file, as it stands in stacks. Not by its name: applications have a `src/app`, too. Undefined in a
 * bundle in CommonJS, where some bundlers leave nothing of `import.meta`.
 */
const OWN_FOLDER = import.meta.url ? new URL('.', import.meta.url).href : undefined;

/** Where in the user's code something was registered: the first line of the stack that is not ours. */
export function placeOfCaller(): string | undefined {
  if (OWN_FOLDER === undefined) return undefined;
  const stack = new Error().stack ?? '';
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .find((line) => !line.includes(OWN_FOLDER));
}

/** `subdomainOffset`. @throws ERR_OUT_OF_RANGE */
export function checkedOffset(offset = 2): number {
  if (!Number.isInteger(offset) || offset < 0) {
    throw outOfRange('options.subdomainOffset', 'a number of labels', offset);
  }
  return offset;
}
