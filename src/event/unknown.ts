/** Sets aside what the event's declaration has no place for, so that `attributes` keeps it. */
import { z } from 'zod';
import { eventSchema } from './event.ts';
import { isObject } from './name.ts';

type Fields = Readonly<Record<string, unknown>>;
type Entry = readonly [key: string, value: unknown];

/** New objects of the event's fields, and what it has no field for, as `agent.team`. */
export type Sorted = { readonly known: Record<string, unknown>; readonly unknown: Entry[] };

/** The fields that a producer may set; Claw's own are kept like any unknown one. */
const { recorded_at: _, overflow: __, ...SETTABLE } = eventSchema.shape;

/** What may stand inside a field: named fields, items, or anything at all. */
type Inside = Plan | { readonly items: Inside } | 'anything';
type Plan = ReadonlyMap<string, Inside>;

/** Read off the declaration once: asking zod of each event's fields would cost more than them. */
const PLAN = planOf(SETTABLE);

/**
 * Sorts a producer's fields. A null counts as absent where the event has a field for it. The
 * objects of the declaration are sorted too, and those in `resources`; free values are not.
 */
export function sortFields(fields: Fields): Sorted {
  return sort(fields, PLAN, '');
}

/** The attributes given and what had no field; where both have a name, the latter gets a `_`. */
export function joinAttributes(given: Fields, unknown: readonly Entry[]): Fields {
  if (unknown.length === 0) return given;
  const taken = new Set(Object.keys(given));
  const kept = unknown.map(([key, value]): Entry => {
    let free = key;
    while (taken.has(free)) free = `_${free}`;
    taken.add(free);
    return [free, value];
  });
  // fromEntries defines own properties, so a key named __proto__ is data like any other.
  return Object.fromEntries([...kept, ...Object.entries(given)]);
}

function planOf(shape: Readonly<Record<string, unknown>>): Plan {
  return new Map(Object.entries(shape).map(([key, schema]) => [key, insideOf(schema)]));
}

function insideOf(schema: unknown): Inside {
  const bare = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (bare instanceof z.ZodArray) return { items: insideOf(bare.element) };
  return bare instanceof z.ZodObject ? planOf(bare.shape) : 'anything';
}

function sort(fields: Fields, plan: Plan, prefix: string): Sorted {
  const known: Record<string, unknown> = {};
  const unknown: Entry[] = [];
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined) continue;
    const inside = plan.get(key);
    if (inside === undefined) unknown.push([`${prefix}${key}`, value]);
    else if (value !== null) {
      const at = inside === 'anything' ? '' : `${prefix}${key}`;
      known[key] = inner(value, inside, { at, unknown });
    }
  }
  return { known, unknown };
}

type Sink = { readonly at: string; readonly unknown: Entry[] };

function inner(value: unknown, inside: Inside, { at, unknown }: Sink): unknown {
  if (inside === 'anything') return value;
  if ('items' in inside) {
    const { items } = inside;
    if (!Array.isArray(value) || items === 'anything') return value;
    return value.map((one, i) => inner(one, items, { at: `${at}.${i}`, unknown }));
  }
  if (!isObject(value)) return value;
  const sorted = sort(value, inside, `${at}.`);
  for (const entry of sorted.unknown) unknown.push(entry);
  return sorted.known;
}
