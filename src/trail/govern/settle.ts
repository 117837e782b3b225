/** From a decision that waits for an approval to the one that follows from it. */
import type { Approval, Decision, Mode } from '../../policy/lifecycle.ts';
import type { Approvals } from './approval.ts';
import { type Asked, decideNow, decisionOf, eventOf, judge, statusOf } from './decide.ts';
import type { Actor } from './govern.ts';
import { type Ground, ownEvent, timeOf } from './ground.ts';
import { actionKey, coveringApproval, pendingApproval } from './state.ts';
import { deniedWithin, within } from './task.ts';
import { approvalFor, type For } from './terms.ts';

export type SettleOptions = Ground & Pick<Approvals, 'ask' | 'wait'>;

/** One call's way from question to final answer. */
export type Course = {
  readonly action_hash: string;
  readonly mode: Mode;
  /** Characters that are kept of its approval. */
  chars: number;
  /** The last decision, which may wait for an approval. */
  decided: Promise<Decision>;
  /** What came of the approval. */
  settled?: Promise<Decision> | undefined;
  /** When its final answer was first given, Unix milliseconds. */
  answered_ms?: number;
};

export type Asking = { readonly asked: Asked; readonly actor: Actor; readonly approval: boolean };

type Waiting = {
  readonly asking: Asking;
  readonly decision: Decision;
  /** `until_ms` by the clock that never jumps. */
  readonly wait: { readonly until_ms: number; readonly signal: AbortSignal | undefined };
};

/** Waits for the approval; the answer that follows from it is made once for the call. */
export async function settle(
  ground: SettleOptions,
  course: Course,
  waiting: Waiting,
): Promise<Decision> {
  const { asking, wait } = waiting;
  const decision = await asksOnce(ground, course, waiting);
  if (decision.outcome !== 'escalate' || !decision.approval) return decision;
  const { approval_id } = decision.approval;
  const wait_s = Math.max(0, wait.until_ms - performance.now()) / 1000;
  const { state } = asking.asked;
  const approval = await ground.wait(state, approval_id, { wait_s, signal: wait.signal });
  if (approval.state === 'pending') return { ...decision, approval };
  const before = course.settled;
  const settled = before ?? conclude(ground, { ...waiting, decision }, approval);
  course.settled = settled;
  const again = () => {
    if (course.settled === settled) course.settled = undefined;
  };
  if (!before) settled.then(({ recorded }) => recorded === false && again(), again);
  const final = await settled;
  if (final.outcome !== 'escalate') return final;
  // Another run has used it, or the policies ask for more by now: it needs one of its own.
  if (course.settled === settled) course.decided = settled;
  again();
  return settle(ground, course, { ...waiting, decision: final });
}

/**
 * The approval that waits for this action already, or a new one. Within its task: one that is
 * closed asks for nothing any more.
 */
export async function askFor(ground: SettleOptions, request: For): Promise<Approval> {
  const { state, task } = request.asked;
  const made = approvalFor(ground, request);
  const known = pendingApproval(state, made);
  if (known) return known;
  const key = `${actionKey(made)} ${JSON.stringify(made.policy_ids)}`;
  const others = state.asking.get(key);
  if (others) return others;
  const ask = () => ground.ask(state, made);
  const asking = task ? within(task, ask) : ask();
  state.asking.set(key, asking);
  try {
    return await asking;
  } finally {
    state.asking.delete(key);
  }
}

/** The decision; where it waits for an approval, with the one that is asked for. */
function asksOnce(ground: SettleOptions, course: Course, { asking, decision }: Waiting) {
  const { outcome, mode, approval } = decision;
  const needed = outcome === 'escalate' && mode === 'enforce' && asking.approval;
  if (!needed || approval) return decision;
  const decided = course.decided.then((it) => withApproval(ground, asking, it));
  course.decided = decided;
  decided.catch(() => {
    if (course.decided === decided) course.decided = Promise.resolve(decision);
  });
  return decided;
}

/** One that was given since, or by an earlier process, is not asked for again. */
async function withApproval(ground: SettleOptions, { asked, actor }: Asking, decision: Decision) {
  if (decision.approval) return decision;
  const given = coveringApproval(asked.state, decision, ground.now());
  const approval = given ?? (await askFor(ground, { asked, actor, decision }));
  return { ...decision, approval };
}

/** An approval that was given is used by deciding again; what was refused is denied. */
async function conclude(
  ground: SettleOptions,
  { asking: { asked }, decision }: Waiting,
  approval: Approval,
): Promise<Decision> {
  const { mode } = decision;
  const anew = { ...asked, mode, id: undefined };
  if (approval.state === 'approved' || approval.state === 'used') return decideNow(ground, anew);
  const { task } = anew;
  const refuse = () => refused(ground, anew, { decision, approval });
  return task ? deniedWithin(task, refuse) : refuse();
}

type Refusal = { readonly decision: Decision; readonly approval: Approval };

async function refused(
  ground: SettleOptions,
  asked: Asked,
  { decision, approval }: Refusal,
): Promise<Decision> {
  const { mode, action_hash } = asked;
  const made = { decision_id: ground.newId(), created_at: timeOf(ground) };
  const { reason, by } = refusalIn(approval);
  const verdict = {
    outcome: 'deny' as const,
    policy_ids: decision.policy_ids,
    policy_version: decision.policy_version,
    reason: `${decision.reason} ${reason}`.trim(),
    escalated: [],
  };
  const { request } = judge(ground, asked);
  const final = decisionOf(asked, { verdict, request }, made);
  const { policy_ids, policy_version, outcome } = verdict;
  await ground.record(
    ownEvent(asked.state.tenant, {
      ...eventOf(asked),
      id: made.decision_id,
      time: made.created_at,
      decision: {
        ...{ outcome, policy_ids: policy_ids.slice(0, 64), policy_version },
        by: by === undefined ? 'config' : 'human',
        reason: verdict.reason,
        ...(by === undefined ? {} : { approver: by }),
      },
      ...statusOf(outcome, mode),
      own: {
        decision: {
          ...{ request, mode, allowed: final.allowed, action_hash },
          approval_id: approval.approval_id,
        },
      },
    }),
    'made',
  );
  return { ...final, approval };
}

function refusalIn(approval: Approval): { readonly reason: string; readonly by?: string } {
  const denial = approval.votes.find(({ vote }) => vote === 'deny');
  if (denial) return { reason: `${denial.by} denied it: ${denial.reason}`, by: denial.by };
  if (approval.state === 'expired') return { reason: 'Nobody approved it in time.' };
  return { reason: 'The approval was withdrawn, as its task was closed.' };
}
