/** The ids of events that the journal still holds, so that a repeated id is recorded once. */
import type { Journal } from '../journal/journal.ts';

/** An index, or the promise of one while the event is on its way to the disk. */
export type Known = number | Promise<number>;

export type Recent = {
  readonly get: (tenant: string, id: string) => Known | undefined;
  /** Takes the id until `settled` gives its index; a failed append forgets it. */
  readonly reserve: (tenant: string, id: string, settled: Promise<number>) => void;
  /** Remembers a durable record. */
  readonly add: (place: { tenant: string; id: string; seq: number; index: number }) => void;
  /** Forgets records below `seq`: from there on the archive knows. */
  readonly release: (seq: number) => void;
};

/** Records read at once while the journal is scanned at start. */
const STEP = { records: 20_000, bytes: 16 * 1024 * 1024 };

export async function openRecent(journal: Journal): Promise<Recent> {
  const known = new Map<string, Known>();
  // Keys in order of seq, from `base` on: what `release` forgets without a search.
  let order: string[] = [];
  let base = journal.first();
  const keyOf = (tenant: string, id: string) => `${tenant}/${id}`;
  const recent: Recent = {
    get: (tenant, id) => known.get(keyOf(tenant, id)),
    reserve: (tenant, id, settled) => {
      const key = keyOf(tenant, id);
      known.set(key, settled);
      settled.catch(() => known.delete(key));
    },
    add: ({ tenant, id, seq, index }) => {
      const key = keyOf(tenant, id);
      known.set(key, index);
      order[seq - base] = key;
    },
    release: (seq) => {
      if (seq <= base) return;
      for (const key of order.slice(0, seq - base)) if (key !== undefined) known.delete(key);
      order = order.slice(seq - base);
      base = seq;
    },
  };
  for (let seq = base; seq < journal.head(); ) {
    const records = await journal.read(seq, STEP);
    for (const record of records) recent.add(record);
    const last = records.at(-1);
    if (!last) break;
    seq = last.seq + 1;
  }
  return recent;
}
