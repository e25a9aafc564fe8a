import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate } from './certificates.js';
import { requestOf } from './client.js';
import type { ClientProcess } from './client-process.js';
import type { Scenario } from './scenarios.js';

/**
 * Has the client make one request to a server that reads it, and compares it with what the scenario wants. Throws
 * with the difference: the server under load reads nothing but where a request ends.
 */
export async function checkClient(scenario: Scenario, client: ClientProcess): Promise<void> {
  let got = 'no request';
  const listener: RequestListener = (req, res) => {
    const pieces: Buffer[] = [];
    req.on('data', (piece: Buffer) => pieces.push(piece));
    req.on('end', () => {
      const { 'content-type': type, 'content-length': length } = req.headers;
      got = described(req.method, req.url, type, length, Buffer.concat(pieces));
      const { status, fields, content } = scenario.response;
      res.writeHead(
        status,
        fields.flatMap((line) => line.split(': ')),
      );
      res.end(content);
    });
  };
  const server = scenario.secure ? createSecureServer(certificate, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await client.one((server.address() as AddressInfo).port);
    const { method, path, headers, content } = requestOf(scenario);
    const wanted = described(
      method,
      path,
      headers['Content-Type'],
      headers['Content-Length'],
      content ?? Buffer.alloc(0),
    );
    if (got !== wanted) throw new Error(`it sent ${got} instead of ${wanted}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${client.subject.name} fails in scenario "${scenario.name}": ${reason}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function described(...[method, path, type, length, content]: [...(string | undefined)[], Buffer]): string {
  return `${method} ${path} (${type}, ${length}) ${content}`;
}
