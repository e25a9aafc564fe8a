/** Expect: 100-continue (RFC 9110 section 10.1.1): whoever reads the content asks for it, and nobody else does. */
import type * as nodeHttp from 'node:http';
import { type BodyMessage, kContinue, sendContinue } from './body-head.js';

/**
 * Sends 100 (Continue) when the content is first read: by one of our readers, or from the request as a stream, which
 * may be piped, iterated over, or listened to. Not any more when the answer has begun: nothing comes between its parts.
 */
export function continueWhenRead(
  req: nodeHttp.IncomingMessage & BodyMessage,
  res: nodeHttp.ServerResponse,
): void {
  const { _read: read } = req;
  // Constants first: assigned as literals they would outlive the request (CONTRIBUTING.md, "Code").
  const continueOnce = (): void => {
    if (!res.headersSent) res.writeContinue();
  };
  const readToContinue = (size: number): void => {
    sendContinue(req);
    read.call(req, size);
  };
  req[kContinue] = continueOnce;
  req._read = readToContinue;
}
