import fastify from 'fastify';
import type { Order } from '../api/order.js';
import { orderJsonSchema } from '../api/order-json-schema.js';
import { API_ROUTES, collectionAnswer, itemAnswer, orderAnswer } from '../api/table.js';
import { KEEP_ALIVE_SECONDS } from '../messages.js';
import type { Subject } from '../subjects.js';

/** Handlers are async, as its documentation has them; answers have no schema, as nobody else's have. */
export const subject: Subject = {
  async createServer() {
    const app = fastify({ keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000 });
    for (const { method, path, collection, action } of API_ROUTES) {
      if (action === 'order') {
        app.post<{ Params: { account: string }; Body: Order }>(
          path,
          { schema: { body: orderJsonSchema } },
          async ({ params, body }) => orderAnswer(collection, params.account, body),
        );
      } else {
        app.route<{ Params: { account: string; id: string } }>({
          method,
          url: path,
          handler:
            action === 'collection'
              ? async ({ params }) => collectionAnswer(collection, params.account)
              : async ({ params }) => itemAnswer(collection, params.account, params.id),
        });
      }
    }
    await app.ready();
    return app.server;
  },
};
