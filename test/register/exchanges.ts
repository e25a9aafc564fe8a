/** Asks a server for something, and writes down all of the answer that may be compared. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

/** A request, by node:http's own client. */
export interface Ask {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  /** Several pieces are sent one after another, chunked unless the headers say otherwise. */
  body?: string | Buffer | string[];
}

export interface Answer {
  status: number;
  reason: string;
  /** Name and value by turns, in their order on the wire, Date aside. */
  fields: string[];
  trailers: string[];
  content: string;
}

/** Content as one can read it in a failed comparison. */
function shown(content: Buffer): string {
  const text = content.toString('utf8');
  if (content.length <= 20_000 && !text.includes('\ufffd')) return text;
  return `${content.length} bytes, SHA-256 ${createHash('sha256').update(content).digest('hex')}`;
}

/** Takes out what no two answers have in common. */
function withoutDate(fields: string[]): string[] {
  return fields.flatMap((name, i) => {
    if (i % 2 === 1) return [];
    return [name, name.toLowerCase() === 'date' ? '(date)' : fields[i + 1]];
  });
}

/** Makes the request and reads the whole answer. */
export async function exchange(port: number, agent: http.Agent, ask: Ask): Promise<Answer> {
  const request = (agent instanceof https.Agent ? https : http).request({
    host: '127.0.0.1',
    port,
    agent,
    method: ask.method ?? 'GET',
    path: ask.path ?? '/',
    // The port differs from run to run, and goes into links.
    headers: { Host: 'shop.example', ...ask.headers },
  });
  if (Array.isArray(ask.body)) {
    for (const piece of ask.body) request.write(piece);
    request.end();
  } else {
    request.end(ask.body);
  }
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    fields: withoutDate(response.rawHeaders),
    trailers: response.rawTrailers,
    content: shown(Buffer.concat(chunks)),
  };
}

/** As `exchange`; an error is an outcome too. */
export async function outcome(port: number, agent: http.Agent, ask: Ask): Promise<Answer | string> {
  try {
    return await exchange(port, agent, ask);
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}: ${(error as Error).message}`;
  }
}

/** Sends bytes and gives all that comes back until the server ends the connection; dates are taken out. */
export async function conversation(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return received.replaceAll(/^Date: [^\r]+/gim, 'Date: (date)');
}

/** Sends bytes, and goes away without a word as soon as something has come back, or at once. */
export async function walkOut(port: number, bytes: string, waitsForData: boolean): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await new Promise<void>((resolve) => socket.write(bytes, 'latin1', () => resolve()));
  if (waitsForData) await once(socket, 'data');
  socket.destroy();
  await once(socket, 'close');
}
