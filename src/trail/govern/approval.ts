/** Approvals: asked for, voted on, decided once; a waiting call is told at that moment. */
import { setMaxListeners } from 'node:events';
import { check } from '../../event/check.ts';
import type { Draft } from '../../event/event.ts';
import { Fault } from '../../fault/fault.ts';
import { expired, voted } from '../../policy/approval.ts';
import { type Approval, denySchema, voteSchema } from '../../policy/lifecycle.ts';
import type { Actor, ApprovalsQuery, Govern } from './govern.ts';
import { type Ground, ownEvent, timeOf } from './ground.ts';
import { type ApprovalEntry, putApproval, roomForApproval, type TenantState } from './state.ts';

export type Approvals = Pick<Govern, 'approval' | 'approvals' | 'approve' | 'deny'> & {
  /** Records the request and sets its clock. */
  readonly ask: (state: TenantState, approval: Approval) => Promise<Approval>;
  /** Resolves with the approval once it is decided, or as it is when the wait is over. */
  readonly wait: (state: TenantState, approval_id: string, wait: Wait) => Promise<Approval>;
  /** Denies what waits in a task that is closed. */
  readonly withdraw: (state: TenantState, task_id: string) => Promise<void>;
  /** Sets the clock of an approval that was read from the trail. */
  readonly resume: (state: TenantState, approval: Approval) => void;
  /** Stops all clocks. */
  readonly close: () => void;
};

export type Wait = { readonly wait_s: number; readonly signal?: AbortSignal | undefined };

export function openApprovals(ground: Ground): Approvals {
  const clocks = new Set<NodeJS.Timeout>();
  const closing = new AbortController();
  // Each that waits for an approval listens, and there may be thousands.
  setMaxListeners(0, closing.signal);
  const desk: Desk = { ...ground, clocks, closing: closing.signal };
  return {
    ask: (state, approval) => ask(desk, state, approval),
    wait: async (state, id, wait) => waitFor(desk, await entryNow(desk, state, id), wait),
    withdraw: (state, task_id) => withdraw(desk, state, task_id),
    resume: (state, approval) => startClock(desk, state, putApproval(state, approval)),
    approval: async (tenant, id, wait) => {
      const entry = await entryNow(desk, await ground.stateOf(tenant), id);
      return wait ? waitFor(desk, entry, wait) : entry.approval;
    },
    approvals: async (tenant, query) => {
      const state = await ground.stateOf(tenant);
      await Promise.all(
        [...state.approvals.values()].map((entry) => expireDue(desk, state, entry)),
      );
      return list(state, query);
    },
    approve: async (id, request, actor) => {
      const { reason, scope, id: vote_id } = check(voteSchema, request);
      const ballot = { vote: 'approve', reason, scope, ...(vote_id && { id: vote_id }) } as const;
      return vote(desk, { id, actor, ballot });
    },
    deny: async (id, request, actor) => {
      const { reason, id: vote_id } = check(denySchema, request);
      const ballot = { vote: 'deny', reason, ...(vote_id && { id: vote_id }) } as const;
      return vote(desk, { id, actor, ballot });
    },
    close: () => {
      closing.abort();
      for (const clock of clocks) clearTimeout(clock);
    },
  };
}

type Desk = Ground & { readonly clocks: Set<NodeJS.Timeout>; readonly closing: AbortSignal };

async function ask(desk: Desk, state: TenantState, approval: Approval): Promise<Approval> {
  roomForApproval(state);
  await desk.record(asked(state.tenant, approval));
  startClock(desk, state, putApproval(state, approval));
  return approval;
}

function asked(tenant: string, approval: Approval) {
  const { policy_ids, policy_version, reason } = approval;
  return ownEvent(tenant, {
    ...common(approval),
    tool: 'request_approval',
    time: approval.requested_at,
    decision: {
      outcome: 'escalate',
      by: 'policy',
      policy_ids: policy_ids.slice(0, 64),
      ...(policy_version === undefined ? {} : { policy_version }),
      reason,
    },
    status: 'escalated',
    own: { approval },
  });
}

/** What every event of an approval says. */
function common(approval: Approval) {
  const { session_id, task_id, call_id, tool, agent, user, environment } = approval;
  return {
    type: 'approval' as const,
    session_id,
    ...(task_id === undefined ? {} : { task_id }),
    ...(call_id === undefined ? {} : { call_id }),
    ...{ agent, user, environment },
    arguments: { approval_id: approval.approval_id, tool, arguments: approval.arguments },
    action: approval.action ?? 'none',
    resources: approval.resources ?? [],
  } satisfies Partial<Draft>;
}

type Casting = {
  readonly id: string;
  readonly actor: Actor;
  readonly ballot: Omit<Approval['votes'][number], 'by' | 'at'>;
};

async function vote(desk: Desk, { id, actor, ballot }: Casting): Promise<Approval> {
  const state = await desk.stateOf(actor.tenant);
  const entry = await entryOf(desk, state, id);
  return inTurn(entry, async () => {
    const repeat = entry.approval.votes.some((one) => one.id !== undefined && one.id === ballot.id);
    if (repeat) return entry.approval;
    await expireLate(desk, state, entry);
    const { credential_id, name, producer } = actor;
    const cast = { ...ballot, by: name, at: timeOf(desk) };
    const after = voted(entry.approval, cast, { credential_id, name, user_id: producer.user?.id });
    const decision = {
      outcome: ballot.vote === 'approve' ? 'permit' : 'deny',
      by: 'human',
      approver: name,
      reason: ballot.reason,
    } as const;
    const own = ownEvent(state.tenant, {
      ...common(after),
      ...(ballot.id === undefined ? {} : { id: ballot.id }),
      tool: ballot.vote,
      time: cast.at,
      decision,
      status: STATUS[after.state] ?? 'escalated',
      own: { approval: after },
    });
    await change(desk, state, { entry, after, own });
    return after;
  });
}

/** A vote that does not decide leaves it waiting. */
const STATUS: Partial<Record<Approval['state'], 'success' | 'blocked'>> = {
  approved: 'success',
  denied: 'blocked',
};

type Change = {
  readonly entry: ApprovalEntry;
  readonly after: Approval;
  readonly own: ReturnType<typeof ownEvent>;
};

/** The state changes only when the change is durable. */
async function change(desk: Desk, state: TenantState, { entry, after, own }: Change) {
  await desk.record(own);
  putApproval(state, after);
  if (after.state !== 'pending' && entry.timer) {
    clearTimeout(entry.timer);
    desk.clocks.delete(entry.timer);
  }
}

/** Nobody decided in time: it denies. */
async function expireLate(desk: Desk, state: TenantState, entry: ApprovalEntry): Promise<void> {
  if (!isDue(desk, entry)) return;
  const after = expired(entry.approval, timeOf(desk));
  await change(desk, state, { entry, after, own: lapsed(state.tenant, after, EXPIRED) });
}

const EXPIRED = 'Nobody decided in time.';
const WITHDRAWN = 'Its task was closed.';

function lapsed(tenant: string, after: Approval, reason: string) {
  return ownEvent(tenant, {
    ...common(after),
    tool: 'deny',
    ...(after.decided_at === undefined ? {} : { time: after.decided_at }),
    decision: { outcome: 'deny', by: 'config', reason },
    status: 'blocked',
    own: { approval: after },
  });
}

async function withdraw(desk: Desk, state: TenantState, task_id: string): Promise<void> {
  for (const entry of [...state.approvals.values()]) {
    if (entry.approval.task_id !== task_id) continue;
    await inTurn(entry, async () => {
      if (entry.approval.state !== 'pending') return;
      const after: Approval = { ...entry.approval, state: 'denied', decided_at: timeOf(desk) };
      await change(desk, state, { entry, after, own: lapsed(state.tenant, after, WITHDRAWN) });
    });
  }
}

/** How soon what could not be recorded is tried again, in milliseconds. */
const AGAIN_MS = 1000;

function startClock(desk: Desk, state: TenantState, entry: ApprovalEntry): void {
  if (entry.approval.state !== 'pending' || desk.closing.aborted) return;
  const left_ms = Date.parse(entry.approval.expires_at) - desk.now() + 1;
  const again = entry.timer !== undefined;
  const clock = setTimeout(
    async () => {
      desk.clocks.delete(clock);
      await expireDue(desk, state, entry);
      // The clock was set back, or a disk takes nothing: it is not over yet.
      startClock(desk, state, entry);
    },
    Math.max(again ? AGAIN_MS : 1, left_ms),
  );
  clock.unref();
  desk.clocks.add(clock);
  entry.timer = clock;
}

/** Whoever looks at an approval sees it denied when its time is over, whatever the clock did. */
async function expireDue(desk: Desk, state: TenantState, entry: ApprovalEntry): Promise<void> {
  if (!isDue(desk, entry)) return;
  // A disk that takes nothing: it is tried again.
  await inTurn(entry, () => expireLate(desk, state, entry)).catch(() => undefined);
}

function isDue({ now }: Desk, { approval }: ApprovalEntry): boolean {
  return approval.state === 'pending' && now() >= Date.parse(approval.expires_at);
}

/** One change after the other, whatever became of those before. */
function inTurn<T>(entry: ApprovalEntry, work: () => Promise<T>): Promise<T> {
  const turn = entry.busy.then(work, work);
  entry.busy = turn.catch(() => undefined);
  return turn;
}

/** Also over when the trail closes: nobody may wait for what cannot come any more. */
function waitFor(desk: Desk, entry: ApprovalEntry, { wait_s, signal }: Wait): Promise<Approval> {
  const ends = signal ? [signal, desk.closing] : [desk.closing];
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      entry.waiting.delete(told);
      for (const end of ends) end.removeEventListener('abort', done);
      resolve(entry.approval);
    };
    const told = () => {
      if (entry.approval.state !== 'pending') done();
    };
    const timer = setTimeout(done, wait_s * 1000);
    for (const end of ends) end.addEventListener('abort', done);
    entry.waiting.add(told);
    if (wait_s <= 0 || ends.some(({ aborted }) => aborted)) done();
    else told();
  });
}

async function entryNow(desk: Desk, state: TenantState, id: string): Promise<ApprovalEntry> {
  const entry = await entryOf(desk, state, id);
  await expireDue(desk, state, entry);
  return entry;
}

/** Throws `approval.not_found`. */
async function entryOf(desk: Desk, state: TenantState, id: string): Promise<ApprovalEntry> {
  const entry = state.approvals.get(id);
  if (entry) return entry;
  const approval = await desk.past.approval(state.tenant, id);
  const raced = state.approvals.get(id);
  if (raced) return raced;
  if (approval) return putApproval(state, approval);
  throw new Fault('approval.not_found', 'No approval of this id was asked for in this tenant.', {
    field: 'approval_id',
    hint: 'clawctl approvals list shows those that wait.',
  });
}

function list({ approvals }: TenantState, query: ApprovalsQuery): readonly Approval[] {
  const { state: wanted, session_id, task_id, limit = 50 } = query;
  return [...approvals.values()]
    .map(({ approval }) => approval)
    .reverse()
    .filter(
      (one) =>
        (wanted === undefined || one.state === wanted) &&
        (session_id === undefined || one.session_id === session_id) &&
        (task_id === undefined || one.task_id === task_id),
    )
    .slice(0, limit);
}
