import type { Agent, AgentOptions, ClientRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { inherits } from 'node:util';
import type { ClientScene } from './client-scene.js';
import { differ } from './differ.js';
import { ok } from './messages.js';

/** Members of an Agent that the types leave out. */
interface Inner extends Agent {
  addRequest(req: ClientRequest, options: Record<string, unknown>): void;
  createSocket(
    req: ClientRequest,
    options: Record<string, unknown>,
    callback: (error: Error | null, socket?: Socket) => void,
  ): void;
  removeSocket(socket: Socket, options: Record<string, unknown>): void;
}

const lastOk = ok('ok', 'Connection: close');

/** Makes two requests, one after the other, with an agent of `Class`. */
async function twoRequests(
  scene: ClientScene,
  Class: typeof Agent,
  options: AgentOptions = { keepAlive: true },
) {
  const origin = await scene.origin(ok('one'), ok('two'));
  const agent = new Class(options);
  scene.atTheEnd(() => agent.destroy());
  for (const label of ['first', 'second']) {
    const req = scene.get(origin, { agent, path: `/${label}` }, label);
    await scene.closed(label);
    scene.log('reused', req.reusedSocket);
  }
  scene.log('connections', origin.connections.length);
  scene.log('pools', Object.keys(agent.sockets), Object.keys(agent.freeSockets));
}

differ('a subclass that overrides createConnection', (scene) =>
  twoRequests(
    scene,
    class extends scene.http.Agent {
      override createConnection(options: never, callback: never) {
        const { host, port, path, method } = options as Record<string, unknown>;
        scene.log('createConnection', host, typeof port, path, method, typeof callback);
        return connect({ port: port as number, host: '127.0.0.1' });
      }
    } as never,
  ),
);

differ('a subclass whose createConnection calls back', (scene) =>
  twoRequests(
    scene,
    class extends scene.http.Agent {
      override createConnection(options: never, callback: unknown) {
        const socket = connect(options, () => {
          (callback as (error: null, socket: Socket) => void)(null, socket);
        });
        return undefined as never;
      }
    } as never,
  ),
);

differ('a subclass whose createConnection calls super', (scene) =>
  twoRequests(
    scene,
    class extends scene.http.Agent {
      override createConnection(...args: unknown[]) {
        scene.log('createConnection', args.length);
        const parent = scene.http.Agent.prototype as unknown as {
          createConnection: (...args: unknown[]) => Socket;
        };
        return parent.createConnection.apply(this, args);
      }
    } as never,
  ),
);

differ('a subclass whose createConnection fails', async (scene) => {
  for (const way of ['calls back', 'throws', 'calls back later'] as const) {
    class Failing extends scene.http.Agent {
      override createConnection(_options: never, callback: unknown): never {
        const error = new Error(way);
        if (way === 'throws') throw error;
        if (way === 'calls back') (callback as (error: Error) => void)(error);
        else setImmediate(callback as (error: Error) => void, error);
        return undefined as never;
      }
    }
    const agent = new Failing({ maxSockets: 1 });
    scene.attempt(way, () => {
      for (const label of [`${way} first`, `${way} second`]) {
        const req = scene.http.get({ host: 'a.test', agent });
        scene.watch(label, req, 'error');
      }
      return 'made';
    });
    if (way === 'throws') continue;
    await scene.seen(`${way} first error`);
    await scene.turns();
    scene.log('waiting', Object.values(agent.requests)[0]?.length);
  }
});

differ('a subclass that overrides getName', (scene) =>
  twoRequests(
    scene,
    class extends scene.http.Agent {
      override getName() {
        return 'the one name';
      }
    } as never,
  ),
);

differ('a subclass that overrides addRequest', (scene) =>
  twoRequests(
    scene,
    class extends (scene.http.Agent as unknown as new (options: object) => Inner) {
      override addRequest(req: ClientRequest, options: Record<string, unknown>) {
        scene.log('addRequest', req.path, options.host, typeof options.port, options.path, options.method);
        super.addRequest(req, options);
      }
    } as never,
  ),
);

differ('a subclass that overrides createSocket', (scene) =>
  twoRequests(
    scene,
    class extends (scene.http.Agent as unknown as new (options: object) => Inner) {
      override createSocket(
        req: ClientRequest,
        options: Record<string, unknown>,
        callback: (error: Error | null, socket?: Socket) => void,
      ) {
        scene.log('createSocket', req.path, options.host, typeof callback);
        super.createSocket(req, options, (error, socket) => {
          scene.log('created', error, socket !== undefined);
          callback(error, socket);
        });
      }
    } as never,
  ),
);

differ('a subclass that overrides removeSocket', (scene) =>
  twoRequests(
    scene,
    class extends (scene.http.Agent as unknown as new (options: object) => Inner) {
      override removeSocket(socket: Socket, options: Record<string, unknown>) {
        scene.log('removeSocket', socket.destroyed, options.host);
        super.removeSocket(socket, options);
      }
    } as never,
    { keepAlive: false },
  ),
);

differ('a subclass whose keepSocketAlive keeps none', (scene) =>
  twoRequests(
    scene,
    class extends scene.http.Agent {
      override keepSocketAlive() {
        scene.log('keepSocketAlive');
        return false;
      }
    } as never,
  ),
);

differ('a subclass with its own keepSocketAlive and reuseSocket', (scene) =>
  twoRequests(
    scene,
    class extends scene.http.Agent {
      override keepSocketAlive(socket: never) {
        scene.log('keepSocketAlive', (socket as Socket).destroyed);
        return super.keepSocketAlive(socket);
      }
      override reuseSocket(socket: never, req: never) {
        scene.log('reuseSocket', (socket as Socket).destroyed, (req as ClientRequest).path);
        super.reuseSocket(socket, req);
      }
    } as never,
  ),
);

differ('an Agent by util.inherits', async (scene) => {
  const { http } = scene;
  function Own(this: Agent, options: AgentOptions) {
    (http.Agent as unknown as (this: Agent, options: AgentOptions) => void).call(this, options);
    Object.assign(this, { own: true });
  }
  inherits(Own, http.Agent);
  scene.log('instance', new (Own as never as new (options: object) => object)({}) instanceof http.Agent);
  await twoRequests(scene, Own as never);
});

differ('a ClientRequest by new, by a subclass and by util.inherits', async (scene) => {
  const { http } = scene;
  const origin = await scene.origin(lastOk);
  const options = { host: '127.0.0.1', port: origin.port };
  scene.watchRequest(new http.ClientRequest(options as never), 'new').end();
  await scene.closed('new');
  class Mine extends http.ClientRequest {
    override end(...args: never[]) {
      scene.log('end');
      return super.end(...args);
    }
  }
  scene.watchRequest(new Mine(options as never), 'class').end();
  await scene.closed('class');
  function Own(this: ClientRequest, given: object) {
    (http.ClientRequest as unknown as (this: ClientRequest, options: object) => void).call(this, given);
  }
  inherits(Own, http.ClientRequest);
  scene.watchRequest(new (Own as never as new (options: object) => ClientRequest)(options), 'inherits').end();
  await scene.closed('inherits');
});

differ('an agent that is a plain object', async (scene) => {
  const origin = await scene.origin(lastOk);
  const agent = {
    addRequest(req: ClientRequest, options: Record<string, unknown>) {
      scene.log('addRequest', Object.keys(options).sort(), req.shouldKeepAlive);
      const socket = connect(origin.port, '127.0.0.1');
      req.onSocket(socket);
    },
  };
  const req = scene.get(origin, { agent: agent as never });
  scene.log('members', req.protocol, req.getHeader('host'), req.getHeader('connection'));
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('an agent with another protocol and port', async (scene) => {
  const agent = { protocol: 'own:', defaultPort: 7, addRequest: () => {} } as never;
  const { http, attempt } = scene;
  attempt('http:', () => http.request({ host: 'a.test', protocol: 'http:', agent }));
  attempt('none', () => {
    const req = http.request({ host: 'a.test', agent });
    return [req.protocol, req.getHeader('host')];
  });
  attempt('own', () => {
    const req = http.request({ host: 'a.test', protocol: 'own:', agent });
    return [req.protocol, req.getHeader('host')];
  });
});

differ('an agent with keepAlive and maxSockets, and neither, by what is sent', async (scene) => {
  for (const members of [
    {},
    { keepAlive: true },
    { maxSockets: 5 },
    { maxSockets: Number.POSITIVE_INFINITY },
  ]) {
    const origin = await scene.origin(lastOk);
    const agent = Object.assign(
      {
        addRequest(req: ClientRequest) {
          req.onSocket(connect(origin.port, '127.0.0.1'));
        },
      },
      members,
    );
    scene.get(origin, { agent: agent as never });
    await scene.closed();
    scene.recordOrigin(origin);
  }
});

differ('an agent that pools by the events of sockets', async (scene) => {
  const origin = await scene.origin(ok());
  let free: Socket | undefined;
  const agent = {
    keepAlive: true,
    addRequest(req: ClientRequest) {
      const socket = free ?? connect(origin.port, '127.0.0.1');
      scene.log('from the pool', free !== undefined);
      free = undefined;
      socket.once('free', () => {
        scene.log('free');
        free = socket;
      });
      req.onSocket(socket);
    },
  };
  for (let count = 0; count < 3; count++) {
    scene.get(origin, { agent: agent as never });
    await scene.closed();
  }
  scene.log('connections', origin.connections.length);
  free?.destroy();
});

differ('replacing globalAgent', async (scene) => {
  // What modules of CommonJS assign.
  const http = ((scene.http as { default?: typeof scene.http }).default ?? scene.http) as {
    globalAgent: Agent;
    request: typeof scene.http.request;
  };
  const before = http.globalAgent;
  const agent = scene.agent({ maxSockets: 1, keepAlive: false });
  try {
    http.globalAgent = agent;
    scene.log('replaced', http.globalAgent === agent);
    const req = http.request({ host: '127.0.0.1', port: 1 });
    req.on('error', () => {}).destroy();
    scene.log('used', (req as unknown as { agent: unknown }).agent === agent);
  } finally {
    http.globalAgent = before;
  }
  scene.log('restored', http.globalAgent === before);
});

differ('the old signature of addRequest', async (scene) => {
  const origin = await scene.origin(lastOk);
  const agent = scene.agent() as Inner;
  const own = {
    addRequest(req: ClientRequest) {
      (agent.addRequest as (...args: unknown[]) => void)(req, '127.0.0.1', origin.port, '127.0.0.1');
    },
  };
  scene.get(origin, { agent: own as never });
  scene.log('names', Object.keys(agent.sockets));
  await scene.closed();
});

differ('createSocket called by hand', async (scene) => {
  const origin = await scene.origin(lastOk);
  const agent = scene.agent() as Inner;
  const own = {
    addRequest(req: ClientRequest, options: Record<string, unknown>) {
      agent.createSocket(req, options, (error, socket) => {
        scene.log('callback', error, Object.keys(agent.sockets), socket !== undefined);
        req.onSocket(socket as Socket);
      });
    },
  };
  scene.get(origin, { agent: own as never });
  await scene.closed();
  scene.log('names', Object.keys(agent.sockets));
});

differ('agentRemove takes a socket out of its pool', async (scene) => {
  const origin = await scene.origin(ok(), ok());
  const agent = scene.agent({ keepAlive: true });
  const req = scene.get(origin, { agent }, 'first');
  await scene.closed('first');
  req.socket?.emit('agentRemove');
  scene.log('free', Object.values(agent.freeSockets)[0]?.length ?? 0);
  scene.log('total', (agent as unknown as { totalSocketCount: number }).totalSocketCount);
  const { socket } = req;
  scene.atTheEnd(() => socket?.destroy());
});
