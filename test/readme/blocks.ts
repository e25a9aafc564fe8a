/** A fenced block of a Markdown file. */
export interface Block {
  file: string;
  /** The line of the opening fence, from 1. */
  line: number;
  language: string;
  /** The words after the language. */
  words: string[];
  text: string;
}

/** One request that a server snippet says how it answers: `// POST /echo hi -> 200 hi`. */
export interface Promised {
  method: string;
  path: string;
  body: string | undefined;
  status: number;
  content: string | undefined;
}

export function readBlocks(file: string, markdown: string): Block[] {
  const fences = markdown.matchAll(/^(`{3,})([^\n]*)\n(.*?)^\1$/gms);
  return Array.from(fences, ({ index, 2: opening, 3: text }) => {
    const [language, ...words] = opening.trim().split(/\s+/);
    return { file, line: markdown.slice(0, index).split('\n').length, language, words, text };
  });
}

export function readPromises(text: string): Promised[] {
  const lines = text.matchAll(/^\/\/ (GET|POST) (\S+)(?: (\S+))? -> (\d{3})(?: (.*))?$/gm);
  return Array.from(lines, ([, method, path, body, status, content]) => ({
    method,
    path,
    body,
    status: Number(status),
    content,
  }));
}
