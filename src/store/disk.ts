/** The file operations that durable data needs, as a contract, so that tests can make each fail. */
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { Fault } from '../fault/fault.ts';

/** Operations reject with the system's own error; who calls them turns it into a `Fault`. */
export type Disk = {
  /**
   * `create` refuses a file that is there; files are made with mode 0600. `log` is for writing with
   * `append`.
   */
  readonly open: (path: string, mode: OpenMode) => Promise<number>;
  readonly close: (file: number) => Promise<void>;
  /** Fills `target` from a position on; fewer bytes only at the file's end. */
  readonly read: (file: number, target: Uint8Array, position: number) => Promise<number>;
  /** Writes all buffers one after the other from a position on. */
  readonly write: (file: number, buffers: readonly Uint8Array[], position: number) => Promise<void>;
  /**
   * As `write`, to a file that was opened as a `log`, and durable when it resolves. After a failure
   * any part may be written, or lost later: it is cut off before anything else is written.
   */
  readonly append: (
    file: number,
    buffers: readonly Uint8Array[],
    position: number,
  ) => Promise<void>;
  /** Makes the file's bytes and size durable (fdatasync). After a failure they may be lost. */
  readonly sync: (file: number) => Promise<void>;
  readonly truncate: (file: number, size_bytes: number) => Promise<void>;
  /** Rejects with `EISDIR` for a folder, which opens like a file. */
  readonly size: (file: number) => Promise<number>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  readonly list: (folder: string) => Promise<readonly DiskEntry[]>;
  /** Makes one folder with mode 0700; false where it was there. */
  readonly makeFolder: (path: string) => Promise<boolean>;
  /** Makes a folder's names durable: what was created, renamed or removed in it. */
  readonly syncFolder: (path: string) => Promise<void>;
};

export type OpenMode = 'read' | 'write' | 'log' | 'create';

export type DiskEntry = { readonly name: string; readonly kind: 'file' | 'folder' };

/**
 * Linux writes and syncs in one call. With two, the second waits until the main thread has time to
 * ask for it, and the writers behind it as long. Elsewhere the flag is weaker than a sync.
 */
const ONE_CALL = process.platform === 'linux';

const FLAGS = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  log: fs.constants.O_RDWR | (ONE_CALL ? fs.constants.O_DSYNC : 0),
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
} as const;

const open = promisify(fs.open);
const close = promisify(fs.close);
const sync = promisify(fs.fsync);
const stat = promisify(fs.fstat);
const read = promisify(fs.read);
const writev = promisify(fs.writev);
const datasync = promisify(fs.fdatasync);

/** The machine's own disk. */
export const realDisk: Disk = {
  open: (path, mode) => open(path, FLAGS[mode], 0o600),
  close,
  read: readAll,
  write: writeAll,
  append: ONE_CALL ? writeAll : writeAndSync,
  sync: datasync,
  truncate: promisify(fs.ftruncate),
  size: sizeOf,
  rename: fs.promises.rename,
  remove: fs.promises.unlink,
  async list(folder) {
    const entries = await fs.promises.readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({
      name: entry.name,
      kind: entry.isDirectory() ? 'folder' : 'file',
    }));
  },
  async makeFolder(path) {
    try {
      await fs.promises.mkdir(path, { mode: 0o700 });
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
  },
  syncFolder,
};

/** The system's name of an error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Whether an error says that there is no such file. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}

/** Whether an error says that there is no room: what passes when room is made. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '');
}

/** Seconds after which writing to a full disk is worth another try. */
const FULL_RETRY_S = 10;

/** What a failed write is called: `data.full` passes, `data.unwritable` needs the operator. */
export function writeFault(error: unknown, what: string): Fault {
  if (error instanceof Fault) return error;
  if (isFull(error)) {
    return new Fault('data.full', `The disk is full: ${what} was not written.`, {
      retry_after_s: FULL_RETRY_S,
      hint: 'Free space on the disk of the data folder; recording goes on by itself.',
      cause: error,
    });
  }
  const code = errorCode(error) ?? 'unknown error';
  return new Fault('data.unwritable', `The disk refused to write ${what} (${code}).`, {
    hint: 'Check the disk and the rights of the data folder, then restart the server.',
    cause: error,
  });
}

/** What a failed reading is called; a `Fault` stays what it is. */
export function readFault(error: unknown, what: string): Fault {
  if (error instanceof Fault) return error;
  const code = errorCode(error) ?? 'unknown error';
  return new Fault('data.unreadable', `The disk refused to read ${what} (${code}).`, {
    hint: 'Check the disk, and that the data folder belongs to the user that runs this program.',
    cause: error,
  });
}

/** What a failed sync is called: what was written before may be lost, so nothing goes on. */
export function syncFault(error: unknown, what: string): Fault {
  const code = errorCode(error) ?? 'unknown error';
  return new Fault('data.unwritable', `The disk failed to make ${what} durable (${code}).`, {
    hint: 'Check the disk and the kernel log, then restart the server: it will recover.',
    cause: error,
  });
}

async function sizeOf(file: number): Promise<number> {
  const found = await stat(file);
  if (found.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
  return found.size;
}

async function readAll(file: number, target: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const left = target.length - done;
    const { bytesRead } = await read(file, target, done, left, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function writeAll(
  file: number,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = [...buffers];
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await writev(file, left, at);
    at += bytesWritten;
    left = after(left, bytesWritten);
  }
}

async function writeAndSync(
  file: number,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  await writeAll(file, buffers, position);
  await datasync(file);
}

function after(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  for (let i = 0; i < buffers.length; i++) {
    const buffer = buffers[i] as Uint8Array;
    if (skip < buffer.length) return [buffer.subarray(skip), ...buffers.slice(i + 1)];
    skip -= buffer.length;
  }
  return [];
}

/** Some file systems cannot sync a folder and say so; their renames are durable by themselves. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, fs.constants.O_RDONLY);
  try {
    await sync(folder);
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    await close(folder);
  }
}
