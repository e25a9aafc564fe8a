/** Octets as text: Latin-1, a character for each octet. */

type Slice = (this: Uint8Array, from: number, to: number) => string;

/** What `toString('latin1')` comes to, without looking the encoding up for each of some short strings a message. */
const latin1Slice: Slice =
  (Buffer.prototype as unknown as { latin1Slice?: Slice }).latin1Slice ??
  function (this: Uint8Array, from, to) {
    return (this as Buffer).toString('latin1', from, to);
  };

export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return latin1Slice.call(bytes, from, to);
}
