/** Files as responses: one file, a download, a folder of static files. */
import { resolve } from 'node:path';
import { fileNotFound, invalidArgType, invalidArgValue, methodNotAllowed } from '../errors.js';
import { setAttachment } from './attachment.js';
import type { RequestLike, ResponseLike } from './exchange.js';
import { checkDotfiles, type Dotfiles, namesOf, pathBelow, pathnameOf, pathOfFile } from './file-paths.js';
import { type FileOptions, type OpenFile, openFile, respondWithFile, secondsOfAge } from './file-response.js';
import { rankEncodings } from './negotiation.js';
import { setLocation } from './redirect.js';
import { sendText } from './respond.js';
import { appendVary } from './vary.js';

export type { Dotfiles } from './file-paths.js';
export type { FileOptions } from './file-response.js';

/** The content codings of precompressed files, the best first, and what their names end with. */
const SUFFIXES: Readonly<Record<string, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' };
const CODINGS = Object.keys(SUFFIXES);

export interface SendFileOptions extends FileOptions {
  /** The folder that the path is below. Without one, the path is absolute. */
  root?: string;
  /** Default 'ignore': there is no such file. */
  dotfiles?: Dotfiles;
  /**
   * Send `file.br`, `file.zst` or `file.gz` in place of `file` to clients that take it: all three, or those listed
   * ('br', 'zstd', 'gzip'), in order of preference. Default false.
   */
  precompressed?: boolean | readonly string[];
}

export interface StaticOptions extends Omit<SendFileOptions, 'root'> {
  /** Extensions to try where there is no such file, such as 'html'. Default none. */
  extensions?: false | readonly string[];
  /**
   * Leave it to what comes next where there is no such file, the path is none, or the method is neither GET nor HEAD.
   * Default true; else these are errors, 404, 400, 403 and 405.
   */
  fallthrough?: boolean;
  /** The file that stands for a folder, or several to try. Default 'index.html'. */
  index?: false | string | readonly string[];
  /** Redirect from a folder's name without a slash at its end. Default true. */
  redirect?: boolean;
}

/** @throws ERR_INVALID_ARG_VALUE */
function codingsOf(precompressed: boolean | readonly string[] | undefined): readonly string[] {
  if (!precompressed) return [];
  if (precompressed === true) return CODINGS;
  for (const coding of precompressed) {
    if (!Object.hasOwn(SUFFIXES, coding)) {
      throw invalidArgValue('precompressed', precompressed, `must be of ${CODINGS.join(', ')}`);
    }
  }
  return precompressed;
}

/** @throws ERR_INVALID_ARG_VALUE */
function checkOptions({ dotfiles = 'ignore', maxAge = 0, precompressed }: SendFileOptions): void {
  checkDotfiles(dotfiles);
  if (Number.isNaN(secondsOfAge(maxAge))) {
    throw invalidArgValue('maxAge', maxAge, "must be a number of milliseconds or such as '30s', '10m', '7d'");
  }
  codingsOf(precompressed);
}

/** The variant of a file that the client likes best: an open one, in place of the file, or the file itself. */
async function variantOf(
  req: RequestLike,
  res: ResponseLike,
  file: OpenFile,
  codings: readonly string[],
): Promise<OpenFile> {
  if (codings.length === 0) return file;
  // Also where there is no variant: there may be one tomorrow, and caches keep what they have today.
  appendVary(res, 'Accept-Encoding');
  if (req.headers['accept-encoding'] === undefined) return file;
  for (const coding of rankEncodings(req, codings)) {
    if (coding === 'identity') break;
    const variant = await openFile(file.path + SUFFIXES[coding]).catch(() => undefined);
    if (variant?.stats.isFile()) {
      file.descriptor.close();
      return { ...variant, coding };
    }
    variant?.descriptor.close();
  }
  return file;
}

async function sendOpenFile(
  req: RequestLike,
  res: ResponseLike,
  file: OpenFile,
  options: SendFileOptions,
): Promise<void> {
  let variant = file;
  try {
    variant = await variantOf(req, res, file, codingsOf(options.precompressed));
  } catch (error) {
    file.descriptor.close();
    throw error;
  }
  await respondWithFile(req, res, variant, file.path, options);
}

/**
 * Answers with a file: its type, length, validators, conditions and ranges.
 * @throws (rejects with) ERR_FILE_NOT_FOUND (404), ERR_FILE_FORBIDDEN (403), ERR_INVALID_FILE_PATH (400),
 *   ERR_PRECONDITION_FAILED (412), ERR_RANGE_NOT_SATISFIABLE (416), ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, and
 *   what reading throws
 */
export async function sendFile(
  req: RequestLike,
  res: ResponseLike,
  path: string,
  options: SendFileOptions = {},
): Promise<void> {
  if (typeof path !== 'string') throw invalidArgType('path', 'of type string', path);
  checkOptions(options);
  const file = await openFile(pathOfFile(path, options.root, options.dotfiles ?? 'ignore'));
  if (!file.stats.isFile()) {
    file.descriptor.close();
    throw fileNotFound();
  }
  await sendOpenFile(req, res, file, options);
}

/**
 * Answers with a file that is to be saved.
 * @param filename What it is saved as. Default: its own name.
 * @throws (rejects with) as `sendFile`
 */
export async function download(
  req: RequestLike,
  res: ResponseLike,
  path: string,
  filename: string = path,
  options: SendFileOptions = {},
): Promise<void> {
  await sendFile(req, res, path, {
    ...options,
    setHeaders(response, filePath, stats) {
      options.setHeaders?.(response, filePath, stats);
      setAttachment(response, filename);
    },
  });
}

/** Goes on to what comes next in the chain. */
export type Next = (error?: unknown) => unknown;

/** Middleware that answers with the files of a folder. */
export type StaticMiddleware = (req: RequestLike, res: ResponseLike, next: Next) => Promise<void>;

/** Does the path name a folder by its slash? Below a mount path, '/' stands for the mount path with or without one. */
function endsWithSlash(req: RequestLike, pathname: string): boolean {
  const { originalUrl } = req as { originalUrl?: string };
  if (pathname !== '/' || originalUrl === undefined) return /\/\.?$/.test(pathname);
  return pathnameOf(originalUrl).endsWith('/');
}

/** What there is under a path: an open file, the name of a folder, nothing. */
async function find(path: string, isFolder: boolean, options: StaticOptions): Promise<OpenFile | 'folder'> {
  const { index = 'index.html', extensions } = options;
  let found: OpenFile | undefined;
  if (!isFolder) {
    const names = extensions
      ? ['', ...extensions.map((extension) => `.${extension.replace(/^\./, '')}`)]
      : [''];
    let isThere = false;
    for (const suffix of names) {
      found = await openUnlessAbsent(path + suffix);
      if (found?.stats.isFile()) return found;
      if (found !== undefined) {
        isThere = true;
        found.descriptor.close();
      }
    }
    if (isThere) return 'folder';
    throw fileNotFound();
  }
  for (const name of index === false ? [] : typeof index === 'string' ? [index] : index) {
    found = await openUnlessAbsent(resolve(path, name));
    if (found?.stats.isFile()) return found;
    found?.descriptor.close();
  }
  throw fileNotFound();
}

async function openUnlessAbsent(path: string): Promise<OpenFile | undefined> {
  try {
    return await openFile(path);
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined;
    throw error;
  }
}

/** From a folder's name to the same with a slash. Several slashes in front would be the name of another host. */
function redirectToFolder(req: RequestLike, res: ResponseLike): void {
  const target = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '/';
  const pathname = pathnameOf(target);
  const queryStart = target.indexOf('?');
  const query = queryStart === -1 ? '' : target.slice(queryStart);
  setLocation(res, `${pathname.replace(/^[/\\]+/, '/')}/${query}`);
  res.statusCode = 301;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  sendText(req, res, `Moved Permanently. Redirecting to ${String(res.getHeader('Location'))}`);
}

/**
 * Middleware that answers GET and HEAD with the files of a folder, and nothing outside of it. Symbolic links in the
 * folder are followed: they are its owner's.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 */
export function staticFiles(root: string, options: StaticOptions = {}): StaticMiddleware {
  if (typeof root !== 'string' || root === '') throw invalidArgType('root', 'a path', root);
  checkOptions(options);
  const folder = resolve(root);
  const { dotfiles = 'ignore', fallthrough = true } = options;
  return async function serveStatic(req, res, next) {
    const target = req.url ?? '/';
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      if (!fallthrough) {
        throw Object.assign(methodNotAllowed(String(req.method), pathnameOf(target)), {
          headers: { Allow: 'GET, HEAD' },
        });
      }
      await next();
      return;
    }
    let file: OpenFile | 'folder';
    try {
      const pathname = pathnameOf(target);
      const path = pathBelow(folder, namesOf(pathname), dotfiles);
      const isFolder = endsWithSlash(req, pathname);
      file = await find(path, isFolder, options);
      if (file === 'folder' && options.redirect === false) throw fileNotFound();
    } catch (error) {
      const { status } = error as { status?: number };
      if (!fallthrough || status === undefined || status >= 500) throw error;
      await next();
      return;
    }
    if (file === 'folder') redirectToFolder(req, res);
    else await sendOpenFile(req, res, file, options);
  };
}
