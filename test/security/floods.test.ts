/** Clients that send more than they read: what they make the server hold has a bound, and others are served. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { bounded } from '../differential/bounded.js';
import { chunk, chunkedPost, get, lastGet } from '../differential/messages.js';
import { replies } from './served.js';
import { ServerProcess } from './server-control.js';

const MIB = 1024 * 1024;

async function assertServes(server: ServerProcess): Promise<void> {
  const [reply] = replies(await server.exchange(lastGet('/honest')));
  assert.deepEqual([reply.statusCode, reply.content], [200, 'ok']);
}

describe('a client that pipelines without reading', () => {
  it('has its requests read no faster than it takes the responses', async (t) => {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const before = await server.state();
    const requests = 20_000;
    const client = await server.connect();
    t.after(() => client.destroy());
    client.pause();
    client.write(get('/page').repeat(requests) + lastGet('/last'));
    const held = await server.untilQuiet();
    assert.ok(held.handled['/page'] < 2000, `${held.handled['/page']} requests were carried out`);
    assert.equal(held.handled['/last'], undefined);
    const bytes = held.memory - before.memory;
    assert.ok(bytes < 2 * MIB, `${bytes} bytes are held`);
    await assertServes(server);
  });

  it('is answered to the end, in order, when it reads at last', async (t) => {
    const server = await ServerProcess.start(t);
    const requests = 50_000;
    const client = await server.connect();
    t.after(() => client.destroy());
    client.pause();
    client.write(get('/small').repeat(requests) + lastGet('/last'));
    const held = await server.untilQuiet();
    assert.ok(held.handled['/small'] < requests);
    assert.equal(held.handled['/last'], undefined);
    let received = '';
    client.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    client.resume();
    await bounded('all are answered', once(client, 'close'));
    assert.equal(received.split('HTTP/1.1 200 OK\r\n').length - 1, requests + 1);
    assert.equal((await server.state()).handled['/small'], requests);
  });

  it('waits behind a response that does not come, and holds no more than 512 requests', async (t) => {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const before = await server.state();
    const client = await server.connect();
    t.after(() => client.destroy());
    client.write(get('/never').repeat(50_000));
    const held = await server.untilQuiet();
    assert.equal(held.handled['/never'], 513);
    const bytes = held.memory - before.memory;
    assert.ok(bytes < 8 * MIB, `${bytes} bytes are held`);
    await assertServes(server);
  });

  it('waits behind a response that does not come, and holds no more of others than a stream may', async (t) => {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const before = await server.state();
    const client = await server.connect();
    t.after(() => client.destroy());
    client.write(get('/never') + get('/page').repeat(1000));
    const held = await server.untilQuiet();
    assert.ok(held.handled['/page'] < 10, `${held.handled['/page']} responses wait`);
    const bytes = held.memory - before.memory;
    assert.ok(bytes < 2 * MIB, `${bytes} bytes are held`);
    await assertServes(server);
  });

  it('leaves nothing behind when it goes', async (t) => {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const round = async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
      for (const client of clients) {
        client.pause();
        client.write(get('/page').repeat(2000));
      }
      await server.untilQuiet();
      for (const client of clients) client.destroy();
      return server.until('all are gone', (state) => state.connections === 0);
    };
    const first = await round();
    await round();
    const last = await round();
    assert.ok(last.memory - first.memory < 2 * MIB, `${last.memory - first.memory} bytes more`);
  });
});

describe('a client that sends a body nobody reads', () => {
  /** What a connection holds of a body while its handler waits. */
  async function heldOf(t: Parameters<typeof ServerProcess.start>[0], body: string): Promise<number> {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const before = await server.state();
    const clients = await Promise.all(Array.from({ length: 10 }, () => server.connect()));
    t.after(() => {
      for (const client of clients) client.destroy();
    });
    for (const client of clients) client.write(chunkedPost().replace(' / ', ' /never ') + body);
    await server.until('all have come', (state) => state.handled['/never'] === clients.length);
    const held = await server.untilQuiet();
    return (held.memory - before.memory) / clients.length;
  }

  it('is not read on', async (t) => {
    const held = await heldOf(t, chunk('b'.repeat(8 * MIB)));
    assert.ok(held < MIB, `${held} bytes are held`);
  });

  it('CVE-2018-7164: cannot make much of little with tiny chunks', async (t) => {
    const held = await heldOf(t, chunk('b').repeat(MIB));
    assert.ok(held < 12 * MIB, `${held} bytes are held`);
  });
});

describe('many connections', () => {
  it('CVE-2018-12121: with heads of the largest size hold no more than those', async (t) => {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const before = await server.state();
    const count = 1000;
    const clients = await Promise.all(Array.from({ length: count }, () => server.connect()));
    t.after(() => {
      for (const client of clients) client.destroy();
    });
    // One byte is missing of each.
    const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'v'.repeat(16_000)}`;
    const lines = `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 900 }, (_, i) => `a${i}: vvvvv`).join('\r\n')}\r\n`;
    // Of white space that does not count, none is held.
    const spaces = `GET / HTTP/1.1\r\nHost: a\r\nX:${' '.repeat(60_000)}v`;
    for (const [i, client] of clients.entries()) client.write([head, lines, spaces][i % 3]);
    await server.until('all are there', (state) => state.connections >= count);
    const held = await server.untilQuiet();
    const bytes = (held.memory - before.memory) / count;
    assert.ok(bytes < 128 * 1024, `${bytes} bytes are held for each`);
    await assertServes(server);
    for (const client of clients) client.write('\r\n\r\n');
    await server.until('all are served', (state) => state.handled['/'] === count);
    assert.ok((await server.state()).memory - before.memory < 32 * MIB);
  });

  it('that come a byte at a time hold no more than they sent', async (t) => {
    const server = await ServerProcess.start(t);
    await assertServes(server);
    const before = await server.state();
    const clients = await Promise.all(Array.from({ length: 200 }, () => server.connect()));
    t.after(() => {
      for (const client of clients) client.destroy();
    });
    for (const byte of `GET / HTTP/1.1\r\nHost: a\r\nX: ${'v'.repeat(300)}`) {
      for (const client of clients) client.write(byte);
      // One write is one segment when the one before has left.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const held = await server.untilQuiet();
    const bytes = (held.memory - before.memory) / clients.length;
    assert.ok(bytes < 32 * 1024, `${bytes} bytes are held for each`);
    for (const client of clients) client.write('\r\n\r\n');
    await server.until('all are served', (state) => state.handled['/'] === clients.length);
  });
});
