/** The headers of an outgoing message as its caller sets, reads and removes them, and its trailers. */
import { headersSent, invalidArgType, invalidChar } from '../errors.js';
import { CONTENT_LENGTH_NAME, TRANSFER_ENCODING_NAME } from '../wire/framing.js';
import { fieldLine } from '../wire/serializer.js';
import {
  checkNameIsString,
  checkValue,
  HeaderStore,
  type HeaderValue,
  hasInvalidChar,
  outgoingName,
  validateHeaderName,
  validateHeaderValue,
} from './header-store.js';
import type { Outgoing } from './outgoing.js';
import { kStore } from './symbols.js';

/** Members for the prototype of OutgoingMessage. */
export const headerMembers: ThisType<Outgoing> & Record<string, unknown> = {
  /**
   * Sets a header; it replaces one of the same name.
   * @throws ERR_HTTP_HEADERS_SENT, ERR_INVALID_HTTP_TOKEN, ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_CHAR
   */
  setHeader(name: string, value: HeaderValue) {
    if (this._header) throw headersSent('set');
    const checked = outgoingName(name);
    checkValue(checked, name, value);
    (this[kStore] ??= new HeaderStore()).set(name, value, checked);
    return this;
  },

  /** Sets the headers of a Headers or a Map. @throws as setHeader; ERR_INVALID_ARG_TYPE */
  setHeaders(headers: Headers | Map<string, HeaderValue>) {
    if (this._header) throw headersSent('set');
    if (
      !headers ||
      Array.isArray(headers) ||
      typeof headers.keys !== 'function' ||
      typeof headers.get !== 'function'
    ) {
      throw invalidArgType('headers', 'an instance of Headers or Map', headers);
    }
    // Headers iterates over every Set-Cookie by itself, and setHeader would keep the last.
    const cookies: string[] = [];
    for (const [name, value] of headers as Map<string, HeaderValue>) {
      if (name === 'set-cookie') {
        if (Array.isArray(value)) cookies.push(...value);
        else cookies.push(value as string);
      } else {
        this.setHeader(name, value as string);
      }
    }
    if (cookies.length > 0) this.setHeader('set-cookie', cookies);
    return this;
  },

  /** Adds to a header's values. @throws as setHeader */
  appendHeader(name: string, value: HeaderValue) {
    if (this._header) throw headersSent('append');
    const checked = outgoingName(name);
    validateHeaderValue(name, value);
    (this[kStore] ??= new HeaderStore()).append(name, value, checked);
    return this;
  },

  /** What was set, in the type it was set in; undefined where nothing was. */
  getHeader(name: string) {
    checkNameIsString(name);
    return this[kStore]?.get(name.toLowerCase());
  },

  /** The names that are set, in lower case. */
  getHeaderNames() {
    return this[kStore]?.names() ?? [];
  },

  /** The names that are set, as they were spelled. */
  getRawHeaderNames() {
    return this[kStore]?.rawNames() ?? [];
  },

  /** A copy of what is set, on an object without prototype. */
  getHeaders() {
    return this[kStore]?.toObject() ?? Object.create(null);
  },

  hasHeader(name: string) {
    checkNameIsString(name);
    return this[kStore]?.has(name.toLowerCase()) ?? false;
  },

  /** Removes a header; one that would be added by itself stays away then. @throws ERR_HTTP_HEADERS_SENT */
  removeHeader(name: string) {
    checkNameIsString(name);
    if (this._header) throw headersSent('remove');
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'connection') this._removedConnection = true;
    else if (lowerCase === 'date') this.sendDate = false;
    else if (lowerCase === CONTENT_LENGTH_NAME) this._removedContLen = true;
    else if (lowerCase === TRANSFER_ENCODING_NAME) this._removedTE = true;
    this[kStore]?.delete(lowerCase);
  },

  _renderHeaders() {
    if (this._header) throw headersSent('render');
    const rendered: Record<string, HeaderValue> = {};
    for (const { name, value } of this[kStore]?.values() ?? []) rendered[name] = value;
    return rendered;
  },

  /**
   * Fields for the trailer section; they are sent where the content is chunked.
   * @throws ERR_INVALID_HTTP_TOKEN, ERR_INVALID_CHAR
   */
  addTrailers(headers: Record<string, string> | readonly [string, string][]) {
    this._trailer = '';
    const entries: Iterable<[string, string]> = Array.isArray(headers) ? headers : Object.entries(headers);
    for (const [name, value] of entries) {
      validateHeaderName(name, 'Trailer name');
      for (const one of Array.isArray(value) ? value : [value]) {
        if (hasInvalidChar(one)) throw invalidChar('trailer content', name);
        this._trailer += fieldLine(name, one);
      }
    }
  },
};
