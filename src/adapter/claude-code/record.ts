/** Reads a Claude Code hook record without trusting any of it: names fit, nesting is bounded. */
import { createHash } from 'node:crypto';
import { DEPTH } from '../../event/canonical.ts';
import { type Draft, NAME_CHARS } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import type { AdaptContext } from '../adapter.ts';
import { eventId } from './identity.ts';

export const RUNTIME = 'claude-code';

/** Levels left for a value inside an event, below its field and an attribute's name. */
const INNER_DEPTH = DEPTH - 4;

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
  return agent_id === undefined ? session_id : fit(`${session_id}:${agent_id}`);
}

/** A non-empty string field, fitted to the limit of a name. */
export function nameIn(fields: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = textIn(fields, key);
  return value === undefined || value === '' ? undefined : fit(value);
}

/** A string field of any length; an own one, so that no prototype answers. */
export function textIn(fields: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** `{ [key]: value }`, or nothing where the value is missing. */
export function given<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}

/** The value, or its JSON text where it is nested deeper than an event may be. */
export function contained(value: unknown): unknown {
  return deeperThan(value, INNER_DEPTH) ? JSON.stringify(value) : value;
}

/** Thousands of levels exhaust the stack: such a record is refused by name. */
function jsonOf(record: unknown): string {
  try {
    return JSON.stringify(record);
  } catch (cause) {
    const detail = { field: '', limit: INNER_DEPTH, cause };
    throw new Fault('event.invalid', 'The hook record is nested too deeply to be read.', detail);
  }
}

/** A longer name keeps its beginning, and stays distinct by its hash. */
function fit(name: string): string {
  if (name.length <= NAME_CHARS) return name;
  const hash = createHash('sha256').update(name).digest('hex');
  return `${name.slice(0, NAME_CHARS - hash.length - 1)}#${hash}`;
}

/** Level by level, so that hostile nesting cannot exhaust the stack. */
function deeperThan(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? Object.values(item) : [],
    );
  }
  return false;
}
