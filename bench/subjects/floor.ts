import net from 'node:net';
import tls from 'node:tls';
import { certificate } from '../certificates.js';
import type { ExpectedResponse } from '../messages.js';
import { closesConnection, type Scenario } from '../scenarios.js';
import type { Subject } from '../subjects.js';
import { createFloorClient } from './floor-client.js';

/**
 * The least that a server on `node:net` can do: it looks for the end of each request and writes an answer made
 * beforehand. It understands nothing else of HTTP, so nobody who does can be expected to cost less.
 */
export const subject: Subject = { createServer, createClient: createFloorClient };

function createServer(scenario: Scenario): net.Server {
  const one = answer(scenario.response);
  const closes = closesConnection(scenario);
  // answers[n] is n responses in one piece, for n pipelined requests.
  const answers = [Buffer.alloc(0), one];
  const onConnection = (socket: net.Socket): void => {
    const requestsEnding = requestCounter();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      const count = requestsEnding(chunk);
      if (count === 0) return;
      answers[count] ??= Buffer.concat(Array<Buffer>(count).fill(one));
      if (closes) socket.end(answers[count]);
      else socket.write(answers[count]);
    });
  };
  return scenario.secure
    ? tls.createServer({ noDelay: true, ...certificate } as tls.TlsOptions, onConnection)
    : net.createServer({ noDelay: true }, onConnection);
}

const HEAD_END = Buffer.from('\r\n\r\n');
/** As `node:http` is told to write it, and as others do. */
const LENGTH_NAMES = [Buffer.from('\r\nContent-Length: '), Buffer.from('\r\ncontent-length: ')];
const POST = 'P'.charCodeAt(0);

/** A function that says how many requests end within the next chunk of a connection. */
function requestCounter(): (chunk: Buffer) => number {
  let headSoFar: Buffer | undefined;
  let contentLeft = 0;
  return (chunk) => {
    let at = 0;
    let count = 0;
    if (contentLeft > 0) {
      at = Math.min(contentLeft, chunk.length);
      contentLeft -= at;
      if (contentLeft === 0) count++;
    } else if (headSoFar !== undefined) {
      chunk = Buffer.concat([headSoFar, chunk]);
      headSoFar = undefined;
    }
    while (at < chunk.length) {
      const end = chunk.indexOf(HEAD_END, at);
      if (end === -1) {
        headSoFar = chunk.subarray(at);
        break;
      }
      contentLeft = contentLength(chunk, at, end);
      at = end + HEAD_END.length;
      const taken = Math.min(contentLeft, chunk.length - at);
      contentLeft -= taken;
      at += taken;
      if (contentLeft === 0) count++;
    }
    return count;
  };
}

function contentLength(chunk: Buffer, start: number, end: number): number {
  if (chunk[start] !== POST) return 0;
  for (const name of LENGTH_NAMES) {
    const at = chunk.indexOf(name, start);
    if (at !== -1 && at < end) return Number.parseInt(chunk.toString('latin1', at + name.length, end), 10);
  }
  return 0;
}

function answer({ status, fields, content }: ExpectedResponse): Buffer {
  const [first, ...others] = fields;
  const lines = [`HTTP/1.1 ${status} OK`, first, `Date: ${new Date().toUTCString()}`, ...others, '', ''];
  const head = Buffer.from(lines.join('\r\n'));
  if (!fields.includes('Transfer-Encoding: chunked')) return Buffer.concat([head, content]);
  const size = Buffer.from(`${content.length.toString(16)}\r\n`);
  return Buffer.concat([head, size, content, Buffer.from('\r\n0\r\n\r\n')]);
}
