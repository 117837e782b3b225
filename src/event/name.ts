/** The documents' own field names: accepted from producers, given back to readers. */
import type { Event } from './event.ts';

type Fields = Record<string, unknown>;

/** What the documents write where the event has `blocked` by a policy. */
export const POLICY_VIOLATION = 'POLICY_VIOLATION';

/**
 * A copy of a producer's object with the documents' names replaced by the event's own. A name
 * whose event field is given too stays as it is, and so ends in `attributes`: nothing is lost.
 */
export function fromNames(input: Fields): Fields {
  const fields = { ...input };
  move(fields, 'timestamp', 'time');
  move(fields, 'created_at', 'time');
  nest(fields, 'user_id', 'user', 'id');
  nest(fields, 'agent_id', 'agent', 'id');
  nest(fields, 'tokens_used', 'tokens', 'total');
  if (typeof fields['error'] === 'string') fields['error'] = { message: fields['error'] };
  if (typeof fields['policy_id'] === 'string') {
    fields['type'] ??= 'decision';
    const decision = (fields['decision'] ??= {});
    if (isObject(decision) && decision['policy_ids'] === undefined) {
      fields['decision'] = { by: 'policy', ...decision, policy_ids: [fields['policy_id']] };
      delete fields['policy_id'];
    }
  }
  if (fields['status'] === POLICY_VIOLATION) {
    fields['status'] = 'blocked';
    const decision = isObject(fields['decision']) ? fields['decision'] : { by: 'policy' };
    fields['decision'] = { outcome: 'deny', ...decision };
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

export function withNames(event: Event): NamedEvent {
  const { tokens, decision, user, agent } = event;
  const used = tokens?.total ?? sum(tokens?.input, tokens?.output);
  const policy = decision?.policy_ids?.[0];
  return {
    ...event,
    created_at: event.time,
    ...(user?.id === undefined ? {} : { user_id: user.id }),
    ...(agent?.id === undefined ? {} : { agent_id: agent.id }),
    ...(used === undefined ? {} : { tokens_used: used }),
    ...(policy === undefined ? {} : { policy_id: policy }),
  };
}

function move(fields: Fields, from: string, to: string): void {
  if (fields[from] === undefined || fields[to] !== undefined) return;
  fields[to] = fields[from];
  delete fields[from];
}

function nest(fields: Fields, from: string, to: string, key: string): void {
  if (fields[from] === undefined) return;
  const target = fields[to] ?? {};
  if (!isObject(target) || target[key] !== undefined) return;
  fields[to] = { ...target, [key]: fields[from] };
  delete fields[from];
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
