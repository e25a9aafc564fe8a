/** Responses that have set parsers apart, and generated ones. Bytes are Latin-1. */
import { type Choices, generateStream, mutate } from './generate.js';
import { response } from './messages.js';
import { CORPUS } from './oracle-corpus.js';

// biome-ignore format: a list to be read across
const STATUS_LINES: readonly string[] = [
  'HTTP/1.1 200 OK', 'HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.1 200  OK', 'HTTP/1.1  200 OK', 'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK', 'HTTP/1.1 2x0 OK', 'HTTP/1.1 099 Low', 'HTTP/1.1 600 High', 'HTTP/1.1 999 High',
  'HTTP/1.1 200\tOK', 'HTTP/1.1 200 \xe4\xff', 'HTTP/1.1 200 a\tb', 'HTTP/1.1 200 a\x01b', 'HTTP/1.1 200 a\x00b',
  'HTTP/1.1 200 a\rb', 'HTTP/1.1 200 OK\r', 'HTTP/1.0 200 OK', 'HTTP/0.9 200 OK', 'HTTP/2.0 200 OK',
  'HTTP/1.2 200 OK', 'HTTP/1 200 OK', 'HTTP/11 200 OK', 'HTTP/1.1200 OK', 'http/1.1 200 OK', 'ICE/1.0 200 OK',
  'RTSP/1.0 200 OK', 'ICY 200 OK', '\nHTTP/1.1 200 OK', '\r\nHTTP/1.1 200 OK', '\rHTTP/1.1 200 OK',
  ' HTTP/1.1 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 205 Reset Content',
  'HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 100 Continue', 'HTTP/1.1 103 Early Hints', 'HTTP/1.1 199 Unknown',
];

// biome-ignore format: a list to be read across
const FRAMINGS: readonly string[][] = [
  [], ['Content-Length: 3'], ['Content-Length: 0'], ['Transfer-Encoding: chunked'], ['Transfer-Encoding: gzip'],
  ['Connection: Upgrade', 'Upgrade: x'],
  ['Content-Length: 3', 'Transfer-Encoding: chunked'], ['Content-Length: 3', 'Content-Length: 4'],
  ['Content-Length: 3\r\n '], ['Content-Length:\r\n 3'], ['Transfer-Encoding:\r\n chunked'],
  ['Transfer-Encoding: chunked\r\n '], ['A: b\r\n c'], ['A:\r\n\tb'], ['Transfer-Encoding: chunked, chunked'],
];

const CONTENT = '3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

/** The first request of a stream turned into a response. */
function withStatusLine(stream: string, statusLine: string): string {
  return statusLine + stream.slice(Math.max(0, stream.indexOf('\r\n')));
}

const FINAL = response(['Content-Length: 3'], 'abc');

export const RESPONSE_CORPUS: readonly string[] = [
  ...[
    'HTTP/1.1 100 Continue',
    'HTTP/1.0 100 Continue',
    'HTTP/1.1 100',
    'HTTP/1.1 102 x',
    'HTTP/1.1 199 x',
  ].flatMap((line) => [
    response([], FINAL, line),
    response(['Connection: close'], FINAL, line),
    response(['Content-Length: 3'], FINAL, line),
    response([], `\r\n${FINAL}`, line),
  ]),
  'HTTP/1.1 200 OK\r\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ...STATUS_LINES.map((line) => response(['Content-Length: 3'], 'abc', line)),
  ...[
    'HTTP/1.1 200 OK',
    'HTTP/1.0 200 OK',
    'HTTP/1.1 204 x',
    'HTTP/1.1 304 x',
    'HTTP/1.1 101 x',
    'HTTP/1.1 103 x',
  ].flatMap((line) => FRAMINGS.map((fieldLines) => response(fieldLines, CONTENT, line))),
  ...CORPUS.map((stream) => withStatusLine(stream, 'HTTP/1.1 200 OK')),
];

// biome-ignore format: a list to be read across
const USUAL_STATUS_LINES = [
  'HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HTTP/1.0 404 Not Found', 'HTTP/1.1 204', 'HTTP/1.1 103 ',
  'HTTP/1.1 304 x', 'HTTP/1.1 500 \xff', 'HTTP/1.1 101 Switching Protocols',
];

/** A response, sometimes behind an interim one; every second one is changed in some place. */
export function generateResponse(choices: Choices): string {
  const interim = choices.rarely(4) ? response(['A: b'], '', 'HTTP/1.1 100 Continue') : '';
  const input = interim + withStatusLine(generateStream(choices), choices.oneOf(USUAL_STATUS_LINES));
  return choices.rarely(2) ? mutate(choices, input) : input;
}
