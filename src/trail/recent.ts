/** The ids of events that the journal still holds, so that a repeated id is recorded once. */

export type Recent = {
  /** The event's index in its tenant's tree. */
  readonly get: (tenant: string, id: string) => number | undefined;
  /** Remembers a durable record. */
  readonly add: (place: RecentPlace) => void;
  /** Forgets records below `seq`: from there on the archive knows. */
  readonly release: (seq: number) => void;
};

export type RecentPlace = {
  readonly tenant: string;
  readonly id: string;
  readonly seq: number;
  readonly index: number;
};

export function openRecent(): Recent {
  const known = new Map<string, number>();
  // Keys in order of seq, from `base` on: what `release` forgets without a search.
  let order: string[] = [];
  let base: number | undefined;
  const keyOf = (tenant: string, id: string) => `${tenant}/${id}`;
  return {
    get: (tenant, id) => known.get(keyOf(tenant, id)),
    add: ({ tenant, id, seq, index }) => {
      base ??= seq;
      const key = keyOf(tenant, id);
      known.set(key, index);
      order[seq - base] = key;
    },
    release: (seq) => {
      if (base === undefined || seq <= base) return;
      for (const key of order.slice(0, seq - base)) if (key !== undefined) known.delete(key);
      order = order.slice(seq - base);
      base = seq;
    },
  };
}
