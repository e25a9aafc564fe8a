/** The schemas that an order is held against, which say the same. Loaded only where orders are posted: zod is large. */
import { z } from 'zod';

const MAX_PRICE = 10_000_000;
const MAX_QUANTITY = 1000;
const MAX_TAGS = 16;

const text = (maximum: number) => z.string().min(1).max(maximum);

/** For those that take a Standard Schema, or have none of their own. */
export const orderSchema = z.object({
  name: text(120),
  price: z.int().min(0).max(MAX_PRICE),
  quantity: z.int().min(1).max(MAX_QUANTITY),
  currency: z.enum(['EUR', 'USD', 'GBP']),
  tags: z.array(text(40)).max(MAX_TAGS),
  address: z.object({ street: text(120), city: text(80), postcode: text(16) }),
});

const jsonText = (maximum: number) => ({ type: 'string', minLength: 1, maxLength: maximum });

/** For Fastify. */
export const orderJsonSchema = {
  type: 'object',
  required: ['name', 'price', 'quantity', 'currency', 'tags', 'address'],
  additionalProperties: false,
  properties: {
    name: jsonText(120),
    price: { type: 'integer', minimum: 0, maximum: MAX_PRICE },
    quantity: { type: 'integer', minimum: 1, maximum: MAX_QUANTITY },
    currency: { type: 'string', enum: ['EUR', 'USD', 'GBP'] },
    tags: { type: 'array', items: jsonText(40), maxItems: MAX_TAGS },
    address: {
      type: 'object',
      required: ['street', 'city', 'postcode'],
      additionalProperties: false,
      properties: { street: jsonText(120), city: jsonText(80), postcode: jsonText(16) },
    },
  },
};
