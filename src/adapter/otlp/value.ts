/** OTLP's values as plain JSON: attributes of any depth, numbers in any spelling, no secrets. */
import { isObject } from '../../event/name.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Levels of a value that are read; what lies deeper becomes a sentence. */
export const VALUE_DEPTH = 32;
const TOO_DEEP = `[nested deeper than ${VALUE_DEPTH} levels]`;

/** A field by its lowerCamelCase name, or as snake_case writes it; an own one. */
export function pick(object: Fields, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.hasOwn(object, snake) ? object[snake] : undefined;
}

/** A repeated field; empty where it is no list. */
export function list(object: Fields, name: string): readonly unknown[] {
  const value = pick(object, name);
  return Array.isArray(value) ? value : [];
}

/** An `AnyValue` as JSON: integers that a double cannot hold as digits, bytes as base64. */
export function plainOf(any: unknown, depth = 0): unknown {
  if (!isObject(any)) return null;
  if (depth > VALUE_DEPTH) return TOO_DEEP;
  const text = pick(any, 'stringValue');
  if (text !== undefined) return text;
  const whole = pick(any, 'intValue');
  if (whole !== undefined) return numberOf(whole);
  const truth = pick(any, 'boolValue');
  if (truth !== undefined) return truth === 'true' ? true : truth === 'false' ? false : truth;
  const double = pick(any, 'doubleValue');
  if (double !== undefined) return numberOf(double);
  const array = pick(any, 'arrayValue');
  if (isObject(array)) return list(array, 'values').map((item) => plainOf(item, depth + 1));
  const map = pick(any, 'kvlistValue');
  if (isObject(map)) return entriesOf(list(map, 'values'), depth + 1);
  return pick(any, 'bytesValue') ?? null;
}

/** `KeyValue`s as an object: the first of several with one name; a name is data, whatever it is. */
export function entriesOf(entries: readonly unknown[], depth = 0): Fields {
  const known = new Map<string, unknown>();
  for (const entry of entries) {
    const key = isObject(entry) ? pick(entry, 'key') : undefined;
    if (typeof key !== 'string' || known.has(key)) continue;
    known.set(key, plainOf(pick(entry as Fields, 'value'), depth));
  }
  return Object.fromEntries(known);
}

/** Attributes without secrets, and the names of those that were left out. */
export type Kept = { readonly fields: Fields; readonly withheld: readonly string[] };

export function keptOf(entries: readonly unknown[]): Kept {
  const withheld: string[] = [];
  const fields: [string, unknown][] = [];
  for (const [key, value] of Object.entries(entriesOf(entries))) {
    if (isSecret(key, value)) withheld.push(key.slice(0, 100));
    else fields.push([key, URLS.test(key) ? bare(value) : value]);
  }
  return { fields: Object.fromEntries(fields), withheld };
}

/** A number, also from the digits in which JSON carries 64 bits; undefined for anything else. */
export function countIn(fields: Fields, key: string): number | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** A truth value, also as text. */
export function flagIn(fields: Fields, key: string): boolean | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

function numberOf(value: unknown): unknown {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof number !== 'number' || !Number.isFinite(number)) return value;
  const exact = !Number.isInteger(number) || Number.isSafeInteger(number);
  return exact || typeof value === 'number' ? number : value;
}

const WORDS = [
  ...['authorization', 'cookie', 'set-cookie', 'bearer', 'password', 'passwd', 'secret'],
  ...['api[-_.]?key', 'access[-_]?token', 'refresh[-_]?token', 'id[-_]?token', 'auth[-_]?token'],
  ...['client[-_]?secret', 'private[-_]?key', 'goog-api-key', 'credentials?'],
];
const SECRETS = new RegExp(`(?:^|[._-])(?:${WORDS.join('|')})$`, 'i');
const URLS = /^(?:url\.full|http\.url|http\.target)$/;

/** `process.*` holds the command line, and with it the prompt; a URL's query may hold a key. */
function isSecret(key: string, value: unknown): boolean {
  if (key.startsWith('process.') || key === 'url.query') return true;
  if (typeof value === 'string' && /^(?:bearer|basic)\s+\S{8}/i.test(value)) return true;
  return typeof value !== 'boolean' && typeof value !== 'number' && SECRETS.test(key);
}

/** A URL without its query, fragment and user. */
function bare(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const path = value.slice(0, value.search(/[?#]|$/));
  return path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}
