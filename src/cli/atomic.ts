/** Writes a file whole or not at all: beside it first, then under its name. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../fault/fault.ts';
import { refuse } from './problem.ts';

/**
 * Mode 0600: what is written was recorded in confidence. A failure of `write`, a signal that it
 * heeds among them, leaves what was there before; kill −9 leaves at most a hidden `.part` file.
 */
export async function writeWhole(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  const file = await open(part, 'w', 0o600).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  try {
    await write(file);
    await file.sync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error instanceof Fault ? error : unwritable(path, error);
  }
}

function unwritable(file: string, error: unknown): unknown {
  const reason = (error as NodeJS.ErrnoException).code;
  if (reason === undefined) return error;
  return refuse(reason === 'ENOSPC' ? 'data.full' : 'data.unwritable', 'unwritable', {
    file,
    reason,
  });
}
