/** What is asked of the API: items of several collections in turn, and orders. */
import { type Exchange, request, responseOfFields } from '../messages.js';
import type { Scenario } from '../scenarios.js';
import { ORDER, REFUSED_ORDERS, WORDY_ORDER } from './order.js';
import { ASKED_COLLECTIONS, collectionAnswer, itemAnswer, orderAnswer } from './table.js';

const ACCOUNT = 'acme-47';

function exchange(bytes: Buffer, answer: object): Exchange {
  const text = JSON.stringify(answer);
  const fields = [
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  return { request: bytes, response: responseOfFields(fields, text) };
}

function post(collection: string, text: string): Buffer {
  const fields = ['Content-Type: application/json'];
  return request(`POST /accounts/${ACCOUNT}/${collection}`, fields, Buffer.from(text));
}

const items = ASKED_COLLECTIONS.map((collection, index) => {
  const id = String(31_415 + index * 926);
  const target = `/accounts/${ACCOUNT}/${collection}/${id}`;
  return exchange(request(`GET ${target}`), itemAnswer(collection, ACCOUNT, id));
});

const orders = ASKED_COLLECTIONS.map((collection) =>
  exchange(post(collection, JSON.stringify(ORDER)), orderAnswer(collection, ACCOUNT, ORDER)),
);

/** Routes that are not measured, but must be there: nobody saves time by leaving them out. */
const others = [
  exchange(request(`GET /accounts/${ACCOUNT}/webhooks`), collectionAnswer('webhooks', ACCOUNT)),
  exchange(request(`DELETE /accounts/${ACCOUNT}/addresses/1`), itemAnswer('addresses', ACCOUNT, '1')),
  exchange(post('orders', JSON.stringify(WORDY_ORDER)), orderAnswer('orders', ACCOUNT, ORDER)),
];

const refusals = [
  ...REFUSED_ORDERS.map((order) => ({ request: post('orders', JSON.stringify(order)), status: 400 })),
  { request: request(`GET /accounts/${ACCOUNT}/nothing/1`), status: 404 },
  // The last: some close the connection behind it.
  { request: post('orders', JSON.stringify(ORDER).slice(0, -1)), status: 400 },
];

function apiScenario(name: string, title: string, [first, ...rest]: readonly Exchange[]): Scenario {
  return {
    name,
    title,
    load: 'wrk',
    isApi: true,
    ...first,
    inTurn: rest,
    pipelined: 1,
    checks: { exchanges: others, refusals },
  };
}

export const API_SCENARIOS: readonly Scenario[] = [
  apiScenario('api-item', 'GET by one of 100 routes, two parameters', items),
  apiScenario('api-order', 'POST of JSON by one of 100 routes, validated', orders),
];
