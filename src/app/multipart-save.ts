/** A whole multipart form: fields in memory, files on disk or with a handler. */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidArgValue, malformedMultipart } from '../errors.js';
import type { BodyMessage } from './body.js';
import { append, type Form } from './form.js';
import { type FilePart, type MultipartOptions, multipart } from './multipart.js';

export interface SaveOptions extends MultipartOptions {
  /** Where files are written, under random names. It has to exist. */
  directory: string;
}

export interface HandleOptions<Handled> extends MultipartOptions {
  /** Called for each file, which it has to read; what it returns stands in `files`. */
  onFile: (file: FilePart) => Handled | Promise<Handled>;
}

/** A file that was written. */
export interface SavedFile {
  /** The name of the form's field. */
  name: string;
  /** What the client calls the file: to show, never to open. */
  filename: string;
  /** What the client takes it for. */
  type: string;
  /** Where it is. */
  path: string;
  /** In bytes. */
  size: number;
}

export interface MultipartForm<Handled> {
  /** As in a Form: an array where a name is repeated. */
  fields: Form;
  files: Handled[];
  /** Removes the files that were written. They are the caller's: to be moved, or removed by this. */
  remove(): Promise<void>;
}

/**
 * Reads the whole form. Where it fails (a limit, a malformed body, a client that went away, a handler that throws) no
 * file is left on disk. File inputs that were left empty, with neither name nor content, are left out.
 */
export function readMultipart(req: BodyMessage, options: SaveOptions): Promise<MultipartForm<SavedFile>>;
export function readMultipart<Handled>(
  req: BodyMessage,
  options: HandleOptions<Handled>,
): Promise<MultipartForm<Handled>>;
export async function readMultipart(
  req: BodyMessage,
  options: SaveOptions | HandleOptions<unknown>,
): Promise<MultipartForm<unknown>> {
  const paths: string[] = [];
  const remove = async () => {
    await Promise.all(paths.splice(0).map((path) => rm(path, { force: true })));
  };
  const take = taker(options, paths);
  const fields = Object.create(null) as Form;
  const files: unknown[] = [];
  try {
    for await (const part of multipart(req, options)) {
      if (part.kind === 'field') append(fields, part.name, part.value);
      else if (part.filename === '') await skipEmpty(part);
      else files.push(await take(part));
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { fields, files, remove };
}

function taker(options: SaveOptions | HandleOptions<unknown>, paths: string[]): (file: FilePart) => unknown {
  if ('onFile' in options && typeof options.onFile === 'function') return options.onFile;
  const { directory } = options as SaveOptions;
  if (typeof directory !== 'string' || directory === '') {
    throw invalidArgValue(
      'options.directory',
      directory,
      'must be a directory, where there is no options.onFile',
    );
  }
  return (file) => save(file, directory, paths);
}

async function save({ name, filename, type, stream }: FilePart, directory: string, paths: string[]) {
  const path = join(directory, randomUUID());
  // Opened before anything can fail, and closed before it is removed: no file comes to be behind our back.
  const handle = await open(path, 'wx', 0o600);
  paths.push(path);
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      await handle.writeFile(chunk);
      size += chunk.length;
    }
  } finally {
    await handle.close();
  }
  return { name, filename, type, path, size } satisfies SavedFile;
}

/** What browsers send for a file input that was left empty. */
async function skipEmpty(file: FilePart): Promise<void> {
  for await (const _ of file.stream) throw malformedMultipart('a file has no name');
}
