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
import { encodeBundle, levelWidth, partialTiles, TILE_WIDTH, type Tile, tilePath } from './tile.ts';
import { leafHash } from './tree.ts';

export type Log = {
  /** Entries in memory, signed or not. */
  readonly size: () => number;
  readonly append: (event: SealedEvent) => void;
  /** The tree that the published checkpoint claims. */
  readonly published: () => SignedTree | undefined;
  /** Signs and publishes what was appended; after a failure it goes on where that left it. */
  readonly publish: () => Promise<void>;
};

export type LogStart = {
  /** The tree to grow on from, and the entries of its unfinished bundle. */
  readonly edge: Edge;
  readonly bundle: readonly Buffer[];
  /** The last tree that was signed. */
  readonly head?: SignedTree | undefined;
  /** Sizes that were signed or published before: their partial tiles may be there. */
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
  let partialsOf = [...start.sizes];
  const signedBefore = Math.max(0, ...start.sizes);

  async function writeTiles({ size }: SignedTree): Promise<void> {
    await files.flush();
    partialsOf.push(size);
    const bytesOf = (level: Tile['level']) =>
      level === 'entries' ? bundle.bytes() : frontier.partial(level);
    for (const tile of partialTiles(size)) await files.write(tile, bytesOf(tile.level));
    // Full tiles are there, so readers of the old checkpoint do without its partial ones.
    for (const earlier of partialsOf) await files.removePartials(earlier, size);
  }

  return {
    size: frontier.size,
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
      await writeTiles(signed);
      await files.publish(signed.note);
      published = signed;
      partialsOf = [signed.size];
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
    bytes: () => encodeBundle(entries),
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
  // At first the files may be there, whole or damaged, from before the start.
  let settled = false;

  async function put(path: string, bytes: Buffer): Promise<void> {
    const key = ledgerKey(tenant, path);
    if (!settled && (await store.get(key))?.equals(bytes)) return;
    await store.put(key, bytes, { durable: 'later' });
  }

  const write = (tile: Tile, bytes: Buffer) => put(tilePath(tile), bytes);

  return {
    write,
    add: (tile: Tile, bytes: Buffer) => waiting.push({ tile, bytes }),
    async flush() {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, WRITES);
        await Promise.all(batch.map(({ tile, bytes }) => write(tile, bytes)));
        waiting.splice(0, batch.length);
      }
    },
    async removePartials(from: number, to: number) {
      for (const { level, n } of partialTiles(from)) {
        if (levelWidth(level, to) < (n + 1) * TILE_WIDTH) continue;
        const full = tilePath({ level, n, width: TILE_WIDTH });
        for await (const key of store.list(ledgerKey(tenant, `${full}.p/`)))
          await store.remove(key);
      }
    },
    async identify(vkey: string) {
      if (!settled) await put('vkey', Buffer.from(`${vkey}\n`));
    },
    async publish(note: string) {
      await put('checkpoint', Buffer.from(note));
      settled = true;
    },
  };
}
