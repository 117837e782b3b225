/** A record's bytes as they stand in a file, and how many they may be. */

/** Bytes of one record; a longer one is passed over. */
export const RECORD_BYTES = 32 * 1024 * 1024;

export type Piece = {
  /** Its line, or its place in the list, from 1. */
  readonly place: number;
  /** Undefined for one that is longer than `RECORD_BYTES`. */
  readonly bytes: Buffer | undefined;
  /** False where the file ends within it. */
  readonly whole: boolean;
};

export type Collector = {
  readonly add: (bytes: Buffer) => void;
  /** Whether anything was added since the last piece. */
  readonly any: () => boolean;
  readonly take: (whole: boolean) => Piece;
};

/** Puts pieces together from parts, and forgets one while it grows too long. */
export function openCollector(): Collector {
  let place = 1;
  let parts: Buffer[] = [];
  let size = 0;
  return {
    add: (bytes) => {
      size += bytes.length;
      if (size > RECORD_BYTES) parts = [];
      else parts.push(bytes);
    },
    any: () => size > 0,
    take: (whole) => {
      const bytes = size > RECORD_BYTES ? undefined : Buffer.concat(parts);
      parts = [];
      size = 0;
      return { place: place++, bytes, whole };
    },
  };
}
