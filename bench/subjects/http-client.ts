import type * as nodeHttp from 'node:http';
import type * as nodeHttps from 'node:https';
import { type Client, type ClientTarget, requestOf } from '../client.js';

/** What of `node:http` a client needs; whoever takes its place must offer the same. */
export type HttpClientModule = Pick<typeof nodeHttp, 'Agent' | 'get' | 'request'>;
export type HttpsClientModule = Pick<typeof nodeHttps, 'Agent' | 'get' | 'request'>;

/** The one client that every implementation of the `node:http` API is measured with. */
export function createHttpClient(
  http: HttpClientModule,
  https: HttpsClientModule,
  { scenario, port, connections, authority }: ClientTarget,
): Client {
  const { method, path, headers, content } = requestOf(scenario);
  const pool = { keepAlive: true, maxSockets: connections };
  const agent = scenario.secure ? new https.Agent({ ...pool, ca: authority }) : new http.Agent(pool);
  const options = { host: '127.0.0.1', port, path, method, headers, agent };
  const module = scenario.secure ? https : http;
  return {
    request(done) {
      const onResponse = (response: nodeHttp.IncomingMessage): void => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => done(null, response.statusCode as number, text));
      };
      const request =
        content === null ? module.get(options, onResponse) : module.request(options, onResponse);
      request.on('error', (error) => done(error, 0, ''));
      if (content !== null) request.end(content);
    },
    close: () => agent.destroy(),
  };
}
