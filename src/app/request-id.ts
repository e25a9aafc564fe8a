/** An id for each request, by which its lines in the logs of several systems are found. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { validateHeaderName } from '../http/header-store.js';

/** Where ids come from, and go to. */
export interface RequestIdOptions {
  /**
   * The header field in which a proxy in front sends one, such as 'X-Request-Id'. Anybody may send it: name it only
   * where the proxy sets it on every request. What is no id is not taken: an id has 1 to 128 letters, digits and
   * `-._~:+/=@`. Default: none is believed.
   */
  from?: string;
  /** The header field of the response that tells the client. Default: none. */
  to?: string;
  /** Makes the id of a request that has none. What it makes that is no id is not taken. Default: a random UUID. */
  generate?: (req: IncomingMessage) => string;
}

/** It ends in logs and in header fields: nothing that means something there. */
const ID = /^[\w\-.~:+/=@]{1,128}$/;

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

export class RequestIds {
  /** The response's field, if there is one. */
  private readonly to: string | null;
  private readonly from: string | null;
  private readonly generate: ((req: IncomingMessage) => string) | null;

  /** @throws ERR_INVALID_HTTP_TOKEN for what is no field name */
  constructor({ from, to, generate }: RequestIdOptions = {}) {
    if (from !== undefined) validateHeaderName(from);
    if (to !== undefined) validateHeaderName(to);
    this.from = from?.toLowerCase() ?? null;
    this.to = to ?? null;
    this.generate = generate ?? null;
  }

  /** Are clients told? */
  get isTold(): boolean {
    return this.to !== null;
  }

  /** The id of a request: the one that came with it, or a new one. */
  of(req: IncomingMessage): string {
    const sent = this.from === null ? undefined : req.headers[this.from];
    return isId(sent) ? sent : (this.generated(req) ?? randomUUID());
  }

  /** Null where nothing, or what is no id, was generated: a request is answered for want of a better one, too. */
  private generated(req: IncomingMessage): string | null {
    if (this.generate === null) return null;
    try {
      const made = this.generate(req);
      return isId(made) ? made : null;
    } catch {
      return null;
    }
  }

  /** Tells the client. */
  announce(req: IncomingMessage & { id: string }, res: ServerResponse): void {
    if (this.to !== null && !res.headersSent) res.setHeader(this.to, req.id);
  }
}
