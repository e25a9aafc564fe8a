/** Content codings (RFC 9110 section 8.4) and their decoders. */
import { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** A decoder, with how many bytes it has made use of. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Node has zstd since 22.15; not every version since then notices that a body was cut off. */
const { createZstdDecompress, zstdDecompressSync } = zlib as {
  createZstdDecompress?: () => Decoder;
  zstdDecompressSync?: (bytes: Buffer) => Buffer;
};

/** Is the start of a frame refused where the rest is missing? Half a body must not pass for one. */
function noticesTruncation(decompress: (bytes: Buffer) => Buffer): boolean {
  try {
    decompress(Buffer.of(0x28, 0xb5, 0x2f, 0xfd));
    return false;
  } catch {
    return true;
  }
}

const DECODERS = new Map<string, () => Decoder>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  // What HTTP calls deflate is the zlib format (section 8.4.1.2).
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
]);
if (createZstdDecompress && zstdDecompressSync && noticesTruncation(zstdDecompressSync)) {
  DECODERS.set('zstd', () => createZstdDecompress());
}

/** The codings that are read here, by their registered names. */
export const CONTENT_CODINGS: readonly string[] = [...DECODERS.keys()].filter((name) => name !== 'x-gzip');

/** A decoder for one of them. */
export function createDecoder(coding: string): Decoder {
  return (DECODERS.get(coding) as () => Decoder)();
}

/**
 * Does a decoder leave what stands behind the end of its coding, and say nothing of it? That of gzip reads on, as one
 * member may follow another, and takes NULs for padding.
 */
export function leavesRest(coding: string): boolean {
  return coding !== 'gzip' && coding !== 'x-gzip';
}
