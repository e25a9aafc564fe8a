/**
 * A server in a process of its own, so that its memory can be told from its clients'. Run by `ServerProcess`, with
 * `--expose-gc`; its options come as JSON.
 */

import type { AddressInfo } from 'node:net';
import { createServer, type ServerOptions } from 'barewire/http';

/** What the server does about slow clients, to be set while it runs. */
export interface Timeouts {
  headersTimeout?: number;
  requestTimeout?: number;
  keepAliveTimeout?: number;
  timeout?: number;
}

/** What is asked of the process: how it is, with its memory behind a garbage collection or without it. */
export interface Question {
  collects: boolean;
  set?: Timeouts;
}

/** What it answers. */
export interface State {
  /** Bytes of the heap and outside of it. */
  memory: number;
  connections: number;
  /** The most that there ever were at a time. */
  peakConnections: number;
  /** Requests that the handler was called for, by path. */
  handled: Record<string, number>;
}

const page = Buffer.alloc(64 * 1024, 'page ');
const handled = new Map<string, number>();
let peakConnections = 0;

const options = JSON.parse(process.argv[2]) as ServerOptions & { clientTimeouts?: Timeouts };
const server = createServer(options, (req, res) => {
  const path = String(req.url);
  handled.set(path, (handled.get(path) ?? 0) + 1);
  req.on('error', () => {});
  if (path === '/endless') {
    // As much as the client takes, never more than the streams' own limit ahead of it.
    const fill = () => {
      while (!res.destroyed && res.write(page));
    };
    res.on('drain', fill);
    fill();
  } else if (path === '/page') {
    res.end(page);
  } else if (path !== '/never') {
    req.resume().on('end', () => res.end('ok'));
  }
});
server.on('connection', () => {
  server.getConnections((_error, count) => {
    if (count > peakConnections) peakConnections = count;
  });
});

process.on('message', (question: Question) => {
  Object.assign(server, question.set);
  server.getConnections((_error, connections) => {
    if (question.collects) globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    const state: State = {
      memory: heapUsed + external,
      connections,
      peakConnections,
      handled: Object.fromEntries(handled),
    };
    process.send?.(state);
  });
});
process.on('disconnect', () => process.exit());
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.((server.address() as AddressInfo).port);
});
