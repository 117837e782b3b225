/** When bytes become durable: at once, or together at a flush; never again after a failure. */
import { dirname, join } from 'node:path';
import type { Fault } from '../fault/fault.ts';
import { type Disk, isAbsent, readFault, syncFault, writeFault } from './disk.ts';
import { isLog } from './key.ts';

/** Runs syncs; after one that failed it refuses all work. */
export type SyncGuard = {
  /** Throws `data.unwritable` once a sync has failed. */
  readonly check: () => void;
  readonly run: (what: string, sync: () => Promise<void>) => Promise<void>;
};

/**
 * After a failed sync nobody can say which bytes are on the disk, and the kernel reports success
 * for a second one though the bytes are lost; so the first failure is final.
 */
export function newSyncGuard(): SyncGuard {
  let failure: Fault | undefined;

  function check(): void {
    if (failure !== undefined) throw failure;
  }

  return {
    check,
    async run(what, sync) {
      check();
      try {
        await sync();
      } catch (error) {
        failure ??= syncFault(error, what);
        throw failure;
      }
    },
  };
}

/**
 * Makes the names in a folder, and in all folders below it, durable, and the bytes of what grew:
 * all others were durable before they had their names.
 */
export async function syncFolders(path: string, disk: Disk, guard: SyncGuard): Promise<void> {
  const found = await foundFrom(path, disk).catch((error) => {
    throw readFault(error, path);
  });
  await inLanes(found.logs, (log) => syncFile(log, disk, guard));
  await inLanes(found.folders, (folder) => guard.run('a folder', () => disk.syncFolder(folder)));
}

type Found = { readonly folders: readonly string[]; readonly logs: readonly string[] };

async function foundFrom(path: string, disk: Disk): Promise<Found> {
  const entries = await disk.list(path).catch((error) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (entries === undefined) return { folders: [], logs: [] };
  const named = (kind: 'file' | 'folder') => entries.filter((entry) => entry.kind === kind);
  const below = await Promise.all(
    named('folder').map(({ name }) => foundFrom(join(path, name), disk)),
  );
  const logs = named('file').filter(({ name }) => isLog(name));
  return {
    folders: [path, ...below.flatMap(({ folders }) => folders)],
    logs: [...logs.map(({ name }) => join(path, name)), ...below.flatMap(({ logs }) => logs)],
  };
}

/** Files that were renamed into place and wait for the next flush. */
export type DeferredSyncs = {
  readonly add: (path: string) => void;
  readonly remove: (path: string) => void;
  /** Lets a flush wait for a write that has begun. */
  readonly expect: (written: Promise<void>) => void;
  readonly flush: () => Promise<void>;
};

/** Syncs that run side by side: as many as Node has threads for them. */
const SYNCS_AT_ONCE = 4;

export function deferredSyncs(disk: Disk, guard: SyncGuard): DeferredSyncs {
  const paths = new Set<string>();
  const expected = new Set<Promise<void>>();

  async function syncAll(): Promise<void> {
    await Promise.allSettled(expected);
    guard.check();
    const batch = [...paths];
    paths.clear();
    try {
      await inLanes(batch, (path) => syncFile(path, disk, guard));
      const folders = new Set(batch.map((path) => dirname(path)));
      await inLanes([...folders], (path) => guard.run('a folder', () => disk.syncFolder(path)));
    } catch (error) {
      for (const path of batch) paths.add(path);
      throw writeFault(error, 'an object');
    }
  }

  return {
    add: (path) => paths.add(path),
    remove: (path) => paths.delete(path),
    expect(written) {
      expected.add(written);
      const forget = () => expected.delete(written);
      written.then(forget, forget);
    },
    flush: shared(syncAll),
  };
}

/** Calls during a run share the one run after it, which sees all that they waited for. */
function shared(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    const run = () => {
      running = waiting ?? running;
      waiting = undefined;
      return work();
    };
    waiting ??= running.then(run, run);
    return waiting;
  };
}

async function syncFile(path: string, disk: Disk, guard: SyncGuard): Promise<void> {
  try {
    const file = await disk.open(path, 'read');
    await guard.run('an object', () => disk.sync(file)).finally(() => disk.close(file));
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, lane));
}
