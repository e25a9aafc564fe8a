import type { IncomingMessage, ServerResponse } from 'barewire/http';

export function notFound(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(404, { 'Content-Type': 'text/plain' });
  res.end('Not found\n');
}
