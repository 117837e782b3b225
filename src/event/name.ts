/** The documents' own field names: accepted from producers, given back to readers. */
import type { Event } from './event.ts';

type Fields = Record<string, unknown>;

/** What the documents write where the event has `blocked` by a policy. */
export const POLICY_VIOLATION = 'POLICY_VIOLATION';

/**
 * A copy of a producer's object with the documents' names replaced by the event's own: a name
 * that was replaced is undefined. A name whose event field is given too, with another value,
 * stays as it is, and so ends in `attributes`: nothing is lost. What `withNames` added is taken
 * off again.
 */
export function fromNames(input: Fields): Fields {
  const fields = { ...input };
  move(fields, 'timestamp', 'time');
  move(fields, 'created_at', 'time');
  nest(fields, 'user_id', { into: 'user', key: 'id' });
  nest(fields, 'agent_id', { into: 'agent', key: 'id' });
  nest(fields, 'tokens_used', { into: 'tokens', key: 'total' });
  if (typeof fields['error'] === 'string') fields['error'] = { message: fields['error'] };
  policyOf(fields);
  if (fields['status'] === POLICY_VIOLATION) {
    fields['status'] = 'blocked';
    const decision = fields['decision'] ?? {};
    if (isObject(decision)) fields['decision'] = { outcome: 'deny', by: 'policy', ...decision };
  }
  return fields;
}

/** An event as readers get it: its own fields and, beside them, the documents' names. */
export type NamedEvent = Event & {
  readonly created_at: string;
  readonly user_id?: string;
  readonly agent_id?: string;
  readonly tokens_used?: number;
  readonly policy_id?: string;
};

/** The documents' names that `withNames` adds, and how their values read in a table. */
export const ADDED_NAMES = {
  created_at: 'text',
  user_id: 'text',
  agent_id: 'text',
  tokens_used: 'number',
  policy_id: 'text',
} as const satisfies Record<Exclude<keyof NamedEvent, keyof Event>, 'text' | 'number'>;

export function withNames(event: Event): NamedEvent {
  const { tokens, decision, user, agent } = event;
  const total = tokens === undefined ? undefined : used(tokens);
  const policy = decision?.policy_ids?.[0];
  return {
    ...event,
    created_at: event.time,
    ...(user?.id === undefined ? {} : { user_id: user.id }),
    ...(agent?.id === undefined ? {} : { agent_id: agent.id }),
    ...(total === undefined ? {} : { tokens_used: total }),
    ...(policy === undefined ? {} : { policy_id: policy }),
  };
}

function policyOf(fields: Fields): void {
  const { policy_id } = fields;
  if (policy_id === null) fields['policy_id'] = undefined;
  if (typeof policy_id !== 'string') return;
  fields['type'] ??= 'decision';
  const decision = fields['decision'] ?? {};
  if (!isObject(decision)) return;
  const { policy_ids } = decision;
  if (policy_ids === undefined) {
    fields['decision'] = { by: 'policy', ...decision, policy_ids: [policy_id] };
  } else if (!Array.isArray(policy_ids) || policy_ids[0] !== policy_id) return;
  fields['policy_id'] = undefined;
}

function move(fields: Fields, from: string, to: string): void {
  const value = fields[from];
  if (value === undefined) return;
  if (value !== null) {
    if (fields[to] !== undefined && fields[to] !== value) return;
    fields[to] = value;
  }
  fields[from] = undefined;
}

function nest(fields: Fields, from: string, place: { into: string; key: string }): void {
  const value = fields[from];
  if (value === undefined) return;
  const target = fields[place.into] ?? {};
  if (value !== null) {
    if (!isObject(target)) return;
    const there = from === 'tokens_used' ? used(target) : target[place.key];
    if (there !== undefined && there !== value) return;
    if (there === undefined) fields[place.into] = { ...target, [place.key]: value };
  }
  fields[from] = undefined;
}

/** What `withNames` gives as `tokens_used`. */
function used(tokens: NonNullable<Event['tokens']>): number | undefined {
  return tokens.total ?? sum(tokens.input, tokens.output);
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
