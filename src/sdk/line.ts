/** Turns a draft into the line of JSON that is sent, or says why it cannot be one. */
import { randomFillSync } from 'node:crypto';
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

/** A field that an event gets where it has none: its name, the documents' name, and its text. */
type Default = {
  readonly key: string;
  readonly name: string | undefined;
  readonly text: () => string;
};

/** Turned into text once: each event only puts them in front of its own. */
export function fixDefaults(defaults: Readonly<Record<string, unknown>>): readonly Default[] {
  return Object.entries(defaults).map(([key, value]) => {
    let text: string | undefined;
    const make = () => {
      requireFit({ [key]: value });
      return `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
    };
    return {
      key,
      name: NAMES[key],
      text: () => {
        text ??= make();
        return text;
      },
    };
  });
}

/**
 * The agent waits for this, so its own fields are walked once and printed once, and nothing is
 * copied. Throws `event.invalid`, naming the field; or what a getter throws.
 */
export function encode(
  draft: unknown,
  fixed: { readonly id: string; readonly now_ms: number },
  defaults: readonly Default[],
): Item {
  if (!isFields(draft)) {
    throw new Fault('event.invalid', 'An event must be a JSON object.', { field: '' });
  }
  for (const field of ['type', 'session_id'] as const) {
    const value = draft[field];
    if (typeof value !== 'string' || value === '') {
      throw new Fault('event.invalid', `${field} is required.`, { field });
    }
  }
  const own = isPlain(draft) ? draft : { ...draft, id: undefined };
  requireFit(own);
  let line = `{"id":${JSON.stringify(fixed.id)}`;
  if (!timed(draft)) line += `,"time":"${timeText(fixed.now_ms)}"`;
  for (const { key, name, text } of defaults) {
    // The documents' name for it is as good as ours; undefined is as good as absent.
    const named = name !== undefined && draft[name] !== undefined;
    if (draft[key] === undefined && !named) line += text();
  }
  line += `,${JSON.stringify(own).slice(1)}`;
  return { id: fixed.id, line, size_bytes: Buffer.byteLength(line) };
}

/** Whether its JSON is that of its own fields, and the id is none of them. */
function isPlain(draft: Readonly<Record<string, unknown>>): boolean {
  const prototype: unknown = Object.getPrototypeOf(draft);
  const simple = prototype === Object.prototype || prototype === null;
  return simple && draft['id'] === undefined && typeof draft['toJSON'] !== 'function';
}

function requireFit(fields: Readonly<Record<string, unknown>>): void {
  const problem = unfit(fields, DEPTH, { left: VALUES });
  if (problem === undefined) return;
  const field = problem.path.replace(/^\./, '').slice(0, 200);
  throw new Fault('event.invalid', `${field} ${problem.reason}.`, { field });
}

let second = Number.NaN;
let secondText = '';

/** RFC 3339 in UTC: but for the milliseconds it is the same for a whole second. */
function timeText(now_ms: number): string {
  const rest = now_ms % 1000;
  if (now_ms - rest !== second) {
    second = now_ms - rest;
    secondText = new Date(second).toISOString().slice(0, -4);
  }
  return `${secondText}${String(rest).padStart(3, '0')}Z`;
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

const POOL_BYTES = 16 * 1024;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** A UUIDv7 (RFC 9562 §5.7). Randomness is drawn so seldom that hardly an event waits for it. */
export function newId(now_ms: number): string {
  if (used + 10 > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const variant = '89ab'[((pool[used + 2] as number) >> 4) & 3];
  const hex = pool.toString('hex', used, used + 10);
  used += 10;
  const time = now_ms.toString(16).padStart(12, '0');
  const head = `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(1, 4)}`;
  return `${head}-${variant}${hex.slice(5, 8)}-${hex.slice(8)}`;
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
