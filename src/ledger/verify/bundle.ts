/** Bundles of a published tree: the roots of those with which nothing is wrong, and entries. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../../store/disk.ts';
import { ledgerKey, tileAt } from '../published.ts';
import { decodeBundle, TILE_WIDTH, tilePath } from '../tile.ts';
import { HASH_BYTES, perfectRoot, writeLeafHash } from '../tree.ts';
import type { BundleRange, BundleRoots } from './crew.ts';

const row = Buffer.alloc(TILE_WIDTH * HASH_BYTES);

/** The root over a full bundle, where its entries and its tile of leaves agree in each byte. */
export function agreedRoot(bundle: Buffer, tile: Buffer): Buffer | undefined {
  let at = 0;
  for (let place = 0; place < TILE_WIDTH; place++) {
    if (at + 2 > bundle.length) return undefined;
    const end = at + 2 + bundle.readUInt16BE(at);
    if (end > bundle.length) return undefined;
    writeLeafHash(bundle.subarray(at + 2, end), row, place * HASH_BYTES);
    at = end;
  }
  const agreed = at === bundle.length && row.equals(tile);
  return agreed ? perfectRoot(row, 0, TILE_WIDTH) : undefined;
}

/** Those of a data folder. Blocks its thread: one that waits for each file costs twice as much. */
export function readRoots(data: string, { tenant, from, to }: BundleRange): BundleRoots {
  const hashes = Buffer.alloc((to - from) * HASH_BYTES);
  const agreed: boolean[] = [];
  for (let n = from; n < to; n++) {
    const [bundle, tile] = (['entries', 0] as const).map((level) =>
      read(join(data, ledgerKey(tenant, tilePath({ level, n, width: TILE_WIDTH })))),
    );
    const root = bundle && tile && agreedRoot(bundle, tile);
    root?.copy(hashes, (n - from) * HASH_BYTES);
    agreed.push(root !== undefined);
  }
  return { hashes, agreed };
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Reads entries of a published tree, and keeps the last bundle: records come in order. */
export function bundleReader(
  published: number,
  read: (path: string) => Promise<Buffer | undefined>,
): (index: number) => Buffer | undefined | Promise<Buffer | undefined> {
  let held: { readonly n: number; readonly entries: readonly Buffer[] } | undefined;

  async function readBundle(n: number): Promise<Buffer | undefined> {
    const { width } = tileAt('entries', n, published);
    for (const stored of new Set([width, TILE_WIDTH])) {
      const bytes = await read(tilePath({ level: 'entries', n, width: stored }));
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  return (index) => {
    const n = Math.floor(index / TILE_WIDTH);
    if (held?.n === n) return held.entries[index % TILE_WIDTH];
    return readBundle(n).then((bundle) => {
      const { entries } = decodeBundle(bundle ?? Buffer.alloc(0));
      held = { n, entries };
      return entries[index % TILE_WIDTH];
    });
  };
}
