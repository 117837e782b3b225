/** The whole trail in the journal's order, from archive and journal: what rebuilds an index. */
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Records } from './content.ts';

export type ReplayOptions = { readonly journal: Journal; readonly records: Records };

const JOURNAL_STEP = { records: 8000, bytes: 16 * 1024 * 1024 };
/** Records that are read at once of each tenant's archive: all tenants' are in memory together. */
const ARCHIVE_STEP = 256;

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
  if (seq === 0) return 0;
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

type Stream = { readonly tenant: string; next: number; buffer: readonly JournalRecord[] };

/** Tenants' archives merged by `seq`, up to where the journal begins. */
async function* archived(
  options: ReplayOptions,
  from: number,
): AsyncGenerator<readonly JournalRecord[], undefined> {
  const end = options.journal.first();
  let streams: Stream[] = [];
  for (const tenant of options.journal.tenants()) {
    const next = await countBefore(options, tenant, from);
    streams.push({ tenant, next, buffer: [] });
  }
  for (;;) {
    await Promise.all(streams.map((stream) => fill(options, stream)));
    streams = streams.filter(({ buffer: [head] }) => head !== undefined && head.seq < end);
    // Up to here each tenant's records are at hand: what comes later stands behind them.
    const whole = Math.min(end - 1, ...streams.map(({ buffer }) => buffer.at(-1)?.seq ?? 0));
    const batch = streams.flatMap((stream) => take(stream, whole));
    if (batch.length === 0) return undefined;
    yield batch.sort((a, b) => a.seq - b.seq);
  }
}

async function fill({ records }: ReplayOptions, stream: Stream): Promise<void> {
  if (stream.buffer.length > 0) return;
  stream.buffer = await records.records(stream.tenant, stream.next, ARCHIVE_STEP);
  stream.next += stream.buffer.length;
}

/** Takes a stream's records up to a `seq` out of it. */
function take(stream: Stream, to: number): readonly JournalRecord[] {
  const { buffer } = stream;
  const rest = buffer.findIndex(({ seq }) => seq > to);
  stream.buffer = rest < 0 ? [] : buffer.slice(rest);
  return rest < 0 ? buffer : buffer.slice(0, rest);
}
