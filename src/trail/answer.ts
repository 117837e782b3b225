/** Answers readers: searches, sessions, timelines, one event; each says up to where it had read. */
import type { Answer, Engine, Filter, Hit, Query, SessionRow } from '../engine/engine.ts';
import { fieldNamed } from '../engine/field.ts';
import { foldCall, rootOf } from '../engine/fold.ts';
import { Fault } from '../fault/fault.ts';
import type { Journal } from '../journal/journal.ts';
import { type AuditEntry, auditEntry } from '../search/audit.ts';
import { parseInterval } from '../search/time.ts';
import { type ContentOptions, eventOf, readContent, readContents } from './content.ts';
import type { Gate } from './gate.ts';
import type { Indexer } from './indexer.ts';
import { type OverflowStore, restore } from './overflow.ts';
import { encodeCursor, rowLimit, toPage, toQuery, toSessionPage } from './request.ts';
import { asRow, readRows } from './row.ts';
import type { Row, SearchRequest, SessionSummary, Trail } from './trail.ts';

export type AnswerOptions = ContentOptions &
  OverflowStore & {
    /** Passed by whatever reads many events, or whole ones. */
    readonly gate: Gate;
    readonly journal: Journal;
    readonly engine: Engine;
    readonly indexer: Indexer;
    /** The index of an event that the engine has not read yet, or never will again. */
    readonly locate: (tenant: string, id: string) => Promise<number | undefined>;
    readonly now: () => number;
  };

export type Answers = Pick<
  Trail,
  'search' | 'count' | 'facets' | 'histogram' | 'sessions' | 'timeline' | 'event' | 'auditLog'
>;

/** Bars of a histogram for which an interval is chosen where none was asked for. */
const BARS = 60;
/** Records that the index may lag behind and still be waited for, and for how long. */
const LAG = { records: 2000, wait_ms: 100 };
/** How long an unknown session is waited for, where the index lags behind. */
const UNKNOWN_WAIT_MS = 5000;
const TITLE_CHARS = 120;

export function openAnswers(options: AnswerOptions): Answers {
  return {
    search: (request) => search(options, request),
    count: async (request) => {
      const { value, read_to } = await ask(options, request, (query) =>
        options.engine.count(query),
      );
      return { count: value, read_to };
    },
    facets: async ({ field, limit, ...request }) => {
      const known = fieldNamed(field);
      if (known?.kind !== 'keyword') {
        throw new Fault('query.invalid', `${field} has no values to count.`, {
          field: 'field',
          hint: 'Facets are of keyword fields: tool, status, agent.id, user.id and the like.',
        });
      }
      const { value, read_to } = await ask(options, request, (query) =>
        options.engine.facets(query, known.name, rowLimit(limit ?? 20)),
      );
      return { buckets: value, read_to };
    },
    histogram: (request) => histogram(options, request),
    sessions: (request) => sessions(options, request),
    timeline: (request) => timeline(options, request),
    event: (tenant, id) => options.gate(() => event(options, tenant, id)),
    auditLog: (request) => auditLog(options, request),
  };
}

/** Waits a moment for an index that is nearly there, so that people find what they just did. */
async function settled({ journal, indexer }: AnswerOptions): Promise<void> {
  const head = journal.head();
  const lag = head - indexer.cursor();
  const near = lag > 0 && lag <= LAG.records;
  if (near || indexer.failure()) await indexer.reach(head, LAG.wait_ms);
}

async function ask<T>(
  options: AnswerOptions,
  request: SearchRequest,
  answer: (query: Query) => Promise<Answer<T>>,
) {
  const query = toQuery(request, options.now());
  await settled(options);
  const { value, read_to } = await answer(query);
  return { value, read_to: await options.indexer.readTo(request.tenant, read_to) };
}

async function search(
  options: AnswerOptions,
  request: Parameters<Trail['search']>[0],
  also?: Filter,
) {
  const page = toPage(request);
  const { value: hits, read_to } = await ask(options, request, (query) => {
    const filter: Filter = also ? { kind: 'and', of: [also, query.filter] } : query.filter;
    return options.engine.search({ ...query, filter }, page);
  });
  const events = await options.gate(() => readRows(options, request.tenant, hits));
  const shown = hits.slice(0, events.length);
  const more = hits.length === page.limit || shown.length < hits.length;
  return { events, ...(more ? next(shown) : {}), read_to };
}

function next(shown: readonly Hit[]): { cursor?: string } {
  const last = shown.at(-1);
  if (!last) return {};
  return { cursor: encodeCursor({ time_ms: last.time_ms, seq: last.seq }) };
}

async function histogram(
  options: AnswerOptions,
  { interval_ms, ...request }: Parameters<Trail['histogram']>[0],
) {
  const chosen = interval_ms ?? chooseInterval(toQuery(request, options.now()), options.now());
  const { value, read_to } = await ask(options, request, (query) =>
    options.engine.histogram(query, chosen),
  );
  return { bars: value, interval_ms: chosen, read_to };
}

const INTERVALS = ['1s', '10s', '1m', '5m', '15m', '1h', '6h', '1d', '7d'];

function chooseInterval({ from_ms, to_ms }: Query, now_ms: number): number {
  const span = (to_ms ?? now_ms) - (from_ms ?? 0);
  const steps = INTERVALS.map((text) => parseInterval(text));
  return steps.find((step) => span / step <= BARS) ?? steps.at(-1) ?? span;
}

async function sessions(options: AnswerOptions, request: Parameters<Trail['sessions']>[0]) {
  const page = toSessionPage(request);
  const { value, read_to } = await ask(options, request, (query) =>
    options.engine.sessions(query, page),
  );
  const summaries = await options.gate(() =>
    Promise.all(value.map((row) => summary(options, request.tenant, row))),
  );
  const last = value.at(-1);
  const more = last && value.length >= page.limit;
  const cursor = more && encodeCursor({ last_ms: last.last_ms, session_id: last.session_id });
  return { sessions: summaries, ...(cursor ? { cursor } : {}), read_to };
}

async function summary(
  options: AnswerOptions,
  tenant: string,
  row: SessionRow,
): Promise<SessionSummary> {
  if (row.prompt_index === undefined) return row;
  const { content } = eventOf(await readContent(options, tenant, row.prompt_index));
  if (content === undefined) return row;
  const [line = ''] = content.trim().split('\n');
  return { ...row, title: [...line].slice(0, TITLE_CHARS).join('') };
}

/** Entries are short, their rows may be long: they are read a page at a time. */
async function auditLog(
  options: AnswerOptions,
  { session_id, order, limit, ...request }: Parameters<Trail['auditLog']>[0],
): Promise<readonly AuditEntry[]> {
  const session = session_id === undefined ? undefined : ofSession(session_id);
  const entries: AuditEntry[] = [];
  let left = rowLimit(limit);
  let { cursor } = request;
  do {
    const place = cursor === undefined ? {} : { cursor };
    const asked = { ...request, ...place, limit: left, order: 'newest' } as const;
    const page = await search(options, asked, session);
    entries.push(...page.events.map((row) => auditEntry(row)));
    left -= page.events.length;
    cursor = page.cursor;
  } while (cursor !== undefined && left > 0);
  return order === 'newest' ? entries : entries.reverse();
}

/** A session's own rows and those of the sub-agents that it started. */
function ofSession(session_id: string): Filter {
  return {
    kind: 'or',
    of: [
      { kind: 'keyword', field: 'session_id', value: session_id },
      { kind: 'keyword', field: 'parent_session_id', value: session_id },
    ],
  };
}

async function timeline(
  options: AnswerOptions,
  { tenant, session_id, ...paging }: Parameters<Trail['timeline']>[0],
) {
  const found = await findSession(options, tenant, session_id);
  const request = { tenant, ...paging, order: 'oldest' as const };
  const page = await search(options, request, ofSession(session_id));
  return { session: await summary(options, tenant, found), ...page };
}

/** Nobody is told that a session was not recorded while what may hold it is still being indexed. */
async function findSession(options: AnswerOptions, tenant: string, session_id: string) {
  const { engine, indexer, journal } = options;
  await settled(options);
  const head = journal.head();
  let found = await engine.session(tenant, session_id);
  if (!found.value && found.read_to < head) {
    await indexer.reach(head, UNKNOWN_WAIT_MS);
    found = await engine.session(tenant, session_id);
  }
  if (found.value) return found.value;
  const behind = head - found.read_to;
  throw new Fault('session.not_found', 'No event of that session was found.', {
    field: 'session_id',
    ...(behind > 0
      ? { retry_after_s: 1, hint: `Ask again: ${behind} events wait to be indexed.` }
      : { hint: 'clawctl sessions list shows the sessions of this tenant.' }),
  });
}

async function event(options: AnswerOptions, tenant: string, id: string): Promise<Row> {
  await settled(options);
  const index = await options.locate(tenant, id.toLowerCase());
  if (index === undefined) {
    throw new Fault('event.not_found', 'No event of that id was recorded in this tenant.', {
      field: 'id',
    });
  }
  const { facts, status } = await callOf(options, tenant, index);
  const held = await readContents(options, tenant, facts);
  const contents = facts.flatMap((fact) => held.get(fact) ?? []);
  const events = await Promise.all(contents.map((one) => restore(options, eventOf(one))));
  const folded = foldCall(events);
  return asRow(status === undefined ? folded : { ...folded, status }, contents, events);
}

/** The row of the call that an event belongs to; a row of its own where it belongs to none. */
async function callOf(
  options: AnswerOptions,
  tenant: string,
  index: number,
): Promise<Pick<Hit, 'facts' | 'status'>> {
  const event = eventOf(await readContent(options, tenant, index));
  const { call_id } = event;
  const alone = { facts: [index] };
  if (call_id === undefined) return alone;
  const of: Filter[] = [
    ofSession(rootOf(event)),
    { kind: 'keyword', field: 'call_id', value: call_id },
  ];
  const query = { tenant, filter: { kind: 'and', of } } as const;
  const { value } = await options.engine.search(query, { limit: 10, order: 'oldest' });
  return value.find(({ facts }) => facts.includes(index)) ?? alone;
}
