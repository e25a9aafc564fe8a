import type { IncomingMessage, ServerResponse } from 'barewire/http';

const SAMPLE_MS = 40;
const open = new Set<ServerResponse>();

/** Sends this process's memory as server-sent events until the reader leaves. */
export function memory(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const sample = () => {
    const { rss, heapUsed } = process.memoryUsage();
    res.write(`data: ${JSON.stringify({ rss, heapUsed })}\n\n`);
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  open.add(res);
  res.on('close', () => {
    clearInterval(timer);
    open.delete(res);
  });
}

/** Ends every open stream of samples: they have no end of their own, and the server waits for its responses. */
export function endSamples(): void {
  for (const res of open) res.end();
}
