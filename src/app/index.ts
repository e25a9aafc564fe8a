/** `barewire`: the framework. */
import { Application, type ApplicationOptions } from './application.js';
import type { NoParams } from './route.js';

// As a whole: what is exported by its name cannot be added to under the name of the package.
export type * from './additions.js';
export type { Application, ApplicationOptions } from './application.js';
export type { Form, FormOptions, JsonOptions, ReadOptions, TextOptions } from './body.js';
export { readBytes, readForm, readJson, readText } from './body.js';
export { json, raw, text, urlencoded } from './body-middleware.js';
export type { ErrorHandler, Handler, Next } from './chain.js';
export { type CompressionOptions, compression } from './compression.js';
export type { CookieOptions, Cookies } from './cookies.js';
export { unsign } from './cookies.js';
export type { CloseOptions } from './draining.js';
export { type EventStream, type ServerSentEvent, sse } from './events.js';
export { download, type StaticOptions, sendFile, staticFiles } from './files.js';
export type { OnError } from './final-handler.js';
export { HttpError, type HttpErrorOptions, type Problem } from './http-error.js';
export type { Injected, InjectOptions } from './inject.js';
export type { Logger, LoggingOptions, LogWriter } from './logging.js';
export { type MultipartOptions, multipart } from './multipart.js';
export { readMultipart } from './multipart-save.js';
export type { ParamHandler } from './param-steps.js';
export type { ParamsOf } from './path-params.js';
export { evaluate, type Validators, type Verdict } from './preconditions.js';
export { type ReadinessCheck, type ReadinessOptions, readiness } from './readiness.js';
export type { RequestIdOptions } from './request-id.js';
export { type RespondOptions, respond } from './respond.js';
export type { NoParams } from './route.js';
export type { ListenCallback, ListenOptions } from './serving.js';
export { closeOnSignal, type SignalOptions } from './signals.js';
export type { AppRequest, AppResponse, MatchedRoute, Params, Query } from './types.js';
export type { RouteSchemas, ValidationIssue } from './validation.js';

/**
 * Makes an application.
 * @typeParam Mounted The parameters of the path that it is to be mounted under, for its handlers:
 *   `createApp<{ shop: string }>()` for `/shops/:shop`.
 */
export function createApp<Mounted extends object = NoParams>(
  options?: ApplicationOptions,
): Application<Mounted> {
  return new Application(options);
}
