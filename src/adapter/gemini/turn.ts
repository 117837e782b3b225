/** Gemini CLI's hooks about the conversation: prompts, answers, the model, sessions. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { draftOf, errorOf, type Seen, sentence, type Told, wordsAt } from '../draft.ts';
import { given } from '../record.ts';

/** BeforeAgent. */
export function prompt(hook: Seen): Told {
  return [draftOf(hook, { type: 'prompt', ...given('content', hook.read.text('prompt')) })];
}

/** AfterAgent: all that the agent said in this turn. */
export function answer(hook: Seen): Told {
  const content = hook.read.text('prompt_response');
  if (typeof hook.read.peek('prompt') === 'string') hook.read.told('prompt');
  return [draftOf(hook, { type: 'output', ...given('content', content) })];
}

/** Finish reasons of an answer that was not cut off by a fault. */
const FINISHED: ReadonlySet<unknown> = new Set(['STOP', 'MAX_TOKENS']);

/**
 * AfterModel: it fires for every streamed piece of an answer. The last piece says how it ended
 * and what it cost. `llm_request` repeats the whole conversation, which other hooks told.
 */
export function modelAnswer(hook: Seen): Told {
  const { read } = hook;
  const candidates = read.peek('llm_response.candidates');
  const first: unknown = Array.isArray(candidates) ? candidates[0] : undefined;
  const finish = isObject(first) ? first['finishReason'] : undefined;
  if (typeof finish !== 'string' || finish === '') {
    return 'a streamed piece of an answer: the last piece ends the call, AfterAgent tells the text';
  }
  const messages = read.peek('llm_request.messages');
  if (Array.isArray(messages)) read.told('llm_request.messages');
  const usage = 'llm_response.usageMetadata';
  const tokens = {
    ...given('input', read.count(`${usage}.promptTokenCount`)),
    ...given('output', read.count(`${usage}.candidatesTokenCount`)),
    ...given('total', read.count(`${usage}.totalTokenCount`)),
  };
  const done = FINISHED.has(finish);
  const draft: Omit<Draft, 'session_id'> = {
    type: 'api_call',
    action: 'network',
    ...given('model', read.name('llm_request.model')),
    ...(Object.keys(tokens).length > 0 ? { tokens } : {}),
    status: done ? 'success' : 'error',
    ...(done ? {} : { error: errorOf(finish, undefined) }),
    ...given('result', read.value('llm_response')),
    detail: 'The model answered.',
  };
  const count = Array.isArray(messages) ? { messages: messages.length } : {};
  return [draftOf(hook, { ...draft, attributes: { ...count, finish_reason: finish } })];
}

/** Notification: of `ToolPermission`, the runtime asks a person; it does not name the call. */
export function notification(hook: Seen): Told {
  const { read } = hook;
  const content = given('content', read.text('message'));
  if (read.peek('notification_type') !== 'ToolPermission') {
    const said = { type: 'output', action: 'communicate', channel: 'notification' } as const;
    return [draftOf(hook, { ...said, ...content })];
  }
  const decision = { outcome: 'escalate' } as const;
  const facts = { type: 'approval', status: 'escalated', decision, ...content } as const;
  return [draftOf(hook, { ...facts, ...aboutOf(hook) })];
}

/** What approval is asked for, as far as `details` tells. */
function aboutOf({ read }: Seen): Partial<Draft> {
  const command = read.text('details.command');
  if (command !== undefined) return { tool: 'run_shell_command', arguments: { command } };
  const server = read.peek('details.serverName');
  const tool = read.peek('details.toolName');
  if (typeof server === 'string' && typeof tool === 'string') {
    return { tool: `mcp_${server}_${tool}`.slice(0, 512) };
  }
  const file_path = read.text('details.filePath');
  return file_path === undefined ? {} : { action: 'write', arguments: { file_path } };
}

/** PreCompress. */
export function compress(hook: Seen): Told {
  if (hook.read.peek('trigger') === 'auto') {
    return 'it fires before every request to the model, whether or not anything is compressed';
  }
  const how = wordsAt(hook.read, 'trigger');
  const detail = sentence('The conversation is about to be compressed', how);
  return [draftOf(hook, { type: 'session', detail })];
}

export function sessionStart(hook: Seen): Told {
  const detail = sentence('The session starts', wordsAt(hook.read, 'source'));
  return [draftOf(hook, { type: 'session', operation: 'start', detail })];
}

export function sessionEnd(hook: Seen): Told {
  const detail = sentence('The session ends', wordsAt(hook.read, 'reason'));
  return [draftOf(hook, { type: 'session', operation: 'end', detail })];
}
