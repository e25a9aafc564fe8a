/**
 * Fuzzes the message parser for as long as it is told to:
 *
 *     npm run fuzz -- [--seconds 60] [--seed 1] [--leniency strict|relaxed|insecure]
 *
 * Generated streams of requests and mutations of them go through the stock server of the running Node and through
 * a bare MessageParser, which must read the same but for the named differences; requests and responses go through
 * the parser whole and in pieces, which must tell the same. What is found is made shorter and printed as a line of
 * JavaScript; the exit code is 1 then.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { INSECURE, type Leniency, RELAXED, REQUEST, RESPONSE, type Role, STRICT } from '#src/wire/parser.js';
import { bytes, type Facts, feedPieces } from '../test/wire/feed.js';
import { Choices, generateStream, mutate } from '../test/wire/generate.js';
import { readBare, StockReader } from '../test/wire/oracle.js';
import { unexplainedDifference } from '../test/wire/oracle-differences.js';

const AT_A_TIME = 16;
const LENIENCIES: Record<string, Leniency> = { strict: STRICT, relaxed: RELAXED, insecure: INSECURE };
const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.0 404 Not Found',
  'HTTP/1.1 204',
  'HTTP/1.1 103 ',
  'HTTP/1.1 500 \xff',
];
const MAX_SHORTENINGS = 400;
const MAX_FINDINGS = 10;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    leniency: { type: 'string', default: 'strict' },
  },
});
const leniency = LENIENCIES[options.leniency];
const deadline = Date.now() + Number(options.seconds) * 1000;
if (leniency === undefined || !(Number(options.seconds) > 0) || !Number.isInteger(Number(options.seed))) {
  console.error('usage: npm run fuzz -- [--seconds 60] [--seed 1] [--leniency strict|relaxed|insecure]');
  process.exit(2);
}

/** How the input is read as no parser may read it; null where all is well. */
type Judge = (input: string) => string | null | Promise<string | null>;

/** The whole, every byte by itself, and any pieces must tell the same facts. */
function splitJudge(role: Role, requestMethod: string): Judge {
  return (input) => {
    const settings = { role, leniency, requestMethod, end: true };
    const whole = bytes(input);
    const expected = feedPieces([whole], settings);
    const cut = (size: number) => {
      const pieces: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
      return feedPieces(pieces, settings, size);
    };
    for (const size of [1, 2, 3, 5, 11, 23]) {
      if (!tellTheSame(cut(size), expected)) return `in pieces of ${size}, it is read differently`;
    }
    return null;
  };
}

function tellTheSame(actual: Facts, expected: Facts): boolean {
  // What follows a method that nobody knows decides over the status, if it is there already.
  if (actual.error?.code === 'HPE_INVALID_METHOD' && expected.error?.code === 'HPE_INVALID_METHOD') {
    actual.error.statusCode = expected.error.statusCode;
  }
  return isDeepStrictEqual(actual, expected);
}

function oracleJudge(stock: StockReader): Judge {
  return async (input) => {
    // The stock parser never returns from a NUL that it means to forgive.
    if (leniency === RELAXED && input.includes('\0')) return null;
    return unexplainedDifference(input, await stock.read(input), readBare(input, leniency), leniency);
  };
}

async function judged(judge: Judge, input: string): Promise<string | null> {
  try {
    return await judge(input);
  } catch (error) {
    return `it throws ${(error as Error).message}`;
  }
}

/** Takes away what is not needed for the finding. */
async function shorten(judge: Judge, input: string, finding: string): Promise<string> {
  let shortest = input;
  let left = MAX_SHORTENINGS;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.length && left > 0; left--) {
      const shorter = shortest.slice(0, at) + shortest.slice(at + size);
      if ((await judged(judge, shorter)) === finding) shortest = shorter;
      else at += size;
    }
  }
  return shortest;
}

/** A line of JavaScript that makes the bytes. */
function reproducer(input: string): string {
  const escaped = JSON.stringify(input).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `Buffer.from(${escaped}, 'latin1')`;
}

const stock = await StockReader.start(leniency);
if (stock === null) {
  console.error(`the stock server of Node ${process.version} has no leniency "${options.leniency}"`);
  process.exit(2);
}
const choices = new Choices(Number(options.seed));
const asResponse = (stream: string) =>
  choices.oneOf(STATUS_LINES) + stream.slice(Math.max(0, stream.indexOf('\r\n')));
const oracle = oracleJudge(stock);
const requestSplits = splitJudge(REQUEST, 'GET');
const responseSplits = ['GET', 'HEAD', 'CONNECT'].map((method) => splitJudge(RESPONSE, method));

const findings = new Map<string, string>();
let count = 0;

async function judge(by: Judge, input: string): Promise<void> {
  const finding = await judged(by, input);
  if (finding === null || findings.has(finding) || findings.size >= MAX_FINDINGS) return;
  findings.set(finding, input);
  const shortest = await shorten(by, input, finding);
  console.log(`${finding}\n  ${reproducer(shortest)}\n  (was ${reproducer(input)})`);
}

async function lane(): Promise<void> {
  while (Date.now() < deadline && findings.size < MAX_FINDINGS) {
    const stream = generateStream(choices);
    const request = choices.rarely(3) ? stream : mutate(choices, stream);
    const response = asResponse(stream);
    const mutated = choices.rarely(3) ? response : mutate(choices, response);
    const byMethod = choices.oneOf(responseSplits);
    await judge(oracle, request);
    await judge(requestSplits, request);
    await judge(byMethod, mutated);
    count++;
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, lane));
await stock.close();
console.log(
  `${count} inputs, seed ${options.seed}, ${options.leniency}, Node ${process.version}: ${findings.size} findings`,
);
process.exitCode = findings.size === 0 ? 0 : 1;
