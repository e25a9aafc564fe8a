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

/** An order with what nobody asked for, which every schema passes over. */
export const WORDY_ORDER = { ...ORDER, remark: 'to the back door' };

const { name: _, ...namelessOrder } = ORDER;

/** What every schema refuses: a member that is missing, each kind of value, each bound. */
export const REFUSED_ORDERS: readonly object[] = [
  namelessOrder,
  { ...ORDER, name: '' },
  { ...ORDER, name: 'a'.repeat(121) },
  { ...ORDER, price: -1 },
  { ...ORDER, price: 10_000_001 },
  { ...ORDER, price: 1.5 },
  { ...ORDER, quantity: 0 },
  { ...ORDER, quantity: 1001 },
  { ...ORDER, quantity: 'four' },
  { ...ORDER, currency: 'XTS' },
  { ...ORDER, tags: [''] },
  { ...ORDER, tags: Array<string>(17).fill('oak') },
  { ...ORDER, address: { street: ORDER.address.street, city: ORDER.address.city } },
  { ...ORDER, address: { ...ORDER.address, postcode: '1'.repeat(17) } },
];
