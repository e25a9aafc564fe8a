/** Generated inputs for parsers: streams of requests, right ones and nearly right ones, and mutations of them. */

/** A source of choices that a seed repeats. */
export class Choices {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer from 0 up to, and not including, `end`. */
  below(end: number): number {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** True once in so many times. */
  rarely(times: number): boolean {
    return this.below(times) === 0;
  }
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'M-SEARCH', 'SOURCE'];
const ODD_METHODS = ['get', 'FOO', 'PRI', 'DESCRIBE', 'G ET', '', 'GET\t', 'CONNECT', 'POSTS', 'UNSUBSCRIBE'];
const TARGETS = ['/', '/a', '/a/b?c=d', '/%20', '*', 'http://a/b', 'http://a'];
const ODD_TARGETS = [
  '',
  'a',
  '/a b',
  '/\x80',
  '/\t',
  '/\x7f',
  '//',
  '/#f',
  'http:/',
  'http://',
  'http:///a',
  'http://a@b@c',
  'h2://a',
  '*a',
  '?',
  'a:1',
  '[::1]:1',
  'http://[::1]/',
  'http://a:x',
  'http://a"',
  '/\0',
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'];
const ODD_VERSIONS = [
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.2',
  'HTTP/1.10',
  'http/1.1',
  'ICE/1.0',
  'RTSP/1.0',
  'HTTP/1.',
  '',
  'HTTP',
];
const LINE_ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\t', ' \r\n', '\0\r\n', ''];
const FIELD_LINES = [
  'Host: a',
  'Host: a:80',
  'A: b',
  'X-Long: cccccccccccccccccccc',
  'Accept: */*',
  'B:',
  'Cookie: a=b; c=d',
  'C: \x80\xff',
  'D:\t e \t',
  'Connection: keep-alive',
  'Connection: close',
  'Connection: foo, Keep-Alive',
  'Proxy-Connection: keep-alive',
  '__proto__: x',
  'Expect: 100-continue',
  'Keep-Alive: timeout=5',
  'Upgrade: h2c',
  'TE: trailers',
  'Trailer: X',
  'host: b',
  'Date: x',
];
const ODD_FIELD_LINES = [
  'Host: a b',
  'Host: a/b',
  'Host:',
  'A : b',
  ': b',
  'A',
  'A b: c',
  '',
  ' A: b',
  '\tA: b',
  'A: \0',
  'A: \x01',
  'A: \x7f',
  'A\0: b',
  'A: b\r c',
  'A: b\n c',
  '(): x',
  '\x80: x',
  'Connection: "close"',
  'Connection: close, close',
  'Connection: Upgrade',
  'Connection: xclose',
  'A: b\r',
  'Content-Length : 3',
  'Transfer-Encoding : chunked',
  'Content-Length: 3\r\n ',
  'Content_Length: 3',
];
const LENGTHS = ['0', '1', '3', '03', ' 3', '3 ', '3\t', '10'];
const ODD_LENGTHS = [
  '',
  '+3',
  '-3',
  '3,3',
  '3, 3',
  '0x3',
  '3.0',
  '1 2',
  '3a',
  '9007199254740993',
  '18446744073709551616',
  '\v3',
  '3;',
  '"3"',
  '\x803',
];
const CODINGS = [
  'chunked',
  'chunked',
  'Chunked',
  'gzip, chunked',
  ' chunked ',
  ',chunked',
  'deflate,chunked',
  'gzip,,chunked',
];
const ODD_CODINGS = [
  '',
  'gzip',
  'identity',
  'chunked, gzip',
  'chunked, chunked',
  'chunked,',
  'xchunked',
  'chunkedx',
  'chunked;a=b',
  '"chunked"',
  '\vchunked',
  'foo, chunked',
  'chunked\x80',
  'chun ked',
  ',',
  'a"b, chunked',
  'chunked gzip',
  'identity, chunked',
  'chunked\0',
];
const SIZES = ['0', '1', '3', 'a', 'A', '03', '1;a', '3;a=b', '3;a="b\\"c"', '000', '0;x', '10'];
const ODD_SIZES = [
  '',
  '+3',
  '-3',
  ' 3',
  '3 ',
  '0x3',
  '3_0',
  'g',
  '3;',
  '3;;a',
  '3;a=',
  '3;=b',
  '3; a',
  '3;a=b"c"',
  '3;"a"',
  '3;a="b',
  '3\t',
  '3.0',
  '1fffffffffffff',
  '20000000000000',
  'fffffffffffffffff',
  '3;a b',
  '3;a="b"c',
  '3\0',
  '3;\x80',
  '1 2',
];

/** One to three requests behind one another. */
export function generateStream(choices: Choices): string {
  let stream = choices.rarely(20) ? choices.oneOf(['\r\n', '\n', '\r', '\r\n\r\n', ' ']) : '';
  for (let count = choices.oneOf([1, 1, 2, 2, 3]); count > 0; count--) stream += generateRequest(choices);
  return stream;
}

function generateRequest(choices: Choices): string {
  const pick = (usual: readonly string[], odd: readonly string[]) =>
    choices.oneOf(choices.rarely(30) ? odd : usual);
  const end = () => (choices.rarely(150) ? choices.oneOf(LINE_ENDS) : '\r\n');
  const space = () => (choices.rarely(100) ? choices.oneOf(['  ', '\t', '']) : ' ');

  const head =
    pick(METHODS, ODD_METHODS) +
    space() +
    pick(TARGETS, ODD_TARGETS) +
    space() +
    pick(VERSIONS, ODD_VERSIONS);
  const lines: string[] = [];
  for (let count = choices.below(4); count > 0; count--) lines.push(pick(FIELD_LINES, ODD_FIELD_LINES));

  let content = '';
  const framing = choices.below(10);
  if (framing >= 4 && framing <= 6) {
    lines.push(`Content-Length: ${pick(LENGTHS, ODD_LENGTHS)}`);
    content = 'x'.repeat(Number.parseInt(/\d+/.exec(lines.at(-1) as string)?.[0] ?? '0', 10) % 20);
  } else if (framing >= 7) {
    lines.push(`Transfer-Encoding: ${pick(CODINGS, ODD_CODINGS)}`);
    content = generateChunks(choices, pick, end);
  }
  if (choices.rarely(30)) lines.push(`Content-Length: ${pick(LENGTHS, ODD_LENGTHS)}`);
  if (choices.rarely(30)) lines.push(`Transfer-Encoding: ${pick(CODINGS, ODD_CODINGS)}`);
  if (choices.rarely(3)) lines.reverse();
  return `${[head, ...lines].map((line) => line + end()).join('')}${end()}${content}`;
}

function generateChunks(
  choices: Choices,
  pick: (usual: readonly string[], odd: readonly string[]) => string,
  end: () => string,
): string {
  let coded = '';
  for (let count = choices.below(4); count > 0; count--) {
    const size = pick(SIZES, ODD_SIZES);
    const length = Number.parseInt(size, 16);
    if (length === 0) continue;
    coded += size + end() + 'y'.repeat(length > 0 ? length % 300 : 0) + end();
  }
  coded += choices.oneOf(['0', '0', '000', '0;a=b']) + end();
  for (let count = choices.oneOf([0, 0, 1, 2]); count > 0; count--)
    coded += pick(FIELD_LINES, ODD_FIELD_LINES) + end();
  return coded + end();
}

const INSERTED = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '=',
  '0',
  '3',
  'a',
  '\x01',
  '\x7f',
  '\x80',
  '\xff',
  '\v',
  '\r\n ',
  '\r\n\r\n',
  'chunked',
  'Content-Length: 1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: b\r\n',
  'GET / HTTP/1.1\r\n',
  '0\r\n\r\n',
  '/',
  '@',
  '[',
  '-',
];

/** The input with up to three places changed. */
export function mutate(choices: Choices, input: string): string {
  let mutated = input;
  for (let count = choices.oneOf([1, 1, 1, 2, 3]); count > 0; count--) {
    const at = choices.below(mutated.length + 1);
    const to = Math.min(mutated.length, at + choices.oneOf([1, 1, 2, 5, 20]));
    const before = mutated.slice(0, at);
    switch (choices.below(6)) {
      case 0:
        mutated = before + choices.oneOf(INSERTED) + mutated.slice(at);
        break;
      case 1:
        mutated = before + choices.oneOf(INSERTED) + mutated.slice(to);
        break;
      case 2:
        mutated = before + mutated.slice(to);
        break;
      case 3:
        mutated = before + mutated.slice(at, to) + mutated.slice(at);
        break;
      case 4:
        mutated = before + String.fromCharCode(choices.below(256)) + mutated.slice(at + 1);
        break;
      default:
        mutated =
          before +
          String.fromCharCode(mutated.charCodeAt(at) ^ (1 << choices.below(8)) || 0) +
          mutated.slice(at + 1);
    }
  }
  return mutated;
}
