/** Steps of an approval: who asked, who voted, how it ended. */
import type { Told } from './context.ts';
import type { Focus } from './focus.ts';
import { fieldsOf, ownState, textIn, type WhyRow } from './scene.ts';
import { type Clock, type DraftStep, nameOf, spanOf, text, word } from './step.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Who asked, who voted, how it ended. */
export function approvalSteps({ approvals, decisions }: Focus, clock: Clock): Told {
  const used = decisions.filter(({ row }) => ownState(row, 'approval')['state'] === 'used');
  const usedSteps = used.map(({ row }): DraftStep => {
    const say: DraftStep['say'] = (words) => words.approvalIs('used', '', '');
    return { kind: 'approval', row, say, evidence: { state: 'used' } };
  });
  const steps = approvals.flatMap((group) => stepsOf(group, clock));
  return { steps: [...steps, ...usedSteps], unknown: [] };
}

function stepsOf(group: readonly WhyRow[], clock: Clock): readonly DraftStep[] {
  const [first] = group;
  const last = group.at(-1);
  if (!first || !last) return [];
  const state = ownState(last, 'approval');
  const requested_at = textIn(state, 'requested_at') ?? first.time;
  const expires = textIn(state, 'expires_at');
  const quorum = typeof state['quorum'] === 'number' ? state['quorum'] : 1;
  const told = {
    who: word(textIn(state, 'requested_by')) || nameOf(first.user),
    at: clock(requested_at),
    reason: text(textIn(state, 'reason') ?? first.decision?.reason),
    quorum,
    expires: expires === undefined ? '' : clock(expires),
  };
  const evidence = {
    approval_id: word(textIn(state, 'approval_id')),
    requested_by: told.who,
    expires_at: word(expires),
    state: word(textIn(state, 'state')),
  };
  const asked: DraftStep = {
    kind: 'approval',
    row: first,
    at: requested_at,
    say: (words) => words.requested(told),
    evidence,
  };
  const votes = voteSteps(state, { last, requested_at, clock });
  // One vote that decided says all of it.
  const decided = state['state'] === 'approved' || state['state'] === 'denied';
  const isTold = decided && quorum === 1 && votes.length > 0;
  return [asked, ...votes, ...(isTold ? [] : [endStep(state, last, clock)])];
}

type Voting = { readonly last: WhyRow; readonly requested_at: string; readonly clock: Clock };

const VOTES = 16;

function voteSteps(state: Fields, { last, requested_at, clock }: Voting): readonly DraftStep[] {
  const votes = Array.isArray(state['votes']) ? state['votes'].slice(0, VOTES) : [];
  return votes.map((one): DraftStep => {
    const vote = fieldsOf(one);
    const at = textIn(vote, 'at') ?? last.time;
    const told = {
      who: word(textIn(vote, 'by')),
      at: clock(at),
      vote: vote['vote'] === 'approve' ? ('approve' as const) : ('deny' as const),
      scope: textIn(vote, 'scope') ?? '',
      after: spanOf(requested_at, at),
      reason: text(textIn(vote, 'reason')),
    };
    const evidence = { by: told.who, vote: told.vote, scope: told.scope, reason: told.reason };
    return { kind: 'approval', row: last, at, say: (words) => words.voted(told), evidence };
  });
}

function endStep(state: Fields, last: WhyRow, clock: Clock): DraftStep {
  const now = textIn(state, 'state') ?? '';
  const decided_at = textIn(state, 'decided_at');
  const at = decided_at === undefined ? '' : clock(decided_at);
  const expires = textIn(state, 'expires_at');
  const until = expires === undefined ? '' : clock(expires);
  const say: DraftStep['say'] = (words) => words.approvalIs(now, at, until);
  return {
    kind: 'approval',
    row: last,
    at: decided_at ?? last.time,
    say,
    evidence: { state: word(now) },
  };
}
