/** Archive segments in the store: written once, then read one record at a time. */
import { frameRecord, probeFrame } from '../journal/frame.ts';
import type { JournalRecord } from '../journal/journal.ts';
import type { Store } from '../store/store.ts';
import { openLookup } from './lookup.ts';
import {
  encodeSegment,
  frameRange,
  parseSegmentKey,
  printsOf,
  type SegmentName,
  type Steps,
  segmentKey,
} from './segment.ts';
import { openSegmentTables, type SegmentTables, segmentDamaged } from './segment-table.ts';
import { inTurn, type Pace } from './turn.ts';

export type Archive = {
  /** A tenant's segments, by their first index. */
  readonly segments: (tenant: string) => readonly SegmentName[];
  /** Records [from, from + count) as far as segments hold them. Throws `ledger.damaged`. */
  readonly records: (tenant: string, from: number, count: number) => Promise<JournalRecord[]>;
  /** Records at these indices, ascending, as far as segments hold them. Throws `ledger.damaged`. */
  readonly recordsAt: (tenant: string, indices: readonly number[]) => Promise<JournalRecord[]>;
  /** The index of an archived event by its id. */
  readonly lookup: (tenant: string, id: string) => Promise<number | undefined>;
  /**
   * Writes one tenant's contiguous records as a segment, durably; twice gives the same object.
   * `pace` is awaited between the steps; others have a turn of the event loop where absent.
   */
  readonly put: (records: readonly JournalRecord[], pace?: Pace) => Promise<void>;
};

/** Frames that are read at once, in bytes. */
const READ_BYTES = 4 * 1024 * 1024;
/** Segments that are read at the same time. */
const SEGMENTS = 8;
/** Bytes that are read for nothing rather than in another read. */
const GAP_BYTES = 64 * 1024;

/** The archive of a store; reads nothing but the names of its segments. */
export async function openArchive(store: Store): Promise<Archive> {
  const tenants = await listSegments(store);
  const tables = openSegmentTables(store);
  const segmentsOf = (tenant: string) => tenants.get(tenant) ?? [];
  const lookup = openLookup({
    ...{ store, tables, segments: segmentsOf },
    idAt: async (segment, index) => {
      const places = await tables.places(segment);
      return (await readAt(store, { segment, places, indices: [index] }))[0]?.id;
    },
  });

  return {
    segments: segmentsOf,
    ...readsOf({ store, tables, segmentsOf }),
    lookup: lookup.find,
    async put(written, pace = inTurn) {
      const [{ tenant, index: first }] = written as [JournalRecord];
      const segment = { tenant, first, count: written.length };
      const bytes = await paced(encodeSegment(written), pace);
      await store.put(segmentKey(segment), bytes, { pace });
      const others = segmentsOf(tenant).filter((held) => held.first !== first);
      tenants.set(
        tenant,
        [...others, segment].sort((a, b) => a.first - b.first),
      );
      lookup.added(tenant, printsOf(bytes, written.length));
    },
  };
}

type Reads = {
  readonly store: Store;
  readonly tables: SegmentTables;
  readonly segmentsOf: (tenant: string) => readonly SegmentName[];
};

function readsOf({ store, tables, segmentsOf }: Reads): Pick<Archive, 'records' | 'recordsAt'> {
  return {
    async records(tenant, from, count) {
      const found: JournalRecord[] = [];
      for (const segment of segmentsOf(tenant)) {
        const next = from + found.length;
        if (segment.first > next || found.length >= count) break;
        const to = Math.min(from + count, segment.first + segment.count);
        if (to <= next) continue;
        const places = await tables.places(segment);
        const indices = Array.from({ length: to - next }, (_, i) => next + i);
        found.push(...(await readAt(store, { segment, places, indices })));
      }
      return found;
    },
    async recordsAt(tenant, indices) {
      const wanted = wantedOf(segmentsOf(tenant), indices);
      const found: JournalRecord[] = [];
      for (let i = 0; i < wanted.length; i += SEGMENTS) {
        const some = wanted.slice(i, i + SEGMENTS).map(async (within) => {
          return readAt(store, { ...within, places: await tables.places(within.segment) });
        });
        for (const records of await Promise.all(some)) found.push(...records);
      }
      return found;
    },
  };
}

/** Which of the ascending indices each segment holds. */
function wantedOf(segments: readonly SegmentName[], indices: readonly number[]) {
  const wanted: { readonly segment: SegmentName; readonly indices: readonly number[] }[] = [];
  let from = 0;
  for (const segment of segments) {
    const end = segment.first + segment.count;
    while ((indices[from] ?? end) < segment.first) from++;
    let to = from;
    while ((indices[to] ?? end) < end) to++;
    if (to > from) wanted.push({ segment, indices: indices.slice(from, to) });
    from = to;
  }
  return wanted;
}

/** What steps make: between them goes who waits for the journal. */
async function paced<T>(steps: Steps<T>, pace: Pace): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pace();
  }
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

type Within = {
  readonly segment: SegmentName;
  readonly places: Buffer;
  /** Ascending; all are the segment's. */
  readonly indices: readonly number[];
};

/** What is close together is read at once. */
async function readAt(
  store: Store,
  { segment, places, indices }: Within,
): Promise<JournalRecord[]> {
  const key = segmentKey(segment);
  const found: JournalRecord[] = [];
  const rangeOf = (i: number) => frameRange(places, (indices[i] as number) - segment.first);
  for (let from = 0; from < indices.length; ) {
    const [start] = rangeOf(from);
    let [end, to] = [start, from];
    while (to < indices.length) {
      const [begin, after] = rangeOf(to);
      if (to > from && (begin - end > GAP_BYTES || after - start > READ_BYTES)) break;
      [end, to] = [after, to + 1];
    }
    const bytes = (await store.get(key, { from: start, bytes: end - start })) ?? Buffer.of();
    for (; from < to; from++) {
      const [begin, after] = rangeOf(from);
      const at = begin - start;
      const whole = at < bytes.length && probeFrame(bytes, at) === after - begin;
      const record = whole ? frameRecord(bytes, at) : undefined;
      if (record?.index !== indices[from] || record?.tenant !== segment.tenant) {
        throw segmentDamaged(key, `does not hold the record at index ${indices[from]}`);
      }
      found.push(record as JournalRecord);
    }
  }
  return found;
}
