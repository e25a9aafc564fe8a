/**
 * The last resort: what becomes of an error that nobody took. The application's listener hears of it, the client gets an
 * answer in a form that it asked for. Nothing here throws.
 */
import { Buffer } from 'node:buffer';
import { type ChainOwner, isThenable } from './chain.js';
import { belongsToMessage, declaredLengthOf, dropRepresentation, setLength } from './content-fields.js';
import { cutShort, type RequestLike, type ResponseLike } from './exchange.js';
import { fieldsOf, type Problem, problemOf, statusOf } from './http-error.js';
import { accepts } from './negotiation.js';
import { kHasFailed, kIsAnswering } from './symbols.js';
import type { AppRequest, AppResponse } from './types.js';
import { appendVary } from './vary.js';

/** Takes an error that no error handler took. May answer; if it does not, the problem details are sent. */
export type OnError = (error: unknown, req: AppRequest, res: AppResponse) => unknown;

/**
 * Tells a listener of an error, once for each response: what it does about it may fail, be told to it, and fail again
 * without an end. Answers if it does not.
 */
export function tellListener(
  listener: OnError,
  error: unknown,
  req: AppRequest,
  res: AppResponse,
  owner: Pick<ChainOwner, 'note'>,
  isDevelopment: boolean,
): void {
  if (res[kHasFailed]) {
    answerError(error, req, res, isDevelopment);
    return;
  }
  res[kHasFailed] = true;
  const wasBegun = res.headersSent;
  const answerUnlessAnswered = () => {
    // What it has begun itself it may still be writing.
    if (wasBegun || !(res.headersSent || res[kIsAnswering])) answerError(error, req, res, isDevelopment);
  };
  const fail = (failure: unknown) => {
    owner.note(failure, req, res);
    answerError(failure, req, res, isDevelopment);
  };
  try {
    const result = listener(error, req, res);
    if (isThenable(result)) Promise.resolve(result).then(answerUnlessAnswered, fail);
    else answerUnlessAnswered();
  } catch (thrown) {
    fail(thrown);
  }
}

/** What can be had, best first for who takes anything. */
const TYPES = ['application/problem+json', 'application/json', 'text/plain', 'text/html'];

function prefersText(req: RequestLike): boolean {
  const best = accepts(req, TYPES);
  return best !== false && best.startsWith('text/');
}

function asText(problem: Problem): string {
  const { status, title, detail, stack } = problem;
  let text = `${status} ${title}\n`;
  if (detail !== undefined) text += `${detail}\n`;
  if (typeof stack === 'string') text += `\n${stack}\n`;
  return text;
}

/** What members of an error's own JSON cannot say is left out, with all of them. */
function asJson(problem: Problem): string {
  try {
    return JSON.stringify(problem);
  } catch {
    const { type, title, status, detail, code } = problem;
    return JSON.stringify({ type, title, status, detail, code });
  }
}

/**
 * Answers with problem details (RFC 9457), as JSON or as text. After the head was sent there is no answer left to
 * give: the connection is destroyed, so that no client takes what it got for the whole.
 */
export function answerError(
  error: unknown,
  req: RequestLike,
  res: ResponseLike,
  isDevelopment: boolean,
): void {
  try {
    if (!res.headersSent) sendProblem(error, req, res, isDevelopment);
    else if (!res.writableEnded) cutShort(res, declaredLengthOf(res) !== undefined);
  } catch {
    giveUp(res);
  }
}

function sendProblem(error: unknown, req: RequestLike, res: ResponseLike, isDevelopment: boolean): void {
  const problem = problemOf(error, isDevelopment);
  const isText = prefersText(req);
  const content = isText ? asText(problem) : asJson(problem);
  dropRepresentation(res);
  res.statusCode = statusOf(error);
  // HTTP/2 has none, and warns of it.
  if (req.httpVersionMajor < 2) (res as ResponseLike & { statusMessage: string }).statusMessage = '';
  for (const [name, value] of fieldsOf(error)) {
    if (belongsToMessage(name) && !isOfAnswer(name, value, req, res)) continue;
    try {
      res.setHeader(name, value);
    } catch {
      // A field that cannot be sent is no reason not to answer.
    }
  }
  appendVary(res, 'Accept');
  // Never taken for something else than it is (RFC 9457 section 5).
  res.setHeader('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/problem+json');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  setLength(res, Buffer.byteLength(content));
  res.end(content);
}

/**
 * What frames and describes content is about this one's, and not for an error to say; but that the connection ends, as
 * where the rest of a body is not to be read, and how long the content is of which a range was asked for
 * (RFC 9110 section 15.5.17).
 */
function isOfAnswer(name: string, value: unknown, req: RequestLike, { statusCode }: ResponseLike): boolean {
  const lowerCase = name.toLowerCase();
  if (lowerCase === 'connection') return value === 'close' && req.httpVersionMajor < 2;
  return lowerCase === 'content-range' && statusCode === 416;
}

/** Not even that could be said. */
function giveUp(res: ResponseLike): void {
  try {
    res.destroy();
  } catch {
    // What has no connection left needs no end.
  }
}
