/** Reads foreign records without trusting any of it: names fit, nesting is bounded. */
import { createHash } from 'node:crypto';
import { DEPTH } from '../event/canonical.ts';
import { NAME_CHARS } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';

/** Levels left for a value inside an event, below its field and an attribute's name. */
const INNER_DEPTH = DEPTH - 4;

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

/** The value, or its JSON text where it is nested deeper than an event may be; as `jsonOf`. */
export function contained(value: unknown): unknown {
  return deeperThan(value, INNER_DEPTH) ? jsonOf(value) : value;
}

/** Thousands of levels exhaust the stack: such a record is refused by name. */
export function jsonOf(record: unknown): string {
  try {
    return JSON.stringify(record);
  } catch (cause) {
    const detail = { field: '', limit: INNER_DEPTH, cause };
    throw new Fault('event.invalid', 'The record is nested too deeply to be read.', detail);
  }
}

/** A longer name keeps its beginning, and stays distinct by its hash. */
export function fit(name: string): string {
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
