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
  let archive: Archived | undefined;

  /** The next records that only the archive holds; empty when the journal holds the rest. */
  async function fromArchive(): Promise<readonly JournalRecord[]> {
    while (archive !== undefined || seq < journal.first()) {
      archive ??= openArchived(options, { from: seq, end: journal.first() });
      const { value } = await archive.batches.next();
      if (value) return value;
      // Not the journal's first: it may have let go of more while the archive was read.
      seq = Math.max(seq, archive.end);
      archive = undefined;
    }
    return [];
  }

  async function read(): Promise<readonly JournalRecord[]> {
    const records = await fromArchive();
    if (records.length > 0) return records;
    return journal.read(seq, JOURNAL_STEP).catch((error: unknown) => {
      if (seq >= journal.first()) throw error;
      return read();
    });
  }

  return {
    next: async () => {
      const records = await read();
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

type Range = { readonly from: number; readonly end: number };

type Archived = Range & {
  readonly batches: AsyncGenerator<readonly JournalRecord[], undefined>;
};

function openArchived(options: ReplayOptions, range: Range): Archived {
  return { ...range, batches: archived(options, range) };
}

/** Tenants' archives merged by `seq`, up to where the journal began. */
async function* archived(
  options: ReplayOptions,
  { from, end }: Range,
): AsyncGenerator<readonly JournalRecord[], undefined> {
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
