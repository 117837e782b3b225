/** Where a ledger goes on after a stop: each tenant's tree, checked against what was signed. */
import { Fault } from '../fault/fault.ts';
import { frameBytes } from '../journal/frame.ts';
import type { Journal } from '../journal/journal.ts';
import type { Signer } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import { type Archive, archivedSize } from './archive.ts';
import { openCheckpoint } from './checkpoint.ts';
import { entryBytes } from './entry.ts';
import { type Edge, openFrontier } from './frontier.ts';
import { headKey, headTenants, type Progress, parseHead } from './head.ts';
import type { SignedTree } from './ledger.ts';
import { type Log, type LogStart, openLog } from './log.ts';
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
  /** Unix milliseconds. */
  readonly now: () => number;
};

/** Each tenant's log, grown over all that the journal holds; nothing is published yet. */
export type Started = {
  readonly logs: Map<string, Log>;
  /** The seq after the last record, and the bytes of all frames that are not archived. */
  readonly cursor: number;
  readonly bytes: number;
};

/** Tenants that are looked at at the same time. */
const TENANTS = 8;

/** Records that are read from the journal at once. */
export const READ_LIMIT = { records: 4096, bytes: 8 * 1024 * 1024 };

/**
 * Reads each record once: it checks what was signed, and it is what a longer tree grows from.
 * Throws `ledger.cut` where journal and archive hold fewer records than were signed,
 * `ledger.forked` where they hold other ones, `ledger.damaged` where what was signed cannot be
 * read.
 */
export async function startLogs(options: StartOptions): Promise<Started> {
  const { store, journal, progress } = options;
  requireReadable(options);
  const tenants = new Set([
    ...journal.tenants(),
    ...Object.keys(progress.sizes),
    ...(await headTenants(store)),
  ]);
  const places = new Map<string, Place>();
  const sorted = [...tenants].sort();
  for (let i = 0; i < sorted.length; i += TENANTS) {
    const some = sorted.slice(i, i + TENANTS);
    const found = await Promise.all(some.map((tenant) => findPlace(options, tenant)));
    found.forEach((place, at) => {
      places.set(some[at] as string, place);
    });
  }
  const { failed, ...started } = await growLogs(options, places);
  if (failed.size === 0) return started;
  // Tiles can be damaged where the records are not: the archive decides.
  for (const [tenant, place] of failed) {
    const edge = await archivedEdge(options.archive, tenant, place.start.edge.size);
    failed.set(tenant, { ...place, start: { ...place.start, edge } });
  }
  const again = await growLogs(options, failed);
  for (const tenant of again.failed.keys()) throw forked(tenant);
  return { ...started, logs: new Map([...started.logs, ...again.logs]) };
}

/** A log's start, and the signed trees that its records must reproduce. */
type Place = {
  readonly signer: Signer;
  readonly start: LogStart;
  readonly signed: readonly Signed[];
};

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
  return { signer, start: { edge, bundle, head, sizes }, signed: later as Signed[] };
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

/** Grows each log over the journal; `failed` are those that miss a signed root on their way. */
async function growLogs(
  { store, journal, progress, now }: StartOptions,
  places: ReadonlyMap<string, Place>,
): Promise<Started & { readonly failed: Map<string, Place> }> {
  const logs = new Map<string, Log>();
  const failed = new Map<string, Place>();
  const check = (tenant: string, log: Log) => {
    const place = places.get(tenant) as Place;
    for (const { size, root } of place.signed) {
      if (log.size() === size && !log.root().equals(root)) failed.set(tenant, place);
    }
  };
  for (const [tenant, { signer, start }] of places) {
    const log = openLog({ store, tenant, signer, now, start });
    logs.set(tenant, log);
    check(tenant, log);
  }
  let cursor = progress.seq;
  let bytes = 0;
  while (cursor < journal.head()) {
    const records = await journal.read(cursor, READ_LIMIT);
    for (const record of records) {
      bytes += frameBytes(record);
      const log = logs.get(record.tenant);
      if (log === undefined) continue;
      if (record.index !== log.size()) throw forked(record.tenant);
      log.append(record);
      check(record.tenant, log);
    }
    cursor += records.length;
  }
  return { logs, cursor, bytes, failed };
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
