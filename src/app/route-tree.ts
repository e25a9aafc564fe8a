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
import { Params, putParam, siteOf } from './params-object.js';
import { decodeCanonical, MAX_PARAMS, type Piece } from './path-pattern.js';

/** Where a route may end. */
export class Leaf<R> {
  readonly route: R;
  /** The names of the parameters on the way here, in order. */
  readonly names: readonly string[];
  /** Where each of them is put on an object: see params-object.ts. */
  readonly sites: readonly number[];

  constructor(route: R, names: readonly string[]) {
    this.route = route;
    this.names = names;
    this.sites = names.map(siteOf);
  }
}

/** Text as paths are compared with it: a character of a path may lack the bit of `folds` that its lower case has. */
interface Text {
  readonly codes: readonly number[];
  readonly folds: readonly number[];
}

/** The end of a segment with parameters in it: from there on a path ends, or goes on with a slash. */
class SegmentEnd<R> {
  leaf: Leaf<R> | null = null;
  next: Node<R> | null = null;
}

/** What may follow a node. Only where it is `SEVERAL` must a search come back to try the next choice. */
type Following = typeof TEXT | typeof PARAM | typeof WILDCARD | typeof SEVERAL;
/** Text, or nothing. */
const TEXT = 0;
const PARAM = 1;
const WILDCARD = 2;
const SEVERAL = 3;

const NO_TEXT: Text = { codes: [], folds: [] };

class Node<R> {
  /** The text between the parent and this node. */
  text = '';
  length = 0;
  /** Its characters behind the first one, by which the parent chose. */
  rest: Text = NO_TEXT;
  leaf: Leaf<R> | null = null;
  following: Following = TEXT;
  /** Nodes that go on with text, by its first character less `base`: by both cases of it where case is folded. */
  children: (Node<R> | null)[] = [];
  base = 0;
  /** The same for first characters that are not ASCII, by character: with them the array would grow large. */
  others: Map<number, Node<R>> | null = null;
  divided: Divided<R>[] | null = null;
  param: SegmentEnd<R> | null = null;
  wildcard: Leaf<R> | null = null;
}

/** Parameters that share a segment with text. */
interface Divided<R> {
  readonly pieces: readonly string[];
  readonly texts: readonly Text[];
  readonly end: SegmentEnd<R>;
}

/**
 * Where the parameters of the search under way begin and end. One for all trees: a search calls nobody, so there is
 * never a second one.
 */
const starts = new Int32Array(MAX_PARAMS);
const ends = new Int32Array(MAX_PARAMS);

const SLASH = 0x2f;
/** What a lower case letter of ASCII has, and its upper case has not. */
const CASE_BIT = 0x20;

export class RouteTree<R> {
  /** A path begins as it goes on behind a segment: with a slash. */
  readonly #root = new SegmentEnd<R>();
  readonly #foldsCase: boolean;

  /** @param foldsCase Is the case of ASCII letters in text to be disregarded? Then text is added in lower case. */
  constructor(foldsCase: boolean) {
    this.#foldsCase = foldsCase;
  }

  /** Adds what a path may look like. The first leaf of equal pieces stays. */
  add(pieces: readonly Piece[], leaf: Leaf<R>): void {
    let end = this.#root;
    /** Where text has been added behind that. */
    let node: Node<R> | null = null;
    for (const piece of pieces) {
      if (piece.kind === 'text') {
        node = node === null ? this.#addNext(end, piece.text) : this.#addText(node, piece.text);
        continue;
      }
      // What is not text follows text: a path begins with a slash.
      const before = node as Node<R>;
      if (piece.kind === 'wildcard') {
        before.wildcard ??= leaf;
        before.following = followingOf(before);
        return;
      }
      end = this.#addParams(before, piece.texts);
      node = null;
    }
    (node ?? end).leaf ??= leaf;
  }

  /**
   * The leaf of a canonical path. Its parameters are told by `paramsOf()` until the next search.
   * @param end Where the path ends; one `/` behind it belongs to nothing but a wildcard.
   */
  find(path: string, end: number): Leaf<R> | null {
    return path.charCodeAt(0) === SLASH ? searchBehind(this.#root, path, end, 0, 0) : null;
  }

  #addNext(end: SegmentEnd<R>, text: string): Node<R> {
    end.next = this.#nodeFor(text, end.next);
    return this.#addRest(end.next, text);
  }

  #addText(node: Node<R>, text: string): Node<R> {
    const known = childOf(node, text.charCodeAt(0));
    const child = this.#nodeFor(text, known);
    if (child !== known) this.#setChild(node, child);
    return this.#addRest(child, text);
  }

  #addRest(node: Node<R>, text: string): Node<R> {
    return node.length === text.length ? node : this.#addText(node, text.slice(node.length));
  }

  /** A node for the text, or for what it has in common with the node that is there. */
  #nodeFor(text: string, known: Node<R> | null): Node<R> {
    return known === null ? this.#newNode(text) : this.#split(known, sharedLength(known.text, text));
  }

  /** The node for the first characters of a node's text. That node goes on from there, unless they are all it has. */
  #split(node: Node<R>, length: number): Node<R> {
    if (length === node.length) return node;
    const first = this.#newNode(node.text.slice(0, length));
    this.#setText(node, node.text.slice(length));
    this.#setChild(first, node);
    return first;
  }

  #newNode(text: string): Node<R> {
    const node = new Node<R>();
    this.#setText(node, text);
    return node;
  }

  #setText(node: Node<R>, text: string): void {
    node.text = text;
    node.length = text.length;
    node.rest = textOf(text.slice(1), this.#foldsCase);
  }

  /** Sets the child for the first character of its text, in the place of the one that is there. */
  #setChild(node: Node<R>, child: Node<R>): void {
    const code = child.text.charCodeAt(0);
    setChild(node, code, child);
    if (this.#foldsCase && isLowerCase(code)) setChild(node, code - CASE_BIT, child);
    node.following = followingOf(node);
  }

  #addParams(node: Node<R>, pieces: readonly string[]): SegmentEnd<R> {
    const end = pieces.length === 1 && pieces[0] === '' ? addParam(node) : this.#addDivided(node, pieces);
    node.following = followingOf(node);
    return end;
  }

  #addDivided(node: Node<R>, pieces: readonly string[]): SegmentEnd<R> {
    node.divided ??= [];
    const known = node.divided.find((divided) => comparePieces(divided.pieces, pieces) === 0);
    if (known !== undefined) return known.end;
    const end = new SegmentEnd<R>();
    node.divided.push({ pieces, texts: pieces.map((piece) => textOf(piece, this.#foldsCase)), end });
    node.divided.sort((a, b) => comparePieces(a.pieces, b.pieces));
    return end;
  }
}

/**
 * Searches from a node on.
 * @param at Where the first character of the node's text stands.
 * @param depth How many parameters have been read.
 */
function search<R>(from: Node<R>, path: string, end: number, at: number, depth: number): Leaf<R> | null {
  const { length } = path;
  let node = from;
  // With `| 0` the compiler knows that these are small integers, and need not make sure of it again and again.
  let index = at | 0;
  let param = depth | 0;
  for (;;) {
    const behind = (index + node.length) | 0;
    if (behind > length || !hasText(path, index + 1, node.rest)) return null;
    index = behind;
    if (index >= end) {
      if (index === end && node.leaf !== null) return node.leaf;
      if (index >= length) return null;
    }
    if (node.following === TEXT) {
      const child = childOf(node, path.charCodeAt(index));
      if (child === null) return null;
      node = child;
    } else if (node.following === PARAM) {
      const segmentEnd = endOfSegment(path, index);
      if (segmentEnd === index) return null;
      starts[param] = index;
      ends[param] = segmentEnd;
      const { leaf, next } = node.param as SegmentEnd<R>;
      if (segmentEnd === end && leaf !== null) return leaf;
      if (segmentEnd === length || next === null) return null;
      param = (param + 1) | 0;
      index = segmentEnd;
      node = next;
    } else if (node.following === WILDCARD) {
      starts[param] = index;
      ends[param] = length;
      return node.wildcard;
    } else {
      return searchSeveral(node, path, end, index, param);
    }
  }
}

/** Tries one after the other what may follow a node. */
function searchSeveral<R>(
  node: Node<R>,
  path: string,
  end: number,
  index: number,
  param: number,
): Leaf<R> | null {
  const child = childOf(node, path.charCodeAt(index));
  let found = child === null ? null : search(child, path, end, index, param);
  if (found !== null) return found;
  const segmentEnd = node.divided === null && node.param === null ? index : endOfSegment(path, index);
  if (node.divided !== null) {
    for (const { texts, end: behind } of node.divided) {
      if (!divide(path, index, segmentEnd, texts, param)) continue;
      found = searchBehind(behind, path, end, segmentEnd, param + texts.length);
      if (found !== null) return found;
    }
  }
  if (node.param !== null && segmentEnd > index) {
    starts[param] = index;
    ends[param] = segmentEnd;
    found = searchBehind(node.param, path, end, segmentEnd, param + 1);
    if (found !== null) return found;
  }
  if (node.wildcard === null) return null;
  starts[param] = index;
  ends[param] = path.length;
  return node.wildcard;
}

/** Searches from the end of a segment on, or from the beginning of the path. */
function searchBehind<R>(
  { leaf, next }: SegmentEnd<R>,
  path: string,
  end: number,
  index: number,
  param: number,
): Leaf<R> | null {
  if (index === end && leaf !== null) return leaf;
  return next === null || index === path.length ? null : search(next, path, end, index, param);
}

function childOf<R>(node: Node<R>, code: number): Node<R> | null {
  const { children } = node;
  const slot = (code - node.base) | 0;
  return slot >= 0 && slot < children.length ? children[slot] : otherChild(node, code);
}

function otherChild<R>(node: Node<R>, code: number): Node<R> | null {
  return node.others?.get(code) ?? null;
}

function followingOf<R>({ children, others, divided, param, wildcard }: Node<R>): Following {
  if (divided === null && param === null && wildcard === null) return TEXT;
  const isSeveral =
    children.length > 0 || others !== null || divided !== null || (param !== null && wildcard !== null);
  if (isSeveral) return SEVERAL;
  return param === null ? WILDCARD : PARAM;
}

function addParam<R>(node: Node<R>): SegmentEnd<R> {
  node.param ??= new SegmentEnd<R>();
  return node.param;
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
  if (end - base > old.length) {
    node.children = Array.from({ length: end - base }, (_, slot) => old[slot + base - oldBase] ?? null);
    node.base = base;
  }
  node.children[code - base] = child;
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** More text first, then more parameters; what then is left is put in some order that is always the same. */
function comparePieces(a: readonly string[], b: readonly string[]): number {
  const [textOfA, textOfB] = [a.join('/'), b.join('/')];
  const lengthOf = (text: string, texts: readonly string[]) => text.length - texts.length;
  return (
    lengthOf(textOfB, b) - lengthOf(textOfA, a) ||
    b.length - a.length ||
    (textOfA < textOfB ? -1 : textOfA > textOfB ? 1 : 0)
  );
}

function isLowerCase(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function textOf(text: string, foldsCase: boolean): Text {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return { codes, folds: codes.map((code) => (foldsCase && isLowerCase(code) ? CASE_BIT : 0)) };
}

/** Does the text stand there? The path is to be long enough. */
function hasText(path: string, index: number, { codes, folds }: Text): boolean {
  for (let i = 0; i < codes.length; i++) {
    if ((path.charCodeAt(index + i) | folds[i]) !== codes[i]) return false;
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
  texts: readonly Text[],
  firstParam: number,
): boolean {
  const last = texts.length - 1;
  let end = segmentEnd - texts[last].codes.length;
  if (end <= start || !hasText(path, end, texts[last])) return false;
  for (let i = last; i > 0; i--) {
    ends[firstParam + i] = end;
    const text = texts[i - 1];
    end -= text.codes.length + 1;
    while (end > start && !hasText(path, end, text)) end--;
    if (end <= start) return false;
    starts[firstParam + i] = end + text.codes.length;
  }
  starts[firstParam] = start;
  ends[firstParam] = end;
  return true;
}

/** The parameters of the last search, which found this leaf. */
export function paramsOf<R>({ names, sites }: Leaf<R>, path: string): Record<string, string> {
  const params = new Params();
  for (let i = 0; i < names.length; i++) putParam(params, sites[i], names[i], path.slice(starts[i], ends[i]));
  return params;
}

/** The same with what is encoded in a canonical path decoded. */
export function decodedParamsOf<R>(leaf: Leaf<R>, path: string): Record<string, string> {
  const params = paramsOf(leaf, path);
  for (const name of leaf.names) params[name] = decodeCanonical(params[name]);
  return params;
}
