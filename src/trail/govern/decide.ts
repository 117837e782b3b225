/** One decision: asked of task and policies, recorded, and only then answered. */
import type { Draft, Event } from '../../event/event.ts';
import { asFault } from '../../fault/fault.ts';
import type { Approval, Decision, Mode } from '../../policy/lifecycle.ts';
import type { PolicyRequest, Verdict } from '../../policy/policy.ts';
import { policyRequest } from '../../policy/request.ts';
import { constraintsOf, violationsOf } from '../../policy/task.ts';
import { type Ground, ownEvent, timeOf, violationIn } from './ground.ts';
import { coveringApproval, putApproval, type RuledState, type TaskEntry } from './state.ts';
import { within } from './task.ts';

/** An action on its way to a decision. */
export type Asked = {
  readonly state: RuledState;
  readonly task: TaskEntry | undefined;
  /** The action as an event describes it. */
  readonly acting: Partial<Event> & Pick<Event, 'session_id' | 'tool'>;
  readonly action_hash: string;
  readonly mode: Mode;
  /** The requester's own id for the decision. */
  readonly id: string | undefined;
};

/** What the decision rests on, beside the action. */
export type Judged = {
  readonly verdict: Verdict;
  readonly request: PolicyRequest;
  /** The approval that lifted an escalation. */
  readonly approval?: Approval;
};

/**
 * Decides and records. Throws `task.closed`; where the trail takes no record, an enforced action
 * is denied, as nothing may run that nobody could prove afterwards.
 */
export async function decideNow(ground: Ground, asked: Asked): Promise<Decision> {
  const { task } = asked;
  return task ? within(task, () => decide(ground, asked)) : decide(ground, asked);
}

async function decide(ground: Ground, asked: Asked): Promise<Decision> {
  const judged = judge(ground, asked);
  const undo = reserve(asked, judged);
  try {
    return await recordDecision(ground, asked, judged);
  } catch (error) {
    undo();
    const fault = asFault(error);
    if (fault.blame !== 'operator') throw error;
    return unrecorded(ground, asked, fault.message);
  }
}

/** Policies and task, and an approval that lifts what they escalate. Nothing is changed yet. */
export function judge(ground: Ground, asked: Asked): Judged {
  const { state, acting } = asked;
  const request = policyRequest(acting, timeOf(ground));
  const verdict = verdictOn(ground, asked, [request]);
  if (verdict.outcome !== 'escalate') return { verdict, request };
  const { policy_ids } = verdict;
  const same = { session_id: acting.session_id, action_hash: asked.action_hash, policy_ids };
  const approval = coveringApproval(state, same, ground.now());
  if (!approval) return { verdict, request };
  const after = verdictOn(ground, asked, [request, new Set(approval.policy_ids)]);
  if (after.outcome !== 'permit') return { verdict: after, request };
  return { verdict: { ...after, reason: grantIn(approval) }, request, approval };
}

/** What let it pass is not the policy that permits everything, but somebody's word. */
function grantIn({ votes }: Approval): string {
  return votes.map(({ by, reason }) => `${by} approved it: ${reason}`).join(' ');
}

const GRAVITY = { permit: 0, escalate: 1, deny: 2 } as const;

/** The graver of what policies and task say; both where they weigh the same. */
function verdictOn(
  { now }: Ground,
  { state, task, acting }: Asked,
  [request, lifted]: readonly [PolicyRequest, ReadonlySet<string>?],
): Verdict {
  const verdict = state.policy.set.decide(request, lifted);
  const violations = task ? violationsOf(task.task, acting, now()) : [];
  const standing = violations.filter(({ policy_id }) => !lifted?.has(policy_id));
  if (!task || standing.length === 0) return verdict;
  const outcome = task.task.on_violation;
  const weight = GRAVITY[verdict.outcome] - GRAVITY[outcome];
  if (weight > 0) return verdict;
  const both = weight === 0;
  const ids = standing.map(({ policy_id }) => policy_id);
  const reasons = standing.map(({ reason }) => reason);
  return {
    ...verdict,
    outcome,
    policy_ids: both ? [...verdict.policy_ids, ...ids] : ids,
    reason: (both ? [verdict.reason, ...reasons] : reasons).join(' '),
    escalated: outcome === 'escalate' ? [...verdict.escalated, ...standing] : [],
  };
}

/** Takes a call of the budget, and the approval of a single run; gives back how to undo it. */
function reserve(asked: Asked, judged: Judged): () => void {
  if (judged.verdict.outcome !== 'permit') return () => undefined;
  const { state, task } = asked;
  const once = usedUp(asked, judged);
  if (once) putApproval(state, { ...once, state: 'used' });
  if (task) task.task = spent(task, 1);
  return () => {
    if (once) putApproval(state, once);
    if (task) task.task = spent(task, -1);
  };
}

/** An approval of a single run; who is only observed would act without it too. */
function usedUp({ mode }: Asked, { approval }: Judged): Approval | undefined {
  return approval?.scope === 'once' && mode === 'enforce' ? approval : undefined;
}

function spent({ task }: TaskEntry, calls: number): TaskEntry['task'] {
  return { ...task, used: { ...task.used, calls: task.used.calls + calls } };
}

async function recordDecision(ground: Ground, asked: Asked, judged: Judged): Promise<Decision> {
  const { state, mode, task } = asked;
  const { verdict, approval } = judged;
  const decision_id = asked.id ?? ground.newId();
  const decision = decisionOf(asked, judged, {
    decision_id,
    created_at: judged.request.context.at,
  });
  const once = usedUp(asked, judged);
  const used = once ? { approval: { ...once, state: 'used' } } : {};
  await ground.record(
    ownEvent(state.tenant, {
      ...eventOf(asked),
      id: decision_id,
      time: decision.created_at,
      decision: {
        outcome: verdict.outcome,
        by: 'policy',
        policy_ids: verdict.policy_ids.slice(0, 64),
        policy_version: verdict.policy_version,
        reason: verdict.reason,
        ...(decision.constraints === undefined ? {} : { constraints: decision.constraints }),
        ...approverOf(approval),
      },
      ...statusOf(verdict.outcome, mode),
      own: {
        decision: {
          request: judged.request,
          mode,
          allowed: decision.allowed,
          action_hash: asked.action_hash,
          ...(approval ? { lifted: approval.policy_ids, approval_id: approval.approval_id } : {}),
          ...(task ? { task: constraintsOf(task.task).task } : {}),
        },
        ...used,
      },
    }),
    asked.id === undefined ? 'made' : 'chosen',
  );
  return decision;
}

/** What every event of a decision says of the action. */
export function eventOf({ acting, task }: Asked) {
  const {
    session_id,
    parent_session_id,
    call_id,
    tool,
    agent,
    user,
    environment,
    channel,
    attributes,
  } = acting;
  const cwd = attributes?.['cwd'];
  // Never left to be guessed from the name of the lifecycle's own call.
  const { action = 'none', resources = [] } = acting;
  return {
    type: 'decision' as const,
    tool: 'validate_action' as const,
    session_id,
    ...(parent_session_id === undefined ? {} : { parent_session_id }),
    ...(call_id === undefined ? {} : { call_id }),
    ...(task ? { task_id: task.task.task_id } : {}),
    ...{ agent, user, environment, channel, action, resources },
    arguments: { tool, arguments: acting.arguments, ...(cwd === undefined ? {} : { cwd }) },
    ...(attributes === undefined ? {} : { attributes }),
  } satisfies Partial<Draft>;
}

function approverOf(approval: Approval | undefined): { approver?: string } {
  const names = approval?.votes.map(({ by }) => by).join(', ') ?? '';
  return names === '' ? {} : { approver: names.slice(0, 512) };
}

/** A permit is no outcome: what came of the action is told by whoever runs it. */
export function statusOf(outcome: Decision['outcome'], mode: Mode): Pick<Draft, 'status'> {
  if (outcome === 'permit') return {};
  if (mode === 'observe') return { status: 'unknown' };
  return { status: outcome === 'deny' ? 'blocked' : 'escalated' };
}

type Made = { readonly decision_id: string; readonly created_at: string };

export function decisionOf(asked: Asked, { verdict, approval }: Judged, made: Made): Decision {
  const { acting, mode, task, action_hash } = asked;
  const { outcome, policy_ids, policy_version, reason } = verdict;
  const [policy_id] = policy_ids;
  const constraints = constraintsIn(verdict, task);
  return {
    ...made,
    outcome,
    allowed: outcome === 'permit' || mode === 'observe',
    mode,
    ...violationIn({ outcome, mode }),
    ...(policy_id === undefined ? {} : { policy_id }),
    policy_ids: [...policy_ids],
    policy_version,
    reason,
    constraints,
    session_id: acting.session_id,
    ...(task ? { task_id: task.task.task_id } : {}),
    ...(acting.call_id === undefined ? {} : { call_id: acting.call_id }),
    tool: acting.tool ?? 'unknown',
    action_hash,
    ...(approval ? { approval } : {}),
  };
}

function constraintsIn(verdict: Verdict, task: TaskEntry | undefined): unknown {
  const all = { ...verdict.constraints, ...(task ? constraintsOf(task.task) : {}) };
  return Object.keys(all).length === 0 ? undefined : all;
}

/** Nothing holds it in the trail, so an enforced action must not run on it. */
function unrecorded(ground: Ground, asked: Asked, why: string): Decision {
  const reason = `The decision could not be recorded, so it is denied: ${why}`;
  const policy_version = asked.state.policy.version.version;
  const outcome = 'deny';
  const verdict: Verdict = { outcome, policy_ids: [], policy_version, reason, escalated: [] };
  const request = policyRequest(asked.acting, timeOf(ground));
  const made = { decision_id: ground.newId(), created_at: timeOf(ground) };
  return { ...decisionOf(asked, { verdict, request }, made), recorded: false };
}
