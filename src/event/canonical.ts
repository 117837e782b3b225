/** The one byte form of an event: JSON with sorted keys (RFC 8785, I-JSON numbers), in UTF-8. */
import { Fault } from '../fault/fault.ts';

/** Levels of nesting that a value may have. */
export const DEPTH = 64;

/**
 * Canonical JSON text: keys sorted by UTF-16 units, no white space, ECMAScript numbers.
 * Departs from RFC 8785 in one point: a lone surrogate is written as its `\uXXXX` escape instead
 * of being refused, because hostile text must be recorded, not lost. Keys whose value is
 * undefined are left out. Throws `event.invalid` with the field for what JSON cannot carry.
 */
export function canonicalText(value: unknown): string {
  return write(value, '', 0);
}

/** `canonicalText` in UTF-8: what is hashed, sealed and stored. */
export function canonicalBytes(value: unknown): Buffer {
  return Buffer.from(write(value, '', 0));
}

function write(value: unknown, field: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value);
      throw refuse(field, 'is a number outside the range of a double');
    case 'object':
      if (value === null) return 'null';
      if (depth >= DEPTH) {
        throw refuse(field, `is nested deeper than ${DEPTH} levels`, DEPTH);
      }
      if (Array.isArray(value)) return writeArray(value, field, depth);
      return writeObject(value as Record<string, unknown>, field, depth);
    default:
      throw refuse(field, `is a ${typeof value}, which JSON cannot carry`);
  }
}

function writeArray(values: readonly unknown[], field: string, depth: number): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += write(values[i] ?? null, `${field}.${i}`, depth + 1);
  }
  return `${text}]`;
}

function writeObject(value: Record<string, unknown>, field: string, depth: number): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse(field, `is a ${prototype?.constructor?.name ?? 'foreign object'}, not plain JSON`);
  }
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const child = value[key];
    if (child === undefined) continue;
    if (text.length > 1) text += ',';
    const path = field === '' ? key : `${field}.${key}`;
    text += `${JSON.stringify(key)}:${write(child, path, depth + 1)}`;
  }
  return `${text}}`;
}

function refuse(field: string, reason: string, limit?: number): Fault {
  const shown = field.length > 200 ? `${field.slice(0, 200)}…` : field;
  const detail = limit === undefined ? { field: shown } : { field: shown, limit };
  return new Fault('event.invalid', `${shown || 'the value'} ${reason}.`, detail);
}
