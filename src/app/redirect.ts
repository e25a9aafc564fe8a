/** Redirects: the Location, and a few words for who does not follow it. */

import { Buffer } from 'node:buffer';
import { outOfRange } from '../errors.js';
import { STATUS_CODES } from '../wire/tables.js';
import { HTML, TEXT } from './content-type.js';
import type { RequestLike, ResponseLike } from './exchange.js';
import { accepts } from './negotiation.js';
import { sendNothing, sendText } from './respond.js';
import { appendVary } from './vary.js';

/** All but what a URL holds as it is: RFC 3986's characters, those that browsers take, and escapes. */
const TO_ENCODE = /[^\x21\x23-\x25\x26-\x3b\x3d\x3f-\x5f\x61-\x7a\x7c\x7e]+|%(?![0-9a-fA-F]{2})/g;

/**
 * Encodes what may not stand in a URL, and leaves the escapes it has: controls (and with them CR and LF, which would
 * end the field), spaces, quotes, angle brackets and all beyond ASCII.
 */
export function encodeUrl(url: string): string {
  // A half of a surrogate pair has no UTF-8; U+FFFD stands for it.
  const text = Buffer.from(url, 'utf8').toString('utf8');
  return text.replace(TO_ENCODE, encodeURI);
}

/** Sets Location, encoded. */
export function setLocation(res: ResponseLike, url: string): void {
  res.setHeader('Location', encodeUrl(String(url)));
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * Answers with a redirect. It goes where it is told: a URL that a client made up is for the caller to check.
 * @param status Default 302 (Found).
 * @throws ERR_OUT_OF_RANGE for a status that is no 3xx
 */
export function redirect(req: RequestLike, res: ResponseLike, url: string, status = 302): void {
  if (!Number.isInteger(status) || status < 300 || status > 399) {
    throw outOfRange('status', 'a status code from 300 to 399', status);
  }
  setLocation(res, url);
  res.statusCode = status;
  const location = String(res.getHeader('Location'));
  const words = `${STATUS_CODES[status] ?? status}. Redirecting to `;
  appendVary(res, 'Accept');
  switch (accepts(req, ['text', 'html'])) {
    case 'text':
      res.setHeader('Content-Type', TEXT);
      sendText(req, res, words + location);
      break;
    case 'html': {
      const link = escapeHtml(location);
      res.setHeader('Content-Type', HTML);
      sendText(
        req,
        res,
        `<!DOCTYPE html><title>${words.slice(0, -16)}</title><p>${words}<a href="${link}">${link}</a></p>`,
      );
      break;
    }
    default:
      sendNothing(res);
  }
}
