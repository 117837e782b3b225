/** Group commit: what arrives while one commit runs shares the next one. */

/** The most that one commit takes beyond its first item: no caller waits for an endless one. */
const GROUP_BYTES = 8 * 1024 * 1024;

export type GroupCommit<T> = {
  /** Resolves when the item's group is committed; rejects with what refused it. */
  readonly push: (item: T) => Promise<void>;
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>;
};

/** Told within the same turn as the commit's end, before anything else is pushed. */
export type GroupEvents = {
  readonly committed: () => void;
  /** The group and all that waited were refused: their places are free again. */
  readonly refused: () => void;
};

/**
 * Commits items in the order of the pushes. A commit that fails refuses its group and all that
 * waits behind it, for their places were counted on from the group's.
 */
export function groupCommit<T extends { readonly bytes: number }>(
  commit: (group: readonly T[]) => Promise<void>,
  events: GroupEvents,
): GroupCommit<T> {
  const queue: Waiting<T>[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    // Calls of one turn of the event loop share the first commit already.
    await undefined;
    while (queue.length > 0) {
      const group = queue.splice(0, groupLength(queue));
      try {
        await commit(group.map(({ item }) => item));
        for (const { resolve } of group) resolve();
        events.committed();
      } catch (error) {
        events.refused();
        for (const { reject } of [...group, ...queue.splice(0)]) reject(error);
      }
    }
    running = undefined;
  }

  return {
    push: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        running ??= run();
      }),
    idle: async () => running,
  };
}

type Waiting<T> = {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

function groupLength(queue: readonly Waiting<{ readonly bytes: number }>[]): number {
  let bytes = 0;
  const over = queue.findIndex(({ item }) => {
    bytes += item.bytes;
    return bytes > GROUP_BYTES;
  });
  return over === -1 ? queue.length : Math.max(1, over);
}
