/** A store in memory, for tests and for trails that need not outlive their process. */
import { requireKey, requireLog, requirePrefix, storeConflict } from './key.ts';
import type { Store } from './store.ts';

export function openMemoryStore(): Store {
  const objects = new Map<string, Buffer>();

  return {
    async get(key, range) {
      const bytes = objects.get(requireKey(key));
      if (bytes === undefined || range === undefined) return bytes && Buffer.from(bytes);
      return Buffer.from(bytes.subarray(range.from, range.from + range.bytes));
    },
    async size(key) {
      return objects.get(requireKey(key))?.length;
    },
    async put(key, bytes) {
      objects.set(requireKey(key), Buffer.from(bytes));
    },
    async swap(key, expected, bytes) {
      const held = objects.get(requireKey(key));
      const same = expected === undefined ? held === undefined : held?.equals(expected);
      if (!same) throw storeConflict(key);
      objects.set(key, Buffer.from(bytes));
    },
    async append(key, bytes) {
      const held = objects.get(requireLog(key)) ?? Buffer.alloc(0);
      objects.set(key, Buffer.concat([held, bytes]));
    },
    async *list(prefix) {
      requirePrefix(prefix);
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      for (const key of keys) if (objects.has(key)) yield key;
    },
    async remove(key) {
      objects.delete(requireKey(key));
    },
    async flush() {},
    async settle() {},
    async close() {},
  };
}
