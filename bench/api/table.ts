/**
 * The API that frameworks are measured with: 100 routes, all with parameters, what is asked of them, and what every
 * framework answers.
 */
import type { Order } from './order.js';

/** What an account has. Each is a collection with five routes. */
const COLLECTIONS = [
  'addresses',
  'budgets',
  'cards',
  'contacts',
  'contracts',
  'credits',
  'devices',
  'disputes',
  'invoices',
  'mandates',
  'members',
  'orders',
  'payments',
  'payouts',
  'products',
  'refunds',
  'reports',
  'shipments',
  'statements',
  'webhooks',
] as const;

/** What a route does: with a whole collection, with what is in it, or adds an order to it. */
export type ApiAction = 'collection' | 'item' | 'order';

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: `/accounts/:account/${string}`;
  readonly collection: string;
  readonly action: ApiAction;
}

export const API_ROUTES: readonly ApiRoute[] = COLLECTIONS.flatMap((collection): ApiRoute[] => {
  const all = { path: `/accounts/:account/${collection}`, collection } as const;
  const one = { path: `/accounts/:account/${collection}/:id`, collection, action: 'item' } as const;
  return [
    { method: 'GET', ...all, action: 'collection' },
    { method: 'POST', ...all, action: 'order' },
    { method: 'GET', ...one },
    { method: 'PATCH', ...one },
    { method: 'DELETE', ...one },
  ];
});

/** Collections that are asked for, in turn: a cache of the last route finds nothing. */
export const ASKED_COLLECTIONS = COLLECTIONS.filter((_, index) => index % 3 === 1);

// What handlers answer, as JSON.

export function collectionAnswer(collection: string, account: string): object {
  return { collection, account };
}

export function itemAnswer(collection: string, account: string, id: string): object {
  return { collection, account, id, state: 'open', total: 4711 };
}

export function orderAnswer(collection: string, account: string, order: Order): object {
  const { name, price, quantity, address } = order;
  return { collection, account, name, total: price * quantity, city: address.city };
}
