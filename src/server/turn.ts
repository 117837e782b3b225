/** Work of one kind that goes on one after another, in the order in which it came. */

export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** A failure of one does not hold up the next; who waits is bounded by whoever asks. */
export function openTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
