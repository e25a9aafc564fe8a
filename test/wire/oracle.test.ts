/**
 * Differential: the stock parser, behind a real socket of a stock server, and a bare MessageParser read the same
 * bytes. We never accept what it refuses, and refuse nothing that it accepts, but for the rows of
 * oracle-differences.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { INSECURE, type Leniency, RELAXED, STRICT } from '#src/wire/parser.js';
import { Choices, generateStream, mutate } from './generate.js';
import { readBare, StockReader } from './oracle.js';
import { CORPUS } from './oracle-corpus.js';
import {
  type Difference,
  LAXER,
  READ_DIFFERENTLY,
  STRICTER,
  unexplainedDifference,
} from './oracle-differences.js';

const GENERATED = 600;
const AT_A_TIME = 16;

function generate(count: number, seed: number): string[] {
  const choices = new Choices(seed);
  return Array.from({ length: count }, () => {
    const stream = generateStream(choices);
    return choices.rarely(2) ? mutate(choices, stream) : stream;
  });
}

const LENIENCIES: [string, Leniency][] = [
  ['STRICT', STRICT],
  ['RELAXED', RELAXED],
  ['INSECURE', INSECURE],
];

for (const [name, leniency] of LENIENCIES) {
  describe(`the stock parser and ours, ${name}`, () => {
    let stock: StockReader | null = null;
    const met = new Set<Difference>();

    before(async () => {
      stock = await StockReader.start(leniency);
    });
    after(() => stock?.close());

    async function compare(inputs: readonly string[]): Promise<void> {
      // The stock parser never returns from a NUL that it means to forgive.
      const queue = inputs.filter((input) => leniency !== RELAXED || !input.includes('\0'));
      const unexplained: string[] = [];
      const lane = async () => {
        for (let input = queue.pop(); input !== undefined; input = queue.pop()) {
          const theirs = await (stock as StockReader).read(input);
          const ours = readBare(input, leniency);
          const difference = unexplainedDifference(input, theirs, ours, leniency, (row) => met.add(row));
          if (difference !== null) unexplained.push(`${JSON.stringify(input)}: ${difference}`);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, lane));
      assert.deepEqual(unexplained, []);
    }

    it('agree on a curated corpus', async (t) => {
      if (stock === null) return t.skip('this Node has no such leniency');
      await compare(CORPUS);
    });

    it('agree on generated streams and mutations of them', async (t) => {
      if (stock === null) return t.skip('this Node has no such leniency');
      await compare(generate(GENERATED, 20_260 + leniency));
    });

    it('differ in all that is named, and each of it has an input', (t) => {
      if (stock === null) return t.skip('this Node has no such leniency');
      const named = [...STRICTER, ...LAXER, ...READ_DIFFERENTLY].filter(
        (row) => !row.isPast && (row.leniencies ?? [STRICT]).includes(leniency),
      );
      assert.deepEqual(
        named.filter((row) => !met.has(row)).map((row) => row.name),
        [],
      );
    });
  });
}
