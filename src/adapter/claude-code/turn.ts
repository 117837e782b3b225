/** Hooks about the conversation: prompts, outputs, sessions, sub-agents. */
import type { Draft } from '../../event/event.ts';
import { sentence } from '../draft.ts';
import { given, nameIn, textIn } from '../record.ts';
import { finished } from './call.ts';
import { draftOf, type Hook } from './record.ts';

/** UserPromptSubmit. `channel` says who spoke where that was not the user. */
export function prompt(hook: Hook): Draft[] {
  const content = textIn(hook.fields, 'prompt');
  const task = content?.startsWith('<task-notification>') === true;
  const channel = task ? 'task_notification' : nameIn(hook.fields, 'source');
  const draft = draftOf(hook, {
    type: 'prompt',
    ...given('content', content),
    ...given('channel', channel),
    ...(task ? { detail: 'Claude Code reports on a background task; no user wrote this.' } : {}),
    used: ['prompt', 'source'],
  });
  return task ? [draft, ...finished(hook)] : [draft];
}

/** UserPromptExpansion: a slash command or an MCP prompt becomes text. */
export function expansion(hook: Hook): Draft[] {
  const command = textIn(hook.fields, 'command_name');
  const draft = draftOf(hook, {
    type: 'prompt',
    ...given('content', textIn(hook.fields, 'prompt')),
    channel: 'expansion',
    ...given('detail', command && `Expands the command ${command}.`),
    used: ['prompt'],
  });
  return [draft];
}

/** Stop: what the agent said last in this turn. */
export function stop(hook: Hook): Draft[] {
  return [draftOf(hook, output(hook))];
}

/** StopFailure: the turn ended because the model's API failed. */
export function stopFailure(hook: Hook): Draft[] {
  const { fields } = hook;
  const error = {
    ...given('code', nameIn(fields, 'error')),
    ...given('message', textIn(fields, 'error_details')),
  };
  const used = ['last_assistant_message', 'error', 'error_details'];
  return [draftOf(hook, { ...output(hook), status: 'error', error, used })];
}

/** MessageDisplay: newly completed lines of a message while it streams. */
export function display(hook: Hook): Draft[] {
  const { fields } = hook;
  const draft = draftOf(hook, {
    type: 'output',
    ...given('content', textIn(fields, 'delta')),
    channel: 'display',
    used: ['delta'],
  });
  return [draft];
}

/** Notification: the runtime tells the user something. */
export function notification(hook: Hook): Draft[] {
  const draft = draftOf(hook, {
    type: 'output',
    action: 'communicate',
    ...given('content', textIn(hook.fields, 'message')),
    ...given('detail', textIn(hook.fields, 'title')),
    channel: 'notification',
    used: ['message', 'title'],
  });
  return [draft];
}

export function sessionStart(hook: Hook): Draft[] {
  const { fields } = hook;
  const draft = draftOf(hook, {
    type: 'session',
    operation: 'start',
    ...given('model', nameIn(fields, 'model')),
    ...given('detail', sentence('The session starts', textIn(fields, 'source'))),
    used: ['model'],
  });
  return [draft];
}

export function sessionEnd(hook: Hook): Draft[] {
  const draft = draftOf(hook, {
    type: 'session',
    operation: 'end',
    detail: sentence('The session ends', textIn(hook.fields, 'reason')),
    used: [],
  });
  return [draft];
}

export function subagentStart(hook: Hook): Draft[] {
  const detail = sentence('A sub-agent starts', nameIn(hook.fields, 'agent_type'));
  const facts = { type: 'session', operation: 'start', detail } as const;
  return [draftOf(hook, { ...facts, used: [] })];
}

/** SubagentStop: its last words, and the end of its session until somebody resumes it. */
export function subagentStop(hook: Hook): Draft[] {
  const detail = sentence('A sub-agent stops', nameIn(hook.fields, 'agent_type'));
  const end = { type: 'session', operation: 'end', detail } as const;
  const said = output(hook);
  const { used } = said;
  return [
    draftOf(hook, said),
    draftOf(
      { ...hook, fields: without(hook.fields, 'background_tasks') },
      { ...end, used, part: 'end' },
    ),
  ];
}

/** Setup, compaction, an idle teammate: the session goes on, differently. */
export function sessionNote(detail: (hook: Hook) => string): (hook: Hook) => Draft[] {
  return (hook) => {
    const draft = draftOf(hook, {
      type: 'session',
      detail: detail(hook),
      ...given('content', textIn(hook.fields, 'compact_summary')),
      used: ['compact_summary'],
    });
    return [draft];
  };
}

function output({ fields }: Hook) {
  return {
    type: 'output',
    ...given('content', textIn(fields, 'last_assistant_message')),
    used: ['last_assistant_message'],
  } as const;
}

function without(fields: Hook['fields'], key: string): Hook['fields'] {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}
