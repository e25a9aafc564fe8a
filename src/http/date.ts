/** The Date field (RFC 9110 section 6.6.1), made once a second and not at all while nobody answers. */
import { setTimeout } from './clock.js';

/** As with the timers: what a test puts in its place is not the time of a message. */
const WallClock = Date;

let date: string | undefined;
let dateLine: string | undefined;

function forget(): void {
  date = undefined;
  dateLine = undefined;
}

/** Now as IMF-fixdate. */
export function currentDate(): string {
  if (date === undefined) {
    const now = new WallClock();
    date = now.toUTCString();
    setTimeout(forget, 1000 - now.getMilliseconds()).unref();
  }
  return date;
}

/** The whole field line. */
export function currentDateLine(): string {
  if (dateLine === undefined) dateLine = `Date: ${currentDate()}\r\n`;
  return dateLine;
}
