/** One input as the stock client of the running Node reads it for a response, and as a bare MessageParser does. */
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { INSECURE, type Leniency, MessageParser, type MessageSink, RESPONSE } from '#src/wire/parser.js';

export interface ReadResponse {
  version: string;
  statusCode: number;
  statusMessage: string;
  fields: string[];
  content: string;
  trailers: string[];
  isComplete: boolean;
}

export interface ResponseReading {
  /** Interim responses and the one that ends the exchange. */
  responses: ReadResponse[];
  /** What is wrong with the bytes: code and reason. Null also where they end too soon. */
  refusal: string | null;
}

/** A response that does not end the exchange (RFC 9110 section 15.2). */
export function isInterim(statusCode: number): boolean {
  return statusCode >= 100 && statusCode < 200 && statusCode !== 101;
}

/** Stock requests to a server that answers each with bytes of the test's. */
export class StockClient {
  private readonly server: Server;
  private readonly options: RequestOptions;
  private readonly inputs = new Map<string, string>();
  private count = 0;

  private constructor(leniency: Leniency) {
    this.options = leniency === INSECURE ? { insecureHTTPParser: true } : {};
    this.server = createServer((socket) => this.answer(socket));
  }

  static async start(leniency: Leniency): Promise<StockClient> {
    const client = new StockClient(leniency);
    client.server.listen(0, '127.0.0.1');
    await once(client.server, 'listening');
    return client;
  }

  private answer(socket: Socket): void {
    let head = '';
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      head += piece.toString('latin1');
      if (head.endsWith('\r\n\r\n')) socket.end(this.inputs.get(head.split(' ')[1]) ?? '', 'latin1');
    });
  }

  /** The input, and then its end, in answer to a request with this method. */
  async read(input: string, method: string): Promise<ResponseReading> {
    const path = `/${this.count++}`;
    this.inputs.set(path, input);
    const { port } = this.server.address() as AddressInfo;
    const sent = request({ ...this.options, host: '127.0.0.1', port, path, method, agent: false });
    const reading: ResponseReading = { responses: [], refusal: null };
    const ends = [new Promise<void>((closed) => sent.on('close', closed))];
    sent.on('information', (interim) => {
      reading.responses.push({ ...headOf(interim), isComplete: true });
    });
    sent.on('response', (response) => ends.push(record(response, reading)));
    sent.on('upgrade', (response, socket) => {
      reading.responses.push({ ...headOf(response), isComplete: true });
      socket.destroy();
    });
    sent.on('error', (error: Error & { code?: string; reason?: string }) => {
      if (error.code?.startsWith('HPE_'))
        reading.refusal ??= `${error.code} ${error.reason ?? error.message}`;
    });
    sent.end();
    for (const end of ends) await end;
    this.inputs.delete(path);
    return reading;
  }

  async close(): Promise<void> {
    await new Promise((closed) => this.server.close(closed));
  }
}

function headOf(message: Pick<IncomingMessage, 'httpVersion' | 'rawHeaders'>): ReadResponse {
  const { httpVersion, statusCode, statusMessage, rawHeaders } = message as IncomingMessage;
  return {
    version: httpVersion,
    statusCode: statusCode as number,
    statusMessage: statusMessage as string,
    fields: rawHeaders,
    content: '',
    trailers: [],
    isComplete: false,
  };
}

function record(response: IncomingMessage, reading: ResponseReading): Promise<void> {
  const read = headOf(response);
  reading.responses.push(read);
  response.on('error', () => {});
  response.on('data', (piece: Buffer) => {
    read.content += piece.toString('latin1');
  });
  return new Promise<void>((resolve) => {
    response.on('close', () => {
      read.trailers = response.rawTrailers;
      read.isComplete = response.complete;
      resolve();
    });
  });
}

/** The input as a MessageParser reads it, until the response that ends the exchange is complete. */
export function readBareResponse(input: string, method: string, leniency: Leniency): ResponseReading {
  const reading: ResponseReading = { responses: [], refusal: null };
  const current = () => reading.responses.at(-1) as ReadResponse;
  let isOver = false;
  const sink: MessageSink = {
    onHead({ startLine, fields }) {
      reading.responses.push({
        version: `${startLine.versionMajor}.${startLine.versionMinor}`,
        statusCode: startLine.statusCode,
        statusMessage: startLine.statusMessage,
        fields: fields.lines,
        content: '',
        trailers: [],
        isComplete: startLine.statusCode === 101,
      });
      isOver = startLine.statusCode === 101;
      return false;
    },
    onBody(bytes, from, to) {
      current().content += bytes.toString('latin1', from, to);
    },
    onTrailers(lines) {
      current().trailers = lines;
    },
    onComplete() {
      current().isComplete = true;
      isOver = !isInterim(current().statusCode);
    },
  };
  const parser = new MessageParser(RESPONSE, sink, { leniency });
  parser.requestMethod = method;
  const chunk = Buffer.from(input, 'latin1');
  for (let at = 0; at < chunk.length && parser.error === null && !isOver; ) {
    at = parser.execute(chunk, at, chunk.length);
  }
  if (parser.error !== null) reading.refusal = `${parser.error.code} ${parser.error.reason}`;
  else if (!isOver) parser.finish();
  return reading;
}
