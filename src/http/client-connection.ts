/**
 * The client's side of a connection, as its input drives it: it pairs the response with its request, and tells of
 * interim responses, upgrades and what cannot be read.
 *
 * It stays with its socket from the first request to the last: nothing is set up again for a request on a reused
 * socket. Between two exchanges it keeps watch: whatever a server sends then belongs to no request, and ends the
 * connection before it could be taken for the next one's response.
 */
import { Buffer } from 'node:buffer';
import { behindClose, type PeerError } from '../errors.js';
import { CLOSE_DELIMITED } from '../wire/framing.js';
import { MAX_HEADERS_COUNT } from '../wire/limits.js';
import { MessageParser, type MessageSink, RESPONSE } from '../wire/parser.js';
import { isPersistent, messageConnectionOptions } from '../wire/persistence.js';
import { isInterimStatus, SWITCHING_PROTOCOLS } from '../wire/tables.js';
import { ClientExchange, closeRequest, type IncomingResponse } from './client-exchange.js';
import type { Request } from './client-request.js';
import { maxHeaderSize } from './command-line.js';
import type { ConnectionSocket } from './connection.js';
import { clientResponseFinish, debug, isDebugging } from './diagnostics.js';
import { completeResponse } from './incoming-ends.js';
import { type Incoming, IncomingMessage } from './incoming-message.js';
import { finishClientEntry, isObserved, lookForObservers } from './performance-entries.js';
import { emitResponse, hearEnd } from './request-events.js';
import type { ResponseParsing } from './request-options.js';
import { kConnection, kParsing, kScope, kTrailers, kTrailersDistinct } from './symbols.js';

const Response = IncomingMessage as unknown as new (socket: ConnectionSocket) => IncomingResponse;

/** The status is for a server's answer: an application that lets the error out would blame its own client. */
function blamed(error: PeerError): Error {
  delete (error as Partial<PeerError>).statusCode;
  return error;
}

export class ClientConnection extends ClientExchange {
  protected parser: MessageParser;
  private parsing: ResponseParsing;
  private isInterim = false;
  /** The response said that the connection closes behind it. */
  private isLastResponse = false;
  /** Is there a listener for the socket's 'data'? Only while a response is being received. */
  private hearsData = true;

  constructor(socket: ConnectionSocket, parsing: ResponseParsing) {
    super(socket);
    this.parsing = parsing;
    this.parser = this.makeParser(parsing);
    lookForObservers();
    this.attach();
    this.watch();
  }

  /**
   * What comes in between exchanges is seen at once, without a listener for 'data': libraries (node-fetch 2) take one
   * that is there when a response has closed for the sign of a response cut short.
   */
  private watch(): void {
    const { socket } = this;
    const push = socket.push as (chunk: unknown, encoding?: BufferEncoding) => boolean;
    // A constant first: assigned as a literal it would outlive the socket (CONTRIBUTING.md, "Code").
    const watchedPush = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (this.hearsData || chunk === null) return push.call(socket, chunk, encoding);
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Buffer);
      this.feed(bytes, bytes.length);
      return false;
    };
    socket.push = watchedPush;
  }

  protected override detach(): void {
    super.detach();
    this.hearsData = true;
    delete (this.socket as { push?: unknown }).push;
  }

  private makeParser(parsing: ResponseParsing): MessageParser {
    return new MessageParser(RESPONSE, this, {
      maxHeaderSize: parsing.maxHeaderSize || maxHeaderSize,
      // As many as fit the size: a response with more than the request wants is cut, not refused.
      maxHeadersCount: 0,
      leniency: parsing.leniency,
    });
  }

  /** The exchange of this request begins: its turn to write, and what comes in is its response. */
  begin(request: Request): void {
    const { socket } = this;
    if (request[kParsing] !== this.parsing) {
      this.parsing = request[kParsing];
      this.parser = this.makeParser(this.parsing);
      socket.parser = this.parser;
    }
    this.parser.requestMethod = request.method;
    this.reads = true;
    this.isInterim = false;
    this.beginExchange(request);
    if (!this.hearsData) {
      this.hearsData = true;
      this.hearData();
    }
    socket._httpMessage = request;
    request.socket = socket;
    request[kConnection] = this;
    if (isDebugging) debug('client: %s %s has its socket', request.method, request.path);
  }

  override feed(chunk: Buffer, length: number): void {
    const { request } = this;
    if (request === null) {
      const owner = this.socket._httpMessage as Partial<Request> | null | undefined;
      if (owner && owner[kScope] === undefined) this.handOver(chunk, length);
      else this.refuseInput();
      return;
    }
    this.hasInput = true;
    request[kScope].runInAsyncScope(super.feed, this, chunk, length);
  }

  /** A request of node:http's own has the socket, by an agent for both: it has set its parser, and reads from here on. */
  private handOver(chunk: Buffer, length: number): void {
    const { socket } = this;
    const { parser } = socket;
    this.detach();
    socket.parser = parser;
    socket.push(Buffer.from(chunk.subarray(0, length)));
  }

  /** Nobody asked (CVE-2026-48931): the next request must not get this for its answer. */
  private refuseInput(): void {
    debug('client: data on an idle socket');
    this.socket.destroy();
  }

  // What the parser finds.

  onHead(parser: MessageParser): boolean {
    const request = this.request as Request;
    const { startLine, fields } = parser;
    const { statusCode, versionMajor, versionMinor } = startLine;
    const response = new Response(this.socket);
    response.httpVersionMajor = versionMajor;
    response.httpVersionMinor = versionMinor;
    response.httpVersion =
      versionMajor === 1 && versionMinor === 1 ? '1.1' : `${versionMajor}.${versionMinor}`;
    response.statusCode = statusCode;
    response.statusMessage = startLine.statusMessage;
    response.joinDuplicateHeaders = this.parsing.joinDuplicateHeaders;
    response.rawHeaders = limited(fields.lines, request.maxHeadersCount);
    response.upgrade = false;
    if (isDebugging) debug('client: %d to %s %s', statusCode, request.method, request.path);
    if (isInterimStatus(statusCode)) {
      this.isInterim = true;
      this.tellInterim(request, response);
      return false;
    }
    request.res = response;
    response.req = request;
    response[kConnection] = this;
    this.incoming = response;
    if (request.method === 'CONNECT' || statusCode === SWITCHING_PROTOCOLS) {
      response.upgrade = true;
      return true;
    }
    const options = messageConnectionOptions(fields);
    this.isLastResponse = !isPersistent(versionMajor === 0 ? 0 : versionMinor, options);
    if (this.isLastResponse || parser.framing === CLOSE_DELIMITED) request.shouldKeepAlive = false;
    if (isObserved) finishClientEntry(request, response);
    if (clientResponseFinish.hasSubscribers) clientResponseFinish.publish({ request, response });
    this.tellResponse(request, response);
    return false;
  }

  private tellResponse(request: Request, response: IncomingResponse): void {
    hearEnd(response, onResponseEnd);
    if (request.timeoutCb !== null) this.hearTimeout();
    try {
      if (request.aborted || !emitResponse(request, response)) response._dump();
    } catch (error) {
      this.keepThrown(error);
    }
  }

  /** Tells of a 1xx response but 101: the final one is still to come (RFC 9110 section 15.2). */
  private tellInterim(request: Request, response: Incoming): void {
    try {
      if (response.statusCode === 100) request.emit('continue');
      request.emit('information', {
        statusCode: response.statusCode,
        statusMessage: response.statusMessage,
        httpVersion: response.httpVersion,
        httpVersionMajor: response.httpVersionMajor,
        httpVersionMinor: response.httpVersionMinor,
        headers: response.headers,
        rawHeaders: response.rawHeaders,
      });
    } catch (error) {
      this.keepThrown(error);
    }
  }

  override onBody(bytes: Buffer, from: number, to: number): void {
    try {
      super.onBody(bytes, from, to);
    } catch (error) {
      this.keepThrown(error);
    }
  }

  onTrailers(lines: string[]): void {
    const { incoming } = this;
    if (incoming === null) return;
    incoming.rawTrailers = lines;
    incoming[kTrailers] = incoming[kTrailersDistinct] = null;
  }

  onComplete(): void {
    if (this.isInterim) {
      this.isInterim = false;
      return;
    }
    // What comes behind it answers nothing.
    this.reads = false;
    this.hearsData = false;
    this.ignoreData();
    if (this.socket.readableLength > 0) {
      // Received while the reader was slow: nobody would hear it any more.
      debug('client: bytes behind a response');
      this.socket.destroy();
    }
    const response = this.incoming;
    this.incoming = null;
    if (response !== null) completeResponse(response);
    this.resumeBody();
  }

  /**
   * A second response where one was asked for: the socket is dropped, and the first has all that is its own. Bytes
   * that are no response are an error, as in node:http, but where they come in a later read: whoever has the whole response
   * by then is not told.
   */
  protected onUnreadable(chunk: Buffer, isLate: boolean): void {
    debug('client: bytes behind a response');
    this.deafen();
    this.socket.destroy();
    if (isLate) return;
    const parser = new MessageParser(RESPONSE, NOBODY, { leniency: this.parsing.leniency });
    const bytesParsed = parser.execute(chunk, 0, chunk.length);
    const error = this.isLastResponse ? behindClose() : parser.error;
    if (error !== null) this.fail(Object.assign(blamed(error), { bytesParsed, rawPacket: chunk }));
  }

  protected onParseError(error: PeerError): void {
    this.deafen();
    this.socket.destroy();
    this.fail(blamed(error));
  }

  protected isBlocked(): boolean {
    return false;
  }

  protected onTunnel(head: Buffer): void {
    const { socket } = this;
    const request = this.request as Request;
    const response = request.res as IncomingResponse;
    const event = request.method === 'CONNECT' ? 'connect' : 'upgrade';
    this.incoming = null;
    if (request.listenerCount(event) === 0) {
      if (event === 'upgrade' && response.headers.upgrade === undefined) {
        // It does not say to what. Whoever takes it for a response gets one, the last of the connection.
        response.upgrade = false;
        request.shouldKeepAlive = false;
        this.tellResponse(request, response);
        completeResponse(response);
        return;
      }
      // Nobody here speaks what it switched to. It is a response all the same, and all of it is there.
      completeResponse(response);
      socket.destroy();
      return;
    }
    this.detach();
    this.request = null;
    request.upgradeOrConnect = true;
    response.complete = true;
    socket._httpMessage = null;
    if (request.timeoutCb !== null) socket.removeListener('timeout', request.timeoutCb);
    // It is no longer the agent's.
    socket.emit('agentRemove');
    // Not flowing, not paused: as the listener would find a socket of its own.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    try {
      request.emit(event, response, socket, head);
    } finally {
      request.destroyed = true;
      closeRequest(request);
    }
  }
}

/** Takes a message that nobody is to see. */
const NOBODY: MessageSink = { onHead: () => true, onBody() {}, onTrailers() {}, onComplete() {} };

/** `req.maxHeadersCount` field lines, or 1000: what is beyond is left out, as node:http does. */
function limited(lines: string[], maxHeadersCount: number | null): string[] {
  const count = maxHeadersCount ?? MAX_HEADERS_COUNT;
  return count > 0 && lines.length > count * 2 ? lines.slice(0, count * 2) : lines;
}

function onResponseEnd(this: IncomingResponse): void {
  const connection = this.req[kConnection] as ClientConnection | null;
  connection?.responseEnded(this.req, this);
}
