import * as stock from 'node:http';
import * as stockTls from 'node:https';

/** The API under comparison; both subjects are used through node:http's own types. */
export type Http = typeof stock;
export type Https = typeof stockTls;

export interface Subject {
  readonly name: string;
  readonly http: Http;
  readonly https: Https;
}

// A variable specifier, so that the suite compiles before the product is built.
const product: string = 'barewire/http';
const productTls: string = 'barewire/https';
const comparesStockWithItself = process.env.BAREWIRE_SUBJECT === 'node';

/** The reference: `node:http` of the running Node. */
export const reference: Subject = { name: 'node:http', http: stock, https: stockTls };

/** What is compared with it: `barewire/http`, or the reference once more with BAREWIRE_SUBJECT=node. */
export const candidate: Subject = comparesStockWithItself
  ? reference
  : {
      name: product,
      http: (await import(product)) as Http,
      https: (await import(productTls)) as Https,
    };

/** Major version of the running Node. */
export const nodeMajor = Number(process.versions.node.split('.')[0]);

/** The major whose stock behaviour the recorded logs hold. */
export const recordedMajor = 26;
