/** Answers questions over all files: newest first, stopping as soon as the page is certain. */

import { Fault } from '../../fault/fault.ts';
import * as answer from '../answer.ts';
import type { Bar, Bucket, Hit, Page, Query, SessionPage, SessionRow } from '../engine.ts';
import { keywordText } from '../keyword.ts';
import { checkFilter, fieldOf } from '../match.ts';
import { placeOrder } from '../row.ts';
import { sessionIn, sessionsIn } from './catalogue.ts';
import { idBytes } from './compile.ts';
import { type Db, type FileInfo, guarded, openFile, type Place } from './file.ts';
import type { Clock } from './overlay.ts';
import { hitsIn, openIn, type Part, type ReadFile, readFile, tallyIn } from './part.ts';
import { columnOf, TIE_BITS } from './schema.ts';
import { barOf, isWholeHours, keptIn } from './tally.ts';

export type Question =
  | { readonly kind: 'search'; readonly query: Query; readonly page: Page }
  | { readonly kind: 'count'; readonly query: Query }
  | {
      readonly kind: 'facets';
      readonly query: Query;
      readonly field: string;
      readonly limit: number;
    }
  | { readonly kind: 'histogram'; readonly query: Query; readonly interval_ms: number }
  | { readonly kind: 'sessions'; readonly query: Query; readonly page: SessionPage }
  | { readonly kind: 'session'; readonly tenant: string; readonly session_id: string }
  | { readonly kind: 'locate'; readonly tenant: string; readonly id: string };

/** What a question is asked of: the files of this moment, and the time. */
export type Asked = Clock & {
  readonly question: Question;
  readonly files: readonly FileInfo[];
  /** Unix milliseconds by this machine's clock, after which nobody waits for the answer. */
  readonly deadline_ms: number;
};

export type Reader = { readonly answer: (asked: Asked) => unknown };

/** Opens files as they are needed. Throws `query.timeout`, `query.invalid`, `engine.damaged`. */
export function openReader(place: Place): Reader {
  const files = new Map<number, ReadFile>();
  let deadline_ms = Number.POSITIVE_INFINITY;
  const tick = ticker(() => deadline_ms);
  const fileOf = ({ base }: FileInfo): ReadFile => {
    const file = files.get(base) ?? opened(base);
    files.delete(base);
    files.set(base, file);
    return file;
  };
  const opened = (base: number): ReadFile => {
    const db = openFile(place, base, 'read');
    db.function('tick', tick);
    return readFile(db, base);
  };
  return {
    answer: (asked) => {
      deadline_ms = asked.deadline_ms;
      const infos = asked.files.filter((info) => mayHold(info, asked.question));
      const begun: { readonly base: number; readonly file: ReadFile }[] = [];
      try {
        const parts = infos.map((info) =>
          guarded(info.base, () => {
            checkTime(deadline_ms);
            const file = fileOf(info);
            file.db.exec('BEGIN');
            begun.push({ base: info.base, file });
            return file.partOf(info, tenantOf(asked.question), asked);
          }),
        );
        return answerFrom(parts, asked.question, () => checkTime(deadline_ms));
      } finally {
        for (const { base, file } of begun) guarded(base, () => end(file.db));
        closeUnused(files);
      }
    },
  };
}

/** Files that a reader keeps open. */
const OPEN_FILES = 64;

/** Those used longest ago come first. */
function closeUnused(files: Map<number, ReadFile>): void {
  for (const [base, { db }] of files) {
    if (files.size <= OPEN_FILES) return;
    files.delete(base);
    db.close();
  }
}

function end(db: Db): void {
  if (db.inTransaction) db.exec('COMMIT');
}

function answerFrom(parts: readonly Part[], question: Question, check: () => void): unknown {
  switch (question.kind) {
    case 'search':
      return search(parts, question, check);
    case 'count':
      checkFilter(question.query.filter);
      return count(parts, question, check);
    case 'facets':
      return facets(parts, question, check);
    case 'histogram':
      return histogram(parts, question, check);
    case 'sessions':
      return sessions(parts, question, check);
    case 'session':
      return sessionIn(parts, keywordText(question.session_id));
    case 'locate':
      return locate(parts, question.id);
  }
}

function count(parts: readonly Part[], { query }: Asking<'count'>, check: () => void): number {
  checkFilter(query.filter);
  const kept = { select: 'sum(n)', rows: { select: 'count(*)' } };
  let total = 0;
  for (const part of parts) {
    check();
    const counts = keptIn<[number]>(part, query, kept);
    total += counts.reduce((sum, [n]) => sum + n, openIn(part, query).length);
  }
  return total;
}

type Asking<K extends Question['kind']> = Extract<Question, { kind: K }>;

function search(
  parts: readonly Part[],
  { query, page }: Asking<'search'>,
  check: () => void,
): Hit[] {
  checkFilter(query.filter);
  answer.checkLimit(page);
  const newest = page.order === 'newest';
  const ordered = parts.toSorted((a, b) =>
    newest ? b.info.max_ms - a.info.max_ms : a.info.min_ms - b.info.min_ms,
  );
  const compare = placeOrder(page.order);
  let hits: Hit[] = [];
  for (const part of ordered) {
    check();
    const last = hits.length < page.limit ? undefined : hits.at(-1);
    const done = newest
      ? last !== undefined && last.time_ms > part.info.max_ms
      : last !== undefined && last.time_ms < part.info.min_ms;
    if (done) break;
    const bounded = last === undefined ? query : within(query, last.time_ms, page.order);
    hits = [...hits, ...hitsIn(part, bounded, page)].sort(compare).slice(0, page.limit);
  }
  return hits;
}

/** Of another file, only rows at least as near as the last one of a full page can still come in. */
function within(query: Query, time_ms: number, order: Page['order']): Query {
  const { from_ms = 0, to_ms = Number.POSITIVE_INFINITY } = query;
  return order === 'newest'
    ? { ...query, from_ms: Math.max(from_ms, time_ms) }
    : { ...query, to_ms: Math.min(to_ms, time_ms + 1) };
}

function facets(parts: readonly Part[], asked: Asking<'facets'>, check: () => void): Bucket[] {
  const { query, field } = asked;
  checkFilter(query.filter);
  answer.checkFacet(field);
  const column = columnOf(field);
  const tally = fieldOf(field).many
    ? { select: 'j.value, count(*)', from: `CROSS JOIN json_each(${column}) j` }
    : { select: `${column} AS value, count(*)` };
  const value = fieldOf(field).many ? 'j.value' : column;
  const limit = answer.FACET_VALUES + 1;
  const group = `AND ${value} IS NOT NULL GROUP BY ${value} LIMIT ${limit}`;
  const rows = { ...tally, group, needsRow: true } as const;
  const kept = { field, select: 'value, sum(n)', group: 'GROUP BY value', limit, rows };
  const counts = new Map<string, number>();
  for (const part of parts) {
    check();
    for (const [name, count] of keptIn<[string, number]>(part, query, kept)) {
      answer.tally(counts, name, count);
    }
    for (const { doc } of openIn(part, query)) {
      for (const name of doc.keywords.get(field) ?? []) answer.tally(counts, name, 1);
    }
  }
  return answer.bucketsOf(counts, asked.limit);
}

function histogram(parts: readonly Part[], asked: Asking<'histogram'>, check: () => void): Bar[] {
  const { query, interval_ms } = asked;
  checkFilter(query.filter);
  answer.checkInterval(interval_ms);
  const select = `(($place >> ${TIE_BITS}) / ${interval_ms}) * ${interval_ms}, count(*)`;
  const limit = answer.BARS + 1;
  const rows = { select, group: `GROUP BY 1 LIMIT ${limit}` };
  const kept = { select: `${barOf(interval_ms)}, sum(n)`, group: 'GROUP BY 1', limit, rows };
  const counts = new Map<number, number>();
  for (const part of parts) {
    check();
    const bars = isWholeHours(interval_ms)
      ? keptIn<[number, number]>(part, query, kept)
      : tallyIn<[number, number]>(part, query, rows);
    for (const [from_ms, count] of bars) answer.tally(counts, from_ms, count);
    for (const { time_ms } of openIn(part, query)) {
      answer.tally(counts, time_ms - (time_ms % interval_ms), 1);
    }
  }
  return answer.barsOf(counts);
}

function sessions(
  parts: readonly Part[],
  asked: Asking<'sessions'>,
  check: () => void,
): SessionRow[] {
  const { query, page } = asked;
  checkFilter(query.filter);
  answer.checkLimit(page);
  const everything =
    query.filter.kind === 'all' && query.from_ms === undefined && query.to_ms === undefined;
  const among = everything ? undefined : sessionIds(parts, query, check);
  return sessionsIn(parts, page, { among, check });
}

function sessionIds(parts: readonly Part[], query: Query, check: () => void): Set<string> {
  const ids = new Set<string>();
  for (const part of parts) {
    check();
    const select = 'DISTINCT r.session_id';
    for (const [id] of tallyIn<[string]>(part, query, { select, needsRow: true })) ids.add(id);
    for (const { doc } of openIn(part, query)) ids.add(doc.keywords.get('session_id')?.[0] ?? '');
  }
  return ids;
}

function locate(parts: readonly Part[], id: string): number | undefined {
  const indices = parts.flatMap(({ prepare, tenantId, info }) => {
    if (tenantId === undefined) return [];
    const find = 'SELECT idx FROM fact WHERE id = ? AND tenant = ?';
    const index = guarded(info.base, () =>
      prepare<number>(find).pluck().get(idBytes(id), tenantId),
    );
    return index === undefined ? [] : [index];
  });
  return indices.length === 0 ? undefined : Math.min(...indices);
}

function tenantOf(question: Question): string {
  return 'query' in question ? question.query.tenant : question.tenant;
}

/** Sessions need every file: their folds span all of a session's rows. */
function mayHold({ min_ms, max_ms }: FileInfo, question: Question): boolean {
  if (!('query' in question) || question.kind === 'sessions') return true;
  const { from_ms, to_ms } = question.query;
  return !(from_ms !== undefined && max_ms < from_ms) && !(to_ms !== undefined && min_ms >= to_ms);
}

/** A function in every scan, so that one that nobody waits for any more ends. */
function ticker(deadline_ms: () => number): (place: number) => number {
  return (_place) => {
    checkTime(deadline_ms());
    return 1;
  };
}

function checkTime(deadline_ms: number): void {
  if (Date.now() > deadline_ms) throw timeout();
}

export function timeout(): Fault {
  const hint = 'Narrow the time or the query.';
  return new Fault('query.timeout', 'The query took longer than it may.', { hint });
}
