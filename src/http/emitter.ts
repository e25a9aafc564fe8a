/** Emitters whose events are told without `emit`, which is made for all events of all emitters. */
import { EventEmitter } from 'node:events';

/** EventEmitter's own `emit`; with domains it does more than to call listeners, and this is undefined. */
export const plainEmit = (EventEmitter as { usingDomains?: boolean }).usingDomains
  ? undefined
  : EventEmitter.prototype.emit;

/** Under which an emitter keeps whether it hears of the promises that its listeners return. */
const kCapture = Object.getOwnPropertySymbols(new EventEmitter()).find(
  ({ description }) => description === 'kCapture',
);

/** An emitter as what it is. */
export interface Emitter {
  emit: unknown;
  _events?: Record<string, unknown>;
  _eventsCount: number;
  [key: symbol]: unknown;
}

/** Is `emit` to call the listeners, and nothing else? */
export function callsListeners(emitter: Emitter): boolean {
  return emitter.emit === plainEmit && kCapture !== undefined && emitter[kCapture] === false;
}
