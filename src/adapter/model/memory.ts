/** What the proxy remembers of conversations, so that what each request repeats is said once. */
import { createHash } from 'node:crypto';

export type ExchangeMemory = {
  /** Whether this is the first time; what is asked about is remembered. */
  readonly first: (...parts: readonly string[]) => boolean;
  readonly has: (...parts: readonly string[]) => boolean;
  /** Adds to a list that is kept under these parts. */
  readonly add: (value: string, ...parts: readonly string[]) => void;
  readonly list: (...parts: readonly string[]) => readonly string[];
};

/** Values of one list: an agent that repeats itself costs no more. */
const LIST = 256;

/** At most `limit` keys, the longest untouched forgotten first. */
export function openExchangeMemory(limit: number): ExchangeMemory {
  const kept = new Map<string, readonly string[]>();
  const touch = (key: string, values: readonly string[]) => {
    kept.delete(key);
    kept.set(key, values);
    if (kept.size <= limit) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  };
  return {
    first: (...parts) => {
      const key = keyOf(parts);
      const known = kept.get(key);
      touch(key, known ?? []);
      return known === undefined;
    },
    has: (...parts) => kept.has(keyOf(parts)),
    add: (value, ...parts) => {
      const key = keyOf(parts);
      touch(key, [...(kept.get(key) ?? []), value].slice(-LIST));
    },
    list: (...parts) => kept.get(keyOf(parts)) ?? [],
  };
}

/** 24 characters, however long the text. */
function keyOf(parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  return hash.toString('latin1', 0, 24);
}
