/** Calls that are still open in one file, as rows: few, so they are matched one by one. */
import type { Event } from '../../event/event.ts';
import { callKey } from '../fold.ts';
import { type Fact, type Row, rowOf } from '../row.ts';
import type { Db } from './file.ts';

export type Clock = { readonly now_ms: number; readonly call_timeout_ms: number };

/** Rows of the file's open calls as the current transaction sees them. */
export type Overlay = (clock: Clock) => readonly Row[];

/** Remembers what it parsed, so that a query costs only what is new. */
export function openOverlay(db: Db): Overlay {
  const seqs = db.prepare<number>('SELECT seq FROM open ORDER BY seq').pluck();
  const load = db.prepare<StoredFact>('SELECT seq, idx, event FROM open WHERE seq = ?');
  const facts = new Map<number, Fact>();
  let rows = new Map<string, { readonly size: number; readonly row: Row }>();
  return (clock) => {
    const present = seqs.all();
    if (present.length === 0 && facts.size === 0) return [];
    const keep = new Set(present);
    for (const seq of facts.keys()) if (!keep.has(seq)) facts.delete(seq);
    for (const seq of present) if (!facts.has(seq)) facts.set(seq, factOf(load.get(seq)));
    const next: typeof rows = new Map();
    for (const [key, group] of grouped(facts.values())) {
      const known = rows.get(key);
      const fresh = known?.size === group.length && !isDue(known.row, clock);
      const row = fresh && known !== undefined ? known.row : rowOf(group, clock);
      next.set(key, { size: group.length, row });
    }
    rows = next;
    return [...next.values()].map((entry) => entry.row);
  };
}

export type StoredFact = { readonly seq: number; readonly idx: number; readonly event: Buffer };

export function factOf(stored: StoredFact | undefined): Fact {
  if (stored === undefined) throw new TypeError('An open fact vanished within a transaction.');
  const event = JSON.parse(stored.event.toString()) as Event;
  return { seq: stored.seq, index: stored.idx, event };
}

/** Facts by the row that they make. */
export function grouped(facts: Iterable<Fact>): Map<string, Fact[]> {
  return Map.groupBy(facts, ({ event, seq }) => callKey(event) ?? String(seq));
}

/** A row that was pending when it was made, and no longer is. */
function isDue({ event, time_ms }: Row, clock: Clock): boolean {
  return event.status === 'pending' && clock.now_ms - time_ms > clock.call_timeout_ms;
}
