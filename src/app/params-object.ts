/** The objects that hold the parameters of a request. */

/**
 * What parameters are put on: an object that inherits nothing, so that every name is just a name. With a prototype
 * that is empty instead of null the engine gives it the form that is made and read the fastest.
 */
export const Params = function Params() {} as unknown as new () => Record<string, string>;
Params.prototype = Object.freeze(Object.create(null));

/** No parameters: one object for all routes without. */
export const NO_PARAMS: Record<string, string> = Object.freeze(new Params());

/** The sites of names, each for one name: the first ones of the process. */
const sites = new Map<string, number>();
const SITES = 32;

/** Where in `putParam()` a name is put on an object. */
export function siteOf(name: string): number {
  const known = sites.get(name);
  if (known !== undefined) return known;
  if (sites.size === SITES) return SITES;
  sites.set(name, sites.size);
  return sites.size - 1;
}

/**
 * Puts a parameter on an object that does not have it yet.
 *
 * The engine remembers for each place in the code which name is put on objects there. While it is one it makes the
 * store a matter of a few instructions; with a second name each store there is a search, which takes as long as all else
 * that is done for a parameter. So names get places of their own, and what is left shares the last one.
 */
export function putParam(params: Record<string, string>, site: number, name: string, value: string): void {
  // biome-ignore format: as a table
  switch (site) {
    case 0: params[name] = value; return;
    case 1: params[name] = value; return;
    case 2: params[name] = value; return;
    case 3: params[name] = value; return;
    case 4: params[name] = value; return;
    case 5: params[name] = value; return;
    case 6: params[name] = value; return;
    case 7: params[name] = value; return;
    case 8: params[name] = value; return;
    case 9: params[name] = value; return;
    case 10: params[name] = value; return;
    case 11: params[name] = value; return;
    case 12: params[name] = value; return;
    case 13: params[name] = value; return;
    case 14: params[name] = value; return;
    case 15: params[name] = value; return;
    case 16: params[name] = value; return;
    case 17: params[name] = value; return;
    case 18: params[name] = value; return;
    case 19: params[name] = value; return;
    case 20: params[name] = value; return;
    case 21: params[name] = value; return;
    case 22: params[name] = value; return;
    case 23: params[name] = value; return;
    case 24: params[name] = value; return;
    case 25: params[name] = value; return;
    case 26: params[name] = value; return;
    case 27: params[name] = value; return;
    case 28: params[name] = value; return;
    case 29: params[name] = value; return;
    case 30: params[name] = value; return;
    case 31: params[name] = value; return;
    default: params[name] = value;
  }
}
