import { Pool } from 'undici';
import { requestOf } from '../client.js';
import type { Subject } from '../subjects.js';

export const subject: Subject = {
  createClient({ scenario, port, connections, authority }) {
    const { method, path, headers, content } = requestOf(scenario);
    const origin = `${scenario.secure ? 'https' : 'http'}://127.0.0.1:${port}`;
    const pool = new Pool(origin, {
      connections,
      pipelining: 1,
      ...(scenario.secure ? { connect: { ca: authority.toString() } } : {}),
    });
    const options = { method: method as 'GET' | 'POST', path, headers, body: content };
    return {
      request(done) {
        pool
          .request(options)
          .then(async ({ statusCode, body }) => done(null, statusCode, await body.text()))
          .catch((error: Error) => done(error, 0, ''));
      },
      close: () => void pool.destroy(),
    };
  },
};
