/** Bounded copies of what passes, and their decoding: nothing here may hold up what is copied. */
import { isPacked, unpacked } from './decode.ts';

export type Copy = {
  readonly add: (chunk: Buffer, at_ms: number) => void;
  /** Undefined where it was more than the limit. */
  readonly chunks: () => readonly Piece[] | undefined;
  /** Bytes that passed, kept or not. */
  readonly bytes: () => number;
  readonly release: () => void;
};

export type Piece = { readonly chunk: Buffer; readonly at_ms: number };

/** Bytes of all copies at once; a copy that finds no room is given up. */
export type Room = { left: number };

/** What an array and two objects cost beside the bytes of a piece. */
const PIECE_BYTES = 256;

export function openCopy(limit_bytes: number, room: Room): Copy {
  let kept: Piece[] | undefined = [];
  let held = 0;
  let bytes = 0;
  const release = () => {
    kept = undefined;
    room.left += held;
    held = 0;
  };
  return {
    add: (chunk, at_ms) => {
      bytes += chunk.length;
      if (kept === undefined) return;
      const cost = chunk.length + PIECE_BYTES;
      if (bytes > limit_bytes || cost > room.left) return release();
      room.left -= cost;
      held += cost;
      kept.push({ chunk, at_ms });
    },
    chunks: () => kept,
    bytes: () => bytes,
    release,
  };
}

/** The pieces as they were before `Content-Encoding`. Throws as `unpacked` does. */
export async function decoded(
  pieces: readonly Piece[],
  encoding: string | undefined,
  limit_bytes: number,
): Promise<readonly Piece[]> {
  if (!isPacked(encoding) || pieces.length === 0) return pieces;
  const body = Buffer.concat(pieces.map(({ chunk }) => chunk));
  const bytes = await unpacked(body, encoding, limit_bytes);
  return [{ chunk: bytes, at_ms: pieces.at(-1)?.at_ms ?? 0 }];
}

/** The pieces as text. */
export function textOf(pieces: readonly Piece[]): string {
  return Buffer.concat(pieces.map(({ chunk }) => chunk)).toString('utf8');
}

/** An array of chunks that was cut is read up to the last whole one. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const end = text.lastIndexOf('\n}');
    if (!text.startsWith('[') || end < 0) throw new Error('its body is no JSON', { cause: error });
    return JSON.parse(`${text.slice(0, end + 2)}]`);
  }
}
