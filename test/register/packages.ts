/** Packages that come without types, in as much of them as the tests use. */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface WebSocketLike extends EventEmitter {
  readonly protocol: string;
  readonly extensions: string;
  send(message: string | Buffer, options?: { binary: boolean }): void;
  close(code?: number, reason?: string): void;
  ping(content?: string): void;
  terminate(): void;
}

interface WebSocketServerLike extends EventEmitter {
  readonly clients: Set<WebSocketLike>;
  on(event: 'connection', listener: (socket: WebSocketLike, request: IncomingMessage) => void): this;
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (socket: WebSocketLike) => void,
  ): void;
}

// A variable specifier: nobody looks for its types.
const wsPackage: string = 'ws';
const ws = (await import(wsPackage)) as {
  WebSocket: new (url: string, ...args: unknown[]) => WebSocketLike;
  WebSocketServer: new (options: object) => WebSocketServerLike;
};
export const { WebSocket, WebSocketServer } = ws;

export interface SocketLike extends EventEmitter {
  readonly io: { readonly engine: EventEmitter & { readonly transport: { readonly name: string } } };
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>;
  timeout(milliseconds: number): SocketLike;
  disconnect(): void;
}

const ioPackage: string = 'socket.io-client';
export const { io } = (await import(ioPackage)) as { io: (url: string, options: object) => SocketLike };
