/** A row of the index: one event, or one call folded from its facts, and its place in answers. */
import type { Event } from '../event/event.ts';
import { type Doc, docOf } from './doc.ts';
import type { Hit, Page, RowPlace } from './engine.ts';
import { type CallClock, factOrder, foldCall, settled } from './fold.ts';

/** One recorded event and its places. */
export type Fact = { readonly seq: number; readonly index: number; readonly event: Event };

/** A row without its searchable form. */
export type Folded = RowPlace & {
  readonly tenant: string;
  /** Oldest first, in the order of the fold. */
  readonly facts: readonly (Pick<Fact, 'seq' | 'index'> & { readonly id: string })[];
  readonly event: Event;
};

export type Row = Folded & { readonly doc: Doc };

/** The row that facts make, at this time. There is at least one fact. */
export function rowOf(facts: readonly Fact[], clock: CallClock): Row {
  const row = foldedOf(facts, clock);
  return { ...row, doc: docOf(row.event) };
}

/** `rowOf` without its searchable form. */
export function foldedOf(facts: readonly Fact[], clock: CallClock): Folded {
  const ordered =
    facts.length === 1
      ? facts
      : facts.toSorted((a, b) => factOrder(a.event, b.event) || a.seq - b.seq);
  const event = settled(foldCall(ordered.map((fact) => fact.event)), clock);
  return {
    tenant: event.tenant_id,
    time_ms: Date.parse(event.time) || 0,
    seq: ordered.reduce((least, { seq }) => Math.min(least, seq), Number.POSITIVE_INFINITY),
    facts: ordered.map((fact) => ({ seq: fact.seq, index: fact.index, id: fact.event.id })),
    event,
  };
}

export function hitOf({ time_ms, seq, facts, event }: Folded): Hit {
  const hit = { time_ms, seq, facts: facts.map((fact) => fact.index) };
  return event.status === undefined ? hit : { ...hit, status: event.status };
}

/** The order of an answer. */
export function placeOrder(order: Page['order']): (a: RowPlace, b: RowPlace) => number {
  const sign = order === 'oldest' ? 1 : -1;
  return (a, b) => sign * (a.time_ms - b.time_ms || a.seq - b.seq);
}

/** Text in the order of its Unicode code points, which is the order of its UTF-8 bytes. */
export function textOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
