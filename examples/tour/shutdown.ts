import type { Server, ServerResponse } from 'barewire/http';

// npm passes a signal on to the server that the terminal has sent it as well: the echo is not a second Ctrl-C.
const ECHO_MS = 250;
const ORPHAN_CHECK_MS = 200;

/**
 * Ends the process on Ctrl-C and SIGTERM once the requests in flight have their responses; at once on a second
 * signal. `beforeClose` ends what would go on for ever.
 */
export function endOnSignals(server: Server, beforeClose: () => void): void {
  let since: number | undefined;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (since !== undefined) {
      if (performance.now() - since > ECHO_MS) process.exit(signal === 'SIGINT' ? 130 : 143);
      return;
    }
    since = performance.now();
    console.log('Ending after the requests in flight; once more to end at once.');
    beforeClose();
    server.close(() => process.exit(0));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // SIGTERM to npm ends npm and its shell but does not reach us: we see that our parent has gone.
  if (process.env.npm_lifecycle_event === 'start') {
    const parent = process.ppid;
    const check = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(check);
      onSignal('SIGTERM');
    }, ORPHAN_CHECK_MS).unref();
  }
  // A connection kept alive for a next request would hold the end up.
  server.on('request', (_req, res: ServerResponse) => {
    res.on('close', () => {
      if (since !== undefined) setImmediate(() => server.closeIdleConnections());
    });
  });
}
