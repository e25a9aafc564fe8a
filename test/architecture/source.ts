export interface Literal {
  text: string;
  isPattern: boolean;
}

/** One source file as the rules see it: code without comments, its literals set apart. */
export interface Source {
  /** The code, comments blanked and the literal of number n replaced by "@n". */
  code: string;
  /** The string, template and regular expression literals, in order. */
  literals: Literal[];
  imports: { specifier: string; typeOnly: boolean }[];
}

/** Where a `/` starts a regular expression and not a division: after these. */
const BEFORE_REGEXP =
  /(?:^|[([{,;:=!&|?+\-*%<>~^}\n]|\b(?:return|typeof|case|in|of|do|else|void|delete))\s*$/;

/** Splits one TypeScript source. Knows as much of the language as the rules need. */
export function readSource(text: string): Source {
  const literals: Literal[] = [];
  let code = '';
  let at = 0;
  const literal = (end: number) => {
    code += `"@${literals.length}"`;
    literals.push({ text: text.slice(at + 1, end), isPattern: text[at] === '/' });
    at = end + 1;
  };
  while (at < text.length) {
    const char = text[at];
    const pair = text.slice(at, at + 2);
    if (pair === '//') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (pair === '/*') {
      at = text.indexOf('*/', at + 2) + 2;
      code += ' ';
    } else if (char === "'" || char === '"') {
      literal(closing(text, at + 1, char));
    } else if (char === '`') {
      literal(closingTemplate(text, at + 1));
    } else if (char === '/' && BEFORE_REGEXP.test(code)) {
      literal(closingRegExp(text, at + 1));
    } else {
      code += char;
      at++;
    }
  }
  return { code, literals, imports: readImports(code, literals) };
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  throw new Error(`a literal has no end: ${text.slice(from, from + 20)}`);
}

function closingTemplate(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '$' && text[at + 1] === '{') {
      depth++;
      at++;
    } else if (depth > 0 && text[at] === '}') depth--;
    else if (depth > 0 && (text[at] === '`' || text[at] === "'" || text[at] === '"')) {
      at = text[at] === '`' ? closingTemplate(text, at + 1) : closing(text, at + 1, text[at]);
    } else if (depth === 0 && text[at] === '`') return at;
  }
  throw new Error(`a template has no end: ${text.slice(from, from + 20)}`);
}

function closingRegExp(text: string, from: number): number {
  let inClass = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at;
  }
  throw new Error(`a regular expression has no end: ${text.slice(from, from + 20)}`);
}

function readImports(code: string, literals: Literal[]): Source['imports'] {
  const statements = code.matchAll(
    /\b(?:import|export)\b(\s+type\b(?!\s*(?:,|from)))?[^;"]*?\bfrom\s*"@(\d+)"/g,
  );
  const bare = code.matchAll(/\b(?:import|require)\s*\(?\s*"@(\d+)"/g);
  return [
    ...Array.from(statements, ([, type, index]) => ({
      specifier: literals[Number(index)].text,
      typeOnly: type !== undefined,
    })),
    ...Array.from(bare, ([, index]) => ({ specifier: literals[Number(index)].text, typeOnly: false })),
  ];
}
