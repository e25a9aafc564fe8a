/** Arbitrary parts of messages, each under the rule it follows. */
import fc from 'fast-check';

const TCHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function stringOf(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
}

function characters(belongs: (code: number) => boolean): string {
  let all = '';
  for (let code = 0; code < 256; code++) if (belongs(code)) all += String.fromCharCode(code);
  return all;
}

/** `token` (RFC 9110 section 5.6.2). */
export const token = stringOf(TCHARS, 1, 12);

const FRAMING_OR_HOST = /^(content-length|transfer-encoding|host)$/i;

/** A field name that decides nothing over the message. */
export const fieldName = fc.oneof(
  token.filter((name) => !FRAMING_OR_HOST.test(name)),
  fc.constantFrom(
    'Connection',
    'Cookie',
    'set-cookie',
    'ACCEPT',
    '__proto__',
    'constructor',
    'X',
    'Keep-Alive',
  ),
);

/** `field-value` (section 5.5), with no whitespace at its ends. */
export const fieldValue = stringOf(
  characters((code) => code === 9 || (code >= 0x20 && code !== 0x7f)),
  0,
  20,
).map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''));

/** Optional whitespace. */
export const ows = stringOf(' \t', 0, 3);

export const fieldLine = fc.record({ name: fieldName, before: ows, value: fieldValue, after: ows });

export type FieldLine = { name: string; before: string; value: string; after: string };

/** As it stands on the wire, with its line end. */
export function fieldLineText({ name, before, value, after }: FieldLine): string {
  return `${name}:${before}${value}${after}\r\n`;
}

/** A request-target in origin-form. */
export const originForm = stringOf(
  characters((code) => code > 0x20 && code < 0x7f),
  0,
  30,
).map((rest) => `/${rest}`);

export const content = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

const chunkExtension = fc
  .tuple(
    token,
    fc.oneof(
      fc.constant(''),
      token.map((value) => `=${value}`),
      fieldValue.map((value) => `="${value.replace(/["\\]/g, '\\$&')}"`),
    ),
  )
  .map(([name, value]) => `;${name}${value}`);

/** A chunk: its content, and how it stands on the wire. */
export const chunk = fc
  .record({
    piece: content.filter((text) => text.length > 0),
    zeros: fc.nat(3),
    isUpperCase: fc.boolean(),
    extensions: fc.array(chunkExtension, { maxLength: 2 }),
  })
  .map(({ piece, zeros, isUpperCase, extensions }) => {
    const size = piece.length.toString(16);
    const text = `${'0'.repeat(zeros)}${isUpperCase ? size.toUpperCase() : size}${extensions.join('')}`;
    return { piece, coded: `${text}\r\n${piece}\r\n` };
  });

/** Framed content: field lines that frame it, and the bytes behind the header section. */
export const framedContent: fc.Arbitrary<Framed> = fc.oneof(
  fc.constant<Framed>({ lines: [], content: '', coded: '', trailers: [] }),
  content.map((text) => ({
    lines: [{ name: 'Content-Length', before: ' ', value: `${text.length}`, after: '' }],
    content: text,
    coded: text,
    trailers: [],
  })),
  fc
    .record({
      chunks: fc.array(chunk, { maxLength: 4 }),
      trailers: fc.array(fieldLine, { maxLength: 3 }),
      value: fc.constantFrom('chunked', 'Chunked', 'gzip, chunked', 'deflate ,\tCHUNKED'),
    })
    .map(({ chunks, trailers, value }) => ({
      lines: [{ name: 'Transfer-Encoding', before: ' ', value, after: '' }],
      content: chunks.map((each) => each.piece).join(''),
      coded: `${chunks.map((each) => each.coded).join('')}0\r\n${trailers.map(fieldLineText).join('')}\r\n`,
      trailers,
    })),
);

export interface Framed {
  lines: FieldLine[];
  content: string;
  coded: string;
  trailers: FieldLine[];
}

/** Places to cut bytes at, as fractions of their length. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

/** The text in pieces, cut at those places. */
export function cutAt(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const offsets = [
    0,
    ...places.map((place) => Math.round(place * bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ];
  return offsets.slice(1).map((to, i) => bytes.subarray(offsets[i], to));
}
