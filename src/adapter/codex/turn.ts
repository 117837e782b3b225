/** Codex's hooks about the conversation: prompts, outputs, sessions, sub-agents. */
import type { Draft } from '../../event/event.ts';
import { draftOf, type Handler, type Seen, sentence, type Told, wordsAt } from '../draft.ts';
import { given } from '../record.ts';

/** UserPromptSubmit. */
export function prompt(hook: Seen): Told {
  return [draftOf(hook, { type: 'prompt', ...given('content', hook.read.text('prompt')) })];
}

/** Stop: what the agent said last in this turn. */
export function stop(hook: Seen): Told {
  return [said(hook)];
}

export function sessionStart(hook: Seen): Told {
  const detail = sentence('The session starts', wordsAt(hook.read, 'source'));
  return [draftOf(hook, { type: 'session', operation: 'start', detail })];
}

export function sessionEnd(hook: Seen): Told {
  const detail = sentence('The session ends', wordsAt(hook.read, 'reason'));
  return [draftOf(hook, { type: 'session', operation: 'end', detail })];
}

export function subagentStart(hook: Seen): Told {
  const detail = sentence('A sub-agent starts', hook.origin.common?.agent?.name);
  return [draftOf(hook, { type: 'session', operation: 'start', detail })];
}

/** SubagentStop: its last words, and the end of its session until somebody resumes it. */
export function subagentStop(hook: Seen): Told {
  const detail = sentence('A sub-agent stops', hook.origin.common?.agent?.name);
  const end = { type: 'session', operation: 'end', detail, part: 'end' } as const;
  return [said(hook), draftOf(hook, end)];
}

/** Interrupt, PreCompact, PostCompact: the session goes on, differently. */
export function noted(what: string): Handler {
  return (hook) => {
    const detail = sentence(what, wordsAt(hook.read, 'trigger'));
    return [draftOf(hook, { type: 'session', detail })];
  };
}

function said(hook: Seen): Draft {
  const content = hook.read.text('last_assistant_message');
  return draftOf(hook, { type: 'output', ...given('content', content) });
}
