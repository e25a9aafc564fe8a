/** What the framework adds to a request. The members work on any IncomingMessage: `adopt` lends them to foreign ones. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Incoming, IncomingMessage } from '../http/incoming-message.js';
import { defineMembers } from '../http/prototype.js';
import type { Application } from './application.js';
import { parseQuery } from './query.js';
import { kMount, kOriginalUrl, kParams, kQuery } from './symbols.js';
import type { AppRequest, Params, Query } from './types.js';

export interface RequestMembers {
  /** The value of a header, by its name in any case. `Referer` and `Referrer` are one. */
  get(name: 'set-cookie'): string[] | undefined;
  get(name: string): string | undefined;
  /** The same. */
  header(name: string): string | undefined;
  /** The request-target as it came; `url` is what is left of it under a mount path. */
  readonly originalUrl: string;
  /** The path of `url`, still percent-encoded, without the query. */
  readonly path: string;
  /** Did the request come over TLS? */
  readonly secure: boolean;
  /** 'http' or 'https'. */
  readonly protocol: string;
  /** Was it sent by XMLHttpRequest, by the field that some libraries add? */
  readonly xhr: boolean;
}

const members: ThisType<AppRequest> & PropertyDescriptorMap = {
  get: {
    value: function get(name: string) {
      const lowerCase = name.toLowerCase();
      const { headers } = this;
      if (lowerCase === 'referer' || lowerCase === 'referrer') return headers.referrer ?? headers.referer;
      return headers[lowerCase];
    },
  },
  header: {
    value: function header(name: string) {
      return this.get(name);
    },
  },
  originalUrl: {
    get() {
      return this[kOriginalUrl] ?? this.url;
    },
    set(url: string) {
      this[kOriginalUrl] = url;
    },
  },
  path: {
    get() {
      const query = this.url.indexOf('?');
      return query === -1 ? this.url : this.url.slice(0, query);
    },
  },
  query: {
    get() {
      if (this[kQuery] === null) {
        const at = this.url.indexOf('?');
        this[kQuery] = parseQuery(at === -1 ? '' : this.url.slice(at + 1));
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
      return (this.socket as Socket & Partial<TLSSocket>)?.encrypted ? 'https' : 'http';
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
  for (const [name, descriptor] of Object.entries(members)) {
    const isMethod = 'value' in descriptor;
    Object.defineProperty(prototype, name, {
      ...descriptor,
      ...(isMethod ? { writable: true } : {}),
      configurable: true,
      enumerable: isMethod,
    });
  }
}

/** What the members keep, at its start. */
export function initRequest(req: AppRequest): void {
  req[kOriginalUrl] = null;
  req[kMount] = null;
  req[kQuery] = null;
  req[kParams] = null;
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
