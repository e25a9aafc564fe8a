/**
 * What instrumentations listen to: the diagnostics_channel names of node:http, and NODE_DEBUG=http. Every
 * publisher asks `hasSubscribers` first, so that nobody pays for what nobody hears.
 */
import { channel } from 'node:diagnostics_channel';

/** `{ request, response, socket, server }`, before the request listener runs. */
export const requestStart = channel('http.server.request.start');
/** `{ request, response }`, when the response object was made. */
export const responseCreated = channel('http.server.response.created');
/** `{ request, response, socket, server }`, when the last byte was handed to the system. */
export const responseFinish = channel('http.server.response.finish');

/** `{ request }`, when a request of a client was made. */
export const clientRequestCreated = channel('http.client.request.created');
/** `{ request }`, when it was handed to the system. */
export const clientRequestStart = channel('http.client.request.start');
/** `{ request, error }` */
export const clientRequestError = channel('http.client.request.error');
/** `{ request, response }`, when the head of the response was read. */
export const clientResponseFinish = channel('http.client.response.finish');

/** Writes to stderr under NODE_DEBUG=http: requests by method and target, never header fields. */
export const debug = process.getBuiltinModule('node:util').debuglog('http');
/** Is anything written? Asked once: what runs for every request costs nothing where nothing is. */
export const isDebugging = debug.enabled;
// The first call has Node warn of what stands in such a log; most of ours come late, or never.
if (isDebugging) debug('barewire');
