/** Makes folders so that they are still there after the machine stops. */
import { dirname } from 'node:path';
import { type Disk, errorCode, isAbsent } from './disk.ts';
import type { SyncGuard } from './syncs.ts';

export type FolderMaker = {
  /** Makes a folder, and those above it, durable where they are missing. */
  readonly make: (path: string) => Promise<void>;
};

/** Folders that are known to be there: a tree has ever more of them, of which few are in use. */
const KNOWN = 8192;

/**
 * Below `root` a folder's name is synced at first use even where it is there already: the
 * process that made it may have stopped before its own sync.
 */
export function folderMaker(root: string, disk: Disk, guard: SyncGuard): FolderMaker {
  const made = new Map<string, Promise<void>>();

  function make(path: string): Promise<void> {
    const known = made.get(path);
    // Those used last stand last.
    made.delete(path);
    const work = known ?? (path === root ? makeFolder(path, disk) : makeBelow(path));
    made.set(path, work);
    if (known !== undefined) return known;
    work.catch(() => made.delete(path));
    const [oldest] = made.keys();
    if (made.size > KNOWN && oldest !== undefined) made.delete(oldest);
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

/**
 * Makes a folder and those above it; their names are durable when it resolves, also where the
 * folder was there: the process that made it may have stopped before its own sync.
 */
export async function makeFolder(path: string, disk: Disk): Promise<void> {
  try {
    const made = await disk.makeFolder(path);
    await disk.syncFolder(dirname(path)).catch((error) => {
      // Who may not read the folder above did not make this one either.
      if (made || !isForbidden(error)) throw error;
    });
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await makeFolder(dirname(path), disk);
    await makeFolder(path, disk);
  }
}

function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(errorCode(error) ?? '');
}
