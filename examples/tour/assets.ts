import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'barewire/http';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

// The page's own files are read where they are written; what the compiler made lies beside this file.
const sources = new URL('examples/tour/', import.meta.resolve('barewire/package.json'));
const compiled = new URL('./', import.meta.url);

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'";

function asset(type: string, file: URL): Handler {
  const content = readFileSync(file);
  const fields = {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': content.length,
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
  };
  return (_req, res) => {
    res.writeHead(200, fields);
    res.end(content);
  };
}

/** What the page is made of. `/source/` holds the handlers as written: the page shows the code that runs. */
export const assets = new Map<string, Handler>([
  ['/', asset('text/html', new URL('page/index.html', sources))],
  ['/page.css', asset('text/css', new URL('page/page.css', sources))],
  ...['page', 'exchange', 'memory-chart'].map((name): [string, Handler] => [
    `/${name}.js`,
    asset('text/javascript', new URL(`page/${name}.js`, compiled)),
  ]),
  ...['hello', 'echo', 'stream', 'not-found'].map((name): [string, Handler] => [
    `/source/${name}.ts`,
    asset('text/plain', new URL(`handlers/${name}.ts`, sources)),
  ]),
]);
