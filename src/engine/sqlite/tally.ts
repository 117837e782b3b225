/** Counts of a file's rows by hour and value, so that what every screen shows costs few reads. */
import type { Query } from '../engine.ts';
import { type Database, type Db, guarded } from './file.ts';
import { type Part, type Tally, tallyIn } from './part.ts';
import { TALLIED } from './schema.ts';

export type TallyWriter = {
  /** Counts a row and its values in or, with -1, out. */
  readonly count: (row: Counted, by: 1 | -1) => void;
  /** Writes what changed; within the transaction of the rows. */
  readonly save: () => void;
};

export type Counted = {
  readonly tenant: number;
  readonly time_ms: number;
  /** A value or null for each of `TALLIED`. */
  readonly values: readonly Database.Value[];
};

const HOUR_MS = 3_600_000;
/** The number under which rows are counted, whatever their values; fields follow. */
const ROWS = 0;

type Change = readonly [tenant: number, field: number, hour: number, value: Database.Value];

export function tallyWriter(db: Db): TallyWriter {
  const put = db.prepare(
    `INSERT INTO tally VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET n = n + excluded.n`,
  );
  // A value that no row has any more may be what somebody had erased.
  const drop = db.prepare(
    'DELETE FROM tally WHERE tenant = ? AND field = ? AND hour = ? AND value = ? AND n = 0',
  );
  const changes = new Map<string, { readonly what: Change; n: number }>();
  const add = (what: Change, by: number): void => {
    const key = what.join(' ');
    const known = changes.get(key);
    if (known === undefined) changes.set(key, { what, n: by });
    else known.n += by;
  };
  return {
    count: ({ tenant, time_ms, values }, by) => {
      const hour = Math.floor(time_ms / HOUR_MS);
      add([tenant, ROWS, hour, ''], by);
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? null;
        if (value !== null) add([tenant, i + 1, hour, value], by);
      }
    },
    save: () => {
      for (const { what, n } of changes.values()) {
        if (n !== 0) put.run(...what, n);
        if (n < 0) drop.run(...what);
      }
      changes.clear();
    },
  };
}

/** How to read the counts: of rows, or of a field's values. */
export type Kept = {
  /** Undefined for rows. */
  readonly field?: string;
  /** Of `hour`, `value` and `n`. */
  readonly select: string;
  readonly group?: string;
  /** The most groups that are wanted. */
  readonly limit?: number;
  /** The same from the rows themselves. */
  readonly rows: Tally;
};

/**
 * What `tallyIn` answers, from the counts of whole hours as far as they tell: where every row of
 * the tenant matches. Values of one group may come several times, to be summed.
 */
export function keptIn<T>(part: Part, query: Query, kept: Kept): T[] {
  const number = kept.field === undefined ? ROWS : TALLIED.indexOf(kept.field) + 1;
  const known = kept.field === undefined || number > ROWS;
  const { prepare, tenantId, info } = part;
  if (tenantId === undefined) return [];
  if (query.filter.kind !== 'all' || !known) return tallyIn(part, query, kept.rows);
  const { from_ms, to_ms } = stretched(query, part);
  const [from, to] = [Math.ceil(from_ms / HOUR_MS), Math.floor(to_ms / HOUR_MS)];
  if (from >= to) return tallyIn(part, query, kept.rows);
  const edge = (from_ms: number, to_ms: number): T[] =>
    from_ms < to_ms ? tallyIn(part, { ...query, from_ms, to_ms }, kept.rows) : [];
  const whole = guarded(info.base, () =>
    prepare<T>(
      `SELECT ${kept.select} FROM tally
        WHERE tenant = ? AND field = ? AND hour >= ? AND hour < ? AND tick(hour)
        ${kept.group ?? ''} HAVING sum(n) <> 0 LIMIT ${kept.limit ?? -1}`,
    )
      .raw()
      .all(tenantId, number, from, to),
  );
  return [...edge(from_ms, from * HOUR_MS), ...whole, ...edge(to * HOUR_MS, to_ms)];
}

/** An hour that is cut where the file has no rows is as good as whole. */
function stretched({ from_ms = 0, to_ms = Number.MAX_SAFE_INTEGER }: Query, { state }: Part) {
  const { min_ms, max_ms } = state();
  return {
    from_ms: from_ms <= min_ms ? Math.floor(from_ms / HOUR_MS) * HOUR_MS : from_ms,
    to_ms: to_ms > max_ms ? Math.ceil(to_ms / HOUR_MS) * HOUR_MS : to_ms,
  };
}

/** Whether bars of this width begin and end at whole hours. */
export function isWholeHours(interval_ms: number): boolean {
  return interval_ms % HOUR_MS === 0;
}

/** SQL for the beginning of an hour's bar, Unix milliseconds. */
export function barOf(interval_ms: number): string {
  const hours = interval_ms / HOUR_MS;
  return `(hour / ${hours}) * ${interval_ms}`;
}
