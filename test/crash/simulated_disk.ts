/** A disk in memory that knows what was synced, and fails or loses its power at a given call. */
import type { Disk, OpenMode } from '../../src/store/disk.ts';
import { type Chance, pick } from './chance.ts';
import type { FileNode, FolderNode } from './media.ts';
import * as media from './media.ts';

/** What goes wrong; calls are counted from 1, `change` counts only those that change something. */
export type Trouble =
  /** The power goes, or the process ends, while the nth change is made: perhaps it was, or half. */
  | { readonly kind: 'power' | 'kill'; readonly change: number }
  /** From the nth call of all on, `times` that can fail do: before, half way or after their work. */
  | {
      readonly kind: 'error';
      readonly call: number;
      readonly code: 'EIO' | 'ENOSPC';
      readonly times: number;
    }
  /** The first sync from the nth change on fails; its bytes are lost, and later syncs succeed. */
  | { readonly kind: 'sync'; readonly change: number };

/** One process's view of a disk. */
export type SimulatedDisk = Disk & {
  readonly calls: () => number;
  readonly changes: () => number;
  /** The troubles that came. */
  readonly met: () => readonly Trouble[];
  /** Ends the process: nothing that it still calls has any effect. */
  readonly end: () => void;
};

export type SimulatedOptions = {
  /** Shared with the process before, unless the power went in between. */
  readonly root: FolderNode;
  readonly chance: Chance;
  /** Each counts its calls from where the one before it came. */
  readonly troubles: readonly Trouble[];
};

const OUTCOMES = ['whole', 'part', 'nothing'] as const;
type Outcome = (typeof OUTCOMES)[number];
type Call = { readonly changes: boolean; readonly syncs?: FileNode };

export function simulatedDisk({ root, chance, troubles }: SimulatedOptions): SimulatedDisk {
  const files = new Map<number, media.Node>();
  const guard = openGuard(chance, troubles);
  const { pass } = guard;
  let next = 3;

  const fileOf = (handle: number): FileNode => {
    const node = files.get(handle);
    if (node === undefined) throw media.systemError('EBADF');
    if (node.kind === 'folder') throw media.systemError('EISDIR');
    return node;
  };
  const read = <T>(work: () => T): Promise<T> => pass({ changes: false }, work);
  const change = <T>(work: (outcome: Outcome) => T): Promise<T> => pass({ changes: true }, work);

  const open = (path: string, mode: OpenMode) => {
    if (mode === 'create') createFile(root, path);
    files.set(next, media.nodeAt(root, path));
    return next++;
  };

  const write: Disk['write'] = (handle, buffers, position) => {
    const bytes = Buffer.concat(buffers);
    return change((outcome) => {
      const size = outcome === 'part' ? chance(bytes.length) : bytes.length;
      const part = bytes.subarray(0, size);
      media.writeFile(fileOf(handle), { kind: 'write', position, bytes: part });
    });
  };
  const sync: Disk['sync'] = (handle) => {
    const file = fileOf(handle);
    return pass({ changes: true, syncs: file }, () => media.syncFile(file));
  };

  return {
    open: (path, mode) => (mode === 'create' ? change : read)(() => open(path, mode)),
    close: async (handle) => void files.delete(handle),
    read: (handle, target, position) =>
      read(() => fileOf(handle).bytes.subarray(position).copy(target)),
    write,
    // The system may stop, or fail, between the two that it does as one.
    append: async (handle, buffers, position) => {
      await write(handle, buffers, position);
      await sync(handle);
    },
    sync,
    truncate: (handle, size_bytes) =>
      change(() => media.writeFile(fileOf(handle), { kind: 'truncate', size_bytes })),
    size: (handle) => read(() => fileOf(handle).bytes.length),
    rename: (from, to) => change(() => rename(root, from, to)),
    remove: (path) => change(() => removeFile(root, path)),
    list: (path) =>
      read(() => {
        const names = [...media.folderAt(root, path).names];
        return names.map(([name, { kind }]) => ({ name, kind }));
      }),
    makeFolder: (path) => change(() => makeFolder(root, path)),
    syncFolder: (path) => change(() => media.syncFolder(media.folderAt(root, path))),
    calls: guard.calls,
    changes: guard.changes,
    met: guard.met,
    end: guard.end,
  };
}

/** Counts calls and lets the planned ones meet their trouble. */
function openGuard(chance: Chance, troubles: readonly Trouble[]) {
  const met: Trouble[] = [];
  const waiting = [...troubles];
  const from = { calls: 0, changes: 0 };
  let left = 0;
  let calls = 0;
  let changes = 0;
  let off = false;

  /** The trouble that a call meets. */
  function meet(call: Call): Trouble | undefined {
    const last = met.at(-1);
    if (left > 0 && last !== undefined && fits(last, call)) {
      left--;
      return last;
    }
    const [next] = waiting;
    if (next === undefined || !fits(next, call)) return undefined;
    const due =
      next.kind === 'error'
        ? calls - from.calls >= next.call
        : changes - from.changes >= next.change;
    if (!due) return undefined;
    waiting.shift();
    met.push(next);
    Object.assign(from, { calls, changes });
    left = next.kind === 'error' ? next.times - 1 : 0;
    return next;
  }

  /** The call's error, perhaps after all or a part of what it should do. */
  function fail<T>(trouble: Trouble, call: Call, work: (outcome: Outcome) => T): never {
    if (trouble.kind === 'sync' && call.syncs) {
      media.loseSync(call.syncs, chance(2) === 0 ? 'keep' : 'forget');
      throw media.systemError('EIO');
    }
    off ||= trouble.kind === 'power' || trouble.kind === 'kill';
    const code = trouble.kind === 'error' ? trouble.code : 'EIO';
    // A full disk does nothing whole and then says that it did not.
    const outcome = pick(chance, code === 'EIO' ? OUTCOMES : OUTCOMES.slice(1));
    if (call.changes && outcome !== 'nothing') work(outcome);
    throw media.systemError(code);
  }

  return {
    calls: () => calls,
    changes: () => changes,
    met: () => met,
    end: () => {
      off = true;
    },
    async pass<T>(call: Call, work: (outcome: Outcome) => T): Promise<T> {
      // A sync takes longer than all else: whatever can go on meanwhile does.
      if (call.syncs === undefined) await undefined;
      else await new Promise((resolve) => setImmediate(resolve));
      if (off) throw media.systemError('EIO');
      calls++;
      if (call.changes) changes++;
      const trouble = meet(call);
      return trouble === undefined ? work('whole') : fail(trouble, call, work);
    },
  };
}

function fits(trouble: Trouble, call: Call): boolean {
  if (trouble.kind === 'sync') return call.syncs !== undefined;
  return call.changes || (trouble.kind === 'error' && trouble.code === 'EIO');
}

function createFile(root: FolderNode, path: string): void {
  const { folder, name } = media.placeOf(root, path);
  if (folder.names.has(name)) throw media.systemError('EEXIST');
  media.changeName(folder, { name, node: media.newFile(), done: false });
}

function makeFolder(root: FolderNode, path: string): boolean {
  const { folder, name } = media.placeOf(root, path);
  if (folder.names.has(name)) return false;
  media.changeName(folder, { name, node: media.newFolder(), done: false });
  return true;
}

function removeFile(root: FolderNode, path: string): void {
  const { folder, name } = media.placeOf(root, path);
  if (!folder.names.has(name)) throw media.systemError('ENOENT');
  media.changeName(folder, { name, done: false });
}

function rename(root: FolderNode, from: string, to: string): void {
  const node = media.nodeAt(root, from);
  const source = media.placeOf(root, from);
  const target = media.placeOf(root, to);
  const link = { name: target.name, node, done: false };
  media.changeName(target.folder, link);
  media.changeName(source.folder, { name: source.name, after: link, done: false });
}
