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
  return write(value, ROOT);
}

/** `canonicalText` in UTF-8: what is hashed, sealed and stored. */
export function canonicalBytes(value: unknown): Buffer {
  return Buffer.from(write(value, ROOT));
}

/** Where a value stands; its path is put together only where something is wrong with it. */
type Place = { readonly above: Place | undefined; readonly depth: number; key: string | number };

const ROOT: Place = { above: undefined, depth: 0, key: '' };

function write(value: unknown, place: Place): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'object') {
    if (value === null) return 'null';
    if (place.depth >= DEPTH) throw refuse(place, `is nested deeper than ${DEPTH} levels`, DEPTH);
    if (Array.isArray(value)) return writeArray(value, place);
    return writeObject(value as Record<string, unknown>, place);
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value !== 'number') {
    throw refuse(place, `is a ${typeof value}, which JSON cannot carry`);
  }
  if (Number.isFinite(value)) return String(value);
  throw refuse(place, 'is a number outside the range of a double');
}

function writeArray(values: readonly unknown[], above: Place): string {
  const place: Place = { above, depth: above.depth + 1, key: 0 };
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    place.key = i;
    text += write(values[i] ?? null, place);
  }
  return `${text}]`;
}

function writeObject(value: Record<string, unknown>, above: Place): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse(above, `is a ${prototype?.constructor?.name ?? 'foreign object'}, not plain JSON`);
  }
  const place: Place = { above, depth: above.depth + 1, key: '' };
  let text = '';
  for (const key of sorted(Object.keys(value))) {
    const child = value[key];
    if (child === undefined) continue;
    place.key = key;
    const { first, next } = quotedKey(key);
    text += text === '' ? first : next;
    text += write(child, place);
  }
  return text === '' ? '{}' : `${text}}`;
}

/** Objects of more keys than this are sorted by the engine, whose calls cost few keys more. */
const FEW_KEYS = 32;

/** In place, by UTF-16 units. */
function sorted(keys: string[]): string[] {
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string;
    let at = i;
    for (; at > 0 && (keys[at - 1] as string) > key; at--) keys[at] = keys[at - 1] as string;
    keys[at] = key;
  }
  return keys;
}

/** Texts up to this length are looked over here: a call of `JSON.stringify` costs more. */
const SHORT_CHARS = 40;

function quoted(text: string): string {
  if (text.length > SHORT_CHARS) return JSON.stringify(text);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A quote, a backslash, a control character, or what may be half a surrogate pair.
    if (unit === 0x22 || unit === 0x5c || unit < 0x20 || unit >= 0xd800) {
      return JSON.stringify(text);
    }
  }
  return `"${text}"`;
}

/** `{"key":` and `,"key":`, whole: each joint of a text costs an object. */
type Quoted = { readonly first: string; readonly next: string };

/** Keys that came before, for they repeat from event to event. */
const KEYS = new Map<string, Quoted>();
const KNOWN_KEYS = 4096;

function quotedKey(key: string): Quoted {
  const known = KEYS.get(key);
  if (known !== undefined) return known;
  const text = quoted(key);
  const made = { first: `{${text}:`, next: `,${text}:` };
  if (key.length > SHORT_CHARS) return made;
  if (KEYS.size >= KNOWN_KEYS) KEYS.clear();
  KEYS.set(key, made);
  return made;
}

function refuse(place: Place, reason: string, limit?: number): Fault {
  const field = pathOf(place);
  const shown = field.length > 200 ? `${field.slice(0, 200)}…` : field;
  const detail = limit === undefined ? { field: shown } : { field: shown, limit };
  return new Fault('event.invalid', `${shown || 'the value'} ${reason}.`, detail);
}

function pathOf({ above, key }: Place): string {
  if (above === undefined) return '';
  const path = pathOf(above);
  return path === '' && typeof key === 'string' ? key : `${path}.${key}`;
}
