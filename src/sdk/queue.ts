/** Events in memory between `record()` and the server or the spool. */
import type { Item } from './line.ts';

export type Queue = {
  /** False where it would pass the bound: nothing was added. */
  readonly push: (item: Item) => boolean;
  /** The oldest that fit one request; a larger one alone. They stay until removed. */
  readonly oldest: (most: Bound) => readonly Item[];
  /** The newest that fit: never those of a request under way, unless there are no others. */
  readonly newest: (most: Bound) => readonly Item[];
  /** Those that are still here, that is. */
  readonly remove: (items: readonly Item[]) => void;
  readonly count: () => number;
  readonly bytes: () => number;
};

export type Bound = { readonly events: number; readonly size_bytes: number };

export function openQueue(limit_bytes: number): Queue {
  let items: Item[] = [];
  let bytes = 0;
  return {
    push: (item) => {
      if (bytes + item.size_bytes > limit_bytes && items.length > 0) return false;
      items.push(item);
      bytes += item.size_bytes;
      return true;
    },
    oldest: (most) => items.slice(0, fitting(items, most)),
    newest: (most) => {
      const reversed = items.slice(-most.events).reverse();
      return reversed.slice(0, fitting(reversed, most)).reverse();
    },
    remove: (gone) => {
      const ids = new Set(gone);
      items = items.filter((item) => !ids.has(item));
      bytes = items.reduce((sum, item) => sum + item.size_bytes, 0);
    },
    count: () => items.length,
    bytes: () => bytes,
  };
}

/** How many of the first fit one request: always one, so that a large event is not stuck. */
export function fitting(items: readonly Item[], most: Bound): number {
  let size_bytes = 0;
  let count = 0;
  for (const item of items) {
    size_bytes += item.size_bytes;
    if (count > 0 && (count >= most.events || size_bytes > most.size_bytes)) break;
    count++;
  }
  return count;
}
