/** Content-Disposition (RFC 6266): content that is to be saved rather than shown. */
import { Buffer } from 'node:buffer';
import { create } from 'content-disposition';
import { contentTypeOfFile, setDefaultType } from './content-type.js';
import type { ResponseLike } from './exchange.js';

/** The last part of a path, as a name that any system may save: no controls, no halves of surrogate pairs. */
function fileNameOf(path: string): string {
  const name = Buffer.from(path.slice(path.search(/[^/\\]*$/))).toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
  return name.replace(/[\x00-\x1f\x7f]/g, '_');
}

/**
 * Says that the content is to be saved, under the last part of this name, and sets the type of its extension where
 * none is set. A name beyond ASCII goes encoded (RFC 8187), with one without such characters beside it.
 */
export function setAttachment(res: ResponseLike, filename?: string): void {
  const name = filename === undefined ? '' : fileNameOf(filename);
  if (name === '') {
    res.setHeader('Content-Disposition', 'attachment');
    return;
  }
  setDefaultType(res, contentTypeOfFile(name));
  res.setHeader('Content-Disposition', create(name, { type: 'attachment' }));
}
