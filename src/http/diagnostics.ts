/**
 * What instrumentations listen to: the diagnostics_channel names of node:http, and NODE_DEBUG=http. Every
 * publisher asks `hasSubscribers` first, so that nobody pays for what nobody hears.
 */
import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';

/** `{ request, response, socket, server }`, before the request listener runs. */
export const requestStart = channel('http.server.request.start');
/** `{ request, response }`, when the response object was made. */
export const responseCreated = channel('http.server.response.created');
/** `{ request, response, socket, server }`, when the last byte was handed to the system. */
export const responseFinish = channel('http.server.response.finish');

/** Writes to stderr under NODE_DEBUG=http. */
export const debug = debuglog('http');
