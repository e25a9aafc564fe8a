import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { authority } from '../certificates.js';
import { type ReadResponse, readResponse } from '../response-reader.js';

/** No answer of a healthy server takes this long here. */
const PATIENCE = 20_000;

/** Connects to a server under measurement. */
export async function connect(port: number, secure = false): Promise<net.Socket> {
  const options = { port, host: '127.0.0.1', noDelay: true };
  const socket = secure ? tls.connect({ ...options, ca: authority }) : net.connect(options);
  await once(socket, secure ? 'secureConnect' : 'connect');
  // Whoever waits for something hears of an error by itself; an idle connection may end as it likes.
  socket.on('error', () => {});
  return socket;
}

/** Sends these bytes and waits for that many responses to them. */
export function exchange(socket: net.Socket, bytes: Buffer, count: number): Promise<ReadResponse[]> {
  return new Promise((resolve, reject) => {
    const responses: ReadResponse[] = [];
    let received: Buffer = Buffer.alloc(0);

    function settle(error?: Error): void {
      socket.off('data', onBytes).off('error', settle).off('close', onClose).off('timeout', onTimeout);
      socket.setTimeout(0);
      if (error === undefined) resolve(responses);
      else reject(error);
    }
    function onBytes(chunk: Buffer): void {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      try {
        for (let next = readResponse(received); next !== undefined; next = readResponse(received)) {
          responses.push(next);
          received = received.subarray(next.length);
          if (received.length === 0) break;
        }
      } catch (error) {
        settle(error as Error);
        return;
      }
      if (responses.length > count || (responses.length === count && received.length > 0)) {
        settle(new Error('more was answered than asked'));
      } else if (responses.length === count) {
        settle();
      }
    }
    function onClose(): void {
      settle(new Error(`closed after ${responses.length} of ${count} responses`));
    }
    function onTimeout(): void {
      settle(new Error(`no answer within ${PATIENCE / 1000} s`));
    }

    socket.on('data', onBytes).on('error', settle).on('close', onClose).on('timeout', onTimeout);
    socket.setTimeout(PATIENCE);
    socket.write(bytes);
  });
}
