import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { authority } from '../fixtures/certificates.js';
import { WireConnection } from './wire-connection.js';

export type { Ending } from './wire-connection.js';

export interface WireClientOptions {
  /** Keep our direction open after the server's FIN. */
  allowHalfOpen?: boolean;
  /** Speak TLS, with these options; the authority of the tests is trusted. */
  tls?: ConnectionOptions;
}

/** A client that knows nothing of HTTP. */
export class WireClient extends WireConnection {
  constructor(port: number, options: WireClientOptions = {}) {
    const { tls, ...tcp } = options;
    const raw = connect({ port, host: '127.0.0.1', noDelay: true, ...tcp });
    super(
      tls === undefined ? raw : connectTls({ socket: raw, ca: authority, servername: 'localhost', ...tls }),
      raw,
    );
  }
}
