/** A small real trail in memory: an array behind the front door's own rules. */
import { createHash, randomBytes } from 'node:crypto';
import { describe } from '../../src/action/action.ts';
import { canonicalBytes } from '../../src/event/canonical.ts';
import type { Draft, Event } from '../../src/event/event.ts';
import { uuidv7 } from '../../src/event/id.ts';
import { withNames } from '../../src/event/name.ts';
import { normalise, type Producer } from '../../src/event/normalise.ts';
import { asFault, Fault } from '../../src/fault/fault.ts';
import { openCoverages } from '../../src/trail/coverage.ts';
import { openGovern } from '../../src/trail/govern/open.ts';
import { broughtPolicies } from '../../src/trail/govern/starter.ts';
import type { PageRequest, Receipt, Row, SearchRequest, Trail } from '../../src/trail/trail.ts';
import { openWhy } from '../../src/trail/why.ts';
import { paged, summary } from './memory-page.ts';

type State = {
  readonly events: Map<string, Event[]>;
  readonly followers: Set<() => void>;
  readonly started_at: string;
  closed: boolean;
};

export function openMemoryTrail(): Promise<Trail> {
  const state: State = {
    events: new Map(),
    followers: new Set(),
    started_at: new Date().toISOString(),
    closed: false,
  };
  const find = (request: PageRequest) => found(state, request);
  const record = async (own: Draft & { tenant_id: string }) => {
    const [receipt] = ingest(state, [own], { tenant_id: own.tenant_id });
    if (receipt?.status === 'rejected') throw new Fault('internal.bug', receipt.error.message);
  };
  const governing = openGovern({
    record,
    describe,
    now: Date.now,
    newId: () => uuidv7(Date.now(), randomBytes),
    tenants: () => [],
    brought: broughtPolicies(undefined),
    onFault: () => undefined,
    past: {
      state: async () => ({ tasks: [], approvals: [] }),
      task: async () => undefined,
      approval: async () => undefined,
      event: async () => undefined,
      versions: async function* () {
        yield* [];
        return undefined;
      },
      decisions: async function* () {
        yield* [];
        return undefined;
      },
    },
  });
  const trail: Trail = {
    ingest: async (inputs, producer) => ingest(state, inputs, producer),
    search: async (request) => {
      const { rows, cursor } = paged(find(request), request);
      return { events: rows, ...(cursor && { cursor }), read_to: readTo(state, request) };
    },
    count: async (request) => ({ count: find(request).length, read_to: readTo(state, request) }),
    facets: async (request) => {
      const values = Map.groupBy(find(request), (row) => fieldOf(row, request.field));
      values.delete(undefined);
      const buckets = [...values].map(([value, rows]) => ({
        value: String(value),
        count: rows.length,
      }));
      const top = buckets.sort((a, b) => b.count - a.count).slice(0, request.limit ?? 20);
      return { buckets: top, read_to: readTo(state, request) };
    },
    histogram: async (request) => {
      const { interval_ms = 3_600_000 } = request;
      const starts = Map.groupBy(
        find(request),
        (row) => Math.floor(Date.parse(row.time) / interval_ms) * interval_ms,
      );
      const bars = [...starts].map(([from_ms, rows]) => ({ from_ms, count: rows.length }));
      return { bars, interval_ms, read_to: readTo(state, request) };
    },
    sessions: async (request) => {
      const ids = Map.groupBy(find(request), (row) => row.session_id);
      const all = [...ids].map(([id, rows]) => summary(id, rows));
      const { rows, cursor } = paged(all, request);
      return { sessions: rows, ...(cursor && { cursor }), read_to: readTo(state, request) };
    },
    timeline: async (request) => {
      const rows = find({ tenant: request.tenant, order: 'oldest' }).filter(
        (row) => row.session_id === request.session_id,
      );
      if (rows.length === 0) {
        throw new Fault('session.not_found', 'There is no such session.', { field: 'session_id' });
      }
      const page = paged(rows, request);
      return {
        session: summary(request.session_id, rows),
        events: page.rows,
        ...(page.cursor && { cursor: page.cursor }),
        read_to: readTo(state, request),
      };
    },
    ...openCoverages({
      timeline: (request) => trail.timeline(request),
      sessions: (request) => trail.sessions(request),
      // its queries have no brackets
      search: (request) => trail.search({ ...request, query: 'type:gap' }),
      silent_ms: 900_000,
      now: Date.now,
    }),
    ...openWhy({
      // what is not of the session is passed over
      search: ({ query: _, ...request }) => trail.search(request),
      count: ({ query: _, ...request }) => trail.count(request),
      event: (tenant, id) => trail.event(tenant, id),
      govern: governing.govern,
    }),
    event: async (tenant, id) => rowOf(state, tenant, indexOf(state, tenant, id)),
    export: async (request) => ({
      coverage: {
        tenant: request.tenant,
        query: request.query ?? '',
        tree_size: of(state, request.tenant).length,
        root: root(state, request.tenant),
        checkpoint: checkpoint(state, request.tenant),
        exported_at: new Date().toISOString(),
      },
      rows: streamed(find(request)),
    }),
    tail: (request, signal) => {
      found(state, request);
      return tail(state, request, signal);
    },
    auditLog: async (request) => {
      const mine = find(request).filter((row) => matchesSession(row, request.session_id));
      return paged(mine, request).rows.map((row) => ({
        id: row.id,
        session_id: row.session_id,
        policy_id: row.policy_id ?? null,
        tool: row.tool ?? null,
        status: row.status ?? 'unknown',
        created_at: row.created_at,
        detail: row.detail ?? '',
        type: row.type,
      }));
    },
    proof: async (tenant, id) => {
      const index = indexOf(state, tenant, id);
      const event = canonicalBytes(of(state, tenant)[index]).toString();
      const proof = `c2sp.org/tlog-proof@v1\nindex ${index}\n\n${checkpoint(state, tenant)}`;
      const entry = JSON.stringify({ v: 1, id, c: sha256(event) });
      return { proof, entry, vkey: 'memory+00000000+AA==', opening: { salt: '', event } };
    },
    openings: async (tenant, from, count) =>
      of(state, tenant)
        .slice(from, from + count)
        .map((event, i) => ({
          index: from + i,
          salt: '',
          event: canonicalBytes(event).toString(),
        })),
    ledgerFile: async (tenant, path) => ledgerFile(state, tenant, path),
    note: ({ type, tenant, user, tool, arguments: args, result }) =>
      record({
        ...{ type, tenant_id: tenant, tool, session_id: 'claw', user: { id: user } },
        ...{ arguments: args, result },
      }),
    govern: governing.govern,
    linkKey: randomBytes(32),
    status: async () => status(state),
    close: async () => {
      governing.close();
      state.closed = true;
      for (const wake of state.followers) wake();
    },
  };
  return Promise.resolve(trail);
}

function ingest(state: State, inputs: readonly unknown[], producer: Producer): Receipt[] {
  const receipts = inputs.map((input) => admit(state, input, producer));
  for (const wake of state.followers) wake();
  return receipts;
}

function admit(state: State, input: unknown, producer: Producer): Receipt {
  const now_ms = Date.now();
  const newId = () => uuidv7(now_ms, randomBytes);
  try {
    const event = normalise(input, { producer, now_ms, newId, defaultTenant: 'default' });
    if (event instanceof Fault) return { status: 'rejected', error: event.toJSON() };
    canonicalBytes(event);
    const events = of(state, event.tenant_id);
    const before = events.findIndex(({ id }) => id === event.id);
    if (before !== -1) return { status: 'duplicate', id: event.id, index: before };
    return { status: 'accepted', id: event.id, index: events.push(event) - 1 };
  } catch (error) {
    return { status: 'rejected', error: asFault(error).toJSON() };
  }
}

function of(state: State, tenant: string): Event[] {
  const events = state.events.get(tenant) ?? [];
  state.events.set(tenant, events);
  return events;
}

function rowOf(state: State, tenant: string, index: number): Row {
  const event = of(state, tenant)[index];
  if (!event) throw new Fault('event.not_found', 'There is no such event.', { field: 'id' });
  const { id, time, recorded_at } = event;
  return { ...withNames(event), index, facts: [{ id, index, time, recorded_at }] };
}

function indexOf(state: State, tenant: string, id: string): number {
  return of(state, tenant).findIndex((event) => event.id === id);
}

/** Words that must be in the row's JSON, or `field:value`; an open bracket is an error. */
function found(state: State, request: PageRequest): Row[] {
  const { tenant, query = '', from, to, order = 'newest' } = request;
  const bracket = query.indexOf('(');
  if (bracket !== -1) {
    throw new Fault('query.invalid', 'A bracket is not closed.', { column: bracket + 1 });
  }
  const terms = query.split(' ').filter((term) => term !== '');
  const rows = of(state, tenant)
    .map((_, index) => rowOf(state, tenant, index))
    .filter((row) => terms.every((term) => matches(row, term)))
    .filter((row) => (!from || row.time >= from) && (!to || row.time < to));
  return order === 'newest' ? rows.reverse() : rows;
}

function matches(row: Row, term: string): boolean {
  const [, field, value] = /^(\w+):(.*)$/.exec(term) ?? [];
  return field ? fieldOf(row, field) === value : JSON.stringify(row).includes(term);
}

function fieldOf(row: Row, field: string): unknown {
  return Object.entries(row).find(([key]) => key === field)?.[1];
}

function matchesSession(row: Row, session_id: string | undefined): boolean {
  return session_id === undefined || row.session_id === session_id;
}

function readTo(state: State, { tenant }: Pick<SearchRequest, 'tenant'>) {
  const recorded = of(state, tenant).length;
  return { indexed: recorded, recorded, complete: true };
}

async function* streamed(rows: readonly Row[]): AsyncIterable<Row> {
  yield* rows;
}

async function* tail(
  state: State,
  request: SearchRequest,
  signal: AbortSignal,
): AsyncIterable<Row> {
  let index = of(state, request.tenant).length;
  for (;;) {
    const news = found(state, { ...request, order: 'oldest' }).filter((row) => row.index >= index);
    index = of(state, request.tenant).length;
    yield* news;
    if (signal.aborted || state.closed) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        state.followers.delete(wake);
        resolve();
      };
      state.followers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      if (of(state, request.tenant).length > index) wake();
    });
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function root(state: State, tenant: string): string {
  return sha256(JSON.stringify(of(state, tenant)));
}

function checkpoint(state: State, tenant: string): string {
  return `memory/${tenant}\n${of(state, tenant).length}\n${root(state, tenant)}\n`;
}

function ledgerFile(state: State, tenant: string, path: string): Buffer | undefined {
  if (!state.events.has(tenant)) return undefined;
  if (path === 'checkpoint') return Buffer.from(checkpoint(state, tenant));
  if (path === 'vkey') return Buffer.from('memory+00000000+AA==\n');
  const width = Number(/^tile\/0\/000\.p\/(\d+)$/.exec(path)?.[1]);
  const covered = of(state, tenant).slice(0, width);
  if (covered.length !== width) return undefined;
  const hashes = covered.map((event) => sha256(canonicalBytes(event).toString()));
  return Buffer.concat(hashes.map((hash) => Buffer.from(hash, 'base64')));
}

function status(state: State): Awaited<ReturnType<Trail['status']>> {
  const head = [...state.events.values()].reduce((sum, events) => sum + events.length, 0);
  return {
    version: '0.0.0',
    data: '/secret/data/folder',
    started_at: state.started_at,
    journal: {
      state: state.closed ? 'closed' : 'open',
      first: 0,
      head,
      bytes: 0,
      recovered_bytes: 0,
    },
    engine: { rows: head, bytes: 0, files: 0, cursor: head, open_calls: 0, cut_rows: 0, lag: 0 },
    tenants: [...state.events].map(([tenant, events]) => ({
      tenant,
      recorded: events.length,
      tree_size: events.length,
      checkpoint_at: new Date().toISOString(),
    })),
    queue: { events: 0, limit: 1000 },
  };
}
