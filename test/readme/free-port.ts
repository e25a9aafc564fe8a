// Preloaded into a snippet: whatever port it names, it gets a free one and tells the test which.
import { type AddressInfo, Server } from 'node:net';

const listen = Server.prototype.listen as (...args: unknown[]) => Server;
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  this.once('listening', () => process.send?.((this.address() as AddressInfo).port));
  return listen.apply(
    this,
    args.map((arg) => (typeof arg === 'number' ? 0 : arg)),
  );
};
