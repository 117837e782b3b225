/** Makes folders so that they are still there after the machine stops. */
import { dirname } from 'node:path';
import { type Disk, isAbsent } from './disk.ts';
import type { SyncGuard } from './syncs.ts';

export type FolderMaker = {
  /** Makes a folder, and those above it, durable where they are missing. */
  readonly make: (path: string) => Promise<void>;
};

/**
 * Below `root` a folder's name is synced at first use even where it is there already: the
 * process that made it may have stopped before its own sync.
 */
export function folderMaker(root: string, disk: Disk, guard: SyncGuard): FolderMaker {
  const made = new Map<string, Promise<void>>();

  function make(path: string): Promise<void> {
    const known = made.get(path);
    if (known !== undefined) return known;
    const work = path === root ? makeFolder(path, disk) : makeBelow(path);
    made.set(path, work);
    work.catch(() => made.delete(path));
    return work;
  }

  async function makeBelow(path: string): Promise<void> {
    const parent = dirname(path);
    await make(parent);
    await disk.makeFolder(path);
    await guard.run('a new folder', () => disk.syncFolder(parent));
  }

  return { make };
}

/** Makes a folder and those above it; each name that is new is durable when it resolves. */
export async function makeFolder(path: string, disk: Disk): Promise<void> {
  try {
    if (await disk.makeFolder(path)) await disk.syncFolder(dirname(path));
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await makeFolder(dirname(path), disk);
    await makeFolder(path, disk);
  }
}
