import * as stock from 'node:http';

/** The API under comparison; both subjects are used through node:http's own types. */
export type Http = typeof stock;

export interface Subject {
  readonly name: string;
  readonly http: Http;
}

// A variable specifier, so that the suite compiles before the product is built.
const product: string = 'barewire/http';
const comparesStockWithItself = process.env.BAREWIRE_SUBJECT === 'node';

/** The reference: `node:http` of the running Node. */
export const reference: Subject = { name: 'node:http', http: stock };

/** What is compared with it: `barewire/http`, or the reference once more with BAREWIRE_SUBJECT=node. */
export const candidate: Subject = comparesStockWithItself
  ? reference
  : { name: product, http: (await import(product)) as Http };

/** Major version of the running Node. */
export const nodeMajor = Number(process.versions.node.split('.')[0]);

/** The major whose stock behaviour the recorded logs hold. */
export const recordedMajor = 26;
