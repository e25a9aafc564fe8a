/** Enough of a response parser to know what a subject answered, and where the answer ends. */
export interface ReadResponse {
  readonly status: number;
  readonly statusLine: string;
  readonly fields: readonly string[];
  readonly content: Buffer;
  /** Its bytes on the wire. */
  readonly length: number;
}

/** The response at the start of these bytes, or undefined while it is not complete. */
export function readResponse(bytes: Buffer): ReadResponse | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine, ...fields] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no status-line: ${statusLine}`);
  const start = headEnd + 4;
  const framed =
    fieldValue(fields, 'transfer-encoding')?.toLowerCase() === 'chunked'
      ? readChunks(bytes, start)
      : readLength(bytes, start, Number(fieldValue(fields, 'content-length')));
  if (framed === undefined) return undefined;
  return { status, statusLine, fields, content: framed.content, length: framed.end };
}

/** The value of the first field line of that (lowercase) name. */
export function fieldValue(fields: readonly string[], name: string): string | undefined {
  const line = fields.find((candidate) => candidate.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

interface Framed {
  readonly content: Buffer;
  readonly end: number;
}

function readLength(bytes: Buffer, start: number, length: number): Framed | undefined {
  if (!Number.isInteger(length)) throw new Error('a response with neither Content-Length nor chunks');
  const end = start + length;
  return bytes.length < end ? undefined : { content: bytes.subarray(start, end), end };
}

function readChunks(bytes: Buffer, start: number): Framed | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const sizeEnd = bytes.indexOf('\r\n', at);
    if (sizeEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, sizeEnd), 16);
    if (!Number.isInteger(size)) throw new Error('a chunk without a size');
    const end = sizeEnd + 2 + size + 2;
    if (bytes.length < end) return undefined;
    if (bytes.toString('latin1', end - 2, end) !== '\r\n') throw new Error('a chunk without its end');
    if (size === 0) return { content: Buffer.concat(chunks), end };
    chunks.push(bytes.subarray(sizeEnd + 2, end - 2));
    at = end;
  }
}
