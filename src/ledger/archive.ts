/** Archive segments in the store: written once, then read one record at a time. */
import { frameRecord, probeFrame } from '../journal/frame.ts';
import type { JournalRecord } from '../journal/journal.ts';
import type { Store } from '../store/store.ts';
import {
  encodeSegment,
  frameRange,
  idPrint,
  idTime,
  PRINT_BYTES,
  parseSegmentKey,
  printPlaces,
  printRange,
  type SegmentName,
  segmentKey,
} from './segment.ts';
import { openSegmentTables, type SegmentTables, segmentDamaged } from './segment-table.ts';

export type Archive = {
  /** A tenant's segments, by their first index. */
  readonly segments: (tenant: string) => readonly SegmentName[];
  /** Records [from, from + count) as far as segments hold them. Throws `ledger.damaged`. */
  readonly records: (tenant: string, from: number, count: number) => Promise<JournalRecord[]>;
  /** The index of an archived event by its id. */
  readonly lookup: (tenant: string, id: string) => Promise<number | undefined>;
  /** Writes one tenant's contiguous records as a segment, durably; twice gives the same object. */
  readonly put: (records: readonly JournalRecord[]) => Promise<void>;
};

/** Frames that are read at once, in bytes. */
const READ_BYTES = 4 * 1024 * 1024;

/** The archive of a store; reads nothing but the names of its segments. */
export async function openArchive(store: Store): Promise<Archive> {
  const tenants = await listSegments(store);
  const tables = openSegmentTables(store);
  const segmentsOf = (tenant: string) => tenants.get(tenant) ?? [];

  return {
    segments: segmentsOf,
    async records(tenant, from, count) {
      const found: JournalRecord[] = [];
      for (const segment of segmentsOf(tenant)) {
        const next = from + found.length;
        if (segment.first > next || found.length >= count) break;
        const to = Math.min(from + count, segment.first + segment.count);
        if (to <= next) continue;
        const places = await tables.places(segment);
        found.push(...(await readRun(store, { segment, places, from: next, to })));
      }
      return found;
    },
    async lookup(tenant, id) {
      for (const segment of segmentsOf(tenant).toReversed()) {
        const index = await lookupIn({ store, tables, segment }, id);
        if (index !== undefined) return index;
      }
      return undefined;
    },
    async put(written) {
      const [{ tenant, index: first }] = written as [JournalRecord];
      const segment = { tenant, first, count: written.length };
      await store.put(segmentKey(segment), encodeSegment(written));
      const others = segmentsOf(tenant).filter((held) => held.first !== first);
      tenants.set(
        tenant,
        [...others, segment].sort((a, b) => a.first - b.first),
      );
    },
  };
}

/** The segments of all tenants, by their first index. */
export async function listSegments(store: Store): Promise<Map<string, readonly SegmentName[]>> {
  const tenants = new Map<string, SegmentName[]>();
  for await (const key of store.list('archive/')) {
    const segment = parseSegmentKey(key);
    if (segment === undefined) continue;
    const segments = tenants.get(segment.tenant) ?? [];
    segments.push(segment);
    tenants.set(segment.tenant, segments);
  }
  for (const segments of tenants.values()) segments.sort((a, b) => a.first - b.first);
  return tenants;
}

/** How many records from 0 on the segments hold without a gap. */
export function archivedSize(segments: readonly SegmentName[]): number {
  let size = 0;
  for (const { first, count } of segments) {
    if (first > size) break;
    size = Math.max(size, first + count);
  }
  return size;
}

type Lookup = {
  readonly store: Store;
  readonly tables: SegmentTables;
  readonly segment: SegmentName;
};

/** By the times of the segment's ids, then by their prints, then by the record itself. */
async function lookupIn(
  { store, tables, segment }: Lookup,
  id: string,
): Promise<number | undefined> {
  const footer = await tables.footer(segment);
  const time = idTime(id);
  if (time === undefined && footer.untimed === 0) return undefined;
  if (time !== undefined && (time < footer.earliest_ms || time > footer.latest_ms)) {
    return undefined;
  }
  const places = await tables.places(segment);
  const print = idPrint(id);
  const [from, to] = printRange(places, print);
  if (from === to) return undefined;
  const at = footer.tables_at + places.length + PRINT_BYTES * from;
  const range = { from: at, bytes: PRINT_BYTES * (to - from) };
  const prints = (await store.get(segmentKey(segment), range)) ?? Buffer.alloc(0);
  for (const place of printPlaces(prints, print)) {
    const index = segment.first + place;
    const [record] = await readRun(store, { segment, places, from: index, to: index + 1 });
    if (record?.id === id) return index;
  }
  return undefined;
}

type Run = {
  readonly segment: SegmentName;
  readonly places: Buffer;
  /** Indices [from, to). */
  readonly from: number;
  readonly to: number;
};

async function readRun(store: Store, { segment, places, from, to }: Run): Promise<JournalRecord[]> {
  const key = segmentKey(segment);
  const found: JournalRecord[] = [];
  let index = from;
  while (index < to) {
    const [start] = frameRange(places, index - segment.first);
    let end = start;
    let next = index;
    while (next < to && (next === index || end - start < READ_BYTES)) {
      end = frameRange(places, next++ - segment.first)[1];
    }
    const bytes = (await store.get(key, { from: start, bytes: end - start })) ?? Buffer.of();
    for (; index < next; index++) {
      const [frameStart, frameEnd] = frameRange(places, index - segment.first);
      const at = frameStart - start;
      const whole = at < bytes.length && probeFrame(bytes, at) === frameEnd - frameStart;
      const record = whole ? frameRecord(bytes, at) : undefined;
      if (record?.index !== index || record.tenant !== segment.tenant) {
        throw segmentDamaged(key, `does not hold the record at index ${index}`);
      }
      found.push(record);
    }
  }
  return found;
}
