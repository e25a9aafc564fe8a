/** Where the sockets of a program come from. */
import type { Agent, RequestOptions } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { authority } from '../test/fixtures/certificates.js';
import type { AgentPlan, ClientProgram, RequestPlan } from './client-program.js';
import type { Site } from './client-site.js';

type Answer = (error: Error | null, socket?: Socket) => void;

/** A `createConnection` that makes one in that way. */
export function connectionOf(
  by: RequestPlan['by'],
  tell: () => void,
): NonNullable<RequestOptions['createConnection']> {
  return (given, callback) => {
    tell();
    const answer = callback as unknown as Answer;
    const make = () =>
      'ca' in given ? connectTls(given as never) : connect(given as unknown as NetConnectOpts);
    switch (by) {
      case 'called':
        answer(null, make());
        return undefined as never;
      case 'late':
        setImmediate(() => answer(null, make()));
        return undefined as never;
      case 'both': {
        const socket = make();
        process.nextTick(answer, null, socket);
        return socket;
      }
      case 'failed':
        process.nextTick(answer, new Error('no connection'));
        return undefined as never;
      case 'thrown':
        throw new Error('connecting throws');
      case 'duplex':
        return duplexOver(make()) as Socket;
      default:
        return make();
    }
  };
}

/** Replaces members of the agent, as a subclass would. */
export function override(
  agent: Agent,
  { keeps, creates, reuses }: AgentPlan,
  say: (word: string) => void,
): void {
  const own = agent as unknown as Record<string, (...args: unknown[]) => unknown>;
  const base = { keep: own.keepSocketAlive, reuse: own.reuseSocket, create: own.createSocket };
  if (keeps !== undefined) {
    own.keepSocketAlive = function (...args) {
      say('keepSocketAlive');
      return keeps === 'never' ? false : base.keep.apply(this, args);
    };
  }
  if (reuses !== undefined) {
    own.reuseSocket = function (...args) {
      say('reuseSocket');
      return base.reuse.apply(this, args);
    };
  }
  if (creates !== undefined) {
    own.createSocket = function (...args) {
      say('createSocket');
      if (creates === 'fails') {
        process.nextTick(args[2] as (error: Error) => void, new Error('no socket'));
        return undefined;
      }
      if (creates === 'tells') return base.create.apply(this, args);
      setImmediate(() => base.create.apply(this, args));
      return undefined;
    };
  }
}

/** A connection that is no net.Socket. */
function duplexOver(socket: Socket): Duplex {
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => duplex.push(chunk) || socket.pause());
  socket.on('end', () => duplex.push(null));
  socket.on('error', (error) => duplex.destroy(error));
  socket.on('close', () => duplex.destroy());
  return duplex;
}

/** The options that lead to the server. */
export function placeOf(
  { transport }: ClientProgram,
  { servername, distrusts }: RequestPlan,
  site: Site,
): object {
  if (transport === 'tcp') return { host: '127.0.0.1', port: site.port };
  if (transport === 'pipe') return { socketPath: site.path };
  const ca = distrusts ? [] : authority;
  return { host: '127.0.0.1', port: site.tlsPort, ca, ...(servername === undefined ? {} : { servername }) };
}
