/** A growing tree's right edge: append a leaf, know the root, hand over each tile that fills. */
import { TILE_WIDTH, type Tile } from './tile.ts';
import { emptyRoot, HASH_BYTES, nodeHash, perfectRoot } from './tree.ts';

export type Frontier = {
  readonly size: () => number;
  /** Keeps the leaf's bytes: they must not change. */
  readonly append: (leaf: Uint8Array) => void;
  /** Grows by a full tile of leaves, of which the root is known; only where none is unfinished. */
  readonly appendTile: (root: Uint8Array) => void;
  readonly root: () => Buffer;
  /** A copy of the hashes in a level's unfinished tile; empty where it has none. */
  readonly partial: (level: number) => Buffer;
  /** Where it stands, to open another one there. */
  readonly edge: () => Edge;
};

/** What a tree can grow on from: its size and the hashes of each level's unfinished tile. */
export type Edge = { readonly size: number; readonly partials: readonly Uint8Array[] };

/** Called with each tile of hashes that fills, lower levels first. */
export type OnTile = (tile: Tile & { readonly level: number }, bytes: Buffer) => void;

type Level = { tile: Buffer; width: number; n: number };

/** A frontier at an edge; the empty tree's where there is none. */
export function openFrontier(onTile: OnTile, edge: Edge = { size: 0, partials: [] }): Frontier {
  const levels = edge.partials.map((partial, level) => openLevel(partial, level, edge.size));
  // The roots of the perfect subtrees that make up the tree, by height.
  const peaks = openPeaks(levels);
  let size = edge.size;

  const push = (number: number, made: Uint8Array) => {
    const level = levels[number] ?? { tile: Buffer.allocUnsafe(0), width: 0, n: 0 };
    levels[number] = level;
    if (level.tile.length === 0) level.tile = Buffer.allocUnsafe(TILE_WIDTH * HASH_BYTES);
    level.tile.set(made, level.width * HASH_BYTES);
    level.width++;
    if (level.width < TILE_WIDTH) return;
    onTile({ level: number, n: level.n, width: TILE_WIDTH }, level.tile);
    levels[number] = { tile: Buffer.allocUnsafe(0), width: 0, n: level.n + 1 };
  };

  /** Joins the root of 2 ** `from` new leaves with the peaks of its height and above. */
  const join = (root: Uint8Array, from: number) => {
    let [made, height] = [root, from];
    for (let rest = size / 2 ** from; rest % 2 === 1; rest = (rest - 1) / 2) {
      made = nodeHash(peaks[height] as Uint8Array, made);
      peaks[height++] = undefined;
      if (height % 8 === 0) push(height / 8, made);
    }
    peaks[height] = made;
    size += 2 ** from;
  };

  const append = (leaf: Uint8Array) => {
    push(0, leaf);
    join(leaf, 0);
  };

  const appendTile = (made: Uint8Array) => {
    levels[0] = { tile: Buffer.allocUnsafe(0), width: 0, n: (levels[0]?.n ?? 0) + 1 };
    push(1, made);
    join(made, 8);
  };

  const root = () => rootOf(peaks);
  const partial = (number: number) => {
    const level = levels[number];
    return Buffer.from(level?.tile.subarray(0, level.width * HASH_BYTES) ?? []);
  };
  const edgeNow = () => ({ size, partials: levels.map((_, level) => partial(level)) });
  return { size: () => size, append, appendTile, root, partial, edge: edgeNow };
}

function rootOf(peaks: readonly (Uint8Array | undefined)[]): Buffer {
  let made: Uint8Array | undefined;
  for (const peak of peaks) {
    if (peak !== undefined) made = made === undefined ? peak : nodeHash(peak, made);
  }
  return made === undefined ? emptyRoot() : Buffer.from(made);
}

function openLevel(partial: Uint8Array, level: number, size: number): Level {
  const tile = Buffer.allocUnsafe(TILE_WIDTH * HASH_BYTES);
  tile.set(partial);
  const n = Math.floor(size / TILE_WIDTH ** (level + 1));
  return { tile, width: partial.length / HASH_BYTES, n };
}

function openPeaks(levels: readonly Level[]): (Uint8Array | undefined)[] {
  const peaks: (Uint8Array | undefined)[] = [];
  for (const { tile, width } of levels) {
    let end = width;
    for (let count = 1; count < TILE_WIDTH; count *= 2) {
      const present = Math.floor(width / count) % 2 === 1;
      if (present) end -= count;
      peaks.push(present ? perfectRoot(tile, end, count) : undefined);
    }
  }
  return peaks;
}
