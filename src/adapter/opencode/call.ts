/** OpenCode's records about tool calls and the approval that they need. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { draftOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';

/** tool.execute.before: the call is announced. It fires before approval is asked for. */
export function asked(seen: Seen): Told {
  const { read } = seen;
  const facts = { ...callFacts(seen), ...given('arguments', read.value('output.args')) };
  return [draftOf(seen, { ...facts, status: 'pending' })];
}

/**
 * claw.blocked: Claw's plugin held the call back by itself, as no decision came that allows it.
 */
export function heldBack(seen: Seen): Told {
  const { read } = seen;
  const facts = { ...callFacts(seen), ...given('arguments', read.value('output.args')) };
  const decision = {
    outcome: 'deny',
    by: 'config',
    ...given('reason', read.text('reason')),
  } as const;
  read.told('of');
  return [draftOf(seen, { ...facts, status: 'blocked', decision })];
}

/** tool.execute.after: it does not fire for a call that failed or was denied. */
export function answered(seen: Seen): Told {
  const { read } = seen;
  const facts = { ...callFacts(seen), ...given('arguments', read.value('input.args')) };
  const outcome = outcomeOf(facts.tool, read.peek('output'));
  const child = read.peek('output.metadata.sessionId');
  const attributes = typeof child === 'string' ? { child_session_id: child.slice(0, 512) } : {};
  const result = given('result', read.value('output'));
  return [draftOf(seen, { ...facts, ...outcome, ...result, attributes })];
}

/**
 * How a call ended that gave something back. A command's exit code is in its `metadata`, which
 * the runtime writes; a command without one was cut off.
 */
export function outcomeOf(tool: string | undefined, output: unknown): Partial<Draft> {
  if (!isObject(output)) return { status: 'unknown' };
  if (output['isError'] === true) return { status: 'error', error: { code: 'tool_error' } };
  if (tool !== 'bash') return { status: 'success' };
  const metadata = output['metadata'];
  const exit = isObject(metadata) ? metadata['exit'] : undefined;
  if (!Number.isInteger(exit)) return { status: 'unknown' };
  return exit === 0 ? { status: 'success' } : { status: 'error', error: { code: `exit_${exit}` } };
}

/** permission.asked: the runtime asks for approval of a call. */
export function permissionAsked(seen: Seen): Told {
  const { read } = seen;
  const call_id = read.name('tool.callID') ?? read.name('callID');
  const key = read.name('id');
  const permission = read.name('permission') ?? read.name('type');
  const attributes = {
    ...given('permission', permission),
    ...given('permission_request', key),
    ...given('patterns', read.value('patterns')),
  };
  const decision = { outcome: 'escalate' } as const;
  const facts = { type: 'approval', status: 'escalated', decision } as const;
  return [draftOf(seen, { ...facts, ...given('call_id', call_id), attributes, key })];
}

const REPLIES: ReadonlyMap<unknown, 'permit' | 'deny'> = new Map([
  ['once', 'permit'],
  ['always', 'permit'],
  ['reject', 'deny'],
]);

/**
 * permission.replied: it names the request, not the call. Without a person at hand OpenCode
 * answers itself, and the record does not tell which it was.
 */
export function permissionReplied(seen: Seen): Told {
  const { read } = seen;
  const reason = read.name('reply') ?? read.name('response');
  const outcome = REPLIES.get(reason);
  const request = read.name('requestID') ?? read.name('permissionID');
  const draft = draftOf(seen, {
    type: 'approval',
    status: outcome === undefined ? 'unknown' : outcome === 'permit' ? 'success' : 'blocked',
    decision: { ...given('outcome', outcome), ...given('reason', reason) },
    attributes: given('permission_request', request),
    key: request,
  });
  return [draft];
}

function callFacts({ read }: Seen) {
  const call_id = read.name('input.callID');
  return {
    type: 'tool_call',
    ...given('call_id', call_id),
    ...given('key', call_id),
    ...given('tool', read.name('input.tool')),
  } as const;
}
