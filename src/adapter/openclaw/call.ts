/** OpenClaw's hooks about tool calls: announced, ended, and their results as kept. */
import type { Draft } from '../../event/event.ts';
import { draftOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';
import { type Ended, outcomeOf } from './outcome.ts';
import { firstName } from './record.ts';

/** before_tool_call. A call of an unknown tool gets none. */
export function asked(seen: Seen): Told {
  const facts = callFacts(seen);
  if (isInner(seen, facts)) return INNER;
  const { read } = seen;
  const attributes = {
    ...facts.attributes,
    ...given('derived_paths', read.value('event.derivedPaths')),
  };
  return [draftOf(seen, { ...facts, status: 'pending', attributes })];
}

/**
 * claw.blocked: Claw's plugin held the call back by itself, as no decision came that allows it.
 */
export function heldBack(seen: Seen): Told {
  const { read } = seen;
  const decision = {
    outcome: 'deny',
    by: 'config',
    ...given('reason', read.text('reason')),
  } as const;
  read.told('of');
  return [draftOf(seen, { ...callFacts(seen), status: 'blocked', decision })];
}

/** after_tool_call: neither result nor error means that nobody knows. */
export function answered(seen: Seen): Told {
  const facts = callFacts(seen);
  if (isInner(seen, facts)) return INNER;
  const { read } = seen;
  const ended = { result: read.peek('event.result'), error: read.peek('event.error') };
  const outcome = outcomeIn(seen, facts.tool, ended);
  if (outcome === BLOCKED || outcome.error?.message !== undefined) read.told('event.error');
  const draft = draftOf(seen, {
    ...facts,
    ...outcome,
    ...given('result', read.value('event.result')),
    ...given('duration_ms', read.count('event.durationMs')),
  });
  return [draft];
}

/**
 * tool_result_persist: the result as the transcript keeps it. It is the last witness of a call
 * whose after_tool_call was lost (openclaw#155081).
 */
export function persisted(seen: Seen): Told {
  const { read, origin, context } = seen;
  const call_id = firstName(read, ['event.toolCallId', 'ctx.toolCallId']);
  if (typeof read.peek('ctx.sessionId') !== 'string' || call_id === undefined) {
    return 'after_tool_call tells the result; this one does not name its session';
  }
  if (context.calls?.stateOf(origin.session_id, call_id) === 'answered') {
    return 'after_tool_call told the result';
  }
  const tool = firstName(read, ['event.toolName', 'ctx.toolName']);
  const isError = read.peek('event.message.isError');
  const made = read.peek('event.isSynthetic') === true || typeof isError !== 'boolean';
  const result = read.peek('event.message');
  const error = isError === true ? '' : undefined;
  const outcome = outcomeIn(seen, tool, { result, error });
  const draft = draftOf(seen, {
    type: 'tool_call',
    call_id,
    key: call_id,
    ...given('tool', tool),
    ...(made && outcome !== BLOCKED ? { status: 'unknown' as const } : outcome),
    ...given('result', read.value('event.message')),
    attributes: { evidence: 'tool_result_persist' },
  });
  return [draft];
}

/** Who decided that, and why, is told by the decision itself. */
const BLOCKED: Partial<Draft> = { status: 'blocked' };

function outcomeIn({ origin }: Seen, tool: string | undefined, ended: Ended): Partial<Draft> {
  return origin.attributes?.['blocked_by'] === undefined ? outcomeOf(tool, ended) : BLOCKED;
}

const INNER = 'the same call, told under the id of the call that wraps it';

/** A call that only carries another: `tool_call {id, args}`. */
const WRAPPER = 'tool_call';

/** A call made from inside another has an id made of the other's: `tool_search_code:<id>:…`. */
const INSIDE = /^tool_search_code:(.{1,400}):[^:]{1,200}:\d{1,9}$/s;

type CallFacts = ReturnType<typeof callFacts>;

/**
 * A call that carries another is told as the one that it carries, so that each act is one row.
 * The name that the model used is in `attributes.wrapped_by`.
 */
function callFacts({ read }: Seen) {
  const call_id = firstName(read, ['event.toolCallId', 'ctx.toolCallId']);
  const named = firstName(read, ['event.toolName', 'ctx.toolName']);
  const parent = INSIDE.exec(call_id ?? '')?.[1];
  const inner = named === WRAPPER ? read.peek('event.params.id') : undefined;
  const wraps = typeof inner === 'string' && inner !== '';
  const tool = wraps ? inner.slice(inner.lastIndexOf(':') + 1).slice(0, 512) : named;
  return {
    type: 'tool_call',
    ...given('call_id', call_id),
    ...given('key', call_id),
    ...given('tool', tool === '' ? named : tool),
    ...given('arguments', read.value(wraps ? 'event.params.args' : 'event.params')),
    attributes: {
      ...(wraps ? { wrapped_by: WRAPPER } : {}),
      ...given('parent_call_id', parent),
    },
  } as const;
}

/** Whether the call that made this one is known to have carried exactly it. */
function isInner({ origin, context }: Seen, facts: CallFacts): boolean {
  const parent = facts.attributes.parent_call_id;
  if (parent === undefined) return false;
  const { tool = '', arguments: args } = facts;
  const alike = context.calls?.alike(origin.session_id, tool, args) ?? [];
  return alike.some(({ call_id }) => plain(call_id) === plain(parent));
}

/** The runtime replaces other characters where it makes ids of ids. */
function plain(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9]/g, '');
}
