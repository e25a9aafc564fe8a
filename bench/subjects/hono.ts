import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { sValidator } from '@hono/standard-validator';
import { Hono } from 'hono';
import { orderSchema } from '../api/order-schema.js';
import { API_ROUTES, collectionAnswer, itemAnswer, orderAnswer } from '../api/table.js';
import { KEEP_ALIVE_SECONDS } from '../messages.js';
import type { Subject } from '../subjects.js';

export const subject: Subject = {
  createServer() {
    const app = new Hono();
    const validOrder = sValidator('json', orderSchema);
    for (const { method, path, collection, action } of API_ROUTES) {
      if (action === 'order') {
        app.post(path, validOrder, (context) =>
          context.json(
            orderAnswer(collection, context.req.param('account') as string, context.req.valid('json')),
          ),
        );
      } else {
        app.on(method, path, ({ req, json }) => {
          const account = req.param('account') as string;
          return json(
            action === 'collection'
              ? collectionAnswer(collection, account)
              : itemAnswer(collection, account, req.param('id') as string),
          );
        });
      }
    }
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    server.keepAliveTimeout = KEEP_ALIVE_SECONDS * 1000;
    return server;
  },
};
