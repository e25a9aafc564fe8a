/** Requests over TLS to a server of node:https, and what is logged of them. */
import type { ClientRequest, IncomingMessage, RequestListener } from 'node:http';
import {
  createServer,
  type Agent as HttpsAgent,
  type Server as HttpsServer,
  type RequestOptions,
  type ServerOptions,
} from 'node:https';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { authority, first } from '../fixtures/certificates.js';
import type { Scene } from './scene.js';

/** A server that is no subject, so that the clients alone differ. */
export function stockServer(scene: Scene, listener?: RequestListener, options: ServerOptions = {}) {
  return scene.listen(createServer({ ...first, ...options }, listener));
}

export function answerer(scene: Scene): RequestListener {
  return (req, res) => {
    const socket = req.socket as TLSSocket;
    scene.log(
      'server',
      req.method,
      req.url,
      socket.servername,
      socket.isSessionReused(),
      socket.alpnProtocol,
    );
    res.end('ok');
  };
}

/** A connection to nobody. */
export function nowhere(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

export function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

/** Logs how `request` goes on until it is closed. */
export async function outcome(scene: Scene, label: string, request: ClientRequest): Promise<void> {
  const closed = new Promise<void>((resolve) => request.on('close', resolve));
  request.on('error', (error) => scene.log(`${label} error`, error));
  request.on('response', (response: IncomingMessage) => {
    let content = '';
    response.setEncoding('latin1').on('data', (piece: string) => {
      content += piece;
    });
    response.on('error', (error) => scene.log(`${label} response error`, error));
    response.on('close', () =>
      scene.log(`${label} response`, response.statusCode, content.length > 100 ? content.length : content),
    );
  });
  await closed;
  scene.log(`${label} closed`, request.reusedSocket);
  // The socket is free a turn later.
  await scene.turns(2);
}

/** An agent of the subject for one test: its sockets end with the scene's servers. */
export function agentFor(scene: Scene, options: import('node:https').AgentOptions = {}): HttpsAgent {
  return new scene.https.Agent({ ca: authority, ...options });
}

export function get(
  scene: Scene,
  server: HttpsServer,
  options: RequestOptions = {},
  label = 'get',
): Promise<void> {
  const request = scene.https.get({ host: '127.0.0.1', port: portOf(server), ca: authority, ...options });
  return outcome(scene, label, request);
}

/** The names of an agent's pools without what a certificate adds to them. */
export function pools(agent: HttpsAgent): Record<string, string[]> {
  const short = (name: string) => name.replace(/^[^:]*:\d*/, 'place').replace(/-----.*-----\n/gs, '<PEM>');
  const of = (pool: object) => Object.keys(pool).map(short);
  return { sockets: of(agent.sockets), free: of(agent.freeSockets), requests: of(agent.requests) };
}
