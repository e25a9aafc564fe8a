/** From what a client asks for to the path of a file below a root, or to the reason why not. */
import { isAbsolute, join, resolve } from 'node:path';
import { fileForbidden, fileNotFound, invalidArgValue, invalidFilePath } from '../errors.js';
import { process } from '../http/process.js';

/** Names that begin with a dot: there is no such file, it is not for reading, it is a file as any other. */
export type Dotfiles = 'ignore' | 'deny' | 'allow';

/** @throws ERR_INVALID_ARG_VALUE */
export function checkDotfiles(dotfiles: Dotfiles): void {
  if (dotfiles !== 'ignore' && dotfiles !== 'deny' && dotfiles !== 'allow') {
    throw invalidArgValue('dotfiles', dotfiles, "must be 'ignore', 'deny' or 'allow'");
  }
}

const SEPARATORS = /[/\\]/;

/**
 * The pathname of a request-target in origin-form or absolute-form (RFC 9112 section 3.2), still encoded.
 */
export function pathnameOf(target: string): string {
  const end = target.search(/[?#]/);
  const path = end === -1 ? target : target.slice(0, end);
  if (path.startsWith('/')) return path;
  const authority = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i.exec(path);
  return authority === null ? path : path.slice(authority[0].length) || '/';
}

/**
 * The names in an encoded path, decoded once.
 *
 * A decoded name that holds a separator is refused rather than taken for two: what a proxy in front saw as one name
 * must not become a way around its rules. The backslash is refused everywhere, so that all platforms say the same.
 * @throws ERR_INVALID_FILE_PATH (400), ERR_FILE_FORBIDDEN (403) for `..`
 */
export function namesOf(pathname: string): string[] {
  const names: string[] = [];
  for (const encoded of pathname.split('/')) {
    let name: string;
    try {
      name = decodeURIComponent(encoded);
    } catch {
      throw invalidFilePath('has a malformed percent-encoding');
    }
    if (SEPARATORS.test(name)) throw invalidFilePath('has an encoded separator or a backslash');
    if (name.includes('\0')) throw invalidFilePath('has a NUL');
    if (name === '..') throw fileForbidden();
    if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

/** What Windows reads as something else than a name: a drive or a stream of a file, and names it cuts the end of. */
const WINDOWS_TRICK = /[:*?"<>|]|[. ]$/;

/**
 * The path of a file below a root.
 * @throws ERR_FILE_NOT_FOUND (404), ERR_FILE_FORBIDDEN (403), as `dotfiles` says
 */
export function pathBelow(root: string, names: readonly string[], dotfiles: Dotfiles): string {
  for (const name of names) {
    if (name.startsWith('.')) {
      if (dotfiles === 'deny') throw fileForbidden();
      if (dotfiles === 'ignore') throw fileNotFound();
    }
    if (process.platform === 'win32' && WINDOWS_TRICK.test(name)) throw fileNotFound();
  }
  return join(root, ...names);
}

/**
 * The path of a file that the application names, itself or with a part from a request: below the root, if there is
 * one, and without `..` in any case. Dotfiles are looked for below the root; without a root, in the file's own name.
 * @throws ERR_INVALID_ARG_VALUE for a relative path without a root; ERR_INVALID_FILE_PATH (400),
 *   ERR_FILE_FORBIDDEN (403), ERR_FILE_NOT_FOUND (404)
 */
export function pathOfFile(path: string, root: string | undefined, dotfiles: Dotfiles): string {
  if (path.includes('\0')) throw invalidFilePath('has a NUL');
  const names = path.split(SEPARATORS).filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw fileForbidden();
  // Here a separator is one: the application's own path, not a client's encoded one.
  if (root !== undefined) return pathBelow(resolve(root), names, dotfiles);
  if (!isAbsolute(path)) throw invalidArgValue('path', path, 'must be absolute where there is no root');
  pathBelow('', names.slice(-1), dotfiles);
  return resolve(path);
}
