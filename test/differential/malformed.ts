import { head } from './messages.js';

const host = 'Host: example.test';

/** What no server may take, with the rule it breaks; none of these depends on the release of stock. */
export const malformed: [string, string][] = [
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['binary', '\x16\x03\x01\x02\0\x01\0'],
  ['a response', head('HTTP/1.1 200 OK')],
  ['no version', head('GET / ', host)],
  ['a version of letters', head('GET / HTTP/a.b', host)],
  ['a lower-case version', head('GET / http/1.1', host)],
  ['a space in the target', head('GET /a b HTTP/1.1', host)],
  ['a control character in the target', head('GET /\x01 HTTP/1.1', host)],
  ['a target that starts with a letter', head('GET abc HTTP/1.1', host)],
  ['a space in a field name', head('GET / HTTP/1.1', host, 'X A: b')],
  ['a space before the colon', head('GET / HTTP/1.1', host, 'X-A : b')],
  ['an empty field name', head('GET / HTTP/1.1', host, ': b')],
  ['no colon', head('GET / HTTP/1.1', host, 'X-A')],
  ['a NUL in a field value', head('GET / HTTP/1.1', host, 'X-A: b\0c')],
  ['a control character in a field value', head('GET / HTTP/1.1', host, 'X-A: b\x01c')],
  ['DEL in a field value', head('GET / HTTP/1.1', host, 'X-A: b\x7fc')],
  ['a field name beyond ASCII', head('GET / HTTP/1.1', host, 'X-\xe9: b')],
  ['obs-fold', head('GET / HTTP/1.1', host, 'X-A: b', ' c')],
  ['whitespace before the first field', head('GET / HTTP/1.1', ` ${host}`)],
  ['a bare LF after a field', `GET / HTTP/1.1\r\n${host}\nX-A: b\r\n\r\n`],
  ['a bare CR within a field', `GET / HTTP/1.1\r\n${host}\rX-A: b\r\n\r\n`],
  ['a bare LF at the end of the head', `GET / HTTP/1.1\r\n${host}\r\n\n`],
  ['Content-Length of letters', head('POST / HTTP/1.1', host, 'Content-Length: abc')],
  ['Content-Length with a sign', head('POST / HTTP/1.1', host, 'Content-Length: +5')],
  ['a negative Content-Length', head('POST / HTTP/1.1', host, 'Content-Length: -5')],
  ['an empty Content-Length', head('POST / HTTP/1.1', host, 'Content-Length:')],
  ['Content-Length with inner space', head('POST / HTTP/1.1', host, 'Content-Length: 1 2')],
  ['Content-Length as a list', head('POST / HTTP/1.1', host, 'Content-Length: 4, 4')],
  ['Content-Length in hexadecimal', head('POST / HTTP/1.1', host, 'Content-Length: 0x4')],
  ['Content-Length beyond all bounds', head('POST / HTTP/1.1', host, `Content-Length: ${'9'.repeat(25)}`)],
  ['two unlike Content-Length', head('POST / HTTP/1.1', host, 'Content-Length: 4', 'Content-Length: 5')],
  ['two like Content-Length', head('POST / HTTP/1.1', host, 'Content-Length: 4', 'Content-Length: 4')],
  [
    'Content-Length, then Transfer-Encoding',
    head('POST / HTTP/1.1', host, 'Content-Length: 4', 'Transfer-Encoding: chunked'),
  ],
  [
    'Transfer-Encoding, then Content-Length',
    head('POST / HTTP/1.1', host, 'Transfer-Encoding: chunked', 'Content-Length: 4'),
  ],
  ['chunked not last', head('POST / HTTP/1.1', host, 'Transfer-Encoding: chunked, gzip')],
  ['chunked twice', head('POST / HTTP/1.1', host, 'Transfer-Encoding: chunked, chunked')],
  [
    'chunked in two fields',
    head('POST / HTTP/1.1', host, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  ],
];

/** What goes wrong only after the handler has been called. */
export const malformedChunks: [string, string][] = [
  ['a size of letters', 'xyz\r\n'],
  ['a size with a sign', '+3\r\nabc\r\n'],
  ['a negative size', '-3\r\nabc\r\n'],
  ['a size with 0x', '0x3\r\nabc\r\n'],
  ['an empty size', '\r\nabc\r\n'],
  ['a size beyond all bounds', `${'f'.repeat(17)}\r\n`],
  ['a space before the size', ' 3\r\nabc\r\n'],
  ['an underscore in the size', '1_0\r\nabc\r\n'],
  ['more content than the size', '3\r\nabcd\r\n'],
  ['no CRLF after the content', '3\r\nabc0\r\n'],
  ['a bare LF after the size', '3\nabc\r\n'],
  ['a bare CR in an extension', '3;a\rb\r\nabc\r\n'],
  ['a control character in an extension', '3;a\0b\r\nabc\r\n'],
  ['a trailer without a colon', '0\r\nX-A\r\n\r\n'],
  ['a space in a trailer name', '0\r\nX A: b\r\n\r\n'],
  ['a bare LF in the trailers', '0\r\nX-A: b\nX-B: c\r\n\r\n'],
];
