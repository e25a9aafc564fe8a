/**
 * Frameworks that run as they are: on node:http, and on barewire where `barewire/register` was loaded before them.
 * They are loaded when their server is made, so that it is the modules of that moment that they get.
 */
import type { RequestListener, Server } from 'node:http';
import { KEEP_ALIVE_SECONDS } from './messages.js';

export type FrameworkName = 'express' | 'koa' | 'fastify';

/** As little of them as is used. */
interface Express {
  get(path: string, handler: (req: unknown, res: { json(value: unknown): void }) => void): void;
}
interface Koa {
  use(middleware: (context: { body: unknown }) => void): void;
  callback(): RequestListener;
}
interface Fastify {
  get(path: string, handler: () => Promise<unknown>): void;
  ready(): Promise<void>;
  readonly server: Server;
}

async function load<Loaded>(name: FrameworkName): Promise<Loaded> {
  return ((await import(name)) as { default: Loaded }).default;
}

function serve(listener: RequestListener): Server {
  return process.getBuiltinModule('node:http').createServer(listener);
}

const makers: Record<FrameworkName, (content: object) => Promise<Server>> = {
  async express(content) {
    const app = (await load<() => Express & RequestListener>('express'))();
    app.get('/', (_req, res) => res.json(content));
    return serve(app);
  },
  async koa(content) {
    const app = new (await load<new () => Koa>('koa'))();
    app.use((context) => {
      context.body = content;
    });
    return serve(app.callback());
  },
  async fastify(content) {
    const app = (await load<() => Fastify>('fastify'))();
    app.get('/', async () => content);
    await app.ready();
    return app.server;
  },
};

/** Makes the framework's server, which answers with this content. */
export async function createFramework(name: FrameworkName, content: object): Promise<Server> {
  const server = await makers[name](content);
  server.keepAliveTimeout = KEEP_ALIVE_SECONDS * 1000;
  return server;
}
