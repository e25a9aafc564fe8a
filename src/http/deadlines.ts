/**
 * The deadlines of the idle connections of a server, without a timer for any of them.
 *
 * They wait in one list, in the order of their deadlines: since all wait equally long, who comes last leaves last. One
 * timer is set for the first. Requests being received are looked through now and then, in server-members.ts.
 */
import { clearTimeout, currentTime, setTimeout } from './clock.js';

/** A connection as its deadlines see it. */
export interface Timed {
  /** currentTime() at which an idle connection is to be closed; UNKNOWN at first; 0 while it is not idle. */
  idleDeadline: number;
  /** For how many milliseconds it may be idle. */
  idleTime: number;
  previousIdle: Timed | null;
  nextIdle: Timed | null;
  /** The connection was idle for as long as it may be. */
  onIdleTimeout(): void;
}

/** Later than any deadline. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** Idle connections get their deadlines after this part of their time: they are closed later by no more than that. */
const LATENESS = 1 / 32;

export class IdleList {
  private first: Timed | null = null;
  private last: Timed | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** When the timer fires. */
  private timerAt = 0;
  /** Set while there are connections whose deadlines are unknown: they are the last ones. */
  private clock: NodeJS.Timeout | null = null;
  private clockDelay = 0;

  /**
   * Puts a connection that became idle into the list, to be closed in so many milliseconds. Most are idle for less than
   * one: the clock, which is a call of the system on some machines, is asked for those that stay only.
   */
  add(connection: Timed, milliseconds: number): void {
    connection.idleDeadline = UNKNOWN;
    connection.idleTime = milliseconds;
    this.insert(connection);
    const delay = Math.max(1, milliseconds * LATENESS);
    if (this.clock === null || delay < this.clockDelay) this.startClock(delay);
  }

  /** Puts a connection where its deadline belongs. */
  private insert(connection: Timed): void {
    const { idleDeadline } = connection;
    // Only a change of the server's keepAliveTimeout makes a later connection the earlier to go.
    let before = this.last;
    while (before !== null && before.idleDeadline > idleDeadline) before = before.previousIdle;
    connection.previousIdle = before;
    const after = before === null ? this.first : before.nextIdle;
    connection.nextIdle = after;
    if (before === null) this.first = connection;
    else before.nextIdle = connection;
    if (after === null) this.last = connection;
    else after.previousIdle = connection;
  }

  private startClock(delay: number): void {
    if (this.clock !== null) clearTimeout(this.clock);
    this.clockDelay = delay;
    this.clock = setTimeout(setDeadlines, delay, this);
    this.clock.unref();
  }

  /** Sets the deadlines that are unknown. */
  setDeadlines(): void {
    this.clock = null;
    const now = currentTime();
    let connection: Timed | null = null;
    for (let idle = this.last; idle !== null && idle.idleDeadline === UNKNOWN; idle = idle.previousIdle)
      connection = idle;
    while (connection !== null) {
      const next: Timed | null = connection.nextIdle;
      const before: Timed | null = connection.previousIdle;
      connection.idleDeadline = now + connection.idleTime;
      if (before !== null && before.idleDeadline > connection.idleDeadline) {
        this.remove(connection);
        this.insert(connection);
      }
      connection = next;
    }
    if (this.first !== null && (this.timer === null || this.first.idleDeadline < this.timerAt))
      this.schedule(now);
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
    if (this.first === null || this.first.idleDeadline === UNKNOWN) return;
    this.timerAt = this.first.idleDeadline;
    this.timer = setTimeout(sweepIdle, Math.max(1, Math.ceil(this.timerAt - now)), this);
    this.timer.unref();
  }

  /** Closes what has waited long enough. */
  sweep(): void {
    this.timer = null;
    const now = currentTime();
    while (this.first !== null && this.first.idleDeadline <= now) {
      const connection = this.first;
      this.remove(connection);
      connection.onIdleTimeout();
    }
    this.schedule(now);
  }
}

function setDeadlines(list: IdleList): void {
  list.setDeadlines();
}

function sweepIdle(list: IdleList): void {
  list.sweep();
}
