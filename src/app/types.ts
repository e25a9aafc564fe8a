/** What handlers are given: `req` and `res` of barewire/http, with the framework's members. */
import type * as nodeHttp from 'node:http';
import type { RequestAdditions } from './additions.js';
import type { Application } from './application.js';
import type { Cookies } from './cookies.js';
import type { Logger, RequestRecord } from './logging.js';
import type { Mount } from './mount.js';
import type { RequestMembers } from './request.js';
import type { ResponseMembers } from './response.js';
import type {
  kCookies,
  kHasFailed,
  kId,
  kIsAnswering,
  kLocals,
  kLog,
  kMount,
  kOuterBase,
  kParams,
  kQuery,
  kRecord,
  kRouteParams,
  kTarget,
} from './symbols.js';

/** Values of repeated names are lists. */
export type Query = Record<string, string | string[] | undefined>;
export type Params = Record<string, string>;

/** A route as it was registered. */
export interface MatchedRoute {
  /** '*' for all. */
  readonly method: string;
  /** The pattern: a name for requests of a kind, in logs and measurements. */
  readonly path: string;
}

/** A request. `ParamsType`, `Body` and `QueryType` are a route's own, from its path and its schemas. */
export type AppRequest<ParamsType = Params, Body = unknown, QueryType = Query> = nodeHttp.IncomingMessage &
  RequestMembers &
  RequestAdditions & {
    url: string;
    method: string;
    /** The request-target as it came; `url` is what is left of it under a mount path. */
    originalUrl: string;
    /** The application that serves this request. */
    app: Application;
    res: AppResponse;
    /** The path's parameters, decoded. */
    params: ParamsType;
    /** What a body middleware or the route's schema has read. */
    body: Body;
    /** The query's parameters, decoded. */
    query: QueryType;
    /** The route that the request is for, with the path of the applications it is in; undefined for none. */
    route: MatchedRoute | undefined;
    /** The path that the running step is mounted under; '' for none. */
    baseUrl: string;
    [kMount]: Mount | null;
    /** null where nothing else has mounted the application. */
    [kTarget]: string | null;
    [kOuterBase]: string;
    [kParams]: Params | null;
    [kRouteParams]: Params | null;
    [kQuery]: Query | null;
    [kCookies]: Cookies | null;
    [kId]: string | null;
    [kLog]: Logger | null;
    [kRecord]: RequestRecord | null;
  };

/** A response. */
export type AppResponse = nodeHttp.ServerResponse &
  ResponseMembers & {
    req: AppRequest;
    /** The application that serves this request. */
    app: Application;
    [kLocals]: Record<string, unknown> | null;
    /** Was an error of it told to onError? */
    [kHasFailed]?: boolean;
    /** Is a file or a stream on its way into it? */
    [kIsAnswering]?: boolean;
  };
