/** Keywords of an event: what is compared as a whole, field by field. */
import type { Event } from '../event/event.ts';
import { FIELDS, type Field } from './field.ts';

/** A keyword as it is compared: well-formed, and without NUL, which would end it in SQLite. */
export function keywordText(value: string): string {
  return ODD.test(value) ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
}

const ODD = /[\0\ud800-\udfff]/;

/** Fields with values that are compared: keywords, numbers and times. */
export const COMPARED: readonly Field[] = FIELDS.filter(({ kind }) => kind !== 'text');

const PATHS: ReadonlyMap<string, readonly string[]> = new Map(
  FIELDS.map(({ name }) => [name, name.split('.')]),
);

/** Different keywords of a field, in order; tolerant of what older versions recorded. */
export function keywordsOf(event: Event, field: string): readonly string[] {
  const values = valuesOf(event, field);
  if (values.length === 0) return NONE;
  const texts = values.filter((value) => typeof value === 'string').map(keywordText);
  return texts.length < 2 ? texts : [...new Set(texts)];
}

/** A field's number, or its time in Unix milliseconds. */
export function numberOf(event: Event, { name, kind }: Field): number | undefined {
  const value = valuesOf(event, name)[0];
  const number = kind === 'time' ? Date.parse(String(value)) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return name === 'tokens.total' ? sumOfTokens(event) : undefined;
}

/** Where only the parts are known, their sum is searched as the whole, as readers see it. */
function sumOfTokens({ tokens }: Event): number | undefined {
  const parts = [tokens?.input, tokens?.output].filter((part) => Number.isFinite(part));
  return parts.length === 0 ? undefined : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

const NONE: readonly never[] = [];

function valuesOf(event: Event, field: string): readonly unknown[] {
  const path = PATHS.get(field) ?? NONE;
  const value = event[path[0] as keyof Event];
  // Most fields of most events are absent.
  if (value === undefined) return NONE;
  return path.length === 1 && !Array.isArray(value) ? [value] : valuesAt(value, path, 1);
}

function valuesAt(value: unknown, path: readonly string[], at: number): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path, at));
  const key = path[at];
  if (key === undefined) return value === undefined ? NONE : [value];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return NONE;
  return valuesAt((value as Record<string, unknown>)[key], path, at + 1);
}
