/** Reads a Claude Code hook record without trusting any of it: names fit, nesting is bounded. */
import type { Draft } from '../../event/event.ts';
import { PART_MARK } from '../../event/part.ts';
import type { AdaptContext } from '../adapter.ts';
import { draftFrom, missing, objectIn, type Facts as Shared } from '../draft.ts';
import { contained, fit, given, jsonOf, nameIn } from '../record.ts';

export const RUNTIME = 'claude-code';

export type Hook = {
  /** `hook_event_name`. */
  readonly name: string;
  /** The session of the main thread. */
  readonly session_id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The record as JSON text. */
  readonly text: string;
  readonly context: AdaptContext;
};

/** Throws `event.invalid` where the record is no object or has no session. */
export function readHook(record: unknown, context: AdaptContext): Hook {
  const fields = objectIn(record, 'Claude Code hook');
  const session_id = nameIn(fields, 'session_id');
  if (session_id === undefined) throw missing('session_id', 'Claude Code hook');
  const name = nameIn(fields, 'hook_event_name') ?? '';
  return { name, session_id, fields, text: jsonOf(record), context };
}

/** What a draft says beside what every draft of its record says. */
export type Facts = Omit<Shared, 'rest'> & {
  /** Keys of the record that stand unchanged in a field of the draft. */
  readonly used: readonly string[];
};

const BASE = ['session_id', 'hook_event_name', 'cwd', 'prompt_id', 'agent_id', 'agent_type'];
const ATTRIBUTES = ['cwd', 'permission_mode', 'mcp_server'];

/** Used keys whose values may be of any type; any other stands in a field only as text. */
const ANY = new Set([
  'tool_input',
  'tool_response',
  'tool_calls',
  'permission_suggestions',
  'content',
  ...ATTRIBUTES,
]);

/**
 * A draft with what the record's base fields say. `raw` is the record without what stands in a
 * field of the event already, so that nothing large is stored twice and nothing is lost.
 */
export function draftOf(hook: Hook, { used, ...facts }: Facts): Draft {
  const { fields, context, name, text } = hook;
  const agent_id = nameIn(fields, 'agent_id');
  const attributes: Record<string, unknown> = {};
  for (const field of ATTRIBUTES) {
    if (fields[field] !== undefined) attributes[field] = contained(fields[field]);
  }
  const gone = new Set([...BASE, ...ATTRIBUTES, ...used]);
  const stands = ([field, value]: [string, unknown]) =>
    gone.has(field) &&
    (ANY.has(field) || typeof value === (field === 'duration_ms' ? 'number' : 'string'));
  const rest = Object.entries(fields).filter((entry) => !stands(entry));
  const origin = {
    runtime: RUNTIME,
    kind: 'hook' as const,
    hook: name,
    text,
    at_ms: context.now_ms,
    nonce: context.nonce ?? String(context.now_ms),
    session_id: sessionOf(hook),
    attributes,
    common: {
      ...(agent_id === undefined ? {} : { parent_session_id: hook.session_id }),
      ...given('turn_id', nameIn(fields, 'prompt_id')),
      agent: { ...given('id', agent_id), ...given('name', nameIn(fields, 'agent_type')) },
    },
  };
  return draftFrom(origin, {
    ...facts,
    rest: rest.length > 0 ? contained(Object.fromEntries(rest)) : undefined,
  });
}

/** A sub-agent's records form a session of their own, below the session that started it. */
export function sessionOf({ session_id, fields }: Hook): string {
  const agent_id = nameIn(fields, 'agent_id');
  return agent_id === undefined ? session_id : fit(`${session_id}${PART_MARK}${agent_id}`);
}
