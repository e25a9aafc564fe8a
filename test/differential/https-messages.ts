import type { WireClient } from './wire-client.js';

/** Options of a client that speaks TLS. */
export const TLS = { tls: {} };

/** Echoes content. */
export function echo(
  req: import('node:http').IncomingMessage,
  res: import('node:http').ServerResponse,
): void {
  let content = '';
  req.on('data', (piece: Buffer) => {
    content += piece.toString('latin1');
  });
  req.on('end', () => res.end(`${req.method} ${req.url} ${content}`));
}

/** The status codes that `client` received. */
export function statuses(client: WireClient): string {
  return [...client.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status).join(' ');
}
