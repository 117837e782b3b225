/** Files that grow at their end; each stays open until its object is replaced or removed. */
import { dirname, join } from 'node:path';
import { type Disk, isAbsent, writeFault } from './disk.ts';
import type { FolderMaker } from './folders.ts';
import type { SyncGuard } from './syncs.ts';

export type GrowingFiles = {
  /** Calls for one key are made one after the other. */
  readonly append: (key: string, bytes: Uint8Array) => Promise<void>;
  readonly close: (key: string) => Promise<void>;
  readonly closeAll: () => Promise<void>;
};

/** Where a store's files are, and what makes them. */
export type Workshop = {
  readonly root: string;
  readonly disk: Disk;
  readonly guard: SyncGuard;
  readonly folders: FolderMaker;
};

/** A file and how much of it is durable. */
type Growing = { readonly file: number; bytes: number; named: boolean };

export function growingFiles({ root, disk, guard, folders }: Workshop): GrowingFiles {
  const open = new Map<string, Growing>();

  async function write(key: string, bytes: Uint8Array): Promise<Growing> {
    try {
      await folders.make(dirname(join(root, key)));
      const growing = open.get(key) ?? (await begin(join(root, key), disk));
      open.set(key, growing);
      await disk.write(growing.file, [bytes], growing.bytes);
      return growing;
    } catch (error) {
      throw writeFault(error, key);
    }
  }

  async function close(key: string): Promise<void> {
    const growing = open.get(key);
    open.delete(key);
    if (growing !== undefined) await disk.close(growing.file);
  }

  return {
    close,
    async closeAll() {
      for (const key of open.keys()) await close(key);
    },
    async append(key, bytes) {
      guard.check();
      // What a write that failed left behind the durable bytes is written over by the next one.
      const growing = await write(key, bytes);
      await guard.run(key, () => disk.sync(growing.file));
      // Also where the file was there: the process that made it may have stopped before this.
      if (!growing.named) await guard.run(key, () => disk.syncFolder(dirname(join(root, key))));
      growing.named = true;
      growing.bytes += bytes.length;
    },
  };
}

async function begin(path: string, disk: Disk): Promise<Growing> {
  const file = await disk.open(path, 'write').catch((error) => {
    if (isAbsent(error)) return disk.open(path, 'create');
    throw error;
  });
  try {
    return { file, bytes: await disk.size(file), named: false };
  } catch (error) {
    await disk.close(file);
    throw error;
  }
}
