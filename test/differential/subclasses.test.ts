import type { ClientRequest, IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { inherits } from 'node:util';
import { differ } from './differ.js';
import { get, lastGet } from './messages.js';

differ('classes given as options are used', async (scene) => {
  const { IncomingMessage, ServerResponse } = scene.http;
  class Request extends IncomingMessage {
    get path() {
      return this.url?.split('?')[0];
    }
  }
  class Response extends ServerResponse {
    json(value: unknown) {
      this.setHeader('Content-Type', 'application/json');
      this.end(JSON.stringify(value));
    }
  }
  const server = await scene.serve(
    (req, res) => {
      scene.log('classes', req instanceof Request, res instanceof Response);
      (res as unknown as Response).json({ path: (req as Request).path });
    },
    { IncomingMessage: Request, ServerResponse: Response as never },
  );
  await scene.exchange(server, lastGet('/a?b'));
});

differ('what the classes are constructed with', async (scene) => {
  const { IncomingMessage, ServerResponse } = scene.http;
  class Request extends IncomingMessage {
    constructor(socket: Socket, ...rest: unknown[]) {
      super(socket);
      scene.log('req', socket.writable, rest.length, this.url, this.method);
    }
  }
  class Response extends ServerResponse {
    constructor(req: IncomingMessage, options?: object, ...rest: unknown[]) {
      super(...([req, options] as unknown as [never]));
      scene.log('res', req instanceof Request, req.url, rest.length, Object.keys(options ?? {}).sort());
      scene.log('socket', this.socket);
    }
  }
  const server = await scene.serve((_req, res) => res.end(), {
    ...{ IncomingMessage: Request as never, ServerResponse: Response as never },
    ...{ rejectNonStandardBodyWrites: true, highWaterMark: 4321 },
  });
  await scene.exchange(server, lastGet());
});

differ('constructors inherited with call and util.inherits', async (scene) => {
  const { IncomingMessage, ServerResponse } = scene.http;
  type Constructor = { (this: object, ...args: unknown[]): void; prototype: object };
  const Request: Constructor = function (this: object, socket) {
    Reflect.apply(IncomingMessage as never, this, [socket]);
  };
  inherits(Request as never, IncomingMessage as never);
  const Response: Constructor = function (this: object, req, options) {
    Reflect.apply(ServerResponse as never, this, [req, options]);
  };
  inherits(Response as never, ServerResponse as never);
  const server = await scene.serve(
    (req, res) => {
      scene.log('classes', req instanceof (Request as never), res instanceof ServerResponse);
      let body = '';
      req.on('data', (data) => {
        body += data;
      });
      req.on('end', () => res.end(`${body}, old school`));
    },
    { IncomingMessage: Request, ServerResponse: Response } as never,
  );
  await scene.exchange(server, lastGet());
});

differ('a server inherited with call and util.inherits', async (scene) => {
  const { Server } = scene.http;
  function Old(this: object, options: ServerOptions) {
    Reflect.apply(Server as never, this, [options]);
  }
  inherits(Old as never, Server as never);
  const server = Reflect.construct(Old, [{ keepAliveTimeout: 1234 }]) as Server;
  scene.log('server', server instanceof Server, server.keepAliveTimeout);
  server.on('request', (_req, res) => res.end('old'));
  await scene.listen(server);
  await scene.exchange(server, lastGet());
});

differ('a class that extends Server', async (scene) => {
  class App extends scene.http.Server {
    constructor() {
      super((req, res) => this.handle(req, res));
    }
    handle(req: IncomingMessage, res: ServerResponse) {
      res.end(`app ${req.url}`);
    }
  }
  await scene.exchange(await scene.listen(new App()), lastGet('/x'));
});

differ('the prototypes of req and res are changed in the handler, as Express does', async (scene) => {
  const { IncomingMessage, ServerResponse } = scene.http;
  const requestPrototype = Object.create(IncomingMessage.prototype, {
    path: {
      get(this: IncomingMessage) {
        return `path ${this.url}`;
      },
    },
  });
  const responsePrototype = Object.create(ServerResponse.prototype);
  responsePrototype.send = function send(this: ServerResponse, body: string) {
    this.setHeader('Content-Length', body.length);
    return this.end(body);
  };
  const server = await scene.serve((req, res) => {
    Object.setPrototypeOf(req, requestPrototype);
    Object.setPrototypeOf(res, responsePrototype);
    req.resume().on('end', () => {
      (res as unknown as { send(body: string): void }).send((req as unknown as { path: string }).path);
    });
  });
  await scene.exchange(server, get('/1') + lastGet('/2'));
});

differ('objects made from the prototypes', ({ http, log, attempt }) => {
  const req = Object.create(http.IncomingMessage.prototype) as IncomingMessage;
  log('req', req instanceof http.IncomingMessage);
  req.url = '/x';
  log('url', req.url);
  const res = Object.create(http.ServerResponse.prototype) as ServerResponse;
  log('res', res instanceof http.ServerResponse);
  attempt('statusCode', () => [res.statusCode, res.sendDate]);
});

differ('members of the prototypes can be patched', async (scene) => {
  const { prototype } = scene.http.ServerResponse;
  const { end } = prototype;
  prototype.end = function patched(this: ServerResponse, ...args: unknown[]) {
    scene.log('patched end');
    return Reflect.apply(end, this, args);
  } as never;
  try {
    const server = await scene.serve((_req, res) => res.end('ok'));
    await scene.exchange(server, lastGet());
  } finally {
    prototype.end = end;
  }
});

differ('own members of res can be patched, as middleware does', async (scene) => {
  const server = await scene.serve((_req, res) => {
    for (const name of ['write', 'end', 'writeHead', 'setHeader', 'flushHeaders', 'on'] as const) {
      const original = res[name] as (...args: unknown[]) => unknown;
      Reflect.set(res, name, (...args: unknown[]) => {
        scene.log(`patched ${name}`, ...args.filter((arg) => typeof arg !== 'function'));
        return Reflect.apply(original, res, args);
      });
    }
    res.setHeader('X-A', 'b');
    res.write('some');
    res.end('more');
  });
  await scene.exchange(server, lastGet());
});

differ('writeHead replaced on res is called for the implicit head, as on-headers needs', async (scene) => {
  const server = await scene.serve((req, res) => {
    const { writeHead } = res;
    res.writeHead = function replaced(this: ServerResponse, ...args: unknown[]) {
      scene.log('writeHead', ...args);
      this.setHeader('X-Late', 'added');
      return Reflect.apply(writeHead, this, args);
    } as never;
    if (req.url === '/end') res.end('ok');
    if (req.url === '/write') {
      res.write('o');
      res.end('k');
    }
    if (req.url === '/flush') {
      res.flushHeaders();
      res.end('ok');
    }
    if (req.url === '/empty') res.end();
    if (req.url === '/explicit') res.writeHead(201, { 'X-Own': '1' }).end();
    if (req.url === '/status') {
      res.statusCode = 404;
      res.end('none');
    }
  });
  const targets = ['/end', '/write', '/flush', '/empty', '/explicit', '/status'];
  for (const target of targets) await scene.exchange(server, lastGet(target));
});

differ('_implicitHeader replaced on res', async (scene) => {
  const server = await scene.serve((_req, res) => {
    Reflect.set(res, '_implicitHeader', () => {
      scene.log('_implicitHeader');
      res.writeHead(299, 'Mine');
    });
    res.end('ok');
  });
  await scene.exchange(server, lastGet());
});

differ('what is made of a prototype alone has no headers, and none that were sent', (scene) => {
  const { IncomingMessage, ServerResponse } = scene.http;
  const req = Object.create(IncomingMessage.prototype);
  scene.properties('req', req, ['headers', 'headersDistinct', 'trailers', 'trailersDistinct']);
  const res = Object.create(ServerResponse.prototype);
  scene.properties('res', res, ['statusCode', 'statusMessage', 'headersSent', 'writableObjectMode']);
});

for (const how of ['end', 'write and end', 'writeHead', 'flushHeaders', 'no content'] as const) {
  differ(
    `a response with an empty _header on what is hardly a socket, as serverless-http has it: ${how}`,
    async (scene) => {
      const { IncomingMessage, ServerResponse } = scene.http;
      const req = new IncomingMessage(null as never);
      Object.assign(req, { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 });
      const res = new ServerResponse(req);
      res.useChunkedEncodingByDefault = false;
      res.chunkedEncoding = false;
      res.sendDate = false;
      Reflect.set(res, '_header', '');
      const nothing = () => {};
      res.assignSocket({
        ...{ _writableState: {}, writable: true },
        ...{ on: nothing, removeListener: nothing, destroy: nothing, cork: nothing, uncork: nothing },
        write(data: string | Buffer, _encoding: unknown, callback: unknown) {
          // Some releases end with a write of nothing.
          if (data.length > 0) for (const line of String(data).split('\r\n')) scene.log('socket', line);
          if (typeof callback === 'function') callback();
        },
      } as never);
      scene.watch('res', res, 'finish', 'error');
      scene.log('sent', res.headersSent);
      res.setHeader('X-A', 'b');
      res.appendHeader('X-C', 'd');
      res.removeHeader('X-C');
      if (how === 'end') res.end('content');
      if (how === 'write and end') {
        res.write('some');
        res.end('more');
      }
      if (how === 'writeHead') res.writeHead(201, { 'X-E': 'f' }).end('content');
      if (how === 'flushHeaders') {
        res.flushHeaders();
        res.end('content');
      }
      if (how === 'no content') res.end();
      scene.log('sent', res.headersSent);
      await scene.turns();
    },
  );
}

/** What an application does with a response, where the stream reads all text as UTF-8, whatever it is told. */
const onAnyStream: Record<string, (res: ServerResponse, told: () => void) => void> = {
  'bytes at the end': (res) => res.end(Buffer.from([0xff, 0x00, 0xe4])),
  'bytes, and bytes at the end': (res) => {
    res.write(new Uint8Array([0xff, 0xfe]));
    res.end(Buffer.from([0xe4]));
  },
  'text beyond ASCII': (res) => res.end('ä€'),
  'text beyond ASCII, in pieces': (res) => {
    res.write('ä');
    res.end('€');
  },
  'text beyond ASCII behind a flushed head': (res) => {
    res.flushHeaders();
    res.end('ä');
  },
  'a chunk beyond ASCII': (res) => {
    res.setHeader('Transfer-Encoding', 'chunked');
    res.end('ä€');
  },
  'a chunk of bytes': (res) => {
    res.setHeader('Transfer-Encoding', 'chunked');
    res.end(Buffer.from([0xff, 0x00]));
  },
  'a callback behind content': (res, told) => res.end('content', told),
  'a callback behind chunks': (res, told) => {
    res.setHeader('Transfer-Encoding', 'chunked');
    res.end('content', told);
  },
  'a callback without content': (res, told) => res.end(told),
  'a callback behind what was written': (res, told) => {
    res.write('content');
    res.end(told);
  },
};
for (const [how, answer] of Object.entries(onAnyStream)) {
  differ(`a response on what is hardly a socket, and takes text for UTF-8: ${how}`, async (scene) => {
    const { IncomingMessage, ServerResponse } = scene.http;
    const req = new IncomingMessage(null as never);
    Object.assign(req, { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 });
    const res = new ServerResponse(req);
    res.useChunkedEncodingByDefault = false;
    res.sendDate = false;
    const written: Buffer[] = [];
    const nothing = () => {};
    res.assignSocket({
      ...{ _writableState: {}, writable: true },
      ...{ on: nothing, removeListener: nothing, destroy: nothing, cork: nothing, uncork: nothing },
      write(data: string | Buffer, _encoding: unknown, callback: unknown) {
        written.push(Buffer.from(data as string));
        if (typeof callback === 'function') callback();
      },
    } as never);
    scene.watch('res', res, 'error');
    answer(res, () => scene.log('told'));
    await scene.turns();
    scene.log('written', Buffer.concat(written).toString('latin1'));
  });
}

/** nock makes the request that fails without a connection so. */
differ('a request that its constructor never made, ended', async (scene) => {
  const { ClientRequest, OutgoingMessage } = scene.http;
  function Failing(this: ClientRequest) {
    Reflect.apply(OutgoingMessage, this, []);
    process.nextTick(() => this.emit('error', new Error('refused')));
  }
  inherits(Failing, ClientRequest);
  const request: ClientRequest = Reflect.construct(Failing, []);
  scene.watch('request', request, 'error');
  scene.attempt('end', () => request.end() === request);
  await scene.seen('request error');
});
