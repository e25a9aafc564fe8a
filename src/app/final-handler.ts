/** The last resort: the answer to an error that nobody took, in a form that the client asked for. */
import { type Problem, problemOf, statusOf } from './http-error.js';
import type { AppRequest, AppResponse } from './types.js';

/** Does the client want JSON? By the order of what it names; what names neither gets JSON. */
function prefersText(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const json = accept.search(/\bapplication\/(?:[\w.-]+\+)?json\b|\*\/\*|\bapplication\/\*/i);
  const text = accept.search(/\btext\//i);
  return text !== -1 && (json === -1 || text < json);
}

function asText(problem: Problem): string {
  const { status, title, detail, stack } = problem;
  let text = `${status} ${title}\n`;
  if (detail !== undefined) text += `${detail}\n`;
  if (typeof stack === 'string') text += `\n${stack}\n`;
  return text;
}

/** Fields that described the answer which could not be given. */
const OF_CONTENT = [
  'content-encoding',
  'content-language',
  'content-range',
  'etag',
  'last-modified',
  'cache-control',
];

/**
 * Answers with problem details (RFC 9457), as JSON or as text. After the head was sent there is no answer left to
 * give: the connection is destroyed, so that no client takes what it got for the whole.
 */
export function answerError(error: unknown, req: AppRequest, res: AppResponse, isDevelopment: boolean): void {
  if (res.headersSent) {
    if (!res.writableEnded) res.destroy(error instanceof Error ? error : undefined);
    return;
  }
  const { headers } = (typeof error === 'object' && error !== null ? error : {}) as {
    headers?: Record<string, string>;
  };
  const problem = problemOf(error, isDevelopment);
  const isText = prefersText(req.headers.accept);
  const content = isText ? asText(problem) : JSON.stringify(problem);
  for (const name of OF_CONTENT) res.removeHeader(name);
  res.statusCode = statusOf(error);
  res.statusMessage = '';
  if (headers) for (const name of Object.keys(headers)) res.setHeader(name, headers[name]);
  // Never taken for something else than it is (RFC 9457 section 5).
  res.setHeader('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/problem+json');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.end(content);
}
