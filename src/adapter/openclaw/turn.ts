/** OpenClaw's hooks about the conversation: prompts, messages, sessions, sub-agents. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import {
  draftOf,
  errorOf,
  type Handler,
  type Seen,
  sentence,
  type Told,
  wordsAt,
} from '../draft.ts';
import { given } from '../record.ts';
import { modelIn } from './model.ts';
import { firstName } from './record.ts';

/**
 * before_agent_run, llm_input: the prompt of a run, told once whichever hook comes first.
 * The history repeats what was told before: only its length is kept. Of the tools that the model
 * was offered only the names are kept.
 */
export function prompt(seen: Seen): Told {
  const { read } = seen;
  const content = read.text('event.prompt');
  const history = lengthOf(seen, ['event.messages', 'event.historyMessages']);
  const tools = read.peek('event.tools');
  if (Array.isArray(tools)) read.told('event.tools');
  const draft = draftOf(seen, {
    type: 'prompt',
    ...given('content', content),
    ...given('model', modelIn(seen)),
    ...onceIn(seen, content),
    attributes: {
      ...given('history_messages', history),
      ...(Array.isArray(tools) ? { tools_offered: namesOf(tools) } : {}),
      ...given('sender_is_owner', ownerIn(seen)),
    },
  });
  return [draft];
}

/** message_received: with its sender, as it came in at a channel. */
export function messageReceived(seen: Seen): Told {
  const { read } = seen;
  const content = read.text('event.content');
  const draft = draftOf(seen, {
    type: 'prompt',
    ...given('content', content),
    ...onceIn(seen, content),
    attributes: given('message_id', firstName(read, ['event.messageId', 'ctx.messageId'])),
  });
  return [draft];
}

/** message_sent: what was said in a channel, and whether it arrived there. */
export function messageSent(seen: Seen): Told {
  const { read } = seen;
  const success = read.peek('event.success');
  const known = typeof success === 'boolean';
  const to = read.name('event.to');
  const draft = draftOf(seen, {
    type: 'output',
    action: 'communicate',
    ...given('content', read.text('event.content')),
    status: known ? (success ? 'success' : 'error') : 'unknown',
    ...(success === false ? { error: errorOf(undefined, read.text('event.error')) } : {}),
    ...(to === undefined ? {} : { resources: [{ kind: 'other', id: to, access: 'write' }] }),
  });
  return [draft];
}

/** agent_end: a run that failed has no other witness; one that did not has llm_output. */
export function agentEnd(seen: Seen): Told {
  const { read } = seen;
  if (read.peek('event.success') === true) return 'llm_output tells what the run said and cost';
  const failed = read.peek('event.success') === false;
  const messages = lengthOf(seen, ['event.messages']);
  const draft = draftOf(seen, {
    type: 'output',
    status: failed ? 'error' : 'unknown',
    error: errorOf(undefined, read.text('event.error')),
    ...given('duration_ms', read.count('event.durationMs')),
    attributes: given('history_messages', messages),
    detail: failed ? 'The run failed.' : 'The run ended; how is not known.',
  });
  return [draft];
}

export function sessionStart(seen: Seen): Told {
  const detail = sentence('The session starts', wordsAt(seen.read, 'event.resumedFrom'));
  return [draftOf(seen, { type: 'session', operation: 'start', detail })];
}

export function sessionEnd(seen: Seen): Told {
  const detail = sentence('The session ends', wordsAt(seen.read, 'event.reason'));
  return [draftOf(seen, { type: 'session', operation: 'end', detail })];
}

/** Compaction and reset: the session goes on, differently. */
export function noted(what: string): Handler {
  return (seen) => {
    const detail = sentence(what, wordsAt(seen.read, 'event.reason'));
    const messages = lengthOf(seen, ['event.messages']);
    const attributes = given('history_messages', messages);
    return [draftOf(seen, { type: 'session', detail, attributes })];
  };
}

/** subagent_spawned: it stands in the sub-agent's session, below the one that asked for it. */
export function subagentSpawned(seen: Seen): Told {
  const label = wordsAt(seen.read, 'event.label') ?? wordsAt(seen.read, 'event.agentId');
  const detail = sentence('A sub-agent starts', label);
  const model = given('model', seen.read.name('event.resolvedModel'));
  const below = childOf(seen, ['ctx.childSessionId', 'event.childSessionKey']);
  return [draftOf(seen, { ...below, ...model, type: 'session', operation: 'start', detail })];
}

/** subagent_ended. Its outcome is in the sentence: a session has no status. */
export function subagentEnded(seen: Seen): Told {
  const outcome = wordsAt(seen.read, 'event.outcome') ?? wordsAt(seen.read, 'event.reason');
  const detail = sentence('A sub-agent stops', outcome);
  const below = childOf(seen, ['ctx.childSessionId', 'event.targetSessionKey']);
  return [draftOf(seen, { ...below, type: 'session', operation: 'end', detail })];
}

function childOf(seen: Seen, paths: readonly string[]): Partial<Draft> {
  const child = firstName(seen.read, [...paths, 'ctx.childSessionKey']);
  const { session_id, common } = seen.origin;
  if (child === undefined || child === session_id) return {};
  return { session_id: child, parent_session_id: common?.parent_session_id ?? session_id };
}

/** What the runtime writes before a prompt for the model: `[Sat 2026-11-21 19:34 UTC] `. */
const STAMP = /^\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d [\w+:-]{1,10}\] /;

/** One id for the same words of one run, whichever hook tells them. */
function onceIn({ origin }: Seen, content: string | undefined) {
  const run = origin.common?.turn_id;
  if (run === undefined || content === undefined) return {};
  return { key: run, as: 'prompt', text: content.replace(STAMP, '') };
}

/** How many messages a list holds that is left out. */
function lengthOf({ read }: Seen, paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const list = read.peek(path);
    if (!Array.isArray(list)) continue;
    read.told(path);
    return list.length;
  }
  return undefined;
}

function namesOf(tools: readonly unknown[]): string[] {
  return tools.slice(0, 1000).flatMap((tool) => {
    const name = isObject(tool) ? tool['name'] : undefined;
    return typeof name === 'string' ? [name.slice(0, 200)] : [];
  });
}

function ownerIn({ read }: Seen): boolean | undefined {
  const owner = read.peek('event.senderIsOwner');
  return typeof owner === 'boolean' ? owner : undefined;
}
