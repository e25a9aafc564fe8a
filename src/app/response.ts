/** What the framework adds to a response. The members work on any ServerResponse: `adopt` lends them to foreign ones. */
import { invalidArgType, invalidStatusCode } from '../errors.js';
import { emitOrTell } from '../http/outgoing.js';
import { defineDescriptors, defineMembers } from '../http/prototype.js';
import { type Response, ServerResponse } from '../http/server-response.js';
import { kEmitParent, kUnheardError } from '../http/symbols.js';
import { STATUS_CODES } from '../wire/tables.js';
import type { Locals } from './additions.js';
import type { Application } from './application.js';
import { setAttachment } from './attachment.js';
import { isThenable } from './chain.js';
import { getHeaderOver } from './content-fields.js';
import { setType } from './content-type.js';
import { type CookieOptions, clearCookie, setCookie } from './cookies.js';
import type { ResponseLike } from './exchange.js';
import { download, type SendFileOptions, sendFile } from './files.js';
import { setLinks } from './link.js';
import { format } from './negotiation.js';
import { redirect, setLocation } from './redirect.js';
import { respond, sendJson } from './respond.js';
import { kIsAnswering, kLocals, kOwner, kRespondOptions } from './symbols.js';
import type { AppRequest, AppResponse } from './types.js';
import { appendVary } from './vary.js';

export interface ResponseMembers {
  /** Sets the status code. @throws ERR_HTTP_INVALID_STATUS_CODE for what is no integer from 100 to 999 */
  status(code: number): AppResponse;
  /** Sets a header, or several. @throws as setHeader */
  set(name: string, value: string | number | readonly string[]): AppResponse;
  set(headers: Record<string, string | number | readonly string[]>): AppResponse;
  /** The same. */
  header(name: string, value: string | number | readonly string[]): AppResponse;
  /** What was set. */
  get(name: string): string | number | string[] | undefined;
  /** Adds to a header's values. */
  append(name: string, value: string | readonly string[]): AppResponse;
  /** Answers with JSON. @throws what JSON.stringify throws */
  json(value: unknown): AppResponse;
  /** Answers with a value: see respond. */
  send(value?: unknown): AppResponse;
  /** Answers with a status and its reason phrase as text. */
  sendStatus(code: number): AppResponse;
  /** Sets Content-Type by an extension ('json', '.png') or a media type. */
  type(name: string): AppResponse;
  /** The same. */
  contentType(name: string): AppResponse;
  /** Adds to Vary. */
  vary(names: string | readonly string[]): AppResponse;
  /** Adds links to the Link header, each relation's URL or URLs. @throws ERR_INVALID_ARG_VALUE */
  links(links: Readonly<Record<string, string | readonly string[]>>): AppResponse;
  /** Sets a cookie; an object is sent as JSON. `signed` signs it with cookie-parser's secret. */
  cookie(name: string, value: unknown, options?: CookieOptions & { signed?: boolean }): AppResponse;
  /** Has the client forget a cookie; path and domain must be those it was set with. */
  clearCookie(name: string, options?: CookieOptions): AppResponse;
  /** Sets Location. */
  location(url: string): AppResponse;
  /** Redirects, by default with 302. The form with the status first is Express's. */
  redirect(url: string, status?: number): AppResponse;
  redirect(status: number, url: string): AppResponse;
  /** Offers the content for download, under a name. */
  attachment(filename?: string): AppResponse;
  /** Answers with a file, ranges and conditions among it: see docs/static-files.md. */
  sendFile(path: string, options?: SendFileOptions): AppResponse;
  /** The same, for download under a name: by default that of the file. */
  download(path: string, filename?: string, options?: SendFileOptions): AppResponse;
  download(path: string, options?: SendFileOptions): AppResponse;
  /** Answers with what the client accepts: a function for each media type, `default` for any other. */
  format(answers: Record<string, () => unknown>): AppResponse;
  /** What middleware of this request leaves for what comes behind. */
  locals: Locals & Record<string, unknown>;
}

/** Takes what went wrong with an answer that was begun by a member: nobody else is there to hear of it. */
function settle(res: AppResponse, sent: unknown): AppResponse {
  if (isThenable(sent)) {
    res[kIsAnswering] = true;
    sent.then(undefined, (error: unknown) => {
      res[kIsAnswering] = false;
      res.app[kOwner].finish(error, res.req, res);
    });
  }
  return res;
}

function setHeaders(
  res: AppResponse,
  name: string | Record<string, string | number | readonly string[]>,
  value?: string | number | readonly string[],
): AppResponse {
  if (typeof name === 'string') {
    res.setHeader(name, value as string);
    return res;
  }
  for (const one of Object.keys(name)) res.setHeader(one, name[one]);
  return res;
}

/** Who passes a callback means to hear of errors by it, and would not: they go to the error handlers. */
function refuseCallback(option: unknown): void {
  if (typeof option === 'function') {
    throw invalidArgType('options', 'an object: errors go to the error handlers', option);
  }
}

const members: ThisType<AppResponse> & PropertyDescriptorMap = {
  status: {
    value: function status(code: number) {
      if (!Number.isInteger(code) || code < 100 || code > 999) throw invalidStatusCode(code);
      this.statusCode = code;
      return this;
    },
  },
  set: {
    value: function set(name: string, value?: string) {
      return setHeaders(this, name, value);
    },
  },
  header: {
    value: function header(name: string, value?: string) {
      return setHeaders(this, name, value);
    },
  },
  get: {
    value: function get(name: string) {
      return this.getHeader(name);
    },
  },
  append: {
    value: function append(name: string, value: string) {
      this.appendHeader(name, value);
      return this;
    },
  },
  json: {
    value: function json(value: unknown) {
      sendJson(this.req, this, value, this.app[kRespondOptions]);
      return this;
    },
  },
  send: {
    value: function send(value?: unknown) {
      if (value === undefined) {
        this.end();
        return this;
      }
      return settle(this, respond(this.req, this, value, this.app[kRespondOptions]));
    },
  },
  sendStatus: {
    value: function sendStatus(code: number) {
      return this.status(code)
        .type('text')
        .send(STATUS_CODES[code] ?? String(code));
    },
  },
  type: {
    value: function type(name: string) {
      setType(this, name);
      return this;
    },
  },
  contentType: {
    value: function contentType(name: string) {
      return this.type(name);
    },
  },
  links: {
    value: function addLinks(links: Readonly<Record<string, string | readonly string[]>>) {
      setLinks(this, links);
      return this;
    },
  },
  vary: {
    value: function vary(names: string | readonly string[]) {
      appendVary(this, names);
      return this;
    },
  },
  cookie: {
    value: function cookie(
      name: string,
      value: unknown,
      { signed, ...options }: CookieOptions & { signed?: boolean } = {},
    ) {
      // cookie-parser leaves its secret here. Without one the cookie would go out as if nobody had asked.
      if (signed) options.secret ??= (this.req as AppRequest & { secret?: string }).secret ?? '';
      setCookie(this, name, value, options);
      return this;
    },
  },
  clearCookie: {
    value: function clear(name: string, options?: CookieOptions) {
      clearCookie(this, name, options);
      return this;
    },
  },
  location: {
    value: function location(url: string) {
      setLocation(this, url);
      return this;
    },
  },
  redirect: {
    value: function to(first: string | number, second?: string | number) {
      if (typeof first === 'number') redirect(this.req, this, String(second), first);
      else redirect(this.req, this, first, second as number | undefined);
      return this;
    },
  },
  attachment: {
    value: function attachment(filename?: string) {
      setAttachment(this, filename);
      return this;
    },
  },
  sendFile: {
    value: function send(path: string, options?: SendFileOptions) {
      refuseCallback(options);
      return settle(this, sendFile(this.req, this, path, options));
    },
  },
  download: {
    value: function offer(path: string, name?: string | SendFileOptions, given?: SendFileOptions) {
      refuseCallback(name);
      refuseCallback(given);
      const [filename, options] = typeof name === 'object' ? [undefined, name] : [name, given];
      return settle(this, download(this.req, this, path, filename, options));
    },
  },
  format: {
    value: function answerInFormat(answers: Record<string, () => unknown>) {
      format(this.req, this, answers);
      return this;
    },
  },
  locals: {
    get() {
      return (this[kLocals] ??= Object.create(null));
    },
    set(locals: Record<string, unknown>) {
      this[kLocals] = locals;
    },
  },
};

/** Puts the members on a prototype, where applications may replace them. */
export function defineResponseMembers(prototype: object): void {
  defineDescriptors(prototype, members);
  // An 'error' without a listener, of a write that came too late, would end the process.
  defineMembers(prototype, {
    emit: emitOrTell,
    getHeader: getHeaderOver(Object.getPrototypeOf(prototype) as ResponseLike),
    [kEmitParent]: Object.getPrototypeOf(prototype) as object,
    [kUnheardError]: finishUnheard,
  });
}

function finishUnheard(this: AppResponse, error: unknown): void {
  this.app[kOwner].finish(error, this.req, this);
}

/** What the members keep, at its start. */
export function initResponse(res: AppResponse): void {
  res[kLocals] = null;
}

/** The responses of one application: a class of its own, so that what is added to it is nobody else's. */
export function createResponseClass(app: Application): typeof ServerResponse {
  const ResponseClass = function ServerResponseOfApplication(
    this: AppResponse,
    req: AppRequest,
    options: unknown,
  ) {
    (ServerResponse as unknown as (this: Response, req: unknown, options: unknown) => void).call(
      this as unknown as Response,
      req,
      options,
    );
    initResponse(this);
    req.res = this;
  } as unknown as typeof ServerResponse;
  Object.setPrototypeOf(ResponseClass.prototype, ServerResponse.prototype);
  Object.setPrototypeOf(ResponseClass, ServerResponse);
  defineResponseMembers(ResponseClass.prototype);
  defineMembers(ResponseClass.prototype, { app });
  return ResponseClass;
}
