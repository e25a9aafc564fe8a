const imfDate = /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT\b/g;

/** Text with what legitimately differs from run to run masked: dates and ports. */
export function masked(text: string): string {
  return text.replace(imfDate, '<date>').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>');
}

/**
 * What a server sends when it refuses a message by itself, to be compared by its status alone: barewire adds
 * Date and framing (see deviations.ts).
 */
const errorReply =
  /HTTP\/1\.1 (4\d\d|5\d\d) ([^\r]*)\r\n(?:(?:Connection: close|Date: <date>|Content-Length: 0|Transfer-Encoding: chunked)\r\n)+\r\n(?:0\r\n\r\n)?/g;

const chunkedHead = /^Transfer-Encoding: chunked\r\n(?:[^\r\n]+\r\n)*\r\n/im;
const chunkSize = /^([0-9a-f]+)\r\n/i;

/** Joins the chunks of each chunked body into one, since where a sender cuts them is its own affair. */
export function joinedChunks(text: string): string {
  const start = chunkedHead.exec(text);
  if (start === null) return text;
  const body = start.index + start[0].length;
  let rest = text.slice(body);
  let content = '';
  for (;;) {
    const line = chunkSize.exec(rest);
    if (line === null) break;
    const size = Number.parseInt(line[1], 16);
    const end = line[0].length + size;
    if (size === 0 || rest.slice(end, end + 2) !== '\r\n') break;
    content += rest.slice(line[0].length, end);
    rest = rest.slice(end + 2);
  }
  const joined = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`;
  return text.slice(0, body) + joined + joinedChunks(rest);
}

/** What a client received, as lines to compare. */
export function wireLines(received: string): string[] {
  const lines = masked(joinedChunks(received)).replace(errorReply, 'error reply $1 $2\r\n').split('\r\n');
  if (lines.at(-1) === '') lines.pop();
  else lines[lines.length - 1] += ' (no CRLF)';
  return lines.map((line) => (line.length > 200 ? `${line.slice(0, 100)}... ${line.length} in all` : line));
}
