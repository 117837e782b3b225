/** A data folder as a verifier reads it: no lock, nothing changed, whether a server runs or not. */
import { join } from 'node:path';
import { TENANT } from '../../event/event.ts';
import { isTorn } from '../../journal/damage.ts';
import { scanJournal } from '../../journal/scan.ts';
import { type Disk, isAbsent, realDisk } from '../../store/disk.ts';
import { openFileStore } from '../../store/file.ts';
import type { Store } from '../../store/store.ts';
import { archivedSize, listSegments } from '../archive.ts';
import { headKey, headTenants, PROGRESS_KEY, type Progress, parseProgress } from '../head.ts';
import { ledgerKey } from '../published.ts';
import { segmentKey } from '../segment.ts';
import type { Kind } from './finding.ts';
import { readSegment } from './segment.ts';
import type { Segment, Source, SourcePart, SourceRecord } from './source.ts';

export type FolderOptions = {
  /** The data folder: `ledger/`, `archive/`, `journal/` and `head/` are in it. */
  readonly data: string;
  readonly disk?: Disk;
};

export function folderSource({ data, disk = realDisk }: FolderOptions): Source {
  const store = openFileStore({ root: data, disk });
  const folder = { store, disk, dir: join(data, 'journal') };
  return {
    async tenants() {
      const named = await disk.list(join(data, 'ledger')).catch(ignoreAbsent);
      const published = (named ?? []).map(({ name }) => name).filter((name) => TENANT.test(name));
      const archived = (await listSegments(store)).keys();
      return [...new Set([...published, ...archived, ...(await headTenants(store))])].sort();
    },
    file: (tenant, path) => store.get(ledgerKey(tenant, path)),
    async *paths(tenant) {
      const prefix = ledgerKey(tenant, '');
      for await (const key of store.list(prefix)) yield key.slice(prefix.length);
    },
    head: (tenant) => store.get(headKey(tenant)),
    object: (key) => store.get(key),
    async *records(from) {
      const segments = newSegments(store, from);
      yield await checkProgress(store);
      // Read before its segments are listed: what is archived in between shows as a gap.
      const archived = await archivedSeq(store);
      yield* segments();
      yield* readJournal(folder, segments, archived);
    },
  };
}

/** The archive's progress names what must be there; segments beyond it show that it went back. */
async function checkProgress(store: Store): Promise<SourcePart> {
  // A running server goes on: what is listed is no less than before, and no more than after.
  const before = (await progressIn(store))?.sizes ?? {};
  const segments = await listSegments(store);
  const bytes = await store.get(PROGRESS_KEY);
  const progress = bytes && parseProgress(bytes);
  const file = PROGRESS_KEY;
  if (bytes === undefined && segments.size > 0) {
    const message = "The archive's progress is missing, but there are segments.";
    return [{ damage: { kind: 'missing', file, message } }];
  }
  if (bytes !== undefined && progress === undefined) {
    const message = "The archive's progress does not match its own checksum.";
    return [{ damage: { kind: 'tampered', file, message } }];
  }
  if (progress === undefined) return [];
  const found: SourceRecord[] = [];
  for (const tenant of new Set([...segments.keys(), ...Object.keys(progress.sizes)])) {
    const [least, most] = [before[tenant] ?? 0, progress.sizes[tenant] ?? 0];
    const size = archivedSize(segments.get(tenant) ?? []);
    if (size > most && progress.plan_to === undefined) {
      const message = `The archive holds ${size} records, its progress says ${most}.`;
      found.push({ damage: { tenant, kind: 'tampered', file, message } });
    }
    if (size < least) {
      const message = `Archive segments with records from index ${size} on are missing.`;
      found.push({ damage: { tenant, kind: 'missing', index: size, file, message } });
    }
  }
  return found;
}

/** The archive's progress, where it can be read. */
async function progressIn(store: Store): Promise<Progress | undefined> {
  const bytes = await store.get(PROGRESS_KEY);
  return bytes && parseProgress(bytes);
}

/** Segments that were not there when it was last called. */
function newSegments(store: Store, from: (tenant: string) => number) {
  const seen = new Set<string>();
  return async function* (): AsyncGenerator<Segment> {
    for (const name of [...(await listSegments(store)).values()].flat()) {
      const key = segmentKey(name);
      if (seen.has(key) || name.first + name.count <= from(name.tenant)) continue;
      seen.add(key);
      yield { name, read: () => readSegment(store, name) };
    }
  };
}

type Folder = { readonly store: Store; readonly disk: Disk; readonly dir: string };

async function* readJournal(
  { disk, dir, store }: Folder,
  segments: () => AsyncIterable<Segment>,
  archived: number,
): AsyncGenerator<SourcePart | Segment> {
  let next = archived;
  let damage: Damage | undefined;
  for await (const scanned of scanJournal(dir, disk)) {
    let part: SourceRecord[] = [];
    for (const item of scanned) {
      if (damage !== undefined) part.push(damageOf(damage, 'tampered'));
      if ('damage' in item) {
        damage = item.damage;
        continue;
      }
      const { record } = item;
      if (record.seq > next) {
        // A running server may have moved to the archive what was in the journal before.
        yield part;
        part = [];
        yield* segments();
        const lost = record.seq > Math.max(next, await archivedSeq(store));
        if (lost && damage === undefined) part.push(gapOf(next, record.seq));
      }
      damage = undefined;
      next = Math.max(next, record.seq + 1);
      part.push({ record, file: 'journal', place: 'journal' });
    }
    yield part;
  }
  // Files that were there when the folder was listed may be gone, with none after them.
  if ((await archivedSeq(store)) > next) yield* segments();
  if (damage !== undefined) yield [damageOf(damage, await tailKind(disk, dir, damage))];
}

type Damage = { readonly file: string; readonly offset: number; readonly bytes: number };

async function archivedSeq(store: Store): Promise<number> {
  return (await progressIn(store))?.seq ?? 0;
}

function damageOf({ file, offset, bytes }: Damage, kind: Kind): SourceRecord {
  const message = `Bytes ${offset} to ${offset + bytes - 1} hold no whole record.`;
  return { damage: { kind, file: `journal/${file}`, message } };
}

function gapOf(from: number, to: number): SourceRecord {
  const message = `The journal lacks seq ${from} to ${to - 1}.`;
  return { damage: { kind: 'missing', file: 'journal', count: to - from, message } };
}

/** The end of the last file may be a write that a crash tore before it was acknowledged. */
async function tailKind(disk: Disk, dir: string, damage: Damage): Promise<Kind> {
  const bytes = Buffer.alloc(damage.bytes);
  const file = await disk.open(join(dir, damage.file), 'read');
  await disk.read(file, bytes, damage.offset).finally(() => disk.close(file));
  const end = { offset: damage.offset, bytes, last: true, seq: 0, synced: 0 };
  return isTorn(end) ? 'torn' : 'tampered';
}

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
