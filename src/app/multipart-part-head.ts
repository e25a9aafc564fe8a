/** The header section of a part of multipart/form-data (RFC 7578 section 4.2): what the part is, and its names. */
import { Buffer, isUtf8 } from 'node:buffer';
import { malformedMultipart } from '../errors.js';
import { MAX_PART_HEADERS_SIZE } from './limits.js';
import { parseMediaType } from './media-type.js';

export interface PartHead {
  name: string;
  /** Undefined for a field. Never a path: see cleanFilename. */
  filename: string | undefined;
  /** `type/subtype`, in lower case. */
  type: string;
  charset: string | undefined;
}

/** Names in lower case, values with one character per byte, as Dicer gives them. */
export type PartHeader = Record<string, string[] | undefined>;

const DISPOSITION = /^[ \t]*form-data[ \t]*/i;
const PARAMETER = /;[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?/y;
/** How browsers write what would end a quoted name (HTML, "multipart/form-data encoding algorithm"). */
const ESCAPED = /%0A|%0D|%22/gi;

/** Reads the section. Throws 400 where it is none of a form's part. */
export function readPartHead(header: PartHeader): PartHead {
  const parameters = readDisposition(only(header, 'content-disposition'));
  const coding = only(header, 'content-transfer-encoding')?.trim() ?? '';
  // "SHOULD NOT" be sent, and not decoded by servers (section 4.7): what is coded must not pass for what is not.
  if (!/^(?:|7bit|8bit|binary)$/i.test(coding)) {
    throw malformedMultipart('a part has a Content-Transfer-Encoding');
  }
  const name = parameters.get('name');
  if (name === undefined) throw malformedMultipart('a part has no name');
  const filename = parameters.get('filename');
  const type = parseMediaType(only(header, 'content-type'));
  return {
    name,
    filename: filename === undefined ? undefined : cleanFilename(filename),
    type: type?.essence ?? (filename === undefined ? 'text/plain' : 'application/octet-stream'),
    charset: type?.parameters.get('charset'),
  };
}

/** How many field lines the section has; throws nothing. */
export function countHeaders(header: PartHeader): number {
  return Object.values(header).reduce((count, values) => count + (values as string[]).length, 0);
}

/** Are names and values longer than MAX_PART_HEADERS_SIZE? */
export function isHeaderTooLarge(header: PartHeader): boolean {
  let size = 0;
  for (const name of Object.keys(header)) {
    for (const value of header[name] as string[]) size += name.length + value.length;
  }
  return size > MAX_PART_HEADERS_SIZE;
}

function only(header: PartHeader, name: string): string | undefined {
  const values = header[name];
  if (values === undefined) return undefined;
  if (values.length > 1) throw malformedMultipart(`a part has ${name} twice`);
  return values[0];
}

function readDisposition(value: string | undefined): Map<string, string> {
  const start = value === undefined ? null : DISPOSITION.exec(value);
  if (value === undefined || start === null) {
    throw malformedMultipart('a part has no Content-Disposition of form-data');
  }
  const parameters = new Map<string, string>();
  for (let at = start[0].length; at < value.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(value);
    if (found === null) throw malformedMultipart('a Content-Disposition is malformed');
    if (found[1] === undefined) continue;
    const name = found[1].toLowerCase();
    // Two parties might take one each.
    if (parameters.has(name)) throw malformedMultipart('a Content-Disposition says a parameter twice');
    parameters.set(name, decodeName(found[2] ?? found[3].replace(/\\(["\\])/g, '$1')));
  }
  return parameters;
}

/** Names are UTF-8 (section 5.1). */
function decodeName(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  if (!isUtf8(bytes)) throw malformedMultipart('a name is not in UTF-8');
  return bytes.toString('utf8').replace(ESCAPED, decodeURIComponent);
}

/** The last segment of what the client calls the file, without control characters: a name to show, and no path. */
export function cleanFilename(filename: string): string {
  const segment = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const shown = segment.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
  return shown === '.' || shown === '..' ? '' : shown;
}
