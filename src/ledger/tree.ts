/** RFC 6962 hashing, and proofs: made from tiles, checked from hashes alone. */
import { hash } from 'node:crypto';
import { TILE_WIDTH, type Tile } from './tile.ts';

/** Bytes of a hash. */
export const HASH_BYTES = 32;

/** Reads a level's tile at the width it has in the tree that a proof is about. */
export type TileReader = (tile: Tile) => Promise<Uint8Array>;

const NODE_BYTES = 1 + 2 * HASH_BYTES;
const nodeInput = Buffer.alloc(NODE_BYTES, 1);
const leafInput = Buffer.alloc(4096, 0);
/** A text of a character a byte: making a buffer for each hash costs three times the hash. */
const TEXT = 'binary';

/** SHA-256(0x00 ‖ entry): RFC 6962 §2.1. */
export function leafHash(entry: Uint8Array): Buffer {
  return Buffer.from(leafText(entry), TEXT);
}

/** Writes the hash of an entry into a row of hashes. */
export function writeLeafHash(entry: Uint8Array, row: Buffer, at: number): void {
  row.write(leafText(entry), at, TEXT);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return Buffer.from(hash('sha256', nodeInput, TEXT), TEXT);
}

/** The root of a tree without leaves. */
export function emptyRoot(): Buffer {
  return hash('sha256', Buffer.alloc(0), 'buffer');
}

/** The root over `count` neighbouring hashes of a tile, `count` being a power of two. */
export function perfectRoot(tile: Uint8Array, first: number, count: number): Buffer {
  const row = Buffer.from(tile.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES));
  for (let bytes = row.length; bytes > HASH_BYTES; bytes /= 2) {
    // Each pair's hash goes where pairs before it were read from.
    for (let at = 0; at < bytes; at += 2 * HASH_BYTES) {
      row.copy(nodeInput, 1, at, at + 2 * HASH_BYTES);
      row.write(hash('sha256', nodeInput, TEXT), at / 2, TEXT);
    }
  }
  return Buffer.from(row.subarray(0, HASH_BYTES));
}

/** The path from leaf `index` to the root of the first `size` leaves, lowest first. */
export async function inclusionProof(
  index: number,
  size: number,
  read: TileReader,
): Promise<readonly Buffer[]> {
  const ranges: Range[] = [];
  let [low, high] = [0, size];
  while (high - low > 1) {
    const middle = low + split(high - low);
    if (index < middle) {
      ranges.push([middle, high]);
      high = middle;
    } else {
      ranges.push([low, middle]);
      low = middle;
    }
  }
  return hashRanges(ranges.reverse(), size, read);
}

/** What shows that the tree of `from` leaves is a prefix of the tree of `to` leaves; from ≥ 1. */
export async function consistencyProof(
  from: number,
  to: number,
  read: TileReader,
): Promise<readonly Buffer[]> {
  const ranges: Range[] = [];
  let [low, high] = [0, to];
  while (high !== from) {
    const middle = low + split(high - low);
    if (from <= middle) {
      ranges.push([middle, high]);
      high = middle;
    } else {
      ranges.push([low, middle]);
      low = middle;
    }
  }
  if (low > 0) ranges.push([low, high]);
  return hashRanges(ranges.reverse(), to, read);
}

/** The root of the first `size` leaves, from tiles. */
export async function treeRoot(size: number, read: TileReader): Promise<Buffer> {
  return size === 0 ? emptyRoot() : rangeHash([0, size], size, cached(read));
}

export type Inclusion = {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
};

/** RFC 9162 §2.1.3.2. */
export function verifyInclusion({ index, size, leaf, path, root }: Inclusion): boolean {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false;
  let [at, last] = [index, size - 1];
  let made = leaf;
  for (const step of path) {
    if (last === 0 || step.length !== HASH_BYTES) return false;
    if (at % 2 === 1 || at === last) {
      made = nodeHash(step, made);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      made = nodeHash(made, step);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && Buffer.compare(made, root) === 0;
}

export type Consistency = {
  readonly from: number;
  readonly fromRoot: Uint8Array;
  readonly to: number;
  readonly toRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
};

/** RFC 9162 §2.1.4.2; everything is consistent with the empty tree. */
export function verifyConsistency(proof: Consistency): boolean {
  const { from, fromRoot, to, toRoot } = proof;
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0)) return false;
  if (from > to || proof.path.some((step) => step.length !== HASH_BYTES)) return false;
  if (from === to) return proof.path.length === 0 && Buffer.compare(fromRoot, toRoot) === 0;
  if (from === 0) return proof.path.length === 0 && Buffer.compare(fromRoot, emptyRoot()) === 0;
  const path = isPowerOfTwo(from) ? [fromRoot, ...proof.path] : proof.path;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [at, last] = [from - 1, to - 1];
  while (at % 2 === 1) [at, last] = [(at - 1) / 2, Math.floor(last / 2)];
  let [older, newer] = [first, first];
  for (const step of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHash(step, older);
      newer = nodeHash(step, newer);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      newer = nodeHash(newer, step);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  const same = Buffer.compare(older, fromRoot) === 0 && Buffer.compare(newer, toRoot) === 0;
  return last === 0 && same;
}

function leafText(entry: Uint8Array): string {
  const bytes = entry.length + 1;
  const input = bytes <= leafInput.length ? leafInput.subarray(0, bytes) : Buffer.alloc(bytes);
  input.set(entry, 1);
  return hash('sha256', input, TEXT);
}

/** Leaves [low, high). */
type Range = readonly [low: number, high: number];

/** The largest power of two below `count`. */
function split(count: number): number {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

function isPowerOfTwo(count: number): boolean {
  return count === 1 || split(count) * 2 === count;
}

async function hashRanges(
  ranges: readonly Range[],
  size: number,
  read: TileReader,
): Promise<readonly Buffer[]> {
  const shared = cached(read);
  const hashes: Buffer[] = [];
  for (const range of ranges) hashes.push(await rangeHash(range, size, shared));
  return hashes;
}

function cached(read: TileReader): TileReader {
  const tiles = new Map<string, Promise<Uint8Array>>();
  return (tile) => {
    const key = `${tile.level}/${tile.n}`;
    const known = tiles.get(key) ?? read(tile);
    tiles.set(key, known);
    return known;
  };
}

async function rangeHash([low, high]: Range, size: number, read: TileReader): Promise<Buffer> {
  const count = high - low;
  if (!isPowerOfTwo(count)) {
    const middle = low + split(count);
    const left = await rangeHash([low, middle], size, read);
    return nodeHash(left, await rangeHash([middle, high], size, read));
  }
  let [level, first, width] = [0, low, count];
  let held = size;
  while (width >= TILE_WIDTH) {
    level++;
    first /= TILE_WIDTH;
    width /= TILE_WIDTH;
    held = Math.floor(held / TILE_WIDTH);
  }
  const n = Math.floor(first / TILE_WIDTH);
  const tile = await read({ level, n, width: Math.min(TILE_WIDTH, held - n * TILE_WIDTH) });
  return perfectRoot(tile, first % TILE_WIDTH, width);
}
