/** Range (RFC 9110 section 14): which part of the content the client asks for. */

/** A part of the content, in bytes. */
export interface Part {
  start: number;
  /** Of the part, at least 1. */
  length: number;
}

const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/**
 * The one part that a Range asks for.
 * @param length Of the whole content.
 * @returns undefined where the whole is to be sent: another unit, a range that cannot be read, or several parts that
 *   do not make one together (a server may ignore Range, section 14.2); null where no part lies within the content
 */
export function partOf(range: string, length: number): Part | null | undefined {
  const specs = /^bytes[ \t]*=(.*)$/i.exec(range.trim())?.[1];
  if (specs === undefined) return undefined;
  const parts: [start: number, end: number][] = [];
  for (const text of specs.split(',')) {
    const spec = text.trim();
    // Empty elements of a list count as none (section 5.6.1).
    if (spec === '') continue;
    const match = SPEC.exec(spec);
    if (match === null) return undefined;
    const [, first, last, suffix] = match;
    if (suffix !== undefined) {
      const count = Math.min(Number(suffix), length);
      if (count > 0) parts.push([length - count, length]);
      continue;
    }
    const [start, end] = [Number(first), last === '' ? length : Number(last) + 1];
    if (end <= start && last !== '') return undefined;
    if (start < length) parts.push([start, Math.min(end, length)]);
  }
  if (parts.length === 0) return /\d/.test(specs) ? null : undefined;
  parts.sort(([a], [b]) => a - b);
  const [start] = parts[0];
  let [, end] = parts[0];
  for (const [nextStart, nextEnd] of parts) {
    if (nextStart > end) return undefined;
    end = Math.max(end, nextEnd);
  }
  return { start, length: end - start };
}
