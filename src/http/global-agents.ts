/**
 * The global agents of http and https together: what makes them, and `setGlobalProxyFromEnv`, which replaces both.
 *
 * Whoever loads http alone does not load TLS. So each module registers its global agent here when it is loaded, and
 * one that is loaded later finds here what proxy its agent is to have.
 */
import { invalidArgType } from '../errors.js';
import { AGENT_TIMEOUT } from '../wire/limits.js';
import { usesEnvProxy } from './command-line.js';
import { process } from './process.js';
import { checkProxyUrl, proxyFromEnv, proxyUrl } from './proxy.js';

type Protocol = 'http:' | 'https:';
type ProxyEnv = NodeJS.ProcessEnv;

/** A module's global agent. */
interface GlobalAgent {
  get(): unknown;
  set(agent: never): void;
  /** Another one in its place. */
  make(proxyEnv: ProxyEnv | undefined): unknown;
}

const PROTOCOLS: readonly Protocol[] = ['http:', 'https:'];
const loaded = new Map<Protocol, GlobalAgent>();
/** The environment for global agents that are still to be made. */
const environments = new Map<Protocol, ProxyEnv | undefined>();

/** Says how global agents come to be; to be called with the first one made by `globalAgentOptions`. */
export function registerGlobalAgent(protocol: Protocol, agent: GlobalAgent): void {
  loaded.set(protocol, agent);
}

/** The options of a global agent. */
export function globalAgentOptions(proxyEnv: ProxyEnv | undefined) {
  return { keepAlive: true, scheduling: 'lifo' as const, timeout: AGENT_TIMEOUT, proxyEnv };
}

/** The options of the first global agent for `protocol`. */
export function firstGlobalAgentOptions(protocol: Protocol) {
  const environment = environments.has(protocol) ? environments.get(protocol) : startEnvironment();
  return globalAgentOptions(environment);
}

/** NODE_USE_ENV_PROXY=1, or --use-env-proxy. */
function startEnvironment(): ProxyEnv | undefined {
  return usesEnvProxy ? process.env : undefined;
}

type SetGlobalProxyFromEnv = (proxyEnv?: ProxyEnv) => () => void;

interface StockHttp {
  setGlobalProxyFromEnv?: SetGlobalProxyFromEnv;
}

/** As it is now: instrumentations put their own there, and patch what is asked for. */
const { getBuiltinModule } = process;

let stockSetter: SetGlobalProxyFromEnv | undefined;

/** Keeps node:http's own function: who puts our exports in the place of node:http's calls this before. */
export function keepStockSetter(stock: object): void {
  stockSetter = (stock as StockHttp).setGlobalProxyFromEnv;
}

/** node:http's function, which knows the dispatcher of fetch; undefined on a Node without it. */
function findStockSetter(): SetGlobalProxyFromEnv | undefined {
  if (stockSetter !== undefined) return stockSetter;
  const found = (getBuiltinModule('node:http') as StockHttp).setGlobalProxyFromEnv;
  return found === setGlobalProxyFromEnv ? undefined : found;
}

/** Gives one module a global agent with this proxy; returns what undoes it. */
function replace(protocol: Protocol, proxyEnv: ProxyEnv): () => void {
  const holder = loaded.get(protocol);
  if (holder !== undefined) {
    const before = holder.get() as never;
    const agent = holder.make(proxyEnv) as never;
    holder.set(agent);
    return () => holder.set(before);
  }
  const hadBefore = environments.has(protocol);
  const before = environments.get(protocol);
  environments.set(protocol, proxyEnv);
  return () => {
    if (hadBefore) environments.set(protocol, before);
    else environments.delete(protocol);
    // It was loaded in the meantime.
    const late = loaded.get(protocol);
    late?.set(late.make(hadBefore ? before : startEnvironment()) as never);
  };
}

/**
 * From now on requests without an agent of their own go through the proxies that `proxyEnv` names: the global agents
 * of http and https are replaced, and so is the dispatcher of `fetch` where Node has a way to do it (Node 24.14 and
 * 25.4 on), for which node:http's own global agents get the proxies too.
 * @param proxyEnv As the option of Agent. Default `process.env`.
 * @returns Puts the agents back that there were before.
 * @throws ERR_INVALID_ARG_TYPE, ERR_PROXY_INVALID_CONFIG; nothing is replaced then
 */
export function setGlobalProxyFromEnv(proxyEnv: ProxyEnv = process.env): () => void {
  if (proxyEnv === null || typeof proxyEnv !== 'object' || Array.isArray(proxyEnv)) {
    throw invalidArgType('proxyEnv', 'of type object', proxyEnv);
  }
  const named = PROTOCOLS.filter((protocol) => {
    const url = proxyUrl(proxyEnv, protocol);
    if (url !== undefined) checkProxyUrl(url);
    return url !== undefined;
  });
  if (named.length === 0) return () => {};
  // All that can fail comes before anything is replaced.
  for (const protocol of named) proxyFromEnv(proxyEnv, protocol);
  // Through the register, node:http's agents are ours: its function comes first, so that ours has the last word.
  const restoreStock = findStockSetter()?.(proxyEnv);
  const restores = named.map((protocol) => replace(protocol, proxyEnv));
  return function restore() {
    restoreStock?.();
    for (const undo of restores) undo();
  };
}
Object.defineProperty(setGlobalProxyFromEnv, 'length', { value: 0 });
