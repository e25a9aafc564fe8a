/**
 * From a method and a path to what was registered for them. See path-pattern.ts for what a path may look like, and
 * route-tree.ts for which of several routes it is.
 *
 * There is a tree for each method. A route for every method (`*`) is in all of them, and GET's are in HEAD's, so that a
 * route for HEAD or GET is never hidden by one for every method whose path says less.
 */
import { invalidHttpToken, malformedPath, routeConflict } from '../errors.js';
import { isToken } from '../wire/grammar.js';
import { METHODS } from '../wire/tables.js';
import { NO_PARAMS } from './params-object.js';
import { canonicalPath, foldCase, type PatternForm, type Piece, parsePathPattern } from './path-pattern.js';
import { decodedParamsOf, Leaf, paramsOf, RouteTree } from './route-tree.js';
import { StaticPaths } from './static-paths.js';

export type { ParamsOf } from './path-params.js';

export interface RouterOptions {
  /** Is `/Users` another path than `/users`? Default `false`. Of ASCII letters; parameters keep theirs in any case. */
  caseSensitive?: boolean;
  /** Is `/users/` another path than `/users`? Default `false`. */
  strict?: boolean;
}

/** What a route is called. */
export interface RouteName {
  readonly method: string;
  /** As it was written. */
  readonly path: string;
}

/** A route that has been added. */
export interface Route extends RouteName {
  /** Where in the user's code it was added. */
  readonly place?: string;
}

/** What a request is for. */
export interface Match<T> {
  readonly value: T;
  /** Decoded, on an object without a prototype; frozen if the route has none. */
  readonly params: Record<string, string>;
  /** For handlers, who may log or send it: nothing but the name. */
  readonly route: RouteName;
}

/** A method that stands for every method. */
export const ANY_METHOD = '*';

interface Entry<T> extends Route {
  readonly name: RouteName;
  readonly value: T;
  readonly forms: readonly PatternForm[];
}

/** Where the routes of a method are found. */
interface MethodRoutes<T> {
  readonly tree: RouteTree<Entry<T>>;
  /** The routes without parameters, by their canonical path. */
  readonly statics: StaticPaths<Match<T>>;
}

export class Router<T> {
  readonly #foldsCase: boolean;
  readonly #isStrict: boolean;
  /** By method, in the order in which each method first had a route. */
  readonly #entries = new Map<string, Entry<T>[]>();
  readonly #ordered: Entry<T>[] = [];
  /** What each method has, by a key of the paths that it matches: to find conflicts. */
  readonly #known = new Map<string, Entry<T>>();
  /** Made when a method is first asked for. */
  readonly #methods = new Map<string, MethodRoutes<T>>();
  #get: MethodRoutes<T> | undefined;

  constructor(options: RouterOptions = {}) {
    this.#foldsCase = !options.caseSensitive;
    this.#isStrict = options.strict === true;
  }

  /**
   * Adds a route.
   * @param method Any token; `*` for every method.
   * @param path A pattern: see path-pattern.ts.
   * @param place Where in the user's code this is, for the error of a conflict.
   * @throws if the pattern is not valid, or if the method already has a route that matches the same paths.
   */
  add(method: string, path: string, value: T, place?: string): void {
    if (!isToken(method)) throw invalidHttpToken('Method', method);
    const forms = parsePathPattern(path).map((form) => ({ ...form, pieces: this.#fit(form.pieces) }));
    const keys = new Set(forms.map(({ pieces }) => `${method} ${keyOf(pieces)}`));
    for (const key of keys) {
      const other = this.#known.get(key);
      if (other !== undefined) throw routeConflict(method, path, place, other.path, other.place);
    }
    const name = Object.freeze({ method, path });
    const entry: Entry<T> = { name, method, path, place, value, forms };
    for (const key of keys) this.#known.set(key, entry);
    const siblings = this.#entries.get(method);
    if (siblings === undefined) this.#entries.set(method, [entry]);
    else siblings.push(entry);
    this.#ordered.push(entry);
    this.#methods.clear();
    this.#get = undefined;
  }

  /**
   * The route for a method and a path, or null. A request with HEAD is also for what GET has.
   * @param path As it was sent: encoded, without a query.
   * @throws `malformedPath` (status 400) if an escape in the path is malformed, whatever routes there are.
   */
  match(method: string, path: string): Match<T> | null {
    // Most requests are for GET, which then needs no look-up.
    const known = method === 'GET' ? this.#get : this.#methods.get(method);
    const { statics, tree } = known ?? this.#routesOf(method);
    const found = statics.get(path);
    if (found !== null) return found;
    const isEncoded = path.indexOf('%') !== -1;
    const canonical = isEncoded || path === '' ? canonicalOf(path) : path;
    const leaf = tree.find(canonical, this.#endOf(canonical));
    if (leaf === null) return null;
    const { route, names } = leaf;
    if (names.length === 0) return { value: route.value, params: NO_PARAMS, route: route.name };
    const params = isEncoded ? decodedParamsOf(leaf, canonical) : paramsOf(leaf, canonical);
    return { value: route.value, params, route: route.name };
  }

  /**
   * The methods that have a route for this path, in the order in which they were first added; HEAD follows GET. With
   * `*` among them, every method has one.
   * @throws as `match()` does.
   */
  allowed(path: string): string[] {
    const canonical = canonicalOf(path);
    const end = this.#endOf(canonical);
    const methods = new Set<string>();
    for (const method of this.#entries.keys()) {
      if (this.#routesOf(method).tree.find(canonical, end) === null) continue;
      methods.add(method);
      if (method === 'GET') methods.add('HEAD');
    }
    return [...methods];
  }

  /** The methods that have a route for any path, in the order in which they were first added. */
  methods(): string[] {
    return [...this.#entries.keys()];
  }

  /** Every route, in the order of their addition. */
  routes(): Route[] {
    return this.#ordered.map(({ method, path, place }) => ({ method, path, place }));
  }

  /** A method without routes of its own has no tree of its own either: peers may think of any number of methods. */
  #routesOf(asked: string): MethodRoutes<T> {
    const entries = this.#entries;
    const hasOwn = entries.has(asked) || (asked === 'HEAD' && entries.has('GET'));
    const method = hasOwn ? asked : ANY_METHOD;
    let routes = this.#methods.get(method);
    if (routes === undefined) {
      routes = { tree: new RouteTree(this.#foldsCase), statics: new StaticPaths() };
      // Of routes for the same paths the first one stays, so the ones that say more about the method come first.
      for (const entry of entries.get(method) ?? []) addTo(routes, entry);
      if (method === 'HEAD') for (const entry of entries.get('GET') ?? []) addTo(routes, entry);
      if (method !== ANY_METHOD) for (const entry of entries.get(ANY_METHOD) ?? []) addTo(routes, entry);
      this.#methods.set(method, routes);
      if (method === 'GET') this.#get = routes;
    }
    return routes;
  }

  /** The pieces as the options want them: in lower case, without a slash at the end. */
  #fit(pieces: readonly Piece[]): Piece[] {
    const fitted = this.#foldsCase ? pieces.map(inLowerCase) : [...pieces];
    const last = fitted.at(-1);
    if (this.#isStrict) return last === undefined ? [{ kind: 'text', text: '/' }] : fitted;
    if (last?.kind !== 'text' || !last.text.endsWith('/')) return fitted;
    fitted.pop();
    if (last.text !== '/') fitted.push({ kind: 'text', text: last.text.slice(0, -1) });
    return fitted;
  }

  #endOf(path: string): number {
    const { length } = path;
    return !this.#isStrict && path.charCodeAt(length - 1) === 0x2f ? length - 1 : length;
  }
}

function addTo<T>({ tree, statics }: MethodRoutes<T>, entry: Entry<T>): void {
  for (const { pieces, names } of entry.forms) {
    tree.add(pieces, new Leaf(entry, names));
    if (names.length > 0) continue;
    const [piece] = pieces;
    const path = piece?.kind === 'text' ? piece.text : '/';
    statics.add(path, { value: entry.value, params: NO_PARAMS, route: entry.name });
  }
}

function inLowerCase(piece: Piece): Piece {
  if (piece.kind === 'text') return { kind: 'text', text: foldCase(piece.text) };
  return piece.kind === 'params' ? { kind: 'params', texts: piece.texts.map(foldCase) } : piece;
}

/** Equal for what matches the same paths. `%` followed by no digit stands in no canonical text. */
function keyOf(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) =>
      piece.kind === 'text'
        ? piece.text
        : piece.kind === 'params'
          ? piece.texts.map((text) => `%:${text}`).join('')
          : '%*',
    )
    .join('');
}

function canonicalOf(path: string): string {
  // RFC 9110 section 4.2.3: an empty path is the same as "/".
  if (path === '') return '/';
  const canonical = canonicalPath(path);
  if (canonical === undefined) throw malformedPath(path);
  return canonical;
}

/** The Allow field: HEAD comes with GET, and OPTIONS with anything. */
export function allowField(methods: readonly string[]): string {
  const allowed = new Set(methods.includes('*') ? METHODS : methods);
  if (allowed.has('GET')) allowed.add('HEAD');
  allowed.add('OPTIONS');
  return [...allowed].join(', ');
}
