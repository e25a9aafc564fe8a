import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CHUNK_END, ChunkedDecoder, chunkHead, lastChunk } from '#src/wire/chunked.js';
import { listMembers } from '#src/wire/fields.js';
import { isHost } from '#src/wire/grammar.js';
import { RESPONSE } from '#src/wire/parser.js';
import { connectionOptions, OPTION_CLOSE, OPTION_KEEP_ALIVE, OPTION_UPGRADE } from '#src/wire/persistence.js';
import { METHODS } from '#src/wire/tables.js';
import {
  chunk,
  content,
  cutAt,
  cuts,
  type FieldLine,
  fieldLine,
  fieldLineText,
  fieldValue,
  framedContent,
  originForm,
  ows,
  token,
} from './arbitraries.js';
import { bytes, feedPieces, type MessageFacts } from './feed.js';

const RUNS = { seed: 9112, numRuns: 400 };

const namesAndValues = (lines: readonly FieldLine[]) => lines.flatMap(({ name, value }) => [name, value]);

const request = fc
  .record({
    method: fc.constantFrom(...METHODS.filter((method) => method !== 'CONNECT')),
    target: originForm,
    minor: fc.constantFrom(0, 1),
    fields: fc.array(fieldLine, { maxLength: 5 }),
    framed: framedContent,
  })
  .map(({ method, target, minor, fields, framed }) => {
    const lines = [...fields, ...framed.lines];
    const text = `${method} ${target} HTTP/1.${minor}\r\n${lines.map(fieldLineText).join('')}\r\n${framed.coded}`;
    const parts = [
      method,
      target,
      minor,
      namesAndValues(lines),
      framed.content,
      namesAndValues(framed.trailers),
    ];
    return { text, parts };
  });

const partsOf = (message: MessageFacts) => [
  message.method,
  message.target,
  message.versionMinor,
  message.fields,
  message.content,
  message.trailers,
];

describe('any request', () => {
  it('is read to its parts, however it is cut', () => {
    fc.assert(
      fc.property(request, cuts, ({ text, parts }, places) => {
        const facts = feedPieces(cutAt(text, places));
        assert.equal(facts.error, null);
        assert.deepEqual(facts.messages.map(partsOf), [parts]);
        assert.ok(facts.messages[0].isComplete && facts.isIdle);
      }),
      RUNS,
    );
  });

  it('is told apart from those around it', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 2, maxLength: 4 }), cuts, (requests, places) => {
        const facts = feedPieces(cutAt(requests.map(({ text }) => text).join(''), places));
        assert.equal(facts.error, null);
        assert.deepEqual(
          facts.messages.map(partsOf),
          requests.map(({ parts }) => parts),
        );
      }),
      { ...RUNS, numRuns: 200 },
    );
  });

  it('with any byte changed is read or refused alike, however it is cut', () => {
    fc.assert(
      fc.property(
        request,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.nat(255),
        cuts,
        (one, at, byte, places) => {
          const whole = bytes(one.text);
          whole[Math.floor(at * whole.length)] = byte;
          const expected = feedPieces([whole], { end: true });
          const actual = feedPieces(cutAt(whole.toString('latin1'), places), { end: true }, 2);
          if (expected.error !== null && actual.error?.code === 'HPE_INVALID_METHOD')
            actual.error = expected.error;
          assert.deepEqual(actual, expected);
        },
      ),
      { ...RUNS, numRuns: 1500 },
    );
  });

  it('never becomes two by a byte in its content', () => {
    fc.assert(
      fc.property(content, fc.nat(255), fc.nat(), (text, byte, at) => {
        const whole = bytes(`POST / HTTP/1.1\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
        if (text.length > 0) whole[whole.length - 1 - (at % text.length)] = byte;
        const facts = feedPieces([whole]);
        assert.equal(facts.messages.length, 1);
        assert.equal(facts.messages[0].content.length, text.length);
      }),
      RUNS,
    );
  });
});

describe('any response', () => {
  it('is read to its parts, however it is cut and folded', () => {
    const folded = fc.record({
      name: token,
      parts: fc.array(fieldValue, { minLength: 1, maxLength: 3 }),
      before: ows,
    });
    const statusCode = fc.integer({ min: 200, max: 599 }).filter((code) => code !== 204 && code !== 304);
    fc.assert(
      fc.property(
        statusCode,
        fieldValue,
        fc.array(folded, { maxLength: 3 }),
        framedContent,
        cuts,
        (code, reason, lines, framed, places) => {
          fc.pre(lines.every(({ name }) => !/^(content-length|transfer-encoding)$/i.test(name)));
          const isFramed = framed.lines.length > 0;
          const head = lines
            .map(({ name, parts, before }) => `${name}:${before}${parts.join('\r\n \t')}\r\n`)
            .join('');
          const text = `HTTP/1.1 ${code} ${reason}\r\n${head}${framed.lines.map(fieldLineText).join('')}\r\n${framed.coded}`;
          const facts = feedPieces(cutAt(text, places), { role: RESPONSE, end: true });
          assert.equal(facts.error ?? facts.endError, null);
          assert.equal(facts.isIdle, isFramed);
          assert.equal(facts.messages.length, 1);
          const [message] = facts.messages;
          assert.ok(message.isComplete);
          assert.deepEqual(
            [message.statusCode, message.statusMessage, message.content, message.trailers],
            [code, reason, framed.content, namesAndValues(framed.trailers)],
          );
          const values = lines.flatMap(({ name, parts }) => [
            name,
            parts.filter((part) => part !== '').join(' '),
          ]);
          assert.deepEqual(message.fields, [...values, ...namesAndValues(framed.lines)]);
        },
      ),
      RUNS,
    );
  });
});

describe('the chunked coding', () => {
  it('gives back what was encoded, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 6 }), cuts, (pieces, places) => {
        const chunks = pieces.filter((piece) => piece !== '');
        const coded =
          chunks.map((piece) => chunkHead(piece.length) + piece + CHUNK_END).join('') + lastChunk('');
        assert.equal(decode(cutAt(coded, places)), pieces.join(''));
      }),
      RUNS,
    );
  });

  it('is read whatever its sizes are spelled like and its extensions say', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 6 }), cuts, (chunks, places) => {
        const coded = `${chunks.map((each) => each.coded).join('')}0\r\n`;
        assert.equal(decode(cutAt(coded, places)), chunks.map((each) => each.piece).join(''));
      }),
      RUNS,
    );
  });

  function decode(pieces: readonly Buffer[]): string {
    const decoder = new ChunkedDecoder(false);
    let decoded = '';
    const sink = {
      onBody(bytes: Buffer, from: number, to: number) {
        decoded += bytes.toString('latin1', from, to);
      },
    };
    for (const piece of pieces) {
      if (!decoder.isDone) decoder.decode(piece, 0, piece.length, sink);
      assert.equal(decoder.error, null);
    }
    assert.ok(decoder.isDone);
    return decoded;
  }
});

describe('any list', () => {
  const quoted = fieldValue.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`);
  const member = fc.oneof(
    token,
    quoted,
    fc.tuple(token, quoted).map(([name, value]) => `${name}=${value}`),
  );
  const separator = fc.tuple(ows, fc.constantFrom(',', ',,', ', ,'), ows).map((parts) => parts.join(''));

  it('is read to its members', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(member, separator), { maxLength: 5 }), ows, (pairs, before) => {
        const value = before + pairs.map(([text, after]) => text + after).join('');
        assert.deepEqual(
          listMembers(value),
          pairs.map(([text]) => text),
        );
      }),
      RUNS,
    );
  });

  it('of connection options is read in any order and case', () => {
    const bits = { close: OPTION_CLOSE, 'keep-alive': OPTION_KEEP_ALIVE, upgrade: OPTION_UPGRADE };
    const option = fc.constantFrom(...Object.keys(bits)) as fc.Arbitrary<keyof typeof bits>;
    const other = token.filter((text) => !(text.toLowerCase() in bits));
    const spelled = option.chain((name) => fc.tuple(fc.constant(name), fc.mixedCase(fc.constant(name))));
    fc.assert(
      fc.property(fc.array(fc.oneof(spelled, other), { maxLength: 5 }), separator, (members, between) => {
        const value = members.map((each) => (typeof each === 'string' ? each : each[1])).join(between);
        const expected = members.reduce(
          (all, each) => all | (typeof each === 'string' ? 0 : bits[each[0]]),
          0,
        );
        assert.equal(connectionOptions(value), expected, value);
      }),
      RUNS,
    );
  });
});

describe('isHost', () => {
  const port = fc.option(fc.integer({ min: 0, max: 99_999 }), { nil: undefined });
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  );

  it('takes any domain and address with any port', () => {
    fc.assert(
      fc.property(host, port, (name, number) => {
        assert.ok(isHost(number === undefined ? name : `${name}:${number}`));
      }),
      RUNS,
    );
  });

  it('takes nothing that ends the authority of a URL, or that URL reads as another host', () => {
    fc.assert(
      fc.property(host, fc.constantFrom(...'/?#@\\ \t"<>^`{|}\0\x7f'), fc.nat(), (name, delimiter, at) => {
        const place = at % (name.length + 1);
        assert.equal(isHost(name.slice(0, place) + delimiter + name.slice(place)), false);
      }),
      RUNS,
    );
  });

  it('never throws, and takes only what stands in an authority', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20, unit: 'binary' }), (text) => {
        if (isHost(text)) assert.match(text, /^(\[[^[\]]+\]|[\w.~!$&'()*+,;=%-]*)(:\d*)?$/);
      }),
      { ...RUNS, numRuns: 2000 },
    );
  });
});
