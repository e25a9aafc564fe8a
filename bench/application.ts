import type { IncomingMessage, RequestListener, Server, ServerOptions } from 'node:http';
import type { ServerOptions as SecureServerOptions } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { certificate } from './certificates.js';
import { KEEP_ALIVE_SECONDS } from './messages.js';
import { LARGE_CONTENT, type Scenario, WRITE_COUNT, WRITTEN_LINE } from './scenarios.js';

/** The part of `node:http` that the application needs: `barewire/http` must offer just the same. */
export interface HttpModule {
  createServer(options: ServerOptions, listener: RequestListener): Server;
}

function onContent(req: IncomingMessage, done: (content: Buffer) => void): void {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => done(Buffer.concat(chunks)));
}

/** And of `node:https`. */
export interface HttpsModule {
  createServer(options: SecureServerOptions, listener: RequestListener): NetServer;
}

/** The one application that every implementation of the `node:http` API is measured with. */
export async function createApplication(
  http: HttpModule,
  https: HttpsModule,
  scenario: Scenario,
): Promise<NetServer> {
  const options = { keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000 };
  if (scenario.isApi) {
    const { answerApi } = await import('./api/by-hand.js');
    return http.createServer(options, answerApi);
  }
  return scenario.secure
    ? https.createServer({ ...options, ...certificate }, answer)
    : http.createServer(options, answer);
}

const answer: RequestListener = (req, res) => {
  switch (req.url) {
    case '/':
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ hello: 'world' }));
      break;
    case '/echo':
      onContent(req, (content) => {
        res.writeHead(200, { 'Content-Type': 'text/plain' });
        res.end(content);
      });
      break;
    case '/large':
      res.setHeader('Content-Type', 'application/octet-stream');
      res.end(LARGE_CONTENT);
      break;
    case '/writes':
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      for (let count = 0; count < WRITE_COUNT; count++) res.write(WRITTEN_LINE);
      res.end();
      break;
    case '/upload': {
      let length = 0;
      req.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      req.on('end', () => {
        res.writeHead(200, { 'Content-Type': 'text/plain' });
        res.end(String(length));
      });
      break;
    }
    default:
      res.writeHead(404);
      res.end();
  }
};
