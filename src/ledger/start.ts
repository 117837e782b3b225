/** Where a ledger goes on after a stop: each tenant's tree, checked against what was signed. */
import { Fault } from '../fault/fault.ts';
import type { Journal } from '../journal/journal.ts';
import type { Signer } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import { type Archive, archivedSize } from './archive.ts';
import { openCheckpoint } from './checkpoint.ts';
import { entryBytes } from './entry.ts';
import { type Edge, openFrontier } from './frontier.ts';
import { headKey, headTenants, type Progress, parseHead } from './head.ts';
import type { SignedTree } from './ledger.ts';
import type { LogStart } from './log.ts';
import { verifierOf } from './note.ts';
import { ledgerKey } from './published.ts';
import { levelWidth, TILE_WIDTH, tilePath } from './tile.ts';
import { HASH_BYTES, leafHash, perfectRoot } from './tree.ts';

export type StartOptions = {
  readonly store: Store;
  readonly journal: Journal;
  readonly archive: Archive;
  readonly progress: Progress;
  readonly signerFor: (tenant: string) => Promise<Signer>;
};

/** Records that are read from the journal at once. */
export const READ_LIMIT = { records: 4096, bytes: 8 * 1024 * 1024 };

/**
 * What each tenant's log starts from. Throws `ledger.cut` where journal and archive hold fewer
 * records than were signed, `ledger.forked` where they hold other ones, `ledger.damaged` where
 * what was signed cannot be read.
 */
export async function startLogs(options: StartOptions): Promise<ReadonlyMap<string, LogStart>> {
  const { store, journal, progress } = options;
  requireReadable(options);
  const tenants = new Set([
    ...journal.tenants(),
    ...Object.keys(progress.sizes),
    ...(await headTenants(store)),
  ]);
  const places = new Map<string, Place>();
  for (const tenant of [...tenants].sort()) places.set(tenant, await findPlace(options, tenant));
  const failed = await checkTrees(options, places);
  if (failed.size > 0) {
    // Tiles can be damaged where the records are not: the archive decides.
    for (const [tenant, place] of failed) {
      const edge = await archivedEdge(options.archive, tenant, place.start.edge.size);
      failed.set(tenant, { ...place, start: { ...place.start, edge } });
    }
    for (const tenant of (await checkTrees(options, failed)).keys()) throw forked(tenant);
    for (const [tenant, place] of failed) places.set(tenant, place);
  }
  return new Map([...places].map(([tenant, { start }]) => [tenant, start]));
}

/** A log's start, and the signed trees that its records must reproduce. */
type Place = { readonly start: LogStart; readonly signed: readonly Signed[] };

type Signed = { readonly size: number; readonly root: Buffer };

function requireReadable({ journal, progress }: StartOptions): void {
  if (journal.first() <= progress.seq && progress.seq <= journal.head()) return;
  const held = `The journal holds seq ${journal.first()} to ${journal.head()}`;
  throw cut(`${held}, but the archive ends at seq ${progress.seq}.`);
}

async function findPlace(options: StartOptions, tenant: string): Promise<Place> {
  const { store, journal, archive, progress } = options;
  const signer = await options.signerFor(tenant);
  const head = await readHead(store, tenant, signer);
  const checkpoint = await readCheckpoint(store, tenant, signer);
  const archived = progress.sizes[tenant] ?? 0;
  const held = journal.size(tenant);
  const signed = Math.max(head?.size ?? 0, checkpoint?.size ?? 0);
  if (signed > held) {
    throw cut(
      `${signed - held} records of tenant ${tenant} are missing: ${signed} were signed, ` +
        `the journal and the archive hold ${held}.`,
    );
  }
  const inSegments = archivedSize(archive.segments(tenant));
  if (inSegments < archived) {
    throw cut(`Archive segments of tenant ${tenant} are missing from index ${inSegments} on.`);
  }
  if (signed < archived) throw forked(tenant);
  const sizes = [checkpoint?.size ?? 0, head?.size ?? 0];
  const { edge, bundle } = await readEdge(options, { tenant, size: archived, sizes });
  // What is older than the archived tree is not recomputed at start; `verifyTrail` does that.
  const later = [head, checkpoint].filter((tree) => tree !== undefined && tree.size >= archived);
  return { start: { edge, bundle, head, sizes }, signed: later as Signed[] };
}

async function readHead(
  store: Store,
  tenant: string,
  signer: Signer,
): Promise<SignedTree | undefined> {
  const bytes = await store.get(headKey(tenant));
  if (bytes === undefined) return undefined;
  const head = parseHead(bytes);
  const tree = head && openCheckpoint(head.note, verifierOf(signer));
  if (tree && !('problem' in tree)) return { ...head, size: tree.size, root: tree.root };
  throw new Fault('ledger.damaged', `The head ${headKey(tenant)} was changed or damaged.`, {
    hint: 'Run `clawctl verify` for what is wrong; restore the head folder from its copy.',
  });
}

/** A published checkpoint that does not verify proves nothing and is written again. */
async function readCheckpoint(
  store: Store,
  tenant: string,
  signer: Signer,
): Promise<Signed | undefined> {
  const bytes = await store.get(ledgerKey(tenant, 'checkpoint'));
  const checkpoint = bytes && openCheckpoint(bytes, verifierOf(signer));
  return checkpoint && !('problem' in checkpoint) ? checkpoint : undefined;
}

type EdgeAt = {
  readonly tenant: string;
  readonly size: number;
  /** Tree sizes whose partial tiles may be there. */
  readonly sizes: readonly number[];
};

/** The archived tree's right edge: its last leaves from the archive, the rest from tiles. */
async function readEdge(options: StartOptions, at: EdgeAt) {
  const { tenant, size } = at;
  const inBundle = size % TILE_WIDTH;
  const records = await options.archive.records(tenant, size - inBundle, inBundle);
  const bundle = records.map(entryBytes);
  const partials: Buffer[] = [Buffer.concat(bundle.map(leafHash))];
  for (let level = 1; levelWidth(level, size) > 0; level++) {
    const end = levelWidth(level, size);
    const width = end % TILE_WIDTH;
    partials.push(await readHashes(options, at, { level, first: end - width, width }));
  }
  return { edge: { size, partials }, bundle };
}

type Hashes = { readonly level: number; readonly first: number; readonly width: number };

/** Neighbouring hashes of one tile: from any file that has them, else from the level below. */
async function readHashes(options: StartOptions, at: EdgeAt, hashes: Hashes): Promise<Buffer> {
  const { level, first, width } = hashes;
  const n = first / TILE_WIDTH;
  const ends = at.sizes.map((size) => levelWidth(level, size) - first);
  for (const held of new Set([TILE_WIDTH, ...ends, width])) {
    if (held < width || held > TILE_WIDTH || width === 0) continue;
    const key = ledgerKey(at.tenant, tilePath({ level, n, width: held }));
    const tile = await options.store.get(key);
    if (tile?.length === held * HASH_BYTES) return tile.subarray(0, width * HASH_BYTES);
  }
  const made: Buffer[] = [];
  for (let i = first; i < first + width; i++) {
    const below = { level: level - 1, first: i * TILE_WIDTH, width: TILE_WIDTH };
    made.push(perfectRoot(await readHashesOrLeaves(options, at, below), 0, TILE_WIDTH));
  }
  return Buffer.concat(made);
}

async function readHashesOrLeaves(
  options: StartOptions,
  at: EdgeAt,
  hashes: Hashes,
): Promise<Buffer> {
  if (hashes.level > 0) return readHashes(options, at, hashes);
  const records = await options.archive.records(at.tenant, hashes.first, hashes.width);
  return Buffer.concat(records.map((record) => leafHash(entryBytes(record))));
}

/** The archived tree's right edge from every archived record. */
async function archivedEdge(archive: Archive, tenant: string, size: number): Promise<Edge> {
  const frontier = openFrontier(() => {});
  while (frontier.size() < size) {
    const left = Math.min(size - frontier.size(), READ_LIMIT.records);
    const records = await archive.records(tenant, frontier.size(), left);
    if (records.length === 0) throw forked(tenant);
    for (const record of records) frontier.append(leafHash(entryBytes(record)));
  }
  return frontier.edge();
}

/** Grows each tree over the journal and returns those that miss a signed root on their way. */
async function checkTrees(
  { journal, progress }: Pick<StartOptions, 'journal' | 'progress'>,
  places: ReadonlyMap<string, Place>,
): Promise<Map<string, Place>> {
  const failed = new Map<string, Place>();
  const growing = new Map(
    [...places].map(([tenant, { start }]) => [tenant, openFrontier(() => {}, start.edge)]),
  );
  const check = (tenant: string) => {
    const place = places.get(tenant) as Place;
    const frontier = growing.get(tenant);
    for (const { size, root } of place.signed) {
      if (frontier?.size() === size && !frontier.root().equals(root)) failed.set(tenant, place);
    }
  };
  for (const tenant of growing.keys()) check(tenant);
  for (let seq = progress.seq; seq < journal.head(); ) {
    const records = await journal.read(seq, READ_LIMIT);
    for (const record of records) {
      const frontier = growing.get(record.tenant);
      if (frontier === undefined) continue;
      if (record.index !== frontier.size()) throw forked(record.tenant);
      frontier.append(leafHash(entryBytes(record)));
      check(record.tenant);
    }
    seq += records.length;
  }
  return failed;
}

function cut(message: string): Fault {
  return new Fault('ledger.cut', message, {
    hint: 'Do not start on a cut trail: run `clawctl verify`, then restore the missing files.',
  });
}

function forked(tenant: string): Fault {
  return new Fault(
    'ledger.forked',
    `The records of tenant ${tenant} do not make the tree that was signed.`,
    { hint: 'Run `clawctl verify` for which records were changed; restore them from a copy.' },
  );
}
