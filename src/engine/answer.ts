/** Answers that are made the same way by every engine: limits, bars, buckets, pages. */
import { Fault } from '../fault/fault.ts';
import type { Bar, Bucket, Page, RowPlace, SessionPage, SessionRow } from './engine.ts';
import { fieldOf } from './match.ts';
import { placeOrder, textOrder } from './row.ts';

/** Rows or sessions of one page. */
export const PAGE_ROWS = 10_000;
/** Different values that are counted for one facet. */
export const FACET_VALUES = 200_000;
/** Bars of one histogram. */
export const BARS = 100_000;

/** Whether a row lies after the last one of the page before. */
export function isAfter(page: Page): (row: RowPlace) => boolean {
  const { after } = page;
  if (after === undefined) return () => true;
  const compare = placeOrder(page.order);
  return (row) => compare(row, after) > 0;
}

/** The order of sessions: last event newest first, then by id. */
export function sessionOrder(a: SessionKey, b: SessionKey): number {
  return b.last_ms - a.last_ms || textOrder(a.session_id, b.session_id);
}

export type SessionKey = Pick<SessionRow, 'last_ms' | 'session_id'>;

export function checkLimit(page: Page | SessionPage): void {
  const { limit } = page;
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= PAGE_ROWS) return;
  throw new Fault('query.invalid', `limit must be between 1 and ${PAGE_ROWS}.`, {
    field: 'limit',
    limit: PAGE_ROWS,
  });
}

export function checkFacet(field: string): void {
  if (fieldOf(field).kind === 'keyword') return;
  throw new Fault('query.invalid', `${field} is not a keyword field: its values are not counted.`, {
    field,
  });
}

export function checkInterval(interval_ms: number): void {
  if (Number.isSafeInteger(interval_ms) && interval_ms >= 1) return;
  throw new Fault('query.invalid', 'The interval must be a whole number of milliseconds above 0.', {
    field: 'interval_ms',
  });
}

/** The largest buckets of counted values. Throws `query.invalid` for too many values. */
export function bucketsOf(counts: ReadonlyMap<string, number>, limit: number): Bucket[] {
  if (counts.size > FACET_VALUES) {
    throw new Fault('query.invalid', `The field has more than ${FACET_VALUES} different values.`, {
      limit: FACET_VALUES,
      hint: 'Narrow the query or its time.',
    });
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || textOrder(a.value, b.value))
    .slice(0, limit);
}

/** Bars in order of time. Throws `query.invalid` for too many. */
export function barsOf(counts: ReadonlyMap<number, number>): Bar[] {
  if (counts.size > BARS) {
    throw new Fault('query.invalid', `The histogram has more than ${BARS} bars.`, {
      field: 'interval_ms',
      limit: BARS,
      hint: 'Use a longer interval or a shorter time.',
    });
  }
  return [...counts]
    .map(([from_ms, count]) => ({ from_ms, count }))
    .sort((a, b) => a.from_ms - b.from_ms);
}

/** Adds to a count by key. */
export function tally<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
