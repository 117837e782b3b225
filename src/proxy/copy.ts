/** Bounded copies of what passes, and their decoding: nothing here may hold up what is copied. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

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

type Decode = (bytes: Buffer, limit_bytes: number) => Promise<Buffer>;

const ungzip = promisify(zlib.gunzip);
const unzlib = promisify(zlib.inflate);
const unraw = promisify(zlib.inflateRaw);
const unbrotli = promisify(zlib.brotliDecompress);

/** An answer that was cut is read as far as it came. */
const ZLIB = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', (bytes, max) => ungzip(bytes, { ...ZLIB, maxOutputLength: max })],
  ['x-gzip', (bytes, max) => ungzip(bytes, { ...ZLIB, maxOutputLength: max })],
  ['deflate', inflated],
  [
    'br',
    (bytes, max) =>
      unbrotli(bytes, {
        finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
        maxOutputLength: max,
      }),
  ],
  ['zstd', unzstd],
]);

/** Node before 22.15 has no zstd. */
async function unzstd(bytes: Buffer, max: number): Promise<Buffer> {
  const { zstdDecompress } = zlib as Partial<typeof zlib>;
  if (zstdDecompress === undefined) throw new Error('encoded in a way that this Node cannot read');
  return promisify(zstdDecompress)(bytes, { maxOutputLength: max });
}

/** RFC 9110 §8.4.1.2 means zlib; some send the bare stream. */
function inflated(bytes: Buffer, max: number): Promise<Buffer> {
  const options = { ...ZLIB, maxOutputLength: max };
  return ((bytes[0] ?? 0) & 0x0f) === 8 ? unzlib(bytes, options) : unraw(bytes, options);
}

/** The pieces as they were before `Content-Encoding`. Throws above the limit, or what zlib does. */
export async function decoded(
  pieces: readonly Piece[],
  encoding: string | undefined,
  limit_bytes: number,
): Promise<readonly Piece[]> {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const steps = names.filter((name) => name !== '' && name !== 'identity').reverse();
  if (steps.length === 0 || pieces.length === 0) return pieces;
  if (steps.length > 4) throw new Error('encoded too often');
  let bytes: Buffer = Buffer.concat(pieces.map(({ chunk }) => chunk));
  for (const step of steps) {
    const decode = DECODERS.get(step);
    if (decode === undefined) throw new Error('encoded in a way that is not known');
    bytes = await decode(bytes, limit_bytes);
  }
  return [{ chunk: bytes, at_ms: pieces.at(-1)?.at_ms ?? 0 }];
}

/** The pieces as text. */
export function textOf(pieces: readonly Piece[]): string {
  return Buffer.concat(pieces.map(({ chunk }) => chunk)).toString('utf8');
}
