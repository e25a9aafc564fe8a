/** The head of a message: its lines, and the empty line behind them. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The head of a GET request for `target` with a Host and `fields`. */
export function get(target = '/', ...fields: string[]): string {
  return head(`GET ${target} HTTP/1.1`, 'Host: example.test', ...fields);
}

/** As `get`, for the last request of a connection. */
export function lastGet(target = '/', ...fields: string[]): string {
  return get(target, ...fields, 'Connection: close');
}

/** A POST request with a Content-Length body. */
export function post(body: string, ...fields: string[]): string {
  const length = Buffer.byteLength(body, 'latin1');
  return head('POST / HTTP/1.1', 'Host: example.test', `Content-Length: ${length}`, ...fields) + body;
}

/** The head of a POST request whose chunked body follows. */
export function chunkedPost(...fields: string[]): string {
  return head('POST / HTTP/1.1', 'Host: example.test', 'Transfer-Encoding: chunked', ...fields);
}

/** One chunk. */
export function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** The last chunk, and an empty trailer section. */
export const lastChunk = '0\r\n\r\n';

/** A response with content of the length it says. */
export function ok(content = 'ok', ...fields: string[]): string {
  const length = Buffer.byteLength(content, 'latin1');
  return head('HTTP/1.1 200 OK', `Content-Length: ${length}`, ...fields) + content;
}
