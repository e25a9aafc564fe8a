/** Agents for http and https that tell by the stack which of the two they are asked by. */
import { once } from 'node:events';
import type { Agent, ClientRequest, RequestOptions } from 'node:http';
import { differ } from './differ.js';

/** Members of an Agent that the types leave out. */
interface Inner extends Agent {
  addRequest(request: ClientRequest, options: RequestOptions): void;
}

/** As agent-base looks, which is below `https-proxy-agent` and its kin: it has nothing else to tell by. */
function isAskedByHttps(): boolean {
  const lines = (new Error().stack ?? '').split('\n');
  return lines.some((line) => line.includes('node:https:') || line.includes('(https.js:'));
}

for (const name of ['request', 'get'] as const) {
  for (const given of ['a URL', 'options with a protocol', 'options without one'] as const) {
    differ(
      `an agent for both sees node:https in the stack of its requests alone: ${name}, ${given}`,
      async (scene) => {
        class AgentForBoth extends (scene.http.Agent as unknown as new () => Inner) {
          override addRequest(request: ClientRequest, options: RequestOptions) {
            scene.log('addRequest', isAskedByHttps());
            this.getName(options);
            super.addRequest(request, options);
          }
          override getName(options: object) {
            scene.log('getName', isAskedByHttps());
            return super.getName(options);
          }
          createSocket(_request: ClientRequest, _options: object, made: (error: Error) => void) {
            scene.log('createSocket', isAskedByHttps());
            process.nextTick(made, new Error('enough'));
          }
        }
        Object.defineProperty(AgentForBoth.prototype, 'protocol', {
          get: () => (isAskedByHttps() ? 'https:' : 'http:'),
          set() {},
        });
        const agent = new AgentForBoth();
        for (const module of [scene.https, scene.http]) {
          const scheme = module === scene.https ? 'https:' : 'http:';
          const make = module[name] as (first: unknown, second?: unknown) => ClientRequest;
          const request =
            given === 'a URL'
              ? make(`${scheme}//a.test/`, { agent })
              : make({
                  host: 'a.test',
                  agent,
                  protocol: given === 'options without one' ? undefined : scheme,
                });
          scene.log(scheme, request.protocol);
          const [error] = await once(request, 'error');
          scene.log('error', error);
        }
      },
    );
  }
}
