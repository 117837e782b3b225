/** An approval from request to outcome: it has one, and it covers exactly one action. Pure. */
import { hash } from 'node:crypto';
import { canonicalText } from '../event/canonical.ts';
import { Fault } from '../fault/fault.ts';
import type { Approval } from './lifecycle.ts';

/** What makes an action this one and no other. */
export type ExactAction = {
  readonly tool: string;
  readonly arguments?: unknown;
  readonly cwd?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly runtime?: string | undefined;
  readonly environment?: string | undefined;
};

/** `sha256:` and hex over the canonical JSON of the action. */
export function actionHash(action: ExactAction): string {
  const { tool, cwd, agent_id, runtime, environment } = action;
  const exact = { tool, arguments: action.arguments, cwd, agent_id, runtime, environment };
  return `sha256:${hash('sha256', canonicalText(exact))}`;
}

export type Voter = {
  readonly credential_id: string;
  readonly name: string;
  readonly user_id?: string | undefined;
};

export type Ballot = Approval['votes'][number];

/**
 * The approval after a vote: decided, or still pending where the quorum asks for more. Throws
 * `approval.decided` with the state that stands in the way, and `approval.own`.
 */
export function voted(approval: Approval, ballot: Ballot, voter: Voter): Approval {
  refuse(approval, voter);
  const votes = [...approval.votes, ballot];
  const after = { ...approval, votes };
  if (ballot.vote === 'deny') return { ...after, state: 'denied', decided_at: ballot.at };
  if (votes.length < approval.quorum) return after;
  const session = votes.every(({ scope }) => scope === 'session');
  const scope = session ? 'session' : 'once';
  return { ...after, state: 'approved', scope, decided_at: ballot.at };
}

function refuse(approval: Approval, { credential_id, name, user_id }: Voter): void {
  const { state, approval_id } = approval;
  if (state !== 'pending') {
    throw new Fault('approval.decided', `The approval ${approval_id} is ${state} already.`, {
      field: 'approval_id',
      hint: `It was decided at ${approval.decided_at ?? approval.expires_at}.`,
    });
  }
  if (credential_id === approval.requester_id || name === approval.requested_by) {
    throw new Fault('approval.own', 'Who asked for an approval may not give it.', {
      field: 'approval_id',
      hint: 'Use the token of somebody else with the role approver or admin.',
    });
  }
  if (approval.separation && user_id !== undefined && user_id === approval.user?.id) {
    throw new Fault('approval.own', 'The user whom the agent acts for may not approve this.', {
      field: 'approval_id',
      hint: 'The policy asks for another person.',
    });
  }
  if (!approval.votes.some(({ by }) => by === name)) return;
  throw new Fault('approval.decided', `${name} has voted on this approval before.`, {
    field: 'approval_id',
    hint: `It needs ${approval.quorum} different approvers.`,
  });
}

/** The approval when its time is over: it denies. */
export function expired(approval: Approval, at: string): Approval {
  return { ...approval, state: 'expired', decided_at: at };
}

/** Whether it lets this action run in this session now. */
export function covers(
  approval: Approval,
  asked: { readonly session_id: string; readonly action_hash: string },
  now_ms: number,
): boolean {
  return (
    approval.state === 'approved' &&
    approval.session_id === asked.session_id &&
    approval.action_hash === asked.action_hash &&
    (approval.scope === 'session' || now_ms < validUntil(approval))
  );
}

/** Milliseconds for which an approval of one run waits to be used, once it was given. */
const VALID_MS = 600_000;

export function validUntil({ decided_at, expires_at }: Approval): number {
  return Math.max(Date.parse(decided_at ?? expires_at) + VALID_MS, Date.parse(expires_at));
}
