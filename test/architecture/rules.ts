import { posix } from 'node:path';
import { type Literal, readSource, type Source } from './source.js';

/** A floor imports from floors of a lower rank and from itself. Floors of one rank do not know each other. */
const RANKS = new Map([
  ['errors', 0],
  ['wire', 1],
  ['http', 2],
  ['register', 3],
  ['app', 3],
  ['client', 3],
  ['cli', 4],
  ['index', 5],
]);

/** What wire/ may have of Node: bytes, and nothing that waits, reads or writes. */
const WIRE_BUILTINS = new Set(['node:buffer']);
const WAITING = /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|process|performance)\b/;

/** Builtins some of whose exports are made when they are asked for: an import asks for every one of them. */
const LAZY_BUILTINS = new Set(['node:process', 'node:tls', 'node:util']);

/**
 * A function literal that is assigned to a property, in a function or a class. V8 takes it for a method, which is made
 * once, and puts it into the old part of the heap: with all that it can see, it is there until the next full collection.
 */
const ASSIGNED_FUNCTION =
  /^[ \t]+(?!const\b|let\b)(?:\S.*)?(?:\.\w+|\]) = ((?:async )?(?:function\b|\w+ =>|\([^()\n]*\)(?:: [^=\n]+)? =>))/m;

/**
 * Globals that are accessors, named where requests pass: in a function or a class. Their getters are called each time,
 * for a hundred instructions. Taken from a module, they are what they were when the module was loaded.
 */
const ACCESSORS = new Map([
  ['Buffer', { pattern: /^[ \t]+.*(?<![.\w])Buffer\./m, module: 'node:buffer' }],
  ['process', { pattern: /^[ \t]+.*(?<![.\w])process\./m, module: 'http/process.ts' }],
]);

/** The floors that requests pass. */
const ACCESSOR_FLOORS = new Set(['wire', 'http', 'app']);

const FRAMING = 'wire/framing.ts';
const FRAMING_CONSTANTS = /\b(?:CONTENT_LENGTH|TRANSFER_ENCODING)(?:_NAME)?\b/;
const FRAMING_WORD = /content-length|transfer-encoding|chunked/i;

/**
 * Files beside wire/framing.ts that name the framing fields or the chunked coding, each with its reason. None of
 * them may decide where a message ends.
 */
export type FramingNames = ReadonlyMap<string, string>;

/** Files that take something from the modules that we stand for, each with its reason. None of them may serve by it. */
export type StockUses = ReadonlyMap<string, string>;

const STOCK = /^(?:node:)?(?:_http_\w+|https?2?)$/;

function floorOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '');
}

function checkImport(file: string, specifier: string, typeOnly: boolean): string | undefined {
  const floor = floorOf(file);
  // Its types may be taken: what is a drop-in says so in node:http's own types.
  if (!typeOnly && STOCK.test(specifier) && floor !== 'register') {
    return `${file} imports ${specifier}, which it stands for`;
  }
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    const other = floorOf(target.replace(/\.js$/, '.ts'));
    const [from, to] = [RANKS.get(floor), RANKS.get(other)];
    if (from === undefined || to === undefined) return `${file} imports ${specifier}: no such floor`;
    return floor === other || to < from
      ? undefined
      : `${file} imports ${specifier} from a floor not below it`;
  }
  if (floor === 'wire') {
    return WIRE_BUILTINS.has(specifier) ? undefined : `${file} imports ${specifier}: wire/ is pure`;
  }
  if (!typeOnly && LAZY_BUILTINS.has(specifier)) {
    return `${file} imports ${specifier}, all of it: process.getBuiltinModule() makes what is used`;
  }
  const mayDepend = (RANKS.get(floor) ?? 0) > 2;
  return mayDepend || specifier.startsWith('node:')
    ? undefined
    : `${file} imports ${specifier}: not a builtin`;
}

/**
 * Does the literal name a framing field or the chunked coding, so that code can look it up, compare or match it?
 * Prose and field lines to be written hold such words among others: they have spaces or a colon. A path names a
 * module.
 */
function namesFraming({ text, isPattern }: Literal): boolean {
  return FRAMING_WORD.test(text) && (isPattern || !/[\s:]|^\.{1,2}\//.test(text));
}

/** Which modules that we stand for does it ask the process for? */
function stockModules({ code, literals }: Source): string[] {
  return Array.from(
    code.matchAll(/\bgetBuiltinModule\(\s*"@(\d+)"/g),
    ([, at]) => literals[Number(at)].text,
  ).filter((name) => STOCK.test(name));
}

/** Which globals that are accessors does it name, and does not import? */
function namedAccessors(file: string, { code, imports }: Source): string[] {
  if (!ACCESSOR_FLOORS.has(floorOf(file))) return [];
  const modules = imports.map(({ specifier, typeOnly }) => {
    if (typeOnly) return '';
    return specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
      : specifier;
  });
  return Array.from(ACCESSORS)
    .filter(([, { pattern, module }]) => pattern.test(code) && !modules.includes(module))
    .map(([name, { module }]) => `${file} uses the global ${name}: ${module} has it without a getter`);
}

function checkSource(
  file: string,
  source: Source,
  framingNames: FramingNames,
  stockUses: StockUses,
): string[] {
  const found = source.imports
    .map(({ specifier, typeOnly }) => checkImport(file, specifier, typeOnly))
    .filter((complaint) => complaint !== undefined);
  if (floorOf(file) !== 'register' && !stockUses.has(file)) {
    found.push(...stockModules(source).map((name) => `${file} asks for ${name}, which it stands for`));
  }
  if (floorOf(file) === 'wire') {
    const waiting = source.code.match(WAITING);
    if (waiting) found.push(`${file} uses ${waiting[0]}: wire/ is pure`);
  }
  found.push(...namedAccessors(file, source));
  const assigned = source.code.match(ASSIGNED_FUNCTION);
  if (assigned)
    found.push(`${file} assigns a function literal, as in "${assigned[0].trim()}": it would not stay young`);
  if (file !== 'errors.ts') {
    for (const literal of source.literals) {
      const code = literal.text.match(/\b(?:ERR|HPE)_[A-Z0-9_]+/);
      if (code) found.push(`${file} holds the error code ${code[0]}: codes are rows of errors.ts`);
    }
  }
  if (file !== FRAMING && !framingNames.has(file)) {
    const constant = source.code.match(FRAMING_CONSTANTS);
    if (constant) found.push(`${file} uses ${constant[0]}: ${FRAMING} alone decides on framing`);
    const name = source.literals.find(namesFraming);
    if (name !== undefined) found.push(`${file} names ${name.text}: ${FRAMING} alone decides on framing`);
  }
  return found;
}

/** The files of each import cycle, types left out: they are gone at run time. */
function findCycles(sources: ReadonlyMap<string, Source>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) {
      found.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(' > ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const { specifier, typeOnly } of sources.get(file)?.imports ?? []) {
      if (typeOnly || !specifier.startsWith('.')) continue;
      visit(posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts'), [...path, file]);
    }
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return found;
}

/** Everything in these files (path below src/ to text) that breaks a rule of the house. */
export function findBreaches(
  files: ReadonlyMap<string, string>,
  framingNames: FramingNames,
  stockUses: StockUses,
): string[] {
  const sources = new Map(Array.from(files, ([file, text]) => [file, readSource(text)]));
  const found = [...sources].flatMap(([file, source]) => checkSource(file, source, framingNames, stockUses));
  for (const file of framingNames.keys()) {
    const source = sources.get(file);
    if (!source || !(FRAMING_CONSTANTS.test(source.code) || source.literals.some(namesFraming))) {
      found.push(`${file} no longer names a framing field: strike it from the list`);
    }
  }
  for (const file of stockUses.keys()) {
    const source = sources.get(file);
    if (!source || stockModules(source).length === 0) {
      found.push(`${file} no longer asks for what we stand for: strike it from the list`);
    }
  }
  return [...found, ...findCycles(sources)];
}
