/**
 * The patterns of routes, such as `/users/:id/books/:book?`, and the one spelling in which they and the paths of
 * requests are compared.
 *
 * The syntax is Express 5's, with `:name?` and an unnamed `*` beside it:
 *
 *     :name  :"any name"   a parameter: one character or more, within one segment
 *     *name  *             a wildcard, the last segment: the rest of the path, one character or more, `/` among them
 *     :name?  *name?       a parameter or wildcard that is a whole segment, and may be missing with the `/` before it
 *     {...}                a part that may be missing, with all that is in it
 *     \x                   the character x as it is
 *
 * A segment may hold several parameters with text between them. The text that stands last in the segment divides it,
 * as in Express 5: `/:name.:ext` has `a.tar` and `gz` of `/a.tar.gz`.
 */
import { invalidRoutePath } from '../errors.js';
import { ownText } from '../wire/text.js';

/** A piece of a form. Names of parameters are not a part of it: two forms with equal pieces match the same paths. */
export type Piece =
  /** Text in canonical spelling; `/` divides segments. */
  | { readonly kind: 'text'; readonly text: string }
  /** Parameters up to the end of the segment. Each is followed by the text of the same index, the last by `''` or not. */
  | { readonly kind: 'params'; readonly texts: readonly string[] }
  /** The rest of the path. Stands last. */
  | { readonly kind: 'wildcard' };

/** A pattern with each of its optional parts either there or not. */
export interface PatternForm {
  readonly pieces: readonly Piece[];
  /** The names of the parameters, in order. */
  readonly names: readonly string[];
}

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param' | 'wildcard'; readonly name: string }
  | { readonly kind: 'group'; readonly tokens: readonly Token[] };
type FlatToken = Exclude<Token, { kind: 'group' }>;

/** Forms of one pattern: 2 to the number of its optional parts. Nobody writes as many by hand. */
const MAX_FORMS = 256;

/** Parameters of one pattern. */
export const MAX_PARAMS = 64;

const RESERVED = new Set('()[]?+!}');
const NAME = /[$_\p{ID_Start}][$\p{ID_Continue}]*/uy;

/**
 * All forms of a pattern, those with the more optional parts first.
 * @throws if the pattern is not valid.
 */
export function parsePathPattern(path: string): PatternForm[] {
  const tokens = new PatternReader(path).read();
  return alternatives(path, tokens).map((sequence) => toForm(path, sequence));
}

class PatternReader {
  readonly #path: string;
  #index = 0;
  readonly #names = new Set<string>();

  constructor(path: string) {
    // `*` alone is an old way to write every path; without a slash it would match none.
    this.#path = path.startsWith('*') ? `/${path}` : path;
  }

  read(): Token[] {
    return this.#readUntil('');
  }

  #readUntil(end: '' | '}'): Token[] {
    const path = this.#path;
    const tokens: Token[] = [];
    let text = '';
    const endText = () => {
      if (text !== '') tokens.push({ kind: 'text', text: this.#canonicalText(text) });
      text = '';
    };
    while (this.#index < path.length) {
      const char = path[this.#index];
      if (char === end) {
        endText();
        return tokens;
      }
      if (char === '\\') {
        this.#index += 2;
        if (this.#index > path.length) throw this.#error('there is no character behind the backslash');
        text += path[this.#index - 1];
      } else if (char === ':' || char === '*') {
        const token = this.#readParam(char);
        if (path[this.#index] !== '?') {
          endText();
          tokens.push(token);
        } else {
          if (!text.endsWith('/') || !this.#endsSegment(this.#index + 1)) {
            throw this.#error(
              `"?" at index ${this.#index} must follow a parameter that is a whole segment: put braces around what else is optional`,
            );
          }
          this.#index++;
          text = text.slice(0, -1);
          endText();
          tokens.push({ kind: 'group', tokens: [{ kind: 'text', text: '/' }, token] });
        }
      } else if (char === '{') {
        endText();
        const start = this.#index++;
        tokens.push({ kind: 'group', tokens: this.#readUntil('}') });
        if (path[this.#index++] !== '}') throw this.#error(`the brace at index ${start} is not closed`);
      } else if (RESERVED.has(char)) {
        throw this.#error(
          `"${char}" at index ${this.#index} has no meaning in a path: write "\\${char}" for the character itself`,
        );
      } else {
        text += char;
        this.#index++;
      }
    }
    endText();
    return tokens;
  }

  #readParam(sign: ':' | '*'): Token {
    const start = this.#index++;
    const name = this.#readName(start);
    if (name === '' && sign === ':') {
      throw this.#error(`the parameter at index ${start} has no name: write "\\:" for the character itself`);
    }
    const known = name || '*';
    if (this.#names.has(known)) throw this.#error(`two parameters are named "${known}"`);
    this.#names.add(known);
    if (this.#names.size > MAX_PARAMS) throw this.#error(`it has more than ${MAX_PARAMS} parameters`);
    return { kind: sign === ':' ? 'param' : 'wildcard', name: known };
  }

  #readName(start: number): string {
    const path = this.#path;
    if (path[this.#index] === '"') {
      const close = path.indexOf('"', this.#index + 1);
      if (close === -1) throw this.#error(`the quoted name at index ${start} is not closed`);
      const name = path.slice(this.#index + 1, close);
      if (name === '') throw this.#error(`the quoted name at index ${start} is empty`);
      this.#index = close + 1;
      return name;
    }
    NAME.lastIndex = this.#index;
    const name = NAME.exec(path)?.[0] ?? '';
    this.#index += name.length;
    return name;
  }

  #endsSegment(index: number): boolean {
    const rest = this.#path.slice(index, index + 2);
    return rest === '' || rest[0] === '/' || rest[0] === '}' || rest === '{/';
  }

  #canonicalText(text: string): string {
    const canonical = canonicalPath(text);
    if (canonical === undefined)
      throw this.#error('it has a malformed percent-encoding: write "%25" for "%"');
    return canonical;
  }

  #error(reason: string) {
    return invalidRoutePath(this.#path, reason);
  }
}

/** Every sequence of tokens that the groups allow, the first ones with the most. */
function alternatives(path: string, tokens: readonly Token[]): FlatToken[][] {
  let sequences: FlatToken[][] = [[]];
  for (const token of tokens) {
    if (token.kind !== 'group') {
      for (const sequence of sequences) sequence.push(token);
    } else {
      const parts = [...alternatives(path, token.tokens), []];
      sequences = sequences.flatMap((sequence) => parts.map((part) => [...sequence, ...part]));
      if (sequences.length > MAX_FORMS) throw invalidRoutePath(path, `it has more than ${MAX_FORMS} forms`);
    }
  }
  return sequences;
}

function toForm(path: string, tokens: readonly FlatToken[]): PatternForm {
  const pieces: Piece[] = [];
  const names: string[] = [];
  let text = '';
  /** What follows each parameter of the segment so far; the last one's text is in `text`. */
  let texts: string[] | undefined;
  const endText = () => {
    if (texts !== undefined) pieces.push({ kind: 'params', texts: [...texts, text] });
    else if (text !== '') pieces.push({ kind: 'text', text });
    texts = undefined;
    text = '';
  };
  for (const token of tokens) {
    if (token.kind === 'text') {
      const slash = texts === undefined ? -1 : token.text.indexOf('/');
      text += slash === -1 ? token.text : token.text.slice(0, slash);
      if (slash !== -1) {
        endText();
        text = token.text.slice(slash);
      }
    } else if (token.kind === 'param') {
      if (texts === undefined) {
        endText();
        texts = [];
      } else {
        if (text === '') throw invalidRoutePath(path, `there is no text before "${token.name}" to divide by`);
        texts.push(text);
        text = '';
      }
      names.push(token.name);
    } else {
      const isSegment = texts === undefined && text.endsWith('/');
      if (!isSegment || token !== tokens[tokens.length - 1]) {
        throw invalidRoutePath(path, `the wildcard "${token.name}" is not the whole last segment`);
      }
      endText();
      pieces.push({ kind: 'wildcard' });
      names.push(token.name);
    }
  }
  endText();
  const [first] = pieces;
  if (first !== undefined && !(first.kind === 'text' && first.text.startsWith('/'))) {
    throw invalidRoutePath(path, 'it does not start with "/"');
  }
  // As the engine keeps names of properties: they are put on an object for each request.
  return { pieces, names: names.map(ownText) };
}

const KEPT_ENCODED = /%(?:2f|25)/gi;

/**
 * The one spelling in which patterns and paths are compared: everything decoded, except that `/` and `%` as
 * characters of a segment stay `%2F` and `%25`. So a segment keeps its bounds, and nothing is ever decoded twice.
 * `undefined` if an escape is malformed: `%` without two hexadecimal digits, or bytes that are not UTF-8.
 */
export function canonicalPath(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path.replace(KEPT_ENCODED, (found) => (found[2] === '5' ? '%2525' : '%252F')));
  } catch {
    return undefined;
  }
}

/** A part of a canonical path as its reader wants it: `/` and `%` decoded too. */
export function decodeCanonical(text: string): string {
  return text.replace(KEPT_ENCODED, (found) => (found[2] === '5' ? '%' : '/'));
}

/** Without regard to the case of ASCII letters, the only ones that paths are compared without regard to. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
