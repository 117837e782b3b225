/** Moves signed records from the journal to archive segments, a range of the journal at a time. */
import { frameBytes } from '../journal/frame.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Store } from '../store/store.ts';
import type { Archive } from './archive.ts';
import { type Progress, writeProgress } from './head.ts';
import { calmUnless, type Pace } from './turn.ts';

/** A range is archived when it reaches one of these, over all tenants. */
export type SegmentLimit = { readonly segment_bytes: number; readonly segment_records: number };

export type ArchiverOptions = {
  readonly store: Store;
  readonly journal: Journal;
  readonly archive: Archive;
  readonly progress: Progress;
  readonly limit: SegmentLimit;
  readonly keepFrom?: () => number;
  /** Whether somebody waits for what is being archived. */
  readonly hurries?: () => boolean;
};

export type Archiver = {
  /** Counts a record that the ledger read from the journal. */
  readonly seen: (frame_bytes: number) => void;
  /** Every record below this seq is signed and its tiles are written. */
  readonly allow: (seq: number) => void;
  /** Records of a tenant that are in the archive. */
  readonly archived: (tenant: string) => number;
  /** Archives as many ranges as the limits demand. Calls do not overlap. */
  readonly run: () => Promise<void>;
};

/** Records that are read at once: less than a millisecond of work. */
const READ_RECORDS = 64;

export function openArchiver(options: ArchiverOptions): Archiver {
  const { store, journal, archive, limit, keepFrom } = options;
  let progress = options.progress;
  let allowed = progress.seq;
  let unarchived_bytes = 0;
  // Where another range waits already, resting would let the journal grow.
  const pace = calmUnless(() => options.hurries?.() === true || has(2));

  async function archiveRange(): Promise<void> {
    const range = await readRange({ ...options, pace }, progress, allowed);
    const to = progress.seq + range.length;
    // Without a plan a crash between two segments could leave them cut at different places.
    if (progress.plan_to === undefined) await advance({ ...progress, plan_to: to });
    // Tiles were written to be durable later: the journal can rebuild them only until its release.
    await store.flush();
    const sizes = { ...progress.sizes };
    for (const [tenant, records] of Map.groupBy(range, (record) => record.tenant)) {
      await archive.put(records, pace);
      sizes[tenant] = (sizes[tenant] ?? 0) + records.length;
    }
    // A crash before the next line writes the same segments again.
    await advance({ seq: to, sizes });
    unarchived_bytes -= range.reduce((sum, record) => sum + frameBytes(record), 0);
  }

  async function advance(next: Progress): Promise<void> {
    await writeProgress(store, progress, next);
    progress = next;
  }

  const has = (ranges: number) =>
    rangesIn(limit, allowed - progress.seq, unarchived_bytes) >= ranges;

  return {
    seen(frame_bytes) {
      unarchived_bytes += frame_bytes;
    },
    allow(seq) {
      allowed = seq;
    },
    archived: (tenant) => progress.sizes[tenant] ?? 0,
    async run() {
      while (progress.plan_to === undefined ? has(1) : progress.plan_to <= allowed) {
        await archiveRange();
      }
      const keep = Math.min(progress.seq, keepFrom?.() ?? progress.seq);
      if (keep > journal.first()) await journal.release(keep);
    },
  };
}

function rangesIn(limit: SegmentLimit, records: number, bytes: number): number {
  if (records === 0) return 0;
  return Math.max(records / limit.segment_records, bytes / limit.segment_bytes);
}

/** A range is read whole, since `segment_bytes` bounds it; a plan says where it ends. */
async function readRange(
  { journal, limit, pace }: ArchiverOptions & { readonly pace: Pace },
  { seq: from, plan_to }: Progress,
  allowed: number,
): Promise<readonly JournalRecord[]> {
  const end = plan_to ?? allowed;
  const range: JournalRecord[] = [];
  let bytes = 0;
  for (let seq = from; seq < end; seq = from + range.length) {
    if (seq > from) await pace();
    const read = { records: Math.min(READ_RECORDS, end - seq), bytes: limit.segment_bytes };
    for (const record of await journal.read(seq, read)) {
      range.push(record);
      bytes += frameBytes(record);
      const full = bytes >= limit.segment_bytes || range.length >= limit.segment_records;
      if (full && plan_to === undefined) return range;
    }
  }
  return range;
}
