/** The wire text of messages, with as little around what a test is about as can be. */

/** A request of these field lines, Host before them. */
export function request(
  fieldLines: readonly string[] = [],
  content = '',
  requestLine = 'POST / HTTP/1.1',
): string {
  return `${[requestLine, 'Host: a', ...fieldLines].join('\r\n')}\r\n\r\n${content}`;
}

/** A chunked request, `coded` being its content as it stands on the wire. */
export function chunkedRequest(coded: string): string {
  return request(['Transfer-Encoding: chunked'], coded);
}

/** A response of these field lines. */
export function response(
  fieldLines: readonly string[] = [],
  content = '',
  statusLine = 'HTTP/1.1 200 OK',
): string {
  return `${[statusLine, ...fieldLines].join('\r\n')}\r\n\r\n${content}`;
}

/** A request whose head is nothing but this request-line and Host. */
export function requestOf(requestLine: string): string {
  return `${requestLine}\r\nHost: a\r\n\r\n`;
}
