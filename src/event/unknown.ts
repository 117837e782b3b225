/** Sets aside what the event's declaration has no place for, so that `attributes` keeps it. */
import { z } from 'zod';
import { eventSchema } from './event.ts';
import { isObject } from './name.ts';

type Fields = Readonly<Record<string, unknown>>;
type Entry = readonly [key: string, value: unknown];

/** Fields of the event, and what it has no field for, by dotted name: `agent.team`. */
export type Sorted = { readonly known: Record<string, unknown>; readonly unknown: Entry[] };

/** The fields that a producer may set; Claw's own are kept like any unknown one. */
const { recorded_at: _, overflow: __, ...SETTABLE } = eventSchema.shape;

/**
 * Sorts a producer's fields. A null counts as absent where the event has a field for it. The
 * objects of the declaration are sorted too, and those in `resources`; free values are not.
 */
export function sortFields(fields: Fields): Sorted {
  return sort(fields, SETTABLE, '');
}

/** The attributes given and what had no field; where both have a name, the latter gets a `_`. */
export function joinAttributes(given: Fields, unknown: readonly Entry[]): Record<string, unknown> {
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

function sort(fields: Fields, shape: Readonly<Record<string, unknown>>, prefix: string): Sorted {
  const known: Record<string, unknown> = {};
  const unknown: Entry[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(shape, key)) unknown.push([`${prefix}${key}`, value]);
    else if (value !== null)
      known[key] = inner(value, shape[key], { at: `${prefix}${key}`, unknown });
  }
  return { known, unknown };
}

type Sink = { readonly at: string; readonly unknown: Entry[] };

function inner(value: unknown, schema: unknown, { at, unknown }: Sink): unknown {
  const bare = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (bare instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((one, i) => inner(one, bare.element, { at: `${at}.${i}`, unknown }));
  }
  if (!(bare instanceof z.ZodObject) || !isObject(value)) return value;
  const sorted = sort(value, bare.shape, `${at}.`);
  for (const entry of sorted.unknown) unknown.push(entry);
  return sorted.known;
}
