import { createServer, type RequestListener } from 'node:http';
import { OrderIssues, orderSchema } from '../api/order-schema.js';
import { API_ROUTES, collectionAnswer, itemAnswer, orderAnswer } from '../api/table.js';
import { KEEP_ALIVE_SECONDS } from '../messages.js';
import type { Subject } from '../subjects.js';

/** As little of Express as is used: it comes without types. */
interface Request {
  readonly params: Record<string, string>;
  readonly body: unknown;
}
interface Response {
  status(code: number): Response;
  json(value: unknown): void;
}
type Handler = (req: Request, res: Response) => void;
type ErrorHandler = (error: { status?: number }, req: Request, res: Response, next: unknown) => void;
type Register = (path: string, ...handlers: Handler[]) => void;
interface Application extends RequestListener {
  disable(setting: string): void;
  use(handler: ErrorHandler): void;
  readonly get: Register;
  readonly post: Register;
  readonly patch: Register;
  readonly delete: Register;
}
interface Express {
  (): Application;
  json(): Handler;
}

export const subject: Subject = {
  async createServer() {
    // Spelled so that the compiler does not look for types.
    const name: string = 'express';
    const { default: express } = (await import(name)) as { default: Express };
    const app = express();
    // What nobody else does here: a hash of each answer, and a field of its own.
    app.disable('etag');
    app.disable('x-powered-by');
    const parseJson = express.json();
    for (const { method, path, collection, action } of API_ROUTES) {
      if (action === 'order') {
        app.post(path, parseJson, (req, res) => {
          const order = orderSchema(req.body);
          if (order instanceof OrderIssues) res.status(400).json({ error: order.summary });
          else res.json(orderAnswer(collection, req.params.account, order));
        });
      } else {
        const register = method.toLowerCase() as 'get' | 'patch' | 'delete';
        app[register](path, ({ params }, res) => {
          const isAll = action === 'collection';
          res.json(
            isAll
              ? collectionAnswer(collection, params.account)
              : itemAnswer(collection, params.account, params.id),
          );
        });
      }
    }
    // Its own writes each error to the console.
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).json({ error: 'not an order' }));
    return createServer({ keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000 }, app);
  },
};
