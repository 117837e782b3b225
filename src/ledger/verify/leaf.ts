/** Settles what a tile's leaves are: its bundle of entries and its tile of hashes must agree. */

import { ledgerKey } from '../published.ts';
import { decodeBundle, parseTilePath, TILE_WIDTH, type Tile, tilePath } from '../tile.ts';
import { HASH_BYTES, leafHash } from '../tree.ts';
import type { Discrepancy, Findings } from './finding.ts';
import type { Held } from './tile.ts';

export type LeafOptions = {
  readonly tenant: string;
  readonly findings: Findings;
  readonly n: number;
  /** Leaves that the published tree has here. */
  readonly width: number;
  readonly bundle: Held | undefined;
  readonly tile: Held | undefined;
  /** Whether these leaves lead to what is above them. */
  readonly fits: (leaves: Buffer) => Promise<boolean>;
};

export type Leaves = {
  /** Hashes, one after the other. */
  readonly hashes: Buffer;
  /** Absent where the bundle is damaged. */
  readonly entries?: readonly Buffer[];
};

/** The leaves to go on with, or undefined where no file has them; reports what is wrong. */
export async function chooseLeaves(options: LeafOptions): Promise<Leaves | undefined> {
  const bundle = readBundle(options);
  const tile = readTile(options);
  if (bundle && tile && bundle.hashes.equals(tile)) return bundle;
  const found = finder(options);
  if (bundle && tile) {
    const at = firstDifference(bundle.hashes, tile);
    if (await options.fits(tile)) {
      found('entries', at, 'tampered', 'The entry does not hash to its leaf in the tree.');
      return { hashes: tile };
    }
    found(0, at, 'tampered', 'The leaf is not the hash of its entry.');
    if (await options.fits(bundle.hashes)) return bundle;
    found('entries', at, 'tampered', 'The entry does not lead to what was signed.');
    return bundle;
  }
  if (!bundle) reportUnread(found, 'entries', options);
  if (!tile) reportUnread(found, 0, options);
  return bundle ?? (tile && { hashes: tile });
}

function readBundle({ width, bundle }: LeafOptions): Required<Leaves> | undefined {
  if (bundle === undefined) return undefined;
  const { entries, rest } = decodeBundle(bundle.bytes);
  if (rest > 0 || entries.length !== widthOf(bundle)) return undefined;
  const wanted = entries.slice(0, width);
  return { hashes: Buffer.concat(wanted.map(leafHash)), entries: wanted };
}

function readTile({ width, tile }: LeafOptions): Buffer | undefined {
  if (tile === undefined || tile.bytes.length !== widthOf(tile) * HASH_BYTES) return undefined;
  return tile.bytes.subarray(0, width * HASH_BYTES);
}

function widthOf({ path }: Held): number {
  return parseTilePath(path)?.width ?? TILE_WIDTH;
}

type Found = (level: Tile['level'], at: number, kind: Discrepancy['kind'], message: string) => void;

function finder({ tenant, findings, n, width, ...held }: LeafOptions): Found {
  return (level, at, kind, message) => {
    const path = (level === 'entries' ? held.bundle : held.tile)?.path;
    const file = ledgerKey(tenant, path ?? tilePath({ level, n, width }));
    findings.add({ tenant, kind, index: n * TILE_WIDTH + at, file, message });
  };
}

function reportUnread(found: Found, level: Tile['level'], options: LeafOptions): void {
  const held = level === 'entries' ? options.bundle : options.tile;
  if (held === undefined) {
    found(level, 0, 'missing', 'A file of the published tree is missing.');
    return;
  }
  const whole = level === 'entries' ? decodeBundle(held.bytes).entries.length : 0;
  const at = Math.min(whole, options.width - 1);
  found(level, at, 'tampered', 'The file is not of its form and length.');
}

function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return Math.floor(at / HASH_BYTES);
}
