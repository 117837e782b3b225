/** Bytes that come in pieces of any size, in one buffer that grows: a piece costs its bytes. */

export type Growing = {
  /** The bytes that are kept; valid until the next `add` or `clear`. */
  readonly bytes: () => Buffer;
  readonly add: (piece: Uint8Array) => void;
  readonly clear: () => void;
};

const FIRST_BYTES = 4096;
/** A buffer larger than this is not kept for the next use. */
const SPARE_BYTES = 1024 * 1024;

export function openGrowing(): Growing {
  let buffer = Buffer.alloc(0);
  let length = 0;
  return {
    bytes: () => buffer.subarray(0, length),
    add: (piece) => {
      const wanted = length + piece.length;
      if (wanted > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(wanted, buffer.length * 2, FIRST_BYTES));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      buffer.set(piece, length);
      length = wanted;
    },
    clear: () => {
      length = 0;
      if (buffer.length > SPARE_BYTES) buffer = Buffer.alloc(0);
    },
  };
}
