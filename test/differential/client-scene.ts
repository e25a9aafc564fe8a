import { once } from 'node:events';
import type { Agent, AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { Scene } from './scene.js';
import type { Subject } from './subjects.js';
import { type Reply, WireServer } from './wire-server.js';

/** What is logged of a request unless other events are named; each makes a listener, which can change things. */
const requestEvents = ['finish', 'abort', 'timeout', 'error', 'close'];

/** A scene with the subject's client in it, and origin servers that know nothing of HTTP. */
export class ClientScene extends Scene {
  /** What the scripts of child processes import. */
  readonly specifier: string;
  /** How many requests have each label. */
  readonly #labels = new Map<string, number>();

  constructor(subject: Subject) {
    const { name, http } = subject;
    super(subject);
    this.specifier = name;
    this.atTheEnd(() => http.globalAgent.destroy());
  }

  /**
   * An origin server on a free port. It gives the n-th request the n-th of `replies`, and all that come later the
   * last one; without any it never answers.
   */
  readonly origin = async (...replies: Reply[]): Promise<WireServer> =>
    this.originAt('127.0.0.1', ...replies);

  /** As `origin`, at another address of this machine. */
  readonly originAt = async (address: string, ...replies: Reply[]): Promise<WireServer> => {
    const origin = this.#adoptOrigin(new WireServer(replies));
    await origin.listen(0, address);
    this.mask(origin.port, '<port>');
    return origin;
  };

  /** As `origin`, on a local socket. */
  readonly originAtPath = async (path: string, ...replies: Reply[]): Promise<WireServer> => {
    const origin = this.#adoptOrigin(new WireServer(replies));
    await origin.listen(path);
    return origin;
  };

  #adoptOrigin(origin: WireServer): WireServer {
    this.atTheEnd(() => origin.close());
    return origin;
  }

  /** A port that refuses connections. */
  readonly refusingPort = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    this.mask(port, '<port>');
    return port;
  };

  /** An Agent that is destroyed with the scene. */
  readonly agent = (options?: AgentOptions): Agent => {
    const agent = new this.http.Agent(options);
    this.atTheEnd(() => agent.destroy());
    return agent;
  };

  /** Destroys `req` with the scene. */
  readonly adoptRequest = (req: ClientRequest): ClientRequest => {
    this.atTheEnd(() => {
      req.on('error', () => {});
      req.destroy();
    });
    return req;
  };

  /** A request to `origin`, not ended yet, with its life in the log. */
  readonly request = (
    origin: WireServer,
    options: RequestOptions = {},
    label = 'req',
    events: readonly string[] = requestEvents,
  ): ClientRequest => {
    const req = this.http.request({ host: '127.0.0.1', port: origin.port, ...options });
    this.watchRequest(req, label, events);
    return req;
  };

  /** As `request`, and ended. */
  readonly get = (
    origin: WireServer,
    options: RequestOptions = {},
    label = 'req',
    events: readonly string[] = requestEvents,
  ): ClientRequest => this.request(origin, options, label, events).end();

  /** Logs the life of `req` and of its response, which is read to its end. */
  readonly watchRequest = (
    req: ClientRequest,
    label = 'req',
    events: readonly string[] = requestEvents,
  ): ClientRequest => {
    this.adoptRequest(req);
    this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
    this.watch(label, req, ...events);
    req.on('response', (res) => this.watchResponse(res, label === 'req' ? 'res' : `${label} res`));
    return req;
  };

  /** Logs `res`: its status at once, its events, and its content, as one text, before its end. */
  readonly watchResponse = (res: IncomingMessage, label = 'res', read = true): void => {
    this.log(label, res.statusCode, res.statusMessage);
    let content = '';
    if (read) {
      res.on('data', (data: Buffer | string) => {
        content += typeof data === 'string' ? data : data.toString('latin1');
      });
    }
    res.on('aborted', () => this.log(`${label} aborted`));
    res.on('end', () => this.log(`${label} end`, content));
    res.on('error', (error) => this.log(`${label} error`, error, content));
    res.on('close', () => this.log(`${label} close`, `complete ${res.complete}`));
  };

  /** Resolves when the last request of that label is closed. */
  readonly closed = async (label = 'req'): Promise<void> => {
    await this.seen(`${label} close`, this.#labels.get(label));
    await this.turns(2);
  };

  /** Lists what arrived at `origin`, connection by connection. */
  readonly recordOrigin = (origin: WireServer): void => {
    for (const connection of origin.connections) this.record(connection);
  };
}
