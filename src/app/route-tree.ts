/**
 * The radix tree that finds the route of a path, for one method.
 *
 * A node stands for what has been read of a path so far. From there on the next text is tried first, then parameters
 * with text in their segment (the most text first), then a parameter that is the whole rest of the segment, then a
 * wildcard. So text beats parameters, which beat wildcards, segment by segment from the left, in whatever order the
 * routes were added. Where a choice leads to no route, the next one is tried.
 *
 * That takes no longer than the table is large: each node is reached from one other in one way, parameters end with
 * their segment, a segment is divided in one way, and a wildcard ends the search. A path visits no node twice.
 */
import { decodeCanonical, MAX_PARAMS, type Piece } from './path-pattern.js';

/** Where a route may end. */
export interface Leaf<R> {
  readonly route: R;
  /** The names of the parameters on the way here, in order. */
  readonly names: readonly string[];
}

class Node<R> {
  /** The text between the parent's choice and this node's. */
  text: string;
  /** Its characters behind the first one, by which the parent chose. */
  codes: number[];
  leaf: Leaf<R> | null = null;
  /** Nodes that go on with text, by its first character less `base`: by both cases of it where case is folded. */
  children: (Node<R> | null)[] = [];
  base = 0;
  /** The same for first characters that are not ASCII, by character: with them the array would grow large. */
  others: Map<number, Node<R>> | null = null;
  divided: Divided<R>[] | null = null;
  param: Node<R> | null = null;
  wildcard: Leaf<R> | null = null;
  /** Is there a second choice behind text? Else nothing need be remembered on the way down. */
  hasChoice = false;

  constructor(text: string) {
    this.text = text;
    this.codes = codesOf(text.slice(1));
  }
}

/** Parameters that share a segment with text. */
interface Divided<R> {
  readonly texts: readonly string[];
  readonly codes: readonly (readonly number[])[];
  readonly next: Node<R>;
}

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/**
 * Where the parameters of the search under way begin and end. One for all trees: a search calls nobody, so there is
 * never a second one.
 */
const starts = new Int32Array(MAX_PARAMS);
const ends = new Int32Array(MAX_PARAMS);

export class RouteTree<R> {
  readonly #root = new Node<R>('');
  readonly #foldsCase: boolean;

  /** @param foldsCase Is the case of ASCII letters in text to be disregarded? Then text is added in lower case. */
  constructor(foldsCase: boolean) {
    this.#foldsCase = foldsCase;
  }

  /** Adds what a path may look like. The first leaf of equal pieces stays. */
  add(pieces: readonly Piece[], leaf: Leaf<R>): void {
    let node = this.#root;
    for (const piece of pieces) {
      if (piece.kind === 'text') node = this.#addText(node, piece.text);
      else if (piece.kind === 'params') node = addParams(node, piece.texts);
      else {
        node.wildcard ??= leaf;
        node.hasChoice = true;
        return;
      }
    }
    node.leaf ??= leaf;
  }

  /**
   * The leaf of a canonical path. Its parameters are told by `paramsOf()` until the next search.
   * @param end Where the path ends; one `/` behind it belongs to nothing but a wildcard.
   */
  find(path: string, end: number): Leaf<R> | null {
    return search(this.#root, path, end, this.#foldsCase, 0, 0);
  }

  #addText(from: Node<R>, text: string): Node<R> {
    let node = from;
    let rest = text;
    for (;;) {
      const slot = rest.charCodeAt(0) - node.base;
      const child = node.children[slot] ?? otherChild(node, slot);
      if (child === null) {
        const added = new Node<R>(rest);
        this.#setChild(node, added);
        return added;
      }
      const shared = sharedLength(child.text, rest);
      let next = child;
      if (shared < child.text.length) {
        next = new Node<R>(child.text.slice(0, shared));
        child.text = child.text.slice(shared);
        child.codes = codesOf(child.text.slice(1));
        this.#setChild(node, next);
        this.#setChild(next, child);
      }
      if (shared === rest.length) return next;
      rest = rest.slice(shared);
      node = next;
    }
  }

  /** Sets the child for the first character of its text, in the place of the one that is there. */
  #setChild(node: Node<R>, child: Node<R>): void {
    const code = child.text.charCodeAt(0);
    setChild(node, code, child);
    if (this.#foldsCase && code >= 0x61 && code <= 0x7a) setChild(node, code - 0x20, child);
  }
}

/**
 * Searches below a node.
 * @param at How much of the path has been read.
 * @param depth How many parameters have been read.
 */
function search<R>(
  from: Node<R>,
  path: string,
  end: number,
  foldsCase: boolean,
  at: number,
  depth: number,
): Leaf<R> | null {
  const length = path.length;
  let node = from;
  let index = at;
  let param = depth;
  for (;;) {
    if (index >= end) {
      if (index === end && node.leaf !== null) return node.leaf;
      if (index >= length) return null;
    }
    const slot = path.charCodeAt(index) - node.base;
    const child = slot >= 0 && slot < node.children.length ? node.children[slot] : otherChild(node, slot);
    if (child !== null) {
      const codes = child.codes;
      const behind = index + 1 + codes.length;
      if (behind <= length && hasText(path, index + 1, codes, foldsCase)) {
        if (!node.hasChoice) {
          node = child;
          index = behind;
          continue;
        }
        const found = search(child, path, end, foldsCase, behind, param);
        if (found !== null) return found;
      }
    }
    if (!node.hasChoice) return null;
    const segmentEnd = node.param === null && node.divided === null ? index : endOfSegment(path, index);
    if (node.divided !== null) {
      for (const { codes, next } of node.divided) {
        if (!divide(path, index, segmentEnd, codes, param, foldsCase)) continue;
        const found = search(next, path, end, foldsCase, segmentEnd, param + codes.length);
        if (found !== null) return found;
      }
    }
    if (node.param !== null && segmentEnd > index) {
      starts[param] = index;
      ends[param] = segmentEnd;
      if (node.wildcard === null) {
        node = node.param;
        index = segmentEnd;
        param++;
        continue;
      }
      const found = search(node.param, path, end, foldsCase, segmentEnd, param + 1);
      if (found !== null) return found;
    }
    if (node.wildcard !== null) {
      starts[param] = index;
      ends[param] = length;
    }
    return node.wildcard;
  }
}

function setChild<R>(node: Node<R>, code: number, child: Node<R>): void {
  if (code > 0x7f) {
    node.others ??= new Map();
    node.others.set(code, child);
    return;
  }
  const { children: old, base: oldBase } = node;
  const base = old.length === 0 ? code : Math.min(oldBase, code);
  const end = Math.max(oldBase + old.length, code + 1);
  node.children = Array.from({ length: end - base }, (_, slot) => old[slot + base - oldBase] ?? null);
  node.children[code - base] = child;
  node.base = base;
}

function otherChild<R>(node: Node<R>, slot: number): Node<R> | null {
  return node.others?.get(slot + node.base) ?? null;
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function addParams<R>(node: Node<R>, texts: readonly string[]): Node<R> {
  node.hasChoice = true;
  if (texts.length === 1 && texts[0] === '') {
    node.param ??= new Node<R>('');
    return node.param;
  }
  node.divided ??= [];
  const known = node.divided.find((divided) => compareTexts(divided.texts, texts) === 0);
  if (known !== undefined) return known.next;
  const next = new Node<R>('');
  node.divided.push({ texts, codes: texts.map(codesOf), next });
  node.divided.sort((a, b) => compareTexts(a.texts, b.texts));
  return next;
}

/** More text first, then more parameters; what then is left is put in some order that is always the same. */
function compareTexts(a: readonly string[], b: readonly string[]): number {
  const [textOfA, textOfB] = [a.join('/'), b.join('/')];
  const lengthOf = (text: string, texts: readonly string[]) => text.length - texts.length;
  return (
    lengthOf(textOfB, b) - lengthOf(textOfA, a) ||
    b.length - a.length ||
    (textOfA < textOfB ? -1 : textOfA > textOfB ? 1 : 0)
  );
}

function hasText(path: string, index: number, codes: readonly number[], foldsCase: boolean): boolean {
  for (let i = 0; i < codes.length; i++) {
    const code = path.charCodeAt(index + i);
    if (code !== codes[i]) {
      if (!foldsCase || code < 0x41 || code > 0x5a || (code | 0x20) !== codes[i]) return false;
    }
  }
  return true;
}

function endOfSegment(path: string, from: number): number {
  const end = path.indexOf('/', from);
  return end === -1 ? path.length : end;
}

/**
 * Divides a segment from its end on: each parameter begins behind the last place where the text before it can stand.
 * That leaves the most room to the parameters before it, so there is nothing to try twice.
 */
function divide(
  path: string,
  start: number,
  segmentEnd: number,
  texts: readonly (readonly number[])[],
  firstParam: number,
  foldsCase: boolean,
): boolean {
  const last = texts.length - 1;
  let end = segmentEnd - texts[last].length;
  if (end <= start || !hasText(path, end, texts[last], foldsCase)) return false;
  for (let i = last; i > 0; i--) {
    ends[firstParam + i] = end;
    const text = texts[i - 1];
    end -= text.length + 1;
    while (end > start && !hasText(path, end, text, foldsCase)) end--;
    if (end <= start) return false;
    starts[firstParam + i] = end + text.length;
  }
  starts[firstParam] = start;
  ends[firstParam] = end;
  return true;
}

/**
 * What parameters are put on: an object that inherits nothing, so that every name is just a name. With a prototype
 * that is empty instead of null the engine gives it the form that is made and read the fastest.
 */
const Params = function Params() {} as unknown as new () => Record<string, string>;
Params.prototype = Object.freeze(Object.create(null));

/** No parameters: one object for all routes without. */
export const NO_PARAMS: Record<string, string> = Object.freeze(new Params());

/** The parameters of the last search; there must be one at least. */
export function paramsOf(names: readonly string[], path: string): Record<string, string> {
  const params = new Params();
  const { length } = names;
  // Most routes have one or two, which take a tenth less time without a loop.
  params[names[0]] = path.slice(starts[0], ends[0]);
  if (length === 1) return params;
  params[names[1]] = path.slice(starts[1], ends[1]);
  for (let i = 2; i < length; i++) params[names[i]] = path.slice(starts[i], ends[i]);
  return params;
}

/** The same with what is encoded in a canonical path decoded. */
export function decodedParamsOf(names: readonly string[], path: string): Record<string, string> {
  const params = paramsOf(names, path);
  for (const name of names) params[name] = decodeCanonical(params[name]);
  return params;
}
