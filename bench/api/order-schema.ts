/**
 * The schema that an order is held against, for everybody who takes a Standard Schema, or has none of their own. It is
 * compiled to a function, as Fastify's is.
 */
import { type } from 'arktype';

export const orderSchema = type({
  name: '1 <= string <= 120',
  price: '0 <= number.integer <= 10000000',
  quantity: '1 <= number.integer <= 1000',
  currency: "'EUR' | 'USD' | 'GBP'",
  tags: '(1 <= string <= 40)[] <= 16',
  address: {
    street: '1 <= string <= 120',
    city: '1 <= string <= 80',
    postcode: '1 <= string <= 16',
  },
});

/** What the schema gives for what is no order. */
export const OrderIssues = type.errors;
