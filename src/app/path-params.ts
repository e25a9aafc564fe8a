/** The parameters of a path literal as a type: what `parsePathPattern` finds at run time, told by the compiler. */

/**
 * Names and types of the parameters of a path literal: `ParamsOf<'/users/:id/books/:book?'>` is
 * `{ id: string; book?: string }`. What stands in braces is optional, an unnamed wildcard is `'*'`. A path that is no
 * literal has parameters that only run time knows, and so may a part of it.
 */
export type ParamsOf<Path extends string> = Path extends unknown
  ? string extends Path
    ? Record<string, string>
    : Text<Path, [], never, never>
  : never;

/** What ends a name. Everything else is taken as a part of it, letters of every script among others. */
type EndOfName =
  | '/'
  | '-'
  | '.'
  | ':'
  | '*'
  | '?'
  | '{'
  | '}'
  | '('
  | ')'
  | '['
  | ']'
  | '+'
  | '!'
  | '\\'
  | '"'
  | "'"
  | '`'
  | '~'
  | '@'
  | ','
  | ';'
  | '='
  | '&'
  | '%'
  | '#'
  | '^'
  | '|'
  | '<'
  | '>'
  | ' ';

/** Reads on outside of a name. `Depth` has an element for each brace that is open. */
type Text<Rest extends string, Depth extends unknown[], Required extends string, Optional extends string> =
  // A part that is no literal would be read forever.
  string extends Rest
    ? Shape<Required, Optional> & Record<string, string>
    : Rest extends `${infer Char}${infer After}`
      ? Char extends '\\'
        ? After extends `${string}${infer Behind}`
          ? Text<Behind, Depth, Required, Optional>
          : Shape<Required, Optional>
        : Char extends '{'
          ? Text<After, [unknown, ...Depth], Required, Optional>
          : Char extends '}'
            ? Text<After, Depth extends [unknown, ...infer Outer] ? Outer : [], Required, Optional>
            : Char extends ':' | '*'
              ? After extends `"${infer Quoted}"${infer Behind}`
                ? Named<Quoted, Behind, Depth, Required, Optional>
                : Name<After, Char extends '*' ? '*' : '', '', Depth, Required, Optional>
              : Text<After, Depth, Required, Optional>
      : Shape<Required, Optional>;

/** Reads a name. `Unnamed` is what the parameter is called if there is none. */
type Name<
  Rest extends string,
  Unnamed extends string,
  Read extends string,
  Depth extends unknown[],
  Required extends string,
  Optional extends string,
> = string extends Rest
  ? Shape<Required, Optional> & Record<string, string>
  : Rest extends `${infer Char}${infer After}`
    ? Char extends EndOfName
      ? Named<Read extends '' ? Unnamed : Read, Rest, Depth, Required, Optional>
      : Name<After, Unnamed, `${Read}${Char}`, Depth, Required, Optional>
    : Named<Read extends '' ? Unnamed : Read, '', Depth, Required, Optional>;

/** A name has been read: is the parameter optional? */
type Named<
  Name extends string,
  Rest extends string,
  Depth extends unknown[],
  Required extends string,
  Optional extends string,
> = Rest extends `?${infer After}`
  ? Text<After, Depth, Required, Optional | Name>
  : Depth extends []
    ? Text<Rest, Depth, Required | Name, Optional>
    : Text<Rest, Depth, Required, Optional | Name>;

type Shape<Required extends string, Optional extends string> = Flat<
  { [Name in Required]: string } & { [Name in Optional]?: string }
>;

/** One object type instead of an intersection, so that editors show the parameters and not how they were found. */
type Flat<T> = { [Key in keyof T]: T[Key] };
