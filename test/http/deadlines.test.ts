import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { currentTime } from '#src/http/clock.js';
import { IdleList, type Timed } from '#src/http/deadlines.js';

/** A connection that tells when it is closed. */
class Connection implements Timed {
  idleDeadline = 0;
  idleTime = 0;
  previousIdle: Timed | null = null;
  nextIdle: Timed | null = null;
  readonly closed: Promise<void>;
  onIdleTimeout!: () => void;

  constructor(name: string, order: string[]) {
    this.closed = new Promise((resolve) => {
      this.onIdleTimeout = () => {
        order.push(name);
        resolve();
      };
    });
  }
}

/** Until the deadline is known; it is not at once. */
async function untilTimed(connection: Connection): Promise<void> {
  while (!Number.isFinite(connection.idleDeadline)) await setImmediate();
}

describe('idle connections', () => {
  it('are closed in the order in which they became idle, and not before their time', async () => {
    const order: string[] = [];
    const list = new IdleList();
    const connections = ['first', 'second', 'third'].map((name) => new Connection(name, order));
    const start = currentTime();
    for (const connection of connections) list.add(connection, 20);
    // The timer of a connection that gets its deadline keeps no process running.
    const running = setInterval(() => {}, 1000);
    await Promise.all(connections.map(({ closed }) => closed));
    clearInterval(running);
    assert.deepEqual(order, ['first', 'second', 'third']);
    for (const { idleDeadline } of connections) assert.ok(idleDeadline >= start + 20);
  });

  it('are closed earlier where the time became shorter in between', async () => {
    const order: string[] = [];
    const list = new IdleList();
    const running = setInterval(() => {}, 1000);
    const long = new Connection('long', order);
    list.add(long, 60_000);
    // Both are without a deadline yet.
    const short = new Connection('short', order);
    list.add(short, 2);
    await short.closed;
    await untilTimed(long);
    const later = new Connection('later', order);
    list.add(later, 2);
    await later.closed;
    clearInterval(running);
    assert.deepEqual(order, ['short', 'later']);
    list.remove(long);
  });

  it('are not closed when a request has come in time, with or without a deadline', async () => {
    const order: string[] = [];
    const list = new IdleList();
    const running = setInterval(() => {}, 1000);
    const [busyAtOnce, busySoon, last] = ['at once', 'soon', 'last'].map(
      (name) => new Connection(name, order),
    );
    list.add(busyAtOnce, 30);
    list.add(busySoon, 30);
    list.add(last, 30);
    list.remove(busyAtOnce);
    await untilTimed(busySoon);
    list.remove(busySoon);
    await last.closed;
    clearInterval(running);
    assert.deepEqual(order, ['last']);
  });
});
