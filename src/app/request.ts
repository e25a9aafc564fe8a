/** What the framework adds to a request. The members work on any IncomingMessage: `adopt` lends them to foreign ones. */
import type { Socket } from 'node:net';
import { type Incoming, IncomingMessage } from '../http/incoming-message.js';
import { defineDescriptors, defineMembers } from '../http/prototype.js';
import type { Application } from './application.js';
import {
  type Form,
  type FormOptions,
  type JsonOptions,
  type ReadOptions,
  readBytes,
  readForm,
  readJson,
  readText,
  type TextOptions,
} from './body.js';
import { announcesBody } from './body-head.js';
import { type Cookies, readCookies } from './cookies.js';
import { fieldOf } from './exchange.js';
import { addressesOf, hostnameOf, protocolOf, requestHost, subdomainsOf } from './forwarded.js';
import { type Logger, SILENT } from './logging.js';
import { parseMediaType, typeAmong } from './media-type.js';
import { accepts, acceptsCharsets, acceptsEncodings, acceptsLanguages } from './negotiation.js';
import { evaluate, isSafe, validatorsOf } from './preconditions.js';
import { parseQuery } from './query.js';
import { type Ranges, rangesOf } from './ranges.js';
import { pathEnd, pathOf } from './request-target.js';
import {
  kCookies,
  kForwarding,
  kId,
  kLog,
  kLogging,
  kMount,
  kOuterBase,
  kParams,
  kQuery,
  kRecord,
  kRequestIds,
  kRouteParams,
  kSubdomainOffset,
  kTarget,
} from './symbols.js';
import type { AppRequest, Params, Query } from './types.js';

export interface RequestMembers {
  /** The value of a header, by its name in any case. `Referer` and `Referrer` are one. */
  get(name: 'set-cookie'): string[] | undefined;
  get(name: string): string | undefined;
  /** The same. */
  header(name: string): string | undefined;
  /** The path of `url`, still percent-encoded, without the query. */
  readonly path: string;
  /** Did the request come over TLS, to us or to a trusted proxy? */
  readonly secure: boolean;
  /** 'http' or 'https'. */
  readonly protocol: string;
  /** The address of the client: the farthest that is believed, see `trustProxy`. */
  readonly ip: string;
  /** The addresses that proxies tell of, the client's first. Empty where none is believed. */
  readonly ips: string[];
  /** The host that was asked for, with its port. */
  readonly host: string | undefined;
  /** The same without the port. */
  readonly hostname: string | undefined;
  /** The cookies, decoded, on an object without prototype. `req.cookies` is left to cookie-parser. */
  getCookies(): Cookies;
  /** The best of these media types for the client, or false; without any, all that it accepts, best first. */
  accepts(): string[];
  accepts(...types: string[]): string | false;
  acceptsEncodings(...codings: string[]): string | false | string[];
  acceptsCharsets(...charsets: string[]): string | false | string[];
  acceptsLanguages(...languages: string[]): string | false | string[];
  /** The content as JSON. @throws (rejects with) 400, 413, 415: see docs/bodies.md */
  json(options?: JsonOptions): Promise<unknown>;
  /** The content as text in its charset. */
  text(options?: TextOptions): Promise<string>;
  /** The content as it is, content codings taken off. */
  bytes(options?: ReadOptions): Promise<Buffer>;
  /** The content as a urlencoded form. */
  form(options?: FormOptions): Promise<Form>;
  /** An id for the logs, made on first use: see `requestId` of createApp. */
  id: string;
  /** The application's logger with this request's id; writes nothing where the application has none. */
  log: Logger;
  /**
   * Is the content of one of these types: media types ('text/*' too), extensions, '+json'?
   * @returns the first that it is, as it was given; the type itself for one with `*` or a suffix, and without any
   *   given; false for none, null where there is no content
   */
  is(...types: (string | readonly string[])[]): string | false | null;
  /**
   * The parts that Range asks for; `end` is in the part.
   * @param size Of the whole content, in bytes.
   * @returns undefined without Range, -1 where none lies within the content, -2 where it cannot be read
   */
  range(size: number, options?: { combine?: boolean }): Ranges | -1 | -2 | undefined;
  /** Has the client what the response has an ETag or Last-Modified for? `res.send` then answers 304. */
  readonly fresh: boolean;
  /** Has it not? */
  readonly stale: boolean;
  /** The labels of the host name before the domain, from the right: `['b', 'a']` of `a.b.example.com`. */
  readonly subdomains: string[];
  /** Was it sent by XMLHttpRequest, by the field that some libraries add? */
  readonly xhr: boolean;
}

const members: ThisType<AppRequest> & PropertyDescriptorMap = {
  get: {
    value: function get(name: string) {
      const lowerCase = name.toLowerCase();
      const { headers } = this;
      if (lowerCase === 'referer' || lowerCase === 'referrer') return headers.referrer ?? headers.referer;
      // The headers have a prototype, as in node:http: what it has was not sent.
      return Object.hasOwn(headers, lowerCase) ? headers[lowerCase] : undefined;
    },
  },
  header: {
    value: function header(name: string) {
      return this.get(name);
    },
  },
  json: {
    value: function json(options?: JsonOptions) {
      return readJson(this, options);
    },
  },
  text: {
    value: function text(options?: TextOptions) {
      return readText(this, options);
    },
  },
  bytes: {
    value: function bytes(options?: ReadOptions) {
      return readBytes(this, options);
    },
  },
  form: {
    value: function form(options?: FormOptions) {
      return readForm(this, options);
    },
  },
  accepts: {
    value: function acceptsType(...types: string[]) {
      return types.length === 0 ? accepts(this) : accepts(this, types.flat());
    },
  },
  acceptsEncodings: {
    value: function acceptsEncoding(...codings: string[]) {
      return codings.length === 0 ? acceptsEncodings(this) : acceptsEncodings(this, codings.flat());
    },
  },
  acceptsCharsets: {
    value: function acceptsCharset(...charsets: string[]) {
      return charsets.length === 0 ? acceptsCharsets(this) : acceptsCharsets(this, charsets.flat());
    },
  },
  acceptsLanguages: {
    value: function acceptsLanguage(...languages: string[]) {
      return languages.length === 0 ? acceptsLanguages(this) : acceptsLanguages(this, languages.flat());
    },
  },
  getCookies: {
    value: function getCookies() {
      return (this[kCookies] ??= readCookies(this));
    },
  },
  path: {
    get() {
      return pathOf(this.url);
    },
  },
  query: {
    get() {
      if (this[kQuery] === null) {
        this[kQuery] = parseQuery(this.url.slice(pathEnd(this.url) + 1));
      }
      return this[kQuery];
    },
    set(query: Query) {
      this[kQuery] = query;
    },
  },
  params: {
    get() {
      this[kParams] ??= Object.create(null) as Params;
      return this[kParams];
    },
    set(params: Params) {
      this[kParams] = params;
    },
  },
  secure: {
    get() {
      return this.protocol === 'https';
    },
  },
  protocol: {
    get() {
      return protocolOf(this, this.app[kForwarding]);
    },
  },
  ip: {
    get() {
      return addressesOf(this, this.app[kForwarding]).at(-1);
    },
  },
  ips: {
    get() {
      return addressesOf(this, this.app[kForwarding]).slice(1).reverse();
    },
  },
  host: {
    get() {
      return requestHost(this, this.originalUrl, this.app[kForwarding]);
    },
  },
  hostname: {
    get() {
      return hostnameOf(this.host);
    },
  },
  id: {
    get() {
      return (this[kId] ??= this.app[kRequestIds].of(this));
    },
    set(id: string) {
      this[kId] = id;
    },
  },
  log: {
    get() {
      return (this[kLog] ??= this.app[kLogging]?.of(this) ?? SILENT);
    },
    set(log: Logger) {
      this[kLog] = log;
    },
  },
  is: {
    value: function is(...types: (string | readonly string[])[]) {
      if (!announcesBody(this)) return null;
      const type = parseMediaType(this.headers['content-type']);
      if (type === null) return false;
      const names = types.flat();
      return names.length === 0 ? type.essence : typeAmong(type, names);
    },
  },
  range: {
    value: function range(size: number, options?: { combine?: boolean }) {
      const field = fieldOf(this, 'range');
      return field === undefined ? undefined : rangesOf(field, size, options?.combine === true);
    },
  },
  fresh: {
    get() {
      const { method, res } = this;
      const isAnswered = (res.statusCode >= 200 && res.statusCode < 300) || res.statusCode === 304;
      const validators = isAnswered && isSafe(method) ? validatorsOf(res) : undefined;
      return validators !== undefined && evaluate(this, validators) === 304;
    },
  },
  stale: {
    get() {
      return !this.fresh;
    },
  },
  subdomains: {
    get() {
      return subdomainsOf(this.hostname, this.app[kSubdomainOffset]);
    },
  },
  xhr: {
    get() {
      return String(this.get('x-requested-with') ?? '').toLowerCase() === 'xmlhttprequest';
    },
  },
};

/** Puts the members on a prototype, where applications may replace them. */
export function defineRequestMembers(prototype: object): void {
  defineDescriptors(prototype, members);
  // Here, and not on each request: most are never asked for them.
  defineMembers(prototype, {
    [kId]: null,
    [kLog]: null,
    [kRecord]: null,
    [kTarget]: null,
    [kOuterBase]: '',
  });
}

/** What the members keep, at its start. */
export function initRequest(req: AppRequest): void {
  req[kMount] = null;
  req[kQuery] = null;
  req[kParams] = null;
  req[kRouteParams] = null;
  req[kCookies] = null;
  // Its own, and no member of the prototype: an application of Express puts others under it.
  req.originalUrl = '';
  req.route = undefined;
  req.baseUrl = '';
  req.body = undefined;
}

/** The requests of one application: a class of its own, so that what is added to it is nobody else's. */
export function createRequestClass(app: Application): typeof IncomingMessage {
  const RequestClass = function IncomingMessageOfApplication(this: AppRequest, socket: Socket) {
    (IncomingMessage as unknown as (this: Incoming, socket: Socket) => void).call(
      this as unknown as Incoming,
      socket,
    );
    initRequest(this);
  } as unknown as typeof IncomingMessage;
  Object.setPrototypeOf(RequestClass.prototype, IncomingMessage.prototype);
  Object.setPrototypeOf(RequestClass, IncomingMessage);
  defineRequestMembers(RequestClass.prototype);
  defineMembers(RequestClass.prototype, { app });
  return RequestClass;
}
