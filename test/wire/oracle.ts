/** One input as the stock server of the running Node reads it, and as a bare MessageParser does. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { UPGRADE } from '#src/wire/fields.js';
import {
  INSECURE,
  type Leniency,
  MessageParser,
  type MessageSink,
  RELAXED,
  REQUEST,
} from '#src/wire/parser.js';
import { isPersistent, messageConnectionOptions, OPTION_UPGRADE } from '#src/wire/persistence.js';

export interface ReadMessage {
  method: string;
  target: string;
  version: string;
  fields: string[];
  content: string;
  trailers: string[];
  isComplete: boolean;
}

export interface Reading {
  messages: ReadMessage[];
  /** Why reading stopped before the end of the input: code and reason. */
  refusal: string | null;
  /** Was the connection closed, by the words of the last message, with bytes still to read? */
  isClosed: boolean;
}

interface Entry {
  reading: Reading;
  closed: Promise<void>;
  close: () => void;
}

const SILENCE_LIMIT_MS = 10_000;
const NAMES_OF_LENIENCY = { 0: 'strict', [RELAXED]: 'relaxed', [INSECURE]: 'insecure' } as const;

/** The stock server, listening; every connection has a reading of its own. */
export class StockReader {
  private readonly server: Server;
  private readonly sockets = new WeakMap<Duplex, Reading>();
  /** Of the connections from each port; server and client may see a connection first. */
  private readonly entries = new Map<number, Entry>();

  private constructor(options: ServerOptions) {
    this.server = createServer({ ...options, requireHostHeader: false });
    // No response ever ends, and with it no connection: only the input's end and an error do.
    (this.server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    this.server.on('connection', (socket: Socket) => {
      const { reading, close } = this.entryOf(socket.remotePort as number);
      this.sockets.set(socket, reading);
      socket.on('close', close);
      socket.on('end', () => setImmediate(() => socket.destroy()));
    });
    this.server.on('request', (request) => this.record(request));
    const takeOver = (request: IncomingMessage, socket: Duplex) => {
      // What follows the head is not compared: versions of Node differ in what they make of it.
      this.record(request, true);
      socket.destroy();
    };
    this.server.on('upgrade', takeOver);
    this.server.on('connect', takeOver);
    // Whatever is expected, what counts is that the request was read.
    this.server.on('checkContinue', (request, response) => this.server.emit('request', request, response));
    this.server.on('checkExpectation', (request, response) => this.server.emit('request', request, response));
    this.server.on('clientError', (error: Error & { code?: string; reason?: string }, socket) => {
      const reading = this.sockets.get(socket);
      if (reading !== undefined) reading.refusal ??= `${error.code} ${error.reason ?? error.message}`;
      socket.destroy();
    });
  }

  /** Null where the running Node has no such leniency. */
  static async start(leniency: Leniency): Promise<StockReader | null> {
    const httpValidation = NAMES_OF_LENIENCY[leniency];
    let options: ServerOptions = {};
    if (leniency === INSECURE) options = { insecureHTTPParser: true };
    else if (leniency === RELAXED) options = { httpValidation } as ServerOptions;
    if (leniency === RELAXED && !hasHttpValidation()) return null;
    const reader = new StockReader(options);
    await new Promise<void>((listening) => reader.server.listen(0, '127.0.0.1', listening));
    return reader;
  }

  /** Sends the input over a connection of its own, then its end. */
  async read(input: string): Promise<Reading> {
    const client = connect({ port: (this.server.address() as AddressInfo).port, host: '127.0.0.1' });
    client.on('error', () => {});
    client.resume();
    await once(client, 'connect');
    const port = client.localPort as number;
    const { reading, closed } = this.entryOf(port);
    const limit = setTimeout(() => client.destroy(new Error('silence')), SILENCE_LIMIT_MS);
    client.end(input, 'latin1');
    await closed;
    clearTimeout(limit);
    this.entries.delete(port);
    if (client.errored?.message === 'silence') throw new Error(`no end: ${JSON.stringify(input)}`);
    client.destroy();
    return reading;
  }

  private record(request: IncomingMessage, isComplete = false): void {
    const message: ReadMessage = {
      method: request.method as string,
      target: request.url as string,
      version: request.httpVersion,
      fields: request.rawHeaders,
      content: '',
      trailers: [],
      isComplete,
    };
    this.sockets.get(request.socket)?.messages.push(message);
    if (isComplete) return;
    request.on('data', (piece: Buffer) => {
      message.content += piece.toString('latin1');
    });
    request.on('end', () => {
      message.trailers = request.rawTrailers;
      message.isComplete = true;
    });
    request.on('error', () => {});
  }

  private entryOf(port: number): Entry {
    let entry = this.entries.get(port);
    if (entry === undefined) {
      let close = () => {};
      const closed = new Promise<void>((resolve) => {
        close = resolve;
      });
      entry = { reading: { messages: [], refusal: null, isClosed: false }, closed, close };
      this.entries.set(port, entry);
    }
    return entry;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

/** The option is refused when it is known and its value is not. */
function hasHttpValidation(): boolean {
  try {
    createServer({ httpValidation: 'no such leniency' } as unknown as ServerOptions);
    return false;
  } catch {
    return true;
  }
}

/** The input as a MessageParser reads it, with a connection's rules about its end around it. */
export function readBare(input: string, leniency: Leniency): Reading {
  const reading: Reading = { messages: [], refusal: null, isClosed: false };
  let goesOn = true;
  let isUpgraded = false;
  const sink: MessageSink = {
    onHead(parser) {
      const { startLine, fields } = parser;
      const options = messageConnectionOptions(fields);
      reading.messages.push({
        method: startLine.method,
        target: startLine.target,
        version: `${startLine.versionMajor}.${startLine.versionMinor}`,
        fields: fields.lines,
        content: '',
        trailers: [],
        isComplete: false,
      });
      const message = reading.messages.at(-1) as ReadMessage;
      goesOn = leniency === INSECURE || isPersistent(startLine.versionMinor, options);
      isUpgraded =
        startLine.method === 'CONNECT' || ((options & OPTION_UPGRADE) !== 0 && fields.has(UPGRADE));
      message.isComplete = isUpgraded;
      return isUpgraded;
    },
    onBody(bytes, from, to) {
      (reading.messages.at(-1) as ReadMessage).content += bytes.toString('latin1', from, to);
    },
    onTrailers(lines) {
      (reading.messages.at(-1) as ReadMessage).trailers = lines;
    },
    onComplete() {
      (reading.messages.at(-1) as ReadMessage).isComplete = true;
    },
  };
  const parser = new MessageParser(REQUEST, sink, { leniency });
  const chunk = Buffer.from(input, 'latin1');
  let at = 0;
  while (at < chunk.length && parser.error === null && !isUpgraded && (goesOn || !parser.isIdle)) {
    at = parser.execute(chunk, at, chunk.length);
  }
  reading.isClosed = !goesOn && at < chunk.length;
  const error = parser.error ?? (isUpgraded ? null : parser.finish());
  if (error !== null) reading.refusal = `${error.code} ${error.reason}`;
  return reading;
}
