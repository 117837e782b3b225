/** Tasks: declared once, closed once, and never changed after that. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { check } from '../../event/check.ts';
import { Fault } from '../../fault/fault.ts';
import { closeSchema, declareSchema, type Task } from '../../policy/lifecycle.ts';
import { refuseOwnSession } from '../own.ts';
import type { Actor, Govern } from './govern.ts';
import { actingAs, type Ground, ownEvent, timeOf } from './ground.ts';
import { putTask, roomForTask, type TaskEntry, type TenantState } from './state.ts';

export type TaskOptions = Ground & {
  /** What becomes of the approvals of a task that is closed. */
  readonly withdraw: (state: TenantState, task_id: string) => Promise<void>;
};

export function openTasks(
  ground: TaskOptions,
): Pick<Govern, 'declareTask' | 'task' | 'tasks' | 'closeTask'> {
  return {
    declareTask: (request, actor) => declare(ground, request, actor),
    task: async (tenant, task_id) => (await entryOf(ground, tenant, task_id)).task,
    tasks: async (tenant, { state: wanted, limit = 50 }) => {
      const { tasks } = await ground.stateOf(tenant);
      const all = [...tasks.values()].map(({ task }) => task).reverse();
      return all.filter(({ state }) => wanted === undefined || state === wanted).slice(0, limit);
    },
    closeTask: (task_id, request, actor) => close(ground, { task_id, request, actor }),
  };
}

async function declare(ground: Ground, request: unknown, actor: Actor): Promise<Task> {
  const asked = check(declareSchema, request);
  const { tenant } = actor;
  if (asked.session_id !== undefined) refuseOwnSession(asked.session_id);
  const state = await ground.stateOf(tenant);
  const task_id = asked.task_id ?? ground.newId();
  const { goal, scope, budget, on_violation, channel } = asked;
  const task: Task = {
    ...{ task_id, goal, scope, budget, on_violation },
    session_id: asked.session_id ?? `task:${task_id}`,
    state: 'open',
    used: { calls: 0, tokens: 0 },
    ...actingAs(actor, asked),
    declared_by: actor.name,
    declared_at: timeOf(ground),
  };
  const lost = asked.task_id === undefined ? undefined : await ground.past.task(tenant, task_id);
  const before = state.tasks.get(task_id);
  if (before) {
    await before.declared;
    return same(before.task, task);
  }
  if (lost) return same(lost, task);
  roomForTask(state);
  refuseLarge(task);
  refuseSecond(state, task.session_id);
  // Taken at once: of two that declare the same id at the same time, one is first.
  const entry = putTask(state, task);
  entry.closing = true;
  entry.declared = recordTask(ground, state, { task, channel });
  await entry.declared;
  entry.closing = false;
  return task;
}

type Declared = { readonly task: Task; readonly channel: string | undefined };

async function recordTask(ground: Ground, state: TenantState, { task, channel }: Declared) {
  const { agent, user, environment, session_id, task_id } = task;
  const { goal, scope, budget, on_violation } = task;
  try {
    await ground.record(
      ownEvent(state.tenant, {
        type: 'task',
        tool: 'declare_task',
        operation: 'declare',
        ...{ session_id, task_id, content: goal, agent, user, environment, channel },
        time: task.declared_at,
        arguments: { task_id, goal, scope, budget, on_violation },
        action: 'plan',
        resources: [],
        status: 'success',
        own: { task },
      }),
    );
  } catch (error) {
    state.tasks.delete(task_id);
    state.sessions.delete(session_id);
    throw error;
  }
}

/** Bytes of a task as JSON: all that are open are kept in memory. */
const TASK_BYTES = 64 * 1024;

function refuseLarge(task: Task): void {
  if (Buffer.byteLength(JSON.stringify(task)) <= TASK_BYTES) return;
  throw new Fault('request.too_large', `The task is larger than ${TASK_BYTES} bytes.`, {
    field: 'scope',
    limit: TASK_BYTES,
  });
}

/** Declared again, as a retry does: the same task, or a contradiction. */
function same(before: Task, now: Task): Task {
  const said = ({ goal, scope, budget, on_violation, session_id }: Task) => {
    return { goal, scope, budget, on_violation, session_id };
  };
  if (isDeepStrictEqual(said(before), said(now))) return before;
  throw new Fault('task.exists', `The task ${now.task_id} was declared with something else.`, {
    field: 'task_id',
    hint: `It is ${before.state}; choose another task_id, or leave it out.`,
  });
}

/** What a session does belongs to one task: which one must not be a matter of order. */
function refuseSecond({ sessions }: TenantState, session_id: string): void {
  const open = sessions.get(session_id);
  if (open === undefined) return;
  throw new Fault('task.exists', `The session ${session_id} has the open task ${open}.`, {
    field: 'session_id',
    hint: 'Close that task first.',
  });
}

/** Throws `task.not_found`. */
export async function entryOf(ground: Ground, tenant: string, task_id: string): Promise<TaskEntry> {
  const state = await ground.stateOf(tenant);
  const entry = state.tasks.get(task_id);
  if (entry) return entry;
  const task = await ground.past.task(tenant, task_id);
  const raced = state.tasks.get(task_id);
  if (raced) return raced;
  if (task) return putTask(state, task);
  throw new Fault('task.not_found', 'No task of this id was declared in this tenant.', {
    field: 'task_id',
    hint: 'Declare it first: POST /v1/tasks, or clawctl tasks list.',
  });
}

/** Throws `task.closed` with what stands in the way; closing counts as closed. */
export function refuseClosed({ task, closing }: TaskEntry): void {
  if (task.state === 'open' && !closing) return;
  const how = task.state === 'open' ? 'being declared or closed' : 'closed';
  throw new Fault('task.closed', `The task ${task.task_id} is ${how}.`, {
    field: 'task_id',
    ...(task.closed_at === undefined ? {} : { hint: `It was closed at ${task.closed_at}.` }),
  });
}

type Closing = { readonly task_id: string; readonly request: unknown; readonly actor: Actor };

async function close(ground: TaskOptions, { task_id, request, actor }: Closing): Promise<Task> {
  const { outcome, summary } = check(closeSchema, request);
  const entry = await entryOf(ground, actor.tenant, task_id);
  refuseClosed(entry);
  entry.closing = true;
  try {
    // What was decided before is recorded before: nothing of a task comes after its end.
    await idle(entry);
    const state = await ground.stateOf(actor.tenant);
    await ground.withdraw(state, task_id);
    // Who waited for what is withdrawn has its denial recorded first.
    await nextTurn();
    await idle(entry);
    const closed_at = timeOf(ground);
    const { task } = entry;
    const said = summary === undefined ? {} : { summary };
    const closed: Task = { ...task, state: 'closed', outcome, ...said, closed_at };
    const { session_id, agent, user, environment } = task;
    await ground.record(
      ownEvent(actor.tenant, {
        type: 'task',
        tool: 'close_task',
        operation: 'close',
        ...{ session_id, task_id, agent, user, environment, time: closed_at },
        arguments: { outcome, ...said },
        action: 'plan',
        resources: [],
        status: STATUS[outcome],
        own: { task: closed, by: actor.name },
      }),
    );
    putTask(state, closed);
    return closed;
  } finally {
    entry.closing = false;
  }
}

const STATUS = { success: 'success', failed: 'error', abandoned: 'unknown' } as const;

function idle(entry: TaskEntry): Promise<void> {
  if (entry.inflight === 0) return Promise.resolve();
  return new Promise((resolve) => {
    entry.idle = resolve;
  });
}

/** Runs what records a decision of the task; the task cannot be closed meanwhile. */
export async function within<T>(entry: TaskEntry, work: () => Promise<T>): Promise<T> {
  refuseClosed(entry);
  return underway(entry, work);
}

/** The same for a denial, which may still come while the task is closing. */
export async function deniedWithin<T>(entry: TaskEntry, work: () => Promise<T>): Promise<T> {
  if (entry.task.state === 'closed') refuseClosed(entry);
  return underway(entry, work);
}

async function underway<T>(entry: TaskEntry, work: () => Promise<T>): Promise<T> {
  entry.inflight++;
  try {
    return await work();
  } finally {
    entry.inflight--;
    if (entry.inflight === 0) entry.idle?.();
  }
}
