/**
 * What the Node command line says of HTTP: `--max-http-header-size` `--insecure-http-parser`
 * and `--use-env-proxy`, the last with its variable.
 */
import { MAX_HEADER_SIZE } from '../wire/limits.js';
import { process } from './process.js';

/** The last value of an option in NODE_OPTIONS and on the command line; the command line wins. */
function optionValue(name: string): string | undefined {
  const words = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv];
  let value: string | undefined;
  for (let i = 0; i < words.length; i++) {
    // Node takes underscores for dashes.
    const [option, inline] = words[i].split('=', 2);
    if (option.replaceAll('_', '-') === name) value = inline ?? words[i + 1];
  }
  return value;
}

function hasFlag(name: string): boolean {
  const words = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv];
  return words.some((word) => word.replaceAll('_', '-') === name);
}

const size = Number(optionValue('--max-http-header-size'));

/** Bytes of a header section where nothing else is said: 16 KiB, or what `--max-http-header-size` says, 0 among it. */
export const maxHeaderSize = Number.isInteger(size) && size >= 0 ? size : MAX_HEADER_SIZE;

/** Has the last of `--use-env-proxy` and `--no-use-env-proxy` the last word; NODE_USE_ENV_PROXY where there is none. */
function envProxyWanted(): boolean {
  const words = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv];
  const last = words
    .map((word) => word.split('=', 1)[0].replaceAll('_', '-'))
    .findLast((word) => word === '--use-env-proxy' || word === '--no-use-env-proxy');
  return last === undefined ? process.env.NODE_USE_ENV_PROXY === '1' : last === '--use-env-proxy';
}

/** Do the global agents take their proxies from the environment? */
export const usesEnvProxy = envProxyWanted();

const insecure = hasFlag('--insecure-http-parser');

/** Was Node started with `--insecure-http-parser`? Warns the first time it matters. */
let warned = false;
export function insecureByDefault(): boolean {
  if (insecure && !warned) {
    warned = true;
    process.emitWarning('Using insecure HTTP parsing');
  }
  return insecure;
}
