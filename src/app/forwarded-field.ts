/**
 * Forwarded (RFC 7239): `for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`, the nearest hop last.
 *
 * What a client made up stands before what proxies added to it. It may leave a quote open, for the proxy's own to close
 * it: then nothing in the field is what it seems, and only its end is believed, which the nearest proxy wrote. The text
 * is read from left to right, so that nothing in it is read again and again.
 */

/** One hop as a proxy tells of it. */
export interface Hop {
  for?: string;
  proto?: string;
  host?: string;
}

/** Perhaps a pair. Tokens may hold more than RFC 9110's: addresses of IPv6 and ports go without quotes, too. */
const PAIR = /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+)))?[ \t]*/y;

/** Commas within quotes that the last hop may have. */
const MAX_COMMAS = 16;

/** The hops that a field tells of: all, or only the last where it is malformed. */
export function readForwarded(text: string): Hop[] {
  const hops: Hop[] = [];
  for (let at = 0; at < text.length; ) {
    const element = readElement(text, at);
    if (element === undefined) return lastHop(text);
    if (element.hop !== undefined) hops.push(element.hop);
    at = element.end + 1;
  }
  return hops;
}

/** The shortest end of the field, behind a comma, that is a whole hop. */
function lastHop(text: string): Hop[] {
  let comma = text.length;
  for (let tries = 0; tries <= MAX_COMMAS && comma > 0; tries++) {
    comma = text.lastIndexOf(',', comma - 1);
    const element = readElement(text, comma + 1);
    if (element?.hop !== undefined && element.end === text.length) return [element.hop];
  }
  return [];
}

/** What stands from an index to a comma or the end; without a hop where that is nothing. Undefined if malformed. */
function readElement(text: string, start: number): { hop: Hop | undefined; end: number } | undefined {
  let hop: Hop | undefined;
  for (let at = start; ; at++) {
    PAIR.lastIndex = at;
    const [, name, quoted, token] = PAIR.exec(text) as RegExpExecArray;
    at = PAIR.lastIndex;
    if (name !== undefined) {
      hop ??= {};
      const value = token ?? quoted.replace(/\\(.)/g, '$1');
      const key = name.toLowerCase();
      if (key === 'for') hop.for = withoutPort(value);
      else if (key === 'proto' || key === 'host') hop[key] = value;
    }
    if (at === text.length || text[at] === ',') return { hop, end: at };
    if (text[at] !== ';') return undefined;
  }
}

/** `[2001:db8::1]:4711` and `192.0.2.1:80` to the address. */
function withoutPort(node: string): string {
  if (node.startsWith('[')) return node.slice(1).split(']', 1)[0];
  return node.split(':').length === 2 ? node.split(':', 1)[0] : node;
}
