/**
 * Where a text stops being JSON (RFC 8259), and why. JSON.parse says so in words that differ by engine, that quote
 * what the client sent, and sometimes without the place; so a text that it refused is read once more.
 */

/** Line and column count from 1, the column in UTF-16 code units. */
export interface JsonPlace {
  reason: string;
  line: number;
  column: number;
}

// What may come next.
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const COLON = 4;
const COMMA_OR_END = 5;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const LINE_END = /\r\n|\r|\n/g;

const REASONS = [
  'a value was expected',
  'a value or "]" was expected',
  'a key in double quotes was expected',
  'a key in double quotes or "}" was expected',
  '":" was expected',
  'a comma or the end of the object or array was expected',
];

/** The first place where the text is no JSON; null where it is. Nesting costs memory here, and no stack. */
export function findJsonError(text: string): JsonPlace | null {
  return new JsonReader(text).read();
}

class JsonReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(): JsonPlace | null {
    const { text } = this;
    const ends: string[] = [];
    let state = VALUE;
    for (;;) {
      this.skipWhitespace();
      const char = text[this.at];
      if (ends.length === 0 && state === COMMA_OR_END) {
        return char === undefined ? null : this.place('nothing was expected behind the value');
      }
      if (char === undefined) return this.place('the text ends too early');
      if (char === ends.at(-1) && state !== VALUE && state !== KEY && state !== COLON) {
        ends.pop();
        this.at++;
        state = COMMA_OR_END;
      } else if (state === COMMA_OR_END) {
        if (char !== ',') return this.place(REASONS[state]);
        this.at++;
        state = ends.at(-1) === '}' ? KEY : VALUE;
      } else if (state === COLON) {
        if (char !== ':') return this.place(REASONS[state]);
        this.at++;
        state = VALUE;
      } else if (state === KEY || state === KEY_OR_END) {
        if (char !== '"') return this.place(REASONS[state]);
        const wrong = this.readString();
        if (wrong !== null) return wrong;
        state = COLON;
      } else if (char === '{' || char === '[') {
        ends.push(char === '{' ? '}' : ']');
        this.at++;
        state = char === '{' ? KEY_OR_END : VALUE_OR_END;
      } else {
        const wrong = char === '"' ? this.readString() : this.readWord(REASONS[state]);
        if (wrong !== null) return wrong;
        state = COMMA_OR_END;
      }
    }
  }

  private skipWhitespace(): void {
    const { text } = this;
    for (; this.at < text.length; this.at++) {
      const code = text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  private readString(): JsonPlace | null {
    const { text } = this;
    this.at++;
    while (this.at < text.length) {
      const char = text[this.at];
      if (char === '"') {
        this.at++;
        return null;
      }
      if (char < ' ') return this.place('a control character in a string');
      if (char !== '\\') this.at++;
      else if (!this.take(ESCAPE)) return this.place('an escape that is none');
    }
    return this.place('a string has no end');
  }

  private readWord(expected: string): JsonPlace | null {
    return this.take(LITERAL) || this.take(NUMBER) ? null : this.place(expected);
  }

  private take(expression: RegExp): boolean {
    expression.lastIndex = this.at;
    if (!expression.test(this.text)) return false;
    this.at = expression.lastIndex;
    return true;
  }

  private place(reason: string): JsonPlace {
    let line = 1;
    let lineStart = 0;
    for (const { 0: end, index } of this.text.slice(0, this.at).matchAll(LINE_END)) {
      line++;
      lineStart = index + end.length;
    }
    return { reason, line, column: this.at - lineStart + 1 };
  }
}
