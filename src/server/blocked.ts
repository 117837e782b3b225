/** A call that was not allowed to run: the fact that says so, and the words for its agent. */
import { eventId } from '../adapter/identity.ts';
import { given } from '../adapter/record.ts';
import type { Draft } from '../event/event.ts';
import type { Decision } from '../policy/lifecycle.ts';
import { excerpt } from '../search/safe.ts';

type DecisionFact = NonNullable<Draft['decision']>;

/** Of what policies and people wrote, in the sentence for the agent. */
const REASON_CHARS = 700;
const IDS_CHARS = 300;

/** The end of a call that Claw refused: it meets the pending fact of the same call. */
export function blockedFact(asked: Draft, decision: Decision, now_ms: number): Draft {
  const { decision_id, approval, outcome, policy_ids, policy_version } = decision;
  const pending = outcome === 'escalate';
  const denier = approval?.votes.find(({ vote }) => vote === 'deny')?.by;
  const by = denier === undefined ? (pending || isLate(decision) ? 'config' : 'policy') : 'human';
  const reason = pending ? `${decision.reason} Nobody approved it in time.` : decision.reason;
  return factOf(asked, {
    now_ms,
    part: decision_id,
    decision: {
      outcome: 'deny',
      by,
      policy_ids: policy_ids.slice(0, 64),
      policy_version,
      reason,
      ...given('approver', denier),
    },
    attributes: { decision_id, ...given('approval_id', approval?.approval_id) },
  });
}

function isLate({ approval }: Decision): boolean {
  return approval?.state === 'expired';
}

const UNDECIDED = {
  away: 'Claw could not be reached',
  late: 'Claw did not decide in time',
  wrong: "Claw's answer was not understood",
  refused: 'Claw did not take the question',
} as const;

type Why = keyof typeof UNDECIDED;

const BLOCKED = 'x-claw-blocked';

/** Why a hook blocked its call by itself, as it says when it can. */
export function whyUndecided(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Why | undefined {
  const header = headers[BLOCKED];
  if (header === undefined) return undefined;
  return typeof header === 'string' && Object.hasOwn(UNDECIDED, header) ? (header as Why) : 'wrong';
}

/** The end of a call that nobody decided: its hook fails closed. */
export function undecidedFact(asked: Draft, why: Why, now_ms: number): Draft {
  const reason = `${UNDECIDED[why]}, and the hook blocks what nobody decided.`;
  const decision: DecisionFact = { outcome: 'deny', by: 'config', reason };
  return factOf(asked, { now_ms, part: why, decision, attributes: { undecided: why } });
}

type Blocked = {
  readonly now_ms: number;
  /** Tells apart why the same call was blocked. */
  readonly part: string;
  readonly decision: DecisionFact;
  readonly attributes: Readonly<Record<string, unknown>>;
};

function factOf(asked: Draft, { now_ms, part, decision, attributes }: Blocked): Draft {
  const { session_id, agent, source, call_id } = asked;
  const runtime = agent?.runtime ?? 'claw';
  const nonce = asked.id ?? '';
  const { parent_session_id, turn_id, tool, action, resources } = asked;
  const { hook_event, cwd } = asked.attributes ?? {};
  return {
    id: eventId({
      ...{ scheme: `${runtime}/id/v1`, session_id, hook: 'claw.blocked' },
      ...{ key: call_id, part, nonce, text: '' },
    }),
    time: new Date(now_ms).toISOString(),
    type: 'tool_call',
    session_id,
    ...given('parent_session_id', parent_session_id),
    ...given('turn_id', turn_id),
    ...given('call_id', call_id),
    ...given('agent', agent),
    ...given('source', source),
    ...given('tool', tool),
    ...given('arguments', asked.arguments),
    ...given('action', action),
    ...given('resources', resources),
    status: 'blocked',
    decision,
    attributes: {
      ...given('hook_event', hook_event),
      ...given('cwd', cwd),
      evidence: 'gate',
      ...attributes,
    },
  };
}

/** What the agent reads: which policy, why, and what may be done about it. One line, bounded. */
export function refusalText(decision: Decision, waited_s: number): string {
  const { policy_ids, approval, outcome } = decision;
  const reason = excerpt(decision.reason, REASON_CHARS);
  const ids = excerpt(policy_ids.join(', '), IDS_CHARS);
  const by = ids === '' ? '' : ` (policy ${ids})`;
  if (outcome !== 'escalate') {
    return `Claw blocked this call${by}: ${reason} ${advice(decision)}`;
  }
  const waited = waited_s > 0 ? `, and nobody decided within ${waited_s} s` : '';
  const held = `Claw holds this call back${by}: ${reason} It needs approval${waited}.`;
  if (approval === undefined) return `${held} Ask your user.`;
  const { approval_id, expires_at } = approval;
  return (
    `${held} Approval ${approval_id} waits until ${expires_at}: somebody with the role approver, ` +
    `who is not you, decides it (clawctl approvals approve ${approval_id}). ` +
    'Once it is approved, ask for exactly the same call again.'
  );
}

function advice({ recorded, approval }: Decision): string {
  if (recorded === false) return 'Tell your user that Claw records nothing (clawctl status).';
  if (approval?.state === 'expired') return 'Asking again asks for approval anew.';
  return 'Asking again gets the same answer: choose another way, or ask your user.';
}
