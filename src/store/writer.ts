/** Writes one object's file: beside its place first, then renamed into it. */
import { dirname, join } from 'node:path';
import { type Disk, isAbsent, writeFault } from './disk.ts';
import { folderMaker } from './folders.ts';
import { type GrowingFiles, growingFiles, type Workshop } from './growing.ts';
import type { PutOptions } from './store.ts';
import { type DeferredSyncs, deferredSyncs, newSyncGuard, syncFolders } from './syncs.ts';

/** Unfinished writes stand in this folder of the root; its name can begin no key. */
const UNFINISHED = '~unfinished';

export type FileWriter = {
  readonly write: (key: string, bytes: Uint8Array, options?: PutOptions) => Promise<void>;
  readonly append: GrowingFiles['append'];
  readonly remove: (key: string) => Promise<void>;
  readonly deferred: DeferredSyncs;
  readonly settle: (folder: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

export function fileWriter(root: string, disk: Disk): FileWriter {
  const guard = newSyncGuard();
  const deferred = deferredSyncs(disk, guard);
  const folders = folderMaker(root, disk, guard);
  const beside = unfinishedFiles({ root, disk, guard, folders });
  const growing = growingFiles({ root, disk, guard, folders });

  return {
    deferred,
    async write(key, bytes, options = {}) {
      const path = join(root, key);
      guard.check();
      try {
        await growing.close(key);
        await folders.make(dirname(path));
        await disk.rename(await beside.write(key, bytes, options), path);
      } catch (error) {
        throw writeFault(error, key);
      }
      if (options.durable === 'later') deferred.add(path);
      else await guard.run(key, () => disk.syncFolder(dirname(path)));
    },
    append: growing.append,
    async remove(key) {
      const path = join(root, key);
      guard.check();
      try {
        await growing.close(key);
        await disk.remove(path);
      } catch (error) {
        if (isAbsent(error)) return;
        throw writeFault(error, key);
      }
      deferred.remove(path);
      await guard.run(key, () => disk.syncFolder(dirname(path)));
    },
    settle: (folder) => syncFolders(join(root, folder), disk, guard),
    close: growing.closeAll,
  };
}

/** Bytes that are written, and synced, at once. */
const PART_BYTES = 1024 * 1024;

/** Files on their way; those of an earlier process are cleared away before the first of this. */
function unfinishedFiles({ root, disk, guard, folders }: Workshop) {
  const folder = join(root, UNFINISHED);
  let cleared: Promise<void> | undefined;
  let count = 0;

  async function clear(): Promise<void> {
    await folders.make(folder);
    for (const { name } of await disk.list(folder)) await disk.remove(join(folder, name));
  }

  async function write(key: string, bytes: Uint8Array, options: PutOptions): Promise<string> {
    cleared ??= clear().catch((error) => {
      cleared = undefined;
      throw error;
    });
    await cleared;
    const path = join(folder, String(count++));
    const file = await disk.open(path, 'create');
    try {
      for (let at = 0; at === 0 || at < bytes.length; at += PART_BYTES) {
        if (at > 0) await options.pace?.();
        await disk.write(file, [bytes.subarray(at, at + PART_BYTES)], at);
        // What is synced all at once, the journal's own syncs wait for.
        if (options.durable !== 'later') await guard.run(key, () => disk.sync(file));
      }
    } catch (error) {
      await disk.remove(path).catch(() => {});
      throw error;
    } finally {
      await disk.close(file);
    }
    return path;
  }

  return { write };
}
