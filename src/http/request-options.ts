/**
 * What was given to `request`: a URL, options or both, made one and checked, with node:http's errors.
 *
 * The order of the checks is node:http's: of several mistakes the same one is reported.
 */
import type * as nodeHttp from 'node:http';
import { urlToHttpOptions } from 'node:url';
import {
  invalidArgType,
  invalidHttpToken,
  invalidProtocol,
  outOfRange,
  unescapedCharacters,
} from '../errors.js';
import { isToken } from '../wire/grammar.js';
import type { Leniency } from '../wire/parser.js';
import { METHODS } from '../wire/tables.js';
import type { Agent } from './agent.js';
import { type Given, integer, leniencyOf, typed } from './option-checks.js';
import { process } from './process.js';

/** The options of a request, as its own copy. What an agent adds for its sockets comes on top. */
export interface RequestOptions extends Omit<nodeHttp.RequestOptions, 'agent' | 'timeout' | '_defaultAgent'> {
  agent?: Agent | false | null;
  /** The agent for requests that name none. */
  _defaultAgent?: Agent;
  timeout?: number;
  maxHeaderSize?: number;
  insecureHTTPParser?: boolean;
  highWaterMark?: number;
}

export function isUrl(value: unknown): value is URL {
  const url = value as Partial<URL & { auth: unknown; path: unknown }> | null | undefined;
  // By its members: a URL of another realm is one too.
  return Boolean(url?.href && url.protocol && url.auth === undefined && url.path === undefined);
}

/** One object of what was given; options win over the URL. The callback may stand in the options' place. */
export function requestOptions(input: unknown, second: unknown): RequestOptions {
  let ofUrl: object | null = null;
  if (typeof input === 'string') ofUrl = urlToHttpOptions(new URL(input));
  else if (isUrl(input)) ofUrl = urlToHttpOptions(input);
  if (ofUrl === null) return typeof input === 'function' ? {} : { ...(input as object) };
  return typeof second === 'function' ? (ofUrl as RequestOptions) : Object.assign(ofUrl, second);
}

/** The listener for 'response': behind options, or in the place of those. */
export function callbackOf(input: unknown, second: unknown, third: unknown): unknown {
  if (typeof input === 'function') return input;
  const isLast = typeof second === 'function' || (typeof input !== 'string' && !isUrl(input));
  return isLast ? second : third;
}

/**
 * The agent that these options ask for; undefined where they bring their own way to connect.
 * @throws ERR_INVALID_ARG_TYPE
 */
export function agentOf(options: RequestOptions, defaultAgent: Agent): Agent | undefined {
  const { agent } = options;
  if (agent === false) return new (defaultAgent.constructor as new () => Agent)();
  if (agent === null || agent === undefined) {
    return typeof options.createConnection === 'function' ? undefined : defaultAgent;
  }
  if (typeof agent.addRequest !== 'function') {
    throw invalidArgType('options.agent', 'one of Agent-like Object, undefined, or false', agent);
  }
  return agent;
}

/** What may not stand in a request-target as it is: it would end the request-line, or is not Latin-1. */
const INVALID_PATH = /[^\u0021-\u00ff]/;

/** The path that passed last: many ask for the same again. */
let lastPath = '/';

/** @throws ERR_UNESCAPED_CHARACTERS */
export function checkedPath(path: unknown): string {
  if (path === lastPath) return lastPath;
  const text = String(path);
  if (INVALID_PATH.test(text)) throw unescapedCharacters('Request path');
  lastPath = text;
  return text;
}

/** @throws ERR_INVALID_PROTOCOL */
export function checkProtocol(protocol: unknown, expected: string): void {
  if (protocol !== expected) throw invalidProtocol(protocol, expected);
}

function checkedHost(host: unknown, name: string): string | null | undefined {
  if (host !== null && host !== undefined && typeof host !== 'string') {
    throw invalidArgType(`options.${name}`, 'of type string or one of undefined or null', host);
  }
  return host;
}

/** The host to connect to. @throws ERR_INVALID_ARG_TYPE */
export function hostOf(options: RequestOptions): string {
  return checkedHost(options.hostname, 'hostname') || checkedHost(options.host, 'host') || 'localhost';
}

/** Methods as they are meant to be. */
const UPPER_CASE: ReadonlySet<string> = new Set(METHODS);

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_HTTP_TOKEN */
export function methodOf(options: RequestOptions): string {
  const { method } = options;
  if (method === null || method === undefined) return 'GET';
  if (typeof method !== 'string') throw invalidArgType('options.method', 'of type string', method);
  if (method === '') return 'GET';
  if (UPPER_CASE.has(method)) return method;
  if (!isToken(method)) throw invalidHttpToken('Method', method);
  return method.toUpperCase();
}

/** The longest time a timer takes, in milliseconds. */
export const MAX_TIMER = 2 ** 31 - 1;

/** Milliseconds as timers take them. @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function timerDuration(milliseconds: unknown, name: string): number {
  if (typeof milliseconds !== 'number') throw invalidArgType(name, 'of type number', milliseconds);
  if (milliseconds < 0 || !Number.isFinite(milliseconds))
    throw outOfRange(name, 'a non-negative finite number', milliseconds);
  if (milliseconds <= MAX_TIMER) return milliseconds;
  process.emitWarning(
    `${milliseconds} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${MAX_TIMER}.`,
    'TimeoutOverflowWarning',
  );
  return MAX_TIMER;
}

/** What the response's parser is to be made with. */
export interface ResponseParsing {
  readonly maxHeaderSize: number | undefined;
  readonly insecureHTTPParser: boolean | undefined;
  readonly httpValidation: unknown;
  readonly joinDuplicateHeaders: boolean | undefined;
  readonly leniency: Leniency;
}

/** For requests that say nothing of it, which is nearly all. */
let byDefault: ResponseParsing | null = null;

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE */
export function responseParsing(options: RequestOptions): ResponseParsing {
  const given = options as Given;
  if (
    byDefault !== null &&
    given.maxHeaderSize === undefined &&
    given.insecureHTTPParser === undefined &&
    given.httpValidation === undefined &&
    given.joinDuplicateHeaders === undefined
  ) {
    return byDefault;
  }
  const maxHeaderSize = given.maxHeaderSize === undefined ? undefined : integer(given, 'maxHeaderSize', 0);
  const insecureHTTPParser = typed<boolean | undefined>(given, 'insecureHTTPParser', 'boolean', undefined);
  const parsing = {
    maxHeaderSize,
    insecureHTTPParser,
    httpValidation: given.httpValidation,
    leniency: leniencyOf(given, insecureHTTPParser),
    joinDuplicateHeaders: typed<boolean | undefined>(given, 'joinDuplicateHeaders', 'boolean', undefined),
  };
  const saysNothing =
    maxHeaderSize === undefined &&
    insecureHTTPParser === undefined &&
    given.httpValidation === undefined &&
    parsing.joinDuplicateHeaders === undefined;
  if (saysNothing) byDefault = parsing;
  return parsing;
}

/** The Host field that was made last, and what of: one request is much like the next. */
let lastHost = '';
let lastPort: unknown;
let lastDefaultPort: unknown;
let lastField = '';

/**
 * The Host field for this host and port: an IPv6 address in brackets, the port where it is not the default. The zone of
 * an address means something to this machine alone, and MUST be removed (RFC 6874 section 4).
 */
export function hostField(host: string, port: unknown, defaultPort: unknown): string {
  if (host !== lastHost || port !== lastPort || defaultPort !== lastDefaultPort || typeof port === 'object') {
    lastHost = host;
    lastPort = port;
    lastDefaultPort = defaultPort;
    lastField = makeHostField(host, port, defaultPort);
  }
  return lastField;
}

function makeHostField(host: string, port: unknown, defaultPort: unknown): string {
  const colon = host.indexOf(':');
  const isIPv6 = colon !== -1 && host.includes(':', colon + 1) && host.charCodeAt(0) !== 0x5b;
  const field = isIPv6 ? `[${host.split('%', 1)[0]}]` : host;
  return port && Number(port) !== defaultPort ? `${field}:${port}` : field;
}

/** The options without the signal, which is the request's alone. */
export function connectOptions(options: RequestOptions): RequestOptions {
  if (!options.signal) return options;
  const { signal: _, ...rest } = options;
  return rest;
}
