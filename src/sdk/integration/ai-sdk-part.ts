/** The parts of AI SDK messages that tell of tool calls: refused, approved, answered elsewhere. */
import type { Call, Session } from '../sdk.ts';
import { at, given, listAt, nameOf, type Open } from './witness.ts';

/** A call that goes on after its run: it waits for an approval, or for the client's own result. */
type Waiting = { readonly session: Session; readonly call: Call; readonly tool: string };

export type Operation = {
  readonly id: string;
  readonly session: Session;
  /** Whether the session began with this operation. */
  readonly own: boolean;
  /** Text or an object; all else is one call of a model. */
  readonly generates: boolean;
  /** Being executed, by id. */
  readonly calls: Open<Call>;
  /** By the id of the approval asked for, or of the call. */
  readonly waiting: Open<Waiting>;
  /** A call of the model under way. */
  model?: { readonly since_ms: number; readonly name: string | undefined };
};

type Asked = { readonly tool: string; readonly call_id: string; readonly input: unknown };

/** Calls that no execution reported: refused, executed by the provider, or left to the client. */
export function recordStep(operation: Operation, content: readonly unknown[]): void {
  const settled = new Set(content.filter(isOutcome).map((part) => at(part, 'toolCallId')));
  const held = new Set(content.map((part) => at(part, 'toolCall', 'toolCallId')));
  for (const part of content) {
    if (at(part, 'type') === 'tool-call') {
      const call = askedIn(part);
      if (at(part, 'invalid') === true) refused(operation, part);
      else if (at(part, 'providerExecuted') === true) elsewhere(operation, part, content);
      else if (!settled.has(call.call_id) && !held.has(call.call_id)) left(operation, call);
    } else if (at(part, 'type') === 'tool-approval-request') requested(operation, part);
    else if (at(part, 'type') === 'tool-approval-response') decided(operation, part);
  }
}

/** What the messages say after the model's last word: decisions, and results of the client's. */
export function recordAnswers(operation: Operation, messages: readonly unknown[]): void {
  const last = messages.at(-1);
  if (at(last, 'role') !== 'tool') return;
  for (const part of listAt(last, 'content')) {
    if (at(part, 'type') === 'tool-approval-response') decided(operation, part);
    else if (at(part, 'type') === 'tool-result') answered(operation, part);
  }
}

/** The session of the call that these messages answer: its run goes on. */
export function continued(
  waiting: Operation['waiting'],
  messages: readonly unknown[],
): Session | undefined {
  const last = messages.at(-1);
  const parts = at(last, 'role') === 'tool' ? listAt(last, 'content') : [];
  const ids = parts.flatMap((part) => [at(part, 'approvalId'), at(part, 'toolCallId')]);
  return ids.map((id) => waiting.get(String(id))?.session).find(Boolean);
}

function isOutcome(part: unknown): boolean {
  const type = at(part, 'type');
  return type === 'tool-result' || type === 'tool-error' || type === 'tool-output-denied';
}

function askedIn(part: unknown): Asked {
  const tool = nameOf(at(part, 'toolName')) ?? 'unknown';
  return { tool, call_id: nameOf(at(part, 'toolCallId')) ?? '', input: at(part, 'input') };
}

function begin({ session }: Operation, { tool, call_id, input }: Asked): Call {
  return session.start(tool, input, call_id === '' ? {} : { call_id });
}

/** An unknown tool, or arguments that its schema refuses. */
function refused(operation: Operation, part: unknown): void {
  const call = begin(operation, askedIn(part));
  call.error(at(part, 'error') ?? 'The call was refused before it ran.');
}

function elsewhere(operation: Operation, part: unknown, content: readonly unknown[]): void {
  const asked = askedIn(part);
  const call = begin(operation, asked);
  const outcome = content.find(
    (other) => isOutcome(other) && at(other, 'toolCallId') === asked.call_id,
  );
  const attributes = { attributes: { executed_by: 'provider' } };
  const type = at(outcome, 'type');
  if (type === 'tool-result') call.success(at(outcome, 'output'), attributes);
  else if (type === 'tool-error') call.error(at(outcome, 'error'), attributes);
  else call.unknown('The provider executes it; no result was seen.', attributes);
}

/** No function of ours executes it: the client may, and bring the result with its next request. */
function left(operation: Operation, asked: Asked): void {
  const call = begin(operation, asked);
  const { session, waiting } = operation;
  waiting.set(asked.call_id, { session, call, tool: asked.tool });
}

function requested(operation: Operation, part: unknown): void {
  const approval_id = nameOf(at(part, 'approvalId'));
  const asked = askedIn(at(part, 'toolCall'));
  const { session, waiting } = operation;
  const call = begin(operation, asked);
  session.record({
    type: 'approval',
    tool: asked.tool,
    call_id: call.call_id,
    status: 'escalated',
    decision: { outcome: 'escalate', by: 'config' },
    attributes: given('approval_id', approval_id),
  });
  if (approval_id !== undefined) waiting.set(approval_id, { session, call, tool: asked.tool });
}

/** A person's decision, or the application's own where the library marks it as automatic. */
function decided(operation: Operation, part: unknown): void {
  const approval_id = nameOf(at(part, 'approvalId'));
  const found = approval_id === undefined ? undefined : operation.waiting.take(approval_id);
  const { session, call, tool } = found ?? { session: operation.session };
  const reason = given('reason', nameOf(at(part, 'reason')));
  const automatic = at(part, 'isAutomatic') === true || at(part, 'providerExecuted') === true;
  const permitted = at(part, 'approved') === true;
  const decision = {
    outcome: permitted ? 'permit' : 'deny',
    by: automatic ? 'config' : 'human',
    ...reason,
  } as const;
  session.record({
    type: 'approval',
    ...given('tool', tool),
    ...given('call_id', call?.call_id),
    // Leave to run is no outcome.
    ...(permitted ? {} : { status: 'blocked' as const }),
    decision,
    attributes: given('approval_id', approval_id),
  });
  if (!permitted) call?.blocked(reason.reason ?? 'It was not approved.', { decision });
}

function answered({ waiting }: Operation, part: unknown): void {
  const found = waiting.take(nameOf(at(part, 'toolCallId')) ?? '');
  const output = at(part, 'output');
  const type = String(at(output, 'type'));
  const value = at(output, 'value');
  const attributes = { attributes: { executed_by: 'client' } };
  if (type.startsWith('error')) found?.call.error(value, attributes);
  else if (type === 'execution-denied') found?.call.blocked('It was denied.', attributes);
  else found?.call.success(value, attributes);
}
