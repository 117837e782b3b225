/** One tenant's log: its tree in memory, and the steps by which a longer tree becomes public. */
import type { SealedEvent, Signer } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import { signCheckpoint } from './checkpoint.ts';
import { entryBytes } from './entry.ts';
import { type Edge, type Frontier, openFrontier } from './frontier.ts';
import { encodeHead, headKey } from './head.ts';
import type { SignedTree } from './ledger.ts';
import { formatVkey } from './note.ts';
import { ledgerKey } from './published.ts';
import { encodeBundle, partialTiles, TILE_WIDTH, type Tile, tilePath } from './tile.ts';
import { HASH_BYTES, leafHash } from './tree.ts';

export type Log = {
  /** Entries in memory, signed or not. */
  readonly size: () => number;
  readonly append: (event: SealedEvent) => void;
  /** The root over all entries in memory. */
  readonly root: () => Buffer;
  /** The tree that the published checkpoint claims. */
  readonly published: () => SignedTree | undefined;
  /** Signs and publishes what was appended; after a failure it goes on where that left it. */
  readonly publish: () => Promise<void>;
  /**
   * Writes again what a machine that stopped has torn of the older trees' partial tiles, which
   * nothing else reads or writes. To be called once, after the first tree is published.
   */
  readonly repair: () => Promise<void>;
};

export type LogStart = {
  /** The tree to grow on from, and the entries of its unfinished bundle. */
  readonly edge: Edge;
  readonly bundle: readonly Buffer[];
  /** The last tree that was signed. */
  readonly head?: SignedTree | undefined;
  /** Sizes that were signed or published before. */
  readonly sizes: readonly number[];
};

export type LogOptions = {
  readonly store: Store;
  readonly tenant: string;
  readonly signer: Signer;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly start: LogStart;
};

/** Files that are written at the same time. */
const WRITES = 16;

/** A log that grows on from a tree which the caller has checked against its head. */
export function openLog(options: LogOptions): Log {
  const { store, tenant, signer, start } = options;
  const files = openFiles(store, tenant);
  const frontier = openFrontier((tile, bytes) => files.add(tile, bytes), start.edge);
  const bundle = openBundle(files, start);
  let { head } = start;
  let published: SignedTree | undefined;
  const signedBefore = Math.max(0, ...start.sizes);

  /** The first `width` of an unfinished tile. */
  function partial({ level, width }: Tile): Buffer {
    if (level === 'entries') return bundle.bytes(width);
    return frontier.partial(level).subarray(0, width * HASH_BYTES);
  }

  return {
    size: frontier.size,
    root: frontier.root,
    published: () => published,
    append(event) {
      const entry = entryBytes(event);
      bundle.add(entry);
      frontier.append(leafHash(entry));
    },
    async publish() {
      if (frontier.size() === 0 || published?.size === frontier.size()) return;
      // Never sign a smaller tree: after a start it has yet to grow to what was signed before.
      if (frontier.size() < signedBefore) return files.flush();
      // Before the head, so that whoever sees a head can check its signature.
      await files.identify(formatVkey(signer));
      // A crash before the next line leaves a journal longer than the head: integrated at start.
      const signed = await signTree(options, frontier, head);
      head = signed;
      // A crash from here on leaves a head newer than tiles and checkpoint: rewritten at start.
      await files.flush();
      for (const tile of partialTiles(signed.size)) await files.write(tile, partial(tile));
      await files.publish(signed.note);
      published = signed;
    },
    async repair() {
      for (const tile of partialTiles(published?.size ?? 0)) {
        for (const width of await files.widths(tile)) {
          if (width < tile.width)
            await files.repair({ ...tile, width }, partial({ ...tile, width }));
        }
      }
    },
  };
}

/** The journal holds these records durably, so the tree may be signed; readers cannot see it. */
async function signTree(
  { store, tenant, signer, now }: LogOptions,
  frontier: Frontier,
  head: SignedTree | undefined,
): Promise<SignedTree> {
  const size = frontier.size();
  if (head?.size === size) return head;
  const tree = { size, root: frontier.root() };
  const signed = { ...tree, note: signCheckpoint(tree, signer), at_ms: now() };
  await store.swap(headKey(tenant), head && encodeHead(head), encodeHead(signed));
  return signed;
}

/** The entries that have not filled a bundle. */
function openBundle(files: Files, { bundle, edge }: LogStart) {
  let entries = [...bundle];
  let n = Math.floor(edge.size / TILE_WIDTH);
  return {
    bytes: (width: number) => encodeBundle(entries.slice(0, width)),
    add(entry: Buffer) {
      entries.push(entry);
      if (entries.length < TILE_WIDTH) return;
      files.add({ level: 'entries', n, width: TILE_WIDTH }, encodeBundle(entries));
      entries = [];
      n++;
    },
  };
}

type Files = ReturnType<typeof openFiles>;

/** Full tiles wait here until they are written, so that a failed write is tried again. */
function openFiles(store: Store, tenant: string) {
  const waiting: { readonly tile: Tile; readonly bytes: Buffer }[] = [];
  let identified = false;

  const put = (path: string, bytes: Buffer) =>
    store.put(ledgerKey(tenant, path), bytes, { durable: 'later' });
  const write = (tile: Tile, bytes: Buffer) => put(tilePath(tile), bytes);
  const partialsOf = (tile: Tile) => `${tilePath({ ...tile, width: TILE_WIDTH })}.p/`;

  /** Readers of older checkpoints do without the partial tiles now that the full one is there. */
  async function removePartials(tile: Tile): Promise<void> {
    for await (const key of store.list(ledgerKey(tenant, partialsOf(tile))))
      await store.remove(key);
  }

  return {
    write,
    add: (tile: Tile, bytes: Buffer) => waiting.push({ tile, bytes }),
    /** What is there already is written again: only then is it durable at the next flush. */
    async flush() {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, WRITES);
        await Promise.all(batch.map(({ tile, bytes }) => write(tile, bytes)));
        await Promise.all(batch.map(({ tile }) => removePartials(tile)));
        waiting.splice(0, batch.length);
      }
    },
    /** Widths of a tile's partial files. */
    async widths(tile: Tile): Promise<readonly number[]> {
      const prefix = ledgerKey(tenant, partialsOf(tile));
      const found: number[] = [];
      for await (const key of store.list(prefix)) found.push(Number(key.slice(prefix.length)));
      return found;
    },
    async repair(tile: Tile, bytes: Buffer) {
      // One that cannot be read is torn too.
      const held = await store.get(ledgerKey(tenant, tilePath(tile))).catch(() => undefined);
      if (held?.equals(bytes) !== true) await write(tile, bytes);
    },
    async identify(vkey: string) {
      if (!identified) await put('vkey', Buffer.from(`${vkey}\n`));
      identified = true;
    },
    publish: (note: string) => put('checkpoint', Buffer.from(note)),
  };
}
