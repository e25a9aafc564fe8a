import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { first } from '../fixtures/certificates.js';
import type { Scene } from './scene.js';

const HEAD_END = '\r\n\r\n';

/** What a proxy does when it has read the head of a request. */
export type Act = (proxy: WireProxy, socket: Socket, head: string) => void;

/** Answers a request in absolute-form, whatever it is. */
export const answer: Act = (_proxy, socket) => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
};

/** Sends `bytes`, and keeps what comes then. */
export function reply(bytes: string): Act {
  return (proxy, socket) => {
    proxy.keepRest(socket);
    socket.write(bytes, 'latin1');
  };
}

/** Sends `bytes` and closes. */
export function close(bytes: string): Act {
  return (proxy, socket) => {
    proxy.keepRest(socket);
    socket.end(bytes, 'latin1');
  };
}

/** Sends `bytes` one at a time, and makes the tunnel to `port`, whatever host was asked for. */
export function tunnelTo(port: number, bytes = 'HTTP/1.1 200 Connection established\r\n\r\n'): Act {
  return (_proxy, socket) => {
    const target = connect(port, '127.0.0.1');
    target.on('error', () => socket.destroy());
    target.on('close', () => socket.destroy());
    socket.on('close', () => target.destroy());
    socket.setNoDelay(true);
    for (const byte of bytes) socket.write(byte, 'latin1');
    socket.pipe(target).pipe(socket);
  };
}

/** A proxy that does as it is told, and keeps what it was asked for. */
export class WireProxy {
  readonly server: Server;
  act: Act;
  connections = 0;
  /** What came behind heads that it did not answer with a tunnel. */
  rest = '';
  #heads = '';

  constructor(act: Act, isTls = false) {
    this.act = act;
    const take = (socket: Socket) => this.#take(socket);
    this.server = isTls ? createTlsServer(first, take) : createServer(take);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** Its URL, with "user:password@" or nothing. */
  url(credentials = ''): string {
    return `http://${credentials}127.0.0.1:${this.port}`;
  }

  /** The heads it got since the last call. */
  takeHeads(): string {
    const heads = this.#heads;
    this.#heads = '';
    return heads;
  }

  keepRest(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.rest += chunk.toString('latin1');
    });
  }

  #take(socket: Socket): void {
    this.connections++;
    socket.on('error', () => {});
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf(HEAD_END);
      if (end === -1) return;
      const head = text.slice(0, end + HEAD_END.length);
      this.#heads += head;
      text = text.slice(head.length);
      // What comes behind a CONNECT is no request to the proxy.
      if (head.startsWith('CONNECT ')) socket.off('data', read);
      this.act(this, socket, head);
    };
    socket.on('data', read);
  }
}

/** A proxy that listens until the scene is over. */
export async function openProxy(scene: Scene, act: Act = answer): Promise<WireProxy> {
  const proxy = new WireProxy(act);
  await scene.listen(proxy.server);
  return proxy;
}
