/** Answers: what came of a request, and what stays open for ever. */
import type { Draft, Status } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import type { Adapted } from '../adapter.ts';
import { fit, given, nameIn, textIn } from '../record.ts';
import { elicited, inputsRequired } from './approval.ts';
import { listed } from './listing.ts';
import { type Fields, fieldsIn, idText, own } from './message.ts';
import { outcome, type Reason, unknown } from './outcome.ts';
import { serverNameIn } from './party.ts';
import { cutText, type Open, remember, type State } from './state.ts';

export type Answer = {
  readonly result: unknown;
  /** As the message has it; undefined where it has none. */
  readonly error: unknown;
};

/** The user of a client that rejects a server's wish is told by this code (MCP, sampling). */
const REJECTED = -1;

export function answered(state: State, open: Open, answer: Answer): Adapted {
  const { result, error } = answer;
  const fields = isObject(result) ? result : {};
  if (open.from === 'client') state.server ??= serverNameIn(fields);
  if (error !== undefined && error !== null) return { drafts: [failed(state, open, error)] };
  if (!isObject(result)) return { drafts: [outcome(state, open, { status: 'unknown', result })] };
  if (open.from === 'client' && textIn(result, 'resultType') === 'input_required') {
    return { drafts: waits(state, open, result) };
  }
  const task = nameIn(fieldsIn(result, 'task'), 'taskId') ?? laterTask(result);
  if (task !== undefined && open.kind === 'tool_call') {
    return { drafts: [continues(state, open, { task, result })] };
  }
  return { drafts: completed(state, open, result) };
}

function completed(state: State, open: Open, result: Fields): Draft[] {
  if (open.kind === 'tool_call') return [called(state, open, result)];
  if (open.kind === 'approval') return [outcome(state, open, elicited(result))];
  if (open.from === 'server') {
    const model = given('model', nameIn(result, 'model'));
    return [outcome(state, open, { status: 'success', result, ...model })];
  }
  switch (open.method) {
    case 'tools/list':
      return listed(state, open, result);
    case 'tasks/result':
    case 'tasks/get':
    case 'tasks/cancel':
      return taskAnswer(state, open, result);
    default:
      return [outcome(state, open, { status: 'success', result })];
  }
}

/** A tool's own failure is a result with `isError`. */
function called(state: State, open: Open, result: Fields): Draft {
  const kind = textIn(result, 'resultType') ?? 'complete';
  if (kind !== 'complete') return outcome(state, open, { status: 'unknown', result });
  if (own(result, 'isError') !== true) return outcome(state, open, { status: 'success', result });
  const message = firstText(result);
  const error = { code: 'tool_error', ...given('message', message) };
  return outcome(state, open, { status: 'error', error, result });
}

function firstText(result: Fields): string | undefined {
  const content = own(result, 'content');
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  const text = isObject(first) ? textIn(first, 'text') : undefined;
  return text === undefined ? undefined : cutText(text);
}

function failed(state: State, open: Open, error: unknown): Draft {
  const fields = isObject(error) ? error : {};
  const code = own(fields, 'code');
  const message = textIn(fields, 'message');
  const told = {
    code: fit(`rpc_${typeof code === 'number' ? code : 'error'}`),
    ...given('message', message === undefined ? undefined : cutText(message)),
  };
  const rest = own(fields, 'data') ?? (isObject(error) ? undefined : error);
  const result = given('result', rest);
  if (open.from === 'server' && code === REJECTED) {
    const decision = { outcome: 'deny' as const, ...given('reason', told.message) };
    return outcome(state, open, { status: 'blocked', error: told, decision, ...result });
  }
  return outcome(state, open, { status: 'error', error: told, ...result });
}

/** The call is not over: the client will send it again with what the server wants to know. */
function waits(state: State, open: Open, result: Fields): Draft[] {
  const given = own(result, 'requestState');
  open.state_text = given === undefined ? '' : idText(given);
  const inputs = inputsRequired(state, open, fieldsIn(result, 'inputRequests'));
  const lost = remember(state.waiting, open.key, open);
  const detail = 'The server needs input before it goes on.';
  const waiting = outcome(state, open, { status: 'escalated', detail });
  return [waiting, ...inputs, ...(lost ? unknown(state, lost, CROWDED) : [])];
}

const CROWDED: Reason = { code: 'too_many_open', detail: 'Too many calls wait at once.' };

/** 2026-07-28: a result of another type may name the task that goes on. */
function laterTask(result: Fields): string | undefined {
  return textIn(result, 'resultType') === 'task' ? nameIn(result, 'taskId') : undefined;
}

type Begun = { readonly task: string; readonly result: Fields };

function continues(state: State, open: Open, { task, result }: Begun): Draft {
  remember(state.tasks, task, open);
  const attributes = { mcp_task: task };
  return outcome(state, open, { status: 'pending', raw: result, attributes });
}

const TASK_ENDS: Readonly<Record<string, Status>> = { failed: 'error', cancelled: 'error' };

/** What a task's status says of the call that began it; nothing while it goes on. */
export function taskEnded(state: State, task: Fields): Draft[] {
  const id = nameIn(task, 'taskId') ?? '';
  const status = textIn(task, 'status') ?? '';
  const open = state.tasks.get(id);
  if (open === undefined || !Object.hasOwn(TASK_ENDS, status)) return [];
  state.tasks.delete(id);
  const message = textIn(task, 'statusMessage');
  const error = {
    code: status === 'cancelled' ? 'cancelled' : 'task_failed',
    ...given('message', message === undefined ? undefined : cutText(message)),
  };
  return [outcome(state, open, { status: 'error', error, attributes: { mcp_task: id } })];
}

function taskAnswer(state: State, open: Open, result: Fields): Draft[] {
  const id = open.task ?? '';
  const call = state.tasks.get(id);
  const own = outcome(state, open, { status: 'success', attributes: { ...given('mcp_task', id) } });
  if (open.method !== 'tasks/result') {
    return [{ ...own, result }, ...taskEnded(state, result)];
  }
  if (call === undefined) return [{ ...own, result }];
  state.tasks.delete(id);
  return [own, called(state, call, result)];
}
