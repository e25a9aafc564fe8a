import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ORDER, REFUSED_ORDERS } from '../../bench/api/order.js';
import { OrderIssues, orderSchema } from '../../bench/api/order-schema.js';
import { API_ROUTES } from '../../bench/api/table.js';
import { exchangesOf, SCENARIOS, scenarioNamed } from '../../bench/scenarios.js';
import { SUBJECTS, takingPart } from '../../bench/subjects.js';

describe('scenarios', () => {
  test('each has a name of its own', () => {
    assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
  });

  const subjectsIn = (name: string) =>
    takingPart(SUBJECTS, scenarioNamed(name)).map((subject) => subject.name);

  test('each has the subjects that can play its part', () => {
    assert.deepEqual(subjectsIn('hello'), ['floor', 'node:http', 'barewire/http']);
    assert.deepEqual(subjectsIn('express'), ['node:http', 'barewire/http']);
    assert.deepEqual(subjectsIn('client'), ['floor', 'node:http', 'barewire/http', 'undici']);
    assert.deepEqual(subjectsIn('api-item'), [
      'floor',
      'barewire/http',
      'barewire',
      'fastify',
      'express',
      'hono',
    ]);
  });
});

describe('the API', () => {
  test('has 100 routes, each of its own and with a parameter', () => {
    assert.equal(new Set(API_ROUTES.map(({ method, path }) => `${method} ${path}`)).size, 100);
    assert.ok(API_ROUTES.every(({ path }) => path.includes(':')));
  });

  test('is asked for several routes in turn', () => {
    for (const name of ['api-item', 'api-order']) {
      const targets = exchangesOf(scenarioNamed(name)).map(({ request }) => request.toString().split(' ')[1]);
      assert.equal(new Set(targets).size, 7, name);
    }
  });

  test('takes the order that is posted, of some 200 bytes, and not the others', () => {
    assert.deepEqual(orderSchema(ORDER), ORDER);
    for (const order of REFUSED_ORDERS) {
      assert.ok(orderSchema(order) instanceof OrderIssues, JSON.stringify(order));
    }
    assert.ok(Math.abs(JSON.stringify(ORDER).length - 200) < 30);
  });
});
