/** The durable part of a file journal: its files in order, what is where, and reading it. */
import type { SealedEvent } from '../seal/seal.ts';
import { type Disk, isAbsent, readFault, writeFault } from '../store/disk.ts';
import { damaged } from './damage.ts';
import { frameBytes, frameRecord, probeFrame } from './frame.ts';
import type { JournalRecord, ReadLimit } from './journal.ts';
import { type Log, removeLog } from './log.ts';
import { requireHeld } from './order.ts';
import type { Recovered } from './recover.ts';

export type Chain = {
  readonly first: () => number;
  readonly head: () => number;
  readonly bytes: () => number;
  /** Next index of each tenant. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The file that is written to. */
  readonly active: () => Log;
  readonly addLog: (log: Log) => void;
  /** Counts events, whose frames are durable at the end of the active file, as appended. */
  readonly publish: (events: readonly SealedEvent[]) => void;
  readonly read: (seq: number, limit: ReadLimit) => Promise<readonly JournalRecord[]>;
  readonly find: (tenant: string, index: number) => Promise<JournalRecord | undefined>;
  readonly release: (seq: number) => Promise<void>;
};

/** `recovered.logs` holds at least one file. */
export function openChain(dir: string, disk: Disk, recovered: Recovered): Chain {
  const logs = [...recovered.logs];
  const { sizes } = recovered;
  let { head } = recovered;
  const first = () => logs[0]?.first ?? head;
  const active = () => logs.at(-1) as Log;

  return {
    first,
    head: () => head,
    bytes: () => logs.reduce((sum, log) => sum + log.bytes, 0),
    sizes,
    active,
    addLog: (log) => logs.push(log),
    publish(events) {
      const log = active();
      for (const event of events) {
        const index = sizes.get(event.tenant) ?? 0;
        log.offsets.add(event.tenant, index, log.bytes);
        log.bytes += frameBytes(event);
        sizes.set(event.tenant, index + 1);
        head++;
      }
    },
    async read(seq, limit) {
      requireHeld(seq, first());
      if (seq >= head) return [];
      const log = logs.findLast((log) => log.first <= seq) as Log;
      try {
        return await readLog(disk, log, spanOf(log, seq - log.first, limit));
      } catch (error) {
        if (isAbsent(error)) requireHeld(seq, first());
        throw readFault(error, `the journal file ${log.name}`);
      }
    },
    async find(tenant, index) {
      const log = logs.findLast((log) => log.offsets.ordinal(tenant, index) !== undefined);
      const ordinal = log?.offsets.ordinal(tenant, index);
      if (log === undefined || ordinal === undefined) return undefined;
      try {
        return (await readLog(disk, log, spanOf(log, ordinal, { records: 1, bytes: 0 })))[0];
      } catch (error) {
        // Released between the look-up and the reading.
        if (isAbsent(error) && log.first < first()) return undefined;
        throw readFault(error, `the journal file ${log.name}`);
      }
    },
    release: (seq) => releaseLogs({ logs, dir, disk }, seq),
  };
}

/** Deletes oldest files first and syncs each, so that a crash never leaves a hole in the middle. */
async function releaseLogs(
  { logs, dir, disk }: { readonly logs: Log[]; readonly dir: string; readonly disk: Disk },
  seq: number,
): Promise<void> {
  while (logs[1] !== undefined && logs[1].first <= seq) {
    const log = logs.shift() as Log;
    try {
      await removeLog(disk, log.path);
      await disk.syncFolder(dir);
    } catch (error) {
      // It may still be there: forgotten, it would be left behind a hole by the next release.
      logs.unshift(log);
      throw writeFault(error, `the release of the journal file ${log.name}`);
    }
  }
}

/** Neighbouring records of one file: the ordinal of the first, and byte offsets. */
type Span = { readonly ordinal: number; readonly from: number; readonly to: number };

/** From an ordinal on, as much as the limit allows; always one record, so that a reader gets on. */
function spanOf({ offsets, bytes }: Log, ordinal: number, limit: ReadLimit): Span {
  const count = offsets.count();
  const from = offsets.offset(ordinal);
  const endOf = (place: number) => (place + 1 < count ? offsets.offset(place + 1) : bytes);
  let last = ordinal;
  while (last + 1 < count && last + 1 - ordinal < limit.records) {
    if (endOf(last + 1) - from > limit.bytes) break;
    last++;
  }
  return { ordinal, from, to: endOf(last) };
}

async function readLog(disk: Disk, log: Log, span: Span): Promise<readonly JournalRecord[]> {
  const bytes = Buffer.allocUnsafe(span.to - span.from);
  const file = await disk.open(log.path, 'read');
  const read = await disk.read(file, bytes, span.from).finally(() => disk.close(file));
  const held = bytes.subarray(0, read);
  const records: JournalRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at < read ? probeFrame(held, at) : 0;
    const seq = log.first + span.ordinal + records.length;
    if (length <= 0) {
      const offset = span.from + at;
      throw damaged({ file: log.name, offset, seq, problem: 'is damaged' });
    }
    records.push(frameRecord(bytes, at));
    at += length;
  }
  return records;
}
