/** Reads a tenant's lifecycle back from the trail: the state is a fold over the journal. */
import type { Engine, Filter, Hit, Query } from '../../engine/engine.ts';
import type { Event } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import type { Journal } from '../../journal/journal.ts';
import { type Approval, type Enforcement, TASK_MOST_S, type Task } from '../../policy/lifecycle.ts';
import { type ContentOptions, eventOf, readContent } from '../content.ts';
import type { Indexer } from '../indexer.ts';
import { type OverflowStore, restore } from '../overflow.ts';
import { readRows } from '../row.ts';
import type { Row } from '../trail.ts';
import type { PolicyVersion } from './govern.ts';
import { isLive, ownIn } from './state.ts';

export type LoadOptions = ContentOptions &
  OverflowStore & {
    readonly journal: Pick<Journal, 'head'>;
    readonly engine: Engine;
    readonly indexer: Pick<Indexer, 'reach' | 'cursor'>;
    /** The index of an event by its id, from journal and archive alone. */
    readonly locate: (tenant: string, id: string) => Promise<number | undefined>;
    readonly now: () => number;
  };

/** What the trail says of the lifecycle; an answer may wait for an index that lags behind. */
export type Past = {
  /** Everything that is open, and what is in force. */
  readonly state: (tenant: string) => Promise<Loaded>;
  readonly task: (tenant: string, task_id: string) => Promise<Task | undefined>;
  readonly approval: (tenant: string, approval_id: string) => Promise<Approval | undefined>;
  /** An event by its id, from journal and archive alone. */
  readonly event: (tenant: string, id: string) => Promise<Event | undefined>;
  /** Every policy set that was put in force, the latest first. */
  readonly versions: (tenant: string) => Versions;
  /** Every decision that Claw recorded and that matches, the latest first. */
  readonly decisions: (query: Query) => AsyncGenerator<Row, undefined>;
};

type Versions = AsyncGenerator<PolicyVersion, undefined>;

export function openPast(options: LoadOptions): Past {
  return {
    state: (tenant) => loadState(options, tenant),
    task: (tenant, id) => lostTask(options, tenant, id),
    approval: (tenant, id) => lostApproval(options, tenant, id),
    event: (tenant, id) => lostEvent(options, tenant, id),
    versions: (tenant) => policyEvents(options, tenant),
    decisions: (query) => decisionRows(options, query),
  };
}

export type Loaded = {
  readonly tasks: readonly Task[];
  readonly approvals: readonly Approval[];
  readonly policy?: PolicyVersion;
  readonly enforcement?: Enforcement;
};

/** How long an answer may wait for an index that lags behind. */
const LAG_MS = 60_000;
const PAGE = 1000;
/** Longer than an approval may wait, in milliseconds. */
const APPROVALS_MS = 8 * 86_400_000;

const is = (field: string, value: string): Filter => ({ kind: 'keyword', field, value });
const all = (...of: Filter[]): Filter => ({ kind: 'and', of });
const any = (...of: Filter[]): Filter => ({ kind: 'or', of });

const TASKS = all(is('type', 'task'), any(is('tool', 'declare_task'), is('tool', 'close_task')));
const APPROVALS = any(
  is('type', 'approval'),
  // A decision that used one says so.
  all(is('type', 'decision'), { kind: 'exists', field: 'decision.approver' }),
);

/** Everything that is open, and what is in force. Throws where the index cannot be read. */
async function loadState(options: LoadOptions, tenant: string): Promise<Loaded> {
  await caughtUp(options);
  const now_ms = options.now();
  const enforcement = await newest<Enforcement>(options, tenant, {
    ...{ tool: 'enforcement.set', name: 'enforcement' },
  });
  const from_ms = now_ms - TASK_MOST_S * 1000;
  const tasks = await latest<Task>(options, { tenant, filter: TASKS, from_ms, name: 'task' });
  const approvals = await latest<Approval>(options, {
    ...{ tenant, filter: APPROVALS, from_ms: now_ms - APPROVALS_MS, name: 'approval' },
  });
  const open = tasks.filter(({ state }) => state === 'open');
  const policy = await newest<PolicyVersion>(options, tenant, {
    tool: 'policy.apply',
    name: 'policy',
  });
  return {
    tasks: await Promise.all(open.map((task) => withUse(options, tenant, task))),
    approvals: approvals.filter((one) => isLive(one, now_ms)),
    ...(policy ? { policy } : {}),
    ...(enforcement ? { enforcement } : {}),
  };
}

/** Every policy set that was put in force, the latest first. */
async function* policyEvents(options: LoadOptions, tenant: string): Versions {
  await caughtUp(options);
  const filter = all(is('type', 'admin'), is('tool', 'policy.apply'));
  for await (const row of rowsOf(options, { tenant, filter, from_ms: 0 })) {
    const version = ownOf<PolicyVersion>(row, 'policy');
    if (version) yield version;
  }
  return undefined;
}

async function* decisionRows(options: LoadOptions, query: Query): AsyncGenerator<Row, undefined> {
  await caughtUp(options);
  const { filter } = query;
  const decisions = all(is('type', 'decision'), is('tool', 'validate_action'));
  for await (const row of rowsOf(options, { ...query, filter: all(decisions, filter) })) {
    // A producer may write such an event too, but not this attribute.
    if (ownOf(row, 'decision')) yield row;
  }
  return undefined;
}

/** The last word on one task or approval; undefined where there is none. */
async function lostTask(options: LoadOptions, tenant: string, task_id: string) {
  await caughtUp(options);
  const filter = all(TASKS, is('task_id', task_id));
  const [task] = await latest<Task>(options, { tenant, filter, from_ms: 0, name: 'task' });
  if (task?.task_id !== task_id) return undefined;
  return task.state === 'open' ? withUse(options, tenant, task) : task;
}

async function lostApproval(options: LoadOptions, tenant: string, approval_id: string) {
  await caughtUp(options);
  const named = ['arguments', 'attributes'].map(
    (field): Filter => ({ kind: 'text', field, text: approval_id, prefix: false }),
  );
  const filter = all(APPROVALS, any(...named));
  const found = await latest<Approval>(options, { tenant, filter, from_ms: 0, name: 'approval' });
  const approval = found.find((one) => one.approval_id === approval_id);
  if (approval?.state !== 'approved') return approval;
  // The decision that used it may hold its id where no text is looked for: moved out of the event.
  const here = all(APPROVALS, is('session_id', approval.session_id));
  const told = await latest<Approval>(options, {
    ...{ tenant, filter: here, from_ms: 0, name: 'approval' },
  });
  return told.find((one) => one.approval_id === approval_id) ?? approval;
}

/** An event by its id, wherever it is; undefined where there is none. */
async function lostEvent(
  options: LoadOptions,
  tenant: string,
  id: string,
): Promise<Event | undefined> {
  const index = await options.locate(tenant, id);
  if (index === undefined) return undefined;
  return restore(options, eventOf(await readContent(options, tenant, index)));
}

async function caughtUp({ indexer, journal }: LoadOptions): Promise<void> {
  const head = journal.head();
  if (indexer.cursor() >= head) return;
  await indexer.reach(head, LAG_MS);
  if (indexer.cursor() >= head) return;
  throw new Fault('queue.full', 'The index is too far behind to tell what was decided before.', {
    retry_after_s: 10,
    hint: 'Ask again when it has caught up: clawctl status.',
  });
}

type Wanted = {
  readonly tenant: string;
  readonly filter: Filter;
  readonly from_ms: number;
  readonly name: 'task' | 'approval';
};

/** The state in which the trail leaves each task or approval, oldest first. */
async function latest<T>(options: LoadOptions, { tenant, filter, from_ms, name }: Wanted) {
  const found = new Map<string, { readonly index: number; readonly value: T }>();
  for await (const row of rowsOf(options, { tenant, filter, from_ms })) {
    const value = ownOf<Record<string, unknown>>(row, name);
    const id = value?.[`${name}_id`];
    if (typeof id !== 'string') continue;
    const { index } = row;
    // Not the latest by time, for clocks may be set back: the last in the trail.
    if (index > (found.get(id)?.index ?? -1)) found.set(id, { index, value: value as T });
  }
  const all = [...found.values()].sort((a, b) => a.index - b.index);
  return all.map(({ value }) => value);
}

/** Newest first, by place in the tree where they share a millisecond. */
async function* rowsOf(options: LoadOptions, query: Query) {
  const { tenant } = query;
  let after: { time_ms: number; seq: number } | undefined;
  for (;;) {
    const page = { limit: PAGE, order: 'newest', ...(after ? { after } : {}) } as const;
    const { value: hits } = await options.engine.search(query, page);
    const rows = await readRows(options, tenant, hits);
    for (const row of rows) yield await withAttributes(options, tenant, row);
    const last = hits[rows.length - 1];
    if (!last || (hits.length < PAGE && rows.length === hits.length)) return;
    after = { time_ms: last.time_ms, seq: last.seq };
  }
}

type Change = { readonly tool: string; readonly name: string };

/** What was said last, by its place in the trail: clocks may be set back. */
async function newest<T>(
  options: LoadOptions,
  tenant: string,
  { tool, name }: Change,
): Promise<T | undefined> {
  const filter = all(is('type', 'admin'), is('tool', tool));
  const hits: Hit[] = [];
  for await (const page of pagesOf(options, { tenant, filter, from_ms: 0 })) hits.push(...page);
  for (const hit of hits.sort((a, b) => b.seq - a.seq)) {
    const [row] = await readRows(options, tenant, [hit]);
    // A producer may write such an event too, but not this attribute.
    const value = row && ownOf<T>(await withAttributes(options, tenant, row), name);
    if (value) return value;
  }
  return undefined;
}

async function* pagesOf({ engine }: LoadOptions, query: Query) {
  let after: { time_ms: number; seq: number } | undefined;
  for (;;) {
    const page = { limit: PAGE, order: 'newest', ...(after ? { after } : {}) } as const;
    const { value: hits } = await engine.search(query, page);
    yield hits;
    const last = hits.at(-1);
    if (!last || hits.length < PAGE) return;
    after = { time_ms: last.time_ms, seq: last.seq };
  }
}

/** The row; with its large values put back where what Claw wrote is among them. */
async function withAttributes(options: LoadOptions, tenant: string, row: Row): Promise<Row> {
  if (!row.overflow?.some(({ field }) => field === 'attributes')) return row;
  const event = await restore(options, eventOf(await readContent(options, tenant, row.index)));
  return { ...row, ...event };
}

function ownOf<T>(event: Pick<Event, 'attributes'>, name: string): T | undefined {
  const value = ownIn(event)?.[name];
  return isObject(value) ? (value as T) : undefined;
}

/** What the trail says was used of a task's budget. */
async function withUse(options: LoadOptions, tenant: string, task: Task): Promise<Task> {
  const mine = is('task_id', task.task_id);
  const permits = all(
    ...[mine, is('type', 'decision'), is('tool', 'validate_action')],
    is('decision.outcome', 'permit'),
  );
  let calls = 0;
  for await (const row of rowsOf(options, { tenant, filter: permits, from_ms: 0 })) {
    // A producer may write such an event too, but not this attribute.
    if (ownOf(row, 'decision')) calls += 1;
  }
  const counted = ['input', 'output', 'total'].map(
    (name): Filter => ({ kind: 'exists', field: `tokens.${name}` }),
  );
  let tokens = 0;
  const reported = all(mine, any(...counted));
  for await (const row of rowsOf(options, { tenant, filter: reported, from_ms: 0 })) {
    tokens += row.tokens_used ?? 0;
  }
  return { ...task, used: { calls, tokens } };
}
