/** The newest events as they were sealed: followers that keep up need not read them back. */
import type { EngineRecord } from '../engine/engine.ts';

export type Fresh = {
  /** Takes a durable event. */
  readonly add: (record: EngineRecord) => void;
  readonly get: (seq: number) => Uint8Array | undefined;
  /** Records from `seq` on without a gap, at most `limit`; empty where the first is not held. */
  readonly from: (seq: number, limit: number) => readonly EngineRecord[];
};

export type FreshLimits = {
  /** The `seq` that the slowest follower reads next. */
  readonly read: () => number;
  /** Bytes that are kept of what it has read. */
  readonly read_bytes: number;
  /** Bytes that are kept where it has fallen behind: reading them back costs more than to index. */
  readonly unread_bytes: number;
};

/** What is left of a full memory. */
const KEPT = 0.9;

/** A bounded memory by `seq`: the oldest leave first. */
export function openFresh({ read, read_bytes, unread_bytes }: FreshLimits): Fresh {
  const held = new Map<number, EngineRecord>();
  let size = 0;
  let first = 0;
  const limitOf = (seq: number) => (seq < read() ? read_bytes : unread_bytes);
  return {
    add: (record) => {
      if (held.size === 0) first = record.seq;
      held.set(record.seq, record);
      size += record.event.byteLength;
      if (size <= limitOf(first)) return;
      // Many at once: each look from the front steps over all that was taken away before.
      for (const [oldest, { event }] of held) {
        first = oldest;
        if (size <= limitOf(oldest) * KEPT) break;
        held.delete(oldest);
        size -= event.byteLength;
      }
    },
    get: (seq) => held.get(seq)?.event,
    from: (seq, limit) => {
      const records: EngineRecord[] = [];
      for (let next = held.get(seq); next !== undefined && records.length < limit; ) {
        records.push(next);
        next = held.get(next.seq + 1);
      }
      return records;
    },
  };
}
