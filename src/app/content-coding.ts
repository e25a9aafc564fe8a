/** Content codings (RFC 9110 section 8.4) and their decoders. */
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** `zstd` came with Node 22.15. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

const DECODERS = new Map<string, () => Transform>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  // What HTTP calls deflate is the zlib format (section 8.4.1.2).
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
]);
if (createZstdDecompress !== undefined) DECODERS.set('zstd', () => createZstdDecompress());

/** The codings that are read here, by their registered names. */
export const CONTENT_CODINGS: readonly string[] = [...DECODERS.keys()].filter((name) => name !== 'x-gzip');

/** A decoder for one of them. */
export function createDecoder(coding: string): Transform {
  return (DECODERS.get(coding) as () => Transform)();
}
