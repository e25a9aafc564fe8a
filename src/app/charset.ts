/** From bytes to text. What is not in the charset that it claims is refused: it would be read as other text. */
import { isUtf8 } from 'node:buffer';
import { malformedText, type RequestError } from '../errors.js';
import { utf8 } from '../wire/text.js';

/** Makes text of bytes; throws 400 where they are none in its charset. The bytes may be those of another read later. */
export type Decode = (bytes: Buffer) => string;

const BYTE_ORDER_MARK = 0xfeff;

/** UTF-8 without its byte order mark, if it has one. */
export function decodeUtf8(bytes: Buffer, from = 0, to = bytes.length): string {
  const text = utf8(bytes, from, to);
  // Malformed bytes become U+FFFD; a text without any had none. It is looked for in no time in a text of ASCII.
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) throw malformedText('utf-8');
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function decodeLatin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function decodeAscii(bytes: Buffer): string {
  const text = decodeLatin1(bytes);
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > 0x7f) throw malformedText('us-ascii');
  return text;
}

const DECODES = new Map<string, Decode>([
  ['utf-8', decodeUtf8],
  ['utf8', decodeUtf8],
  // TextDecoder takes these for windows-1252, as browsers do for pages; a client that names them means them.
  ['iso-8859-1', decodeLatin1],
  ['latin1', decodeLatin1],
  ['us-ascii', decodeAscii],
  ['ascii', decodeAscii],
]);

/** How a charset is decoded; undefined where it is not known. Without a name: UTF-8. */
export function decodeOf(charset: string | undefined): Decode | undefined {
  if (charset === undefined) return decodeUtf8;
  const name = charset.toLowerCase();
  return DECODES.get(name) ?? decodeByTextDecoder(name);
}

function decodeByTextDecoder(name: string): Decode | undefined {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(name, { fatal: true });
  } catch {
    return undefined;
  }
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw Object.assign<RequestError, { cause: unknown }>(malformedText(decoder.encoding), { cause });
    }
  };
}
