/** The published files of a tenant's tree: where they are, and hashes read from them. */
import { Fault } from '../fault/fault.ts';
import type { Store } from '../store/store.ts';
import { levelWidth, parseTilePath, TILE_WIDTH, type Tile, tilePath } from './tile.ts';
import { HASH_BYTES, type TileReader } from './tree.ts';

export function ledgerKey(tenant: string, path: string): string {
  return `ledger/${tenant}/${path}`;
}

/** Whether a path names a file that a ledger publishes. */
export function isPublishedPath(path: string): boolean {
  return path === 'checkpoint' || path === 'vkey' || parseTilePath(path) !== undefined;
}

/** The tile as a tree of `size` leaves publishes it. */
export function tileAt(level: Tile['level'], n: number, size: number): Tile {
  return { level, n, width: Math.min(TILE_WIDTH, levelWidth(level, size) - n * TILE_WIDTH) };
}

/**
 * Tiles of a tree from the files published for `size` leaves or more: a partial tile goes when the
 * full one is there. Throws `ledger.damaged` where neither is.
 */
export function publishedTiles(store: Store, tenant: string, size: number): TileReader {
  return async ({ level, n }) => {
    const { width } = tileAt(level, n, size);
    for (const held of new Set([width, TILE_WIDTH])) {
      const tile = await store.get(ledgerKey(tenant, tilePath({ level, n, width: held })));
      if (tile?.length === held * HASH_BYTES) return tile;
    }
    const key = ledgerKey(tenant, tilePath({ level, n, width }));
    throw new Fault('ledger.damaged', `The tile ${key} is missing or damaged.`, {
      hint: 'Run `clawctl verify` for all that is wrong; restore the file from its copy.',
    });
  };
}
