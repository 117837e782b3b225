/** OpenCode's parts of messages: only the last state of each becomes an event. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { draftOf, errorOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';
import { outcomeOf } from './call.ts';

/** message.part.updated. */
export function part(seen: Seen): Told {
  const type = seen.read.peek('part.type');
  switch (type) {
    case 'tool':
      return toolPart(seen);
    case 'text':
      return textPart(seen, {});
    case 'reasoning':
      return textPart(seen, { channel: 'reasoning' });
    default:
      return OTHER.get(type) ?? [draftOf(seen, { type: 'session', detail: UNKNOWN })];
  }
}

const UNKNOWN = 'A part of a message that this version of Claw does not know.';

const OTHER: ReadonlyMap<unknown, string> = new Map([
  ['step-start', 'a request to the model begins; message.updated tells how it ended'],
  ['step-finish', 'message.updated tells tokens and cost of the whole message'],
  ['patch', 'the calls of the tools that changed the files tell it'],
  ['snapshot', 'a snapshot for undoing; no act of the agent'],
  ['file', 'a file of a prompt; chat.message tells it'],
  ['agent', 'an agent named in a prompt; chat.message tells it'],
  ['subtask', 'the call of the task tool tells it'],
  ['retry', 'session.status tells it'],
  ['compaction', 'session.compacted tells it'],
]);

/** A text has an end only where the model wrote it and it is complete. */
function textPart(seen: Seen, facts: Partial<Draft>): Told {
  const { read } = seen;
  if (read.count('part.time.end') === undefined) {
    return 'part of a prompt, which chat.message tells, or a text that is not complete yet';
  }
  if (read.peek('part.synthetic') === true) return 'written by OpenCode itself, not by the model';
  const content = read.text('part.text');
  const key = read.name('part.id');
  const said = { type: 'output', ...given('content', content), key, text: content ?? '' } as const;
  return [draftOf(seen, { ...facts, ...said, ...given('turn_id', read.name('part.messageID')) })];
}

/** A call's last state: `error` is told by nothing else. */
function toolPart(seen: Seen): Told {
  const { read, origin, context } = seen;
  const status = read.peek('part.state.status');
  if (status === 'pending' || status === 'running') {
    return 'tool.execute.before tells that the call begins, its last state how it ended';
  }
  const call_id = read.name('part.callID');
  const known = call_id && context.calls?.stateOf(origin.session_id, call_id);
  if (status === 'completed' && known === 'answered') return 'tool.execute.after told the result';
  const tool = read.name('part.tool');
  const state = read.peek('part.state');
  const facts = {
    type: 'tool_call',
    ...given('call_id', call_id),
    key: call_id,
    part: undefined,
    ...given('tool', tool),
    ...given('arguments', read.value('part.state.input')),
    ...durationOf(state),
  } as const;
  if (status === 'error') return [draftOf(seen, { ...facts, ...failure(seen) })];
  if (status !== 'completed') return [draftOf(seen, { ...facts, status: 'unknown' })];
  const result = given('result', read.value('part.state.output'));
  return [draftOf(seen, { ...facts, ...outcomeOf(tool, state), ...result })];
}

/** OpenCode's own sentences, each anchored at the start; a person's feedback proves a person. */
const DENIALS: readonly (readonly [string, 'human' | 'config' | undefined])[] = [
  [
    'The user rejected permission to use this specific tool call with the following feedback: ',
    'human',
  ],
  ['The user rejected permission to use this specific tool call.', undefined],
  [
    'The user has specified a rule which prevents you from using this specific tool call.',
    'config',
  ],
];
const ABORTED: ReadonlySet<unknown> = new Set(['Tool execution aborted', 'Cancelled']);

/**
 * What a plugin threw to block a call cannot be told from the tool's own error: it is one, unless
 * Claw's own plugin says that it threw it. Why is then told by the decision itself.
 */
function failure({ read, origin }: Seen): Partial<Draft> {
  if (origin.attributes?.['blocked_by'] !== undefined) {
    read.told('part.state.error');
    return { status: 'blocked' };
  }
  const message = read.text('part.state.error');
  const denial = DENIALS.find(([words]) => message?.startsWith(words));
  if (denial && message !== undefined) {
    const by = denial[1];
    return {
      status: 'blocked',
      decision: { outcome: 'deny', ...given('by', by), reason: message },
    };
  }
  const code = ABORTED.has(message) ? 'interrupted' : undefined;
  return { status: 'error', error: errorOf(code, message) };
}

function durationOf(state: unknown): Partial<Draft> {
  const time = isObject(state) && isObject(state['time']) ? state['time'] : {};
  const { start, end } = time;
  const known = typeof start === 'number' && typeof end === 'number' && end >= start;
  return known && Number.isFinite(end - start) ? { duration_ms: end - start } : {};
}
