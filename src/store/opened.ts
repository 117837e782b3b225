/** Files of objects that are read in parts, kept open a while: opening one costs as its reading. */
import { join } from 'node:path';
import type { Disk } from './disk.ts';

export type OpenedFiles = {
  /** Work on an object's opened file; rejects with the system's own error. */
  readonly within: <T>(key: string, work: (file: number) => Promise<T>) => Promise<T>;
  /** The object was replaced or removed: its file is not the object any more. */
  readonly forget: (key: string) => void;
  readonly closeAll: () => Promise<void>;
};

type Opened = { readonly file: Promise<number>; users: number; kept: boolean };

/** At most `limit` files that nobody is reading; those used longest ago are closed first. */
export function openedFiles(root: string, disk: Disk, limit: number): OpenedFiles {
  const opened = new Map<string, Opened>();
  const { close, allClosed } = closer(disk);

  function use(key: string): Opened {
    const known = opened.get(key);
    opened.delete(key);
    const one = known ?? { file: disk.open(join(root, key), 'read'), users: 0, kept: true };
    opened.set(key, one);
    one.users++;
    return one;
  }

  function leave(one: Opened): void {
    one.users--;
    if (!one.kept && one.users === 0) close(one.file);
    for (const key of opened.keys()) {
      if (opened.size <= limit) return;
      forget(key);
    }
  }

  function forget(key: string): void {
    const one = opened.get(key);
    if (one === undefined) return;
    opened.delete(key);
    one.kept = false;
    if (one.users === 0) close(one.file);
  }

  return {
    forget,
    async within(key, work) {
      const one = use(key);
      try {
        return await work(await one.file);
      } catch (error) {
        if (opened.get(key) === one) forget(key);
        throw error;
      } finally {
        leave(one);
      }
    },
    async closeAll() {
      for (const key of opened.keys()) forget(key);
      await allClosed();
    },
  };
}

/** Closes files that nobody waits for. */
function closer(disk: Disk) {
  const closing = new Set<Promise<void>>();
  return {
    close(file: Promise<number>): void {
      // One that could not be opened need not be closed.
      const closed: Promise<void> = file
        .then(disk.close)
        .catch(() => undefined)
        .finally(() => closing.delete(closed));
      closing.add(closed);
    },
    async allClosed(): Promise<void> {
      while (closing.size > 0) await Promise.all(closing);
    },
  };
}
