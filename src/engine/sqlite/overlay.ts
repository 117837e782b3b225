/** Calls that are still open in one file, as rows: few, so they are matched one by one. */
import type { Event } from '../../event/event.ts';
import { keyOf } from '../fold.ts';
import { type Fact, type Row, rowOf } from '../row.ts';
import type { Db } from './file.ts';

export type Clock = { readonly now_ms: number; readonly call_timeout_ms: number };

/** Rows of a tenant's open calls in the file, as the current transaction sees them. */
export type Overlay = (tenant: number, clock: Clock) => readonly Row[];

type Call = { readonly facts: readonly Fact[]; readonly row: Row };

/** What was made of a tenant's open facts. */
type Known = {
  readonly seqs: readonly number[];
  readonly facts: ReadonlyMap<number, Keyed>;
  readonly calls: ReadonlyMap<string, Call>;
};

type Keyed = { readonly key: string; readonly fact: Fact };

const NOTHING: Known = { seqs: [], facts: new Map(), calls: new Map() };

/** Remembers what it parsed, so that a question costs only what is new. */
export function openOverlay(db: Db): Overlay {
  const seqsOf = db.prepare<number>('SELECT seq FROM open WHERE tenant = ? ORDER BY seq').pluck();
  const load = db.prepare<StoredFact>('SELECT seq, idx, event FROM open WHERE seq = ?');
  const tenants = new Map<number, Known>();
  return (tenant, clock) => {
    const seqs = seqsOf.all(tenant);
    const before = tenants.get(tenant) ?? NOTHING;
    const same = seqs.length === before.seqs.length && seqs.every((s, i) => s === before.seqs[i]);
    const facts = same
      ? before.facts
      : new Map(seqs.map((seq) => [seq, before.facts.get(seq) ?? keyed(factOf(load.get(seq)))]));
    const calls = callsOf(same ? before.calls : grouped(facts), before.calls, clock);
    if (seqs.length === 0) tenants.delete(tenant);
    else tenants.set(tenant, { seqs, facts, calls });
    return [...calls.values()].map(({ row }) => row);
  };
}

function keyed(fact: Fact): Keyed {
  return { key: keyOf(fact), fact };
}

function grouped(facts: ReadonlyMap<number, Keyed>): Map<string, { readonly facts: Fact[] }> {
  const calls = new Map<string, { readonly facts: Fact[] }>();
  for (const { key, fact } of facts.values()) {
    const call = calls.get(key);
    if (call === undefined) calls.set(key, { facts: [fact] });
    else call.facts.push(fact);
  }
  return calls;
}

/** A call that got no more facts keeps its row until its time is over. */
function callsOf(
  calls: ReadonlyMap<string, Pick<Call, 'facts'>>,
  before: ReadonlyMap<string, Call>,
  clock: Clock,
): ReadonlyMap<string, Call> {
  const next = new Map<string, Call>();
  for (const [key, { facts }] of calls) {
    const known = before.get(key);
    const fresh = known?.facts.length === facts.length && !isDue(known.row, clock);
    next.set(key, fresh && known !== undefined ? known : { facts, row: rowOf(facts, clock) });
  }
  return next;
}

export type StoredFact = { readonly seq: number; readonly idx: number; readonly event: Buffer };

export function factOf(stored: StoredFact | undefined): Fact {
  if (stored === undefined) throw new TypeError('An open fact vanished within a transaction.');
  const event = JSON.parse(stored.event.toString()) as Event;
  return { seq: stored.seq, index: stored.idx, event };
}

/** A row that was pending when it was made, and no longer is. */
function isDue({ event, time_ms }: Row, clock: Clock): boolean {
  return event.status === 'pending' && clock.now_ms - time_ms > clock.call_timeout_ms;
}
