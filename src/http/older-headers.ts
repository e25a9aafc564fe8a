/**
 * `_headers` and `_headerNames` of outgoing messages. Node 24 has them no more (DEP0066); middleware that is older than
 * `getHeaders()` reads and sets them, and runs on Node 20 and 22.
 */
import { HeaderStore, type HeaderValue, outgoingName, validateHeaderValue } from './header-store.js';
import type { Outgoing } from './outgoing.js';
import { process } from './process.js';
import { kStore } from './symbols.js';

const LAST_MAJOR = 23;

let warned = false;

function warn(name: string): void {
  if (warned) return;
  warned = true;
  const message = `OutgoingMessage.prototype.${name} is deprecated`;
  process.emitWarning(message, 'DeprecationWarning', 'DEP0066');
}

const members: PropertyDescriptorMap & ThisType<Outgoing> = {
  _headers: {
    get() {
      warn('_headers');
      return this.getHeaders();
    },
    /** All headers at once; null for none. @throws ERR_INVALID_HTTP_TOKEN, ERR_INVALID_CHAR, and nothing is set */
    set(headers: Record<string, HeaderValue> | null | undefined) {
      warn('_headers');
      if (headers === null || headers === undefined) this[kStore] = null;
      if (typeof headers !== 'object' || headers === null) return;
      const store = new HeaderStore();
      for (const [name, value] of Object.entries(headers)) {
        const checked = outgoingName(name);
        validateHeaderValue(name, value);
        store.set(name, value, checked);
      }
      this[kStore] = store;
    },
  },
  _headerNames: {
    /** The names as they are spelled, by those in lower case; null where no header was set. */
    get() {
      warn('_headerNames');
      const store = this[kStore];
      if (store === null) return null;
      const names: Record<string, string> = Object.create(null);
      for (const name of store.rawNames()) names[name.toLowerCase()] = name;
      return names;
    },
    /** Spells names anew. */
    set(names: Record<string, string> | null) {
      warn('_headerNames');
      const store = this[kStore];
      if (store === null || typeof names !== 'object' || names === null) return;
      for (const [lowerCase, name] of Object.entries(names)) {
        const value = store.get(lowerCase);
        const checked = outgoingName(name);
        if (value !== undefined && checked.lowerCase === lowerCase) store.set(name, value, checked);
      }
    },
  },
};

/** The members that this Node has of them, for the prototype of OutgoingMessage. */
export const olderHeaderMembers = Number.parseInt(process.versions.node, 10) <= LAST_MAJOR ? members : {};
