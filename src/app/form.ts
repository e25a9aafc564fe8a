/** application/x-www-form-urlencoded, as URLSearchParams reads it, but refusing what that repairs. */
import { forbiddenKey, malformedForm, tooManyParameters } from '../errors.js';

/**
 * The parameters of a form, on an object without a prototype: a string, or an array in the order sent where a name
 * is repeated. Names are flat: `a[b]=c` is the parameter `a[b]`.
 */
export type Form = Record<string, string | string[]>;

/** Parses the text. Throws 400 for a malformed percent-encoding, 413 for too many parameters. */
export function parseForm(text: string, limit: number): Form {
  const form = Object.create(null) as Form;
  let count = 0;
  for (let from = 0; from < text.length; ) {
    let to = text.indexOf('&', from);
    if (to < 0) to = text.length;
    if (to > from) {
      if (++count > limit) throw tooManyParameters(limit);
      const pair = text.slice(from, to);
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      append(form, decode(name, count), equals < 0 ? '' : decode(pair.slice(equals + 1), count));
    }
    from = to + 1;
  }
  return form;
}

/** Adds a value under its name. */
export function append(form: Form, name: string, value: string): void {
  // Harmless here; the object that somebody copies it to may have a prototype.
  if (name === '__proto__') throw forbiddenKey('__proto__');
  const earlier = form[name];
  if (earlier === undefined) form[name] = value;
  else if (typeof earlier === 'string') form[name] = [earlier, value];
  else earlier.push(value);
}

function decode(part: string, parameter: number): string {
  const spaced = part.includes('+') ? part.replaceAll('+', ' ') : part;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformedForm(parameter);
  }
}
