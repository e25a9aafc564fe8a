/** Range (RFC 9110 section 14): which part of the content the client asks for. */

/** A part of the content, in bytes. */
export interface Part {
  start: number;
  /** Of the part, at least 1. */
  length: number;
}

/** Parts as Express's `req.range` has them. */
export interface Ranges extends Array<{ start: number; end: number }> {
  /** The unit, as it was sent. */
  type: string;
}

interface Asked {
  readonly unit: string;
  /** Those within the content, from `start` to before `end`. */
  readonly parts: readonly (readonly [start: number, end: number])[];
}

const FIELD = /^([^\s=,]+)[ \t]*=(.*)$/;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/** What a Range asks for of content of this length; undefined where it cannot be read. */
function read(range: string, length: number): Asked | undefined {
  const field = FIELD.exec(range.trim());
  if (field === null) return undefined;
  const parts: [start: number, end: number][] = [];
  let isEmpty = true;
  for (const text of field[2].split(',')) {
    const spec = text.trim();
    // Empty elements of a list count as none (section 5.6.1).
    if (spec === '') continue;
    isEmpty = false;
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
  return isEmpty ? undefined : { unit: field[1], parts };
}

/** Makes one of those that overlap or touch, in the order in which the first of each was asked for. */
function combined(parts: Asked['parts']): [start: number, end: number][] {
  const byStart = parts
    .map(([start, end], index) => ({ start, end, index }))
    .sort((a, b) => a.start - b.start);
  const merged: typeof byStart = [];
  for (const part of byStart) {
    const last = merged.at(-1);
    if (last === undefined || part.start > last.end) {
      merged.push(part);
    } else {
      last.end = Math.max(last.end, part.end);
      last.index = Math.min(last.index, part.index);
    }
  }
  return merged.sort((a, b) => a.index - b.index).map(({ start, end }) => [start, end]);
}

/**
 * The one part that a Range asks for.
 * @param length Of the whole content.
 * @returns undefined where the whole is to be sent: another unit, a range that cannot be read, or several parts that
 *   do not make one together (a server may ignore Range, section 14.2); null where no part lies within the content
 */
export function partOf(range: string, length: number): Part | null | undefined {
  const asked = read(range, length);
  if (asked === undefined || asked.unit.toLowerCase() !== 'bytes') return undefined;
  if (asked.parts.length === 0) return null;
  const [[start, end], ...others] = combined(asked.parts);
  return others.length === 0 ? { start, length: end - start } : undefined;
}

/**
 * The parts that a Range asks for, in its order, of whatever unit; `end` is in the part.
 * @param isCombined Make one of those that overlap or touch.
 * @returns -1 where none lies within the content, -2 where it cannot be read
 */
export function rangesOf(range: string, length: number, isCombined: boolean): Ranges | -1 | -2 {
  const asked = read(range, length);
  if (asked === undefined) return -2;
  if (asked.parts.length === 0) return -1;
  const parts = isCombined ? combined(asked.parts) : asked.parts;
  return Object.assign(
    parts.map(([start, end]) => ({ start, end: end - 1 })),
    { type: asked.unit },
  );
}
