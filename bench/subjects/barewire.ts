import { createApp } from 'barewire';
import { orderSchema } from '../api/order-schema.js';
import { API_ROUTES, collectionAnswer, itemAnswer, orderAnswer } from '../api/table.js';
import { KEEP_ALIVE_SECONDS } from '../messages.js';
import { BACKLOG } from '../scenarios.js';
import type { Subject } from '../subjects.js';

export const subject: Subject = {
  createServer() {
    const app = createApp();
    for (const { method, path, collection, action } of API_ROUTES) {
      const route = app.route(path);
      if (action === 'order') {
        app.post(path, { body: orderSchema }, (req) => orderAnswer(collection, req.params.account, req.body));
      } else if (action === 'collection') {
        route.on(method, (req) => collectionAnswer(collection, req.params.account));
      } else {
        route.on(method, (req) => itemAnswer(collection, req.params.account, req.params.id));
      }
    }
    return app.listen({
      port: 0,
      host: '127.0.0.1',
      backlog: BACKLOG,
      server: { keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000 },
    });
  },
};
