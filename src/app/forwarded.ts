/**
 * Where a request comes from when proxies stand in front: what they say is believed as far as they are trusted, and no
 * further. Nobody is, unless `trustProxy` says so: anybody can send these fields.
 */
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { compile } from 'proxy-addr';
import { invalidArgType, invalidArgValue, outOfRange } from '../errors.js';
import { type Hop, readForwarded } from './forwarded-field.js';
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

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE, and TypeError for what is no address */
export function forwardingOf(
  trust: TrustProxy = false,
  fields: ForwardedFields = 'x-forwarded',
): Forwarding | null {
  // Taken for another, it would have fields believed that the proxies do not write.
  if (fields !== 'x-forwarded' && fields !== 'forwarded') {
    throw invalidArgValue('options.forwardedFields', fields, "must be 'x-forwarded' or 'forwarded'");
  }
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

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined
    ? []
    : String(value)
        .split(',')
        .map((member) => member.trim());
}

function remoteAddress(req: IncomingMessage): string {
  return req.socket?.remoteAddress ?? '';
}

/** The hops that are told of, the nearest last. */
function hopsOf(req: IncomingMessage, fields: ForwardedFields): Hop[] {
  if (fields === 'x-forwarded')
    return listOf(req.headers['x-forwarded-for']).map((address) => ({ for: address }));
  return readForwarded(String(req.headers.forwarded ?? ''));
}

/** Those of them that are believed, the nearest first: each is told of by the one before it, the first by the peer. */
function believedHops(req: IncomingMessage, forwarding: Forwarding): Hop[] {
  const told = hopsOf(req, forwarding.fields);
  const believed: Hop[] = [];
  let address = remoteAddress(req);
  while (told.length > 0 && forwarding.trusts(address, believed.length)) {
    const hop = told.pop() as Hop;
    believed.push(hop);
    address = hop.for ?? '';
  }
  return believed;
}

/** The addresses the request came by, the nearest first, as far as those who tell of them are believed. */
export function addressesOf(req: IncomingMessage, forwarding: Forwarding | null): string[] {
  const hops = forwarding === null ? [] : believedHops(req, forwarding);
  return [remoteAddress(req), ...hops.map((hop) => hop.for ?? '')];
}

/**
 * What the farthest proxy that is believed says. X-Forwarded-Proto and -Host are not told hop by hop: as a rule there is
 * one value, which the nearest proxy has set; of more, the first that is as near as those who are believed.
 */
function told(
  req: IncomingMessage,
  forwarding: Forwarding | null,
  what: 'proto' | 'host',
): string | undefined {
  if (forwarding === null || !forwarding.trusts(remoteAddress(req), 0)) return undefined;
  const hops = believedHops(req, forwarding);
  if (forwarding.fields === 'forwarded') return hops.findLast((hop) => hop[what])?.[what];
  const values = listOf(req.headers[`x-forwarded-${what}`]);
  return values[Math.max(0, values.length - Math.max(1, hops.length))] || undefined;
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
