/** A tenant's stored tiles and bundles, read and compared with what the tree makes of them. */

import { ledgerKey, tileAt } from '../published.ts';
import {
  decodeBundle,
  encodeBundle,
  levelWidth,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  tilePath,
} from '../tile.ts';
import { HASH_BYTES } from '../tree.ts';
import type { Discrepancy, Findings } from './finding.ts';
import type { Source } from './source.ts';

/** A file's bytes and the path that they were read from. */
export type Held = { readonly path: string; readonly bytes: Buffer };

export type Tiles = {
  /** The file that a published tree of `size` leaves must have: its own, else the full one. */
  readonly required: (level: Tile['level'], n: number, size: number) => Promise<Held | undefined>;
  /** Compares one file with what it must begin with. */
  readonly compare: (held: Held | undefined, tile: Tile, expected: Buffer) => void;
  /** Compares the other stored files of a tile: partial ones, and those of unpublished trees. */
  readonly compareOthers: (tile: Tile, expected: Expected) => Promise<void>;
  /** Whether partial files of a tile are stored too. */
  readonly hasPartials: (level: Tile['level'], n: number) => boolean;
  /** Whether the source listed any tile. */
  readonly listed: () => boolean;
  /** Reports stored files that only a larger tree than the signed one can have. */
  readonly reportBeyond: (signed: number) => void;
  /** Compares the rest, given what a tile holds that did not fill. */
  readonly finish: (known: (tile: Omit<Tile, 'width'>) => Unfinished | undefined) => Promise<void>;
};

/** A tile that has not filled. */
export type Unfinished = { readonly width: number; readonly expected: Expected };

/** The bytes of a tile at a width. */
export type Expected = (width: number) => Buffer;

export type TilesOptions = {
  readonly source: Source;
  readonly tenant: string;
  readonly findings: Findings;
  /** Size of the tree whose files are asked for in any case. */
  readonly claimed: number;
};

/** Lists what is stored, where the source can; the files themselves are read when asked for. */
export async function openTiles(options: TilesOptions): Promise<Tiles> {
  const { source, tenant } = options;
  const { others, listed } = await listOthers(options);
  const compare: Tiles['compare'] = (held, tile, expected) => {
    const finding = difference(tenant, { held, tile, expected });
    if (finding !== undefined) options.findings.add(finding);
  };

  async function compareOthers({ level, n, width }: Tile, expected: Expected): Promise<void> {
    const widths = others.get(groupOf({ level, n }));
    for (const held of widths ?? []) {
      if (held > width) continue;
      widths?.delete(held);
      const path = tilePath({ level, n, width: held });
      const bytes = await source.file(tenant, path);
      if (bytes !== undefined) compare({ path, bytes }, { level, n, width: held }, expected(held));
    }
  }

  return {
    compare,
    compareOthers,
    async required(level, n, size) {
      const { width } = tileAt(level, n, size);
      others.get(groupOf({ level, n }))?.delete(width);
      for (const held of new Set([width, TILE_WIDTH])) {
        const path = tilePath({ level, n, width: held });
        const bytes = await source.file(tenant, path);
        if (bytes !== undefined) return { path, bytes };
      }
      return undefined;
    },
    hasPartials: (level, n) =>
      [...(others.get(groupOf({ level, n })) ?? [])].some((width) => width < TILE_WIDTH),
    listed: () => listed,
    reportBeyond: (signed) => reportBeyond(options, others, signed),
    async finish(known) {
      for (const group of others.keys()) {
        const { level, n } = parseGroup(group);
        const unfinished = known({ level, n });
        if (unfinished === undefined) continue;
        await compareOthers({ level, n, width: unfinished.width }, unfinished.expected);
      }
    },
  };
}

type Others = ReadonlyMap<string, Set<number>>;

function reportBeyond({ tenant, findings }: TilesOptions, others: Others, signed: number): void {
  for (const [group, widths] of others) {
    const { level, n } = parseGroup(group);
    for (const width of widths) {
      if (n * TILE_WIDTH + width <= levelWidth(level, signed)) continue;
      const file = ledgerKey(tenant, tilePath({ level, n, width }));
      const message = 'The file is of a larger tree than was signed: the head was rolled back.';
      findings.add({ tenant, kind: 'truncated', file, message });
    }
  }
}

type Comparison = {
  readonly held: Held | undefined;
  readonly tile: Tile;
  readonly expected: Buffer;
};

function difference(tenant: string, comparison: Comparison): Discrepancy | undefined {
  const { held, tile, expected } = comparison;
  const first = tile.n * TILE_WIDTH;
  const leaves = tile.level === 'entries' ? 1 : TILE_WIDTH ** tile.level;
  if (held === undefined) {
    const file = ledgerKey(tenant, tilePath(tile));
    const message = 'A file of the published tree is missing.';
    return { tenant, kind: 'missing', index: first * leaves, file, message };
  }
  const file = ledgerKey(tenant, held.path);
  const whole = parseTilePath(held.path)?.width === tile.width;
  const begin = whole ? held.bytes : held.bytes.subarray(0, expected.length);
  if (begin.equals(expected)) return undefined;
  const index = (first + differing(tile, begin, expected)) * leaves;
  const message = `The ${tile.level === 'entries' ? 'bundle' : 'tile'} is not the tree's.`;
  return { tenant, kind: 'tampered', index, file, message };
}

/** Widths that are stored of each tile, but for full ones of the claimed tree: too many to keep. */
async function listOthers({ source, tenant, claimed }: TilesOptions) {
  const others = new Map<string, Set<number>>();
  let listed = false;
  for await (const path of source.paths?.(tenant) ?? []) {
    const tile = parseTilePath(path);
    if (tile === undefined) continue;
    listed = true;
    const { level, n, width } = tile;
    if (width === TILE_WIDTH && (n + 1) * TILE_WIDTH <= levelWidth(level, claimed)) continue;
    const widths = others.get(groupOf(tile)) ?? new Set();
    others.set(groupOf(tile), widths.add(width));
  }
  return { others, listed };
}

function groupOf({ level, n }: Omit<Tile, 'width'>): string {
  return `${level}/${n}`;
}

function parseGroup(group: string): Omit<Tile, 'width'> {
  const [level, n] = group.split('/');
  return { level: level === 'entries' ? level : Number(level), n: Number(n) };
}

/** Which hash or entry of a tile differs first. */
function differing({ level, width }: Tile, bytes: Buffer, expected: Buffer): number {
  if (level === 'entries') {
    const held = decodeBundle(bytes).entries;
    const wanted = decodeBundle(expected).entries;
    const at = wanted.findIndex((entry, i) => held[i]?.equals(entry) !== true);
    return at === -1 ? width - 1 : at;
  }
  let at = 0;
  while (at < expected.length && bytes[at] === expected[at]) at++;
  return Math.min(width - 1, Math.floor(at / HASH_BYTES));
}

/** What a bundle of entries must hold at a width. */
export function bundleOf(entries: readonly Buffer[]): Expected {
  return (width) => encodeBundle(entries.slice(0, width));
}

/** What a tile of hashes must hold at a width. */
export function hashesOf(tile: Buffer): Expected {
  return (width) => tile.subarray(0, width * HASH_BYTES);
}
