/** Re-hashes a tenant's published entries into its tree and compares every stored file with it. */
import { openFrontier } from '../frontier.ts';
import { tileAt } from '../published.ts';
import { TILE_WIDTH } from '../tile.ts';
import { HASH_BYTES, leafHash, perfectRoot } from '../tree.ts';
import { bundleReader } from './bundle.ts';
import type { Crew } from './crew.ts';
import { type Growth, openGrowth } from './growth.ts';
import { chooseLeaves } from './leaf.ts';
import { openRoots } from './root.ts';
import { type ClaimOptions, type Claims, readClaims, readSigned } from './signed.ts';
import { openTiles, type Tiles } from './tile.ts';

export type TreeCheck = {
  readonly tenant: string;
  /** Entries in the tree so far. */
  readonly size: () => number;
  /** Size of the newest signed tree. */
  readonly signed: () => number;
  /** The same as it is by now: a running server signs on while its trail is read. */
  readonly signedNow: () => Promise<number>;
  /** Size of the tree that the published files are of. */
  readonly published: () => number;
  /** Hashes everything that is published; stops where neither bundle nor tile can be read. */
  readonly walk: (onProgress: (done: number, total: number) => void) => Promise<void>;
  /** Grows the tree by an entry that is not published; undefined where nothing is to wait for. */
  readonly append: (entry: Buffer) => Promise<void> | undefined;
  /** Whether entries [from, to) are published, and each bundle of them is whole. */
  readonly holds: (from: number, to: number) => boolean;
  /** An entry's bytes as its bundle holds them, if that is whole. */
  readonly entry: (index: number) => Buffer | undefined | Promise<Buffer | undefined>;
  /** After the last entry: what is stored beyond it. */
  readonly finish: () => Promise<void>;
  readonly summary: () => Summary;
};

type Summary = {
  readonly vkey?: string;
  readonly checkpoint?: { readonly size: number; readonly root: string };
  readonly signed: number;
  readonly entries: number;
};

export type TreeCheckOptions = ClaimOptions & {
  /** Reads bundles ahead, where there is one. */
  readonly crew?: Crew | undefined;
};

export async function openTreeCheck(options: TreeCheckOptions): Promise<TreeCheck> {
  const { tenant, findings } = options;
  const claims = await readClaims(options);
  const claimed = claims.checkpoint?.signed === 'good' ? claims.checkpoint.size : 0;
  const tiles = await openTiles({ ...options, claimed });
  const published = publishedSize(claims, tiles, options);
  const believed = believable(claims);
  const signed = Math.max(0, ...believed.map(({ size }) => size));
  const signedNow = async () => Math.max(signed, await readSigned(options, claims));
  // Read after the listing: a running server moves its head before it writes tiles.
  tiles.reportBeyond(await signedNow());
  const growth = openGrowth({ tenant, findings, tiles, claims: believed, published });
  const damaged = new Set<number>();
  const read = bundleReader(published, (path) => options.source.file(tenant, path));

  return {
    tenant,
    size: growth.size,
    signed: () => signed,
    signedNow,
    published: () => published,
    walk: (onProgress) => walk({ ...options, tiles, growth, published, damaged }, onProgress),
    append(entry) {
      growth.add(leafHash(entry), entry);
      return growth.settle();
    },
    entry: (index) =>
      index >= published || damaged.has(Math.floor(index / TILE_WIDTH)) ? undefined : read(index),
    holds: (from, to) =>
      to <= published && growth.size() >= published && !within(damaged, from, to),
    finish: growth.finish,
    summary: () => ({
      ...(claims.vkey === undefined ? {} : { vkey: claims.vkey }),
      ...summaryOf(claims),
      signed,
      entries: growth.size(),
    }),
  };
}

function within(damaged: ReadonlySet<number>, from: number, to: number): boolean {
  return [...damaged].some((n) => (n + 1) * TILE_WIDTH > from && n * TILE_WIDTH < to);
}

function summaryOf({ checkpoint }: Claims): Pick<Summary, 'checkpoint'> {
  if (checkpoint?.signed !== 'good') return {};
  return { checkpoint: { size: checkpoint.size, root: checkpoint.root.toString('base64') } };
}

/** Claims with a good signature; those without one only where there is nothing better. */
function believable({ checkpoint, head }: Claims) {
  const claims = [checkpoint, head].filter((claim) => claim !== undefined);
  const good = claims.filter(({ signed }) => signed === 'good');
  return good.length > 0 ? good : claims;
}

/** The tree whose files must be there: the checkpoint's, else the head's if any file is. */
function publishedSize(claims: Claims, tiles: Tiles, { tenant, findings }: ClaimOptions): number {
  const { checkpoint, head } = claims;
  if (checkpoint?.signed === 'good') return checkpoint.size;
  if (checkpoint === undefined && !tiles.listed()) return 0;
  if (checkpoint === undefined && head !== undefined) {
    const file = `ledger/${tenant}/checkpoint`;
    const message = 'The checkpoint of the published tiles is missing.';
    findings.add({ tenant, kind: 'missing', file, message });
  }
  return (head?.signed === 'good' ? head : (checkpoint ?? head))?.size ?? 0;
}

type Walk = TreeCheckOptions & {
  readonly tiles: Tiles;
  readonly growth: Growth;
  readonly published: number;
  /** Bundles that are not whole. */
  readonly damaged: Set<number>;
};

async function walk(state: Walk, onProgress: (done: number, total: number) => void): Promise<void> {
  const { tiles, growth, published } = state;
  const bundles = Math.ceil(published / TILE_WIDTH);
  const roots = openRoots({ ...state, full: Math.floor(published / TILE_WIDTH) });
  for (let n = 0; n < bundles; n++) {
    const root = await roots.next();
    const partials = tiles.hasPartials('entries', n) || tiles.hasPartials(0, n);
    if (root !== undefined && !partials && growth.takesRoot()) growth.addRoot(root);
    else if (!(await lookInto(state, n))) break;
    await growth.settle();
    onProgress(growth.size(), published);
  }
  await roots.end();
  if (growth.size() === published) await growth.settlePublished();
}

/** Adds a bundle leaf by leaf, and reports what is wrong with it; false where nothing holds it. */
async function lookInto(state: Walk, n: number): Promise<boolean> {
  const { tiles, growth, published, damaged } = state;
  const { width } = tileAt(0, n, published);
  const bundle = await tiles.required('entries', n, published);
  const tile = await tiles.required(0, n, published);
  const fits = (leaves: Buffer) => leadsUp(state, n, leaves);
  const leaves = await chooseLeaves({ ...state, n, width, bundle, tile, fits });
  if (leaves?.entries === undefined) damaged.add(n);
  if (leaves === undefined) return false;
  for (let i = 0; i < width; i++) {
    const hash = leaves.hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
    growth.add(hash, leaves.entries?.[i]);
  }
  return true;
}

/** Whether leaves lead to the tile above, or, in the last tile, to the claimed root. */
async function leadsUp(state: Walk, n: number, leaves: Buffer): Promise<boolean> {
  const { tiles, growth, published } = state;
  if (leaves.length === TILE_WIDTH * HASH_BYTES) {
    const above = await tiles.required(1, Math.floor(n / TILE_WIDTH), published);
    const at = (n % TILE_WIDTH) * HASH_BYTES;
    const parent = above?.bytes.subarray(at, at + HASH_BYTES);
    return parent?.equals(perfectRoot(leaves, 0, TILE_WIDTH)) ?? false;
  }
  const frontier = openFrontier(() => {}, growth.edge());
  for (let at = 0; at < leaves.length; at += HASH_BYTES) {
    frontier.append(leaves.subarray(at, at + HASH_BYTES));
  }
  return growth.claims(frontier.size(), frontier.root());
}
