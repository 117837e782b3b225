/** The engine as an array of rows and a test of each: what every other engine must equal. */
import type { Event } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import * as answer from './answer.ts';
import type { Answer, Engine, EngineOptions, EngineRecord, Query, SessionRow } from './engine.ts';
import { CALL_FACTS, callKey, endsSession, isBeyond, isOpen, sessionKey } from './fold.ts';
import { keywordText } from './keyword.ts';
import { matcher } from './match.ts';
import { type Fact, hitOf, placeOrder, type Row, rowOf } from './row.ts';
import { foldOf, mergeFolds, type SessionFold, sessionRow, viewOf } from './session.ts';

/** Keeps everything in memory and forgets it on close; `fetch` is not needed. */
export function openMemoryEngine(options: Omit<EngineOptions, 'fetch'>): Engine {
  const state = emptyState(options);
  const read = <T>(value: T): Answer<T> => ({ value, read_to: state.cursor });
  let closed = false;
  const ask = async <T>(make: () => T): Promise<T> => {
    if (closed) throw new Fault('server.closing', 'The index is closed.');
    return make();
  };
  return {
    apply: (records) => ask(() => applyAll(state, records)),
    cursor: () => ask(() => state.cursor),
    search: (query, page) => ask(() => read(search(state, query, page))),
    count: (query) => ask(() => read(matching(state, query).length)),
    facets: (query, field, limit) => ask(() => read(facets(state, query, { field, limit }))),
    histogram: (query, interval_ms) => ask(() => read(histogram(state, query, interval_ms))),
    sessions: (query, page) => ask(() => read(sessions(state, query, page))),
    session: (tenant, id) => ask(() => read(session(state, tenant, keywordText(id)))),
    locate: (tenant, id) => ask(() => state.ids.get(JSON.stringify([tenant, id]))),
    status: () => ask(() => statusOf(state)),
    close: async () => {
      closed = true;
    },
  };
}

function emptyState(options: State['options']): State {
  const [calls, rows, ends, ids] = [new Map(), new Map(), new Map(), new Map()];
  return { options, cursor: 0, calls, rows, ends, ids };
}

type State = {
  readonly options: Omit<EngineOptions, 'fetch'>;
  cursor: number;
  /** Facts of each row, by call or, for an event that stands alone, by `seq`. */
  readonly calls: Map<string, Fact[]>;
  /** Rows that neither time nor the end of a session can change. */
  readonly rows: Map<string, Row>;
  /** When each session last said that it ended. */
  readonly ends: Map<string, number>;
  readonly ids: Map<string, number>;
};

function applyAll(state: State, records: readonly EngineRecord[]): void {
  for (const record of records) {
    if (record.seq < state.cursor) continue;
    const event = JSON.parse(Buffer.from(record.event).toString()) as Event;
    const alone = String(record.seq);
    const call = callKey(event) ?? alone;
    const key = (state.calls.get(call)?.length ?? 0) < CALL_FACTS ? call : alone;
    const facts = state.calls.get(key) ?? [];
    if (facts.length === 0) state.calls.set(key, facts);
    state.rows.delete(key);
    facts.push({ seq: record.seq, index: record.index, event });
    const id = JSON.stringify([record.tenant, event.id]);
    if (!state.ids.has(id)) state.ids.set(id, record.index);
    if (endsSession(event)) noteEnd(state, event);
    state.cursor = record.seq + 1;
  }
}

function noteEnd(state: State, event: Event): void {
  const session = sessionKey([event]);
  state.ends.set(session, Math.max(state.ends.get(session) ?? 0, Date.parse(event.time)));
}

function rowsOf(state: State): Row[] {
  const { calls, rows, ends, options } = state;
  const { call_timeout_ms } = options;
  const now_ms = options.now();
  return [...calls].map(([key, facts]) => {
    const known = rows.get(key);
    if (known !== undefined) return known;
    const ended_ms = endOf(key, facts, ends);
    const row = rowOf(facts, { now_ms, call_timeout_ms, ended_ms });
    if (!isOpen(row.event)) rows.set(key, row);
    return row;
  });
}

function endOf(key: string, facts: readonly Fact[], ends: State['ends']): number | undefined {
  if (facts.some((fact) => isBeyond(key, fact))) return Number.POSITIVE_INFINITY;
  return ends.get(sessionKey(facts.map(({ event }) => event)));
}

function matching(state: State, query: Query): Row[] {
  const holds = matcher(query.filter);
  const { tenant, from_ms = Number.NEGATIVE_INFINITY, to_ms = Number.POSITIVE_INFINITY } = query;
  return rowsOf(state).filter(
    (row) =>
      row.tenant === tenant && row.time_ms >= from_ms && row.time_ms < to_ms && holds(row.doc),
  );
}

function search(state: State, query: Query, page: Parameters<Engine['search']>[1]) {
  answer.checkLimit(page);
  return matching(state, query)
    .filter(answer.isAfter(page))
    .sort(placeOrder(page.order))
    .slice(0, page.limit)
    .map(hitOf);
}

function facets(state: State, query: Query, { field, limit }: { field: string; limit: number }) {
  answer.checkFacet(field);
  const counts = new Map<string, number>();
  for (const { doc } of matching(state, query)) {
    for (const value of doc.keywords.get(field) ?? []) answer.tally(counts, value, 1);
  }
  return answer.bucketsOf(counts, limit);
}

function histogram(state: State, query: Query, interval_ms: number) {
  answer.checkInterval(interval_ms);
  const counts = new Map<number, number>();
  for (const { time_ms } of matching(state, query)) {
    answer.tally(counts, time_ms - (time_ms % interval_ms), 1);
  }
  return answer.barsOf(counts);
}

function foldsOf(rows: readonly Row[]): Map<string, SessionFold> {
  const folds = new Map<string, SessionFold>();
  for (const row of rows) {
    const id = row.doc.keywords.get('session_id')?.[0] ?? '';
    const view = viewOf(row);
    folds.set(id, mergeFolds(folds.get(id), foldOf(view)));
  }
  return folds;
}

function sessions(state: State, query: Query, page: Parameters<Engine['sessions']>[1]) {
  answer.checkLimit(page);
  const { after } = page;
  const found = new Set(
    matching(state, query).map((row) => row.doc.keywords.get('session_id')?.[0]),
  );
  const whole = foldsOf(rowsOf(state).filter((row) => row.tenant === query.tenant));
  return [...whole]
    .filter(([id]) => found.has(id))
    .map(([id, fold]) => sessionRow(id, fold))
    .filter((row) => after === undefined || answer.sessionOrder(row, after) > 0)
    .sort(answer.sessionOrder)
    .slice(0, page.limit);
}

function session(state: State, tenant: string, id: string): SessionRow | undefined {
  const fold = foldsOf(rowsOf(state).filter((row) => row.tenant === tenant)).get(id);
  return fold === undefined ? undefined : sessionRow(id, fold);
}

function statusOf(state: State) {
  const rows = rowsOf(state);
  return {
    rows: rows.length,
    bytes: 0,
    files: 0,
    cursor: state.cursor,
    open_calls: rows.filter((row) => isOpen(row.event)).length,
    cut_rows: rows.filter((row) => row.doc.cut).length,
  };
}
