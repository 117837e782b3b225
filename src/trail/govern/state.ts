/** What a tenant's lifecycle events have led to: tasks, approvals, policies, modes. In memory. */
import type { Event } from '../../event/event.ts';
import { OWN_ATTRIBUTE } from '../../event/lifecycle.ts';
import { isObject } from '../../event/name.ts';
import { isPart, PART_MARK, type Sited, wholeOf } from '../../event/part.ts';
import { Fault } from '../../fault/fault.ts';
import { covers, validUntil } from '../../policy/approval.ts';
import { fitsPattern } from '../../policy/glob.ts';
import type { Approval, Enforcement, Mode, Task } from '../../policy/lifecycle.ts';
import type { PolicySet } from '../../policy/policy.ts';
import type { PolicyVersion } from './govern.ts';

/** Open tasks, and approvals that are pending or may be used, of one tenant. */
const OPEN_TASKS = 10_000;
const OPEN_APPROVALS = 10_000;
/** Characters of approvals of one tenant, as JSON: each may hold arguments and many resources. */
const APPROVAL_CHARS = 64 * 1024 * 1024;
/** Tasks and approvals that are over and still in memory: others are read from the trail. */
const OVER = 10_000;

export type TaskEntry = {
  task: Task;
  /** Decisions on their way to the journal: closing waits for them. */
  inflight: number;
  /** Tokens by the call that used them: several witnesses tell of one. */
  readonly counted: Map<string, number>;
  closing: boolean;
  /** Settles when its declaration is durable, or is not. */
  declared?: Promise<unknown>;
  idle?: () => void;
};

export type ApprovalEntry = {
  approval: Approval;
  /** Characters as JSON, when it was asked for. */
  readonly chars: number;
  /** Told of each change. */
  readonly waiting: Set<() => void>;
  /** Changes of one approval come one after the other. */
  busy: Promise<unknown>;
  timer?: NodeJS.Timeout;
};

export type TenantState = {
  readonly tenant: string;
  readonly tasks: Map<string, TaskEntry>;
  /** The open task of a session. */
  readonly sessions: Map<string, string>;
  readonly approvals: Map<string, ApprovalEntry>;
  /** Characters of them all. */
  chars: number;
  /** Approvals of one action in one session. */
  readonly actions: Map<string, Set<string>>;
  /** Requests for approval on their way to the journal, by what has to be approved. */
  readonly asking: Map<string, Promise<Approval>>;
  policy: { readonly version: PolicyVersion; readonly set: PolicySet } | undefined;
  /** Settles when there are policies in force. */
  starting?: Promise<unknown>;
  enforcement: Enforcement;
};

/** With a policy set in force: what a decision needs. */
export type RuledState = TenantState & { readonly policy: NonNullable<TenantState['policy']> };

export function emptyState(tenant: string): TenantState {
  return {
    tenant,
    tasks: new Map(),
    sessions: new Map(),
    approvals: new Map(),
    chars: 0,
    actions: new Map(),
    asking: new Map(),
    policy: undefined,
    enforcement: { agents: [] },
  };
}

/** What Claw wrote into an event of the lifecycle; undefined in anybody else's. */
export function ownIn(event: Pick<Event, 'attributes'>): Record<string, unknown> | undefined {
  const own = event.attributes?.[OWN_ATTRIBUTE];
  return isObject(own) ? own : undefined;
}

export function putTask(state: TenantState, task: Task): TaskEntry {
  const { tasks, sessions } = state;
  const entry = tasks.get(task.task_id) ?? {
    task,
    inflight: 0,
    counted: new Map(),
    closing: false,
  };
  entry.task = task;
  tasks.set(task.task_id, entry);
  const { session_id } = task;
  if (task.state === 'open') sessions.set(session_id, task.task_id);
  else if (sessions.get(session_id) === task.task_id) sessions.delete(session_id);
  forget(tasks, {
    over: (one) => one.task.state === 'closed',
    tooMuch: () => tasks.size > OVER,
  });
  return entry;
}

export function roomForTask({ tasks, sessions }: TenantState): void {
  if (sessions.size < OPEN_TASKS && tasks.size < OPEN_TASKS + OVER) return;
  throw new Fault('govern.too_many', `More than ${OPEN_TASKS} tasks are open.`, {
    limit: OPEN_TASKS,
    hint: 'Close tasks that are done.',
  });
}

export function putApproval(state: TenantState, approval: Approval): ApprovalEntry {
  const { approvals, actions } = state;
  const { approval_id } = approval;
  const known = approvals.get(approval_id);
  const entry = known ?? entryFor(approval);
  if (!known) state.chars += entry.chars;
  entry.approval = approval;
  approvals.set(approval_id, entry);
  const key = actionKey(approval);
  const same = actions.get(key) ?? new Set();
  actions.set(key, same.add(approval_id));
  for (const tell of [...entry.waiting]) tell();
  forget(approvals, {
    over: (one) => isOver(one.approval),
    tooMuch: () => approvals.size > OVER || state.chars > APPROVAL_CHARS / 2,
    dropped: (one) => {
      state.chars -= one.chars;
      const others = actions.get(actionKey(one.approval));
      others?.delete(one.approval.approval_id);
      if (others?.size === 0) actions.delete(actionKey(one.approval));
    },
  });
  return entry;
}

function entryFor(approval: Approval): ApprovalEntry {
  const { length: chars } = JSON.stringify(approval);
  return { approval, chars, waiting: new Set(), busy: Promise.resolve() };
}

export function roomForApproval({ approvals, chars }: TenantState): void {
  if (approvals.size < OPEN_APPROVALS + OVER && chars < APPROVAL_CHARS) return;
  throw new Fault('govern.too_many', `More than ${OPEN_APPROVALS} approvals are open.`, {
    limit: OPEN_APPROVALS,
    retry_after_s: 60,
    hint: 'Decide on those that wait, or let them expire.',
  });
}

type Same = {
  readonly session_id: string;
  readonly action_hash: string;
  /** What has to be lifted. */
  readonly policy_ids: readonly string[];
};

/** The approval that lets this action run now, one for the session before one for a single run. */
export function coveringApproval(
  state: TenantState,
  asked: Same,
  now_ms: number,
): Approval | undefined {
  const found = approvalsOf(state, asked).filter((one) => covers(one, asked, now_ms));
  return found.find(({ scope }) => scope === 'session') ?? found[0];
}

export function pendingApproval(state: TenantState, asked: Same): Approval | undefined {
  return approvalsOf(state, asked).find((one) => one.state === 'pending');
}

/** Those that lift all that has to be. */
function approvalsOf({ approvals, actions }: TenantState, asked: Same): Approval[] {
  const ids = [...(actions.get(actionKey(asked)) ?? [])];
  return ids
    .flatMap((id) => approvals.get(id)?.approval ?? [])
    .filter(({ policy_ids }) => asked.policy_ids.every((id) => policy_ids.includes(id)));
}

export function actionKey({ session_id, action_hash }: Omit<Same, 'policy_ids'>): string {
  return `${action_hash} ${session_id}`;
}

function isOver({ state }: Approval): boolean {
  return state === 'denied' || state === 'expired' || state === 'used';
}

/** Whether an approval may still matter: it waits, or what it allows may still be done. */
export function isLive(approval: Approval, now_ms: number): boolean {
  if (approval.state === 'pending') return true;
  if (approval.state !== 'approved') return false;
  return approval.scope === 'session' || now_ms < validUntil(approval);
}

type Bound<T> = {
  readonly over: (entry: T) => boolean;
  readonly tooMuch: () => boolean;
  readonly dropped?: (entry: T) => void;
};

/** Drops the oldest that are over, beyond what is kept of them. */
function forget<T>(entries: Map<string, T>, { over, tooMuch, dropped }: Bound<T>): void {
  for (const [id, entry] of tooMuch() ? entries : []) {
    if (over(entry)) {
      entries.delete(id);
      dropped?.(entry);
    }
    if (!tooMuch()) return;
  }
}

/** The open task of a session, or of the nearest that it is a part of. */
export function openTaskOf({ sessions }: TenantState, site: Sited): string | undefined {
  const own = sessions.get(site.session_id);
  if (own !== undefined || !isPart(site)) return own;
  let session_id = wholeOf(site);
  for (;;) {
    const found = sessions.get(session_id);
    const end = session_id.lastIndexOf(PART_MARK);
    if (found !== undefined || end <= 0) return found;
    session_id = session_id.slice(0, end);
  }
}

export type Who = {
  readonly agent?: Event['agent'];
  readonly environment?: string | undefined;
};

/** The agent's own mode: that of the first line that fits it. */
export function modeOf({ enforcement }: TenantState, who: Who, asked: Mode | undefined): Mode {
  const line = enforcement.agents.find(
    ({ agent, runtime, environment }) =>
      fits(agent, who.agent?.id) &&
      fits(runtime, who.agent?.runtime) &&
      fits(environment, who.environment),
  );
  return line?.mode ?? enforcement.default ?? asked ?? 'enforce';
}

function fits(pattern: string | undefined, value: string | undefined): boolean {
  return pattern === undefined || (value !== undefined && fitsPattern(pattern, value));
}
