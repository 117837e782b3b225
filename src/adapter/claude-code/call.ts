/** Hooks about tool calls: asked, answered, failed, denied, awaiting approval. */
import { classify, inferencesOf } from '../../action/action.ts';
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import { outcomeOf, type Reading, readResult } from './denial.ts';
import { taskEnd } from './notification.ts';
import { draftOf, type Facts, type Hook, RUNTIME } from './record.ts';

const CALL = ['tool_name', 'tool_input', 'tool_use_id'];

/** PreToolUse: the call is announced, its outcome still unseen. */
export function asked(hook: Hook): Draft[] {
  return [draftOf(hook, { ...callFacts(hook), status: 'pending', used: CALL })];
}

/** PostToolUse. What goes on in the background has only been started: its outcome is unseen. */
export function answered(hook: Hook): Draft[] {
  const { fields } = hook;
  const response = isObject(fields['tool_response']) ? fields['tool_response'] : {};
  const task = nameIn(response, 'backgroundTaskId') ?? launchedAgent(response);
  const interrupted = response['interrupted'] === true;
  const facts = callFacts(hook);
  const draft = draftOf(hook, {
    ...facts,
    status: interrupted ? 'error' : task === undefined ? 'success' : 'pending',
    ...(interrupted ? { error: { code: 'interrupted' } } : {}),
    result: contained(fields['tool_response']),
    ...duration(hook),
    used: [...CALL, 'tool_response', 'duration_ms'],
    attributes: { ...facts.attributes, ...given('background_task_id', task) },
  });
  return [draft];
}

/** PostToolUseFailure. */
export function failed(hook: Hook): Draft[] {
  const message = textIn(hook.fields, 'error');
  const exit = /^Exit code (\d{1,10})\b/.exec(message ?? '')?.[1];
  const code = hook.fields['is_interrupt'] === true ? 'interrupted' : exit && `exit_${exit}`;
  const draft = draftOf(hook, {
    ...callFacts(hook),
    status: 'error',
    error: { ...given('code', code), ...given('message', message) },
    ...duration(hook),
    used: [...CALL, 'error', 'duration_ms'],
  });
  return [draft];
}

/** PermissionDenied: the classifier of auto mode said no; no person was asked. */
export function denied(hook: Hook): Draft[] {
  const draft = draftOf(hook, {
    ...callFacts(hook),
    status: 'blocked',
    decision: { outcome: 'deny', by: 'config', ...given('reason', textIn(hook.fields, 'reason')) },
    used: [...CALL, 'reason'],
  });
  return [draft];
}

/**
 * PermissionRequest: the runtime asks for approval. The record has no `tool_use_id`, so the call
 * is the last one asked with the same tool and arguments, where that is known; elsewhere the
 * request stands alone, with tool and arguments.
 */
export function approval(hook: Hook): Draft[] {
  const { tool, arguments: args, attributes, ...facts } = callFacts(hook);
  const { calls } = hook.context;
  const about = tool === undefined ? undefined : calls?.asked(hook.session_id, tool, args);
  const suggestions = contained(hook.fields['permission_suggestions']);
  const draft = draftOf(hook, {
    ...facts,
    ...given('tool', tool),
    ...given('arguments', args),
    type: 'approval',
    ...given('call_id', about),
    status: 'escalated',
    decision: { outcome: 'escalate', by: 'config' },
    used: [...CALL, 'permission_suggestions'],
    attributes: {
      ...attributes,
      ...given('permission_suggestions', suggestions),
    },
  });
  return [draft];
}

/**
 * PostToolBatch: what the model got back for each call of a batch. It is the only witness of
 * calls that were denied or refused, for those fire no PostToolUse. A call whose outcome was
 * recorded adds nothing; one that nobody else reported has an unknown outcome.
 */
export function batch(hook: Hook): Draft[] {
  const calls = hook.fields['tool_calls'];
  if (!Array.isArray(calls)) return [];
  return calls.filter(isObject).flatMap((call) => batchCall(hook, call));
}

function batchCall(hook: Hook, call: Record<string, unknown>): Draft[] {
  const call_id = nameIn(call, 'tool_use_id');
  const known = hook.context.calls;
  if (call_id === undefined) return [];
  const state = known?.stateOf(hook.session_id, call_id);
  if (state === 'answered') return [];
  const reading = readResult(call['tool_response']);
  const outcome = outcomeOf(reading ?? (state === 'escalated' ? unapproved(call) : undefined));
  if (!outcome && !known) return [];
  const facts = callFacts({ ...hook, fields: { ...hook.fields, ...call } });
  const draft = draftOf(hook, {
    ...facts,
    ...(outcome ?? {
      status: 'unknown',
      detail: 'No hook reported the outcome; the result is what the model was given.',
    }),
    result: contained(call['tool_response']),
    used: ['tool_calls'],
    part: call_id,
    text: JSON.stringify(call),
    attributes: { ...facts.attributes, evidence: 'tool_batch' },
  });
  return [draft];
}

/** Approval was asked for and the call never ran. The words are not known, so neither is who. */
function unapproved({ tool_response }: Record<string, unknown>): Reading {
  const reason = typeof tool_response === 'string' ? tool_response : 'It was not approved.';
  return { kind: 'denied', reason };
}

/**
 * A `<task-notification>`: the outcome of a call that went on in the background. Only the
 * runtime writes these; `source: user` means that somebody typed one.
 */
export function finished(hook: Hook): Draft[] {
  const end = taskEnd(textIn(hook.fields, 'prompt') ?? '');
  if (end === undefined || hook.fields['source'] === 'user') return [];
  return [draftOf(hook, { ...end, used: ['prompt'], key: end.call_id, part: 'task' })];
}

function callFacts({ fields }: Hook): Omit<Facts, 'used'> {
  const tool = nameIn(fields, 'tool_name');
  const call_id = nameIn(fields, 'tool_use_id');
  const cwd = textIn(fields, 'cwd');
  const base = {
    type: 'tool_call',
    ...given('call_id', call_id),
    ...given('key', call_id),
    ...given('arguments', contained(fields['tool_input'])),
  } as const;
  if (tool === undefined) return base;
  const seen = classify({ runtime: RUNTIME, tool, arguments: fields['tool_input'], cwd });
  const { action, resources } = seen;
  const attributes = inferencesOf(seen);
  return {
    ...base,
    tool,
    ...given('action', action),
    ...(resources.length > 0 ? { resources: [...resources] } : {}),
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
  };
}

function launchedAgent(response: Record<string, unknown>): string | undefined {
  return response['status'] === 'async_launched' ? nameIn(response, 'agentId') : undefined;
}

function duration({ fields }: Hook): Partial<Draft> {
  const ms = fields['duration_ms'];
  return typeof ms === 'number' && ms >= 0 ? { duration_ms: ms } : {};
}
