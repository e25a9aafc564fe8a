/** The messages of a scenario: what is sent, and what must be answered. */

export interface ExpectedResponse {
  readonly status: number;
  /** Every field line but Date, in the order of `node:http`. */
  readonly fields: readonly string[];
  /** The content, transfer coding removed. */
  readonly content: Buffer;
}

export interface Exchange {
  /** One request as it goes on the wire. */
  readonly request: Buffer;
  readonly response: ExpectedResponse;
}

/**
 * The keep-alive timeout of every server. Long, so that idle connections outlive the measurement, and the same
 * for all, because it stands in the Keep-Alive field of each response.
 */
export const KEEP_ALIVE_SECONDS = 120;

const KEEP_ALIVE = ['Connection: keep-alive', `Keep-Alive: timeout=${KEEP_ALIVE_SECONDS}`];

export function request(
  requestLine: string,
  fields: readonly string[] = [],
  content: Buffer = Buffer.alloc(0),
): Buffer {
  const lengthLines = content.length > 0 ? [`Content-Length: ${content.length}`] : [];
  const lines = [`${requestLine} HTTP/1.1`, 'Host: 127.0.0.1', ...fields, ...lengthLines, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), content]);
}

/** A response whose framing is the server's. */
export function response(contentType: string, framing: string, content: Buffer | string): ExpectedResponse {
  const fields = [`Content-Type: ${contentType}`, ...KEEP_ALIVE, framing];
  return { status: 200, fields, content: Buffer.from(content) };
}

/** A response whose fields, Content-Length among them, are set before the server adds its own. */
export function responseOfFields(fields: readonly string[], content: Buffer | string): ExpectedResponse {
  return { status: 200, fields: [...fields, ...KEEP_ALIVE], content: Buffer.from(content) };
}
