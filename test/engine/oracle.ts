/** What every engine must answer: a plain filter over an array of folded rows. */
import type { EngineRecord, Hit, Page, Query, SessionRow } from '../../src/engine/engine.ts';
import { callKey, endsSession, factOrder } from '../../src/engine/fold.ts';
import { matcher } from '../../src/engine/match.ts';
import { hitOf, type Row, rowOf } from '../../src/engine/row.ts';
import type { Event } from '../../src/event/event.ts';
import { CALL_TIMEOUT_MS, NOW_MS } from './generate.ts';

export function rowsOf(records: readonly EngineRecord[], now_ms = NOW_MS): Row[] {
  const facts = records.map(({ seq, index, event }) => {
    return { seq, index, event: JSON.parse(Buffer.from(event).toString()) as Event };
  });
  const ends = facts.filter(({ event }) => endsSession(event));
  const groups = Map.groupBy(facts, (fact) => callKey(fact.event) ?? fact.seq);
  return [...groups.values()].map((group) => {
    const { tenant_id, session_id } = standing(group.map(({ event }) => event));
    const times = ends
      .filter(({ event }) => event.tenant_id === tenant_id && event.session_id === session_id)
      .map(({ event }) => Date.parse(event.time));
    const ended_ms = times.length === 0 ? undefined : Math.max(...times);
    return rowOf(group, { now_ms, call_timeout_ms: CALL_TIMEOUT_MS, ended_ms });
  });
}

/** Where a call stands: in a sub-agent's session where some fact names one. */
function standing(events: readonly Event[]): Event {
  const part = events
    .filter((event) => event.session_id.startsWith(`${event.parent_session_id}:`))
    .sort(factOrder)[0];
  return part ?? events[0] ?? ({} as Event);
}

export function matching(rows: readonly Row[], query: Query): Row[] {
  const holds = matcher(query.filter);
  return rows.filter(
    ({ tenant, time_ms, doc }) =>
      tenant === query.tenant &&
      time_ms >= (query.from_ms ?? 0) &&
      time_ms < (query.to_ms ?? Number.POSITIVE_INFINITY) &&
      holds(doc),
  );
}

export function hits(rows: readonly Row[], query: Query, order: Page['order']): Hit[] {
  const sign = order === 'newest' ? -1 : 1;
  return matching(rows, query)
    .sort((a, b) => sign * (a.time_ms - b.time_ms || a.seq - b.seq))
    .map(hitOf);
}

export function buckets(rows: readonly Row[], query: Query, field: string) {
  const values = matching(rows, query).flatMap((row) => row.doc.keywords.get(field) ?? []);
  return Object.entries(Object.groupBy(values, (value) => `=${value}`))
    .map(([value, all]) => ({ value: value.slice(1), count: all?.length ?? 0 }))
    .sort(
      (a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value)),
    );
}

export function bars(rows: readonly Row[], query: Query, interval_ms: number) {
  const starts = matching(rows, query).map(
    (row) => Math.floor(row.time_ms / interval_ms) * interval_ms,
  );
  return [...Map.groupBy(starts, (start) => start)]
    .map(([from_ms, all]) => ({ from_ms, count: all.length }))
    .sort((a, b) => a.from_ms - b.from_ms);
}

/** Sessions with a matching row, counted field by field rather than folded. */
export function sessions(rows: readonly Row[], query: Query): SessionRow[] {
  const idOf = (row: Row) => row.doc.keywords.get('session_id')?.[0] ?? '';
  const found = new Set(matching(rows, query).map(idOf));
  const all = rows.filter((row) => row.tenant === query.tenant && found.has(idOf(row)));
  return [...Map.groupBy(all, idOf)]
    .map(([session_id, group]) => sessionOf(session_id, group))
    .sort(
      (a, b) =>
        b.last_ms - a.last_ms ||
        Buffer.compare(Buffer.from(a.session_id), Buffer.from(b.session_id)),
    );
}

function sessionOf(session_id: string, group: readonly Row[]): SessionRow {
  const rows = group.toSorted((a, b) => a.time_ms - b.time_ms || a.seq - b.seq);
  const word = (row: Row, field: string) => row.doc.keywords.get(field)?.[0];
  const first = <T>(value: (row: Row) => T | undefined) =>
    rows.map(value).find((v) => v !== undefined);
  const object = (name: string, keys: string[]) =>
    first((row) => {
      const entries = keys.map((key) => [key, word(row, `${name}.${key}`)] as const);
      const known = entries.filter(([, value]) => value !== undefined);
      return known.length === 0 ? undefined : Object.fromEntries(known);
    });
  const statuses = rows.flatMap((row) => row.event.status ?? []);
  const known = {
    parent_session_id: first((row) => word(row, 'parent_session_id')),
    agent: object('agent', ['id', 'name', 'version', 'runtime']),
    user: object('user', ['id', 'name']),
    prompt_index: rows.find((row) => row.event.type === 'prompt')?.facts[0]?.index,
  };
  const defined = Object.entries(known).filter(([, value]) => value !== undefined);
  return {
    session_id,
    ...Object.fromEntries(defined),
    first_ms: rows[0]?.time_ms ?? 0,
    last_ms: rows.at(-1)?.time_ms ?? 0,
    ended: rows.some((row) => endsSession(row.event)),
    rows: rows.length,
    prompts: rows.filter((row) => row.event.type === 'prompt').length,
    calls: rows.filter((row) =>
      ['tool_call', 'api_call', 'file_operation'].includes(row.event.type),
    ).length,
    statuses: Object.fromEntries(
      [...Map.groupBy(statuses, (s) => s)].map(([s, all]) => [s, all.length]),
    ),
  };
}
