/** A store in a folder: one file an object, written beside and renamed into place. */
import { join, resolve } from 'node:path';
import { type Disk, type DiskEntry, errorCode, isAbsent, readFault, realDisk } from './disk.ts';
import { isSegment, requireKey, requireLog, requirePrefix, storeConflict } from './key.ts';
import { openedFiles } from './opened.ts';
import type { Range, Store } from './store.ts';
import { fileWriter } from './writer.ts';

export type FileStoreOptions = {
  readonly root: string;
  readonly disk?: Disk;
  /** Objects of which parts were read stay open, so many; none where absent. */
  readonly opened_files?: number;
};

/**
 * The store of a data folder. It touches the disk at first use, and clears away what an earlier
 * process left unfinished before its first write: reading alone changes nothing.
 */
export function openFileStore(options: FileStoreOptions): Store {
  const { disk = realDisk } = options;
  const root = resolve(options.root);
  const writer = fileWriter(root, disk);
  const inTurn = turnTaking();
  const opened = openedFiles(root, disk, options.opened_files ?? 0);

  return {
    async get(key, range) {
      const path = join(root, requireKey(key));
      if (range === undefined) return readObject(disk, path);
      return unlessAbsent(path, () => opened.within(key, (file) => readRange(disk, file, range)));
    },
    size: async (key) => withObject(disk, join(root, requireKey(key)), disk.size),
    async put(key, bytes, options) {
      requireKey(key);
      const written = inTurn(key, () =>
        writer.write(key, bytes, options).finally(() => opened.forget(key)),
      );
      if (options?.durable === 'later') writer.deferred.expect(written);
      await written;
    },
    async swap(key, expected, bytes) {
      requireKey(key);
      await inTurn(key, async () => {
        const held = await readObject(disk, join(root, key));
        const same = expected === undefined ? held === undefined : held?.equals(expected);
        if (!same) throw storeConflict(key);
        await writer.write(key, bytes).finally(() => opened.forget(key));
      });
    },
    async append(key, bytes) {
      requireLog(key);
      await inTurn(key, () => writer.append(key, bytes));
    },
    list: (prefix) => listKeys(disk, root, prefix),
    async remove(key) {
      requireKey(key);
      await inTurn(key, () => writer.remove(key).finally(() => opened.forget(key)));
    },
    flush: writer.deferred.flush,
    settle: (folder) => writer.settle(requirePrefix(folder)),
    async close() {
      await opened.closeAll();
      await writer.close();
    },
  };
}

/** Work on one key happens one after the other, in the order of the calls. */
function turnTaking(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const turns = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, turn);
    const leave = () => {
      if (turns.get(key) === turn) turns.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  };
}

async function readObject(disk: Disk, path: string): Promise<Buffer | undefined> {
  return withObject(disk, path, async (file) =>
    readRange(disk, file, { from: 0, bytes: await disk.size(file) }),
  );
}

/** A longer part is not taken at its word: there may not be so much. */
const TRUSTED_BYTES = 1024 * 1024;

async function readRange(disk: Disk, file: number, { from, bytes }: Range): Promise<Buffer> {
  const there = bytes > TRUSTED_BYTES ? Math.max(0, (await disk.size(file)) - from) : bytes;
  const target = Buffer.allocUnsafe(Math.min(bytes, there));
  return target.subarray(0, await disk.read(file, target, from));
}

/** Work on an opened object; undefined where there is none. */
async function withObject<T>(
  disk: Disk,
  path: string,
  work: (file: number) => Promise<T>,
): Promise<T | undefined> {
  return unlessAbsent(path, async () => {
    const file = await disk.open(path, 'read');
    return work(file).finally(() => disk.close(file));
  });
}

async function unlessAbsent<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === 'EISDIR') return undefined;
    throw readFault(error, path);
  }
}

async function* listKeys(disk: Disk, root: string, prefix: string): AsyncGenerator<string> {
  requirePrefix(prefix);
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* keysBelow(folder);

  async function* keysBelow(below: string): AsyncGenerator<string> {
    const entries = await entriesOf(disk, join(root, below));
    for (const name of entries
      .filter(({ name }) => isSegment(name))
      .map(inKey)
      .sort()) {
      const key = below + name;
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
      if (name.endsWith('/')) yield* keysBelow(key);
      else if (key.startsWith(prefix)) yield key;
    }
  }
}

/** A folder's name with its slash, so that names sort as the whole keys do. */
function inKey(entry: DiskEntry): string {
  return entry.kind === 'folder' ? `${entry.name}/` : entry.name;
}

async function entriesOf(disk: Disk, folder: string): Promise<readonly DiskEntry[]> {
  try {
    return await disk.list(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw readFault(error, folder);
  }
}
