/** Turns a draft into the line of JSON that is sent, or says why it cannot be one. */
import { randomUUID } from 'node:crypto';
import type { Event } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';

/** What `record()` takes: the event's fields, and the documents' own names beside them. */
export type EventDraft = Partial<Event> &
  Pick<Event, 'type' | 'session_id'> & { readonly [name: string]: unknown };

/** An event on its way: its text was fixed when it was recorded. */
export type Item = { readonly id: string; readonly line: string; readonly size_bytes: number };

/** Levels of nesting that the server takes. */
const DEPTH = 64;
/** Values in one draft: one that shares parts a billion times over must not hang its agent. */
const VALUES = 1_000_000;

/** The documents' names for those defaults that have one. */
const NAMES: Readonly<Record<string, string>> = { agent: 'agent_id', user: 'user_id' };

/** Throws `event.invalid` or `event.too_large`, naming the field; or what a getter throws. */
export function encode(
  draft: unknown,
  fixed: { readonly id: string; readonly now_ms: number },
  defaults: Readonly<Record<string, unknown>>,
): Item {
  if (!isFields(draft)) {
    throw new Fault('event.invalid', 'An event must be a JSON object.', { field: '' });
  }
  const whole: Record<string, unknown> = { ...defaults, ...draft, id: fixed.id };
  if (!timed(draft)) whole['time'] = new Date(fixed.now_ms).toISOString();
  for (const key of Object.keys(defaults)) {
    // The documents' name for it is as good as ours; undefined is as good as absent.
    const named = NAMES[key] !== undefined && draft[NAMES[key]] !== undefined;
    if (draft[key] === undefined) whole[key] = named ? undefined : defaults[key];
  }
  for (const field of ['type', 'session_id'] as const) {
    const value = draft[field];
    if (typeof value !== 'string' || value === '') {
      throw new Fault('event.invalid', `${field} is required.`, { field });
    }
  }
  const problem = unfit(whole, DEPTH, { left: VALUES });
  if (problem !== undefined) {
    const field = problem.path.replace(/^\./, '').slice(0, 200);
    throw new Fault('event.invalid', `${field} ${problem.reason}.`, { field });
  }
  const line = JSON.stringify(whole);
  return { id: fixed.id, line, size_bytes: Buffer.byteLength(line) };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The id that a draft brings, in the form in which the server keeps it; else a new one. */
export function idOf(draft: unknown, now_ms: number): string {
  try {
    const id = (draft as { id?: unknown } | null)?.id;
    if (typeof id === 'string' && id !== '') return id.toLowerCase();
  } catch {
    // A getter that throws: encode() meets it again and reports it.
  }
  return newId(now_ms);
}

/** A UUIDv7 (RFC 9562 §5.7), cut from a random UUID: `event/id.ts` costs `record()` 10 µs cold. */
export function newId(now_ms: number): string {
  const time = now_ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function timed(draft: Readonly<Record<string, unknown>>): boolean {
  const { time, timestamp, created_at } = draft;
  return time !== undefined || timestamp !== undefined || created_at !== undefined;
}

type Problem = { readonly path: string; readonly reason: string };

/** What JSON would refuse, or change without a word, and where; undefined if it keeps it all. */
function unfit(value: unknown, depth: number, budget: { left: number }): Problem | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', reason: `is ${value}, not JSON` };
    case 'object':
      if (value === null) return undefined;
      if (depth === 0) return { path: '', reason: `is nested deeper than ${DEPTH} levels` };
      if (--budget.left < 0) return { path: '', reason: `holds more than ${VALUES} values` };
      return Array.isArray(value)
        ? unfitArray(value, depth, budget)
        : unfitObject(value as Record<string, unknown>, depth, budget);
    default:
      return { path: '', reason: `is a ${typeof value}, not JSON` };
  }
}

function unfitArray(
  values: readonly unknown[],
  depth: number,
  budget: { left: number },
): Problem | undefined {
  budget.left -= values.length;
  for (let i = 0; i < values.length; i++) {
    const found = unfit(values[i], depth - 1, budget);
    if (found) return { ...found, path: `.${i}${found.path}` };
  }
  return undefined;
}

function unfitObject(
  value: Record<string, unknown>,
  depth: number,
  budget: { left: number },
): Problem | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (typeof value['toJSON'] === 'function') return undefined;
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    if (kind !== 'Object') return { path: '', reason: `is a ${kind}, not JSON` };
  }
  for (const key of Object.keys(value)) {
    const found = unfit(value[key], depth - 1, budget);
    if (found) return { ...found, path: `.${key}${found.path}` };
  }
  return undefined;
}
