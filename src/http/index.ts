/** `barewire/http`: exactly node:http's exports. */
import { platformClass } from './platform-classes.js';

export * from './http.js';
export { default } from './http.js';

/** The platform's own, as node:http re-exports them. Undefined where the platform has none (WebSocket on Node 20). */
export const WebSocket = platformClass('WebSocket');
export const CloseEvent = platformClass('CloseEvent');
export const MessageEvent = platformClass('MessageEvent');
