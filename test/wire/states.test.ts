import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkedDecoder } from '#src/wire/chunked.js';
import {
  INSECURE,
  type Leniency,
  MessageParser,
  REQUEST,
  RESPONSE,
  type Role,
  STRICT,
} from '#src/wire/parser.js';
import * as states from '#src/wire/states.js';
import { stateOf } from './feed.js';
import { chunkedRequest, request, response } from './messages.js';

const { FAILED, PARSER_TRANSITIONS } = states;

const STATE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(states).flatMap(([name, value]) =>
    typeof value === 'number' && !name.startsWith('CHUNK_') ? [[value, name]] : [],
  ),
);

interface Walk {
  role: Role;
  leniency: Leniency;
  input: string;
  takesTunnel: boolean;
  /** Does the input end behind the bytes? */
  ends: boolean;
}

function walk(input: string, options: Partial<Walk> = {}): Walk {
  return { role: REQUEST, leniency: STRICT, takesTunnel: false, ends: false, ...options, input };
}

const FOLDED = response(['A: b', ' c', '\td', 'E:', ' f', 'Content-Length: 2'], 'ab');
const TRAILERS = chunkedRequest('1;a=b\r\na\r\n0\r\nT: t\r\nU:\r\n\r\n');

const WALKS: Walk[] = [
  walk(`\r\n${request(['A: b', 'C:', 'D: '])}${request(['Content-Length: 2'], 'ab')}${TRAILERS}${request()}`),
  walk(chunkedRequest('0\r\n\r\n')),
  walk(request([], '', 'CONNECT a:1 HTTP/1.1'), { takesTunnel: true }),
  walk(request(['Content-Length: 5']), { takesTunnel: true }),
  walk(`${response([], '', 'HTTP/1.1 100')}${response([], '', 'HTTP/1.1 103 ')}${FOLDED}`, {
    role: RESPONSE,
  }),
  walk(response([], 'abc'), { role: RESPONSE, ends: true }),
  walk(response([], '', 'HTTP/1.1 101 Switching Protocols'), { role: RESPONSE }),
  walk(FOLDED.replace('HTTP/1.1 200 OK', 'POST / HTTP/1.1'), { leniency: INSECURE }),
  ...[
    '\0',
    'G(',
    'GET ?',
    'GET / X',
    'GET / HTTP/1.1 ',
    'GET / HTTP/1.1\rX',
    'GET / HTTP/1.1\r\n ',
    'GET / HTTP/1.1\r\nA ',
  ].map((input) => walk(input)),
  ...['A: \0', 'A: b\0', 'A: b\rX', '\rX'].map((line) => walk(`GET / HTTP/1.1\r\n${line}`)),
  ...['x', '1\r\nab', '0\r\nContent-Length: 1\r\n\r\n'].map((coded) => walk(chunkedRequest(coded))),
  ...['x', 'HX', 'HTTP/1.1 x', 'HTTP/1.1 200 \0'].map((line) => walk(line, { role: RESPONSE })),
];

/** Every pair of states that follow one another while the input is read byte by byte. */
function transitionsOf({ role, leniency, input, takesTunnel, ends }: Walk): [number, number][] {
  const sink = { onHead: () => takesTunnel, onBody() {}, onTrailers() {}, onComplete() {} };
  const parser = new MessageParser(role, sink, { leniency });
  const pairs: [number, number][] = [];
  let before = stateOf(parser);
  const look = () => {
    const after = stateOf(parser);
    if (after !== before) pairs.push([before, after]);
    before = after;
  };
  for (const byte of Buffer.from(input, 'latin1')) {
    parser.execute(Buffer.of(byte), 0, 1);
    look();
  }
  if (ends) {
    parser.finish();
    look();
  }
  return pairs;
}

const nameOf = (state: number) => STATE_NAMES.get(state) ?? `state ${state}`;
const pairName = ([from, to]: readonly [number, number]) => `${nameOf(from)} -> ${nameOf(to)}`;

describe('PARSER_TRANSITIONS', () => {
  const walked = new Set(WALKS.flatMap((each) => transitionsOf(each).map(pairName)));
  const listed = new Set(
    Object.entries(PARSER_TRANSITIONS).flatMap(([from, followers]) =>
      followers.map((to) => pairName([Number(from), to])),
    ),
  );

  it('has a row for every state', () => {
    assert.deepEqual(
      Object.keys(PARSER_TRANSITIONS).map(Number),
      [...STATE_NAMES.keys()].sort((a, b) => a - b),
    );
  });

  it('lists every step that the parser takes', () => {
    const unlisted = [...walked].filter((pair) => !listed.has(pair) && !pair.endsWith('-> FAILED'));
    assert.deepEqual(unlisted, []);
  });

  it('lists no step that the parser never takes', () => {
    assert.deepEqual(
      [...listed].filter((pair) => !walked.has(pair)),
      [],
    );
  });

  it('leaves every state that reads bytes of a message open to failure', () => {
    const neverFail = new Set(['LENGTH_BODY', 'CLOSE_BODY', 'TUNNEL', 'FAILED']);
    for (const name of STATE_NAMES.values()) {
      assert.equal(walked.has(`${name} -> FAILED`), !neverFail.has(name), name);
    }
  });

  it('ends in FAILED', () => {
    assert.deepEqual(PARSER_TRANSITIONS[FAILED], []);
    const sink = { onHead: () => false, onBody() {}, onTrailers() {}, onComplete() {} };
    const parser = new MessageParser(REQUEST, sink);
    parser.execute(Buffer.from('\0'), 0, 1);
    const { error } = parser;
    assert.ok(error);
    assert.equal(parser.execute(Buffer.from(request()), 0, 10), 0);
    assert.equal(parser.error, error);
    assert.equal(stateOf(parser), FAILED);
  });
});

describe('states of the chunked coding', () => {
  it('are all reached', () => {
    const reached = new Set<number>();
    const decoder = new ChunkedDecoder(true);
    const look = () => reached.add((decoder as unknown as { state: number }).state);
    look();
    const coded = '1;a\r\nx\r\n1;a=b;c="d\\"e"\r\nx\r\n1 \r\nx\r\n0\r\n';
    for (const byte of Buffer.from(coded)) {
      decoder.decode(Buffer.of(byte), 0, 1, { onBody() {} });
      look();
    }
    const named = Object.entries(states).filter(([name]) => name.startsWith('CHUNK_'));
    assert.deepEqual(
      named.filter(([, state]) => !reached.has(state as number)).map(([name]) => name),
      [],
    );
  });
});

describe('isIdle and isBeforeBody', () => {
  it('tell where in a message the parser is', () => {
    const sink = { onHead: () => false, onBody() {}, onTrailers() {}, onComplete() {} };
    const parser = new MessageParser(REQUEST, sink);
    const feed = (text: string) => {
      const chunk = Buffer.from(text);
      assert.equal(parser.execute(chunk, 0, chunk.length), chunk.length);
      return [parser.isIdle, parser.isBeforeBody];
    };
    assert.deepEqual(feed('\r\n\r'), [true, true]);
    assert.deepEqual(feed('\nG'), [false, true]);
    assert.deepEqual(feed('ET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r'), [false, true]);
    assert.deepEqual(feed('\n'), [false, false]);
    assert.deepEqual(feed('1\r\na\r\n'), [false, false]);
    assert.deepEqual(feed('0\r\nT'), [false, false]);
    assert.deepEqual(feed(': t\r\n\r\n'), [true, true]);
  });
});
