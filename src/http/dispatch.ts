/** Which listener of the server a request is for. */
import type { ConnectionSocket } from './connection.js';
import { callsListeners, type Emitter } from './emitter.js';
import type { Incoming } from './incoming-message.js';
import type { HttpServer } from './server.js';
import type { Response } from './server-response.js';
import { kServer } from './symbols.js';

/** What counts the requests of a connection. */
interface Counted {
  readonly socket: ConnectionSocket;
  requestCount: number;
}

const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/**
 * Emits 'request'. Where that is to call the one listener, it is called: `emit` is made for all events of all emitters,
 * and looks each one up anew.
 */
function emitRequest(server: HttpServer, request: Incoming, response: Response): void {
  const emitter = server as unknown as Emitter;
  if (callsListeners(emitter)) {
    const listener = emitter._events?.request;
    if (typeof listener === 'function') {
      listener.call(server, request, response);
      return;
    }
  }
  server.emit('request', request, response);
}

/** Calls the listener that is for this request, or answers it where none should see it. */
export function callListener(
  server: HttpServer,
  connection: Counted,
  request: Incoming,
  response: Response,
  hasHost: boolean,
  hasExpect: boolean,
): void {
  if (request.httpVersionMinor === 1 && request.httpVersionMajor === 1) {
    if (!hasHost && server.requireHostHeader) {
      // "MUST respond with a 400" (RFC 9112 section 3.2).
      refused(server, connection, 400, 'Missing Host');
      response.writeHead(400, ['Connection', 'close']);
      response.end();
      return;
    }
    const limit = server.maxRequestsPerSocket;
    if (typeof limit === 'number' && limit > 0) {
      connection.requestCount++;
      response.maxRequestsOnConnectionReached = limit <= connection.requestCount;
      if (limit < connection.requestCount) {
        server.emit('dropRequest', request, connection.socket);
        refused(server, connection, 503, 'Too many requests on the connection');
        response.writeHead(503);
        response.end();
        return;
      }
    }
    if (hasExpect) {
      callExpectationListener(server, connection, request, response);
      return;
    }
  }
  emitRequest(server, request, response);
}

/** Expect (RFC 9110 section 10.1.1): 100-continue is answered, anything else refused, unless a listener does. */
function callExpectationListener(
  server: HttpServer,
  connection: Counted,
  request: Incoming,
  response: Response,
): void {
  if (CONTINUE.test(request.headers.expect as string)) {
    response._expect_continue = true;
    if (server.listenerCount('checkContinue') > 0) {
      server.emit('checkContinue', request, response);
    } else {
      response.writeContinue();
      emitRequest(server, request, response);
    }
  } else if (server.listenerCount('checkExpectation') > 0) {
    server.emit('checkExpectation', request, response);
  } else {
    refused(server, connection, 417, 'Unknown expectation');
    // The content was announced and may or may not come: nothing behind it can be told from it.
    response.writeHead(417, ['Connection', 'close']);
    response.end();
  }
}

function refused(server: HttpServer, { socket }: Counted, statusCode: number, reason: string): void {
  server[kServer].onRefusal?.({ statusCode, reason, socket });
}
