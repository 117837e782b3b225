/** Tool calls in OpenAI's chat format: asked in one message, answered in a later one. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { contained, fit, given, nameIn } from '../record.ts';
import { argumentsOf, type Fields, kept, listAt, objectAt, raw, type Said, textOf } from './row.ts';

type Asked = { readonly call_id: string; readonly id: string | undefined; readonly tool?: string };

/** Calls that may wait for their answers at once. */
const WAITING = 1000;

/**
 * Joins answers with calls. Some runs use an id again for a later call: from the second time on
 * the call is known as `id#2`. Calls without ids are answered by name, else in order.
 */
export function openCalls() {
  const uses = new Map<string, number>();
  let waiting: readonly Asked[] = [];
  const wait = (id: string | undefined, tool: string | undefined): string => {
    const name = id ?? 'call';
    const count = (uses.get(name) ?? 0) + 1;
    uses.set(name, count);
    const call_id = fit(count === 1 && id !== undefined ? name : `${name}#${count}`);
    waiting = [...waiting.slice(-WAITING + 1), { call_id, id, ...given('tool', tool) }];
    return call_id;
  };
  const answered = (id: string | undefined, tool: string | undefined): Asked | undefined => {
    const found =
      id === undefined
        ? (waiting.find((call) => call.tool === tool) ?? waiting[0])
        : waiting.find((call) => call.id === id);
    waiting = waiting.filter((call) => call !== found);
    return found;
  };
  return {
    facts: (message: Fields): readonly Said[] => {
      const role = nameIn(message, 'role');
      if (role === 'tool' || role === 'function') return [result(message, answered)];
      const calls = listAt(message, 'tool_calls').filter(isObject);
      const legacy = message['function_call'];
      const all = isObject(legacy) ? [...calls, { function: legacy }] : calls;
      return all.map((call, i) => asked(call, wait, `asked ${i}`));
    },
  };
}

type Wait = (id: string | undefined, tool: string | undefined) => string;

function asked(call: Fields, wait: Wait, part: string): Said {
  // A custom tool has a text as its input.
  const called = isObject(call['custom']) ? call['custom'] : objectAt(call, 'function');
  const tool = nameIn(called, 'name');
  return {
    type: 'tool_call',
    call_id: wait(nameIn(call, 'id'), tool),
    ...given('tool', tool),
    ...argumentsOf(called['arguments'] ?? called['input']),
    status: 'pending',
    part,
  };
}

type Answered = (id: string | undefined, tool: string | undefined) => Asked | undefined;

const USED = ['role', 'content', 'tool_call_id', 'name', 'error', 'tool_call'];

function result(message: Fields, answered: Answered): Said {
  const id = nameIn(message, 'tool_call_id');
  const asked = answered(id, nameIn(message, 'name'));
  const known = asked === undefined ? { attributes: { evidence: 'result_without_request' } } : {};
  const call_id = asked?.call_id ?? (id === undefined ? undefined : id);
  return {
    type: 'tool_call',
    ...given('call_id', call_id),
    ...given('tool', asked === undefined ? nameIn(message, 'name') : undefined),
    ...outcomeOf(message),
    result: contained(message['content']),
    part: 'answered',
    ...known,
    ...raw(kept(message, asked === undefined ? USED.slice(0, -1) : USED)),
  };
}

/**
 * The format says that a result came back, not whether the tool did its work: unknown. AgentDojo
 * says that in a field of its own, `error`, which is null where the tool raised none.
 */
function outcomeOf(message: Fields): Pick<Draft, 'status' | 'error' | 'detail'> {
  if (!Object.hasOwn(message, 'error')) {
    return { status: 'unknown', detail: 'A result came back; the format tells no outcome.' };
  }
  const { error } = message;
  if (error === null) return { status: 'success' };
  const text = typeof error === 'string' ? error : textOf(error);
  return { status: 'error', error: given('message', text ?? JSON.stringify(error)) };
}
