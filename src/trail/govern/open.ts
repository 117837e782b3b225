/** Composes governance: its state by tenant, and what stands on it. */
import type { Draft } from '../../event/event.ts';
import { isLifecycle } from '../../event/lifecycle.ts';
import type { Sited } from '../../event/part.ts';
import { asFault, type Fault } from '../../fault/fault.ts';
import { compile } from '../../policy/cedar.ts';
import type { PolicySet } from '../../policy/policy.ts';
import type { Spent } from '../ready.ts';
import { openApprovals } from './approval.ts';
import type { Govern, PolicyVersion } from './govern.ts';
import type { Ground } from './ground.ts';
import type { Loaded, Past } from './load.ts';
import { openPolicies, putInForce } from './policy.ts';
import { openReplay } from './replay.ts';
import type { Brought } from './starter.ts';
import { emptyState, openTaskOf, putTask, type RuledState, type TenantState } from './state.ts';
import { openTasks } from './task.ts';
import { openValidate } from './validate.ts';
import { openVersions } from './version.ts';

export type GovernOptions = Pick<Ground, 'record' | 'describe' | 'now' | 'newId'> & {
  readonly past: Past;
  /** What holds a tenant that has put no policies in force. */
  readonly brought: Brought;
  readonly tenants: () => readonly string[];
  /** Told where a tenant's state cannot be read: it is tried again when it is needed. */
  readonly onFault: (fault: Fault) => void;
};

export type Governing = {
  readonly govern: Govern;
  /** The open task of a session, where the tenant's state is in memory. */
  readonly taskOf: (tenant: string, site: Sited) => string | undefined;
  /** Counts tokens that an event of a task reported. */
  readonly spend: (tenant: string, spent: Spent) => void;
  readonly close: () => void;
};

export function openGovern(options: GovernOptions): Governing {
  let closed = false;
  const ready = new Map<string, TenantState>();
  const loading = new Map<string, Promise<TenantState>>();
  const stateOf = (tenant: string): Promise<TenantState> => {
    const known = loading.get(tenant);
    if (known) return known;
    const state = load(tenant);
    loading.set(tenant, state);
    state.catch(() => loading.delete(tenant));
    return state;
  };
  const { record, describe, now, newId, past } = options;
  const ruledState = async (tenant: string) =>
    ruled(ground, await stateOf(tenant), options.brought);
  const ground: Ground = { record, describe, now, newId, stateOf, ruledState, past };
  const approvals = openApprovals(ground);
  const load = async (tenant: string): Promise<TenantState> => {
    const loaded = await past.state(tenant);
    const state = stateFrom(tenant, loaded);
    for (const approval of loaded.approvals) approvals.resume(state, approval);
    ready.set(tenant, state);
    return state;
  };
  readAhead(options, stateOf, () => closed);
  const { approval, approvals: list, approve, deny } = approvals;
  return {
    govern: {
      ...openTasks({ ...ground, withdraw: approvals.withdraw }),
      ...openValidate({ ...ground, ask: approvals.ask, wait: approvals.wait }),
      ...openPolicies(ground),
      ...{ ...openVersions(past), ...openReplay(ground, past) },
      ...{ approval, approvals: list, approve, deny },
      recordOwn: record,
    },
    taskOf: (tenant, site) => {
      const state = ready.get(tenant);
      return state && openTaskOf(state, site);
    },
    spend: (tenant, spent) => spend(ready.get(tenant), spent),
    close: () => {
      closed = true;
      approvals.close();
    },
  };
}

/** So that the first decision need not wait; what fails is tried again when it is asked. */
function readAhead(
  { tenants, onFault }: GovernOptions,
  stateOf: (tenant: string) => Promise<TenantState>,
  isClosed: () => boolean,
): void {
  for (const tenant of tenants()) {
    stateOf(tenant).catch((error: unknown) => {
      if (!isClosed()) onFault(asFault(error));
    });
  }
}

/** Without its approvals, whose clocks are set when they are put into it. */
function stateFrom(tenant: string, { tasks, policy, enforcement }: Loaded): TenantState {
  const state = emptyState(tenant);
  if (enforcement) state.enforcement = enforcement;
  if (policy) state.policy = { version: policy, set: readable(policy) };
  for (const task of tasks) putTask(state, task);
  return state;
}

/**
 * The set as this version of Claw reads it. One that it cannot read any more denies everything
 * until another is put in force: to go on without it would loosen what was decided.
 */
function readable({ version, files }: PolicyVersion): PolicySet {
  try {
    return compile(files);
  } catch (error) {
    const why = asFault(error).message;
    const reason = `This version of Claw cannot read the policies in force: ${why}`;
    const verdict = { outcome: 'deny', policy_ids: [], reason, escalated: [] } as const;
    const decide = () => ({ ...verdict, policy_version: version });
    return { version, files, policies: [], warnings: [], decide };
  }
}

/** A tenant that has put no policies in force is held to those that are brought along. */
async function ruled(ground: Ground, state: TenantState, brought: Brought): Promise<RuledState> {
  state.starting ??= bring(ground, state, brought);
  try {
    await state.starting;
  } catch (error) {
    delete state.starting;
    throw error;
  }
  return state as RuledState;
}

/** What a folder holds takes the place of what was brought before, never of a tenant's own. */
async function bring(ground: Ground, state: TenantState, brought: Brought): Promise<void> {
  const known = state.policy?.version;
  const stays = known && (known.brought === undefined || brought.author === 'claw');
  if (!stays) await putInForce(ground, state, { ...brought, brought: true });
}

/** Calls of a task whose tokens are known, the latest: witnesses of one tell of it soon. */
const COUNTED = 1024;

function spend(state: TenantState | undefined, { task_id, tokens, call }: Spent): void {
  const entry = state?.tasks.get(task_id);
  if (entry?.task.state !== 'open') return;
  const known = call === undefined ? 0 : (entry.counted.get(call) ?? 0);
  const more = Math.max(0, tokens - known);
  if (call !== undefined) entry.counted.set(call, known + more);
  for (const [oldest] of entry.counted) {
    if (entry.counted.size <= COUNTED) break;
    entry.counted.delete(oldest);
  }
  const { used } = entry.task;
  entry.task = { ...entry.task, used: { ...used, tokens: used.tokens + more } };
}

/** The event in the task that its session has open, where it names none. */
export function inTask<E extends Draft>(event: E, taskOf: (site: Sited) => string | undefined): E {
  // A step of the lifecycle names its task where it has one.
  if (event.task_id !== undefined || isLifecycle(event)) return event;
  const task_id = taskOf(event);
  return task_id === undefined ? event : { ...event, task_id };
}
