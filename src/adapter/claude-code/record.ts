/** Reads a Claude Code hook record without trusting any of it: names fit, nesting is bounded. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { PART_MARK } from '../../event/part.ts';
import { Fault } from '../../fault/fault.ts';
import type { AdaptContext } from '../adapter.ts';
import { eventId } from '../identity.ts';
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
  if (!isObject(record)) {
    throw new Fault('event.invalid', 'A Claude Code hook record must be a JSON object.', {
      field: '',
    });
  }
  const session_id = nameIn(record, 'session_id');
  if (session_id === undefined) {
    throw new Fault('event.invalid', 'session_id is required in a Claude Code hook record.', {
      field: 'session_id',
    });
  }
  const name = nameIn(record, 'hook_event_name') ?? '';
  return { name, session_id, fields: record, text: jsonOf(record), context };
}

/** What a draft says beside what every draft of its record says. */
export type Facts = Partial<Draft> &
  Pick<Draft, 'type'> & {
    /** Keys of the record that stand unchanged in a field of the draft. */
    readonly used: readonly string[];
    /** What identifies this fact for ever; without it the record's nonce does. */
    readonly key?: string;
    /** Tells several drafts of one record apart. */
    readonly part?: string;
    /** JSON text of the part; default: of the whole record. */
    readonly text?: string;
  };

const BASE = ['session_id', 'hook_event_name', 'cwd', 'prompt_id', 'agent_id', 'agent_type'];
const ATTRIBUTES = ['cwd', 'permission_mode', 'mcp_server'];

/**
 * A draft with what the record's base fields say. `raw` is the record without what stands in a
 * field of the event already, so that nothing large is stored twice and nothing is lost.
 */
export function draftOf(hook: Hook, { used, key, part, text, ...facts }: Facts): Draft {
  const { fields, context } = hook;
  const agent_id = nameIn(fields, 'agent_id');
  const session_id = sessionOf(hook);
  const parent = agent_id === undefined ? {} : { parent_session_id: hook.session_id };
  const name = nameIn(fields, 'agent_type');
  const attributes: Record<string, unknown> = { hook_event: hook.name };
  for (const field of ATTRIBUTES) {
    if (fields[field] !== undefined) attributes[field] = contained(fields[field]);
  }
  const gone = new Set([...BASE, ...ATTRIBUTES, ...used]);
  const rest = Object.entries(fields).filter(([field]) => !gone.has(field));
  return {
    id: eventId({
      scheme: 'claude-code/id/v1',
      session_id,
      hook: hook.name,
      key,
      part,
      nonce: context.nonce ?? String(context.now_ms),
      text: text ?? hook.text,
    }),
    time: new Date(context.now_ms).toISOString(),
    session_id,
    ...parent,
    ...given('turn_id', nameIn(fields, 'prompt_id')),
    agent: { runtime: RUNTIME, ...given('id', agent_id), ...given('name', name) },
    source: { kind: 'hook', runtime: RUNTIME },
    ...facts,
    attributes: { ...attributes, ...facts.attributes },
    ...(rest.length > 0 ? { raw: contained(Object.fromEntries(rest)) } : {}),
  };
}

/** A sub-agent's records form a session of their own, below the session that started it. */
export function sessionOf({ session_id, fields }: Hook): string {
  const agent_id = nameIn(fields, 'agent_id');
  return agent_id === undefined ? session_id : fit(`${session_id}${PART_MARK}${agent_id}`);
}
