/** The ids of events that the journal still holds, so that a repeated id is recorded once. */

export type Recent = {
  /** The event's index in its tenant's tree. */
  readonly get: (tenant: string, id: string) => number | undefined;
  /** Remembers a durable record. */
  readonly add: (place: RecentPlace) => void;
  /** Forgets records below `seq`, though it may keep more: from there on the archive knows. */
  readonly release: (seq: number) => void;
};

export type RecentPlace = {
  readonly tenant: string;
  readonly id: string;
  readonly seq: number;
  readonly index: number;
};

/** Records that are forgotten together: one by one, they would hold up all else. */
const GENERATION = 16_384;

type Generation = { readonly first: number; readonly known: Map<string, number> };

export function openRecent(): Recent {
  /** Oldest first; none holds a record from the `first` of the next on. */
  const generations: Generation[] = [];
  const keyOf = (tenant: string, id: string) => `${tenant}/${id}`;
  return {
    get: (tenant, id) => {
      const key = keyOf(tenant, id);
      for (let i = generations.length - 1; i >= 0; i--) {
        const index = generations[i]?.known.get(key);
        if (index !== undefined) return index;
      }
      return undefined;
    },
    add: ({ tenant, id, seq, index }) => {
      let last = generations.at(-1);
      if (last === undefined || seq >= last.first + GENERATION) {
        last = { first: seq, known: new Map() };
        generations.push(last);
      }
      last.known.set(keyOf(tenant, id), index);
    },
    release: (seq) => {
      while ((generations[1]?.first ?? Number.POSITIVE_INFINITY) <= seq) generations.shift();
    },
  };
}
