/**
 * application/x-www-form-urlencoded, of forms and of queries: as URLSearchParams reads it, but refusing what that
 * repairs.
 */
import { forbiddenKey, malformedForm, type RequestError, tooManyParameters } from '../errors.js';

/**
 * The parameters of a form, on an object without a prototype: a string, or an array in the order sent where a name
 * is repeated. Names are flat: `a[b]=c` is the parameter `a[b]`.
 */
export type Form = Record<string, string | string[]>;

/** The errors that what is read is refused with. */
export interface FormRefusals {
  /** @param parameter Which one, from 1. */
  malformed(parameter: number): RequestError;
  tooMany(limit: number): RequestError;
}

const OF_FORMS: FormRefusals = { malformed: malformedForm, tooMany: tooManyParameters };

/**
 * Reads `a=1&b=2`, with `+` for a space.
 * @param limit Of parameters.
 * @throws a 400 for a malformed percent-encoding, ERR_FORBIDDEN_KEY (400), and what `refusals` has for too many
 */
export function parseForm(text: string, limit: number, refusals = OF_FORMS): Form {
  const form = Object.create(null) as Form;
  let count = 0;
  for (let from = 0; from < text.length; ) {
    let to = text.indexOf('&', from);
    if (to < 0) to = text.length;
    if (to > from) {
      if (++count > limit) throw refusals.tooMany(limit);
      // Of the pair alone: looked for in all that follows, text without any would be read for each parameter again.
      const pair = text.slice(from, to);
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      const value = equals < 0 ? '' : decode(pair.slice(equals + 1), count, refusals);
      append(form, decode(name, count, refusals), value);
    }
    from = to + 1;
  }
  return form;
}

/** Adds a value under its name. @throws ERR_FORBIDDEN_KEY (400) */
export function append(form: Form, name: string, value: string): void {
  // Harmless here; the object that somebody copies it to may have a prototype.
  if (name === '__proto__') throw forbiddenKey('__proto__');
  const earlier = form[name];
  if (earlier === undefined) form[name] = value;
  else if (typeof earlier === 'string') form[name] = [earlier, value];
  else earlier.push(value);
}

function decode(part: string, parameter: number, refusals: FormRefusals): string {
  const spaced = part.includes('+') ? part.replaceAll('+', ' ') : part;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw refusals.malformed(parameter);
  }
}
