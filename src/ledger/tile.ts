/** Names and bytes of tiles and entry bundles, as C2SP tlog-tiles lays them out. */

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256;

/** A tile of hashes at a level, or a bundle of entries; `width` 256 is a full one. */
export type Tile = {
  readonly level: number | 'entries';
  readonly n: number;
  readonly width: number;
};

/** The path below a log's prefix: `tile/0/x001/234.p/17`. */
export function tilePath({ level, n, width }: Tile): string {
  const digits = String(n);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The tile that a path names, or undefined for any path but the one that `tilePath` writes. */
export function parseTilePath(path: string): Tile | undefined {
  const [, level, name, width] = path.match(PATH) ?? [];
  if (level === undefined || name === undefined) return undefined;
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    n: Number(name.replace(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const inRange = tile.width > 0 && Number.isSafeInteger(tile.n);
  return inRange && tilePath(tile) === path ? tile : undefined;
}

/** Hashes at a level, complete below, in a tree of `size` leaves. */
export function levelWidth(level: Tile['level'], size: number): number {
  return level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level);
}

/** Partial tiles and the partial bundle of a tree of `size` leaves. */
export function partialTiles(size: number): readonly Tile[] {
  const tiles: Tile[] = [];
  for (const level of ['entries', ...levels(size)] as const) {
    const held = levelWidth(level, size);
    const width = held % TILE_WIDTH;
    if (width > 0) tiles.push({ level, n: Math.floor(held / TILE_WIDTH), width });
  }
  return tiles;
}

/** Levels that have hashes in a tree of `size` leaves. */
function levels(size: number): readonly number[] {
  const all: number[] = [];
  while (levelWidth(all.length, size) > 0) all.push(all.length);
  return all;
}

/** (uint16 length ‖ entry) repeated; an entry has at most 65,535 bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

/** The entries of a bundle, as far as their lengths fit; `rest` bytes at its end fit none. */
export function decodeBundle(bytes: Buffer): {
  readonly entries: readonly Buffer[];
  readonly rest: number;
} {
  const entries: Buffer[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { entries, rest: bytes.length - at };
}
