/** A real disk that counts its calls and fails the ones it is told to. */
import { type Disk, realDisk } from '../../src/store/disk.ts';

export type Trouble = {
  readonly operation: keyof Disk;
  readonly code: 'ENOSPC' | 'EDQUOT' | 'EIO';
  /** Fails from this call on, counted from now; 1 is the next. */
  readonly from: number;
  /** How many calls fail; all where absent. */
  readonly times?: number;
  /** For `write` and `append`: bytes that still reach the file before it fails. */
  readonly part_bytes?: number;
};

export type FailingDisk = Disk & {
  readonly trouble: (trouble: Trouble) => void;
  readonly heal: () => void;
  readonly calls: (operation: keyof Disk) => number;
};

export function failingDisk(): FailingDisk {
  const counts = new Map<keyof Disk, number>();
  let planned: { trouble: Trouble; begin: number } | undefined;

  /** The trouble that this call meets. */
  function meet(operation: keyof Disk): Trouble | undefined {
    const count = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, count);
    if (planned?.trouble.operation !== operation) return undefined;
    const place = count - planned.begin;
    const { from, times = Number.POSITIVE_INFINITY } = planned.trouble;
    return place >= from && place < from + times ? planned.trouble : undefined;
  }

  function guarded<A extends unknown[], R>(
    operation: keyof Disk,
    call: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const trouble = meet(operation);
      if (trouble !== undefined) throw systemError(trouble.code);
      return call(...args);
    };
  }

  function writing(operation: 'write' | 'append'): Disk['write'] {
    return async (file, buffers, position) => {
      const trouble = meet(operation);
      if (trouble === undefined) return realDisk[operation](file, buffers, position);
      const part = Buffer.concat(buffers).subarray(0, trouble.part_bytes ?? 0);
      await realDisk[operation](file, [part], position);
      throw systemError(trouble.code);
    };
  }

  return {
    open: guarded('open', realDisk.open),
    close: guarded('close', realDisk.close),
    read: guarded('read', realDisk.read),
    write: writing('write'),
    append: writing('append'),
    sync: guarded('sync', realDisk.sync),
    truncate: guarded('truncate', realDisk.truncate),
    size: guarded('size', realDisk.size),
    rename: guarded('rename', realDisk.rename),
    remove: guarded('remove', realDisk.remove),
    list: guarded('list', realDisk.list),
    makeFolder: guarded('makeFolder', realDisk.makeFolder),
    syncFolder: guarded('syncFolder', realDisk.syncFolder),
    trouble(trouble) {
      planned = { trouble, begin: counts.get(trouble.operation) ?? 0 };
    },
    heal() {
      planned = undefined;
    },
    calls: (operation) => counts.get(operation) ?? 0,
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made to fail`), { code });
}
