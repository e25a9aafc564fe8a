/**
 * Where a request comes from when proxies stand in front: what they say is believed as far as they are trusted, and no
 * further. Nobody is, unless `trustProxy` says so: anybody can send these fields.
 */
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { compile } from 'proxy-addr';
import { invalidArgType, outOfRange } from '../errors.js';
import { authorityOf } from './request-target.js';

/**
 * Who is believed: nobody (false), everybody (true), so many proxies in front, or those with these addresses ('loopback',
 * 'linklocal', 'uniquelocal', '10.0.0.0/8', '::1' ...).
 */
export type TrustProxy = boolean | number | string | readonly string[];

/** The fields that the proxies write: those of the de-facto standard, or Forwarded (RFC 7239). Only these are read. */
export type ForwardedFields = 'x-forwarded' | 'forwarded';

/** Is the proxy with this address, so many hops away, believed? */
type Trust = (address: string, hop: number) => boolean;

/** What is believed of whom. */
export interface Forwarding {
  readonly trusts: Trust;
  readonly fields: ForwardedFields;
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, and TypeError for what is no address */
export function forwardingOf(
  trust: TrustProxy = false,
  fields: ForwardedFields = 'x-forwarded',
): Forwarding | null {
  if (trust === false) return null;
  if (trust === true) return { trusts: () => true, fields };
  if (typeof trust === 'number') {
    if (!Number.isInteger(trust) || trust < 0)
      throw outOfRange('options.trustProxy', 'a number of proxies', trust);
    return { trusts: (_address, hop) => hop < trust, fields };
  }
  if (typeof trust === 'string') return { trusts: compile(trust.split(/\s*,\s*/)), fields };
  if (!Array.isArray(trust))
    throw invalidArgType('options.trustProxy', 'a boolean, number, string or list', trust);
  return { trusts: compile([...trust]), fields };
}

/** One hop as a proxy tells of it. */
interface Hop {
  for?: string;
  proto?: string;
  host?: string;
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined
    ? []
    : String(value)
        .split(',')
        .map((member) => member.trim());
}

/** `for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`, the nearest hop last. */
function forwardedHops(value: string | string[] | undefined): Hop[] {
  if (value === undefined) return [];
  // Members and pairs end outside of quotes alone.
  const members = String(value).match(/(?:[^,"]|"(?:\\.|[^"\\])*")+/g) ?? [];
  return members.map((member) => {
    const hop: Hop = {};
    for (const [, name, token, quoted] of member.matchAll(/([\w-]+)=(?:"((?:\\.|[^"\\])*)"|([^\s;,"]+))/g)) {
      const text = token === undefined ? quoted : token.replace(/\\(.)/g, '$1');
      const key = name.toLowerCase();
      if (key === 'for') hop.for = withoutPort(text);
      else if (key === 'proto' || key === 'host') hop[key] = text;
    }
    return hop;
  });
}

/** `[2001:db8::1]:4711` and `192.0.2.1:80` to the address. */
function withoutPort(node: string): string {
  if (node.startsWith('[')) return node.slice(1).split(']', 1)[0];
  return node.split(':').length === 2 ? node.split(':', 1)[0] : node;
}

function remoteAddress(req: IncomingMessage): string {
  return req.socket?.remoteAddress ?? '';
}

/** The addresses the request came by, the nearest first, as far as those who tell of them are believed. */
export function addressesOf(req: IncomingMessage, forwarding: Forwarding | null): string[] {
  const addresses = [remoteAddress(req)];
  if (forwarding === null) return addresses;
  const told =
    forwarding.fields === 'forwarded'
      ? forwardedHops(req.headers.forwarded).map((hop) => hop.for ?? '')
      : listOf(req.headers['x-forwarded-for']);
  for (let hop = 0; told.length > 0 && forwarding.trusts(addresses[hop], hop); hop++) {
    addresses.push(told.pop() as string);
  }
  return addresses;
}

/** What the nearest proxy says, if it is believed. */
function told(
  req: IncomingMessage,
  forwarding: Forwarding | null,
  what: 'proto' | 'host',
): string | undefined {
  if (forwarding === null || !forwarding.trusts(remoteAddress(req), 0)) return undefined;
  if (forwarding.fields === 'x-forwarded') return listOf(req.headers[`x-forwarded-${what}`])[0] || undefined;
  return forwardedHops(req.headers.forwarded)[0]?.[what];
}

/** 'https' or 'http'. */
export function protocolOf(req: IncomingMessage, forwarding: Forwarding | null): string {
  const own = (req.socket as Socket & Partial<TLSSocket>)?.encrypted ? 'https' : 'http';
  const forwarded = told(req, forwarding, 'proto')?.toLowerCase();
  return forwarded === 'https' || forwarded === 'http' ? forwarded : own;
}

/**
 * The host that was asked for, with its port where it names one. Where the request-target has one, Host has to be
 * ignored (RFC 9112 section 3.2.2).
 * @param target The request-target as it came.
 */
export function requestHost(
  req: IncomingMessage,
  target: string,
  forwarding: Forwarding | null,
): string | undefined {
  const own = authorityOf(target) ?? req.headers.host ?? (req.headers[':authority'] as string | undefined);
  return told(req, forwarding, 'host') ?? own;
}

/** The host without its port; addresses of IPv6 keep their brackets. */
export function hostnameOf(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const port = host.indexOf(':', host.startsWith('[') ? host.indexOf(']') : 0);
  return port === -1 ? host : host.slice(0, port);
}

/** The labels of a host name but the last ones, from the right. An address has none, but for no offset at all. */
export function subdomainsOf(hostname: string | undefined, offset: number): string[] {
  if (!hostname) return [];
  const isAddress = isIP(hostname) !== 0 || hostname.startsWith('[');
  return (isAddress ? [hostname] : hostname.split('.').reverse()).slice(offset);
}
