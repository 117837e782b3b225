/** Approvals that Claw's plugin asks for in `before_tool_call`, and what came of them. */
import { draftOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';

/** approval_requested: `event` names the call and holds what the person is asked. */
export function approvalAsked(seen: Seen): Told {
  const { read } = seen;
  const facts = { ...callOf(seen), type: 'approval', status: 'escalated' } as const;
  const content = given('content', read.text('event.description'));
  const detail = given('detail', read.text('event.title'));
  const decision = { outcome: 'escalate' } as const;
  return [draftOf(seen, { ...facts, ...content, ...detail, decision })];
}

/** OpenClaw's resolutions; one that nobody gave denies, and no person decided so. */
const RESOLUTIONS: ReadonlyMap<string, 'permit' | 'deny'> = new Map([
  ['allow-once', 'permit'],
  ['allow-always', 'permit'],
  ['deny', 'deny'],
  ['timeout', 'deny'],
  ['cancelled', 'deny'],
]);
const NOBODY: ReadonlySet<string> = new Set(['timeout', 'cancelled']);

/**
 * approval_resolved: a call that was allowed is still to come, so that its outcome stays open.
 */
export function approvalResolved(seen: Seen): Told {
  const reason = seen.read.name('event.decision');
  const outcome = RESOLUTIONS.get(reason ?? '');
  const by = reason === undefined || outcome === undefined ? undefined : byOf(reason);
  const decision = { ...given('outcome', outcome), ...given('by', by), ...given('reason', reason) };
  const status = outcome === 'deny' ? 'blocked' : 'pending';
  return [draftOf(seen, { ...callOf(seen), type: 'approval', status, decision })];
}

function byOf(resolution: string): 'human' | 'config' {
  return NOBODY.has(resolution) ? 'config' : 'human';
}

function callOf({ read }: Seen) {
  const call_id = read.name('event.toolCallId') ?? read.name('ctx.toolCallId');
  return {
    ...given('call_id', call_id),
    ...given('key', call_id),
    ...given('tool', read.name('event.toolName')),
  };
}
