/** The tree as a verifier grows it: each tile that fills and each claimed root is compared. */

import { type Edge, type Frontier, openFrontier } from '../frontier.ts';
import { levelWidth, partialTiles, TILE_WIDTH, type Tile } from '../tile.ts';
import type { Findings } from './finding.ts';
import type { Claim } from './signed.ts';
import { bundleOf, type Expected, hashesOf, type Tiles } from './tile.ts';

export type Growth = {
  readonly size: () => number;
  readonly edge: () => Edge;
  /** Whether a root is the one that was claimed for a size. */
  readonly claims: (size: number, root: Buffer) => boolean;
  /** `entry` is absent where only the hash is known. */
  readonly add: (leaf: Buffer, entry: Buffer | undefined) => void;
  /** Whether the next bundle can be added by its root: no claim is about a part of it. */
  readonly takesRoot: () => boolean;
  /** Adds a full bundle, compared already, of which nothing else is stored. */
  readonly addRoot: (root: Buffer) => void;
  /** Compares what filled since the last call; undefined where nothing did. */
  readonly settle: () => Promise<void> | undefined;
  /** Compares the unfinished tiles of the published tree, which `add` has just completed. */
  readonly settlePublished: () => Promise<void>;
  /** Compares what is left. */
  readonly finish: () => Promise<void>;
};

export type GrowthOptions = {
  readonly tenant: string;
  readonly findings: Findings;
  readonly tiles: Tiles;
  readonly claims: readonly Claim[];
  /** Size of the tree whose files must be there. */
  readonly published: number;
};

type Filled = { readonly tile: Tile; readonly expected: Expected };

export function openGrowth(options: GrowthOptions): Growth {
  const { tiles, claims } = options;
  let filled: Filled[] = [];
  let bundle: Buffer[] | undefined = [];
  const frontier = openFrontier((tile, bytes) => {
    filled.push({ tile, expected: hashesOf(bytes) });
  });

  function unfinished({ level, n }: Omit<Tile, 'width'>) {
    const width = levelWidth(level, frontier.size()) - n * TILE_WIDTH;
    if (width <= 0 || width >= TILE_WIDTH) return undefined;
    if (level !== 'entries') return { width, expected: hashesOf(frontier.partial(level)) };
    return bundle && { width, expected: bundleOf(bundle) };
  }

  return {
    size: frontier.size,
    edge: frontier.edge,
    claims: (size, root) => claims.some((claim) => claim.size === size && claim.root.equals(root)),
    add(leaf, entry) {
      if (entry === undefined) bundle = undefined;
      bundle?.push(entry as Buffer);
      frontier.append(leaf);
      if (frontier.size() % TILE_WIDTH === 0) {
        if (bundle) filled.push(filledBundle(bundle, frontier.size()));
        bundle = [];
      }
      checkRoots(options, frontier);
    },
    takesRoot() {
      const from = frontier.size();
      const within = (size: number) => size > from && size < from + TILE_WIDTH;
      return from % TILE_WIDTH === 0 && !claims.some(({ size }) => within(size));
    },
    addRoot(root) {
      frontier.appendTile(root);
      bundle = [];
      checkRoots(options, frontier);
    },
    settle() {
      if (filled.length === 0) return undefined;
      const all = filled;
      filled = [];
      return compareFilled(options, all);
    },
    settlePublished: () => comparePublished(options, frontier),
    finish: () => tiles.finish(unfinished),
  };
}

function filledBundle(bundle: readonly Buffer[], size: number): Filled {
  const tile = { level: 'entries', n: size / TILE_WIDTH - 1, width: TILE_WIDTH } as const;
  return { tile, expected: bundleOf(bundle) };
}

function checkRoots({ tenant, findings, claims }: GrowthOptions, frontier: Frontier): void {
  for (const { size, root, file } of claims) {
    if (frontier.size() !== size || frontier.root().equals(root)) continue;
    const message = `The ${size} entries do not make the root that is claimed for them.`;
    findings.add({ tenant, kind: 'tampered', file, message });
  }
}

async function compareFilled(options: GrowthOptions, all: readonly Filled[]): Promise<void> {
  for (const { tile, expected } of all) {
    const end = (tile.n + 1) * TILE_WIDTH;
    const inPublished = end <= levelWidth(tile.level, options.published);
    if (inPublished) await compareRequired(options, { tile, expected });
    await options.tiles.compareOthers(tile, expected);
  }
}

/** Bundles and leaves were compared with each other when they were read. */
async function compareRequired(options: GrowthOptions, { tile, expected }: Filled): Promise<void> {
  const { level, n, width } = tile;
  if (level === 'entries' || level === 0) return;
  const held = await options.tiles.required(level, n, options.published);
  options.tiles.compare(held, tile, expected(width));
}

async function comparePublished(options: GrowthOptions, frontier: Frontier): Promise<void> {
  for (const tile of partialTiles(options.published)) {
    if (tile.level === 'entries') continue;
    const expected = hashesOf(frontier.partial(tile.level));
    await compareRequired(options, { tile, expected });
  }
}
