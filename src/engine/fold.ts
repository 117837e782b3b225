/** Folds the facts of one call into one event, whatever the order in which they came. */
import type { Event, EventType, Overflow, Resource, Status } from '../event/event.ts';
import { RESOURCES } from '../event/event.ts';
import { isLifecycle } from '../event/lifecycle.ts';
import { isPart, wholeOf } from '../event/part.ts';
import { keywordText } from './keyword.ts';

/** What decides whether a call that has no result may still get one. */
export type CallClock = {
  /** Unix milliseconds. */
  readonly now_ms: number;
  readonly call_timeout_ms: number;
  /** When its session last said that it ended, Unix milliseconds. */
  readonly ended_ms?: number | undefined;
};

/**
 * The facts of one call (same tenant, whole session and `call_id`) as one event. Facts are ordered
 * by phase (before, between, after), weight of the witness and time. The first gives id, time and
 * source; later ones fill in and override, but never what a weightier witness said. The gravest
 * status that an end reported wins; it stays `pending` where no fact says how it ended: see
 * `settled`. Where some witness knew the sub-agent, the call stands in its session.
 */
export function foldCall(facts: readonly Event[]): Event {
  const ordered = facts.toSorted(factOrder);
  const first = ordered[0];
  if (first === undefined) throw new TypeError('A call has at least one fact.');
  if (ordered.length === 1) return first;
  const heard = byWeight(ordered);
  const folded = heard.reduce(override);
  const { overflow: _, ...rest } = folded;
  const overflow = overflowOf(heard);
  const resources = resourcesOf(ordered);
  const status = gravest(ordered);
  return {
    ...rest,
    ...placeOf(ordered),
    ...(first.source === undefined ? {} : { source: first.source }),
    id: first.id,
    time: first.time,
    recorded_at: first.recorded_at,
    type: typeOf(ordered, first.type),
    ...(status === undefined ? {} : { status }),
    ...(resources.length === 0 ? {} : { resources }),
    ...(overflow.length === 0 ? {} : { overflow }),
  };
}

/** In the order in which they override: the lightest witness first, whatever its phase. */
function byWeight(ordered: readonly Event[]): readonly Event[] {
  const [first] = ordered;
  const mixed = first && ordered.some((fact) => weight(fact) !== weight(first));
  return mixed ? ordered.toSorted((a, b) => weight(a) - weight(b)) : ordered;
}

/** The event with a pending call that can no longer get its result called `unknown`. */
export function settled(event: Event, clock: CallClock): Event {
  if (!isOpen(event)) return event;
  const began = Date.parse(event.time);
  const late = clock.now_ms - began > clock.call_timeout_ms;
  const ended = clock.ended_ms !== undefined && clock.ended_ms >= began;
  return late || ended ? { ...event, status: 'unknown' } : event;
}

/**
 * Facts of one call that make one row: they are all read again with each fact that comes late.
 * What a producer says of a call beyond that has rows of its own, which get no result any more.
 */
export const CALL_FACTS = 64;

/** Whether a fact of a call stands alone under this key, because the call's row is full. */
export function isBeyond(key: string, { seq, event }: { seq: number; event: Event }): boolean {
  return callKey(event) !== undefined && key === String(seq);
}

/** A call that waits for its result. */
export function isOpen(event: Event): boolean {
  return event.status === 'pending' && (event.call_id !== undefined || isCall(event.type));
}

/** Whether events of this type are acts of an agent that have a result. */
export function isCall(type: string | undefined): boolean {
  return (CALLS as readonly (string | undefined)[]).includes(type);
}

/** What the facts of one call have in common; undefined for an event that stands alone. */
export function callKey(event: Event): string | undefined {
  if (event.call_id === undefined || isLifecycle(event)) return undefined;
  return JSON.stringify([event.tenant_id, rootOf(event), keywordText(event.call_id)]);
}

/** The whole session of an event, as it is compared. */
export function rootOf({ session_id, parent_session_id }: Event): string {
  if (parent_session_id === undefined) return keywordText(session_id);
  return wholeOf({
    session_id: keywordText(session_id),
    parent_session_id: keywordText(parent_session_id),
  });
}

/** The session in which facts of one call stand: the sub-agent's, where some witness knew it. */
export function placeOf(facts: readonly Event[]): Pick<Event, 'session_id' | 'parent_session_id'> {
  const { session_id, parent_session_id: parent } =
    facts.filter((fact) => isPart(fact)).toSorted(factOrder)[0] ?? facts.at(-1) ?? NOWHERE;
  return parent === undefined ? { session_id } : { session_id, parent_session_id: parent };
}

/** Whose session's end concerns facts of one row. */
export function sessionKey(facts: readonly Event[]): string {
  const { session_id } = placeOf(facts);
  return JSON.stringify([facts[0]?.tenant_id, keywordText(session_id)]);
}

/** What a row is known by: its call, or its `seq` where it stands alone. */
export function keyOf({ event, seq }: { readonly event: Event; readonly seq: number }): string {
  return callKey(event) ?? String(seq);
}

/** What a `session` event says of its session. */
export type SessionWords = {
  readonly type?: string | undefined;
  readonly call_id?: string | undefined;
  readonly operation?: string | undefined;
  readonly status?: string | undefined;
};

/**
 * Whether an event that stands alone says that its session ended: `operation: end`, or, where it
 * names no operation, a status that is final.
 */
export function endsSession({ type, call_id, operation, status }: SessionWords): boolean {
  if (type !== 'session' || call_id !== undefined) return false;
  if (operation !== undefined) return operation.toLowerCase() === 'end';
  return status === 'success' || status === 'error' || status === 'blocked';
}

/**
 * The order of one call's facts: before, between, after; then by the weight of who saw them, so
 * that what is cut or told by others never replaces what was seen; then by time; then by id.
 */
export function factOrder(a: Event, b: Event): number {
  return (
    phase(a) - phase(b) || weight(a) - weight(b) || compare(a.time, b.time) || compare(a.id, b.id)
  );
}

const NOWHERE = { session_id: '', parent_session_id: undefined } as const;

const CALLS: readonly EventType[] = ['tool_call', 'api_call', 'file_operation'];

const GRAVITY: Readonly<Record<Status, number>> = {
  pending: 0,
  unknown: 1,
  escalated: 2,
  success: 3,
  error: 4,
  blocked: 5,
};

/** Telemetry cuts values; the model's own words tell what was meant, not what was done. */
function weight({ source }: Event): number {
  if (source?.kind === 'otel') return 0;
  return source?.kind === 'model_proxy' || source?.kind === 'transcript' ? 1 : 2;
}

function phase({ status }: Event): number {
  if (status === 'pending') return 0;
  return status === undefined || status === 'escalated' ? 1 : 2;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function gravest(facts: readonly Event[]): Status | undefined {
  let worst: Status | undefined;
  for (const { status } of facts) {
    if (status !== undefined && (worst === undefined || GRAVITY[status] > GRAVITY[worst])) {
      worst = status;
    }
  }
  return worst;
}

function typeOf(facts: readonly Event[], otherwise: EventType): EventType {
  return CALLS.find((type) => facts.some((fact) => fact.type === type)) ?? otherwise;
}

function override(before: Event, after: Event): Event {
  const folded: Record<string, unknown> = { ...before, ...after };
  for (const key of NESTED) {
    if (before[key] !== undefined && after[key] !== undefined) {
      folded[key] = { ...before[key], ...after[key] };
    }
  }
  const decision = verdictOf(before.decision, after.decision);
  if (decision !== undefined) folded['decision'] = decision;
  if (before.source !== undefined) folded['source'] = before.source;
  return folded as Event;
}

/** Who asked for approval did not give it: an answer keeps nothing of the question. */
function verdictOf(before: Event['decision'], after: Event['decision']): Event['decision'] {
  const [first, last] = [before?.outcome, after?.outcome];
  if (first === undefined || last === undefined || first === last) return undefined;
  return last === 'escalate' ? before : after;
}

const NESTED = ['agent', 'user', 'error', 'tokens', 'decision', 'attributes'] as const;

function resourcesOf(facts: readonly Event[]): Resource[] {
  const seen = new Map<string, Resource>();
  for (const { resources = [] } of facts) {
    for (const resource of resources) {
      const { kind, id, access } = resource;
      const key = `${access} ${kind.length} ${kind}${id}`;
      if (seen.size < RESOURCES && !seen.has(key)) seen.set(key, resource);
    }
  }
  return [...seen.values()];
}

/** Of each field's moved value, the one that belongs to the fact whose value won. */
function overflowOf(facts: readonly Event[]): Overflow[] {
  if (facts.every((fact) => fact.overflow === undefined)) return [];
  const fields = new Map<string, Overflow>();
  for (const fact of facts) {
    for (const field of fields.keys()) if (has(fact, field)) fields.delete(field);
    for (const moved of fact.overflow ?? []) fields.set(moved.field, moved);
  }
  return [...fields.values()];
}

function has(event: Event, field: string): boolean {
  let value: unknown = event;
  for (const key of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  return value !== undefined;
}
