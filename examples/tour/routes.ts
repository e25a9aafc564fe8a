import type { IncomingMessage, ServerResponse } from 'barewire/http';
import { assets } from './assets.js';
import { echo } from './handlers/echo.js';
import { hello } from './handlers/hello.js';
import { memory } from './handlers/memory.js';
import { notFound } from './handlers/not-found.js';
import { stream } from './handlers/stream.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

const routes = new Map<string, Handler>([
  ...Array.from(assets, ([path, handler]): [string, Handler] => [`GET ${path}`, handler]),
  ['GET /hello', hello],
  ['POST /echo', echo],
  ['GET /big.bin', stream],
  ['GET /memory', memory],
]);

/** The one request listener: method and path choose the handler, all else is not found. */
export async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '').split('?', 1)[0];
  const handler = routes.get(`${req.method} ${path}`) ?? notFound;
  try {
    await handler(req, res);
  } catch (error) {
    // A request that broke off has nobody to answer.
    if (res.destroyed || req.destroyed) return;
    console.error(error);
    if (!res.headersSent) res.writeHead(500, { 'Content-Type': 'text/plain' });
    res.end('The server failed.\n');
  }
}
