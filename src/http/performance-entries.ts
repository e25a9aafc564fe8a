/**
 * perf_hooks entries of type 'http': HttpRequest for what a server answers, HttpClient for what a client asks.
 *
 * No public function makes an entry of this type. What does is `_finish` of node:http's own ServerResponse, which puts
 * the entry that was begun for a response into the queues of all observers. So `_finish` is called, for an exchange of
 * ours, on a stand-in for such a response: a Proxy that has an answer for whatever it asks. The stand-in sends nothing,
 * hears nothing and is kept by nobody, and no constructor of node:http is run: those tell diagnostics_channel of
 * messages. node:http serves nothing here; it carries the entry.
 *
 * Whether there is an observer, `_finish` tells too: it asks for the status of a response only then. That takes 0.1 µs,
 * which is nothing for a connection, and too much for a request. So it is found out when a connection is made, and with
 * the first exchange a second later. Once there is no observer left, `_finish` itself makes no entry.
 */
import type * as nodeHttp from 'node:http';
import type { Request } from './client-request.js';
import { setTimeout } from './clock.js';
import type { Incoming } from './incoming-message.js';
import { process } from './process.js';
import type { Response } from './server-response.js';
import { kAuthority, kBegunEntry, kRegistered } from './symbols.js';

/** The entry of an exchange that has begun, in the shape that node:http keeps it in. */
export interface BegunEntry {
  readonly type: 'http';
  readonly name: 'HttpRequest' | 'HttpClient';
  /** performance.now() at that moment. */
  readonly startTime: number;
  readonly detail: { readonly req: RequestDetail };
}

interface RequestDetail {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: object;
}

interface ResponseDetail {
  readonly statusCode: number | undefined;
  readonly statusMessage: string | undefined;
  readonly headers: object;
}

type Finish = (this: unknown) => void;
interface StockHttp {
  readonly ServerResponse: typeof nodeHttp.ServerResponse;
  readonly [kRegistered]?: { readonly ServerResponse: typeof nodeHttp.ServerResponse };
}

/** As it is now: instrumentations put their own there, and patch what is asked for. */
const { getBuiltinModule } = process;

/** How long what was found out holds, in milliseconds. */
const FOUND_OUT_FOR = 1000;

/** Is anybody observing? Also true where that is to be found out: then beginning an entry does. */
export let isObserved = true;
let isFoundOut = false;

/** node:http's, once anybody may observe. */
let finish: Finish | undefined;
/** How many modules were loaded when nobody could. */
let modulesSeen = -1;

/** @returns `_finish` of node:http's ServerResponse; undefined as long as nobody can observe */
function stockFinish(): Finish | undefined {
  if (finish !== undefined) return finish;
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  if (moduleLoadList !== undefined) {
    if (moduleLoadList.length === modulesSeen) return undefined;
    modulesSeen = moduleLoadList.length;
    if (!moduleLoadList.includes('NativeModule perf_hooks')) return undefined;
  }
  const stock = getBuiltinModule('node:http') as StockHttp;
  const { ServerResponse } = stock[kRegistered] ?? stock;
  finish = (ServerResponse.prototype as unknown as { _finish: Finish })._finish;
  return finish;
}

/**
 * What `_finish` is called on. By name it finds the response; under a symbol the entry, whose symbol is node:http's own
 * secret. The socket must be there, and is not touched: what it finds for that matters to nobody.
 */
function standIn(entry: object, response: ResponseDetail): unknown {
  return new Proxy(response, {
    get(_target, key) {
      if (key === 'getHeaders') return () => response.headers;
      if (key === 'emit') return hearNothing;
      if (key === 'socket' || typeof key === 'symbol') return entry;
      return Reflect.get(response, key);
    },
  });
}

function hearNothing(): void {}

/** Thrown to leave `_finish` before it makes an entry. */
const OBSERVED = {};

const probe = standIn(
  {},
  {
    get statusCode(): never {
      throw OBSERVED;
    },
    statusMessage: undefined,
    headers: {},
  },
);

/** Finds out whether anybody observes. */
export function lookForObservers(): void {
  isObserved = false;
  try {
    stockFinish()?.call(probe);
  } catch (thrown) {
    // Anything else comes of a Node that we do not know: there, nobody is told.
    isObserved = thrown === OBSERVED;
  }
  if (isFoundOut) return;
  isFoundOut = true;
  setTimeout(forget, FOUND_OUT_FOR).unref();
}

function forget(): void {
  isFoundOut = false;
  isObserved = true;
}

/** An exchange begins, if it is observed. */
function begin(message: Request | Response, name: BegunEntry['name'], describe: () => RequestDetail): void {
  if (!isFoundOut) lookForObservers();
  if (!isObserved) return;
  message[kBegunEntry] = { type: 'http', name, startTime: performance.now(), detail: { req: describe() } };
}

/** Its observers are told. */
function finishEntry(message: Request | Response, describe: () => ResponseDetail): void {
  const entry = message[kBegunEntry];
  if (entry === undefined) return;
  message[kBegunEntry] = undefined;
  const response = standIn(entry, describe());
  try {
    finish?.call(response);
  } catch {
    // It comes of a Node that we do not know, and is not to end the exchange.
  }
}

/** A server's exchange begins: the head of the request was read. To be called where `isObserved`. */
export function beginServerEntry(response: Response): void {
  begin(response, 'HttpRequest', () => {
    const { method, url, headers } = response.req;
    return { method, url, headers };
  });
}

/** It ends: the response has ended. To be called where `isObserved`. */
export function finishServerEntry(response: Response): void {
  finishEntry(response, () => {
    const { statusCode, statusMessage } = response;
    return { statusCode, statusMessage, headers: response.getHeaders() };
  });
}

/** A client's exchange begins: the request has ended. To be called where `isObserved`. */
export function beginClientEntry(request: Request): void {
  begin(request, 'HttpClient', () => ({
    method: request.method,
    url: urlOf(request),
    headers: request.getHeaders(),
  }));
}

/** It ends: the head of the response was read. To be called where `isObserved`. */
export function finishClientEntry(request: Request, response: Incoming): void {
  finishEntry(request, () => {
    const { statusCode, statusMessage, headers } = response;
    return { statusCode, statusMessage, headers };
  });
}

function urlOf({ protocol, path, [kAuthority]: authority }: Request): string {
  // The path of a request to a proxy is the whole.
  return authority === null ? path : `${protocol}//${authority}${path}`;
}
