/** The same as order-schema.ts as a JSON schema, for Fastify. */

const text = (maximum: number) => ({ type: 'string', minLength: 1, maxLength: maximum });

export const orderJsonSchema = {
  type: 'object',
  required: ['name', 'price', 'quantity', 'currency', 'tags', 'address'],
  properties: {
    name: text(120),
    price: { type: 'integer', minimum: 0, maximum: 10_000_000 },
    quantity: { type: 'integer', minimum: 1, maximum: 1000 },
    currency: { type: 'string', enum: ['EUR', 'USD', 'GBP'] },
    tags: { type: 'array', items: text(40), maxItems: 16 },
    address: {
      type: 'object',
      required: ['street', 'city', 'postcode'],
      properties: { street: text(120), city: text(80), postcode: text(16) },
    },
  },
};
