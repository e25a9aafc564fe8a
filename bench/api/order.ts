/** The order that is posted. */

export interface Order {
  name: string;
  price: number;
  quantity: number;
  currency: 'EUR' | 'USD' | 'GBP';
  tags: string[];
  address: { street: string; city: string; postcode: string };
}

export const ORDER: Order = {
  name: 'a chair of oak, oiled',
  price: 24_900,
  quantity: 4,
  currency: 'EUR',
  tags: ['furniture', 'oak', 'indoors'],
  address: { street: '14 Rue des Ormes', city: 'Rennes', postcode: '35000' },
};

/** What every schema refuses. */
export const REFUSED_ORDER = { ...ORDER, quantity: 0 };
