/** `barewire/http`: exactly node:http's exports. */
import { platformClass } from './platform-classes.js';

export * from './http.js';
// The second is what `require` gives: an object that can be written to, as that of node:http, and not a namespace.
export { default, default as 'module.exports' } from './http.js';

/** The platform's own, as node:http re-exports them. Undefined where the platform has none (WebSocket on Node 20). */
export const WebSocket = platformClass('WebSocket');
export const CloseEvent = platformClass('CloseEvent');
export const MessageEvent = platformClass('MessageEvent');
