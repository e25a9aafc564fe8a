import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHUNK_END, ChunkedDecoder, chunkHead, LAST_CHUNK, lastChunk } from '#src/wire/chunked.js';
import { accept, bytes, feed, feedPieces, refuseBody } from './feed.js';
import { chunkedRequest } from './messages.js';

const contentOf = (coded: string) => accept(chunkedRequest(coded)).content;
const refused = (coded: string, code: string, statusCode = 400) =>
  refuseBody(chunkedRequest(coded), code, statusCode);

describe('chunk size', () => {
  it('is hexadecimal in any case', () => {
    assert.equal(contentOf('A\r\n0123456789\r\n0\r\n\r\n'), '0123456789');
    assert.equal(contentOf('a\r\n0123456789\r\n0\r\n\r\n'), '0123456789');
    assert.equal(contentOf(`1F\r\n${'x'.repeat(31)}\r\n0\r\n\r\n`).length, 31);
    assert.equal(contentOf('1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n'), 'abcdef');
    assert.equal(contentOf('0\r\n\r\n'), '');
  });

  it('may have leading zeros', () => {
    assert.equal(contentOf('0003\r\nabc\r\n000\r\n\r\n'), 'abc');
    assert.equal(contentOf(`${'0'.repeat(100)}3\r\nabc\r\n0\r\n\r\n`), 'abc');
  });

  it('has no sign, space, underscore, prefix or other character', () => {
    for (const size of [
      '',
      ' 3',
      '3 ',
      '\t3',
      '3\t',
      '+3',
      '-3',
      '0x3',
      '0X3',
      '1_0',
      '1 2',
      'g',
      '3.0',
      '3,',
      '3h',
      '"3"',
      '\0',
      '3\0',
      '\xb3',
      '\r3',
      'x',
    ]) {
      refused(`${size}\r\nabc\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE');
    }
    refused('\n3\r\nabc\r\n0\r\n\r\n', 'HPE_INVALID_CHUNK_SIZE');
    assert.equal(refused('1\r\na\r\n 2\r\nbc\r\n0\r\n\r\n', 'HPE_INVALID_CHUNK_SIZE').content, 'a');
  });

  it('is no larger than integers are safe', () => {
    assert.equal(feed(chunkedRequest('1fffffffffffff\r\nabc')).messages[0].content, 'abc');
    assert.equal(feed(chunkedRequest('0001fffffffffffff\r\nabc')).messages[0].content, 'abc');
    for (const size of ['20000000000000', 'ffffffffffffffff', '10000000000000003', `${'f'.repeat(1000)}`]) {
      refused(`${size}\r\nabc`, 'HPE_INVALID_CHUNK_SIZE');
    }
  });

  it('ends with CRLF and nothing else', () => {
    refused('3\nabc\r\n0\r\n\r\n', 'HPE_CR_EXPECTED');
    refused('3\rabc\r\n0\r\n\r\n', 'HPE_STRICT');
    refused('3\r\rabc\r\n0\r\n\r\n', 'HPE_STRICT');
    refused('3\r\nabc\r\n0\n\r\n', 'HPE_CR_EXPECTED');
  });
});

describe('chunk data', () => {
  it('may hold anything', () => {
    let all = '';
    for (let code = 0; code < 256; code++) all += String.fromCharCode(code);
    assert.equal(contentOf(`100\r\n${all}\r\n7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n`), `${all}\r\n0\r\n\r\n`);
  });

  it('ends with CRLF and nothing else', () => {
    for (const end of ['', '\r', '\r\r\n', ' \r\n', 'd\r\n', '\0\r\n']) {
      assert.equal(refused(`3\r\nabc${end}0\r\n\r\n`, 'HPE_STRICT').content, 'abc', JSON.stringify(end));
    }
    for (const end of ['\n', '\n\r\n']) refused(`3\r\nabc${end}0\r\n\r\n`, 'HPE_CR_EXPECTED');
  });
});

describe('chunk extensions', () => {
  it('are ignored', () => {
    for (const extensions of [
      ';a',
      ';a=b',
      ';a;b;c=d',
      ';a="b"',
      ';a=""',
      ';a="b;c\t \x80"',
      ';a="b\\"c"',
      ';a="\\\\"',
      ';a="b";c="d";e',
      ";!#$%&'*+-.^_`|~=!",
      ';0=0',
      ';__proto__=1',
    ]) {
      assert.equal(contentOf(`3${extensions}\r\nabc\r\n0${extensions}\r\n\r\n`), 'abc', extensions);
    }
  });

  it('follow their grammar', () => {
    for (const extensions of [
      ';',
      ';;a',
      ';a;',
      ';=b',
      ';a=',
      ';a==b',
      ';a=b=c',
      '; a',
      ';a ',
      ';a =b',
      ';a= b',
      ' ;a',
      ';"a"',
      ';a"b"',
      ';a=b"c"',
      ';a="b"c',
      ';a="b""c"',
      ';a="b',
      ';a="b\\',
      ';a="\x01"',
      ';a="\\\x01"',
      ';a=\0',
      ';a=\x7f',
      ';a@',
      ';\xe4',
      ';a="\x7f"',
    ]) {
      const code = extensions.startsWith(' ') ? 'HPE_INVALID_CHUNK_SIZE' : 'HPE_STRICT';
      refused(`3${extensions}\r\nabc\r\n0\r\n\r\n`, code);
    }
  });

  it('hide no line end', () => {
    for (const extensions of [';a\n', ';a=b\n', ';a="b"\n', ';a="b\n"', ';\n', ';a=\n']) {
      refused(`3${extensions}\r\nabc\r\n0\r\n\r\n`, 'HPE_CR_EXPECTED');
    }
    refused('3;a\rabc\r\n0\r\n\r\n', 'HPE_STRICT');
    refused('3;a="b\r\nabc\r\n0\r\n\r\n', 'HPE_STRICT');
  });

  it('are no more than 16 KiB a chunk', () => {
    const coded = (size: number) => `3;${'a'.repeat(size)}\r\nabc\r\n0\r\n\r\n`;
    // The CR behind them is counted too.
    assert.equal(contentOf(coded(16383)), 'abc');
    assert.equal(refused(coded(16384), 'HPE_CHUNK_EXTENSIONS_OVERFLOW', 413).content, '');
    refused(`3;a="${'a'.repeat(16400)}"\r\nabc`, 'HPE_CHUNK_EXTENSIONS_OVERFLOW', 413);
    refused(`0${coded(16384)}`, 'HPE_CHUNK_EXTENSIONS_OVERFLOW', 413);
  });

  it('are counted anew for every chunk, the last one too', () => {
    const chunk = `1;${'a'.repeat(16000)}\r\nx\r\n`;
    const last = (size: number) => `0;${'a'.repeat(size)}\r\n\r\n`;
    const pieces = [bytes(chunkedRequest(chunk.repeat(4) + last(16000)))];
    assert.equal(feedPieces(pieces).messages[0].content, 'xxxx');
    assert.equal(feedPieces([bytes(chunkedRequest(chunk + last(16384)))]).error?.statusCode, 413);
  });

  it('share their limit with leading zeros', () => {
    const zeros = (count: number) =>
      feedPieces([bytes(chunkedRequest(`${'0'.repeat(count)}3\r\nabc\r\n0\r\n\r\n`))]);
    assert.equal(zeros(16384).messages[0].content, 'abc');
    assert.equal(zeros(16386).error?.statusCode, 413);
  });
});

describe('trailer section', () => {
  it('is told behind the content', () => {
    const message = accept(chunkedRequest('1\r\na\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n__proto__:\r\n\r\n'));
    assert.equal(message.content, 'a');
    assert.deepEqual(message.trailers, ['X-Sum', '1', 'x-sum', '2', '__proto__', '']);
    assert.deepEqual(message.fields, ['Host', 'a', 'Transfer-Encoding', 'chunked']);
  });

  it('has no field that frames a message', () => {
    for (const name of ['Content-Length', 'content-length']) {
      refused(`0\r\n${name}: 3\r\n\r\n`, 'HPE_INVALID_CONTENT_LENGTH');
    }
    refused(
      '0\r\nA: b\r\nTransfer-Encoding: chunked\r\nC: d\r\n\r\n0\r\n\r\n',
      'HPE_INVALID_TRANSFER_ENCODING',
    );
    refused('0\r\nTransfer-Encoding:\r\n\r\n', 'HPE_INVALID_TRANSFER_ENCODING');
  });

  it('does not change what the header section said', () => {
    assert.equal(
      accept(chunkedRequest('0\r\nHost: b\r\nHost: c/\r\nConnection: close\r\n\r\n')).trailers.length,
      6,
    );
  });

  it('is as strict as a header section', () => {
    refused('0\r\n\n', 'HPE_INVALID_HEADER_TOKEN');
    refused('0\r\n\rX', 'HPE_STRICT');
    refused('0\r\nA: b\n\r\n', 'HPE_CR_EXPECTED');
    refused('0\r\nA : b\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
    refused('0\r\n A: b\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
    refused('0\r\nA: b\r\n c\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
    refused('0\r\nA: \0\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
    refused('0\r\n: b\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
    refused('0\r\n0\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN');
  });
});

describe('chunked encoding', () => {
  it('writes what decoding reads', () => {
    const coded = `${chunkHead(3)}abc${CHUNK_END}${chunkHead(26)}${'x'.repeat(26)}${CHUNK_END}${LAST_CHUNK}`;
    assert.equal(coded, `3\r\nabc\r\n1a\r\n${'x'.repeat(26)}\r\n0\r\n\r\n`);
    assert.equal(contentOf(coded), `abc${'x'.repeat(26)}`);
  });

  it('ends with a trailer section where there is one', () => {
    assert.equal(lastChunk(''), '0\r\n\r\n');
    assert.equal(lastChunk('A: b\r\nC: d\r\n'), '0\r\nA: b\r\nC: d\r\n\r\n');
  });
});

describe('ChunkedDecoder', () => {
  it('stops behind the last chunk, and at the byte that is wrong', () => {
    const decoder = new ChunkedDecoder(false);
    let content = '';
    const sink = {
      onBody(bytes: Buffer, from: number, to: number) {
        content += bytes.toString('latin1', from, to);
      },
    };
    const coded = Buffer.from('..2\r\nab\r\n0\r\nA: b..');
    assert.equal(decoder.decode(coded, 2, coded.length, sink), 12);
    assert.equal(decoder.isDone, true);
    assert.equal(content, 'ab');
    assert.equal(decoder.decode(coded, 12, coded.length, sink), 12);

    decoder.reset();
    assert.equal(decoder.isDone, false);
    assert.equal(decoder.decode(Buffer.from('2\r\nabc'), 0, 6, sink), 5);
    assert.equal(decoder.error?.code, 'HPE_STRICT');
  });

  it('tells where in the bytes it was given the content is', () => {
    const decoder = new ChunkedDecoder(false);
    const coded = Buffer.from('2\r\nab\r\n');
    const pieces: unknown[] = [];
    decoder.decode(coded, 0, coded.length, { onBody: (...piece) => void pieces.push(piece) });
    assert.deepEqual(pieces, [[coded, 3, 5]]);
  });
});
