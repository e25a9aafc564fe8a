import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { differenceOf, type Round, ratioOf, type ScenarioResult, spread } from '../../bench/figures.js';
import { judge, type Verdict } from '../../bench/targets.js';

function rounds(...cpu: number[]): Round[] {
  return cpu.map((value) => ({ rate: 0, cpu: value, user: 0, rss: 0, heap: 0 }));
}

function apiItem(figures: Record<string, number[]>): ScenarioResult {
  const entries = Object.entries(figures).map(([name, cpu]): [string, Round[]] => [name, rounds(...cpu)]);
  return { name: 'api-item', title: '', side: 'framework', perConnection: false, rounds: new Map(entries) };
}

describe('figures', () => {
  test('the median of an odd and of an even number, with the least and the most', () => {
    assert.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, most: 3 });
    assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, least: 1, most: 4 });
  });

  test('ratios and differences are taken round by round', () => {
    const result = apiItem({ fastify: [10, 30, 60], barewire: [10, 10, 15] });
    assert.deepEqual(ratioOf(result, 'fastify', 'barewire', 'cpu'), { median: 3, least: 1, most: 4 });
    assert.deepEqual(differenceOf(result, 'fastify', 'barewire', 'cpu'), { median: 20, least: 0, most: 45 });
  });

  test('there is neither where a subject took no part', () => {
    const result = apiItem({ barewire: [10] });
    assert.equal(ratioOf(result, 'fastify', 'barewire', 'cpu'), undefined);
    assert.equal(differenceOf(result, 'barewire', 'fastify', 'cpu'), undefined);
  });
});

describe('the targets of the framework', () => {
  const outcomes = (figures: Record<string, number[]>) =>
    judge([apiItem(figures)]).map(({ target, reached }): [string, boolean] => [subjectsOf(target), reached]);

  function subjectsOf(target: Verdict['target']): string {
    return 'dividend' in target
      ? `${target.dividend} ÷ ${target.divisor}`
      : `${target.minuend} − ${target.subtrahend}`;
  }

  test('are reached on the bound', () => {
    const figures = { 'barewire/http': [7], barewire: [10], fastify: [22], express: [40], hono: [18] };
    assert.deepEqual(outcomes(figures), [
      ['barewire − barewire/http', true],
      ['fastify ÷ barewire', true],
      ['express ÷ barewire', true],
      ['hono ÷ barewire', true],
    ]);
  });

  test('and not beyond it', () => {
    const figures = {
      'barewire/http': [6.9],
      barewire: [10],
      fastify: [21.9],
      express: [39.9],
      hono: [17.9],
    };
    assert.deepEqual(
      outcomes(figures).map(([, reached]) => reached),
      [false, false, false, false],
    );
  });

  test('tell what they would come to with the floor in the place of ours', () => {
    const verdicts = judge([apiItem({ floor: [8, 10], barewire: [10, 20], fastify: [24, 20] })]);
    assert.deepEqual(
      verdicts.map(({ floor }) => floor),
      [{ median: 2.5, least: 2, most: 3 }],
    );
    assert.equal(judge([apiItem({ barewire: [10], fastify: [24] })])[0].floor, undefined);
  });

  test('those of subjects that took no part are not judged', () => {
    assert.deepEqual(outcomes({ 'barewire/http': [8], barewire: [10] }), [
      ['barewire − barewire/http', true],
    ]);
  });
});
