/** `barewire/http`: exactly node:http's exports. */
import http from './http.js';
import { type PlatformClass, platformClass } from './platform-classes.js';

export * from './http.js';
export default http;

/** The platform's own, as node:http re-exports them. Undefined where the platform has none (WebSocket on Node 20). */
export const WebSocket: PlatformClass<'WebSocket'> = platformClass('WebSocket');
export const CloseEvent: PlatformClass<'CloseEvent'> = platformClass('CloseEvent');
export const MessageEvent: PlatformClass<'MessageEvent'> = platformClass('MessageEvent');

/**
 * What `require` gives: an object that can be written to, as that of node:http, and not a namespace.
 * @internal Compilers before TypeScript 5.6 cannot read such a name.
 */
export { http as 'module.exports' };
