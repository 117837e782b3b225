/** Which keys a store takes, so that no key ever names a file outside its folder. */
import { Fault } from '../fault/fault.ts';

const SEGMENT = /^[A-Za-z0-9._-]{1,200}$/;
const KEY_CHARS = 1024;

/** The key itself. Throws `request.invalid`: keys come from requests too (ledger files). */
export function requireKey(key: string): string {
  if (key.length > KEY_CHARS || !key.split('/').every(isSegment)) throw invalidKey();
  return key;
}

/** The key of an object that may grow. Throws `request.invalid` for others. */
export function requireLog(key: string): string {
  if (isLog(requireKey(key))) return key;
  throw new Fault('request.invalid', 'Only an object whose key ends in .log grows.', {
    field: 'key',
  });
}

/** What grows is known by its name, so that what a stop left of it can be made durable. */
export function isLog(key: string): boolean {
  return key.endsWith('.log');
}

/** Throws `request.invalid` for what can begin no key; the empty prefix begins all. */
export function requirePrefix(prefix: string): string {
  const segments = prefix.split('/');
  const last = segments.pop() ?? '';
  const whole = segments.every(isSegment) && (/^\.{0,2}$/.test(last) || isSegment(last));
  if (prefix.length > KEY_CHARS || !whole) throw invalidKey();
  return prefix;
}

/** A segment of a key: never `.`, `..` or empty. */
export function isSegment(name: string): boolean {
  return SEGMENT.test(name) && name !== '.' && name !== '..';
}

export function storeConflict(key: string): Fault {
  return new Fault('store.conflict', `The object ${key} is not what this writer last read.`, {
    hint: 'Make sure that a single server writes to this data folder, then start it again.',
  });
}

function invalidKey(): Fault {
  return new Fault(
    'request.invalid',
    'A key is relative and holds only A-Z, a-z, 0-9, ".", "_" and "-" between slashes.',
    { field: 'key', limit: KEY_CHARS },
  );
}
