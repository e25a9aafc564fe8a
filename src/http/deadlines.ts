/**
 * The deadlines of all connections of a server, without a timer for any of them.
 *
 * Idle connections wait in one list, in the order of their deadlines: since all wait equally long, who comes last
 * leaves last. One timer is set for the first. Requests being received are looked through now and then: their
 * time-outs are noticed on a tick, as node:http documents.
 */

/** A connection as its deadlines see it. */
export interface Timed {
  /** performance.now() at which an idle connection is to be closed. */
  idleDeadline: number;
  previousIdle: Timed | null;
  nextIdle: Timed | null;
  /** The connection was idle for as long as it may be. */
  onIdleTimeout(): void;
}

export class IdleList {
  private first: Timed | null = null;
  private last: Timed | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** When the timer fires. */
  private timerAt = 0;

  /** Puts a connection that became idle into the list, to be closed in so many milliseconds. */
  add(connection: Timed, milliseconds: number): void {
    const now = performance.now();
    const deadline = now + milliseconds;
    connection.idleDeadline = deadline;
    // Only a change of the server's keepAliveTimeout makes a later connection the earlier to go.
    let before = this.last;
    while (before !== null && before.idleDeadline > deadline) before = before.previousIdle;
    connection.previousIdle = before;
    const after = before === null ? this.first : before.nextIdle;
    connection.nextIdle = after;
    if (before === null) this.first = connection;
    else before.nextIdle = connection;
    if (after === null) this.last = connection;
    else after.previousIdle = connection;
    if (this.timer === null || deadline < this.timerAt) this.schedule(now);
  }

  /** Takes a connection out, if it is in. */
  remove(connection: Timed): void {
    const { previousIdle, nextIdle } = connection;
    if (previousIdle === null && this.first !== connection) return;
    if (previousIdle === null) this.first = nextIdle;
    else previousIdle.nextIdle = nextIdle;
    if (nextIdle === null) this.last = previousIdle;
    else nextIdle.previousIdle = previousIdle;
    connection.previousIdle = null;
    connection.nextIdle = null;
    // The timer stays: with requests coming and going it would be set again at once.
  }

  private schedule(now: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.first === null) return;
    this.timerAt = this.first.idleDeadline;
    this.timer = setTimeout(sweepIdle, Math.max(1, Math.ceil(this.timerAt - now)), this);
    this.timer.unref();
  }

  /** Closes what has waited long enough. */
  sweep(): void {
    this.timer = null;
    const now = performance.now();
    while (this.first !== null && this.first.idleDeadline <= now) {
      const connection = this.first;
      this.remove(connection);
      connection.onIdleTimeout();
    }
    this.schedule(now);
  }
}

function sweepIdle(list: IdleList): void {
  list.sweep();
}
