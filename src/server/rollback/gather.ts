/** Collects the calls that a rollback is about, whole, and what was read before them. */
import { setTimeout as pause } from 'node:timers/promises';
import { isPart } from '../../event/part.ts';
import { Fault } from '../../fault/fault.ts';
import { absolutePath } from '../../search/rollback/path.ts';
import type { Deed } from '../../search/rollback/plan.ts';
import type { ReadTo, Row, Trail } from '../../trail/trail.ts';

export type Scope = {
  readonly session_id?: string | undefined;
  readonly task_id?: string | undefined;
  readonly call_id?: string | undefined;
};

export type Gathering = {
  readonly trail: Pick<Trail, 'search' | 'event'>;
  readonly tenant: string;
  readonly scope: Scope;
  /** Rows that begin behind this index of the tree are left out. */
  readonly upto?: number;
  readonly signal: AbortSignal;
};

export type Gathered = {
  readonly deeds: readonly Deed[];
  /** Paths that were read before a deed changed them. */
  readonly existed: ReadonlySet<string>;
  /** Sessions whose sub-agents' calls are among them. */
  readonly started: ReadonlySet<string>;
  /** The session in which the rollback is recorded. */
  readonly session_id: string;
  readonly upto: number;
  readonly read_to: ReadTo;
};

const PAGE = 1000;
/** Rows that one rollback looks at, calls that it undoes, and sub-agents' sessions. */
const ROWS = 50_000;
const DEEDS = 5000;
const SESSIONS = 500;
/** Whole contents that are read at once. */
const READS = 4;
/** An index that lags is waited for: what it has not read would be missing from the plan. */
const WAIT = { attempts: 50, ms: 100 };

/** Throws `session.not_found`, `task.not_found` or `event.not_found` where nothing is there. */
export async function gather(gathering: Gathering): Promise<Gathered> {
  const { scope, trail, tenant, upto = Number.MAX_SAFE_INTEGER } = gathering;
  const asked = await caughtUp(gathering);
  const { rows: found, read_to } = await rowsOf(gathering);
  const rows = found.filter(({ index }) => index <= upto);
  const first = rows[0];
  if (first === undefined) throw nothing(scope);
  const acts = rows.filter(mayChange);
  if (acts.length > DEEDS) throw tooMany('calls', DEEDS);
  const deeds: Deed[] = [];
  for (let at = 0; at < acts.length; at += READS) {
    const some = acts.slice(at, at + READS).map(({ id }) => trail.event(tenant, id));
    deeds.push(...(await Promise.all(some)));
  }
  const reads = scope.session_id === undefined ? await readsOf(gathering, rows) : rows;
  return {
    deeds,
    existed: existedIn([...reads, ...rows]),
    started: new Set(rows.flatMap((row) => (isPart(row) ? (row.parent_session_id ?? []) : []))),
    session_id: scope.session_id ?? rootOf(first),
    upto: Math.max(...rows.map(({ index }) => index)),
    read_to: { ...read_to, ...asked, complete: read_to.indexed >= asked.recorded },
  };
}

type Found = { readonly rows: readonly Row[]; readonly read_to: ReadTo };

async function rowsOf(gathering: Gathering): Promise<Found> {
  const { session_id, task_id, call_id } = gathering.scope;
  if (session_id !== undefined && call_id === undefined && task_id === undefined) {
    return sessionRows(gathering, session_id);
  }
  const parts = [
    call_id === undefined ? [] : [`call_id:${quoted(call_id)}`],
    task_id === undefined ? [] : [`task_id:${quoted(task_id)}`],
    session_id === undefined ? [] : [within(session_id)],
  ].flat();
  const found = await search(gathering, parts.join(' '));
  if (call_id !== undefined) oneCall(found.rows);
  return found;
}

/** A call's id is its model's: two sessions may have made the same one. */
function oneCall(rows: readonly Row[]): void {
  if (new Set(rows.map(rootOf)).size <= 1) return;
  throw new Fault('request.invalid', 'Calls of several sessions have this id.', {
    field: 'call_id',
    hint: 'Say which session with session_id.',
  });
}

/** With its sub-agents' sessions, and theirs. */
async function sessionRows(gathering: Gathering, session_id: string): Promise<Found> {
  const known = new Set([session_id]);
  const rows = new Map<string, Row>();
  let read_to: ReadTo | undefined;
  for (const session of known) {
    const found = await search(gathering, within(session));
    for (const row of found.rows) {
      rows.set(row.id, row);
      known.add(row.session_id);
    }
    read_to ??= found.read_to;
    if (known.size > SESSIONS) throw tooMany('sessions', SESSIONS);
    if (rows.size > ROWS) throw tooMany('events', ROWS);
  }
  return { rows: [...rows.values()], read_to: read_to ?? NOTHING_READ };
}

const NOTHING_READ: ReadTo = { indexed: 0, recorded: 0, complete: false };

function readsOf(gathering: Gathering, rows: readonly Row[]): Promise<readonly Row[]> {
  const sessions = [...new Set(rows.map(rootOf))].slice(0, SESSIONS);
  const all = sessions.map((session) => search(gathering, `action:read (${within(session)})`));
  return Promise.all(all).then((found) => found.flatMap((one) => one.rows));
}

/** In the order of the trail: a path that a call changed first was not read before. */
function existedIn(rows: readonly Row[]): ReadonlySet<string> {
  const existed = new Set<string>();
  const changed = new Set<string>();
  for (const row of rows.toSorted((a, b) => a.index - b.index)) {
    const cwd = row.attributes?.['cwd'];
    for (const { kind, id, access } of row.resources ?? []) {
      const path = absolutePath(id, typeof cwd === 'string' ? cwd : undefined);
      if (kind !== 'file' || path === undefined) continue;
      const isRead = access === 'read' && row.action === 'read' && row.status === 'success';
      if (isRead && !changed.has(path)) existed.add(path);
      if (access === 'write' || access === 'delete') changed.add(path);
    }
  }
  return existed;
}

const ACTS: ReadonlySet<string> = new Set(['tool_call', 'api_call', 'file_operation']);
const HARMLESS: ReadonlySet<string | undefined> = new Set(['read', 'query', 'plan', 'none']);

function mayChange({ type, action, status }: Row): boolean {
  return ACTS.has(type) && !HARMLESS.has(action) && status !== 'blocked';
}

async function search(gathering: Gathering, query: string): Promise<Found> {
  const { trail, tenant, signal } = gathering;
  const rows: Row[] = [];
  for (let cursor: string | undefined; ; ) {
    const place = cursor === undefined ? {} : { cursor };
    const request = { tenant, query, limit: PAGE, order: 'oldest', signal, ...place } as const;
    const page = await trail.search(request);
    rows.push(...page.events);
    if (rows.length > ROWS) throw tooMany('events', ROWS);
    if (page.cursor === undefined) return { rows, read_to: page.read_to };
    cursor = page.cursor;
  }
}

/** What was recorded when the plan was asked for: what comes later may come for ever. */
async function caughtUp({ trail, tenant, signal }: Gathering): Promise<Pick<ReadTo, 'recorded'>> {
  let recorded: number | undefined;
  for (let attempt = 0; attempt < WAIT.attempts; attempt++) {
    const { read_to } = await trail.search({ tenant, limit: 1, signal });
    recorded ??= read_to.recorded;
    if (read_to.indexed >= recorded) break;
    await pause(WAIT.ms, undefined, { signal });
  }
  return { recorded: recorded ?? 0 };
}

function within(session_id: string): string {
  const id = quoted(session_id);
  return `(session_id:${id} OR parent_session_id:${id})`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

function rootOf({ session_id, parent_session_id }: Row): string {
  return parent_session_id ?? session_id;
}

function nothing({ call_id, task_id }: Scope): Fault {
  if (call_id !== undefined) {
    return new Fault('event.not_found', 'No call of that id was recorded.', { field: 'call_id' });
  }
  if (task_id !== undefined) {
    return new Fault('task.not_found', 'Nothing was recorded of that task.', { field: 'task_id' });
  }
  return new Fault('session.not_found', 'No event of that session was found.', {
    field: 'session_id',
  });
}

function tooMany(what: string, limit: number): Fault {
  return new Fault('request.too_large', `A rollback is of at most ${limit} ${what}.`, {
    limit,
    hint: 'Roll back a task or a call of it alone.',
  });
}
