/** The whole trail in the journal's order, from archive and journal: what rebuilds an index. */
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Records } from './content.ts';

export type ReplayOptions = { readonly journal: Journal; readonly records: Records };

const JOURNAL_STEP = { records: 8000, bytes: 16 * 1024 * 1024 };
const ARCHIVE_STEP = 1000;

/** The next records from `seq` on, in order; empty when everything durable was read. */
export type Replay = { readonly next: () => Promise<readonly JournalRecord[]> };

export function openReplay(options: ReplayOptions, from: number): Replay {
  const { journal } = options;
  let seq = from;
  let archive: AsyncGenerator<readonly JournalRecord[]> | undefined;
  return {
    next: async () => {
      if (seq < journal.first()) {
        archive ??= archived(options, seq);
        const { value } = await archive.next();
        const last = value?.at(-1);
        if (value && last) {
          seq = last.seq + 1;
          return value;
        }
        archive = undefined;
        seq = Math.max(seq, journal.first());
      }
      const records = await journal.read(seq, JOURNAL_STEP);
      seq = (records.at(-1)?.seq ?? seq - 1) + 1;
      return records;
    },
  };
}

/** How many records of a tenant stand before `seq` in the journal's order: a binary search. */
export async function countBefore(
  { journal, records }: ReplayOptions,
  tenant: string,
  seq: number,
): Promise<number> {
  let low = 0;
  let high = journal.size(tenant);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await records.record(tenant, middle);
    if (!record || record.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Stream = { readonly tenant: string; next: number; buffer: JournalRecord[]; at: number };

/** Tenants' archives merged by `seq`, up to where the journal begins. */
async function* archived(
  options: ReplayOptions,
  from: number,
): AsyncGenerator<readonly JournalRecord[], undefined> {
  const end = options.journal.first();
  const streams: Stream[] = [];
  for (const tenant of options.journal.tenants()) {
    const next = await countBefore(options, tenant, from);
    streams.push({ tenant, next, buffer: [], at: 0 });
  }
  let batch: JournalRecord[] = [];
  for (;;) {
    const record = await takeLowest(options, streams, end);
    if (record) batch.push(record);
    if (batch.length === 0) return undefined;
    if (!record || batch.length >= ARCHIVE_STEP) {
      yield batch;
      batch = [];
    }
  }
}

async function takeLowest(
  { records }: ReplayOptions,
  streams: readonly Stream[],
  end: number,
): Promise<JournalRecord | undefined> {
  let lowest: Stream | undefined;
  for (const stream of streams) {
    if (stream.at >= stream.buffer.length) {
      stream.buffer = [...(await records.records(stream.tenant, stream.next, ARCHIVE_STEP))];
      stream.at = 0;
      stream.next += stream.buffer.length;
    }
    const head = stream.buffer[stream.at];
    if (!head || head.seq >= end) continue;
    const best = lowest?.buffer[lowest.at];
    if (!best || head.seq < best.seq) lowest = stream;
  }
  const record = lowest?.buffer[lowest.at];
  if (lowest) lowest.at++;
  return record;
}
