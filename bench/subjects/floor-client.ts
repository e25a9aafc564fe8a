import net from 'node:net';
import tls from 'node:tls';
import type { Answered, Client, ClientTarget } from '../client.js';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * The least that a client on `node:net` can do: it writes bytes made beforehand, looks for the end of the head, and
 * knows how much comes behind it.
 */
export function createFloorClient({ scenario, port, connections, authority }: ClientTarget): Client {
  const { length } = scenario.response.content;
  const idle: net.Socket[] = [];
  const open = new Set<net.Socket>();
  const answered = new WeakMap<net.Socket, Answered>();

  function connect(): net.Socket {
    const options = { port, host: '127.0.0.1', noDelay: true };
    const socket = scenario.secure ? tls.connect({ ...options, ca: authority }) : net.connect(options);
    let received: Buffer | undefined;
    open.add(socket);
    socket.on('data', (chunk: Buffer) => {
      received = received === undefined ? chunk : Buffer.concat([received, chunk]);
      const end = received.indexOf(HEAD_END);
      if (end === -1 || received.length < end + HEAD_END.length + length) return;
      const bytes = received;
      received = undefined;
      idle.push(socket);
      const status = Number(bytes.toString('latin1', 9, 12));
      answered.get(socket)?.(null, status, bytes.toString('utf8', end + HEAD_END.length));
    });
    socket.on('error', (error) => answered.get(socket)?.(error, 0, ''));
    return socket;
  }

  return {
    request(done) {
      if (idle.length === 0 && open.size >= connections) throw new Error('more requests than connections');
      const socket = idle.pop() ?? connect();
      answered.set(socket, done);
      socket.write(scenario.request);
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}
