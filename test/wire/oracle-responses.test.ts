/**
 * Differential: a stock client, over a real socket, and a bare MessageParser read the same bytes for a response.
 * We accept nothing that it refuses, and refuse nothing that it accepts, but for the rows of
 * oracle-responses-differences.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { INSECURE, type Leniency, STRICT } from '#src/wire/parser.js';
import { Choices } from './generate.js';
import type { Difference } from './oracle-differences.js';
import { readBareResponse, StockClient } from './oracle-responses.js';
import { generateResponse, RESPONSE_CORPUS } from './oracle-responses-corpus.js';
import {
  RESPONSE_LAXER,
  RESPONSE_READ_DIFFERENTLY,
  RESPONSE_STRICTER,
  unexplainedResponseDifference,
} from './oracle-responses-differences.js';

const GENERATED = 400;
const AT_A_TIME = 16;

const LENIENCIES: [string, Leniency][] = [
  ['STRICT', STRICT],
  ['INSECURE', INSECURE],
];

for (const [name, leniency] of LENIENCIES) {
  describe(`the stock client and our parser, ${name}`, () => {
    let stock: StockClient;
    const met = new Set<Difference>();

    before(async () => {
      stock = await StockClient.start(leniency);
    });
    after(() => stock.close());

    async function compare(inputs: readonly string[], method: string): Promise<void> {
      const queue = [...inputs];
      const unexplained: string[] = [];
      const lane = async () => {
        for (let input = queue.pop(); input !== undefined; input = queue.pop()) {
          const theirs = await stock.read(input, method);
          const ours = readBareResponse(input, method, leniency);
          const difference = unexplainedResponseDifference(input, theirs, ours, leniency, (row) =>
            met.add(row),
          );
          if (difference !== null) unexplained.push(`${method}, ${JSON.stringify(input)}: ${difference}`);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, lane));
      assert.deepEqual(unexplained, []);
    }

    for (const method of ['GET', 'HEAD']) {
      it(`agree on a curated corpus in answer to ${method}`, () => compare(RESPONSE_CORPUS, method));
    }

    it('agree on generated responses and mutations of them', async () => {
      const choices = new Choices(20_260 + leniency);
      const inputs = Array.from({ length: GENERATED }, () => generateResponse(choices));
      await compare(inputs, 'GET');
    });

    it('differ in all that is named, and each of it has an input', () => {
      const named = [...RESPONSE_STRICTER, ...RESPONSE_LAXER, ...RESPONSE_READ_DIFFERENTLY].filter(
        (row) => !row.isPast && (row.leniencies ?? [STRICT]).includes(leniency),
      );
      assert.deepEqual(
        named.filter((row) => !met.has(row)).map((row) => row.name),
        [],
      );
    });
  });
}
