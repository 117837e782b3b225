/** One index file as a reader sees it: SQL over its rows, and its open calls beside them. */

import type { Status } from '../../event/event.ts';
import { isAfter } from '../answer.ts';
import type { Hit, Page, Query } from '../engine.ts';
import { matcher } from '../match.ts';
import { hitOf, type Row } from '../row.ts';
import { type PlaceRange, type Plan, planOf } from './compile.ts';
import {
  type Database,
  type Db,
  type FileInfo,
  type FileState,
  guarded,
  type Prepare,
  stateOf,
} from './file.ts';
import { type Clock, openOverlay } from './overlay.ts';
import { namesLike } from './resources.ts';
import { factsOf } from './rows.ts';
import { TIE_BITS, TIES } from './schema.ts';

/** A file with what one question needs of it; made for each question, within one transaction. */
export type Part = {
  readonly prepare: Prepare;
  readonly info: FileInfo;
  /** What the file says of itself, as its rows are seen. */
  readonly state: () => FileState;
  /** The tenant's number in this file; undefined where it has no rows there. */
  readonly tenantId: number | undefined;
  /** The tenant's open calls. */
  readonly open: readonly Row[];
};

/** An opened file, kept from question to question. */
export type ReadFile = {
  readonly db: Db;
  readonly partOf: (info: FileInfo, tenant: string, clock: Clock) => Part;
};

export function readFile(db: Db, base: number): ReadFile {
  const overlay = openOverlay(db);
  const tenantIds = new Map<string, number>();
  const prepare = preparer(db, base);
  const tenantId = db.prepare<number>('SELECT id FROM tenant WHERE name = ?').pluck();
  return {
    db,
    partOf: (info, tenant, clock) => {
      const id = tenantIds.get(tenant) ?? tenantId.get(tenant);
      if (id !== undefined) tenantIds.set(tenant, id);
      const open = id === undefined ? [] : overlay(id, clock);
      return { prepare, info, state: () => guarded(base, () => stateOf(db)), tenantId: id, open };
    },
  };
}

/** The part's rows that match, in the page's order, at most its limit. */
export function hitsIn(part: Part, query: Query, page: Page): Hit[] {
  const { base } = part.info;
  const found = openIn(part, query).filter(isAfter(page)).map(hitOf);
  const plan = planIn(part, query, pageRange(query, page, base));
  if (plan === undefined) return found;
  const join = plan.join;
  const order = page.order === 'newest' ? 'DESC' : 'ASC';
  const rows = all<[number, number, number, string | null, Status | null]>(
    part,
    `SELECT r.place >> ${TIE_BITS}, r.place & ${TIES - 1}, r.idx, r.more, r.status
    FROM ${plan.source} ${join} WHERE ${plan.where} ORDER BY ${plan.place} ${order} LIMIT ?`,
    [...plan.values, page.limit],
  );
  const stored = rows.map(([time_ms, tie, idx, more, status]): Hit => {
    const facts = more === null ? [idx] : factsOf(more).map(({ index }) => index);
    const hit = { time_ms, seq: base + tie, facts };
    return status === null ? hit : { ...hit, status };
  });
  return [...found, ...stored];
}

/** What to select of the matching rows; `$place` stands for the row's place. */
export type Tally = {
  readonly select: string;
  readonly from?: string;
  readonly group?: string;
  readonly needsRow?: true;
};

export function tallyIn<T>(part: Part, query: Query, tally: Tally): T[] {
  const plan = planIn(part, query, timeRange(query));
  if (plan === undefined) return [];
  const join = plan.needsRow || tally.needsRow ? plan.join : '';
  const select = tally.select.replaceAll('$place', plan.place);
  const sql = `SELECT ${select} FROM ${plan.source} ${join} ${tally.from ?? ''}
    WHERE ${plan.where} ${tally.group ?? ''}`;
  return all<T>(part, sql, plan.values);
}

/** The tenant's open calls that match, in no order. */
export function openIn({ open }: Part, query: Query): Row[] {
  if (open.length === 0) return [];
  const { from_ms = Number.NEGATIVE_INFINITY, to_ms = Number.POSITIVE_INFINITY } = query;
  const holds = matcher(query.filter);
  return open.filter((row) => row.time_ms >= from_ms && row.time_ms < to_ms && holds(row.doc));
}

function planIn(part: Part, query: Query, range: PlaceRange): Plan | undefined {
  if (part.tenantId === undefined || range.from >= range.to) return undefined;
  const { tenantId, prepare, info } = part;
  const names = (pattern: string) =>
    guarded(info.base, () => namesLike({ prepare, tenantId }, pattern));
  return planOf(query, { tenantId, namesLike: names }, range);
}

function all<T>({ prepare, info }: Part, sql: string, values: readonly Database.Value[]): T[] {
  return guarded(info.base, () =>
    prepare<T>(sql)
      .raw()
      .all(...values),
  );
}

const STATEMENTS = 100;

function preparer(db: Db, base: number): Prepare {
  const kept = new Map<string, Database.Statement>();
  return <T>(sql: string) => {
    const statement = kept.get(sql) ?? guarded(base, () => db.prepare(sql));
    if (kept.size >= STATEMENTS) kept.clear();
    kept.set(sql, statement);
    return statement as Database.Statement<T>;
  };
}

/** Times that a place can hold: 43 bits of milliseconds, which is beyond the year 2200. */
const LAST_MS = 2 ** 43 - 1;

function placeOf(time_ms: number, tie: number): bigint {
  const ms = Math.min(Math.max(Math.ceil(time_ms), 0), LAST_MS);
  return (BigInt(ms) << BigInt(TIE_BITS)) + BigInt(Math.min(Math.max(tie, 0), TIES));
}

function timeRange({ from_ms, to_ms }: Query): PlaceRange {
  return { from: placeOf(from_ms ?? 0, 0), to: placeOf(to_ms ?? LAST_MS, 0) };
}

function pageRange(query: Query, { after, order }: Page, base: number): PlaceRange {
  const { from, to } = timeRange(query);
  if (after === undefined) return { from, to };
  const tie = after.seq - base;
  if (order === 'newest') {
    const end = placeOf(after.time_ms, tie);
    return end < to ? { from, to: end } : { from, to };
  }
  const begin = placeOf(after.time_ms, tie + 1);
  return begin > from ? { from: begin, to } : { from, to };
}
